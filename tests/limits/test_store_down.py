"""A shared store that is down stops nobody, or everybody, as was asked for; and says so once."""

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
    """A clock that a test moves."""

    now = 1000.0

    def __call__(self) -> float:
        """Say what it shows."""
        return self.now


class LockedFile:
    """A file that somebody takes for himself."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: sqlite3.Connection | None = None

    def store(self, when_down: Literal["open", "closed"], clock: Clock) -> LimitStore:
        """Make a store in it."""
        return SqliteLimitStore(self._path, when_down=when_down, timeout=0.01, clock=clock)

    def down(self) -> None:
        """Take it."""
        self._lock = sqlite3.connect(self._path, isolation_level=None)
        self._lock.execute("BEGIN EXCLUSIVE")

    def up(self) -> None:
        """Give it back."""
        if self._lock is not None:
            self._lock.close()


class StoppedRedis:
    """A Redis that is stopped and comes back empty."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server

    def store(self, when_down: Literal["open", "closed"], clock: Clock) -> LimitStore:
        """Make a store in it."""
        return RedisLimitStore(self._server.url, when_down=when_down, clock=clock)

    def down(self) -> None:
        """Stop it."""
        self._server.stop()

    def up(self) -> None:
        """Start it."""
        self._server.start()


class HangingRedis:
    """A Redis that lets one in, says nothing for a while, and then does all that it was told."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server

    def store(self, when_down: Literal["open", "closed"], clock: Clock) -> LimitStore:
        """Make a store in it."""
        return RedisLimitStore(self._server.url, when_down=when_down, timeout=0.3, clock=clock)

    def down(self) -> None:
        """Let it hang."""
        self._server.hang()

    def up(self) -> None:
        """Let it go on."""
        self._server.go_on()


class Outage:
    """Stores that share what a test takes down, going by a clock that it moves."""

    def __init__(self, place: LockedFile | StoppedRedis | HangingRedis) -> None:
        self.clock = Clock()
        self.down = place.down
        self.up = place.up
        self._place = place
        self._stores: list[LimitStore] = []

    def store(self, when_down: Literal["open", "closed"] = "open") -> LimitStore:
        """Give the store of one more process."""
        store = self._place.store(when_down, self.clock)
        self._stores.append(store)
        return store

    async def close(self) -> None:
        """Close all of them."""
        self.up()
        for store in self._stores:
            await store.close()


@pytest.fixture(params=["locked file", "stopped Redis", "hanging Redis"])
async def outage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Outage]:
    """Give each way to be down."""
    place: LockedFile | StoppedRedis | HangingRedis
    if request.param == "locked file":
        place = LockedFile(tmp_path / "limits.sqlite")
        server = None
    else:
        server = request.getfixturevalue("start_redis")()
        place = StoppedRedis(server) if request.param == "stopped Redis" else HangingRedis(server)
    made = Outage(place)
    yield made
    await made.close()
    if server is not None:
        server.stop()


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Give what tells which levels the library has logged."""
    caplog.set_level("INFO", "intervals_async")
    return lambda: [record.levelname for record in caplog.records if record.name != "asyncio"]


async def test_a_process_keeps_the_limits_by_itself(
    outage: Outage, said: Callable[[], list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    """What it has sent before counts too; there is one warning, however much is asked."""
    store = outage.store()
    assert await take(store, "a", LIMIT) == 0.0
    await store.free("a", [LIMIT], sent=True)
    outage.down()
    assert await take(store, "b", LIMIT) == 0.0
    for number in range(20):
        assert await take(store, str(number), LIMIT) > 0.0
    assert await store.used([LIMIT]) == [2]
    await store.free("b", [LIMIT], sent=False)
    assert await store.used([LIMIT]) == [1]
    await store.hold(3.0)
    assert await take(store, "c", LIMIT) == 3.0
    assert said() == ["WARNING"]
    assert "this process keeps the limits by itself" in caplog.text


async def test_it_is_tried_again_after_a_while(
    outage: Outage, said: Callable[[], list[str]]
) -> None:
    """Not before five seconds have passed, and its return is said once."""
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
    assert said() == ["WARNING", "INFO"]


async def test_only_one_waits_for_a_store_that_may_be_back(outage: Outage) -> None:
    """While one tries, the others do without it."""
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


async def test_what_ended_meanwhile_is_told_later(
    outage: Outage, said: Callable[[], list[str]]
) -> None:
    """No place stays taken for the length of a lease because its end was not heard of."""
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
    assert said() == ["WARNING", "INFO"]


async def test_closed_means_that_nobody_passes(
    outage: Outage, said: Callable[[], list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    """Who asks is told so; who gives back is not bothered, and no place is lost."""
    one, other = outage.store("closed"), outage.store("closed")
    await take(one, "a", LIMIT)
    outage.down()
    for _ in range(3):
        with pytest.raises(LimitStoreError, match="cannot be asked"):
            await take(one, "b", LIMIT)
        with pytest.raises(LimitStoreError, match="cannot be asked") as caught:
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
    assert said() == ["WARNING", "INFO"]
    assert "nothing is sent" in caplog.text


async def test_whoever_is_cancelled_meanwhile_is_cancelled(outage: Outage) -> None:
    """Being down is no reason to stay, and no place is lost."""
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


def test_down_is_open_or_closed(tmp_path: Path) -> None:
    """A third is refused, before anything is done."""
    with pytest.raises(ArgumentError, match="'open' or 'closed'"):
        SqliteLimitStore(tmp_path / "limits.sqlite", when_down="half")  # type: ignore[arg-type]  # what is refused
