"""Pure: the fields of a record as the columns of a table, and their values as text."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import Enum
from typing import Any, get_args, get_origin

import attrs

from .. import _json
from ..errors import ArgumentError
from .decoder import to_dict
from .record import Record, fields_of
from .values import (
    DECIMALS,
    Html,
    IdList,
    ListDay,
    LocalDatetime,
    RankOrName,
    UtcDatetime,
)

__all__ = ["Column", "ColumnKind", "columns_of", "select_columns"]


class ColumnKind(Enum):
    """The kind of values that a column holds, besides None.

    .. versionadded:: 0.2.0
    """

    INTEGER = "integer"
    """An `int`."""
    BOOLEAN = "boolean"
    """A `bool`."""
    TEXT = "text"
    """Plain text, a `str`."""
    HTML = "html"
    """Text with HTML markup, a `str`."""
    DECIMAL = "decimal"
    """A `decimal.Decimal`."""
    DATE = "date"
    """A `datetime.date`."""
    UTC_DATETIME = "datetime in UTC"
    """A `datetime.datetime` with the time zone UTC."""
    LOCAL_DATETIME = "datetime without a time zone"
    """A `datetime.datetime` without a time zone, in the account's own."""
    ID_LIST = "list of ids"
    """A `tuple` of `int`."""
    NUMBER_OR_TEXT = "number or text"
    """An `int` or a `str`."""
    TEXT_OR_OBJECTS = "text or objects"
    """A `str`, or a `tuple` of records."""
    OBJECTS = "objects"
    """A `tuple` of records, or a mapping."""


@attrs.frozen
class Column:
    """One column of a table, for one field of a record class.

    Attributes:
        name: The name of the field.
        kind: The kind of its values.
        nullable: Whether the field may be None. A table holds nulls for unreadable values, too.
        precision: The number of digits of a decimal, which a column of fixed-point numbers needs;
            0 for other kinds.
        scale: How many of them are after the decimal point.

    .. versionadded:: 0.2.0
    """

    name: str
    kind: ColumnKind
    nullable: bool
    precision: int = 0
    scale: int = 0

    def plain(self, values: Iterable[Any]) -> Iterable[str | int | None]:
        """Convert values of this column for a format that knows text and integers only.

        Integers, booleans and text stay as they are. Decimals, dates and datetimes become text (ISO
        8601; in UTC they end in ``+00:00``, without a time zone they carry none). Lists and objects
        become JSON. None stays None. An empty `extra` becomes None.
        """
        match self.kind:
            case ColumnKind.INTEGER | ColumnKind.BOOLEAN | ColumnKind.TEXT | ColumnKind.HTML:
                return values
            case ColumnKind.DECIMAL:
                return [None if one is None else str(one) for one in values]
            case ColumnKind.DATE | ColumnKind.UTC_DATETIME | ColumnKind.LOCAL_DATETIME:
                return [None if one is None else one.isoformat() for one in values]
            case ColumnKind.ID_LIST:
                # the same text as JSON, in a fifth of the time
                return [None if ids is None else f"[{','.join(map(str, ids))}]" for ids in values]
            case ColumnKind.NUMBER_OR_TEXT | ColumnKind.TEXT_OR_OBJECTS | ColumnKind.OBJECTS:
                return [
                    None
                    if one is None or one == {}
                    else str(one)
                    if isinstance(one, _PLAIN)
                    else _json_text(one)
                    for one in values
                ]

    @staticmethod
    def encodable(values: Iterable[Any]) -> list[Any]:
        r"""Replace text that UTF-8 cannot encode: a lone surrogate becomes its escape, ``\udc80``.

        Values that are not text stay as they are.
        """
        return [
            one.encode(errors="backslashreplace").decode() if isinstance(one, str) else one
            for one in values
        ]


_PLAIN = (str, int)

_KINDS: dict[Any, ColumnKind] = {
    int: ColumnKind.INTEGER,
    bool: ColumnKind.BOOLEAN,
    str: ColumnKind.TEXT,
    Html: ColumnKind.HTML,
    **dict.fromkeys(DECIMALS, ColumnKind.DECIMAL),
    date: ColumnKind.DATE,
    ListDay: ColumnKind.DATE,
    UtcDatetime: ColumnKind.UTC_DATETIME,
    LocalDatetime: ColumnKind.LOCAL_DATETIME,
    IdList: ColumnKind.ID_LIST,
    RankOrName: ColumnKind.NUMBER_OR_TEXT,
}


def columns_of(record_class: type[Record]) -> tuple[Column, ...]:
    """List the columns of a record class: one for each field, in their order; `extra` is the last.

    .. versionadded:: 0.2.0
    """
    return tuple(_column(field.name, field.type) for field in fields_of(record_class))


def select_columns(record_class: type[Record], names: Sequence[str] | None) -> tuple[Column, ...]:
    """List some columns of a record class, in the order of their names; None selects all.

    Raises:
        ArgumentError: The class has no such field, or none is named.
    """
    known = {column.name: column for column in columns_of(record_class)}
    if names is None:
        return tuple(known.values())
    if isinstance(names, str) or not names:
        raise ArgumentError(f"columns: expected a list of names, got {names!r}")
    for name in names:
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
            raise ArgumentError(
                f"columns: expected fields of {record_class.__name__}, got {name!r}{hint}"
            )
    if len({*names}) < len(names):
        raise ArgumentError(f"columns: expected each field once, got {', '.join(names)}")
    return tuple(known[name] for name in names)


def _column(name: str, annotation: Any) -> Column:
    kind = _kind(annotation)
    nullable = annotation not in _KINDS
    if kind is not ColumnKind.DECIMAL:
        return Column(name, kind, nullable)
    (digits,) = next(each for each in DECIMALS if annotation in (each, each | None)).__metadata__
    return Column(name, kind, nullable, precision=digits.precision, scale=digits.scale)


def _kind(annotation: Any) -> ColumnKind:
    for kind, name in _KINDS.items():
        if annotation in (kind, kind | None):
            return name
    args = get_args(annotation)
    has_text = str in args and any(get_origin(each) is tuple for each in args)
    return ColumnKind.TEXT_OR_OBJECTS if has_text else ColumnKind.OBJECTS


def _json_text(value: Mapping[str, object] | Sequence[Record | Mapping[str, object]]) -> str:
    """Write JSON that UTF-8 can encode: a lone surrogate is escaped."""
    plain: object = value
    if not isinstance(value, Mapping):
        plain = [to_dict(each) if isinstance(each, Record) else each for each in value]
    try:
        return _json.dumps(plain).decode()
    except UnicodeEncodeError:
        return json.dumps(plain, separators=(",", ":"))
