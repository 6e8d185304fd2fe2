"""Pure: which fields of a record make the columns of a table, and how wide they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, get_args

import attrs
from rich.cells import cell_len

from .._schema.records import Record
from .._schema.values import Meaning
from .wording import shown

__all__ = ["GAP", "Column", "cell", "field_names", "layout", "value_of"]

GAP = 2

# How wide a column is made at first, before it is known what is left.
WIDTH = 24
LEAST = 4

# What a record is called, as people would say, and its day.
NAMES = (
    "title",
    "name",
    "firstname",
    "lastname",
    "username",
    "value",
    "localid",
    "date",
    "datedue",
)
ASIDE = ("_order", "color", "localid", "unpadded")
LATER = ("datecreated", "datemodified")
LONG = {Meaning.HTML, Meaning.OBJECTS, Meaning.TEXT_OR_OBJECTS, Mapping[str, object]}


@attrs.frozen
class Column:
    """A column.

    Attributes:
        name: The field that it shows.
        width: How many cells of the terminal it has.
        right: Whether it is put to the right, as numbers are.
    """

    name: str
    width: int
    right: bool


def cell(value: object) -> str:
    """Give a value as a cell shows it: on one line."""
    match value:
        case datetime(tzinfo=zone):
            words = value.replace(tzinfo=None).isoformat(" ", "seconds")
            return f"{words}Z" if zone is UTC else words
        case tuple():
            return ", ".join(map(cell, value))
        case Mapping():
            return ", ".join(cell(each) for each in value.values() if each is not None)
        case _:
            return shown(value)


def value_of(record: Record, name: str) -> object:
    """Give what a record has under a name, be it among what the server sent beyond its fields."""
    return record.extra[name] if name in record.extra else getattr(record, name, None)


def field_names(record_class: type[Record]) -> Sequence[str]:
    """The names of a record's fields, in its order."""
    return [field.name for field in _fields(record_class)]


def layout(
    record_class: type[Record],
    rows: Sequence[Record],
    room: int,
    names: Sequence[str] | None = None,
) -> list[Column]:
    """Choose the columns of a table.

    Args:
        record_class: The class of the records.
        rows: The first records of the table; what is empty in all of them is not shown.
        room: How wide the table may be.
        names: The fields that are wanted; without them, those that say most and fit.
    """
    # some records have nothing but what the server sends beyond the known fields
    own = [name for name in field_names(record_class) if name != "extra"]
    known = [*own, *dict.fromkeys(name for row in rows for name in row.extra)]
    cells = {name: [cell(value_of(row, name)) for row in rows] for name in names or known}
    needed = {
        name: max(cell_len(name), LEAST, *map(cell_len, column)) for name, column in cells.items()
    }
    if names is None:
        filled = [name for name, column in cells.items() if any(column)]
        widths = _fitting(_ranked(record_class, filled), needed, room)
    else:
        widths = _squeezed(dict(needed), room)
    _widen(widths, needed, room)
    return [
        Column(name, widths[name], right=all(_is_number(value_of(row, name)) for row in rows))
        for name in names or known
        if name in widths
    ]


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | Decimal) and not isinstance(value, bool))


def _ranked(record_class: type[Record], filled: Sequence[str]) -> list[str]:
    """Put fields in the order in which a reader would miss them; some are never missed."""
    kinds = {field.name: set(_parts(field.type)) for field in _fields(record_class)}
    own = record_class.__name__.lower()
    ranks = {name: _rank(name, kinds.get(name, {str}), own, filled) for name in filled}
    return sorted((name for name in ranks if ranks[name]), key=ranks.__getitem__)


def _rank(name: str, parts: set[object], own: str, filled: Sequence[str]) -> int:
    plain = name.removesuffix("id")
    if name == "id":
        return 1
    if name in NAMES or name == own:
        return 2
    if name.endswith(ASIDE) or parts & LONG:
        return 0
    if name.endswith("id"):
        # of a project's id and its name, people read the name
        return 7 if {plain, f"{plain}s"} & set(filled) else 4
    if {f"{name}id", f"{name.removesuffix('s')}id"} & set(filled):
        return 3
    if name in LATER or bool in parts:
        return 6
    return 4 if parts & {date, datetime} else 5


def _parts(hint: Any) -> Iterator[object]:
    yield hint
    for part in get_args(hint):
        yield from _parts(part)


def _fitting(ranked: Sequence[str], needed: Mapping[str, int], room: int) -> dict[str, int]:
    widths: dict[str, int] = {}
    for name in ranked:
        width = min(needed[name], max(WIDTH, cell_len(name)))
        if width + GAP * len(widths) <= room - sum(widths.values()):
            widths[name] = width
    return widths


def _squeezed(widths: dict[str, int], room: int) -> dict[str, int]:
    rest = room - GAP * (len(widths) - 1)
    while sum(widths.values()) > rest:
        widest = max(widths, key=widths.__getitem__)
        if widths[widest] <= LEAST:
            break
        widths[widest] -= 1
    return widths


def _widen(widths: dict[str, int], needed: Mapping[str, int], room: int) -> None:
    """Give what is left to the columns that could do with it, those that say most first."""
    for name, width in widths.items():
        left = room - sum(widths.values()) - GAP * (len(widths) - 1)
        widths[name] = max(min(width + left, needed[name]), width)


def _fields(record_class: type[Record]) -> Sequence[attrs.Attribute[Any]]:
    kind: Any = record_class  # type checkers know records as dataclass-like only
    fields: Sequence[attrs.Attribute[Any]] = attrs.fields(attrs.resolve_types(kind))
    return fields
