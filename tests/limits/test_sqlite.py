"""The SQLite store: exact, in a thread of its own, and empty after each boot."""

from __future__ import annotations

import asyncio
import math
import os
import sqlite3
import stat
import threading
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intervals_async import Limit
from intervals_async.limits import MemoryLimitStore
from intervals_async.limits.sqlite import SqliteLimitStore

from .conftest import take

LIMIT = Limit(1, per=60.0)

steps = st.one_of(
    st.tuples(st.just("take"), st.booleans()),
    st.tuples(st.just("free"), st.booleans()),
    st.tuples(st.just("leave"), st.just(False)),
    # Shorter than the time after which a silent request leaves the queue.
    st.tuples(st.just("pass"), st.floats(0, 4.9)),
)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 5), st.integers(0, 4), st.lists(steps, max_size=40))
def test_it_decides_as_the_store_in_memory_does(
    most: int, reserved: int, schedule: list[tuple[str, float]]
) -> None:
    """Two processes that share a file get slots as one process would, in the same order."""
    limit = Limit(most, per=10.0, reserved=min(reserved, most - 1))
    now = 0.0

    async def main(path: Path) -> None:
        nonlocal now
        memory = MemoryLimitStore(clock=lambda: now)
        stores = [SqliteLimitStore(path, clock=lambda: now) for _ in range(2)]
        active: list[int] = []
        waiting: dict[int, bool] = {}

        def store(request: int) -> SqliteLimitStore:
            return stores[request % 2]

        async def try_to_take(request: int, bulk: bool) -> None:
            expected = await take(memory, str(request), limit, bulk=bulk)
            wait = await take(store(request), str(request), limit, bulk=bulk)
            # A request in progress may end at any time, which counts as now.
            assert wait == pytest.approx(expected) or 0 < wait < expected == math.inf
            if wait > 0:
                waiting[request] = bulk
            else:
                waiting.pop(request, None)
                active.append(request)

        async def free(request: int, sent: bool) -> None:
            await memory.free(str(request), [limit], sent=sent)
            await store(request).free(str(request), [limit], sent=sent)
            # The store has one thread, so this waits until the request has left the queue.
            assert await store(request).used([limit]) == await memory.used([limit])

        for request, (action, value) in enumerate(schedule):
            if action == "take":
                await try_to_take(request, bool(value))
            elif action == "free" and active:
                await free(active.pop(0), bool(value))
            elif action == "leave" and waiting:
                await free(waiting.popitem()[0], sent=False)
            elif action == "pass":
                now += value
                for other, bulk in reversed(list(waiting.items())):
                    await try_to_take(other, bulk)
            for each in stores:
                assert await each.used([limit]) == await memory.used([limit])
        for each in stores:
            await each.close()

    with TemporaryDirectory() as directory:
        asyncio.run(main(Path(directory) / "limits.sqlite"))


async def test_a_file_of_the_first_release_is_usable(tmp_path: Path) -> None:
    """The tables of the first release are ignored: they had other names and columns."""
    path = tmp_path / "limits.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE place (name TEXT PRIMARY KEY, taken REAL, ended REAL) WITHOUT ROWID;"
            "CREATE TABLE hold (told REAL NOT NULL, until REAL NOT NULL);"
        )
    store = SqliteLimitStore(path, when_down="closed")
    assert await take(store, "a", LIMIT) == 0.0
    await store.hold(30.0)
    assert await take(store, "b", LIMIT) > 0.0
    await store.close()


async def test_a_file_without_a_queue_is_usable(tmp_path: Path) -> None:
    """The slots and the hold of a release without a queue count, and the queue is added."""
    path = tmp_path / "limits.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(
            "CREATE TABLE slot (name TEXT PRIMARY KEY, taken REAL NOT NULL, ended REAL NOT NULL)"
            " WITHOUT ROWID;"
            "CREATE TABLE pause (made REAL NOT NULL, until REAL NOT NULL);"
            "INSERT INTO slot VALUES ('old', 90.0, 95.0);"
            "INSERT INTO pause VALUES (95.0, 110.0);"
        )
    one, other = (SqliteLimitStore(path, when_down="closed", clock=lambda: 100.0) for _ in range(2))
    assert await one.used([LIMIT]) == [1]
    assert await take(one, "a", Limit(2)) == 10.0
    assert await take(one, "a", LIMIT) == 55.0
    assert await take(other, "b", LIMIT) == 115.0
    await one.close()
    await other.close()


async def test_entries_from_before_a_boot_are_deleted(tmp_path: Path) -> None:
    """Entries whose time is in the future date from before the last boot, and are deleted."""
    now = 1e6
    before = SqliteLimitStore(tmp_path / "limits.sqlite", clock=lambda: now)
    assert await take(before, "a", LIMIT) == 0.0
    await before.hold(30.0)
    await before.close()
    now = 7.0
    after = SqliteLimitStore(tmp_path / "limits.sqlite", clock=lambda: now)
    assert await after.used([LIMIT]) == [0]
    assert await take(after, "b", LIMIT) == 0.0
    await after.close()


async def test_the_loop_never_waits_for_the_disk(tmp_path: Path) -> None:
    """All work is done in one thread, which lives from the first operation until `close`."""
    asked: set[str] = set()

    def clock() -> float:
        asked.add(threading.current_thread().name)
        return 0.0

    threads = threading.active_count()
    store = SqliteLimitStore(tmp_path / "limits.sqlite", clock=clock)
    assert threading.active_count() == threads
    await asyncio.gather(*(take(store, str(number), Limit(10)) for number in range(10)))
    assert threading.active_count() == threads + 1
    assert len(asked - {threading.main_thread().name}) == 1
    await store.close()
    assert threading.active_count() == threads


class RecordingConnection(sqlite3.Connection):
    """Records the threads that close a connection."""

    closed_in: ClassVar[list[str]] = []

    def close(self) -> None:
        """Close the connection."""
        self.closed_in.append(threading.current_thread().name)
        super().close()


async def test_closing_closes_the_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`close` closes the connection to the file once, in the store's own thread."""
    closed_in: list[str] = []
    monkeypatch.setattr(RecordingConnection, "closed_in", closed_in)
    connect = partial(sqlite3.connect, factory=RecordingConnection)
    monkeypatch.setattr(sqlite3, "connect", connect)
    store = SqliteLimitStore(tmp_path / "limits.sqlite")
    await store.used([LIMIT])
    assert closed_in == []
    await store.close()
    await store.close()
    assert [name.startswith("intervals_async-limits") for name in closed_in] == [True]


async def test_an_unusable_file_is_named_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The warning names the unusable file and SQLite's reason, and the file is tried again later."""
    now = 0.0
    path = tmp_path / "missing" / "limits.sqlite"
    store = SqliteLimitStore(path, clock=lambda: now)
    assert str(path) in repr(store)
    assert await take(store, "a", LIMIT) == 0.0
    assert f"{path} is unavailable (unable to open database file)" in caplog.text
    path.parent.mkdir()
    path.write_bytes(b"no database" * 100)
    now = 5.0
    assert await take(store, "b", LIMIT) > 0.0
    assert len(caplog.records) == 1
    path.unlink()
    now = 70.0
    await store.free("a", [LIMIT], sent=False)
    assert await take(store, "b", LIMIT) == 0.0
    assert path.read_bytes().startswith(b"SQLite format 3")
    await store.close()


async def test_a_wait_is_exact(tmp_path: Path) -> None:
    """A wait is exact, by the clocks of all processes."""
    now = 0.0
    one = SqliteLimitStore(tmp_path / "limits.sqlite", clock=lambda: now)
    other = SqliteLimitStore(tmp_path / "limits.sqlite", clock=lambda: now)
    await take(one, "a", LIMIT)
    await one.free("a", [LIMIT], sent=True)
    now = 59.75
    assert await take(other, "b", LIMIT) == 0.25
    assert await take(one, "c", LIMIT) == 60.25
    await one.close()
    await other.close()


def modes_in(folder: Path) -> set[int]:
    """Return the permissions of all files in a folder."""
    return {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


@pytest.mark.parametrize("mode", [0o600, 0o660])
async def test_the_permissions_of_a_new_file(tmp_path: Path, mode: int) -> None:
    """The file and its journal are for their owner alone, or for a group as well."""
    umask = os.umask(0o077)
    try:
        path = tmp_path / "limits"
        store = SqliteLimitStore(path, mode=mode) if mode != 0o600 else SqliteLimitStore(path)
        assert await take(store, "a", Limit(1, per=60.0)) == 0.0
        await store.close()
    finally:
        os.umask(umask)
    assert modes_in(tmp_path) == {mode}


async def test_an_existing_file_keeps_its_permissions(tmp_path: Path) -> None:
    """The permissions of a file that others have created are their business."""
    path = tmp_path / "limits"
    path.touch()
    path.chmod(0o640)
    store = SqliteLimitStore(path)
    assert await take(store, "a", Limit(1, per=60.0)) == 0.0
    await store.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


async def test_an_unexpected_error_leaves_no_lock(tmp_path: Path) -> None:
    """An error that SQLite does not know of ends the transaction, so that others can go on."""
    path = tmp_path / "limits.sqlite"
    limits = [Limit(5)]
    async with SqliteLimitStore(path, clock=lambda: "never") as broken:  # type: ignore[arg-type,return-value]
        with pytest.raises(TypeError):
            await broken.take("a", limits, bulk=False, lease=1.0)
        async with SqliteLimitStore(path, timeout=0.0) as other:
            assert await other.take("b", limits, bulk=False, lease=1.0) == 0
