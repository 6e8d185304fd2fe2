"""A limit, and pure: the exact sliding log of the requests that it counts."""

from __future__ import annotations

import math
from collections import deque

import attrs

__all__ = ["Limit", "SlidingLog"]


def _one_of_fifty(limit: Limit) -> int:
    return limit.requests // 50


@attrs.frozen
class Limit:
    """So many requests in any stretch of so many seconds.

    Attributes:
        requests: How many.
        per: The length of the stretch, in seconds.
        reserved: How many of them a stream leaves free for calls that somebody waits for,
            such as `get`. By default one of fifty: 2 of 100.
    """

    requests: int = attrs.field(validator=attrs.validators.ge(1))
    per: float = attrs.field(default=60.0, validator=attrs.validators.gt(0))
    reserved: int = attrs.field(
        default=attrs.Factory(_one_of_fifty, takes_self=True), validator=attrs.validators.ge(0)
    )

    def __attrs_post_init__(self) -> None:
        if self.reserved >= self.requests:
            raise ValueError(
                "'reserved' must be less than 'requests', or no stream could ever pass"
            )

    def places(self, *, bulk: bool) -> int:
        """How many requests may hold a place before one more of this kind is let through."""
        return self.requests - self.reserved if bulk else self.requests


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

    def used(self, now: float) -> int:
        """How many places are taken."""
        # The same sum as in `wait`: rounded another way, a place could seem free and be taken.
        while self._ended and self._ended[0] + self._limit.per <= now:
            self._ended.popleft()
        return self._under_way + len(self._ended)

    def wait(self, now: float, *, bulk: bool = False) -> float:
        """Seconds until a place is free; 0 for now, infinity for not before one ends."""
        too_many = self.used(now) - self._limit.places(bulk=bulk)
        if too_many < 0:
            return 0.0
        if too_many >= len(self._ended):
            return math.inf
        return self._ended[too_many] + self._limit.per - now

    def begin(self) -> None:
        """Take a place."""
        self._under_way += 1

    def end(self, now: float, *, sent: bool) -> None:
        """End a request; one that was never sent gives its place back at once."""
        self._under_way -= 1
        if sent:
            self._ended.append(now)
