"""Where the places of the limits are kept: what a store does, and the one in the process."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from .limit import Limit, SlidingLog

__all__ = ["LimitStore", "MemoryLimitStore"]


class LimitStore(Protocol):
    """Keeps the places that are taken, for all who share it.

    A store decides at once and never waits; waiting, and in which order, is the limiter's.
    What it promises: for each limit, and any stretch of `per` seconds, no more than
    `requests` places were held at any moments of it by requests that were sent.
    """

    async def take(self, place: str, limits: Sequence[Limit], *, bulk: bool, lease: float) -> float:
        """Take a place under all limits at once, or none.

        Args:
            place: A name for it that nobody else uses.
            limits: The limits, the same for all who share the store.
            bulk: Whether to leave each limit's `reserved` places free.
            lease: Seconds after which a place whose owner has vanished counts as ended.

        Returns:
            0 when the place is taken; else after how many seconds to ask again, at the
            latest. Infinity means that nothing changes before a place is given back here.
        """
        ...

    async def free(self, place: str, limits: Sequence[Limit], *, sent: bool) -> None:
        """End a request: its place is free one `per` from now, at once if nothing was sent.

        A place that was never taken is passed over.
        """
        ...

    async def hold(self, seconds: float) -> None:
        """Let nobody take a place for so long; a hold that lasts longer stays."""
        ...

    async def used(self, limits: Sequence[Limit]) -> list[int]:
        """How many places are taken, for each limit."""
        ...

    async def close(self) -> None:
        """Give up what the store holds in this process. May be called again."""
        ...


class MemoryLimitStore:
    """The places of one process, one client's or several clients' on one address.

    It is exact and needs no asking again: whoever waits is told when a place is given back.
    """

    __slots__ = ("_clock", "_logs", "_not_before", "_places")

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._logs: dict[Limit, SlidingLog] = {}
        # The places of requests that are under way.
        self._places: set[str] = set()
        self._not_before = -math.inf

    async def take(self, place: str, limits: Sequence[Limit], *, bulk: bool, lease: float) -> float:
        """Take a place, or say when to ask again."""
        now = self._clock()
        logs = [self._log(limit) for limit in limits]
        wait = max(0.0, self._not_before - now, *(log.wait(now, bulk=bulk) for log in logs))
        if wait <= 0:
            self._places.add(place)
            for log in logs:
                log.begin()
        return wait

    async def free(self, place: str, limits: Sequence[Limit], *, sent: bool) -> None:
        """End a request."""
        if place in self._places:
            self._places.remove(place)
            for limit in limits:
                self._log(limit).end(self._clock(), sent=sent)

    async def hold(self, seconds: float) -> None:
        """Let nobody take a place for so long."""
        self._not_before = max(self._not_before, self._clock() + seconds)

    async def used(self, limits: Sequence[Limit]) -> list[int]:
        """Count the places that are taken."""
        return [self._log(limit).used(self._clock()) for limit in limits]

    async def close(self) -> None:
        """Do nothing: there is nothing to give up."""

    def _log(self, limit: Limit) -> SlidingLog:
        return self._logs.setdefault(limit, SlidingLog(limit))
