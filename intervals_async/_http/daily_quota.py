"""Handles a used-up daily quota: requests the reset once, and sends nothing else until then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import attrs

from .._schema.values import utc_moment
from ..errors import CallError, DailyQuotaError
from .final_errors import daily_quota_error
from .messages import Call, ParsedResponse
from .settings import Timeouts

__all__ = ["QUOTA", "DailyQuota"]

QUOTA = Call("GET", "quota")

# Seconds for which no request is sent if the reset is unknown.
UNKNOWN_RESET = 60.0

# Seconds after which the reset is requested again, even if it is far in the future.
LONGEST_DAY = 25 * 3600.0


@attrs.frozen
class _KnownReset:
    reset: datetime | None
    valid_until: float


class DailyQuota:
    """Finds out when a used-up daily quota is reset. One request serves all tasks."""

    __slots__ = ("_ask", "_clock", "_known", "_lock", "_now", "_refuse_until")

    def __init__(
        self,
        *,
        ask: Callable[[Timeouts], Awaitable[ParsedResponse | None]],
        refuse_until: Callable[[float, Callable[[], DailyQuotaError]], None],
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        """Store the functions.

        Args:
            ask: Requests ``/quota/`` once, without waiting for a slot. Returns None if none is free.
            refuse_until: Lets every request fail until a moment of `clock`.
            clock: The monotonic clock, in seconds.
            now: Returns the current time in UTC.
        """
        self._ask = ask
        self._refuse_until = refuse_until
        self._clock = clock
        self._now = now
        self._lock = asyncio.Lock()
        self._known: _KnownReset | None = None

    async def note_exhausted(self, failure: DailyQuotaError, timeouts: Timeouts) -> None:
        """Set the reset of an error, and let requests fail until then.

        Args:
            failure: The error.
            timeouts: The timeouts of the call that failed, for the request of the reset.
        """
        async with self._lock:
            if self._known is None or self._clock() >= self._known.valid_until:
                reset = await self._ask_for_reset(timeouts)
                seconds = UNKNOWN_RESET
                if reset is not None:
                    seconds = min((reset - self._now()).total_seconds(), LONGEST_DAY)
                self._known = _KnownReset(reset, self._clock() + seconds)
                self._refuse_until(self._known.valid_until, lambda: daily_quota_error(reset))
            failure.reset = self._known.reset

    async def _ask_for_reset(self, timeouts: Timeouts) -> datetime | None:
        try:
            response = await self._ask(timeouts)
            row = None if response is None else response.row()
            reset = utc_moment(row["next_reset"] if isinstance(row, dict) else None)
        except (CallError, KeyError, ValueError):
            return None
        return reset if reset > self._now() else None
