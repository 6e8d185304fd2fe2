"""A Parquet file that is being written, row group after row group."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Self

from ..._schema.arrow import pyarrow

__all__ = ["ParquetFile", "batches_of"]

# A row group is written when its columns have grown to so many bytes, or to so many rows.
MOST_BYTES = 8 * 2**20
MOST_ROWS = 100_000
# So many rows at a time are read.
READ_ROWS = 5_000


class ParquetFile:
    """Takes batches of columns, and makes row groups of them.

    Use it with ``with``, or `abandon` it in the end.

    Args:
        stream: Where it is written.
        schema: The columns.
        codec: How they are compressed.
    """

    __slots__ = ("_batches", "_bytes", "_rows", "_schema", "_stream", "_writer")

    def __init__(self, stream: BinaryIO, schema: Any, codec: str) -> None:
        self._stream = stream
        self._schema = schema
        self._writer: Any = pyarrow("pyarrow.parquet").ParquetWriter(
            stream, schema, compression=codec, memory_pool=pyarrow().system_memory_pool()
        )
        # What makes the next row group.
        self._batches: list[Any] = []
        self._bytes = self._rows = 0

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give up what was not ended."""
        self.abandon()

    def gather(self, batch: Any) -> bool:
        """Take some rows into memory; whether they make a row group."""
        self._batches.append(batch)
        self._bytes += batch.get_total_buffer_size()
        self._rows += batch.num_rows
        return self._bytes >= MOST_BYTES or self._rows >= MOST_ROWS

    def write(self, batches: Iterable[Any]) -> None:
        """Write some batches, a row group as soon as they make one."""
        for batch in batches:
            if self.gather(batch):
                self.spill()

    def end(self) -> int:
        """Write what is left, bring all to the disk, and give the number of bytes."""
        self.spill()
        self._writer.close()
        self._stream.flush()
        os.fsync(self._stream.fileno())
        return self._stream.tell()

    def abandon(self) -> None:
        """Give it up, unless it was ended."""
        self._batches.clear()
        with suppress(OSError):  # the disk may be full: nothing of it is wanted
            self._writer.close()

    def spill(self) -> None:
        """Write a row group of what is in memory."""
        if self._batches:
            table = pyarrow().Table.from_batches(self._batches, self._schema)
            self._batches.clear()
            self._bytes = self._rows = 0
            self._writer.write_table(table, row_group_size=MOST_ROWS)


def batches_of(path: Path) -> Iterator[Any]:
    """Read a file, some rows at a time."""
    with pyarrow("pyarrow.parquet").ParquetFile(path) as file:
        if file.num_row_groups:  # pyarrow 18 fails where there are none
            yield from file.iter_batches(READ_ROWS)
