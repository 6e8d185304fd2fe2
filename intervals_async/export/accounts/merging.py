"""Merging changes into the file of an earlier export, in one step.

Changed records come last, after the unchanged ones. A record that was read again without a change
keeps its position: without changes the merged file has the same rows in the same order.
"""

from __future__ import annotations

import gzip
import hashlib
import io
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import closing
from functools import partial
from importlib import import_module
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

from ... import Record, _json
from ..._atomic_file import AtomicFile, name_in_errors
from ..sinks.compression import MemberCompressor, compression_of
from ..sinks.parquet_file import RowGroupWriter, has_columns, read_batches
from ..sinks.parquet_sink import DEFAULT_CODEC
from ..sinks.sqlite_database import connect, existing_columns, refresh
from ..sinks.sqlite_errors import as_os_errors
from ..sinks.sqlite_table import Table, quoted

__all__ = ["Merge", "merge_csv", "merge_json_lines", "merge_parquet", "merge_sqlite"]

Merge: TypeAlias = Callable[[Path, Path, type[Record], str, int | None], int | None]
"""Merges changes into a file.

Its arguments are the file, the file of the changes, the class of the records, the name of the
resource, and the number of records that there should be, if known. It returns the number of records
in the merged file. If that differs from the expected number, or if the columns of the two files
differ, it returns None and leaves the file as it was. Merging again changes nothing.
"""

Row: TypeAlias = tuple[int, bytes]
"""An id, and the row as bytes."""

# Lines that are written at once.
LINES_PER_WRITE = 256


def merge_json_lines(
    base: Path, changes: Path, record_class: type[Record], name: str, expected: int | None
) -> int | None:
    """Merge JSON Lines; see `Merge`."""
    del record_class, name
    return _merge_lines(base, b"", changes, _json_rows, expected)


def merge_csv(
    base: Path, changes: Path, record_class: type[Record], name: str, expected: int | None
) -> int | None:
    """Merge CSV; see `Merge`. Unchanged rows stay as they are, byte for byte."""
    del record_class, name
    with _open_uncompressed(base) as old, _open_uncompressed(changes) as new:
        header = old.readline()
        if header != new.readline() or not header.startswith(b"id,"):
            return None
    return _merge_lines(base, header, changes, _csv_rows, expected)


def merge_parquet(
    base: Path, changes: Path, record_class: type[Record], name: str, expected: int | None
) -> int | None:
    """Merge Parquet files; see `Merge`."""
    del record_class, name
    parquet: Any = import_module("pyarrow.parquet")
    with changes.open("rb") as stream:  # pyarrow itself opens only names in UTF-8
        schema = parquet.read_schema(stream)
    if not has_columns(base, schema):
        return None
    new = partial(read_batches, changes, schema)
    changed = _digests(row for batch in new() for row in _parquet_rows(batch))
    with name_in_errors(base), AtomicFile(base, force=True) as file:
        with RowGroupWriter(file.stream, schema, DEFAULT_CODEC) as merged:
            merged.write(_unchanged_batches(read_batches(base, schema), changed))
            merged.write(batch.filter(_mask(batch, changed)) for batch in new())
            merged.finish()
        records: int = parquet.read_metadata(file.stream).num_rows
        if expected not in (None, records):
            return None
        file.commit()
    return records


def merge_sqlite(
    base: Path, changes: Path, record_class: type[Record], name: str, expected: int | None
) -> int | None:
    """Merge the tables of two SQLite databases in one transaction; see `Merge`."""
    table = Table(name, record_class)
    with name_in_errors(base), as_os_errors(), closing(connect(base)) as database:
        types = existing_columns(database, table)
        if not types.keys() >= {*table.columns} or table.text_decimals(types):
            return None
        refresh(database, changes, table, keep_missing=True)
        count = f"SELECT count(*) FROM main.{quoted(name)}"  # noqa: S608  the name is quoted
        (records,) = database.execute(count).fetchone()
        if expected not in (None, records):
            database.execute("ROLLBACK")
            return None
        database.execute("COMMIT")
    return int(records)


def _merge_lines(
    base: Path,
    header: bytes,
    changes: Path,
    rows_of: Callable[[Iterable[bytes]], Iterator[Row]],
    expected: int | None,
) -> int | None:
    with _open_uncompressed(changes) as new:
        changed = _digests(rows_of(new))
    compressor = MemberCompressor(compression_of(base))
    with (
        name_in_errors(base),
        _open_uncompressed(base) as old,
        _open_uncompressed(changes) as new,
        AtomicFile(base, force=True) as file,
    ):
        file.write(compressor.compress(header))
        records = 0
        rows = chain(
            _unchanged(rows_of(old), changed),
            (row for id, row in rows_of(new) if id in changed),
        )
        while lines := [*islice(rows, LINES_PER_WRITE)]:
            records += len(lines)
            file.write(compressor.compress(b"".join(lines)))
        file.write(compressor.finish(at_least_one=True))
        if expected not in (None, records):
            return None
        file.commit()
    return records


def _digests(rows: Iterable[Row]) -> dict[int, bytes]:
    """Return a digest of each row by its id: there may be too many rows to keep them."""
    return {id: _digest(row) for id, row in rows}


def _digest(row: bytes) -> bytes:
    return hashlib.blake2b(row, digest_size=16).digest()


def _unchanged(rows: Iterable[Row], changed: dict[int, bytes]) -> Iterator[bytes]:
    """Yield the rows that have not changed, and remove them from the changed ones."""
    for id, row in rows:
        if id in changed and changed[id] == _digest(row):
            del changed[id]
        if id not in changed:
            yield row


def _unchanged_batches(batches: Iterable[Any], changed: dict[int, bytes]) -> Iterator[Any]:
    """Do the same as `_unchanged` for record batches."""
    compute: Any = import_module("pyarrow.compute")
    for batch in batches:
        rows = _parquet_rows(batch.filter(_mask(batch, changed)))
        deque(_unchanged(rows, changed), maxlen=0)
        yield batch.filter(compute.invert(_mask(batch, changed)))


def _mask(batch: Any, ids: Container[int]) -> Any:
    """Return, for each row of a batch, whether its id is among some ids."""
    pyarrow: Any = import_module("pyarrow")
    return pyarrow.array([id in ids for id in batch.column("id").to_pylist()], "bool")


def _parquet_rows(batch: Any) -> Iterator[Row]:
    for row in batch.to_pylist():
        yield row["id"], repr(row).encode()


def _json_rows(file: Iterable[bytes]) -> Iterator[Row]:
    for line in file:
        yield _json.loads(line)["id"], line


def _csv_rows(file: Iterable[bytes]) -> Iterator[Row]:
    file = iter(file)
    next(file, None)  # the header
    row: list[bytes] = []
    quotes = 0
    for line in file:
        row.append(line)
        quotes += line.count(b'"')
        if quotes % 2 == 0:  # otherwise the line ends within a cell
            yield int(row[0].partition(b",")[0]), b"".join(row)
            row.clear()


def _open_uncompressed(path: Path) -> BinaryIO:
    """Open a file for reading its uncompressed content."""
    match compression_of(path):
        case "gzip":
            return cast("BinaryIO", gzip.open(path))
        case "zstd":
            zstandard: Any = import_module("zstandard")
            reader = zstandard.ZstdDecompressor().stream_reader(
                path.open("rb"), read_across_frames=True, closefd=True
            )
            return cast("BinaryIO", io.BufferedReader(reader))
        case _:
            return path.open("rb")
