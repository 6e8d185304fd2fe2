"""An event loop in a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import Future
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")


class LoopThread:
    """A daemon thread with an event loop, in which other threads can run coroutines.

    It serves callers whose own loop is blocked, closed, or of another library than asyncio.
    """

    __slots__ = ("_loop", "_stop", "_thread")

    def __init__(self) -> None:
        self._thread: Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()

    @property
    def is_running(self) -> bool:
        """Whether the thread runs."""
        return self._loop is not None

    def start(self) -> None:
        """Start the thread; do nothing if it runs."""
        if self._thread is not None:
            return
        started: Future[asyncio.AbstractEventLoop] = Future()
        stop = asyncio.Event()

        async def run_until_stopped() -> None:
            started.set_result(asyncio.get_running_loop())
            await stop.wait()

        def run_loop() -> None:
            try:
                with asyncio.Runner() as runner:
                    runner.run(run_until_stopped())
            except Exception as error:  # too many open files, for example
                if started.done():
                    raise
                started.set_exception(error)

        thread = Thread(target=run_loop, name="FakeIntervals", daemon=True)
        thread.start()
        self._loop = started.result()
        self._thread, self._stop = thread, stop

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the thread, and block until it returns.

        Raises:
            RuntimeError: The thread does not run.
        """
        if self._loop is None:
            coroutine.close()
            raise RuntimeError("FakeIntervals: expected a listening server, got a stopped one")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def stop(self) -> None:
        """End all tasks, close the loop and end the thread; do nothing if it does not run."""
        thread, loop = self._thread, self._loop
        self._thread = self._loop = None
        if thread is not None and loop is not None:
            loop.call_soon_threadsafe(self._stop.set)
            thread.join()
