"""The output formats of the commands, and the sinks that write them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from .. import Record
from ..export import CsvSink, JsonLinesSink, Sink
from .standard_streams import standard_output
from .table_sink import TableSink

__all__ = ["ExportFormat", "ListFormat", "RecordFormat", "file_sink", "list_sink"]


class ExportFormat(StrEnum):
    """The formats of ``export``; a single file takes `JSONL` and `CSV` only."""

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
    CSV = "csv"


class RecordFormat(StrEnum):
    """The formats of one record."""

    TABLE = "table"
    JSON = "json"


def file_sink(
    format: ExportFormat, output: Path | None, record_class: type[Record], *, force: bool
) -> Sink:
    """Make the sink of ``export`` to a file; None is standard output.

    Raises:
        OSError: Standard output is closed.
    """
    target = standard_output() if output is None else output
    if format is ExportFormat.CSV:
        return CsvSink(target, record_class, force=force)
    return JsonLinesSink(target, force=force)


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
    target = standard_output()
    if format is None:
        format = ListFormat.TABLE if target.isatty() else ListFormat.JSONL
    match format:
        case ListFormat.TABLE:
            return TableSink(record_class, columns)
        case ListFormat.CSV:
            return CsvSink(target, record_class, columns=columns or None)
        case ListFormat.JSONL:
            return JsonLinesSink(target, columns=columns or None)
