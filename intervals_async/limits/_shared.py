"""What stores that several processes share have in common: what they do while they are down."""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from ..errors import ArgumentError, ClientClosedError, LimitStoreError
from .limit import Limit
from .store import MemoryLimitStore

__all__ = ["SharedLimitStore", "StoreDownError", "WhenDown"]

T = TypeVar("T")

WhenDown = Literal["open", "closed"]

_log = logging.getLogger("intervals_async.limits")


class StoreDownError(Exception):
    """The store could not be asked; the message says why, without secrets."""


class SharedLimitStore(ABC):
    """A `LimitStore` outside of the process, and what this process does without it.

    Beside the shared store, each process keeps its own places in its memory and passes only
    if both let it. So whatever becomes of the shared store, be it down, back or emptied, one
    process by itself never exceeds a limit.

    What is asked of the shared store runs in a task of its own. A caller who is cancelled
    leaves at once, and a place that is granted to it afterwards is given back.
    """

    __slots__ = (
        "_again", "_clock", "_closed", "_owed", "_own", "_places", "_reason", "_retry_after",
        "_tasks", "_what", "_when_down",
    )  # fmt: skip

    def __init__(
        self,
        what: str,
        *,
        when_down: WhenDown,
        retry_after: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if when_down not in {"open", "closed"}:
            raise ArgumentError("'when_down' must be 'open' or 'closed'")
        self._what = what
        self._when_down = when_down
        self._retry_after = retry_after
        self._clock = clock
        self._own = MemoryLimitStore(clock=clock)
        # The places under way, and whether the shared store may know of them.
        self._places: dict[str, bool] = {}
        # What the shared store has still to be told, oldest first. Of an outage longer than
        # this, the rest is left to the leases.
        self._owed: deque[tuple[str, Sequence[Limit], bool]] = deque(maxlen=1000)
        self._tasks: set[asyncio.Task[Any]] = set()
        # Why the store is down, if it is, and when to try it again.
        self._reason: str | None = None
        self._again = 0.0
        self._closed = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._what}>"

    async def take(self, place: str, limits: Sequence[Limit], *, bulk: bool, lease: float) -> float:
        """Take a place, or say when to ask again.

        Raises:
            ClientClosedError: The store was closed, before or meanwhile.
            LimitStoreError: The store is down, and is to fail closed.
        """
        self._check()
        taking = self._start(self._take_both(place, limits, bulk=bulk, lease=lease))
        try:
            wait = await asyncio.shield(taking)
            self._check()
        except (asyncio.CancelledError, ClientClosedError):
            self._start(self._undo(taking, place, limits))
            raise
        return wait

    async def free(self, place: str, limits: Sequence[Limit], *, sent: bool) -> None:
        """End a request; never raises, as what it has done is known by now.

        After `close` it is passed over: the place is then left to its lease.
        """
        if not self._closed:
            await asyncio.shield(self._start(self._free_both(place, limits, sent=sent)))

    async def hold(self, seconds: float) -> None:
        """Let nobody take a place for so long; while the store is down, nobody in this process.

        Raises:
            ClientClosedError: The store was closed.
        """
        self._check()
        await self._own.hold(seconds)
        await asyncio.shield(self._start(self._ask(partial(self._hold, seconds))))

    async def used(self, limits: Sequence[Limit]) -> list[int]:
        """Count the places that are taken; while the store is down, those of this process.

        Raises:
            ClientClosedError: The store was closed.
            LimitStoreError: The store is down, and is to fail closed.
        """
        self._check()
        used = await asyncio.shield(self._start(self._ask(partial(self._used, limits))))
        if used is None:
            self._refuse_if_closed()
            used = await self._own.used(limits)
        return used

    async def __aenter__(self) -> Self:
        """Give itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        await self.close()

    async def close(self) -> None:
        """Finish what is under way, then give up thread or connection. May be called again."""
        self._closed = True
        while self._tasks:
            await asyncio.wait(self._tasks)
        await self._close()

    @abstractmethod
    async def _take(
        self, place: str, limits: Sequence[Limit], *, bulk: bool, lease: float
    ) -> Sequence[float]:
        """Take a place if nothing is in its way, however often this is asked.

        Returns:
            For the hold and then for each limit, exactly how long it will be in the way if
            nobody gives a place back before: all 0 when the place is taken.
        """

    @abstractmethod
    async def _free(self, place: str, limits: Sequence[Limit], *, sent: bool) -> None:
        """End a request under way; pass over what is not known."""

    @abstractmethod
    async def _hold(self, seconds: float) -> None:
        """Let nobody take a place for so long."""

    @abstractmethod
    async def _used(self, limits: Sequence[Limit]) -> list[int]:
        """Count the places that are taken, for each limit."""

    @abstractmethod
    async def _close(self) -> None:
        """Give up thread or connection, if there is one still."""

    async def _take_both(
        self, place: str, limits: Sequence[Limit], *, bulk: bool, lease: float
    ) -> float:
        wait = await self._own.take(place, limits, bulk=bulk, lease=lease)
        if wait > 0:
            # What this process fills by itself, no other can empty: no need to look earlier.
            # But another limiter in it may, and does not wake whoever waits for ever.
            return wait if wait < math.inf else min(map(_patience, limits))
        # Without an answer nobody knows whether it has been taken.
        maybe = self._is_due()
        passed = False
        try:
            waits = await self._ask(partial(self._take, place, limits, bulk=bulk, lease=lease))
            if waits is None:
                if maybe and self._when_down == "closed":
                    self._owed.append((place, limits, False))
                self._refuse_if_closed()
                waits = (0.0,)
            hold, *exact = waits
            # A place that is given back unsent comes free before it would have expired.
            nearer = (
                min(each, _patience(limit)) for each, limit in zip(exact, limits, strict=False)
            )
            wait = max(0.0, hold, *nearer)
            passed = wait <= 0
        finally:
            if passed:
                self._places[place] = maybe
            else:
                await self._own.free(place, limits, sent=False)
        return wait

    async def _undo(self, taking: asyncio.Task[float], place: str, limits: Sequence[Limit]) -> None:
        await asyncio.wait([taking])
        await self._free_both(place, limits, sent=False)

    async def _free_both(self, place: str, limits: Sequence[Limit], *, sent: bool) -> None:
        if place in self._places:
            # Here first, so that no place is free there before it is free here.
            await self._own.free(place, limits, sent=sent)
            if self._places.pop(place):
                self._owed.append((place, limits, sent))
                await self._settle()

    async def _settle(self) -> None:
        """Tell the shared store what it has not been told."""
        while self._owed and self._is_due():
            place, limits, sent = owed = self._owed.popleft()
            if await self._ask(partial(self._told, place, limits, sent=sent)) is None:
                self._owed.appendleft(owed)
                return

    async def _told(self, place: str, limits: Sequence[Limit], *, sent: bool) -> bool:
        await self._free(place, limits, sent=sent)
        return True

    def _is_due(self) -> bool:
        return self._reason is None or self._clock() >= self._again

    async def _ask(self, operation: Callable[[], Awaitable[T]]) -> T | None:
        """Ask the shared store; None while it is down."""
        if not self._is_due():
            return None
        # While one tries whether it is back, the others do without it.
        self._again = self._clock() + self._retry_after
        try:
            answer = await operation()
        except StoreDownError as error:
            self._again = self._clock() + self._retry_after
            if self._reason is None:
                then = (
                    "this process keeps the limits by itself until it is back"
                    if self._when_down == "open"
                    else "nothing is sent until it is back"
                )
                _log.warning("%s cannot be asked (%s): %s", self._what, error, then)
            self._reason = str(error)
            return None
        if self._reason is not None:
            self._reason = None
            _log.info("%s is back: the limits are shared again", self._what)
            self._start(self._settle())
        return answer

    def _start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _check(self) -> None:
        if self._closed:
            raise ClientClosedError("the store of the limits is closed")

    def _refuse_if_closed(self) -> None:
        if self._when_down == "closed":
            raise LimitStoreError(f"{self._what} cannot be asked: {self._reason}")


def _patience(limit: Limit) -> float:
    """After how many seconds to look whether another process has given a place back."""
    longest = min(1.0, max(0.005, limit.per / 100))
    # So that those who wait do not all come at once.
    return longest * random.uniform(0.75, 1.0)  # noqa: S311  # no secret
