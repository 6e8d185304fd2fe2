"""`CsvSink`: a table with a column for each field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeAlias, get_args

from ... import Column, ColumnKind, Record, columns_of
from ...errors import ArgumentError
from .bytes_sink import BytesSink
from .cells import Cells, table_rows
from .compression import Compression
from .output import Target

__all__ = ["CsvDialect", "CsvSink", "Formulas"]

CsvDialect: TypeAlias = Literal["rfc4180", "excel", "excel-semicolon"]
"""The delimiter of a CSV file, and whether it starts with a byte order mark."""

DELIMITERS: dict[CsvDialect, str] = {"rfc4180": ",", "excel": ",", "excel-semicolon": ";"}
# Without it, Excel takes UTF-8 for the encoding of the computer's language.
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Formulas: TypeAlias = Literal["escape", "keep"]
"""What happens to text that a spreadsheet would run as a formula."""

# https://owasp.org/www-community/attacks/CSV_Injection lists them; the full-width forms come
# from Chinese and Japanese keyboards.
SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
# What a spreadsheet drops or does not show before a formula: blanks, control characters, and
# characters of no width.
INVISIBLE = (
    "\\s\\x00-\\x20\\x7f-\\xa0\xad\u034f\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff"
)
FORMULA = re.compile(rf"[\t\r\n]|[{INVISIBLE}]*[{SIGNS}]")
PLAIN_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)

QUOTE, ESCAPED_QUOTE, EMPTY_CELL = '"', '""', '""'

# Text that people type, which a spreadsheet may run as a formula.
FREE_TEXT = {
    ColumnKind.TEXT,
    ColumnKind.HTML,
    ColumnKind.NUMBER_OR_TEXT,
    ColumnKind.TEXT_OR_OBJECTS,
}
# Cells of these kinds need no quotes.
UNQUOTED = {
    ColumnKind.INTEGER,
    ColumnKind.DECIMAL,
    ColumnKind.DATE,
    ColumnKind.UTC_DATETIME,
    ColumnKind.LOCAL_DATETIME,
}

BOOLEANS: dict[bool | None, str] = {None: "", True: "true", False: "false"}


class CsvSink(BytesSink):
    """Writes CSV, by default according to RFC 4180: UTF-8, a header, commas, quotes where needed.

    None, empty text and an empty `extra` are empty cells. Booleans are ``true`` and ``false``,
    dates and datetimes are in ISO 8601, lists and objects are JSON.

    A spreadsheet runs a cell that looks like a formula as soon as the file is opened. So text
    that starts with ``=``, ``+``, ``-``, ``@``, a tab or a line break gets an apostrophe before
    it, as OWASP advises, unless it is a plain number. Blanks, control characters and characters
    of no width before such a sign do not hide it.

    Args:
        target: The path of a file, or an open binary stream. A file appears under its name when
            it is complete; until then it has a hidden name beside it.
        record_class: The class of the records; its fields are the columns, in their order.
        columns: The fields to write instead, in this order.
        dialect: ``"excel"`` starts the file with a byte order mark, by which Excel recognizes
            UTF-8. ``"excel-semicolon"`` also separates cells by semicolons, as Excel expects in
            languages that write a decimal comma; numbers keep their decimal point.
        formulas: ``"keep"`` writes such text unchanged, for programs that would read the
            apostrophe as a part of it.
        force: Replace an existing file.
        compression: As for `JsonLinesSink`.

    .. versionchanged:: 0.2.0
       Added `columns`, `dialect`, `formulas`, `compression`, and the methods `header`, `buffer`,
       `flush`, `checkpoint`, `resume`, `suspend` and `close`. `close` replaces ``commit`` and
       ``discard``.
    """

    __slots__ = ("_cells", "_delimiter", "_names", "_start")

    def __init__(
        self,
        target: Target,
        record_class: type[Record],
        *,
        columns: Sequence[str] | None = None,
        dialect: CsvDialect = "rfc4180",
        formulas: Formulas = "escape",
        force: bool = False,
        compression: Compression | None = None,
    ) -> None:
        super().__init__(target, force=force, compression=compression)
        if formulas not in get_args(Formulas):
            raise ArgumentError(f"formulas: expected 'escape' or 'keep', got {formulas!r}")
        if dialect not in DELIMITERS:
            raise ArgumentError(
                f"dialect: expected one of {', '.join(DELIMITERS)}, got {dialect!r}"
            )
        self._delimiter = DELIMITERS[dialect]
        self._start = b"" if dialect == "rfc4180" else BYTE_ORDER_MARK
        known = {column.name: column for column in columns_of(record_class)}
        self._names = tuple(known) if columns is None else tuple(columns)
        self._cells = [
            _cells_of(known[name], self._delimiter, escape=formulas == "escape")
            for name in self._names
        ]

    def header(self) -> bytes:
        """Return the header, which a table without rows has too."""
        return self._start + _encoded([self._names], self._delimiter)

    def encode(self, records: Sequence[Record]) -> bytes:
        """Encode some records as rows."""
        return _encoded(table_rows(records, self._names, self._cells), self._delimiter)


def _cells_of(column: Column, delimiter: str, *, escape: bool) -> Cells:
    """Return the function that converts the values of a column into cells, quoted where needed."""
    if column.kind is ColumnKind.BOOLEAN:
        return lambda values: map(BOOLEANS.__getitem__, values)
    if column.kind in UNQUOTED:
        return lambda values: ["" if one is None else str(one) for one in column.plain(values)]
    if column.kind in FREE_TEXT and escape:
        return lambda values: _quoted(_escaped(column.plain(values)), delimiter)
    return lambda values: _quoted(column.plain(values), delimiter)


def _escaped(values: Iterable[Any]) -> list[str | None]:
    return [
        f"'{text}"
        if text
        and not text[0].isalnum()  # the usual text, at a tenth of the price of a match
        and FORMULA.match(text)
        and not PLAIN_NUMBER.fullmatch(text)
        else text
        for text in values
    ]


def _quoted(values: Iterable[Any], delimiter: str) -> list[str]:
    # The standard library's writer inspects every character: ten times slower for long text.
    return [
        ""
        if not text
        else f'"{text.replace(QUOTE, ESCAPED_QUOTE)}"'
        if delimiter in text or QUOTE in text or "\n" in text or "\r" in text
        else text
        for text in values
    ]


def _encoded(rows: Iterable[Sequence[str]], delimiter: str) -> bytes:
    lines = [delimiter.join(row) for row in rows]
    # An empty cell in the only column would be an empty line, which is not a row.
    text = "".join(f"{line or EMPTY_CELL}\r\n" for line in lines)
    # backslashreplace: a lone surrogate must not end the export
    return text.encode(errors="backslashreplace")
