"""A shared store that is down stops no requests or all of them, and logs one warning."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Literal

import pytest

from intervals_async import ArgumentError, Limit, LimitStore, LimitStoreError
from intervals_async.limits import Limiter
from intervals_async.limits.redis import RedisLimitStore
from intervals_async.limits.sqlite import SqliteLimitStore

from .conftest import RedisServer, take

LIMIT = Limit(2, per=60.0)


class Clock:
    """A clock that the test sets."""

    now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class LockedFile:
    """A file that another connection locks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: sqlite3.Connection | None = None

    def store(self, when_down: Literal["open", "closed"], clock: Clock) -> LimitStore:
        """Return a store in it."""
        return SqliteLimitStore(self._path, when_down=when_down, timeout=0.01, clock=clock)

    def down(self) -> None:
        """Lock the file."""
        self._lock = sqlite3.connect(self._path, isolation_level=None)
        self._lock.execute("BEGIN EXCLUSIVE")

    def up(self) -> None:
        """Unlock the file."""
        if self._lock is not None:
            self._lock.close()


class StoppedRedis:
    """A Redis that is stopped, and starts again empty."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server

    def store(self, when_down: Literal["open", "closed"], clock: Clock) -> LimitStore:
        """Return a store in it."""
        return RedisLimitStore(self._server.url, when_down=when_down, clock=clock)

    def down(self) -> None:
        """Stop it."""
        self._server.stop()

    def up(self) -> None:
        """Start it."""
        self._server.start()


class HangingRedis:
    """A Redis that accepts connections, does not respond for a while, and then does everything."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server

    def store(self, when_down: Literal["open", "closed"], clock: Clock) -> LimitStore:
        """Return a store in it."""
        return RedisLimitStore(self._server.url, when_down=when_down, timeout=0.3, clock=clock)

    def down(self) -> None:
        """Stop the responses."""
        self._server.hang()

    def up(self) -> None:
        """Respond again."""
        self._server.resume()


class Outage:
    """Stores that share a backend that the test takes down, on a clock that it sets."""

    def __init__(self, backend: LockedFile | StoppedRedis | HangingRedis) -> None:
        self.clock = Clock()
        self.down = backend.down
        self.up = backend.up
        self._backend = backend
        self._stores: list[LimitStore] = []

    def store(self, when_down: Literal["open", "closed"] = "open") -> LimitStore:
        """Return the store of another process."""
        store = self._backend.store(when_down, self.clock)
        self._stores.append(store)
        return store

    async def close(self) -> None:
        """Close all stores."""
        self.up()
        for store in self._stores:
            await store.close()


@pytest.fixture(params=["locked file", "stopped Redis", "hanging Redis"])
async def outage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Outage]:
    """Return each kind of outage."""
    backend: LockedFile | StoppedRedis | HangingRedis
    if request.param == "locked file":
        backend = LockedFile(tmp_path / "limits.sqlite")
        server = None
    else:
        server = request.getfixturevalue("start_redis")()
        backend = StoppedRedis(server) if request.param == "stopped Redis" else HangingRedis(server)
    made = Outage(backend)
    yield made
    await made.close()
    if server is not None:
        server.stop()


@pytest.fixture
def logged_levels(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Return a function that returns the levels of the library's log lines."""
    caplog.set_level("INFO", "intervals_async")
    return lambda: [record.levelname for record in caplog.records if record.name != "asyncio"]


async def test_a_process_counts_its_own_requests_while_the_store_is_down(
    outage: Outage, logged_levels: Callable[[], list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    """While the store is down, a process counts its own requests, earlier ones included, and warns once."""
    store = outage.store()
    assert await take(store, "a", LIMIT) == 0.0
    await store.free("a", [LIMIT], sent=True)
    outage.down()
    assert await take(store, "b", LIMIT) == 0.0
    for _ in range(20):
        assert await take(store, "c", LIMIT) > 0.0
    assert await store.used([LIMIT]) == [2]
    await store.free("b", [LIMIT], sent=False)
    assert await store.used([LIMIT]) == [1]
    await store.hold(3.0)
    assert await take(store, "c", LIMIT) == 3.0
    assert logged_levels() == ["WARNING"]
    assert "this process counts its own requests only" in caplog.text


async def test_a_store_is_tried_again_after_five_seconds(
    outage: Outage, logged_levels: Callable[[], list[str]]
) -> None:
    """The store is tried again after five seconds, and its return is logged once."""
    one, other = outage.store(), outage.store()
    await one.used([LIMIT])
    outage.down()
    assert await one.used([LIMIT]) == [0]
    outage.clock.now += 5.0
    assert await one.used([LIMIT]) == [0]
    outage.up()
    await take(other, "a", LIMIT)
    outage.clock.now += 4.9
    assert await one.used([LIMIT]) == [0]
    outage.clock.now += 0.1
    assert await one.used([LIMIT]) == [1]
    assert await take(one, "b", LIMIT) == 0.0
    assert await take(other, "c", LIMIT) > 0.0
    assert logged_levels() == ["WARNING", "INFO"]


async def test_only_one_operation_tries_the_store(outage: Outage) -> None:
    """While one operation tries whether the store is back, the others do not wait for it."""
    store = outage.store()
    await store.used([LIMIT])
    outage.down()
    await store.used([LIMIT])
    outage.clock.now += 5.0
    trying = asyncio.create_task(store.used([LIMIT]))
    await asyncio.sleep(0)
    begun = time.monotonic()
    for _ in range(50):
        await store.used([LIMIT])
    assert time.monotonic() - begun < 0.25
    await trying


async def test_slots_freed_during_an_outage_are_freed_later(
    outage: Outage, logged_levels: Callable[[], list[str]]
) -> None:
    """Slots that are freed while the store is down are freed in the store once it is back."""
    one, other = outage.store(), outage.store()
    await take(one, "a", LIMIT)
    await take(one, "b", LIMIT)
    outage.down()
    await one.free("a", [LIMIT], sent=False)
    await one.free("b", [LIMIT], sent=False)
    outage.clock.now += 5.0
    await take(one, "c", LIMIT)
    await one.free("c", [LIMIT], sent=False)
    outage.up()
    outage.clock.now += 5.0
    await one.used([LIMIT])
    await one.close()
    assert await other.used([LIMIT]) == [0]
    assert logged_levels() == ["WARNING", "INFO"]


async def test_a_store_that_fails_closed_grants_no_slots(
    outage: Outage, logged_levels: Callable[[], list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    """With when_down="closed", operations raise LimitStoreError, `free` does not, and no slot is lost."""
    one, other = outage.store("closed"), outage.store("closed")
    await take(one, "a", LIMIT)
    outage.down()
    for _ in range(3):
        with pytest.raises(LimitStoreError):
            await take(one, "b", LIMIT)
        with pytest.raises(LimitStoreError) as caught:
            await one.used([LIMIT])
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None
    await one.free("a", [LIMIT], sent=False)
    await one.hold(0.0)
    outage.up()
    with pytest.raises(LimitStoreError):
        await take(one, "c", LIMIT)
    outage.clock.now += 5.0
    await one.used([LIMIT])
    await one.close()
    assert await other.used([LIMIT]) == [0]
    assert logged_levels() == ["WARNING", "INFO"]
    assert "no requests are sent" in caplog.text


async def test_a_request_can_be_cancelled_during_an_outage(outage: Outage) -> None:
    """A request that waits for a store that is down can be cancelled, and no slot is lost."""
    store = outage.store()
    limiter = Limiter([LIMIT], store, clock=outage.clock)
    await limiter.used()
    outage.down()
    waiting = asyncio.create_task(limiter.acquire())
    for _ in range(3):
        await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    outage.up()
    outage.clock.now += 5.0
    limiter.close()
    await store.close()
    other = outage.store()
    assert await other.used([LIMIT]) == [0]


def test_when_down_is_open_or_closed(tmp_path: Path) -> None:
    """Any other value of when_down is rejected before the file is opened."""
    with pytest.raises(ArgumentError, match="when_down: "):
        SqliteLimitStore(tmp_path / "limits.sqlite", when_down="half")  # type: ignore[arg-type]  # the point of the test
