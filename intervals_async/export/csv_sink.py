"""`CsvSink`: a table with one column a field."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import cast

import attrs

from .. import _json
from .._convert import Record, to_dict
from .output import Target
from .sink import BytesSink

__all__ = ["CsvSink"]


class CsvSink(BytesSink):
    """Writes CSV as RFC 4180 has it: UTF-8, a header, commas, quotes where they are needed.

    An empty cell is None or an empty text; a truth is ``true`` or ``false``; what is no
    plain value (lists, and `extra`) is JSON.

    Args:
        target: The file's path, or a binary stream that is open. A file is written whole or
            not at all: under a temporary name beside it until it is complete.
        record_class: The class of the records: its fields are the columns, in their order.
        force: Whether an existing file may be replaced.
    """

    __slots__ = ("_columns",)

    def __init__(self, target: Target, record_class: type[Record], *, force: bool = False) -> None:
        super().__init__(target, force=force)
        # `record` makes attrs classes, but type checkers know them as dataclass-like only.
        fields = attrs.fields(cast("type[attrs.AttrsInstance]", record_class))
        self._columns: tuple[str, ...] = tuple(field.name for field in fields)

    def open(self) -> None:
        """Make ready, and write the header: a table without rows has one too."""
        super().open()
        self._output.write(_line(self._columns))

    def encode(self, record: Record) -> bytes:
        """Give the record's row."""
        plain = to_dict(record)
        return _line(_cell(plain[column]) for column in self._columns)


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            return str(value)
        case _:
            return _json.dumps(value).decode()


def _line(cells: Iterable[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    # backslashreplace: half a surrogate pair would end the export otherwise
    return line.getvalue().encode(errors="backslashreplace")
