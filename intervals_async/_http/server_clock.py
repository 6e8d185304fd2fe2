"""The server's time, which the account's dates follow, whatever this machine's clock says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

__all__ = ["ServerClock"]

# A `Date` header has whole seconds and takes a while to arrive. A smaller difference says nothing.
UNCERTAIN = timedelta(seconds=5)


class ServerClock:
    """Tells the server's time, from the ``Date`` headers of its responses.

    Attributes:
        known: Whether a response has told the server's time.
    """

    __slots__ = ("_ahead", "_now", "known")

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        # How far the server's clock is ahead of this machine's.
        self._ahead = timedelta(0)
        self.known: bool = False

    def now(self) -> datetime:
        """Return the server's time in UTC; this machine's, as long as no response has told it."""
        return self._now() + self._ahead

    def note(self, date: str | None) -> None:
        """Note the ``Date`` header of a response that has just arrived, if it has one."""
        try:
            moment = parsedate_to_datetime(date or "")
            ahead = moment.replace(tzinfo=moment.tzinfo or UTC) - self._now()
        except (ValueError, OverflowError):
            return  # no date, or none that can be read
        if not 2000 <= moment.year < 9000:
            return  # dates near the ends of the calendar cannot be reckoned with
        self._ahead = ahead if abs(ahead) > UNCERTAIN else timedelta(0)
        self.known = True
