"""The formats that an account can be exported in, by their names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import attrs

from .._convert import Record
from ..errors import ArgumentError
from .csv_sink import CsvSink
from .jsonlines_sink import JsonLinesSink
from .parquet_sink import ParquetSink
from .sink import ResumableSink
from .sqlite_sink import SqliteSink

__all__ = ["FORMATS", "Format", "format_named"]

# All resources of an account are tables of one database.
DATABASE = "account.sqlite"


@attrs.frozen
class Format:
    """A format of files.

    Attributes:
        name: Its name.
        make: Makes the sink of a resource, given the file, the records' class and the name.
        one_file: The name of the file, where all resources share one.
        checkpoint_every: Seconds between two checkpoints; each costs something.
    """

    name: str
    make: Callable[[Path, type[Record], str], ResumableSink]
    one_file: str | None = None
    checkpoint_every: float = 2.0

    def path(self, folder: Path, resource: str) -> Path:
        """Where a resource is written."""
        return folder / (self.one_file or f"{resource}.{self.name}")


def _lines(path: Path, record_class: type[Record], resource: str) -> ResumableSink:
    return JsonLinesSink(path, force=True)


_KNOWN = (
    Format("jsonl", _lines),
    Format("jsonl.gz", _lines, checkpoint_every=20.0),
    Format("jsonl.zst", _lines, checkpoint_every=20.0),
    Format("csv", lambda path, record_class, resource: CsvSink(path, record_class, force=True)),
    Format(
        "parquet",
        lambda path, record_class, resource: ParquetSink(path, record_class, force=True),
        checkpoint_every=60.0,
    ),
    Format(
        "sqlite",
        lambda path, record_class, resource: SqliteSink(path, record_class, table=resource),
        one_file=DATABASE,
    ),
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
