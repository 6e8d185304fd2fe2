"""Tasks that sleep and can be woken early."""

from __future__ import annotations

import asyncio
import math

__all__ = ["Waiters"]


class Waiters:
    """Tasks that sleep until a timeout or until `wake`.

    No timer is left behind, even if the task is cancelled.
    """

    __slots__ = ("_futures",)

    def __init__(self) -> None:
        self._futures: set[asyncio.Future[None]] = set()

    async def sleep(self, seconds: float) -> None:
        """Sleep for a number of seconds, which may be infinite, or until `wake`."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(seconds, _finish, future) if seconds < math.inf else None
        self._futures.add(future)
        try:
            await future
        finally:
            self._futures.discard(future)
            if timer is not None:
                timer.cancel()

    def wake(self) -> None:
        """Wake all sleeping tasks."""
        for future in self._futures:
            _finish(future)


def _finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
