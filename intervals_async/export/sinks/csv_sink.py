"""`CsvSink`: a table with one column a field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeAlias, get_args

from ..._schema.columns import Column, ColumnKind, columns_of
from ..._schema.records import Record
from ...errors import ArgumentError
from .bytes_sink import BytesSink
from .cells import Cells, table_of
from .compression import Compression
from .output import Target

__all__ = ["CsvSink", "Formulas"]

Formulas: TypeAlias = Literal["escape", "keep"]
"""What is done with a text that a spreadsheet would take for a formula."""

# https://owasp.org/www-community/attacks/CSV_Injection names them; the wide ones are of
# keyboards that write Chinese or Japanese.
LEADING = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
PLAIN_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)

QUOTE, TWO, EMPTY = '"', '""', '""'

TRUTHS = {None: "", True: "true", False: "false"}


class CsvSink(BytesSink):
    """Writes CSV as RFC 4180 has it: UTF-8, a header, commas, quotes where they are needed.

    An empty cell is None or an empty text (and an `extra` that holds nothing); a truth is
    ``true`` or ``false``; dates and moments are in ISO 8601; lists and objects are JSON.

    What people have typed may begin like a formula, which a spreadsheet would run as soon as
    the file is opened: a cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line's
    end gets an apostrophe before it, as OWASP advises, unless it is a plain number.

    Args:
        target: The file's path, or a binary stream that is open. A file is written whole or
            not at all: under a hidden name beside it until it is complete.
        record_class: The class of the records: its fields are the columns, in their order.
        columns: Some of these fields instead, in this order.
        formulas: ``"keep"`` leaves such cells as they are: for programs, which would take the
            apostrophe for a part of the text.
        force: Whether an existing file may be replaced.
        compression: As of `JsonLinesSink`.
    """

    __slots__ = ("_cells", "_names")

    def __init__(
        self,
        target: Target,
        record_class: type[Record],
        *,
        columns: Sequence[str] | None = None,
        formulas: Formulas = "escape",
        force: bool = False,
        compression: Compression | None = None,
    ) -> None:
        super().__init__(target, force=force, compression=compression)
        if formulas not in get_args(Formulas):
            raise ArgumentError(f"formulas is 'escape' or 'keep', not {formulas!r}")
        known = {column.name: column for column in columns_of(record_class)}
        self._names = tuple(known) if columns is None else tuple(columns)
        self._cells = [_cells_of(known[name], escape=formulas == "escape") for name in self._names]

    def head(self) -> bytes:
        """Give the header: a table without rows has one too."""
        return _encoded([self._names])

    def encode(self, records: Sequence[Record]) -> bytes:
        """Give the rows of some records."""
        return _encoded(table_of(records, self._names, self._cells))


# What people type, and what a spreadsheet may take for a formula.
TYPED = {
    ColumnKind.TEXT,
    ColumnKind.HTML,
    ColumnKind.NUMBER_OR_TEXT,
    ColumnKind.TEXT_OR_OBJECTS,
}
# What needs no quotes.
NUMBERS = {
    ColumnKind.INTEGER,
    ColumnKind.DECIMAL,
    ColumnKind.DATE,
    ColumnKind.UTC_DATETIME,
    ColumnKind.LOCAL_DATETIME,
}


def _cells_of(column: Column, *, escape: bool) -> Cells:
    """Give what makes cells of a column's values, quoted where they need it."""
    if column.kind is ColumnKind.BOOLEAN:
        return lambda values: map(TRUTHS.__getitem__, values)
    if column.kind in NUMBERS:
        return lambda values: ["" if one is None else str(one) for one in column.plain(values)]
    if column.kind in TYPED and escape:
        return lambda values: _quoted(_escaped(column.plain(values)))
    return lambda values: _quoted(column.plain(values))


def _escaped(values: Iterable[Any]) -> list[str | None]:
    return [
        f"'{text}" if text and text[0] in LEADING and not PLAIN_NUMBER.fullmatch(text) else text
        for text in values
    ]


def _quoted(values: Iterable[Any]) -> list[str]:
    # The standard library's writer looks at each letter by itself: of long texts, ten times
    # the work.
    return [
        ""
        if not text
        else f'"{text.replace(QUOTE, TWO)}"'
        if "," in text or QUOTE in text or "\n" in text or "\r" in text
        else text
        for text in values
    ]


def _encoded(rows: Iterable[Sequence[str]]) -> bytes:
    lines = [",".join(row) for row in rows]
    # Nothing at all in the only column would be no row.
    text = "".join(f"{line or EMPTY}\r\n" for line in lines)
    # backslashreplace: half a surrogate pair would end the export otherwise
    return text.encode(errors="backslashreplace")
