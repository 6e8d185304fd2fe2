"""The line of those who wait for a place: in order, cancellable, closed at any moment."""

from __future__ import annotations

import asyncio
import itertools
import math
import os
import secrets
import time
from collections.abc import Callable, Iterable

import attrs

from ..errors import ClientClosedError, IntervalsError
from .limit import Limit
from .store import LimitStore, MemoryLimitStore
from .waiters import Waiters

__all__ = ["Limiter"]


@attrs.frozen
class _Closure:
    """Why nobody passes, and until when on the limiter's clock."""

    until: float
    reason: Callable[[], IntervalsError]


class Limiter:
    """Lets requests pass as the limits allow, each kind first come, first served.

    There are two lines. A call that somebody waits for (`get`, `count`, every write) stands
    in the short one; the pages of streams stand in the long one, whose first member joins
    the short line for each single try. So a call waits behind one page at most, however long
    an export is. Beyond that, streams leave a limit's `reserved` places free; they get what
    calls leave them.

    It runs no task and keeps no timer while nobody waits. Whoever is cancelled gives the
    place back, or never had it.
    """

    __slots__ = (
        "_clock", "_closed", "_closure", "_lines", "_longest_look", "_names",
        "_on_wait", "_sleepers", "_store", "limits",
    )  # fmt: skip

    def __init__(
        self,
        limits: Iterable[Limit],
        store: LimitStore | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        on_wait: Callable[[float, bool], None] = lambda seconds, bulk: None,
    ) -> None:
        self.limits: tuple[Limit, ...] = tuple(limits)
        self._store = MemoryLimitStore(clock=clock) if store is None else store
        # Others who share a store do not tell us when they give a place back.
        self._longest_look = math.inf if store is None else 1.0
        self._clock = clock
        self._on_wait = on_wait
        # By kind: False for calls that somebody waits for, True for bulk.
        self._lines = {False: asyncio.Lock(), True: asyncio.Lock()}
        # Those at the head of a line who wait for a place; woken, they look again.
        self._sleepers = Waiters()
        own = f"{os.getpid():x}-{secrets.token_hex(6)}"
        self._names = (f"{own}-{number:x}" for number in itertools.count())
        self._closure: _Closure | None = None
        self._closed = False

    async def acquire(
        self, *, bulk: bool = False, lease: float = 300.0, even_if_day_is_over: bool = False
    ) -> str:
        """Wait for a place and give its name, which `release` wants back.

        Args:
            bulk: Whether to stand in the long line.
            lease: Seconds within which the request will surely have ended. A place that is
                not given back by then, because its process has vanished, counts as ended.
            even_if_day_is_over: Whether to pass over what `refuse_until` was told.

        Raises:
            ClientClosedError: The limiter was closed before or meanwhile.
            IntervalsError: What `refuse_until` was given.
            LimitStoreError: The store could not be asked, and is to fail closed.
        """
        place = next(self._names)
        told = False
        async with self._lines[bulk]:
            while True:
                wait = await self._try(place, bulk, lease, even_if_day_is_over)
                if wait <= 0:
                    return place
                if not told:
                    self._on_wait(wait, bulk)
                    told = True
                await self._sleepers.sleep(min(wait, self._longest_look))

    async def acquire_at_once(self, *, lease: float) -> str | None:
        """Give a place that is free now, past all who wait, or None."""
        place = next(self._names)
        wait = await self._take(place, False, lease, True)
        return place if wait <= 0 else None

    async def release(self, place: str, *, sent: bool) -> None:
        """Say that the request of a place has ended, and whether anything of it was sent."""
        await self._store.free(place, self.limits, sent=sent)
        self._sleepers.wake()

    async def hold(self, seconds: float) -> None:
        """Let nobody pass for so long: the server has refused a request as too fast."""
        await self._store.hold(seconds)

    def refuse_until(self, until: float, reason: Callable[[], IntervalsError]) -> None:
        """Send all who wait, and all who come before `until`, away with an error at once.

        Args:
            until: A moment of the limiter's clock.
            reason: Makes the error, a new one for each.
        """
        self._closure = _Closure(until, reason)
        self._sleepers.wake()

    async def used(self) -> list[int]:
        """How many places are taken now, for each limit."""
        return await self._store.used(self.limits)

    def close(self) -> None:
        """Send all who wait away with `ClientClosedError`.

        A store that was handed in is its owner's to close.
        """
        self._closed = True
        self._sleepers.wake()

    async def _try(self, place: str, bulk: bool, lease: float, even_if_day_is_over: bool) -> float:
        if not bulk:
            return await self._take(place, bulk, lease, even_if_day_is_over)
        async with self._lines[False]:
            return await self._take(place, bulk, lease, even_if_day_is_over)

    async def _take(self, place: str, bulk: bool, lease: float, even_if_day_is_over: bool) -> float:
        self._check(even_if_day_is_over)
        try:
            wait = await self._store.take(place, self.limits, bulk=bulk, lease=lease)
            self._check(even_if_day_is_over)  # a store may take its time
        except BaseException:
            # A store on the other side of a thread or a socket may have taken it by now.
            await self._store.free(place, self.limits, sent=False)
            raise
        return wait

    def _check(self, even_if_day_is_over: bool) -> None:
        if self._closed:
            raise ClientClosedError("the client is closed")
        if self._closure is not None and not even_if_day_is_over:
            if self._clock() < self._closure.until:
                raise self._closure.reason()
            self._closure = None
