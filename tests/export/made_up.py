"""Made-up records of every class, through the decoder, with hostile values of every kind."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from intervals_async import Record
from intervals_async._schema.columns import Column, ColumnKind, columns_of
from intervals_async._schema.records import record_decoder
from intervals_async.resources import names, resource_class

__all__ = ["CLASSES", "alike", "records_of", "some_records"]


def _record_class(name: str) -> type[Record]:
    resource: Any = resource_class(name)
    record: type[Record] = resource.record
    return record


CLASSES = [_record_class(name) for name in names()]

# What needs quoting, escaping or care somewhere; and line ends that are none in JSON.
TEXT = st.text(max_size=12) | st.text("=+-@\t\r\n,;\"'\\ 0aé\u2028\x00\x7f", max_size=8)
NUMBER = st.integers(-(2**63), 2**63 - 1)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
OBJECTS = st.lists(st.dictionaries(TEXT, JSON, max_size=2), max_size=2)
DAY = st.dates().map(str)
MOMENT = st.datetimes().map(lambda moment: moment.isoformat(" "))

ON_THE_WIRE: dict[ColumnKind, st.SearchStrategy[Any]] = {
    ColumnKind.INTEGER: NUMBER.map(str),
    ColumnKind.BOOLEAN: st.sampled_from("tf"),
    ColumnKind.TEXT: TEXT,
    ColumnKind.HTML: TEXT,
    ColumnKind.DECIMAL: st.decimals(-(10**18), 10**18, places=9).map(str),
    ColumnKind.DATE: DAY,
    ColumnKind.UTC_DATETIME: MOMENT,
    ColumnKind.LOCAL_DATETIME: MOMENT,
    ColumnKind.ID_LIST: st.lists(NUMBER, max_size=3),
    ColumnKind.NUMBER_OR_TEXT: TEXT | NUMBER.map(str),
    ColumnKind.TEXT_OR_OBJECTS: TEXT | OBJECTS,
    ColumnKind.OBJECTS: OBJECTS,
}


def some_records(cls: type[Record], *, least: int = 0) -> st.SearchStrategy[list[Any]]:
    """Give lists of records; those that have ids have different ones."""
    columns = [column for column in columns_of(cls) if column.name != "extra"]
    row = st.fixed_dictionaries({column.name: _values(column) for column in columns})
    with_more = st.builds(
        lambda row, more: {**more, **row}, row, st.dictionaries(TEXT, JSON, max_size=1)
    )
    decoder = record_decoder(cls)
    return st.lists(
        with_more.map(lambda row: decoder.record(row, "$")),
        min_size=least,
        max_size=5,
        unique_by=(lambda record: record.id) if decoder.knows("id") else None,
    )


def records_of(cls: type[Record], number: int, first: int = 1) -> list[Any]:
    """Give plain records that differ in their ids, or in what stands for one."""
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
    places = range(first, first + number)
    return [decoder.record({**row, "id": str(place)}, "$") for place in places]


def alike(cls: type[Record]) -> str:
    """Give a class's name, for the name of a test."""
    return cls.__name__


def _values(column: Column) -> st.SearchStrategy[Any]:
    values = ON_THE_WIRE[column.kind]
    return values | st.none() if column.nullable else values
