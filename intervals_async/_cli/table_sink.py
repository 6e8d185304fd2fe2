"""`TableSink`: print records as a table while they arrive."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .. import Record
from .humanize import one_line
from .table_columns import GAP, TableColumn, cell_text, choose_columns, value_of

__all__ = ["TableSink", "output_console", "print_table", "ruled_box"]

# The number of records that determine the columns; the table starts after that many.
SAMPLE = 100


class TableSink:
    """Prints a table whose columns follow from its first records, so that it can be endless.

    Args:
        record_class: The class of the records.
        names: The fields to show; by default the most telling ones that fit.
    """

    __slots__ = ("_buffer", "_columns", "_console", "_names", "_record_class")

    def __init__(self, record_class: type[Record], names: Sequence[str] | None = None) -> None:
        self._record_class = record_class
        self._names = names
        self._console = output_console()
        self._buffer: list[Record] = []
        self._columns: list[TableColumn] = []

    def open(self) -> None:
        """Start a new table."""
        self._buffer, self._columns = [], []

    def write(self, records: Sequence[Record]) -> None:
        """Print records, or buffer them until the columns are known."""
        self._buffer += records
        if self._columns or len(self._buffer) >= SAMPLE:
            self._print()

    def close(self, *, complete: bool) -> None:
        """Print the buffered records if the listing is complete."""
        if complete and self._buffer:
            self._print()

    def _print(self) -> None:
        rows, self._buffer = self._buffer, []
        if not self._columns:
            width = self._console.width
            self._columns = choose_columns(self._record_class, rows, width, self._names)
            self._print_line("bold", [one_line(column.name) for column in self._columns])
        for row in rows:
            cells = [cell_text(value_of(row, column.name)) for column in self._columns]
            self._print_line("", cells)

    def _print_line(self, style: str, cells: Sequence[str]) -> None:
        first, *others = map(_fit, self._columns, cells)
        line = Text(style=style).append(first, style or "cyan")
        line.append("".join(f"{' ' * GAP}{each}" for each in others).rstrip())
        self._console.print(line, soft_wrap=True)


def output_console() -> Console:
    """Make a console for standard output that prints texts unchanged."""
    return Console(markup=False, emoji=False, highlight=False)


def ruled_box(console: Console) -> box.Box | None:
    """Return a line below the header of a table, where it can be drawn and helps the eye."""
    return box.SIMPLE_HEAD if console.is_terminal and not console.options.ascii_only else None


def print_table(console: Console, table: Table) -> None:
    """Print a table; in a pipe, without the blanks that fill its lines."""
    if console.is_terminal:
        console.print(table)
        return
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        console.print(line.rstrip(), soft_wrap=True)


def _fit(column: TableColumn, text: str) -> str:
    length = cell_len(text)
    if length > column.width:
        return f"{set_cell_size(text, column.width - 1)}…"
    blank = " " * (column.width - length)
    return blank + text if column.align_right else text + blank
