"""`SqliteSink`: a table of a SQLite database, refreshed in one transaction."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from zlib import crc32

from ... import Column, Record
from ..._atomic_file import AtomicFile, file_path, name_in_errors
from ...errors import ResumeError
from ..unreadable import FieldCount, add_rounded
from .sink import Checkpoint, checkpoint_number, chunks
from .sqlite_database import check_database, connect, existing_columns, refresh
from .sqlite_errors import as_os_errors
from .sqlite_table import Table, quoted

__all__ = ["SqliteSink"]


class SqliteSink:
    """Writes a table of a SQLite database: a column for each field, the id as the primary key.

    Integers and booleans (0 or 1) are integers. Decimals are numbers, in columns of the type
    NUMERIC: those of more than 15 significant digits are rounded half-even to 15. All other values
    are text: dates and datetimes in ISO 8601 (which SQLite's own functions read), objects, lists
    and `extra` as JSON. An empty `extra` is null.

    Records are written to a hidden database beside the file. `close` then refreshes the table in
    one transaction: new rows are inserted, changed ones updated, missing ones deleted. Until then
    readers see the table as it was. Other tables, indexes and columns are kept. Records without
    an id get a table without a key, whose rows are all replaced. Several sinks may write tables
    of one file at the same time. Decimals that an older release has written as text become numbers.

    Args:
        target: The path of the database, which is created if it does not exist.
        record_class: The class of the records.
        table: The name of the table [default: the resource, such as ``projectnote``].

    Attributes:
        rounded: For each field, the records whose value was rounded.

    .. versionadded:: 0.2.0
    """

    __slots__ = ("_checksum", "_database", "_file", "_insert", "_last_row", "_table", "rounded")

    def __init__(
        self,
        target: str | os.PathLike[str],
        record_class: type[Record],
        *,
        table: str | None = None,
    ) -> None:
        self._table = Table(table or record_class.__name__.lower(), record_class)
        self._insert = self._table.insert()
        name = "".join(letter if letter.isalnum() else "_" for letter in self._table.name)
        self._file = AtomicFile(file_path(target), shared=True, part=name)
        # The number of the last row at the checkpoint, and the checksum of the rows up to it.
        self._last_row = self._checksum = 0
        self.rounded: dict[str, FieldCount] = {}
        # The connection to the hidden database, while it is open.
        self._database: sqlite3.Connection | None = None

    def open(self) -> None:
        """Prepare for writing.

        Raises:
            ArgumentError: The table exists and its id is not the primary key.
            OSError: The target is not a database, or cannot be written.
        """
        self.rounded = {}
        with name_in_errors(self._file.requested), as_os_errors():
            check_database(self._file.target, self._table)
            self._file.open()
            try:
                self._journal.unlink(missing_ok=True)  # of an earlier hidden database
                self._database = connect(self._file.path)
                self._database.execute(self._table.create())
                self._last_row = self._checksum = 0
            except BaseException:
                self._discard()
                raise

    def write(self, records: Sequence[Record]) -> None:
        """Write some records, in a transaction that the next checkpoint ends.

        Raises:
            UnfitValueError: A decimal is too large for SQLite.
            OSError: They cannot be written.
        """
        database = self._open_database()
        with name_in_errors(self._file.requested), as_os_errors():
            if not database.in_transaction:
                database.execute("BEGIN")
            for chunk in chunks(records):
                self._write(database, chunk)

    def checkpoint(self) -> Checkpoint:
        """End the transaction; the checkpoint is the last row's number and the rows' checksum."""
        database = self._open_database()
        with name_in_errors(self._file.requested), as_os_errors():
            if database.in_transaction:
                database.execute("COMMIT")
            self._read_rows("rowid > ?", self._last_row)
            return {"rows": self._last_row, "checksum": self._checksum}

    def resume(self, checkpoint: Checkpoint) -> None:
        """Continue after a checkpoint; raises as `ResumableSink.resume` does."""
        self.rounded = {}
        rows = checkpoint_number(checkpoint, "rows")
        with name_in_errors(self._file.requested), as_os_errors():
            self._file.reopen()
            try:
                check_database(self._file.target, self._table)
                self._database = connect(self._file.path)
                self._truncate(rows, checkpoint.get("checksum"))
            except BaseException:
                self.suspend()
                raise

    def suspend(self) -> None:
        """Close the sink and keep what the last checkpoint has saved, for `resume`."""
        self._close_database()
        self._file.suspend()

    def close(self, *, complete: bool) -> None:
        """Refresh the table from the hidden database, and remove that database."""
        if complete:
            database = self._open_database()
            with name_in_errors(self._file.requested), as_os_errors():
                if database.in_transaction:
                    database.execute("COMMIT")
                self._close_database()
                if not self._become_target():
                    self._refresh_target()
        self._discard()

    def _write(self, database: sqlite3.Connection, records: Sequence[Record]) -> None:
        rows = self._table.rows(records, self._count_rounded)
        database.execute("SAVEPOINT batch")
        try:
            database.executemany(self._insert, rows)
        except UnicodeEncodeError:
            database.execute("ROLLBACK TO batch")
            database.executemany(self._insert, map(Column.encodable, rows))
        database.execute("RELEASE batch")

    def _count_rounded(self, field: str, records: Sequence[Record]) -> None:
        add_rounded(self.rounded, field, records)

    @property
    def _journal(self) -> Path:
        return self._file.path.with_name(f"{self._file.path.name}-journal")

    def _open_database(self) -> sqlite3.Connection:
        if self._database is None:
            raise ValueError("the sink is not open; call open() first")
        return self._database

    def _become_target(self) -> bool:
        """Move the hidden database to the target's name if that is free; return whether it was."""
        if self._file.target.exists():
            return False
        try:
            self._file.commit()
        except FileExistsError:  # another sink was faster
            return False
        return True

    def _refresh_target(self) -> None:
        with closing(connect(self._file.target)) as database:
            refresh(database, self._file.path, self._table)
            database.execute("COMMIT")

    def _truncate(self, rows: int, checksum: object) -> None:
        """Drop the rows after a checkpoint."""
        # There is no table if a process opened the sink again and was killed at once.
        types = existing_columns(self._open_database(), self._table)
        if types and not self._table.text_decimals(types):  # of an older release
            self._last_row = self._checksum = 0
            self._read_rows("rowid <= ?", rows)
            if (self._last_row, self._checksum) == (rows, checksum):
                name = quoted(self._table.name)
                self._open_database().execute(f"DELETE FROM {name} WHERE rowid > ?", [rows])  # noqa: S608  the name is quoted
                return
        raise ResumeError(
            f"{self._file.requested}: the unfinished table {self._table.name} does not match the "
            "checkpoint; start the export again"
        )

    def _read_rows(self, condition: str, row: int) -> None:
        """Read some rows, and go on with their number and their checksum."""
        statement = f"SELECT rowid, * FROM {quoted(self._table.name)} WHERE {condition}"  # noqa: S608  the name is quoted
        for each in self._open_database().execute(f"{statement} ORDER BY rowid", [row]):
            self._last_row = each[0]
            self._checksum = crc32(repr(each).encode(errors="backslashreplace"), self._checksum)

    def _close_database(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            database.close()

    def _discard(self) -> None:
        """Remove the hidden database. Allowed in any state."""
        self._close_database()
        if self._file.is_open:
            with suppress(OSError):
                self._journal.unlink(missing_ok=True)
        self._file.discard()
