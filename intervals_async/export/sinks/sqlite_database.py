"""SQLite databases that an export writes to: connecting, checking, refreshing a table."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from ..._atomic_file import check_target, name_in_errors
from ...errors import ArgumentError
from .sqlite_errors import as_os_errors
from .sqlite_numeric import make_numeric
from .sqlite_table import Table, quoted

__all__ = ["check_database", "connect", "existing_columns", "has_types", "refresh"]

# Seconds to wait while another connection writes the database.
BUSY_TIMEOUT = 60.0
CACHE_KIB = 8 * 1024

# File systems allow names of 255 bytes, SQLite paths of 512. The longest suffix that it appends to
# them is that of a journal.
MAX_NAME_BYTES = 255 - len("-mj000000900")
MAX_PATH_BYTES = 512 - len("-mj000000900") - 1


def connect(path: Path) -> sqlite3.Connection:
    """Open a database whose transactions are started and ended by statements alone."""
    _check_length(path)
    # Several threads use it, one after the other.
    database = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
    )
    try:
        database.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    except BaseException:
        database.close()
        raise
    return database


def check_database(path: Path, table: Table | None = None) -> None:
    """Check early whether a database can be written, and a table of it refreshed.

    Raises:
        ArgumentError: The table exists and its id is not the primary key.
        OSError: The file is not a database, or cannot be written.
    """
    with name_in_errors(path), as_os_errors():
        check_target(path, force=True)
        _check_length(path)
        if not path.exists():
            return
        with path.open("r+b"):  # raises if it cannot be written
            pass
        with closing(connect(path)) as database:
            if table is None:
                database.execute("PRAGMA schema_version")
            else:
                existing_columns(database, table)


def _check_length(path: Path) -> None:
    """Raise OSError if SQLite could not open the file or its journal, which it does not explain."""
    if len(os.fsencode(path.name)) > MAX_NAME_BYTES or len(os.fsencode(path)) > MAX_PATH_BYTES:
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))


def existing_columns(database: sqlite3.Connection, table: Table) -> dict[str, str]:
    """Return the types of the columns of a table in a database; none if there is no such table.

    Raises:
        ArgumentError: Its id is not the primary key.
    """
    columns = database.execute(f"PRAGMA main.table_info({quoted(table.name)})").fetchall()
    keys = [name for _, name, _, _, _, key in columns if key]
    if columns and keys != ["id"] and table.has_key:
        # A blob, because the name may not be text in UTF-8.
        names = "SELECT CAST(file AS BLOB) FROM pragma_database_list"
        file = os.fsdecode(database.execute(names).fetchone()[0])
        raise ArgumentError(
            f"{file}: expected id as the primary key of table {table.name}, "
            f"got {', '.join(keys) or 'none'}; choose another name for the table"
        )
    return {name: type for _, name, type, *_ in columns}


def has_types(path: Path, table: Table) -> bool:
    """Whether no column of decimals in a database is text, as an older release has written it.

    Raises:
        OSError: The file is not a database.
    """
    with name_in_errors(path), as_os_errors(), closing(connect(path)) as database:
        return not table.text_decimals(existing_columns(database, table))


def refresh(
    database: sqlite3.Connection, source: Path, table: Table, *, keep_missing: bool = False
) -> None:
    """Update a table to the content of the same table in another database.

    The transaction is left open.

    Args:
        database: The database of the table, which is created if it does not exist.
        source: The file of the other database.
        table: The table.
        keep_missing: Keep the rows that the other table does not have.

    Raises:
        ArgumentError: The table exists and its id is not the primary key.
    """
    database.execute("ATTACH ? AS source", [os.fsencode(source)])  # it may not be UTF-8
    # One transaction: readers see either the old table or the new one.
    database.execute("BEGIN IMMEDIATE")
    existing = existing_columns(database, table)
    if not existing:
        database.execute(table.create())
    if older := table.text_decimals(existing):
        make_numeric(database, table, older)
    for column in table.columns if existing else ():
        if column not in existing:
            database.execute(table.add_column(column))
    if not keep_missing:
        database.execute(table.delete_missing())
    database.execute(table.copy_rows())
