"""Columns, filters, sort keys and body fields derived from names and types.

- A filter with the name of a column compares this column.
- ``…begin`` and ``…end`` are the ends of a date range if the rest of the name is a column.
- ``search`` looks through all text columns.
- An id filter without a column compares the column of the record's project.
- Any other filter is ignored: the server validates its value, and every row matches. A sort field
  without a column keeps the order unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any, Final, cast, get_args

import attrs

from intervals_async._schema.parameters import Parameter
from intervals_async._schema.record import Record
from intervals_async._schema.values import (
    DECIMALS,
    Html,
    IdList,
    ListDay,
    LocalDatetime,
    RankOrName,
    UtcDatetime,
)
from intervals_async.testing._fake import parsing
from intervals_async.testing._fake.account import Account
from intervals_async.testing._fake.contract import BodyField, Filter, Order, Predicate, Sort
from intervals_async.testing._fake.filters import (
    AT,
    SINCE,
    UNTIL,
    checked_only,
    dated,
    flag,
    ids,
    one_id,
    text,
)
from intervals_async.testing._fake.wire import Column, Json, Row, Value

SORTING: Final = ("sortfield", "sortdir")

_KINDS: Mapping[Any, str] = MappingProxyType(
    {
        int: "integer",
        bool: "boolean",
        str: "string",
        date: "date",
        **dict.fromkeys(DECIMALS, "float"),
        Html: "html",
        IdList: "ids",
        ListDay: "date",
        LocalDatetime: "datetime",
        RankOrName: "string",
        UtcDatetime: "utc",
    }
)
_KINDS_OR_NONE = {kind | None: name for kind, name in _KINDS.items()}


def columns_of(record: type[Record]) -> list[Column]:
    """Return a column for each field of a record class, in the order of their definition."""
    known = attrs.resolve_types(cast("type[attrs.AttrsInstance]", record))
    return [
        Column(each.name, kind_of(each.type), nullable=each.default is None)
        for each in attrs.fields(known)
        if each.name != "extra"
    ]


def kind_of(annotation: Any) -> str:
    """Return the kind of column that holds a field of this type."""
    if annotation in _KINDS:
        return _KINDS[annotation]
    if annotation in _KINDS_OR_NONE:
        return _KINDS_OR_NONE[annotation]
    return "string" if str in get_args(annotation) else "json"  # objects within a record


def filter_of(
    parameter: Parameter,
    columns: Mapping[str, Column],
    project: Collection[str],
    *,
    accepts_none: bool,
) -> Filter:
    """Return the filter for a parameter of the client.

    Args:
        parameter: The filter as the client declares it.
        columns: The resource's columns by name.
        project: The names of the columns of ``project`` if each row belongs to a project.
        accepts_none: Whether the value -1 selects rows in which the id is empty.
    """
    found = _test_of(parameter, columns, project, accepts_none=accepts_none)
    return attrs.evolve(found, required=parameter.required)


def _test_of(
    parameter: Parameter,
    columns: Mapping[str, Column],
    project: Collection[str],
    *,
    accepts_none: bool,
) -> Filter:
    name = parameter.name
    match parameter.kind:
        case "integer":
            column = f"{name}unpadded" if f"{name}unpadded" in columns else name
            through = "project" if column not in columns and column in project else None
            if column in columns or through:
                if parameter.multiple:
                    return ids(name, column, accepts_none=accepts_none, through=through)
                return one_id(name, column, through=through)
        case "date" | "utc" | "local":
            for ending, compare in (("begin", SINCE), ("end", UNTIL), ("", AT)):
                column = name.removesuffix(ending) if name.endswith(ending) else ""
                if column in columns:
                    return dated(name, column, compare, with_time=parameter.kind != "date")
        case "boolean" if name in columns:
            return flag(name)
        case "text" if name == "search":
            return text(name, *_texts(columns))
        case "text" if name in columns:
            return text(name)
        case "choice" | "decimal" if name in columns:
            return _equal(name)
        case _:
            pass
    return checked_only(name, _CHECKS.get(parameter.kind, str), ignored=True)


def _texts(columns: Mapping[str, Column]) -> Sequence[str]:
    """Return the names of the columns that ``search`` looks through."""
    return [
        column.name
        for column in columns.values()
        if column.kind in ("string", "html") or column.name == "localid"
    ]


def _equal(name: str) -> Filter:
    def test(account: Account, text: str) -> Predicate:
        return lambda row: row[name] is not None and str(row[name]) == text

    return Filter(name, test)


_CHECKS: Mapping[str, Callable[[str], object]] = MappingProxyType(
    {
        "boolean": parsing.parse_boolean,
        "date": parsing.parse_date,
        "decimal": float,
        "integer": parsing.parse_integers,
        "local": lambda text: parsing.parse_instant(text, with_time=True),
        "utc": lambda text: parsing.parse_instant(text, with_time=True),
    }
)


def sorts_of(parameter: Parameter, columns: Mapping[str, Column]) -> dict[str, Sort]:
    """Return the sort key of each ``sortfield``, such as ``id``, or ``t.date`` with a prefix."""
    return {
        name: by_column(column) if (column := name.rpartition(".")[2]) in columns else unsorted
        for name in parameter.choices
    }


def by_column(column: str) -> Sort:
    """Return a sort key that is the value of a column."""
    return lambda account, row: row[column]


def order_by(*columns: str, descending: bool = False) -> Order:
    """Return the order by some columns."""
    return Order(tuple(by_column(column) for column in columns), descending)


def unsorted(account: Account, row: Row) -> Value:
    """Return the same key for every row, for sort fields whose order is unknown."""
    return None


def body_field_of(parameter: Parameter, columns: Collection[str]) -> BodyField:
    """Return the body field for a parameter of the client, with the column of the same name."""
    column = parameter.name if parameter.name in columns else None
    return BodyField(parameter.name, _parser_of(parameter), column, parameter.required)


def _parser_of(parameter: Parameter) -> Callable[[Json], Value]:
    match parameter.kind:
        case "integer":
            return parsing.body_ids if parameter.multiple else parsing.body_integer
        case "boolean":
            return parsing.body_boolean
        case "date":
            return parsing.body_date
        case "decimal":
            return (
                parsing.body_decimal
                if parameter.places is None
                else parsing.body_decimal_with_places(parameter.places)
            )
        case "choice":
            return parsing.body_choice(parameter.choices)
        case "local":
            return parsing.body_datetime
        case "utc":
            return parsing.body_utc_datetime
        case _:
            return parsing.body_text(parameter.longest)
