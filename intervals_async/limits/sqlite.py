"""The places of all processes on one host, in one SQLite file."""

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

from ._shared import SharedLimitStore, StoreDownError, WhenDown
from .limit import Limit

__all__ = ["SqliteLimitStore"]

T = TypeVar("T")

# Times are seconds of the host's monotonic clock. A place under way has ended when its lease
# will have run out.
_SCHEMA = """
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS place (
        name TEXT PRIMARY KEY, taken REAL NOT NULL, ended REAL NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS hold (told REAL NOT NULL, until REAL NOT NULL);
    COMMIT;
"""


class SqliteLimitStore(SharedLimitStore):
    """Keeps the places of all processes on this host that name the same file.

        store = SqliteLimitStore("/run/user/1000/intervals.sqlite")

    The file is made when it is first needed. It holds the last minute and is worth nothing
    after a reboot, so a directory that a reboot empties is the right one; nothing is ever
    synced to the disk. It must be on a local disk, and must not be deleted while it is used.

    The times in it are those of the host's monotonic clock, which all processes share and
    nobody can set. It starts anew at each boot: what claims to have been taken later than
    now is left from before the last boot, and is dropped.

    All work is done in one thread of the store's own, begun when first needed; the event
    loop never waits for the disk. All who share the file use the same limits.

    Args:
        path: The file.
        when_down: What to do while the file cannot be used. "open": this process keeps the
            limits by itself, says so once as a warning, and once when the file is back.
            "closed": whoever wants a place gets `LimitStoreError`.
        timeout: Seconds to wait for other processes to leave the file; they need
            a fraction of a millisecond each.
        retry_after: Seconds after which a file that could not be used is tried again.
        clock: Seconds of a clock that all who share the file read alike, never set back.
    """

    __slots__ = ("_connection", "_path", "_thread", "_timeout")

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        when_down: WhenDown = "open",
        timeout: float = 2.0,
        retry_after: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = os.fspath(path)
        super().__init__(
            f"SQLite file {self._path}", when_down=when_down, retry_after=retry_after, clock=clock
        )
        self._timeout = timeout
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="intervals_async-limits")
        # Used in the thread only.
        self._connection: sqlite3.Connection | None = None

    async def _take(
        self, place: str, limits: Sequence[Limit], *, bulk: bool, lease: float
    ) -> Sequence[float]:
        return await self._in_thread(partial(self._take_now, place, limits, bulk, lease))

    async def _free(self, place: str, limits: Sequence[Limit], *, sent: bool) -> None:
        await self._in_thread(partial(self._free_now, place, sent))

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
        self, place: str, limits: Sequence[Limit], bulk: bool, lease: float
    ) -> Sequence[float]:
        longest = max((limit.per for limit in limits), default=0.0)
        with self._transaction() as (connection, now):
            connection.execute("DELETE FROM place WHERE ended + ? <= ?", (longest, now))
            waits = [_held(connection, now)]
            waits.extend(_wait(connection, now, limit, bulk=bulk) for limit in limits)
            if not any(waits):
                connection.execute("INSERT INTO place VALUES (?, ?, ?)", (place, now, now + lease))
        return waits

    def _free_now(self, place: str, sent: bool) -> None:
        with self._transaction() as (connection, now):
            if sent:
                connection.execute("UPDATE place SET ended = ? WHERE name = ?", (now, place))
            else:
                connection.execute("DELETE FROM place WHERE name = ?", (place,))

    def _hold_now(self, seconds: float) -> None:
        with self._transaction() as (connection, now):
            until = now + max(seconds, _held(connection, now))
            connection.execute("DELETE FROM hold")
            connection.execute("INSERT INTO hold VALUES (?, ?)", (now, until))

    def _used_now(self, limits: Sequence[Limit]) -> list[int]:
        with self._transaction() as (connection, now):
            return [_taken(connection, now, limit) for limit in limits]

    @contextmanager
    def _transaction(self) -> Generator[tuple[sqlite3.Connection, float], None, None]:
        """Have the file to ourselves, at a moment that is read when we have it."""
        try:
            if self._connection is None:
                self._connection = self._connect()
            self._connection.execute("BEGIN IMMEDIATE")
            now = self._clock()
            for table, since in (("place", "taken"), ("hold", "told")):
                self._connection.execute(f"DELETE FROM {table} WHERE {since} > ?", (now,))  # noqa: S608  # our own names
            yield self._connection, now
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            # What was begun is rolled back with it. The next one starts afresh.
            self._disconnect()
            raise StoreDownError(str(error)) from None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=self._timeout, isolation_level=None)
        try:
            connection.execute("PRAGMA synchronous = OFF")
            # Emptied instead of deleted after each transaction, which is quicker.
            connection.execute("PRAGMA journal_mode = TRUNCATE")
            connection.executescript(_SCHEMA)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _held(connection: sqlite3.Connection, now: float) -> float:
    """For how long nobody may take a place."""
    row = connection.execute("SELECT max(until) FROM hold").fetchone()
    return max(0.0, (row[0] or 0.0) - now)


def _taken(connection: sqlite3.Connection, now: float, limit: Limit) -> int:
    """How many places are taken."""
    # The same sum as everywhere: rounded another way, a place could seem free and be taken.
    counted = "SELECT count(*) FROM place WHERE ended + ? > ?"
    return int(connection.execute(counted, (limit.per, now)).fetchone()[0])


def _wait(connection: sqlite3.Connection, now: float, limit: Limit, *, bulk: bool) -> float:
    """When a place will be free if nothing is given back before: 0 for now."""
    too_many = _taken(connection, now, limit) - limit.places(bulk=bulk)
    if too_many < 0:
        return 0.0
    row = connection.execute(
        "SELECT ended FROM place WHERE ended + ? > ? ORDER BY ended LIMIT 1 OFFSET ?",
        (limit.per, now, too_many),
    ).fetchone()
    return float(row[0]) + limit.per - now
