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

import attrs

from ... import Record, _json
from ..._atomic_file import AtomicFile, name_in_errors
from ..sinks.compression import MemberCompressor, compression_of
from ..sinks.parquet_file import RowGroupWriter, has_columns, read_batches
from ..sinks.parquet_sink import DEFAULT_CODEC
from ..sinks.sqlite_database import connect, existing_columns, refresh
from ..sinks.sqlite_errors import as_os_errors
from ..sinks.sqlite_table import Table, quoted
from .digests import file_digest, rows_digest

__all__ = ["Merge", "Merging", "merge_csv", "merge_json_lines", "merge_parquet", "merge_sqlite"]


@attrs.frozen(kw_only=True)
class Merging:
    """Changes to merge into a file.

    Attributes:
        base: The file.
        changes: The file of the changes.
        record_class: The class of the records.
        name: The name of the resource.
        expected: The number of records that there should be; None if it is not known.
        on_merged: Receives the digest of the merged file, before that replaces the old one.
    """

    base: Path
    changes: Path
    record_class: type[Record]
    name: str
    expected: int | None
    on_merged: Callable[[str], None]

    def accepts(self, records: int) -> bool:
        """Whether the merged file has as many records as there should be."""
        return self.expected in (None, records)

    def commit(self, file: AtomicFile, records: int) -> int | None:
        """Replace the file, unless the number of records is not the expected one."""
        if not self.accepts(records):
            return None
        file.sync()
        self.on_merged(file_digest(file.path))
        file.commit()
        return records


Merge: TypeAlias = Callable[[Merging], int | None]
"""Merges changes into a file.

It returns the number of records in the merged file. If that differs from the expected number, or if
the columns of the two files differ, it returns None and leaves the file as it was. Merging again
changes nothing.
"""

Row: TypeAlias = tuple[int, bytes]
"""An id, and the row as bytes."""

# Lines that are written at once.
LINES_PER_WRITE = 256


def merge_json_lines(merging: Merging) -> int | None:
    """Merge JSON Lines; see `Merge`."""
    return _merge_lines(merging, b"", _json_rows)


def merge_csv(merging: Merging) -> int | None:
    """Merge CSV; see `Merge`. Unchanged rows stay as they are, byte for byte."""
    with _open_uncompressed(merging.base) as old, _open_uncompressed(merging.changes) as new:
        header = old.readline()
        if header != new.readline() or not header.startswith(b"id,"):
            return None
    return _merge_lines(merging, header, _csv_rows)


def merge_parquet(merging: Merging) -> int | None:
    """Merge Parquet files; see `Merge`."""
    parquet: Any = import_module("pyarrow.parquet")
    base, changes = merging.base, merging.changes
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
        return merging.commit(file, records)


def merge_sqlite(merging: Merging) -> int | None:
    """Merge the tables of two SQLite databases in one transaction; see `Merge`."""
    base, name = merging.base, merging.name
    table = Table(name, merging.record_class)
    with name_in_errors(base), as_os_errors(), closing(connect(base)) as database:
        types = existing_columns(database, table)
        if not types.keys() >= {*table.columns} or table.text_decimals(types):
            return None
        refresh(database, merging.changes, table, keep_missing=True)
        count = f"SELECT count(*) FROM main.{quoted(name)}"  # noqa: S608  the name is quoted
        (records,) = database.execute(count).fetchone()
        if not merging.accepts(records):
            database.execute("ROLLBACK")
            return None
        merging.on_merged(rows_digest(database, name))
        database.execute("COMMIT")
    return int(records)


def _merge_lines(
    merging: Merging, header: bytes, rows_of: Callable[[Iterable[bytes]], Iterator[Row]]
) -> int | None:
    base, changes = merging.base, merging.changes
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
        return merging.commit(file, records)


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
