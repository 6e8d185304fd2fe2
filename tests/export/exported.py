"""Reading back the files of an export, in each format, and the ids on the server."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from intervals_async._schema.arrow import pyarrow
from intervals_async.export.accounts.formats import FORMATS
from intervals_async.testing import FakeIntervals

__all__ = ["decompressed", "ids_in", "ids_of", "read_rows", "rows_of"]


def rows_of(folder: Path, format: str, resource: str) -> list[str]:
    """Read the exported rows of a resource as text, sorted."""
    return sorted(read_rows(FORMATS[format].path(folder, resource), format, resource))


def read_rows(path: Path, format: str, table: str) -> list[str]:
    """Read the rows of a file as text, in the order of the file."""
    match format:
        case "jsonl" | "jsonl.gz" | "jsonl.zst":
            content = decompressed(path.read_bytes())
            assert not content or content.endswith(b"\n")
            return content.decode().split("\n")[:-1]
        case "csv":
            text = path.read_bytes().decode()
            return [str(row) for row in csv.DictReader(io.StringIO(text, newline=""), strict=True)]
        case "parquet":
            read: Any = pyarrow("pyarrow.parquet").read_table(path)
            return [str(row) for row in read.to_pylist()]
        case _:
            with closing(sqlite3.connect(path)) as database:
                return [str(row) for row in database.execute(f'SELECT * FROM "{table}"')]


def decompressed(data: bytes) -> bytes:
    """Decompress gzip or zstd, as the first bytes say; return all other data unchanged."""
    if data.startswith(b"\x1f\x8b"):
        return gzip.decompress(data)
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        content: bytes = pyarrow().CompressedInputStream(io.BytesIO(data), "zstd").read()
        return content
    return data


def ids_in(path: Path) -> list[int]:
    """Read the ids of the records in a file of JSON Lines, in the order of the file."""
    return [int(json.loads(line)["id"]) for line in path.read_bytes().splitlines()]


def ids_of(fake: FakeIntervals, resource: str) -> list[int]:
    """Return the ids that the server has, in ascending order."""
    return sorted(int(str(row["id"])) for row in fake.rows(resource))
