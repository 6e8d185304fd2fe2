"""The common part of all stores that several processes share, and their handling of outages."""

from __future__ import annotations

import asyncio
import logging
import os
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

__all__ = ["TICKET_LIFETIME", "SharedLimitStore", "StoreDownError", "WhenDown"]

# Seconds after which a request that waits and does not try again leaves the queue.
TICKET_LIFETIME = 5.0

T = TypeVar("T")

WhenDown = Literal["open", "closed"]

_log = logging.getLogger("intervals_async.limits")


class StoreDownError(Exception):
    """The store is unavailable. The message says why, without secrets."""


class SharedLimitStore(ABC):
    """A `LimitStore` outside of the process.

    Each process also counts its own slots in memory, and a request needs a slot of both. So a
    single process never exceeds a limit, even if the shared store is down or was emptied.

    The queue is in the shared store. While that is down, each process has its own.

    Operations on the shared store run in tasks of their own. A cancelled caller leaves at once,
    and its ticket of the queue, or a slot that it is granted afterwards, is freed.
    """

    __slots__ = (
        "_clock", "_closed", "_down_reason", "_local", "_name", "_pending_frees", "_pid",
        "_retry_after", "_retry_at", "_slots", "_tasks", "_waiting", "_when_down",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        *,
        when_down: WhenDown,
        retry_after: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if when_down not in {"open", "closed"}:
            raise ArgumentError(f"when_down: expected 'open' or 'closed', got {when_down!r}")
        self._name = name
        self._when_down = when_down
        self._retry_after = retry_after
        self._clock = clock
        self._local = MemoryLimitStore(clock=clock)
        # The slots of requests in progress and of those that wait, and whether the shared store
        # may know them.
        self._slots: dict[str, bool] = {}
        # The slots of requests that wait.
        self._waiting: set[str] = set()
        # Slots that the shared store has not freed yet, oldest first. After a very long outage,
        # the oldest slots are left to their leases.
        self._pending_frees: deque[tuple[str, Sequence[Limit], bool]] = deque(maxlen=1000)
        self._tasks: set[asyncio.Task[Any]] = set()
        # Why the store is down, if it is, and when to try it again.
        self._down_reason: str | None = None
        self._retry_at = 0.0
        self._closed = False
        # The process that uses the store, from its first use on.
        self._pid: int | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._name}>"

    async def take(self, slot: str, limits: Sequence[Limit], *, bulk: bool, lease: float) -> float:
        """Take a slot, or return the seconds until the next try.

        Raises:
            ClientClosedError: The store is closed, was closed during the call, or was used by
                the process from which this one was forked.
            LimitStoreError: The store is down and fails closed.
        """
        self._check()
        taking = self._start(self._take_both(slot, limits, bulk=bulk, lease=lease))
        try:
            wait = await asyncio.shield(taking)
            self._check()
        except (asyncio.CancelledError, ClientClosedError):
            self._start(self._undo(taking, slot, limits))
            raise
        return wait

    async def free(self, slot: str, limits: Sequence[Limit], *, sent: bool) -> None:
        """End a request. Never raises, so that it cannot hide the outcome of the request.

        A closed store does nothing and leaves the slot to its lease. A request that waits leaves
        the queue soon afterwards.
        """
        if not self._closed and not self._is_forked():
            waits = slot in self._waiting
            freeing = self._start(self._free_both(slot, limits, sent=sent))
            if not waits:
                await asyncio.shield(freeing)

    async def hold(self, seconds: float) -> None:
        """Grant no slots for a number of seconds: while the store is down, none of this process.

        Raises:
            ClientClosedError: The store is closed.
        """
        self._check()
        await self._local.hold(seconds)
        await asyncio.shield(self._start(self._call(partial(self._hold, seconds))))

    async def used(self, limits: Sequence[Limit]) -> list[int]:
        """Count the slots that are taken: while the store is down, those of this process.

        Raises:
            ClientClosedError: The store is closed.
            LimitStoreError: The store is down and fails closed.
        """
        self._check()
        used = await asyncio.shield(self._start(self._call(partial(self._used, limits))))
        if used is None:
            self._raise_if_fails_closed()
            used = await self._local.used(limits)
        return used

    async def __aenter__(self) -> Self:
        """Return the store itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the store."""
        await self.close()

    async def close(self) -> None:
        """Finish the operations in progress, then close thread or connection.

        May be called again.
        """
        self._closed = True
        if self._is_forked():
            return  # thread and connection belong to the other process
        while self._tasks:
            await asyncio.wait(self._tasks)
        await self._close()

    @abstractmethod
    async def _take(
        self, slot: str, limits: Sequence[Limit], *, bulk: bool, lease: float, only_queue: bool
    ) -> Sequence[float]:
        """Take a slot if nothing prevents it, else join the queue or stay in it.

        Args:
            slot: As for `take`.
            limits: As for `take`.
            bulk: As for `take`.
            lease: As for `take`.
            only_queue: Whether to take no slot, because this process must not use it yet.

        Returns:
            The exact seconds to wait for the hold, then for each limit, if no slot is freed
            early and all requests in progress end now. All are 0 if the slot was taken or, with
            `only_queue`, would have been.
        """

    @abstractmethod
    async def _free(self, slot: str, limits: Sequence[Limit], *, sent: bool) -> None:
        """End a request, or its wait. An unknown slot is ignored."""

    @abstractmethod
    async def _hold(self, seconds: float) -> None:
        """Grant no slots for a number of seconds."""

    @abstractmethod
    async def _used(self, limits: Sequence[Limit]) -> list[int]:
        """Count the slots that are taken, for each limit."""

    @abstractmethod
    async def _close(self) -> None:
        """Close thread or connection, if there is one."""

    async def _take_both(
        self, slot: str, limits: Sequence[Limit], *, bulk: bool, lease: float
    ) -> float:
        known = self._slots.get(slot, False)
        try:
            wait = await self._local.take(slot, limits, bulk=bulk, lease=lease)
            # Without a response, the shared store may know the slot or not.
            known = known or self._is_due()
            waits = await self._call(
                partial(self._take, slot, limits, bulk=bulk, lease=lease, only_queue=wait > 0)
            )
            if waits is None:
                self._raise_if_fails_closed()
            else:
                wait = max(0.0, *waits) or wait
                if wait > 0:
                    # Neither a slot nor the local queue: the request waits in the shared one.
                    await self._local.free(slot, limits, sent=False)
        except BaseException:
            self._slots[slot] = known
            await self._free_both(slot, limits, sent=False)
            raise
        self._slots[slot] = known
        if wait > 0:
            self._waiting.add(slot)
        else:
            self._waiting.discard(slot)
        return wait

    async def _undo(self, taking: asyncio.Task[float], slot: str, limits: Sequence[Limit]) -> None:
        await asyncio.wait([taking])
        await self._free_both(slot, limits, sent=False)

    async def _free_both(self, slot: str, limits: Sequence[Limit], *, sent: bool) -> None:
        self._waiting.discard(slot)
        if slot in self._slots:
            # The local slot first: no slot may be free in the shared store and taken here.
            await self._local.free(slot, limits, sent=sent)
            if self._slots.pop(slot):
                self._pending_frees.append((slot, limits, sent))
                await self._free_pending()

    async def _free_pending(self) -> None:
        """Free the slots in the shared store that it has not freed yet."""
        while self._pending_frees and self._is_due():
            slot, limits, sent = pending = self._pending_frees.popleft()
            if await self._call(partial(self._freed, slot, limits, sent=sent)) is None:
                self._pending_frees.appendleft(pending)
                return

    async def _freed(self, slot: str, limits: Sequence[Limit], *, sent: bool) -> bool:
        await self._free(slot, limits, sent=sent)
        return True

    def _is_due(self) -> bool:
        return self._down_reason is None or self._clock() >= self._retry_at

    async def _call(self, operation: Callable[[], Awaitable[T]]) -> T | None:
        """Call the shared store. Return None while it is down."""
        if not self._is_due():
            return None
        # While one call finds out whether the store is back, the others do without it.
        self._retry_at = self._clock() + self._retry_after
        try:
            result = await operation()
        except StoreDownError as error:
            self._retry_at = self._clock() + self._retry_after
            if self._down_reason is None:
                effect = (
                    "this process counts its own requests only, until the store is back"
                    if self._when_down == "open"
                    else "no requests are sent until the store is back"
                )
                _log.warning("%s is unavailable (%s): %s", self._name, error, effect)
            self._down_reason = str(error)
            return None
        if self._down_reason is not None:
            self._down_reason = None
            _log.info("%s is available again: rate limits are shared again", self._name)
            self._start(self._free_pending())
        return result

    def _start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _check(self) -> None:
        if self._closed:
            raise ClientClosedError("the limit store is closed")
        if self._is_forked():
            raise ClientClosedError(
                "the limit store was used in another process before this one was forked; "
                "create one store in each process"
            )
        self._pid = os.getpid()

    def _is_forked(self) -> bool:
        return self._pid not in (None, os.getpid())

    def _raise_if_fails_closed(self) -> None:
        if self._when_down == "closed":
            raise LimitStoreError(f"{self._name} is unavailable: {self._down_reason}")
