"""Where slots are counted: the protocol of a store, and the store in memory."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from .limit import Limit, SlidingLog

__all__ = ["LimitStore", "MemoryLimitStore"]


class LimitStore(Protocol):
    """Counts the slots that are taken by all users of the store.

    A store decides at once and never waits. Waiting is the job of the limiter, which repeats
    `take` with the same name until the slot is taken, every second or two if the store was
    passed to the client, and calls `free` if it gives up.

    A store keeps this promise for every limit: in any window of `per` seconds, at most
    ``requests`` slots were held by requests that were sent.

    The stores of this package also keep a queue of the names that wait, which makes them fair. A
    slot goes to the request that waits longest, interactive requests first. Each client waits
    with one interactive call and one page of a stream at a time, so clients take turns, however
    many tasks each of them has. While more slots are free than clients wait, every request gets
    one. A store without a queue works too, but a request may then overtake those of other clients.

    .. versionchanged:: 0.2.0
       Renamed the argument ``place`` of `take` and `free` to `slot`.
    """

    async def take(self, slot: str, limits: Sequence[Limit], *, bulk: bool, lease: float) -> float:
        """Take a slot of every limit, or of none.

        Args:
            slot: A unique name for the slot, the same for each try of a request.
            limits: The limits, the same for all users of the store.
            bulk: Whether to leave each limit's `reserved` slots free.
            lease: Seconds after which the request counts as ended if its process has died.

        Returns:
            0 if the slot was taken, else the least seconds until it can be, provided that no
            slot is freed early and that all requests ahead are sent. Infinity means that
            a slot of this process must be freed first. Unless 0 is returned, the request waits
            until a later `take` returns 0 or its slot is freed.
        """
        ...

    async def free(self, slot: str, limits: Sequence[Limit], *, sent: bool) -> None:
        """End a request, or its wait for a slot. An unknown slot is ignored.

        Args:
            slot: The name of the slot.
            limits: The limits that it was taken from.
            sent: Whether the request was sent. If so, the slot is free `per` seconds from now,
                else at once.
        """
        ...

    async def hold(self, seconds: float) -> None:
        """Grant no slots for a number of seconds. A longer hold stays in force."""
        ...

    async def used(self, limits: Sequence[Limit]) -> list[int]:
        """Count the slots that are taken, for each limit."""
        ...

    async def close(self) -> None:
        """Release the store's resources in this process. May be called again."""
        ...


class MemoryLimitStore:
    """Counts the slots of one process: of one client, or of several clients on one IP address.

    Clients that wait take turns, interactive calls before the pages of streams.
    """

    __slots__ = ("_clock", "_logs", "_not_before", "_queues", "_slots")

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._logs: dict[float, SlidingLog] = {}
        # The slots of requests in progress.
        self._slots: set[str] = set()
        # The names that wait: False for interactive calls, True for bulk.
        self._queues: dict[bool, list[str]] = {False: [], True: []}
        self._not_before = -math.inf

    async def take(self, slot: str, limits: Sequence[Limit], *, bulk: bool, lease: float) -> float:
        """Take a slot, or return the seconds until the next try."""
        now = self._clock()
        queue = self._queues[bulk]
        ahead = queue.index(slot) if slot in queue else len(queue)
        if bulk:
            ahead += len(self._queues[False])
        waits = (self._log(each.per).wait(now, each, ahead=ahead, bulk=bulk) for each in limits)
        wait = max(0.0, self._not_before - now, *waits)
        if wait <= 0:
            self._leave(slot)
            self._slots.add(slot)
            for log in self._logs_of(limits):
                log.begin()
        elif slot not in queue:
            queue.append(slot)
        return wait

    async def free(self, slot: str, limits: Sequence[Limit], *, sent: bool) -> None:
        """End a request, or its wait for a slot."""
        self._leave(slot)
        if slot in self._slots:
            self._slots.remove(slot)
            for log in self._logs_of(limits):
                log.end(self._clock(), sent=sent)

    async def hold(self, seconds: float) -> None:
        """Grant no slots for a number of seconds."""
        self._not_before = max(self._not_before, self._clock() + seconds)

    async def used(self, limits: Sequence[Limit]) -> list[int]:
        """Count the slots that are taken."""
        return [self._log(limit.per).used(self._clock()) for limit in limits]

    async def close(self) -> None:
        """Do nothing: the store holds no resources."""

    def _leave(self, slot: str) -> None:
        for queue in self._queues.values():
            if slot in queue:
                queue.remove(slot)

    def _log(self, per: float) -> SlidingLog:
        # Clients may reserve different numbers of slots, but all their requests count.
        return self._logs.setdefault(per, SlidingLog(per))

    def _logs_of(self, limits: Sequence[Limit]) -> list[SlidingLog]:
        return [self._log(per) for per in {limit.per for limit in limits}]
