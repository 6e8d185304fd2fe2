"""The formats of an account's export, by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import attrs

from ... import ArrowConverter, Decimals, ProjectNote, Record
from ..._atomic_file import check_target
from ...errors import ArgumentError
from ..sinks.csv_sink import CsvSink
from ..sinks.jsonlines_sink import JsonLinesSink
from ..sinks.parquet_file import has_columns
from ..sinks.parquet_sink import ParquetSink
from ..sinks.sink import ResumableSink
from ..sinks.sqlite_database import check_database, has_types
from ..sinks.sqlite_sink import SqliteSink
from ..sinks.sqlite_table import Table
from .merging import Merge, merge_csv, merge_json_lines, merge_parquet, merge_sqlite

__all__ = ["FORMATS", "Format", "get_format"]

# All resources of an account are tables of one database.
DATABASE = "account.sqlite"


def _check_file(path: Path) -> None:
    check_target(path, force=True)


def _has_any_types(*_: object) -> bool:
    """Return True for a file whose columns have no types."""
    return True


def _has_parquet_types(
    path: Path, record_class: type[Record], resource: str, decimals: Decimals
) -> bool:
    return has_columns(path, ArrowConverter(record_class, decimals=decimals).schema)


def _has_sqlite_types(
    path: Path, record_class: type[Record], resource: str, decimals: Decimals
) -> bool:
    return has_types(path, Table(resource, record_class))


@attrs.frozen
class Format:
    """A format of files.

    Attributes:
        name: The name of the format, and the suffix of its files.
        make_sink: Makes the sink of a resource, from the path, the record class, the name and the
            type of decimals.
        merge: Merges changes into a file.
        check: Checks early whether a file can be written.
        has_types: Whether the columns of a file have the types that the sink would write; its
            arguments are those of `make_sink`.
        has_decimals: Whether decimals can have two types.
        shared_file: The name of the file, if all resources share one.
        checkpoint_every: Seconds between two checkpoints, each of which costs some work.
    """

    name: str
    make_sink: Callable[[Path, type[Record], str, Decimals], ResumableSink]
    merge: Merge
    check: Callable[[Path], None] = _check_file
    has_types: Callable[[Path, type[Record], str, Decimals], bool] = _has_any_types
    has_decimals: bool = False
    shared_file: str | None = None
    checkpoint_every: float = 2.0

    def path(self, folder: Path, resource: str) -> Path:
        """Return the path of a resource's file."""
        return folder / (self.shared_file or f"{resource}.{self.name}")

    def changes_path(self, folder: Path, resource: str) -> Path:
        """Return the path of a resource's changes, until they are merged."""
        return folder / f"{resource}.changes.{self.name}"


def _json_lines_sink(
    path: Path, record_class: type[Record], resource: str, decimals: Decimals
) -> ResumableSink:
    return JsonLinesSink(path, force=True)


def _csv_sink(
    path: Path, record_class: type[Record], resource: str, decimals: Decimals
) -> ResumableSink:
    return CsvSink(path, record_class, force=True)


def _parquet_sink(
    path: Path, record_class: type[Record], resource: str, decimals: Decimals
) -> ResumableSink:
    return ParquetSink(path, record_class, force=True, decimals=decimals)


def _sqlite_sink(
    path: Path, record_class: type[Record], resource: str, decimals: Decimals
) -> ResumableSink:
    return SqliteSink(path, record_class, table=resource)


_KNOWN = (
    Format("jsonl", _json_lines_sink, merge_json_lines),
    Format("jsonl.gz", _json_lines_sink, merge_json_lines, checkpoint_every=20.0),
    Format("jsonl.zst", _json_lines_sink, merge_json_lines, checkpoint_every=20.0),
    Format("csv", _csv_sink, merge_csv),
    Format(
        "parquet",
        _parquet_sink,
        merge_parquet,
        has_types=_has_parquet_types,
        has_decimals=True,
        checkpoint_every=60.0,
    ),
    Format(
        "sqlite",
        _sqlite_sink,
        merge_sqlite,
        check_database,
        has_types=_has_sqlite_types,
        shared_file=DATABASE,
    ),
)

FORMATS = {each.name: each for each in _KNOWN}


def get_format(name: str) -> Format:
    """Return a format by its name.

    Raises:
        ArgumentError: There is no such format.
        ImportError: It needs an extra that is not installed.
    """
    if name not in FORMATS:
        raise ArgumentError(f"format: expected one of {', '.join(FORMATS)}, got {name!r}")
    found = FORMATS[name]
    # A sink looks for its extra when it is made, and touches no file before it is opened.
    found.make_sink(found.path(Path(), "projectnote"), ProjectNote, "projectnote", "float")
    return found
