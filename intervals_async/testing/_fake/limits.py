"""The two limits of the API: the rate limit per minute and the daily quota.

Only admitted requests count. It is unknown how the real server counts refused requests.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from attrs import define, field

MINUTE = 60.0
UNLIMITED = 999_999_999
"""The daily quota that ``/quota/`` reports when the limit is off."""


@define
class MinuteLimit:
    """A sliding window of at most ``limit`` requests in any 60 seconds. None turns it off."""

    limit: int | None
    clock: Callable[[], float]
    _passed: deque[float] = field(factory=deque[float], init=False, repr=False)

    def admit(self) -> bool:
        """Count one request and return True, or return False if the limit is reached."""
        if self.limit is None:
            return True
        now = self.clock()
        while self._passed and now - self._passed[0] >= MINUTE:
            self._passed.popleft()
        if len(self._passed) >= self.limit:
            return False
        self._passed.append(now)
        return True


@define
class DayLimit:
    """A quota of at most ``limit`` requests per calendar day in GMT. None only counts."""

    limit: int | None
    now: Callable[[], datetime]
    _day: date | None = field(default=None, init=False, repr=False)
    _used: int = field(default=0, init=False, repr=False)

    def admit(self) -> bool:
        """Count one request and return True, or return False if the limit is reached."""
        if self.limit is not None and self.used >= self.limit:
            return False
        self._used = self.used + 1
        return True

    @property
    def used(self) -> int:
        """The number of requests admitted today."""
        today = self.now().astimezone(UTC).date()
        if today != self._day:
            self._day, self._used = today, 0
        return self._used

    @property
    def quota(self) -> int:
        """The number of requests allowed per day."""
        return UNLIMITED if self.limit is None else self.limit

    @property
    def exceeded(self) -> bool:
        """Whether the next request would be refused."""
        return self.used >= self.quota

    @property
    def next_reset(self) -> datetime:
        """The next midnight GMT."""
        tomorrow = self.now().astimezone(UTC).date() + timedelta(days=1)
        return datetime.combine(tomorrow, time(), UTC)
