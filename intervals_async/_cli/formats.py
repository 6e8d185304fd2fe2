"""The formats of what a command gives, and the sinks that write them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from .._schema.records import Record
from ..export import CsvSink, JsonLinesSink, Sink
from .streams import standard_output
from .table import TableSink

__all__ = ["FileFormat", "ListFormat", "RecordFormat", "file_sink", "list_sink"]


class FileFormat(StrEnum):
    """The formats of an exported file."""

    JSONL = "jsonl"
    CSV = "csv"


class ListFormat(StrEnum):
    """The formats of a list."""

    TABLE = "table"
    JSONL = "jsonl"
    CSV = "csv"


class RecordFormat(StrEnum):
    """The formats of one record."""

    TABLE = "table"
    JSON = "json"


def file_sink(
    format: FileFormat, output: Path | None, record_class: type[Record], *, force: bool
) -> Sink:
    """Give the sink of an export; None is standard output.

    Raises:
        OSError: Standard output is closed.
    """
    target = standard_output() if output is None else output
    if format is FileFormat.CSV:
        return CsvSink(target, record_class, force=force)
    return JsonLinesSink(target, force=force)


def list_sink(
    format: ListFormat | None, record_class: type[Record], names: Sequence[str] | None
) -> Sink:
    """Give the sink of a list, which goes to standard output: a table where somebody reads it.

    Raises:
        OSError: Standard output is closed.
    """
    target = standard_output()
    if format is None:
        format = ListFormat.TABLE if target.isatty() else ListFormat.JSONL
    match format:
        case ListFormat.TABLE:
            return TableSink(record_class, names)
        case ListFormat.CSV:
            return CsvSink(target, record_class, columns=names or None)
        case ListFormat.JSONL:
            return JsonLinesSink(target, columns=names or None)
