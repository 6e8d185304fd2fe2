"""Those who sleep for a time, and can be woken before it is over."""

from __future__ import annotations

import asyncio
import math

__all__ = ["Waiters"]


class Waiters:
    """Sleeps that end early when somebody has news.

    No timer is left behind, also not by those who are cancelled.
    """

    __slots__ = ("_asleep",)

    def __init__(self) -> None:
        self._asleep: set[asyncio.Future[None]] = set()

    async def sleep(self, seconds: float) -> None:
        """Sleep for so long, infinity included, or until `wake`."""
        loop = asyncio.get_running_loop()
        sleeper: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(seconds, _awake, sleeper) if seconds < math.inf else None
        self._asleep.add(sleeper)
        try:
            await sleeper
        finally:
            self._asleep.discard(sleeper)
            if timer is not None:
                timer.cancel()

    def wake(self) -> None:
        """End all sleeps."""
        for sleeper in self._asleep:
            _awake(sleeper)


def _awake(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)
