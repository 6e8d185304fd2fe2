"""Generated records of every class, through the decoder, with hostile values of every kind."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from intervals_async import Record
from intervals_async._schema.columns import Column, ColumnKind, columns_of
from intervals_async._schema.decoder import record_decoder
from intervals_async.resources import names, resource_class

__all__ = ["CLASSES", "class_name", "record_class", "records_of", "some_records"]


def record_class(resource: str) -> type[Record]:
    """Return the class of the records of a resource."""
    found: Any = resource_class(resource)
    record: type[Record] = found.record
    return record


CLASSES = [record_class(name) for name in names()]

# Characters that some format quotes or escapes, and line ends that JSON does not escape.
TEXT = st.text(max_size=12) | st.text("=+-@\t\r\n,;\"'\\ 0aé\u2028\x00\x7f", max_size=8)
NUMBER = st.integers(-(2**63), 2**63 - 1)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
OBJECTS = st.lists(st.dictionaries(TEXT, JSON, max_size=2), max_size=2)
DATE_TEXT = st.dates().map(str)
DATETIME_TEXT = st.datetimes().map(lambda value: value.isoformat(" "))

ON_THE_WIRE: dict[ColumnKind, st.SearchStrategy[Any]] = {
    ColumnKind.INTEGER: NUMBER.map(str),
    ColumnKind.BOOLEAN: st.sampled_from("tf"),
    ColumnKind.TEXT: TEXT,
    ColumnKind.HTML: TEXT,
    # They fit the columns of all decimals, but some have more digits than their numbers hold.
    ColumnKind.DECIMAL: st.decimals(-99_998, 99_998, places=2).map(str)
    | st.decimals(-99_998, 99_998, places=14).map(str)
    | st.sampled_from(["2.8499999999999996", "5.6843418860808e-14", "-0", "1E+3"]),
    ColumnKind.DATE: DATE_TEXT,
    ColumnKind.UTC_DATETIME: DATETIME_TEXT,
    ColumnKind.LOCAL_DATETIME: DATETIME_TEXT,
    ColumnKind.ID_LIST: st.lists(NUMBER, max_size=3),
    ColumnKind.NUMBER_OR_TEXT: TEXT | NUMBER.map(str),
    ColumnKind.TEXT_OR_OBJECTS: TEXT | OBJECTS,
    ColumnKind.OBJECTS: OBJECTS,
}


# No kind of field can hold this.
UNREADABLE = [[1]]


def some_records(cls: type[Record], *, least: int = 0) -> st.SearchStrategy[list[Any]]:
    """Return a strategy for lists of records, with unique ids if the class has ids.

    Some of their fields cannot be read.
    """
    columns = [column for column in columns_of(cls) if column.name != "extra"]
    row = st.fixed_dictionaries({column.name: _values(column) for column in columns})
    with_extra = st.builds(
        lambda row, more: {**more, **row}, row, st.dictionaries(TEXT, JSON, max_size=1)
    )
    decoder = record_decoder(cls)
    return st.lists(
        with_extra.map(lambda row: decoder.decode_one(row, "$")[0]),
        min_size=least,
        max_size=5,
        unique_by=(lambda record: record.id) if decoder.knows("id") else None,
    )


def records_of(cls: type[Record], number: int, first: int = 1) -> list[Any]:
    """Return plain records that differ only in their ids, from `first` on.

    A class without an id keeps the number in `extra`.
    """
    text = 'A "text", long ' + "é" * 400
    plain: dict[ColumnKind, Any] = {
        ColumnKind.INTEGER: "7", ColumnKind.BOOLEAN: "t", ColumnKind.TEXT: text, ColumnKind.HTML: text,
        ColumnKind.DECIMAL: "12.50", ColumnKind.DATE: "2024-05-06", ColumnKind.UTC_DATETIME: "2024-05-06 07:08:09",
        ColumnKind.LOCAL_DATETIME: "2024-05-06 07:08:09", ColumnKind.ID_LIST: "3,5", ColumnKind.NUMBER_OR_TEXT: "High",
        ColumnKind.TEXT_OR_OBJECTS: "High",
        ColumnKind.OBJECTS: [{"id": "3"}],
    }  # fmt: skip
    columns = [column for column in columns_of(cls) if column.name != "extra"]
    row = {column.name: plain[column.kind] for column in columns}
    decoder = record_decoder(cls)
    return [
        decoder.decode_one({**row, "id": str(id)}, "$")[0] for id in range(first, first + number)
    ]


def class_name(cls: type[Record]) -> str:
    """Return the name of a class, for the name of a test."""
    return cls.__name__


def _values(column: Column) -> st.SearchStrategy[Any]:
    values = ON_THE_WIRE[column.kind]
    if column.name == "id":
        return values
    return st.one_of(values, st.just(UNREADABLE), *([st.none()] if column.nullable else []))
