"""Shared fixtures: a server, its client, a loop without waits, and a check for leaks."""

from __future__ import annotations

import asyncio
import gc
import inspect
import itertools
import os
import selectors
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import aioresponses.core
import pytest
from aiohttp import ClientResponse
from hypothesis import HealthCheck, settings

import intervals_async
from intervals_async import IntervalsClient, RetryPolicy
from intervals_async.testing import FakeIntervals

T = TypeVar("T")

# No deadlines, because the machine may be busy. In CI, every run draws the same examples.
settings.register_profile(
    "calm",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("calm")

PACKAGE = Path(intervals_async.__file__).parent

# Retries without waits.
AT_ONCE = RetryPolicy(wait_initial=0, wait_too_fast=0)


# Tests between two freezes of the garbage collector.
FREEZE_EVERY = 50
_tests = itertools.count()


def pytest_runtest_setup() -> None:
    """Exclude what earlier tests have imported from garbage collection: 20 times faster."""
    if next(_tests) % FREEZE_EVERY == 0:
        gc.collect()
        gc.freeze()


@pytest.fixture(autouse=True)
def nothing_left_behind(request: pytest.FixtureRequest) -> None:
    """Fail an async test that leaves tasks or unclosed objects, once its fixtures are torn down."""
    if inspect.iscoroutinefunction(getattr(request, "function", None)):
        request.getfixturevalue("_leak_check")


@pytest.fixture
async def _leak_check() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    assert await _tasks_left() - before == {asyncio.current_task()}


async def _tasks_left() -> set[asyncio.Task[Any]]:
    gc.collect()  # unclosed objects warn
    for _ in range(10):
        await asyncio.sleep(0)
        # The loop ends unfinished generators in tasks of its own, which need some turns.
        if not any("async_generator_athrow" in repr(task) for task in asyncio.all_tasks()):
            break
    return asyncio.all_tasks()


def _is_of_the_library(task: asyncio.Task[Any]) -> bool:
    code = getattr(task.get_coro(), "cr_code", None)
    file = Path() if code is None else Path(code.co_filename)
    return file.is_relative_to(PACKAGE) and not file.is_relative_to(PACKAGE / "testing")


@pytest.fixture
async def fake() -> AsyncIterator[FakeIntervals]:
    """Return a running server with 50 notes and no rate limits."""
    # In the loop of the test, the steps of client and server have a reproducible order.
    async with FakeIntervals(
        notes=50, seed=1, per_minute=None, per_day=None, in_thread=False
    ) as server:
        yield server
        # Checked while the server runs, because the tasks that wait for it end when it stops.
        assert not [task for task in await _tasks_left() if _is_of_the_library(task)]


@pytest.fixture
async def intervals(fake: FakeIntervals) -> AsyncIterator[IntervalsClient]:
    """Return an administrator's client of the server, without rate limits and waits."""
    async with IntervalsClient(fake.token, base_url=fake.url, limits=(), retry=AT_ONCE) as client:
        yield client


class _Response(ClientResponse):
    """Adds the argument that aiohttp 3.14 requires and aioresponses 0.7.9 does not pass."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("stream_writer", SimpleNamespace(output_size=0))
        super().__init__(*args, **kwargs)


@pytest.fixture(autouse=True)
def _aioresponses_shim(monkeypatch: pytest.MonkeyPatch) -> None:
    if hasattr(ClientResponse, "output_size"):
        monkeypatch.setattr(aioresponses.core, "ClientResponse", _Response)


class _Timeless(selectors.SelectSelector):
    """A selector that moves the clock of the loop instead of waiting for a timeout."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if not events:
            if timeout is None:
                raise RuntimeError("deadlock: every task waits, and no timer is set")
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
    """Return a runner of coroutines in a loop whose clock skips every wait."""

    def run(main: Coroutine[Any, Any, T]) -> T:
        with asyncio.Runner(loop_factory=_TimelessLoop) as runner:
            return runner.run(main)

    return run


@pytest.fixture
def serving(
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[FakeIntervals], AbstractContextManager[FakeIntervals]]:
    """Return a context manager that runs a server, for programs with their own loop.

    It sets the environment variables of token and base URL.
    """

    @contextmanager
    def serve(server: FakeIntervals) -> Generator[FakeIntervals]:
        with server:
            monkeypatch.setenv("INTERVALS_TOKEN", server.token)
            monkeypatch.setenv("INTERVALS_BASE_URL", server.url)
            yield server

    return serve


@pytest.fixture
def served(
    serving: Callable[[FakeIntervals], AbstractContextManager[FakeIntervals]],
) -> Iterator[FakeIntervals]:
    """Return a running server with 5,000 notes."""
    with serving(FakeIntervals(notes=5000, seed=1, per_minute=None)) as server:
        yield server
