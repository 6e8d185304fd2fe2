"""Pure: the fields of a record as columns of a table, and what their values are as text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

import attrs

from .. import _json
from .records import Record, fields_of
from .values import (
    Html,
    IdList,
    ListDay,
    LocalDatetime,
    Objects,
    RankOrName,
    TextOrObjects,
    UtcDatetime,
)

__all__ = ["Column", "Kind", "columns_of", "json_text", "kept_as_json", "utf8"]


class Kind(Enum):
    """What the values of a column are, None aside."""

    INTEGER = "integer"
    BOOLEAN = "boolean"
    TEXT = "text"
    DECIMAL = "decimal"
    DATE = "date"
    UTC = "moment in UTC"
    LOCAL = "moment in no stated zone"
    IDS = "ids"
    MIXED = "text, number or objects"
    JSON = "objects"


@attrs.frozen
class Column:
    """A column: a field of a record.

    Attributes:
        name: The field's name.
        kind: What its values are.
        nullable: Whether it may be empty.
    """

    name: str
    kind: Kind
    nullable: bool


_KINDS: dict[Any, Kind] = {
    int: Kind.INTEGER,
    bool: Kind.BOOLEAN,
    str: Kind.TEXT,
    Html: Kind.TEXT,
    Decimal: Kind.DECIMAL,
    date: Kind.DATE,
    ListDay: Kind.DATE,
    UtcDatetime: Kind.UTC,
    LocalDatetime: Kind.LOCAL,
    IdList: Kind.IDS,
    RankOrName: Kind.MIXED,
    TextOrObjects: Kind.MIXED,
    Objects: Kind.JSON,
}


def columns_of(record_class: type[Record]) -> tuple[Column, ...]:
    """Give a column for each field of a record, in their order; `extra` is the last one."""
    kinds = {kind | None: name for kind, name in _KINDS.items()}
    return tuple(
        Column("extra", Kind.JSON, nullable=True)
        if field.name == "extra"
        else Column(field.name, (_KINDS | kinds)[field.type], nullable=field.type not in _KINDS)
        for field in fields_of(record_class)
    )


def kept_as_json(kind: Kind, values: Sequence[Any]) -> list[str | None]:
    """Give the texts of values that no type of a column holds.

    Objects become JSON, and so do lists of ids; a text or a number becomes that text. Where
    there is nothing in `extra`, that is None.
    """
    if kind is Kind.IDS:
        # a tuple of numbers: what JSON writes for it, in a fifth of the time
        return [None if ids is None else f"[{','.join(map(str, ids))}]" for ids in values]
    return [
        None
        if one is None or one == {}
        else str(one)
        if isinstance(one, _PLAIN)
        else json_text(one)
        for one in values
    ]


_PLAIN = (str, int)


def json_text(value: Mapping[str, object] | Sequence[object]) -> str:
    """Write JSON that UTF-8 can carry: half a surrogate pair is escaped, as JSON has it."""
    try:
        return _json.dumps(value).decode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))


def utf8(text: Any) -> Any:
    """Give a text as UTF-8 can carry it: half a surrogate pair becomes what Python shows."""
    if isinstance(text, str):
        return text.encode(errors="backslashreplace").decode()
    return text
