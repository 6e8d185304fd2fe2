"""Digests of what an export has written, to find out whether anybody has changed it since."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

from ..._atomic_file import name_in_errors, open_regular
from ..sinks.sqlite_database import connect
from ..sinks.sqlite_errors import as_os_errors
from ..sinks.sqlite_table import quoted

__all__ = ["file_digest", "rows_digest", "table_digest"]


def file_digest(path: Path, resource: str = "") -> str:
    """Return the SHA-256 digest of a file.

    Raises:
        OSError: It cannot be read.
    """
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def table_digest(path: Path, resource: str) -> str:
    """Return a digest of the rows of a table, empty if there is none; other tables may change.

    Raises:
        OSError: There is no such database, or it cannot be read.
    """
    with (
        name_in_errors(path),
        open_regular(path),
        as_os_errors(),
        closing(connect(path)) as database,
    ):
        columns = database.execute(f"PRAGMA main.table_info({quoted(resource)})").fetchone()
        return "" if columns is None else rows_digest(database, resource)


def rows_digest(database: sqlite3.Connection, table: str) -> str:
    """Return a digest of the rows of a table, in the order in which they were written."""
    digest = hashlib.sha256()
    # Bytes, because what somebody else has written may not be text in UTF-8.
    database.text_factory = bytes
    for row in database.execute(f"SELECT * FROM main.{quoted(table)} ORDER BY rowid"):  # noqa: S608  the name is quoted
        digest.update(repr(row).encode())
    return digest.hexdigest()
