"""Every kind of resumable sink, with a function that reads back what it has written."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from intervals_async import ProjectNote
from intervals_async._schema.arrow import pyarrow
from intervals_async.export import CsvSink, JsonLinesSink, ParquetSink, ResumableSink, SqliteSink

from .exported import decompressed

__all__ = ["EACH_KIND", "Kind"]


class Kind:
    """A kind of sink: functions that make it, and that read back its file."""

    def __init__(
        self,
        suffix: str,
        make: Callable[[Path], ResumableSink],
        read: Callable[[Path], Any],
        *,
        shared: bool = False,
    ) -> None:
        self.suffix = suffix
        self.name = f"notes.{suffix}"
        self._make = make
        self.read = read
        # Whether several sinks may write one file.
        self.shared = shared

    def sink(self, folder: Path) -> ResumableSink:
        """Make a sink in a folder."""
        return self._make(folder / self.name)


def _decompressed(path: Path) -> bytes:
    return decompressed(path.read_bytes())


def _rows_of_parquet(path: Path) -> Any:
    with path.open("rb") as file:
        return pyarrow("pyarrow.parquet").read_table(file).to_pylist()


def _rows_of_sqlite(path: Path) -> Any:
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT * FROM projectnote ORDER BY id").fetchall()


KINDS = [
    Kind("jsonl", JsonLinesSink, Path.read_bytes),
    Kind("jsonl.gz", JsonLinesSink, _decompressed),
    Kind("jsonl.zst", JsonLinesSink, _decompressed),
    Kind("csv", lambda path: CsvSink(path, ProjectNote), Path.read_bytes),
    Kind("parquet", lambda path: ParquetSink(path, ProjectNote), _rows_of_parquet),
    Kind("sqlite", lambda path: SqliteSink(path, ProjectNote), _rows_of_sqlite, shared=True),
]

EACH_KIND = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
