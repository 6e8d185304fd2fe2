"""Small tables in HTML, for notebooks: escaped, bounded in length, in the colors of the notebook."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import islice

import attrs

__all__ = ["MAX_FIELDS", "MAX_ROWS", "Unreadable", "fields_table", "rows_table"]

# A notebook keeps its outputs in its file, and one value may be a megabyte long.
MAX_ROWS = 20
MAX_COLUMNS = 12
MAX_ITEMS = 10
MAX_FIELDS = 100
MAX_TEXT = 300
MAX_CELL_TEXT = 80

# Format characters that join the parts of an emoji, or letters.
_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"

_LEFT = ' style="text-align:left"'
_RIGHT = ' style="text-align:right"'


@attrs.frozen
class Unreadable:
    """Stands for a value that could not be read.

    Attributes:
        reason: What was expected, and what was found.
    """

    reason: str


def fields_table(title: str, fields: Iterable[tuple[str, object]], *notes: str) -> str:
    """Format named values as a table of two columns.

    Args:
        title: The title.
        fields: The names and the values. Values that are None are left out.
        notes: Sentences below the table.
    """
    rows = [
        f'<tr><th scope="row"{_LEFT}>{_text(name, MAX_CELL_TEXT)}</th>'
        f"<td{_LEFT}>{_value(value, MAX_TEXT)}</td></tr>"
        for name, value in islice(fields, MAX_FIELDS)
        if value is not None
    ]
    return _document(title, "", rows, notes)


def rows_table(
    title: str,
    names: Sequence[str],
    rows: Sequence[Sequence[object]],
    *notes: str,
    more: int = 0,
    most: int = MAX_ROWS,
) -> str:
    """Format rows as a table, up to the limits of a notebook.

    Columns without any value are left out.

    Args:
        title: The title.
        names: The names of the columns.
        rows: The rows, or the first of them.
        notes: Sentences below the table.
        more: The number of rows that are not in `rows`.
        most: The number of rows to show at most.
    """
    more += max(len(rows) - most, 0)
    rows = rows[:most]
    used = [at for at, _ in enumerate(names) if any(_is_filled(row[at]) for row in rows)]
    hidden = [names[at] for at in used[MAX_COLUMNS:]]
    used = used[:MAX_COLUMNS]
    head = "".join(f'<th scope="col"{_LEFT}>{_text(names[at], MAX_CELL_TEXT)}</th>' for at in used)
    body = [
        f"<tr>{''.join(_cell(row[at], MAX_CELL_TEXT) for at in used)}</tr>" for row in rows if used
    ]
    cut: list[str] = []
    if more:
        cut.append(f"{more:,} more rows.")
    if hidden:
        cut.append(f"{len(hidden)} more columns: {', '.join(hidden)}.")
    return _document(title, f"<thead><tr>{head}</tr></thead>" if used else "", body, (*cut, *notes))


def _document(title: str, head: str, rows: Sequence[str], notes: Iterable[str]) -> str:
    below = "".join(
        f'<p style="opacity:0.7">{_text(note, 2 * MAX_TEXT)}</p>' for note in notes if note
    )
    return (
        # Notebooks would show text between dollar signs as a formula.
        '<div class="tex2jax_ignore mathjax_ignore">'
        f'<table><caption style="text-align:left;font-weight:bold">{_text(title, MAX_TEXT)}</caption>'
        f"{head}<tbody>{''.join(rows)}</tbody></table>{below}</div>"
    )


def _is_filled(value: object) -> bool:
    return value is not None and value != {}


def _cell(value: object, length: int) -> str:
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return f"<td{_RIGHT if is_number else _LEFT}>{_value(value, length)}</td>"


def _value(value: object, length: int) -> str:
    match value:
        case None:
            return ""
        case Unreadable():
            return f"<em>unreadable: {_text(value.reason, length)}</em>"
        case Mapping() | tuple() | list():
            return _text(_listed(value), length)
        case _:
            return _text(str(value), length)


def _listed(values: Mapping[object, object] | Sequence[object]) -> str:
    """List the first of some values, or the first keys of a mapping, whose values may be nested."""
    more = ", …" if len(values) > MAX_ITEMS else ""
    return ", ".join(str(each)[:MAX_TEXT] for each in islice(values, MAX_ITEMS)) + more


def _text(text: str, length: int) -> str:
    """Shorten text, replace what would disturb the page, and escape it."""
    words = " ".join(text[: 4 * length].split())
    shown = words[:length] + "…" if len(words) > length or len(text) > 4 * length else words
    return html.escape(
        "".join(
            c if c.isprintable() or c in _JOINERS else "\N{REPLACEMENT CHARACTER}" for c in shown
        )
    )
