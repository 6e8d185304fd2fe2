"""Pure: a rate limit, and the exact sliding log of the requests that count against it."""

from __future__ import annotations

import math
from collections import deque

import attrs

__all__ = ["Limit", "SlidingLog", "turn"]


def _one_in_fifty(limit: Limit) -> int:
    return limit.requests // 50


def _is_whole(_: Limit, attribute: attrs.Attribute[int], value: object) -> None:
    if type(value) is not int:
        raise ValueError(f"{attribute.name}: expected an integer, got {value!r}")


def _is_finite(_: Limit, attribute: attrs.Attribute[float], value: float) -> None:
    if not math.isfinite(value):
        raise ValueError(f"{attribute.name}: expected a finite number, got {value!r}")


@attrs.frozen
class Limit:
    """At most ``requests`` requests in any window of `per` seconds.

    Attributes:
        requests: The number of requests, at least 1.
        per: The length of the window in seconds.
        reserved: How many of the requests streams leave to interactive calls such as `get`.
            The default is one in fifty, which is 2 of 100.

    Raises:
        ValueError: A number is out of range, or `reserved` leaves nothing to streams.
    """

    requests: int = attrs.field(validator=[_is_whole, attrs.validators.ge(1)])
    per: float = attrs.field(default=60.0, validator=[_is_finite, attrs.validators.gt(0)])
    reserved: int = attrs.field(
        default=attrs.Factory(_one_in_fifty, takes_self=True),
        validator=[_is_whole, attrs.validators.ge(0)],
    )

    def __attrs_post_init__(self) -> None:
        if self.reserved >= self.requests:
            raise ValueError(
                f"reserved: expected less than requests ({self.requests}), got {self.reserved}"
            )

    def slots(self, *, bulk: bool) -> int:
        """Return how many slots may be taken at once.

        Args:
            bulk: Whether the requests are those of streams, which leave `reserved` slots free.

        .. versionchanged:: 0.2.0
           Renamed from ``places``.
        """
        return self.requests - self.reserved if bulk else self.requests


def turn(limit: Limit, taken: int, *, ahead: int, bulk: bool) -> tuple[int, int]:
    """Return when it is a request's turn, if all requests ahead of it get a slot first.

    Args:
        limit: The limit.
        taken: The number of slots that are taken.
        ahead: The number of requests that wait ahead of it.
        bulk: Whether it is a page of a stream.

    Returns:
        The index of the taken slot that must be free first, oldest first; below 0 for none. Then
        the number of windows to add, because the requests ahead use some slots more than once.
    """
    index = taken + ahead - limit.slots(bulk=bulk)
    windows = max(0, (index - taken) // limit.requests + 1)
    return index - windows * limit.requests, windows


class SlidingLog:
    """The slots of all limits with one window.

    A request takes a slot when it is sent. The slot is free again `per` seconds after the
    response. The server counts the request at some moment between the two. So the server never
    sees more requests than the limit, whatever the network does to them.
    """

    __slots__ = ("_active", "_ended", "_per")

    def __init__(self, per: float) -> None:
        self._per = per
        # The number of requests in progress.
        self._active = 0
        # When each of the other requests that still hold a slot ended, oldest first.
        self._ended: deque[float] = deque()

    def used(self, now: float) -> int:
        """Count the slots that are taken."""
        # `wait` adds in the same order. Another rounding could call a taken slot free.
        while self._ended and self._ended[0] + self._per <= now:
            self._ended.popleft()
        return self._active + len(self._ended)

    def wait(self, now: float, limit: Limit, *, ahead: int = 0, bulk: bool = False) -> float:
        """Return the seconds until a request may take a slot.

        The result is 0 if a slot is free now, and infinity if a request in progress must end
        first.

        Args:
            now: The time.
            limit: The limit, which has the window of this log.
            ahead: How many other requests get a slot first.
            bulk: Whether the request is a page of a stream.
        """
        index, windows = turn(limit, self.used(now), ahead=ahead, bulk=bulk)
        if index >= len(self._ended):
            return math.inf
        first = self._ended[index] + self._per - now if index >= 0 else 0.0
        return first + windows * self._per

    def begin(self) -> None:
        """Take a slot."""
        self._active += 1

    def end(self, now: float, *, sent: bool) -> None:
        """End a request. A request that was never sent frees its slot at once."""
        self._active -= 1
        if sent:
            self._ended.append(now)
