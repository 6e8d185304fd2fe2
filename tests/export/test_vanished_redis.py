"""If the Redis server with the rate limits fails, an export is completed or can be resumed."""

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

pytestmark = pytest.mark.slow

SOME = ["group", "projectnote", "task"]
# An export takes fewer requests than this, and the test takes less time.
LIMIT = Limit(100, per=600.0)


class Server:
    """A redis-server that a test can stop and start again; it keeps no data."""

    def __init__(self, binary: str, folder: Path) -> None:
        self.url = f"unix://{folder / 'socket'}"
        self._command = (
            binary, "--save", "", "--port", "0", "--dir", str(folder),
            "--unixsocket", str(folder / "socket"),
        )  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it responds."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        with Redis.from_url(self.url) as client:
            while True:
                with suppress(ConnectionError):
                    client.ping()
                    return
                assert self._process.poll() is None, "redis-server does not start"

    def hang(self) -> None:
        """Suspend the server, so that it accepts connections but does not respond."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def stop(self) -> None:
        """Stop the server if it is running."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def redis() -> Iterator[Server]:
    """Return a running Redis server."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("redis-server is not installed")
    # Not tmp_path, whose name may be too long for a socket.
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        server = Server(binary, Path(folder))
        server.start()
        yield server
        server.stop()


class Clock:
    """A clock that a test moves."""

    now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return the clock that decides when the store connects again."""
    return Clock()


@pytest.fixture
def levels(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Return a function that lists the levels of the log lines about the store."""
    caplog.set_level("INFO", "intervals_async")
    return lambda: [each.levelname for each in caplog.records if "Redis" in each.getMessage()]


class Export:
    """An export of an account into a folder, with the limits in a Redis server."""

    def __init__(self, fake: FakeIntervals, redis: Server, clock: Clock, folder: Path) -> None:
        self.fake = fake
        self.folder = folder
        self._redis = redis
        self._clock = clock

    def store(self, when_down: Literal["open", "closed"]) -> RedisLimitStore:
        """Make the store of a new process."""
        return RedisLimitStore(self._redis.url, when_down=when_down, timeout=0.5, clock=self._clock)

    async def run(self, store: RedisLimitStore) -> Manifest:
        """Export with the client of a new process."""
        async with IntervalsClient(
            self.fake.token, base_url=self.fake.url, limits=[LIMIT], limit_store=store
        ) as client:
            return await export_account(client, self.folder / "backup", resources=SOME)

    async def is_complete(self) -> bool:
        """Whether the files equal those of an export without a failure."""
        async with IntervalsClient(self.fake.token, base_url=self.fake.url, limits=()) as client:
            await export_account(client, self.folder / "unbroken", resources=SOME)
        backup = self.folder / "backup"
        assert list(Manifest.read(backup).flaws(backup)) == []
        return _contents(backup) == _contents(self.folder / "unbroken")

    def at_request(self, number: int, path: str, action: Callable[[], object]) -> None:
        """Call `action` at request number `number` for a path."""
        left = [number]

        def count(server: FakeIntervals, seen: SeenRequest) -> None:
            if seen.path == path:
                left[0] -= 1
                if left[0] == 0:
                    action()

        self.fake.between(count)


def _contents(folder: Path) -> dict[str, bytes]:
    return {
        name: (folder / name).read_bytes()
        for name in os.listdir(folder)
        if name != "manifest.json"  # its times differ
    }


@pytest.fixture
async def export(redis: Server, clock: Clock, tmp_path: Path) -> Any:
    """Return an export of 3,000 notes, which are three pages."""
    async with FakeIntervals(notes=3000, seed=1, per_minute=None, per_day=None) as fake:
        yield Export(fake, redis, clock, tmp_path)


@pytest.mark.parametrize("vanish", [Server.stop, Server.hang])
async def test_export_continues_with_local_limits(
    export: Export, redis: Server, levels: Callable[[], list[str]], vanish: Callable[[Server], None]
) -> None:
    """With when_down="open", every request is counted locally, and one warning is logged."""
    export.at_request(1, "/projectnote/", lambda: vanish(redis))
    async with export.store("open") as store:
        await export.run(store)
        assert await store.used([LIMIT]) == [export.fake.requests]
    assert levels() == ["WARNING"]
    assert await export.is_complete()


async def test_export_uses_the_store_again_after_a_restart(
    export: Export, redis: Server, clock: Clock, levels: Callable[[], list[str]]
) -> None:
    """After a restart, the export shares its requests with other processes again."""

    def restart() -> None:
        redis.start()
        clock.now += 5.0

    export.at_request(1, "/projectnote/", redis.stop)
    export.at_request(2, "/projectnote/", restart)
    async with export.store("open") as store:
        await export.run(store)
    async with export.store("open") as other:
        assert 0 < (await other.used([LIMIT]))[0] < export.fake.requests
    # A connection that was open when the server stopped may be noticed after the restart only.
    outages = len(levels()) // 2
    assert levels() == ["WARNING", "INFO"] * outages
    assert outages >= 1
    assert await export.is_complete()


@pytest.mark.parametrize("vanish", [Server.stop, Server.hang])
async def test_export_that_fails_closed_can_be_resumed(
    export: Export, redis: Server, levels: Callable[[], list[str]], vanish: Callable[[Server], None]
) -> None:
    """With when_down="closed", the error names the store, and the same call resumes the export."""
    export.at_request(2, "/projectnote/", lambda: vanish(redis))
    async with export.store("closed") as store:
        with pytest.raises(LimitStoreError, match=r"^Redis at .* is unavailable: .+$") as caught:
            await export.run(store)
    assert "\n" not in str(caught.value)
    assert levels() == ["WARNING"]
    assert "manifest.json" not in os.listdir(export.folder / "backup")
    redis.stop()
    redis.start()
    before = export.fake.requests
    async with export.store("closed") as store:
        manifest = await export.run(store)
        assert await store.used([LIMIT]) == [export.fake.requests - before]
    assert manifest.left_out == {}
    assert await export.is_complete()
