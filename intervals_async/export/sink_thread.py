"""Calling a sink in a thread, so that a disk or a compressor never blocks the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, ParamSpec, Self, TypeVar

from .sinks.sink import BufferedSink, Sink, chunks

__all__ = ["SinkThread", "run_in_thread"]

# Seconds: about as long as decoding the next records takes.
FAST_FLUSH = 0.001

P = ParamSpec("P")
T = TypeVar("T")


async def run_in_thread(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function in a thread and wait until it returns, even if that is cancelled.

    A cancellation is raised when the function has returned.
    """
    return await _wait_uncancelled(
        asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs))
    )


async def _wait_uncancelled(future: asyncio.Future[T]) -> T:
    """Wait for a future until it is done; raise CancelledError only then."""
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        while not future.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([future])
        future.exception()  # marks it as retrieved; the cancellation is raised instead
        raise


class SinkThread:
    """Calls the methods of a sink in a thread of its own, one at a time. Use ``async with``.

    A flush runs in the event loop if the last one was fast: writing to a file that the system
    keeps in memory costs less than moving the data to another processor.

    Every call is awaited until it returns, even if that is cancelled, so that no file is closed
    while it is written.
    """

    __slots__ = ("_buffered", "_executor", "_is_fast", "_sink")

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._buffered = sink if isinstance(sink, BufferedSink) else None
        # Whether the last flush was fast.
        self._is_fast = False
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="intervals-async-export")

    async def call(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a slow method of the sink."""
        return await _wait_uncancelled(
            asyncio.wrap_future(self._executor.submit(partial(function, *args, **kwargs)))
        )

    async def write(self, records: Sequence[Any]) -> None:
        """Write some records; OSError if the sink cannot write."""
        sink = self._buffered
        if sink is None:
            await self.call(self._sink.write, records)
            return
        for chunk in chunks(records):
            if sink.buffer(chunk):
                if self._is_fast:
                    self._flush(sink)
                else:
                    await self.call(self._flush, sink)

    def _flush(self, sink: BufferedSink) -> None:
        started = time.monotonic()
        sink.flush()
        self._is_fast = time.monotonic() - started < FAST_FLUSH

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the thread."""
        self._executor.shutdown()
