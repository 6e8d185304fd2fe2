"""The output formats of the commands, and the sinks that write them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, BinaryIO, TypeAlias, cast

import typer

from .. import Record
from ..export import CsvSink, JsonLinesSink, Sink
from .json_sink import JsonArraySink
from .standard_streams import standard_output
from .table_sink import TableSink
from .terminal import TerminalStream, clean_ascii_json, clean_json, clean_text

__all__ = [
    "DecimalType",
    "DecimalsOption",
    "Dialect",
    "ExportFormat",
    "ListFormat",
    "RecordFormat",
    "list_sink",
    "record_output",
]


class ExportFormat(StrEnum):
    """The formats of ``export``."""

    JSONL = "jsonl"
    JSONL_GZ = "jsonl.gz"
    JSONL_ZST = "jsonl.zst"
    CSV = "csv"
    PARQUET = "parquet"
    SQLITE = "sqlite"


class ListFormat(StrEnum):
    """The formats of ``list``."""

    TABLE = "table"
    JSONL = "jsonl"
    JSON = "json"
    CSV = "csv"


class Dialect(StrEnum):
    """The dialects of CSV."""

    RFC4180 = "rfc4180"
    EXCEL = "excel"
    EXCEL_SEMICOLON = "excel-semicolon"


class DecimalType(StrEnum):
    """The types of decimals in Parquet."""

    FLOAT = "float"
    DECIMAL = "decimal"


DecimalsOption: TypeAlias = Annotated[
    DecimalType,
    typer.Option(
        help="Type of hours and money in Parquet: float, or decimal, such as decimal(9, 2)."
    ),
]


class RecordFormat(StrEnum):
    """The formats of one record."""

    TABLE = "table"
    JSON = "json"


def record_output(format: str) -> BinaryIO:
    """Return standard output for records; a terminal gets only what it shows.

    Raises:
        OSError: Standard output is closed.
    """
    stream = standard_output()
    if not stream.isatty():
        return stream
    encoding = sys.stdout.encoding
    clean = clean_json if encoding.lower().startswith("utf") else clean_ascii_json
    if format == ExportFormat.CSV.value:
        clean = clean_text
    return cast("BinaryIO", TerminalStream(stream, clean, encoding))


def list_sink(
    format: ListFormat | None, record_class: type[Record], columns: Sequence[str] | None
) -> Sink:
    """Make the sink of ``list``, which writes to standard output.

    Args:
        format: The format; None is a table on a terminal, and JSON Lines elsewhere.
        record_class: The class of the records.
        columns: The fields to write; None leaves the choice to the format.

    Raises:
        OSError: Standard output is closed.
    """
    if format is None:
        format = ListFormat.TABLE if standard_output().isatty() else ListFormat.JSONL
    target = record_output(format.value)
    match format:
        case ListFormat.TABLE:
            return TableSink(record_class, columns)
        case ListFormat.CSV:
            return CsvSink(target, record_class, columns=columns or None)
        case ListFormat.JSON:
            return JsonArraySink(target, columns or None)
        case ListFormat.JSONL:
            return JsonLinesSink(target, columns=columns or None)
