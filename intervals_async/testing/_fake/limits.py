"""The two limits that the API sets: requests in a minute, requests in a day.

Only a request that is let through counts. How the real server counts refused ones is not known.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from attrs import define, field

MINUTE = 60.0
UNLIMITED = 999_999_999
"""What /quota/ tells as the day's quota when the limit is off."""


@define
class MinuteLimit:
    """An exact sliding window: at most ``limit`` requests in any 60 seconds; None is no limit."""

    limit: int | None
    clock: Callable[[], float]
    _passed: deque[float] = field(factory=deque[float], init=False, repr=False)

    def admit(self) -> bool:
        """Let one request through, or return False."""
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
    """At most ``limit`` requests in a calendar day of GMT; None is no limit, but counts."""

    limit: int | None
    now: Callable[[], datetime]
    _day: date | None = field(default=None, init=False, repr=False)
    _used: int = field(default=0, init=False, repr=False)

    def admit(self) -> bool:
        """Let one request through, or return False."""
        if self.limit is not None and self.used >= self.limit:
            return False
        self._used = self.used + 1
        return True

    @property
    def used(self) -> int:
        """The requests let through today."""
        today = self.now().astimezone(UTC).date()
        if today != self._day:
            self._day, self._used = today, 0
        return self._used

    @property
    def quota(self) -> int:
        """The requests allowed in a day."""
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
