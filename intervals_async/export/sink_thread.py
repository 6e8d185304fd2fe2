"""Calling a sink in a thread, so that a disk or a compressor never blocks the event loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, Self, TypeVar

from .._in_thread import run_in_executor
from .sinks.sink import BufferedSink, Sink, chunks

__all__ = ["SinkThread"]

# Seconds: about as long as decoding the next records takes.
FAST_FLUSH = 0.001

P = ParamSpec("P")
T = TypeVar("T")


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
        return await run_in_executor(self._executor, partial(function, *args, **kwargs))

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
