"""Calling a sink in a thread of its own: a disk or a compressor never holds up the loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from .sinks.sink import GatheringSink, Sink, pieces

__all__ = ["SinkThread", "in_thread"]

# Seconds: no more than decoding the next records takes.
QUICK = 0.001

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function in a thread, and wait for its end, however often that is cancelled."""
    return await _whole(asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs)))


async def _whole(waiting: asyncio.Future[T]) -> T:
    """Wait for something to its end; raise as cancelled only then."""
    try:
        return await asyncio.shield(waiting)
    except asyncio.CancelledError:
        while not waiting.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([waiting])
        waiting.exception()  # it was looked at, and is no more of interest
        raise


class SinkThread:
    """Calls a sink in a thread, inside of ``async with``: one call after the other.

    What took next to no time when it was done last is done in the loop: writing to a file that
    the system keeps in memory costs less than to bring the data to another processor.

    Each call is waited for, however often that is cancelled: nobody closes a file while it is
    written. It is raised as cancelled once it has come back.
    """

    __slots__ = ("_gathering", "_quick", "_sink", "_threads")

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._gathering = sink if isinstance(sink, GatheringSink) else None
        # Whether spilling was quick when it was done last.
        self._quick = False
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="intervals-async-export")

    async def call(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a method of the sink that takes its time."""
        return await _whole(
            asyncio.wrap_future(self._threads.submit(partial(function, *args, **kwargs)))
        )

    async def write(self, records: Sequence[Any]) -> None:
        """Give the sink some records; OSError where it cannot write."""
        if self._gathering is None:
            await self.call(self._sink.write, records)
            return
        for piece in pieces(records):
            if self._gathering.gather(piece):
                if self._quick:
                    self._spill()
                else:
                    await self.call(self._spill)

    def _spill(self) -> None:
        assert self._gathering is not None  # noqa: S101  only then it is called
        began = time.monotonic()
        self._gathering.spill()
        self._quick = time.monotonic() - began < QUICK

    async def __aenter__(self) -> Self:
        """Give itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the thread."""
        self._threads.shutdown()
