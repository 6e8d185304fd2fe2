"""Putting what was changed into the file of an earlier export, whole or not at all.

What was changed stands at the end then, behind what was not. What was read again but is as it was
has kept its place: without changes the rows are the same ones, in the same order.
"""

from __future__ import annotations

import gzip
import hashlib
import io
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import closing
from importlib import import_module
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

from ... import _json
from ..._atomic_file import naming
from ..._schema.arrow import pyarrow
from ..._schema.records import Record
from ..part_file import PartFile
from ..sinks.compression import Members, compression_of
from ..sinks.parquet_file import ParquetFile, batches_of
from ..sinks.parquet_sink import USUAL_CODEC
from ..sinks.sqlite_errors import as_os_errors
from ..sinks.sqlite_sink import columns_there, connect, refresh
from ..sinks.sqlite_table import Table, quoted

__all__ = ["Merge", "merge_csv", "merge_json_lines", "merge_parquet", "merge_sqlite"]

Merge: TypeAlias = Callable[[Path, Path, type[Record], str, int | None], int | None]
"""Puts changes into a file.

It is called with the file, the file of what was changed, the class of the records, the name of
the resource, and the number of records that there should be, if that is known. It gives how many
there are; or None, and leaves the file as it was, where that is another number, or where the two
files are not of the same columns. To do it again changes nothing.
"""

Row: TypeAlias = tuple[int, bytes]

# So many lines are written at once.
AT_ONCE = 256


def merge_json_lines(
    whole: Path, changes: Path, record_class: type[Record], name: str, expected: int | None
) -> int | None:
    """Merge JSON Lines; see `Merge`."""
    del record_class, name
    return _merge_rows(whole, b"", changes, _lines, expected)


def merge_csv(
    whole: Path, changes: Path, record_class: type[Record], name: str, expected: int | None
) -> int | None:
    """Merge CSV; see `Merge`. Cells stay as they are written, byte for byte."""
    del record_class, name
    with _opened(whole) as old, _opened(changes) as new:
        head = old.readline()
        if head != new.readline() or not head.startswith(b"id,"):
            return None
    return _merge_rows(whole, head, changes, _table_rows, expected)


def merge_parquet(
    whole: Path, changes: Path, record_class: type[Record], name: str, expected: int | None
) -> int | None:
    """Merge Parquet files; see `Merge`."""
    del record_class, name
    parquet = pyarrow("pyarrow.parquet")
    schema = parquet.read_schema(changes)
    if not parquet.read_schema(whole).equals(schema):
        return None
    changed = _digests(row for batch in batches_of(changes) for row in _parquet_rows(batch))
    part = PartFile(whole, force=True)
    with naming(whole), part.opened() as stream:
        with ParquetFile(stream, schema, USUAL_CODEC) as file:
            file.write(_without_changed_batches(batches_of(whole), changed))
            file.write(batch.filter(_among(changed, batch)) for batch in batches_of(changes))
            file.end()
        records: int = parquet.read_metadata(part.path).num_rows
        if expected not in (None, records):
            return None
        part.commit()
    return records


def merge_sqlite(
    whole: Path, changes: Path, record_class: type[Record], name: str, expected: int | None
) -> int | None:
    """Merge the tables of two SQLite databases; see `Merge`. It is one transaction."""
    table = Table(name, record_class)
    with naming(whole), as_os_errors(), closing(connect(whole)) as database:
        if not columns_there(database, table).issuperset(table.columns):
            return None
        refresh(database, changes, table, keep=True)
        count = f"SELECT count(*) FROM main.{quoted(name)}"  # noqa: S608  the name is quoted
        (records,) = database.execute(count).fetchone()
        if expected not in (None, records):
            database.execute("ROLLBACK")
            return None
        database.execute("COMMIT")
    return int(records)


def _merge_rows(
    whole: Path,
    head: bytes,
    changes: Path,
    rows_of: Callable[[Iterable[bytes]], Iterator[Row]],
    expected: int | None,
) -> int | None:
    with _opened(changes) as new:
        changed = _digests(rows_of(new))
    members = Members(compression_of(whole))
    part = PartFile(whole, force=True)
    with naming(whole), _opened(whole) as old, _opened(changes) as new, part.opened() as stream:
        stream.write(members.take(head))
        records = 0
        rows = chain(
            _without_changed(rows_of(old), changed),
            (row for id, row in rows_of(new) if id in changed),
        )
        while some := [*islice(rows, AT_ONCE)]:
            records += len(some)
            stream.write(members.take(b"".join(some)))
        stream.write(members.end(at_least_one=True))
        if expected not in (None, records):
            return None
        part.commit()
    return records


def _digests(rows: Iterable[Row]) -> dict[int, bytes]:
    """Give what tells for each id whether a row is another one: not the rows, there may be many."""
    return {id: _digest(row) for id, row in rows}


def _digest(row: bytes) -> bytes:
    return hashlib.blake2b(row, digest_size=16).digest()


def _without_changed(rows: Iterable[Row], changed: dict[int, bytes]) -> Iterator[bytes]:
    """Give the rows that stay, and forget of the changed ones those that are none."""
    for id, row in rows:
        if id in changed and changed[id] == _digest(row):
            del changed[id]
        if id not in changed:
            yield row


def _without_changed_batches(batches: Iterable[Any], changed: dict[int, bytes]) -> Iterator[Any]:
    """Do the same with batches of columns."""
    compute = pyarrow("pyarrow.compute")
    for batch in batches:
        rows = _parquet_rows(batch.filter(_among(changed, batch)))
        deque(_without_changed(rows, changed), maxlen=0)
        yield batch.filter(compute.invert(_among(changed, batch)))


def _among(ids: Container[int], batch: Any) -> Any:
    """Tell of each row whether its id is one of these."""
    return pyarrow().array([id in ids for id in batch.column("id").to_pylist()], "bool")


def _parquet_rows(batch: Any) -> Iterator[Row]:
    for row in batch.to_pylist():
        yield row["id"], repr(row).encode()


def _opened(path: Path) -> BinaryIO:
    """Open a file to be read as it was before it was compressed."""
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


def _lines(file: Iterable[bytes]) -> Iterator[Row]:
    for line in file:
        yield _json.loads(line)["id"], line


def _table_rows(file: Iterable[bytes]) -> Iterator[Row]:
    file = iter(file)
    next(file, None)  # the header
    row: list[bytes] = []
    quotes = 0
    for line in file:
        row.append(line)
        quotes += line.count(b'"')
        if quotes % 2 == 0:  # else a line ends within a cell
            yield int(row[0].partition(b",")[0]), b"".join(row)
            row.clear()
