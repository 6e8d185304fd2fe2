"""Makes requests wait for a slot of the rate limits: in order, and cancellable."""

from __future__ import annotations

import asyncio
import itertools
import math
import os
import random
import secrets
import time
from collections.abc import Callable, Iterable, Iterator

import attrs

from ..errors import ClientClosedError, IntervalsError, LimitTimeoutError
from .limit import Limit
from .store import LimitStore, MemoryLimitStore
from .waiters import Waiters

__all__ = ["Limiter"]

# The longest time in seconds between two tries of a request that waits for a store that others
# use too. The others may free a slot early, or leave the queue, without waking it.
_POLL_INTERVAL = 1.0


@attrs.frozen
class _Refusal:
    """The error that requests get, and until when on the limiter's clock."""

    until: float
    error: Callable[[], IntervalsError]


def _slot_names() -> Iterator[str]:
    # The generator starts when the first slot is taken: processes that are forked before that
    # have different names.
    prefix = f"{os.getpid():x}-{secrets.token_hex(6)}"
    for number in itertools.count():
        yield f"{prefix}-{number:x}"


class Limiter:
    """Grants slots as the limits allow, first come, first served.

    There are two queues: one for interactive calls (`get`, `count`, every write), and one for
    the pages of streams. The first page of its queue joins the other queue for each single try.
    So an interactive call waits behind one page at most. In addition, streams leave the
    `reserved` slots of a limit free.

    Only the first request of each queue asks the store. Limiters that share a store with a queue
    therefore take turns: one with a single request waits as long as one with a hundred.

    A limiter runs no task, and keeps no timer while nothing waits. A request that is cancelled or
    refused leaves no slot taken, and leaves the queue of the store.
    """

    __slots__ = (
        "_clock", "_closed", "_max_sleep", "_names", "_on_wait", "_queues", "_refusal",
        "_store", "_waiters", "limits",
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
        self._max_sleep = None if store is None else _POLL_INTERVAL
        self._clock = clock
        self._on_wait = on_wait
        # False for interactive calls, True for bulk.
        self._queues = {False: asyncio.Lock(), True: asyncio.Lock()}
        # The requests at the head of a queue. Once woken, they try again.
        self._waiters = Waiters()
        self._names = _slot_names()
        self._refusal: _Refusal | None = None
        self._closed = False

    async def acquire(
        self,
        *,
        bulk: bool = False,
        lease: float = 300.0,
        max_wait: float | None = None,
        ignore_daily_quota: bool = False,
    ) -> str:
        """Wait for a slot, and return its name for `release`.

        Args:
            bulk: Whether to let interactive calls go first.
            lease: Seconds within which the request has surely ended. If its process dies, the
                slot counts as ended then.
            max_wait: The longest wait in seconds; None for any.
            ignore_daily_quota: Whether to ignore `refuse_until`.

        Raises:
            ClientClosedError: The limiter is closed, or was closed during the wait.
            LimitTimeoutError: The longest wait is over.
            IntervalsError: The error that was passed to `refuse_until`.
            LimitStoreError: The store is down and fails closed.
        """
        slot = next(self._names)
        expiry = asyncio.timeout(max_wait)
        try:
            async with expiry, self._queues[bulk]:
                await self._wait(slot, bulk, lease, ignore_daily_quota)
        except TimeoutError:
            if not expiry.expired():
                raise
            raise LimitTimeoutError(
                f"no slot of the rate limits was free within {max_wait:g} s (limit_timeout); "
                "nothing was sent"
            ) from None
        return slot

    async def _wait(self, slot: str, bulk: bool, lease: float, ignore_daily_quota: bool) -> None:
        """Wait for a slot at the head of a queue."""
        reported = False
        wait = math.inf
        try:
            while (wait := await self._try(slot, bulk, lease, ignore_daily_quota)) > 0:
                if not reported:
                    self._on_wait(wait, bulk)
                    reported = True
                await self._waiters.sleep(min(wait, self._poll_interval()))
        finally:
            if wait > 0:
                await self.release(slot, sent=False)

    async def acquire_at_once(self, *, lease: float) -> str | None:
        """Take a slot that is free now, unless interactive calls wait for it, or return None.

        `refuse_until` is ignored.

        Args:
            lease: As for `acquire`.

        Raises:
            ClientClosedError: The limiter is closed.
            LimitStoreError: The store is down and fails closed.
        """
        slot = next(self._names)
        wait = math.inf
        try:
            wait = await self._take(slot, bulk=False, lease=lease, ignore_daily_quota=True)
        finally:
            if wait > 0:
                await self.release(slot, sent=False)
        return slot if wait <= 0 else None

    async def release(self, slot: str, *, sent: bool) -> None:
        """End a request, or its wait.

        Args:
            slot: The name of its slot.
            sent: Whether any of the request was sent.
        """
        await self._store.free(slot, self.limits, sent=sent)
        self._waiters.wake()

    async def hold(self, seconds: float) -> None:
        """Grant no slots for a number of seconds, because the server refused a request."""
        await self._store.hold(seconds)

    def refuse_until(self, until: float, error: Callable[[], IntervalsError]) -> None:
        """Let all requests fail until a moment, those that wait included.

        Args:
            until: The moment on the limiter's clock.
            error: Returns the error to raise, a new one for each request.
        """
        self._refusal = _Refusal(until, error)
        self._waiters.wake()

    async def used(self) -> list[int]:
        """Count the slots that are taken now, for each limit."""
        return await self._store.used(self.limits)

    def close(self) -> None:
        """Let all requests that wait fail with `ClientClosedError`.

        A store that was passed in stays open.
        """
        self._closed = True
        self._waiters.wake()

    async def _try(self, slot: str, bulk: bool, lease: float, ignore_daily_quota: bool) -> float:
        if bulk:
            try:
                async with asyncio.timeout(self._max_sleep):
                    await self._queues[False].acquire()
            except TimeoutError:
                # Interactive calls wait. The store knows the first of them and prefers it, but
                # must not forget that this page waits too.
                pass
            else:
                try:
                    return await self._take(slot, bulk, lease, ignore_daily_quota)
                finally:
                    self._queues[False].release()
        return await self._take(slot, bulk, lease, ignore_daily_quota)

    async def _take(self, slot: str, bulk: bool, lease: float, ignore_daily_quota: bool) -> float:
        """Try to take a slot. After an error, it may have been taken."""
        self._check(ignore_daily_quota)
        wait = await self._store.take(slot, self.limits, bulk=bulk, lease=lease)
        self._check(ignore_daily_quota)  # the store may have taken a while
        return wait

    def _poll_interval(self) -> float:
        if self._max_sleep is None:
            return math.inf
        # Random, so that waiting processes do not all try at once.
        return self._max_sleep * random.uniform(0.75, 1.0)  # noqa: S311  # no secret

    def _check(self, ignore_daily_quota: bool) -> None:
        if self._closed:
            raise ClientClosedError("the client is closed")
        if self._refusal is not None and not ignore_daily_quota:
            if self._clock() < self._refusal.until:
                raise self._refusal.error()
            self._refusal = None
