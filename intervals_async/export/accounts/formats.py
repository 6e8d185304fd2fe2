"""The formats that an account can be exported in, by their names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import attrs

from ..._schema.records import Record
from ...errors import ArgumentError
from ..part_file import look_at_place
from ..sinks.csv_sink import CsvSink
from ..sinks.jsonlines_sink import JsonLinesSink
from ..sinks.parquet_sink import ParquetSink
from ..sinks.sink import ResumableSink
from ..sinks.sqlite_sink import SqliteSink, look_at_database
from .merging import Merge, merge_csv, merge_json_lines, merge_parquet, merge_sqlite

__all__ = ["FORMATS", "Format", "format_named"]

# All resources of an account are tables of one database.
DATABASE = "account.sqlite"


@attrs.frozen
class Format:
    """A format of files.

    Attributes:
        name: Its name.
        make: Makes the sink of a resource, given the file, the records' class and the name.
        merge: Puts what was changed into such a file.
        look: Finds out early that a file cannot be put into its place.
        one_file: The name of the file, where all resources share one.
        checkpoint_every: Seconds between two checkpoints; each costs something.
    """

    name: str
    make: Callable[[Path, type[Record], str], ResumableSink]
    merge: Merge
    look: Callable[[Path], None] = look_at_place
    one_file: str | None = None
    checkpoint_every: float = 2.0

    def path(self, folder: Path, resource: str) -> Path:
        """Where a resource is written."""
        return folder / (self.one_file or f"{resource}.{self.name}")

    def path_of_changes(self, folder: Path, resource: str) -> Path:
        """Where what was changed of a resource is written, until it is merged."""
        return folder / f"{resource}.changes.{self.name}"


def _lines(path: Path, record_class: type[Record], resource: str) -> ResumableSink:
    return JsonLinesSink(path, force=True)


def _table(path: Path, record_class: type[Record], resource: str) -> ResumableSink:
    return CsvSink(path, record_class, force=True)


def _columns(path: Path, record_class: type[Record], resource: str) -> ResumableSink:
    return ParquetSink(path, record_class, force=True)


def _database(path: Path, record_class: type[Record], resource: str) -> ResumableSink:
    return SqliteSink(path, record_class, table=resource)


_KNOWN = (
    Format("jsonl", _lines, merge_json_lines),
    Format("jsonl.gz", _lines, merge_json_lines, checkpoint_every=20.0),
    Format("jsonl.zst", _lines, merge_json_lines, checkpoint_every=20.0),
    Format("csv", _table, merge_csv),
    Format("parquet", _columns, merge_parquet, checkpoint_every=60.0),
    Format("sqlite", _database, merge_sqlite, look_at_database, one_file=DATABASE),
)

FORMATS = {each.name: each for each in _KNOWN}


def format_named(name: str) -> Format:
    """Give a format by its name.

    Raises:
        ArgumentError: There is none of that name.
    """
    if name not in FORMATS:
        raise ArgumentError(f"there is no format {name!r}; there are {', '.join(FORMATS)}")
    return FORMATS[name]
