"""How many requests may be sent: an exact sliding log, and the line of those who wait."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Iterable

import attrs

from .errors import ClientClosedError

__all__ = ["Limit", "Limiter"]


@attrs.frozen
class Limit:
    """So many requests in any stretch of so many seconds.

    Attributes:
        requests: How many.
        per: The length of the stretch, in seconds.
    """

    requests: int = attrs.field(validator=attrs.validators.ge(1))
    per: float = attrs.field(default=60.0, validator=attrs.validators.gt(0))


class SlidingLog:
    """Pure: the places of one limit.

    A place is taken when a request is sent and is free again one `per` after its answer
    came. The server counts it at some moment between the two, so whatever the network does
    to the requests on their way, the server never sees more than the limit.
    """

    __slots__ = ("_ended", "_limit", "_under_way")

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        # How many requests are under way now.
        self._under_way = 0
        # When each of the others that still hold a place ended, oldest first.
        self._ended: deque[float] = deque()

    def wait(self, now: float) -> float:
        """Seconds until a place is free; 0 for now, infinity for not before one ends."""
        # The same sum as below: rounded another way, a place could seem free and be taken.
        while self._ended and self._ended[0] + self._limit.per <= now:
            self._ended.popleft()
        if self._under_way + len(self._ended) < self._limit.requests:
            return 0.0
        return self._ended[0] + self._limit.per - now if self._ended else math.inf

    def begin(self) -> None:
        """Take a place."""
        self._under_way += 1

    def end(self, now: float, *, sent: bool) -> None:
        """End a request; one that was never sent gives its place back at once."""
        self._under_way -= 1
        if sent:
            self._ended.append(now)


class Limiter:
    """Lets requests pass as the limits allow: first come, first served.

    It runs no task and keeps no timer while nobody waits. Whoever is cancelled while
    waiting, or between being let through and noticing, gives the place back.
    """

    __slots__ = ("_clock", "_closed", "_line", "_logs", "_not_before", "_timer")

    def __init__(
        self, limits: Iterable[Limit], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._logs = tuple(SlidingLog(limit) for limit in limits)
        self._clock = clock
        # Those who wait, first come first; a future is done when its owner may pass.
        self._line: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        # Nobody passes before this moment: set when the server has refused.
        self._not_before = -math.inf
        self._closed = False

    async def acquire(self) -> None:
        """Wait for a place. Each one taken must be given back with `release`.

        Raises:
            ClientClosedError: The limiter was closed before or meanwhile.
        """
        if self._closed:
            raise ClientClosedError("the client is closed")
        if not self._line and self._wait() <= 0:
            self._begin()
            return
        place = asyncio.get_running_loop().create_future()
        self._line.append(place)
        self._let_pass()
        try:
            await place
        except asyncio.CancelledError:
            if place in self._line:
                self._line.remove(place)
                self._let_pass()
            elif not place.cancelled() and place.exception() is None:
                self.release(sent=False)  # it was let through
            raise

    def release(self, *, sent: bool) -> None:
        """Say that a request has ended, and whether anything of it was sent."""
        now = self._clock()
        for log in self._logs:
            log.end(now, sent=sent)
        self._let_pass()

    def hold(self, seconds: float) -> None:
        """Let nobody pass for so long: the server has refused a request as too fast."""
        self._not_before = max(self._not_before, self._clock() + seconds)
        self._let_pass()

    def close(self) -> None:
        """Send all who wait away with `ClientClosedError`."""
        self._closed = True
        for place in self._line:
            if not place.done():
                place.set_exception(ClientClosedError("the client was closed meanwhile"))
        self._line.clear()
        self._let_pass()

    def _wait(self) -> float:
        now = self._clock()
        return max(0.0, self._not_before - now, *(log.wait(now) for log in self._logs))

    def _begin(self) -> None:
        for log in self._logs:
            log.begin()

    def _let_pass(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._line:
            if self._line[0].done():  # cancelled; its owner has not run yet
                self._line.popleft()
                continue
            wait = self._wait()
            if wait <= 0:
                self._begin()
                self._line.popleft().set_result(None)
            elif wait < math.inf:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(wait, self._let_pass)
                return
            else:
                return  # `release` looks again
