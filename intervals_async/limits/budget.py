"""`Budget` and `LimitUse`: how many requests are left."""

from __future__ import annotations

from datetime import datetime

import attrs

from .limit import Limit

__all__ = ["Budget", "LimitUse"]


@attrs.frozen
class LimitUse:
    """How much of one rate limit is used.

    Attributes:
        limit: The limit.
        used: The number of slots that are in use now, by all clients that share its store.
    """

    limit: Limit
    used: int

    @property
    def left(self) -> int:
        """The number of requests that could be sent at once."""
        return max(self.limit.requests - self.used, 0)


@attrs.frozen(kw_only=True)
class Budget:
    """How many requests are left: see `IntervalsClient.budget`.

    Attributes:
        limits: The use of each rate limit of the client, by default that of a minute.
        day_quota: The daily quota of the account, in requests.
        day_used: Requests that the account has used today, by all its people and programs.
        next_reset: When the daily quota is reset, in UTC; None on older accounts.
        requests: Requests that this client has sent since it was made.
    """

    limits: tuple[LimitUse, ...]
    day_quota: int
    day_used: int
    next_reset: datetime | None
    requests: int

    @property
    def day_left(self) -> int:
        """Requests that the account has left today."""
        return max(self.day_quota - self.day_used, 0)
