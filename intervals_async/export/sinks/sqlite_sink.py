"""`SqliteSink`: a table in a SQLite database, refreshed whole."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from zlib import crc32

from ..._atomic_file import naming
from ..._schema.columns import Column
from ..._schema.records import Record
from ...errors import ArgumentError, ResumeError
from ..part_file import PartFile, look_at_place
from .cells import table_of
from .sink import Checkpoint, number, pieces
from .sqlite_errors import as_os_errors
from .sqlite_table import Table, quoted

__all__ = ["SqliteSink", "columns_there", "connect", "look_at_database", "refresh"]

# Seconds that one waits while others write the same database.
PATIENCE = 60.0
MOST_MEMORY = 8 * 1024  # KiB


class SqliteSink:
    """Writes a table of a SQLite database: a column a field, the id as its primary key.

    Whole numbers and truths (0 or 1) are integers; all else is text: decimals as they were
    sent, dates and moments in ISO 8601 (SQLite's own functions read them), objects, lists and
    `extra` as JSON; an empty `extra` is null.

    The records are gathered in a hidden database beside the file. In the end the table becomes
    what they are, in one transaction: rows that are new are added, those that differ are
    changed, those that came no more are deleted. Until then readers see the table as it was.
    Other tables, indexes and columns that somebody has added stay; a record without an id has
    a table without a key, whose rows are all replaced. Several sinks may write tables of one
    file at the same time.

    Args:
        target: The database's path. It is made if it is not there.
        record_class: The class of the records.
        table: The table's name; without it, the resource's, such as ``projectnote``.
    """

    __slots__ = ("_database", "_insert", "_named", "_part", "_table")

    def __init__(
        self,
        target: str | os.PathLike[str],
        record_class: type[Record],
        *,
        table: str | None = None,
    ) -> None:
        self._named = Path(target)
        self._table = Table(table or record_class.__name__.lower(), record_class)
        self._insert = self._table.insert()
        name = "".join(letter if letter.isalnum() else "_" for letter in self._table.name)
        self._part = PartFile(self._named, shared=True, part_of=name)
        # The hidden one, while it is open.
        self._database: sqlite3.Connection | None = None

    def open(self) -> None:
        """Make ready to write.

        Raises:
            ArgumentError: There is such a table, whose id is no primary key.
            OSError: The target is no database, or cannot be written.
        """
        with naming(self._named), as_os_errors():
            self._look_at_target()
            self._part.open()
            try:
                self._journal.unlink(missing_ok=True)  # of a file that is no more
                self._database = connect(self._part.path)
                self._database.execute(self._table.create())
            except BaseException:
                self._drop()
                raise

    def write(self, records: Sequence[Record]) -> None:
        """Write some records, in a transaction that the next checkpoint ends."""
        database = self._opened()
        with naming(self._named), as_os_errors():
            if not database.in_transaction:
                database.execute("BEGIN")
            for piece in pieces(records):
                self._write(database, piece)

    def checkpoint(self) -> Checkpoint:
        """End the transaction; the mark is the last row's place, and what it holds."""
        database = self._opened()
        with naming(self._named), as_os_errors():
            if database.in_transaction:
                database.execute("COMMIT")
            last = f"SELECT max(rowid) FROM {quoted(self._table.name)}"  # noqa: S608  the name is quoted
            (place,) = database.execute(last).fetchone()
            return {"rows": place or 0, "tail": self._tail(place or 0)}

    def resume(self, mark: Checkpoint) -> None:
        """Go on behind a mark; ResumeError as `ResumableSink.resume` says."""
        rows = number(mark, "rows")
        with naming(self._named), as_os_errors():
            self._part.reopen()
            try:
                self._look_at_target()
                self._database = connect(self._part.path)
                self._cut(rows, mark.get("tail"))
            except BaseException:
                self.suspend()
                raise

    def suspend(self) -> None:
        """Leave what the last checkpoint has brought to the disk, for `resume`."""
        self._close_database()
        self._part.suspend()

    def close(self, *, whole: bool) -> None:
        """Refresh the table from the hidden database, and remove that."""
        if whole:
            database = self._opened()
            with naming(self._named), as_os_errors():
                if database.in_transaction:
                    database.execute("COMMIT")
                self._close_database()
                if not self._move_into_place():
                    self._refresh()
        self._drop()

    def _write(self, database: sqlite3.Connection, records: Sequence[Record]) -> None:
        rows = list(table_of(records, self._table.columns, self._table.cells))
        database.execute("SAVEPOINT some")
        try:
            database.executemany(self._insert, rows)
        except UnicodeEncodeError:
            database.execute("ROLLBACK TO some")
            database.executemany(self._insert, map(Column.encodable, rows))
        database.execute("RELEASE some")

    @property
    def _journal(self) -> Path:
        return self._part.path.with_name(f"{self._part.path.name}-journal")

    def _opened(self) -> sqlite3.Connection:
        if self._database is None:
            raise ValueError("the sink is not open")
        return self._database

    def _move_into_place(self) -> bool:
        """Make the hidden database the target where there is none yet; whether that did."""
        if self._part.target.exists():
            return False
        try:
            self._part.commit()
        except FileExistsError:  # somebody was quicker
            return False
        return True

    def _refresh(self) -> None:
        with closing(connect(self._part.target)) as database:
            refresh(database, self._part.path, self._table)
            database.execute("COMMIT")

    def _look_at_target(self) -> None:
        """Find out early what would fail in the end."""
        look_at_database(self._part.target, self._table)

    def _cut(self, rows: int, last: object) -> None:
        # Without a table: it was opened anew, and killed right away.
        if not columns_there(self._opened(), self._table) or self._tail(rows) != last:
            raise ResumeError(
                f"the unfinished table {self._table.name} of {self._named} is not what the mark "
                "was given for"
            )
        name = quoted(self._table.name)
        self._opened().execute(f"DELETE FROM {name} WHERE rowid > ?", [rows])  # noqa: S608  the name is quoted

    def _tail(self, place: int) -> int | None:
        """Give a checksum of the row at a place; None where there is none."""
        statement = f"SELECT * FROM {quoted(self._table.name)} WHERE rowid = ?"  # noqa: S608  the name is quoted
        row = self._opened().execute(statement, [place]).fetchone()
        return None if row is None else crc32(repr(row).encode(errors="backslashreplace"))

    def _close_database(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            database.close()

    def _drop(self) -> None:
        """Remove the hidden database, in any state."""
        self._close_database()
        if self._part.is_open:
            with suppress(OSError):
                self._journal.unlink(missing_ok=True)
        self._part.remove()


def look_at_database(path: Path, table: Table | None = None) -> None:
    """Find out early that a database cannot be written to, or a table of it not refreshed.

    Raises:
        ArgumentError: There is such a table, whose id is no primary key.
        OSError: It is no database, or may not be written.
    """
    with naming(path), as_os_errors():
        look_at_place(path)
        if not path.exists():
            return
        with path.open("r+b"):  # it may be written
            pass
        with closing(connect(path)) as database:
            if table is None:
                database.execute("PRAGMA schema_version")
            else:
                columns_there(database, table)


def connect(path: Path) -> sqlite3.Connection:
    """Open a database whose transactions begin and end where they are told to."""
    # One thread after the other may use it.
    database = sqlite3.connect(
        path, timeout=PATIENCE, isolation_level=None, check_same_thread=False
    )
    try:
        database.execute(f"PRAGMA cache_size = -{MOST_MEMORY}")
    except BaseException:
        database.close()
        raise
    return database


def refresh(database: sqlite3.Connection, fresh: Path, table: Table, *, keep: bool = False) -> None:
    """Make a table what the one in another database is, in a transaction that is left open.

    Args:
        database: Where the table is; it is made if it is not there.
        fresh: The file of the other database.
        table: The table.
        keep: Whether rows stay that the other one has not.

    Raises:
        ArgumentError: There is such a table, whose id is no primary key.
    """
    database.execute("ATTACH ? AS fresh", [str(fresh)])
    # All readers see either the old table or the new one.
    database.execute("BEGIN IMMEDIATE")
    there = columns_there(database, table)
    if not there:
        database.execute(table.create())
    for column in table.columns if there else ():
        if column not in there:
            database.execute(table.add(column))
    if not keep:
        database.execute(table.remove_what_is_gone())
    database.execute(table.take_over())


def columns_there(database: sqlite3.Connection, table: Table) -> set[str]:
    """Give the columns that the table has, if there is one.

    Raises:
        ArgumentError: Its id is no primary key.
    """
    columns = database.execute(f"PRAGMA main.table_info({quoted(table.name)})").fetchall()
    keys = [name for _, name, _, _, _, key in columns if key]
    if columns and keys != ["id"] and table.has_key:
        file = database.execute("PRAGMA database_list").fetchone()[2]
        raise ArgumentError(
            f"{file} has a table {table.name} whose primary key is not its id: "
            "say another name for the table"
        )
    return {name for _, name, *_ in columns}
