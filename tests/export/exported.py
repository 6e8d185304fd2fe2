"""How the files of an export of an account are read back, in each format."""

from __future__ import annotations

import csv
import gzip
import io
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from intervals_async._schema.arrow import pyarrow
from intervals_async.export.accounts.formats import FORMATS

__all__ = ["read_rows", "rows_of"]


def rows_of(folder: Path, format: str, resource: str) -> list[str]:
    """Read back what was written of a resource: each row as a text, in the order of these."""
    return sorted(read_rows(FORMATS[format].path(folder, resource), format, resource))


def read_rows(path: Path, format: str, table: str) -> list[str]:
    """Read back a file, each row as a text, in the order of the file."""
    match format:
        case "jsonl":
            return _lines(path.read_bytes())
        case "jsonl.gz":
            return _lines(gzip.decompress(path.read_bytes()))
        case "jsonl.zst":
            with pyarrow().CompressedInputStream(path.open("rb"), "zstd") as stream:
                return _lines(stream.read())
        case "csv":
            text = path.read_bytes().decode()
            return [str(row) for row in csv.DictReader(io.StringIO(text, newline=""), strict=True)]
        case "parquet":
            read: Any = pyarrow("pyarrow.parquet").read_table(path)
            return [str(row) for row in read.to_pylist()]
        case _:
            with closing(sqlite3.connect(path)) as database:
                return [str(row) for row in database.execute(f'SELECT * FROM "{table}"')]


def _lines(content: bytes) -> list[str]:
    assert not content or content.endswith(b"\n")
    return content.decode().split("\n")[:-1]
