"""Counts the slots of all processes on one host in an SQLite file."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from ._shared import TICKET_LIFETIME, SharedLimitStore, StoreDownError, WhenDown
from .limit import Limit, turn

__all__ = ["SqliteLimitStore"]

T = TypeVar("T")

# Times are seconds of the host's monotonic clock. For a request in progress, `ended` is the end
# of its lease. A waiting request has a ticket: tickets with a smaller number were issued earlier.
_SCHEMA = """
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS slot (
        name TEXT PRIMARY KEY, taken REAL NOT NULL, ended REAL NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS pause (made REAL NOT NULL, until REAL NOT NULL);
    CREATE TABLE IF NOT EXISTS ticket (
        number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, bulk INTEGER NOT NULL,
        seen REAL NOT NULL
    );
    COMMIT;
"""


class SqliteLimitStore(SharedLimitStore):
    """Counts the slots of all processes on this host that use the same file.

        store = SqliteLimitStore("/run/user/1000/intervals.sqlite")

    The file is created on first use. It must be on a local disk, and must not be deleted while
    it is in use. It holds the last minute only, so put it into a folder that a reboot empties.
    Nothing is ever synced to the disk.

    Times are those of the host's monotonic clock, which all processes share and nobody can set.
    The clock starts again at each boot, so a time in the future dates from before the last boot.
    Such entries are deleted.

    Clients that wait take turns, interactive calls before the pages of streams. A process that
    dies, or does nothing for 5 seconds, leaves the queue.

    The store works in one thread of its own, so the event loop never waits for the disk. All
    users of the file must use the same limits.

    Args:
        path: The file.
        when_down: What to do while the file cannot be used. "open": this process counts its own
            requests only, and logs a warning, and another line when the file can be used again.
            "closed": requests fail with `LimitStoreError`.
        timeout: Seconds to wait for the locks of other processes, each of which holds the file
            for a fraction of a millisecond.
        retry_after: Seconds after which an unusable file is tried again.
        mode: The permissions of a new file. By default, only its owner may use it; ``0o660`` lets
            a group share the limits.
        clock: A monotonic clock in seconds that all users of the file share.

    Raises:
        ArgumentError: `when_down` has another value.

    .. versionchanged:: 0.2.0
       Added `mode`.
    """

    __slots__ = ("_connection", "_mode", "_path", "_thread", "_timeout")

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        when_down: WhenDown = "open",
        timeout: float = 2.0,
        retry_after: float = 5.0,
        mode: int = 0o600,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = os.fspath(path)
        super().__init__(
            f"SQLite file {self._path}", when_down=when_down, retry_after=retry_after, clock=clock
        )
        self._timeout = timeout
        self._mode = mode
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="intervals_async-limits")
        # Used in that thread only.
        self._connection: sqlite3.Connection | None = None

    async def _take(
        self, slot: str, limits: Sequence[Limit], *, bulk: bool, lease: float, only_queue: bool
    ) -> Sequence[float]:
        return await self._in_thread(partial(self._take_now, slot, limits, bulk, lease, only_queue))

    async def _free(self, slot: str, limits: Sequence[Limit], *, sent: bool) -> None:
        await self._in_thread(partial(self._free_now, slot, sent))

    async def _hold(self, seconds: float) -> None:
        await self._in_thread(partial(self._hold_now, seconds))

    async def _used(self, limits: Sequence[Limit]) -> list[int]:
        return await self._in_thread(partial(self._used_now, limits))

    async def _close(self) -> None:
        if self._connection is not None:
            await self._in_thread(self._disconnect)
        self._thread.shutdown()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _take_now(
        self, slot: str, limits: Sequence[Limit], bulk: bool, lease: float, only_queue: bool
    ) -> Sequence[float]:
        longest = max((limit.per for limit in limits), default=0.0)
        with self._transaction() as (connection, now):
            connection.execute("DELETE FROM slot WHERE ended + ? <= ?", (longest, now))
            connection.execute("DELETE FROM ticket WHERE seen + ? <= ?", (TICKET_LIFETIME, now))
            ahead = _ahead(connection, slot, bulk=bulk)
            waits = [_held(connection, now)]
            waits.extend(_wait(connection, now, limit, ahead=ahead, bulk=bulk) for limit in limits)
            if only_queue or any(waits):
                connection.execute(
                    "INSERT INTO ticket (name, bulk, seen) VALUES (?, ?, ?)"
                    " ON CONFLICT (name) DO UPDATE SET seen = excluded.seen",
                    (slot, bulk, now),
                )
            else:
                connection.execute("DELETE FROM ticket WHERE name = ?", (slot,))
                connection.execute("INSERT INTO slot VALUES (?, ?, ?)", (slot, now, now + lease))
        return waits

    def _free_now(self, slot: str, sent: bool) -> None:
        with self._transaction() as (connection, now):
            if sent:
                connection.execute("UPDATE slot SET ended = ? WHERE name = ?", (now, slot))
            else:
                connection.execute("DELETE FROM slot WHERE name = ?", (slot,))
                connection.execute("DELETE FROM ticket WHERE name = ?", (slot,))

    def _hold_now(self, seconds: float) -> None:
        with self._transaction() as (connection, now):
            until = now + max(seconds, _held(connection, now))
            connection.execute("DELETE FROM pause")
            connection.execute("INSERT INTO pause VALUES (?, ?)", (now, until))

    def _used_now(self, limits: Sequence[Limit]) -> list[int]:
        with self._transaction() as (connection, now):
            return [_taken(connection, now, limit) for limit in limits]

    @contextmanager
    def _transaction(self) -> Generator[tuple[sqlite3.Connection, float], None, None]:
        """Lock the file, then read the clock."""
        try:
            if self._connection is None:
                self._connection = self._connect()
            self._connection.execute("BEGIN IMMEDIATE")
            now = self._clock()
            for table, since in (("slot", "taken"), ("pause", "made"), ("ticket", "seen")):
                self._connection.execute(f"DELETE FROM {table} WHERE {since} > ?", (now,))  # noqa: S608  # our own names
            yield self._connection, now
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            # This rolls the transaction back. The next transaction connects again.
            self._disconnect()
            raise StoreDownError(str(error)) from None
        except BaseException:
            self._disconnect()
            raise

    def _connect(self) -> sqlite3.Connection:
        self._create()
        connection = sqlite3.connect(self._path, timeout=self._timeout, isolation_level=None)
        try:
            connection.execute("PRAGMA synchronous = OFF")
            # To empty the journal is faster than to delete it after each transaction.
            connection.execute("PRAGMA journal_mode = TRUNCATE")
            connection.executescript(_SCHEMA)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _create(self) -> None:
        """Create the file with its permissions, which SQLite also gives to its journal."""
        try:
            descriptor = os.open(self._path, os.O_CREAT | os.O_EXCL, self._mode)
        except OSError:
            return  # it exists, or SQLite reports what is wrong
        try:
            if hasattr(os, "fchmod"):  # the umask must not take the group's permissions
                os.fchmod(descriptor, self._mode)
        finally:
            os.close(descriptor)

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _held(connection: sqlite3.Connection, now: float) -> float:
    """Return the seconds for which no slots are granted."""
    row = connection.execute("SELECT max(until) FROM pause").fetchone()
    return max(0.0, (row[0] or 0.0) - now)


def _taken(connection: sqlite3.Connection, now: float, limit: Limit) -> int:
    """Count the slots that are taken."""
    # `_wait` adds in the same order. Another rounding could call a taken slot free.
    counted = "SELECT count(*) FROM slot WHERE ended + ? > ?"
    return int(connection.execute(counted, (limit.per, now)).fetchone()[0])


def _ahead(connection: sqlite3.Connection, slot: str, *, bulk: bool) -> int:
    """Count the requests that wait ahead of one, interactive ones first."""
    counted = """
        SELECT count(*) FROM ticket WHERE bulk < ?1 OR bulk = ?1 AND number < coalesce(
            (SELECT number FROM ticket WHERE name = ?2), 9223372036854775807)
    """
    return int(connection.execute(counted, (bulk, slot)).fetchone()[0])


def _wait(
    connection: sqlite3.Connection, now: float, limit: Limit, *, ahead: int, bulk: bool
) -> float:
    """Return the seconds until a slot is free if none is freed early; 0 if one is free now.

    A request in progress counts as if it ended now.
    """
    index, windows = turn(limit, _taken(connection, now, limit), ahead=ahead, bulk=bulk)
    first = 0.0
    if index >= 0:
        row = connection.execute(
            "SELECT min(ended, ?) FROM slot WHERE ended + ? > ? ORDER BY ended LIMIT 1 OFFSET ?",
            (now, limit.per, now, index),
        ).fetchone()
        first = float(row[0]) + limit.per - now
    return first + windows * limit.per
