"""What all tests share: a server, a client of it, and a loop whose clock takes no time."""

from __future__ import annotations

import asyncio
import os
import selectors
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from types import SimpleNamespace
from typing import Any, TypeVar

import aioresponses.core
import pytest
from aiohttp import ClientResponse
from hypothesis import HealthCheck, settings

from intervals_async import IntervalsClient, RetryPolicy
from intervals_async.testing import FakeIntervals

T = TypeVar("T")

# A busy machine is no failure; and what CI finds, everybody finds again.
settings.register_profile(
    "calm",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("calm")

AT_ONCE = RetryPolicy(wait_initial=0, wait_too_fast=0)


@pytest.fixture
async def fake() -> AsyncIterator[FakeIntervals]:
    """Give a server with 50 notes and no limits."""
    async with FakeIntervals(notes=50, seed=1, per_minute=None, per_day=None) as server:
        yield server


@pytest.fixture
async def intervals(fake: FakeIntervals) -> AsyncIterator[IntervalsClient]:
    """Give the administrator's client of the server, without limits, retrying at once."""
    async with IntervalsClient(fake.token, base_url=fake.url, limits=(), retry=AT_ONCE) as client:
        yield client


class _Response(ClientResponse):
    """What aiohttp wants from 3.14 on, and aioresponses 0.7.9 does not give yet."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("stream_writer", SimpleNamespace(output_size=0))
        super().__init__(*args, **kwargs)


@pytest.fixture(autouse=True)
def _aioresponses_shim(monkeypatch: pytest.MonkeyPatch) -> None:
    if hasattr(ClientResponse, "output_size"):
        monkeypatch.setattr(aioresponses.core, "ClientResponse", _Response)


class _Timeless(selectors.SelectSelector):
    """Where others wait for a time-out, this moves the loop's clock."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if not events:
            if timeout is None:
                raise RuntimeError("everybody waits, and nobody will ever come")
            self.now += timeout
        return events


class _TimelessLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._timeless = _Timeless()
        super().__init__(self._timeless)

    def time(self) -> float:
        return self._timeless.now


@pytest.fixture
def run_timeless() -> Callable[[Coroutine[Any, Any, T]], T]:
    """Give a runner of coroutines whose loop's clock jumps over every wait."""

    def run(main: Coroutine[Any, Any, T]) -> T:
        with asyncio.Runner(loop_factory=_TimelessLoop) as runner:
            return runner.run(main)

    return run


@pytest.fixture
def serving(
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[FakeIntervals], AbstractContextManager[FakeIntervals]]:
    """Give what runs a server in a thread of its own, and points the environment to it.

    For programs that bring a loop of their own. They and the test may only read it.
    """

    @contextmanager
    def serve(server: FakeIntervals) -> Generator[FakeIntervals]:
        with asyncio.Runner() as runner, ThreadPoolExecutor(1) as thread:
            thread.submit(runner.run, server.start()).result()
            stop = asyncio.Event()
            running = thread.submit(runner.run, stop.wait())
            monkeypatch.setenv("INTERVALS_TOKEN", server.token)
            monkeypatch.setenv("INTERVALS_BASE_URL", server.url)
            try:
                yield server
            finally:  # a test that fails is not to wait for ever
                runner.get_loop().call_soon_threadsafe(stop.set)
                running.result()
                thread.submit(runner.run, server.stop()).result()

    return serve


@pytest.fixture
def served(
    serving: Callable[[FakeIntervals], AbstractContextManager[FakeIntervals]],
) -> Iterator[FakeIntervals]:
    """Give a served account of 5,000 notes."""
    with serving(FakeIntervals(notes=5000, seed=1, per_minute=None)) as server:
        yield server
