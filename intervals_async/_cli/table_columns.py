"""Pure: choose the columns of a table and their widths."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import attrs
from rich.cells import cell_len

from .. import ABSENT, ColumnKind, Record, columns_of
from .humanize import one_line

__all__ = ["GAP", "TableColumn", "cell_text", "choose_columns", "field_names", "value_of"]

# The number of terminal cells between two columns.
GAP = 2

# When columns are chosen, a wide one counts as this wide. It grows if the terminal has room.
USUAL_WIDTH = 24
LEAST_WIDTH = 4

# Fields that identify a record to people, and its date.
IDENTIFYING = (
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
# Fields that a table shows only when --columns asks for them.
HIDDEN_SUFFIXES = ("_order", "color", "localid", "unpadded")
HIDDEN_KINDS = {ColumnKind.HTML, ColumnKind.OBJECTS, ColumnKind.TEXT_OR_OBJECTS}
DATES = {ColumnKind.DATE, ColumnKind.UTC_DATETIME, ColumnKind.LOCAL_DATETIME}
LESS_IMPORTANT = ("datecreated", "datemodified")


@attrs.frozen
class TableColumn:
    """A column of a table.

    Attributes:
        name: The name of the field.
        width: The width in terminal cells.
        align_right: Whether the values are aligned to the right, as numbers are.
    """

    name: str
    width: int
    align_right: bool


def cell_text(value: object) -> str:
    """Format a value as one line of text."""
    match value:
        case datetime(tzinfo=zone):
            words = value.replace(tzinfo=None).isoformat(" ", "seconds")
            return f"{words}Z" if zone is UTC else words
        case tuple():
            return ", ".join(map(cell_text, value))
        case Record():
            # The name alone: a list of people would be hard to read with all their ids.
            names = [
                column.name
                for column in columns_of(type(value))
                if (column.kind is ColumnKind.TEXT and value_of(value, column.name))
                or column.name in value.unreadable
            ]
            return ", ".join(
                text
                for name in names or field_names(type(value))
                if (text := cell_text(value_of(value, name)))
            )
        case Mapping():
            return ", ".join(cell_text(each) for each in value.values() if each is not None)
        case _:
            return one_line(value)


def value_of(record: Record, name: str) -> object:
    """Return the value of a field, including undocumented ones in `extra`.

    A value that is not of the field's type has a question mark before it: the text that the server
    sent, or else JSON.
    """
    found = record.unreadable.get(name, ABSENT)
    if found is not ABSENT:
        return f"? {found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)}"
    return record.extra[name] if name in record.extra else getattr(record, name, None)


def field_names(record_class: type[Record]) -> Sequence[str]:
    """List the names of the fields of a record, in the order of their definition."""
    return [column.name for column in columns_of(record_class)]


def choose_columns(
    record_class: type[Record],
    rows: Sequence[Record],
    table_width: int,
    names: Sequence[str] | None = None,
) -> list[TableColumn]:
    """Choose the columns of a table.

    Args:
        record_class: The class of the records.
        rows: The first records of the table. By default, fields that are empty in all of them are
            not shown.
        table_width: The width of the terminal in cells.
        names: The fields to show; by default the most important ones that fit.
    """
    # some records have only undocumented fields
    known = [name for name in field_names(record_class) if name != "extra"]
    known += dict.fromkeys(name for row in rows for name in row.extra)
    cells = {name: [cell_text(value_of(row, name)) for row in rows] for name in names or known}
    needed = {
        name: max(cell_len(name), LEAST_WIDTH, *map(cell_len, column))
        for name, column in cells.items()
    }
    if names is None:
        filled = [name for name, column in cells.items() if any(column)]
        widths = _take_what_fits(_rank_all(record_class, filled), needed, table_width)
    else:
        widths = _shrink_to_fit(dict(needed), table_width)
    _widen(widths, needed, table_width)
    return [
        TableColumn(
            name, widths[name], align_right=all(_is_number(value_of(row, name)) for row in rows)
        )
        for name in names or known
        if name in widths
    ]


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | Decimal) and not isinstance(value, bool))


def _rank_all(record_class: type[Record], filled: Sequence[str]) -> list[str]:
    """Sort fields by importance, and drop those that a table hides by default."""
    kinds = {column.name: column.kind for column in columns_of(record_class)}
    own = record_class.__name__.lower()
    ranks = {name: _rank(name, kinds.get(name), own, filled) for name in filled}
    shown = [name for name, rank in ranks.items() if rank is not None]
    return sorted(shown, key=lambda name: ranks[name] or 0)


def _rank(name: str, kind: ColumnKind | None, own: str, filled: Sequence[str]) -> int | None:
    """Return the rank of a field, with 1 as the most important; None hides it."""
    without_id = name.removesuffix("id")
    if name == "id":
        return 1
    if name in IDENTIFYING or name == own:
        return 2
    if name.endswith(HIDDEN_SUFFIXES) or kind in HIDDEN_KINDS:
        return None
    if name.endswith("id"):
        # people read the name of a project rather than its id, if there are both
        return 7 if {without_id, f"{without_id}s"} & set(filled) else 4
    if {f"{name}id", f"{name.removesuffix('s')}id"} & set(filled):
        return 3
    if name in LESS_IMPORTANT or kind is ColumnKind.BOOLEAN:
        return 6
    return 4 if kind in DATES else 5


def _take_what_fits(
    ranked: Sequence[str], needed: Mapping[str, int], table_width: int
) -> dict[str, int]:
    widths: dict[str, int] = {}
    for name in ranked:
        width = min(needed[name], max(min(USUAL_WIDTH, table_width // 2), cell_len(name)))
        # the first one is shown on the narrowest terminal too
        if not widths or width + GAP * len(widths) <= table_width - sum(widths.values()):
            widths[name] = width
    return widths


def _shrink_to_fit(widths: dict[str, int], table_width: int) -> dict[str, int]:
    available = table_width - GAP * (len(widths) - 1)
    while sum(widths.values()) > available:
        widest = max(widths, key=widths.__getitem__)
        if widths[widest] <= LEAST_WIDTH:
            break
        widths[widest] -= 1
    return widths


def _widen(widths: dict[str, int], needed: Mapping[str, int], table_width: int) -> None:
    """Distribute the remaining width; the most important columns come first."""
    for name, width in widths.items():
        left = table_width - sum(widths.values()) - GAP * (len(widths) - 1)
        widths[name] = max(min(width + left, needed[name]), width)
