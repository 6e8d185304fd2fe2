"""A real Redis, and stores of each kind that must keep the same promises."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import attrs
import pytest
from redis import AuthenticationError, ConnectionError, Redis

from intervals_async import Limit, LimitStore
from intervals_async.limits import MemoryLimitStore
from intervals_async.limits.redis import RedisLimitStore
from intervals_async.limits.sqlite import SqliteLimitStore


class RedisServer:
    """A redis-server without persistence, on a socket in a folder of its own."""

    def __init__(self, binary: str, directory: Path, *options: str) -> None:
        self._command = (
            binary, "--save", "", "--appendonly", "no", "--dir", str(directory),
            "--port", "0", "--unixsocket", str(directory / "socket"), *options,
        )  # fmt: skip
        self.url = f"unix://{directory / 'socket'}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it empty, unless it runs, and wait until it responds."""
        if self._process is not None:
            return
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        with Redis.from_url(self.url) as client:
            while True:
                try:
                    client.ping()
                except AuthenticationError:
                    break
                except ConnectionError:
                    assert self._process.poll() is None, "redis-server did not start"
                    time.sleep(0.01)
                else:
                    break

    def hang(self) -> None:
        """Stop the process, so that it accepts connections but does not respond."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it respond again, first to the requests that it received in the meantime."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Stop it, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture(scope="session")
def start_redis() -> Iterator[Callable[..., RedisServer]]:
    """Return a function that starts a Redis with additional options."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("redis-server is not installed")
    servers: list[RedisServer] = []

    def start(*options: str) -> RedisServer:
        # Not in tmp_path, whose name may be too long for a socket.
        directory = Path(tempfile.mkdtemp(prefix="redis-"))
        server = RedisServer(binary, directory, *options)
        servers.append(server)
        directories.append(directory)
        server.start()
        return server

    directories: list[Path] = []
    yield start
    for server in servers:
        server.stop()
    for directory in directories:
        shutil.rmtree(directory)


@pytest.fixture(scope="session")
def shared_redis(start_redis: Callable[..., RedisServer]) -> RedisServer:
    """Return a Redis for all tests that do not stop it."""
    return start_redis()


@pytest.fixture
def redis_url(shared_redis: RedisServer) -> str:
    """Return the URL of an empty Redis."""
    with Redis.from_url(shared_redis.url) as client:
        client.flushall()
    return shared_redis.url


class Host:
    """Stores of one kind that share their slots, each like that of a process of its own.

    Attributes:
        shared: Whether the stores are outside of the process.
        tolerance: By how many seconds a wait may differ, because the clock is that of a server.
    """

    def __init__(self, kind: str, where: str) -> None:
        self.shared = kind != "memory"
        self.tolerance = 2.0 if kind == "redis" else 1e-6
        self._kind = kind
        self._where = where
        self._now = 1000.0
        self._stores: list[LimitStore] = []
        self._memory = MemoryLimitStore(clock=self._clock)

    def store(self) -> LimitStore:
        """Return the store of another process."""
        store: LimitStore
        if self._kind == "memory":
            store = self._memory
        elif self._kind == "sqlite":
            store = SqliteLimitStore(self._where, when_down="closed", clock=self._clock)
        else:
            store = RedisLimitStore(self._where, when_down="closed", timeout=10.0)
        self._stores.append(store)
        return store

    async def pass_time(self, seconds: float) -> None:
        """Advance the clock, or wait if the store uses the clock of a server."""
        self._now += seconds
        if self._kind == "redis":
            # A little longer, because Redis counts in milliseconds.
            await asyncio.sleep(seconds + 0.005)

    async def close(self) -> None:
        """Close all stores."""
        for store in self._stores:
            await store.close()

    def _clock(self) -> float:
        return self._now


@pytest.fixture(params=["memory", "sqlite", "redis"])
async def host(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Host]:
    """Return a host for each kind of store."""
    where = str(tmp_path / "limits.sqlite")
    if request.param == "redis":
        where = request.getfixturevalue("redis_url")
    made = Host(request.param, where)
    yield made
    await made.close()


@attrs.frozen
class SharedStore:
    """A store that several processes share, on the real clock.

    Attributes:
        kind: "sqlite" or "redis".
        where: The file or the URL.
    """

    kind: str
    where: str

    def __call__(self) -> LimitStore:
        """Return the store of another process."""
        if self.kind == "redis":
            return RedisLimitStore(self.where, when_down="closed", timeout=10.0)
        return SqliteLimitStore(self.where, when_down="closed", timeout=10.0)


@pytest.fixture(params=["sqlite", "redis"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> SharedStore:
    """Return each kind of store that several processes share."""
    if request.param == "redis":
        return SharedStore("redis", request.getfixturevalue("redis_url"))
    return SharedStore("sqlite", str(tmp_path / "limits.sqlite"))


async def take(store: LimitStore, slot: str, *limits: Limit, bulk: bool = False) -> float:
    """Take a slot with a lease that is longer than the test."""
    return await store.take(slot, limits, bulk=bulk, lease=300.0)
