"""A Parquet file that is written row group by row group."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, Self

__all__ = ["RowGroupWriter", "has_columns", "read_batches"]

# A row group is written when its columns reach this number of bytes or rows.
ROW_GROUP_BYTES = 8 * 2**20
ROW_GROUP_ROWS = 100_000
READ_ROWS = 5_000


class RowGroupWriter:
    """Collects record batches and writes them as row groups of a Parquet file.

    Use it with ``with``, or call `abandon` at the end.

    Args:
        stream: The file.
        schema: The columns.
        codec: The compression of the columns.
    """

    __slots__ = ("_batches", "_bytes", "_pyarrow", "_rows", "_schema", "_stream", "_writer")

    def __init__(self, stream: BinaryIO, schema: Any, codec: str) -> None:
        self._stream = stream
        self._schema = schema
        self._pyarrow: Any = import_module("pyarrow")
        parquet: Any = import_module("pyarrow.parquet")
        # The default pool keeps some ten megabytes for each thread.
        pool = self._pyarrow.system_memory_pool()
        self._writer = parquet.ParquetWriter(stream, schema, compression=codec, memory_pool=pool)
        # The next row group.
        self._batches: list[Any] = []
        self._bytes = self._rows = 0

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Abandon the file unless it was finished."""
        self.abandon()

    def buffer(self, batch: Any) -> bool:
        """Take a batch into memory; return whether it is time to `flush`."""
        self._batches.append(batch)
        self._bytes += batch.get_total_buffer_size()
        self._rows += batch.num_rows
        return self._bytes >= ROW_GROUP_BYTES or self._rows >= ROW_GROUP_ROWS

    def write(self, batches: Iterable[Any]) -> None:
        """Write some batches."""
        for batch in batches:
            if self.buffer(batch):
                self.flush()

    def flush(self) -> None:
        """Write the buffered batches as a row group."""
        if self._batches:
            table = self._pyarrow.Table.from_batches(self._batches, self._schema)
            self._batches.clear()
            self._bytes = self._rows = 0
            self._writer.write_table(table, row_group_size=ROW_GROUP_ROWS)

    def finish(self) -> int:
        """Write the rest and the footer, flush the file to the disk, and return its size."""
        self.flush()
        self._writer.close()
        self._stream.flush()
        os.fsync(self._stream.fileno())
        return self._stream.tell()

    def abandon(self) -> None:
        """Drop the buffered batches. Does nothing after `finish`."""
        self._batches.clear()
        with suppress(OSError):  # the disk may be full; the file is not needed
            self._writer.close()


def has_columns(path: Path, schema: Any) -> bool:
    """Whether a Parquet file has the columns of a schema, whichever of them may hold nulls."""
    parquet: Any = import_module("pyarrow.parquet")
    with path.open("rb") as stream:  # pyarrow itself opens only names in UTF-8
        found = parquet.read_schema(stream)
    return bool(found.names == schema.names and found.types == schema.types)


def read_batches(path: Path, schema: Any) -> Iterator[Any]:
    """Read the record batches of a Parquet file that has these columns, some rows at a time."""
    pyarrow: Any = import_module("pyarrow")
    parquet: Any = import_module("pyarrow.parquet")
    with path.open("rb") as stream, parquet.ParquetFile(stream) as file:
        if file.num_row_groups:  # pyarrow 18 fails if there are none
            for batch in file.iter_batches(READ_ROWS):
                # Its columns may not have been allowed to hold nulls.
                yield pyarrow.RecordBatch.from_arrays(batch.columns, schema=schema)
