"""`TableSink`: records as a table for a reader, written while they arrive."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from .._schema.records import Record
from .columns import GAP, Column, cell, layout, value_of

__all__ = ["TableSink", "reader"]

# So many records say how wide the columns are; nothing is shown before.
FIRST = 100


class TableSink:
    """Shows a table whose columns are fixed by its first records, so that it can be endless.

    Args:
        record_class: The class of the records.
        names: The fields to show; without them, those that say most and fit.
    """

    __slots__ = ("_class", "_columns", "_console", "_held", "_names")

    def __init__(self, record_class: type[Record], names: Sequence[str] | None = None) -> None:
        self._class = record_class
        self._names = names
        self._console = reader()
        self._held: list[Record] = []
        self._columns: list[Column] = []

    def open(self) -> None:
        """Begin anew."""
        self._held, self._columns = [], []

    def write(self, records: Sequence[Record]) -> None:
        """Take some records, and show them as soon as the columns are known."""
        self._held += records
        if self._columns or len(self._held) >= FIRST:
            self._show()

    def close(self, *, complete: bool) -> None:
        """Show what is left. What is shown cannot be taken back."""
        if complete and self._held:
            self._show()

    def _show(self) -> None:
        rows, self._held = self._held, []
        if not self._columns:
            self._columns = layout(self._class, rows, self._console.width, self._names)
            self._line("bold", [column.name for column in self._columns])
        for row in rows:
            self._line("", [cell(value_of(row, column.name)) for column in self._columns])

    def _line(self, style: str, cells: Sequence[str]) -> None:
        first, *others = map(_fitted, self._columns, cells)
        line = Text(style=style).append(first, style or "cyan")
        line.append("".join(f"{' ' * GAP}{each}" for each in others).rstrip())
        self._console.print(line, soft_wrap=True)


def reader() -> Console:
    """Give the console of standard output; texts are shown as they are."""
    return Console(markup=False, emoji=False, highlight=False)


def _fitted(column: Column, words: str) -> str:
    length = cell_len(words)
    if length > column.width:
        return f"{set_cell_size(words, column.width - 1)}…"
    blank = " " * (column.width - length)
    return blank + words if column.right else words + blank
