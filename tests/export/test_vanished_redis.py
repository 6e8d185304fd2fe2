"""An export whose limits are kept in a Redis that vanishes: it ends whole, or can be gone on with."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import pytest
from redis import ConnectionError, Redis

from intervals_async import IntervalsClient, Limit, LimitStoreError
from intervals_async.export import Manifest, export_account
from intervals_async.limits.redis import RedisLimitStore
from intervals_async.testing import FakeIntervals, SeenRequest

SOME = ["group", "projectnote", "task"]
# More than an export of these takes, and no longer counted when it is over than while it runs.
LIMIT = Limit(100, per=600.0)


class Server:
    """A redis-server that a test stops and starts, and that keeps nothing meanwhile."""

    def __init__(self, binary: str, folder: Path) -> None:
        self.url = f"unix://{folder / 'socket'}"
        self._command = (
            binary, "--save", "", "--port", "0", "--dir", str(folder),
            "--unixsocket", str(folder / "socket"),
        )  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        with Redis.from_url(self.url) as client:
            while True:
                with suppress(ConnectionError):
                    client.ping()
                    return
                assert self._process.poll() is None, "redis-server does not start"

    def hang(self) -> None:
        """Let it be there and not answer."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def stop(self) -> None:
        """Stop it, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def redis() -> Iterator[Server]:
    """Give a Redis that runs."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("redis-server is not installed here")
    # Not tmp_path, whose name may be too long for a socket's.
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        server = Server(binary, Path(folder))
        server.start()
        yield server
        server.stop()


class Clock:
    """A clock that a test moves."""

    now = 1000.0

    def __call__(self) -> float:
        """Say what it shows."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Give the clock that tells when a Redis is tried again."""
    return Clock()


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Give what tells what was logged of the store, level by level."""
    caplog.set_level("INFO", "intervals_async")
    return lambda: [each.levelname for each in caplog.records if "Redis" in each.getMessage()]


class Place:
    """Where is exported to, from an account and with the limits in a Redis."""

    def __init__(self, fake: FakeIntervals, redis: Server, clock: Clock, folder: Path) -> None:
        self.fake = fake
        self.folder = folder
        self._redis = redis
        self._clock = clock

    def store(self, when_down: Literal["open", "closed"]) -> RedisLimitStore:
        """Make a store of a process."""
        return RedisLimitStore(self._redis.url, when_down=when_down, timeout=0.5, clock=self._clock)

    async def export(self, store: RedisLimitStore) -> Manifest:
        """Export, with a client of a new process."""
        async with IntervalsClient(
            self.fake.token, base_url=self.fake.url, limits=[LIMIT], limit_store=store
        ) as client:
            return await export_account(client, self.folder / "backup", resources=SOME)

    async def is_whole(self) -> bool:
        """Tell whether all is as in an export that nothing has broken into."""
        async with IntervalsClient(self.fake.token, base_url=self.fake.url, limits=()) as client:
            await export_account(client, self.folder / "unbroken", resources=SOME)
        backup = self.folder / "backup"
        assert list(Manifest.read(backup).flaws(backup)) == []
        return _contents(backup) == _contents(self.folder / "unbroken")

    def at_the(self, number: int, path: str, happens: Callable[[], object]) -> None:
        """Let something happen when a path is asked for the so-manieth time."""
        left = [number]

        def count(server: FakeIntervals, seen: SeenRequest) -> None:
            if seen.path == path:
                left[0] -= 1
                if left[0] == 0:
                    happens()

        self.fake.between(count)


def _contents(folder: Path) -> dict[str, bytes]:
    return {
        name: (folder / name).read_bytes()
        for name in os.listdir(folder)
        if name != "manifest.json"  # which tells times
    }


@pytest.fixture
async def place(redis: Server, clock: Clock, tmp_path: Path) -> Any:
    """Give an account of 3,000 notes: three pages."""
    async with FakeIntervals(notes=3000, seed=1, per_minute=None, per_day=None) as fake:
        yield Place(fake, redis, clock, tmp_path)


@pytest.mark.parametrize("vanish", [Server.stop, Server.hang])
async def test_it_ends_whole_with_a_count_of_its_own(
    place: Place, redis: Server, said: Callable[[], list[str]], vanish: Callable[[Server], None]
) -> None:
    """Every request counts, those before it vanished too; that it did is said once."""
    place.at_the(1, "/projectnote/", lambda: vanish(redis))
    async with place.store("open") as store:
        await place.export(store)
        assert await store.used([LIMIT]) == [place.fake.requests]
    assert said() == ["WARNING"]
    assert await place.is_whole()


async def test_it_is_asked_again_when_it_is_back(
    place: Place, redis: Server, clock: Clock, said: Callable[[], list[str]]
) -> None:
    """The export does not notice, and other processes see its places again."""

    def come_back() -> None:
        redis.start()
        clock.now += 5.0

    place.at_the(1, "/projectnote/", redis.stop)
    place.at_the(2, "/projectnote/", come_back)
    async with place.store("open") as store:
        await place.export(store)
    async with place.store("open") as other:
        assert 0 < (await other.used([LIMIT]))[0] < place.fake.requests
    assert said() == ["WARNING", "INFO"]
    assert await place.is_whole()


@pytest.mark.parametrize("vanish", [Server.stop, Server.hang])
async def test_where_nobody_may_pass_it_fails_and_is_gone_on_with(
    place: Place, redis: Server, said: Callable[[], list[str]], vanish: Callable[[Server], None]
) -> None:
    """It says which store and why; no file is half there, and the same call goes on."""
    place.at_the(2, "/projectnote/", lambda: vanish(redis))
    async with place.store("closed") as store:
        with pytest.raises(LimitStoreError, match=r"^Redis at .* is unavailable: .+$") as caught:
            await place.export(store)
    assert "\n" not in str(caught.value)
    assert said() == ["WARNING"]
    there = {*os.listdir(place.folder / "backup")}
    assert "manifest.json" not in there
    redis.stop()
    redis.start()
    before = place.fake.requests
    async with place.store("closed") as store:
        manifest = await place.export(store)
        assert await store.used([LIMIT]) == [place.fake.requests - before]
    assert manifest.left_out == {}
    assert await place.is_whole()
