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
        used: The number of slots that are taken now, by all clients that share its store.
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
        limits: The use of each rate limit of the client. The default limit is per minute.
        daily_quota: The daily quota of the account, in requests.
        daily_used: The number of requests that the account has used today, by all its users.
        next_reset: When the daily quota is reset, in UTC; None on older accounts.
        requests: The number of requests that this client has sent.

    .. versionchanged:: 0.2.0
       Renamed ``day_quota``, ``day_used`` and ``day_left`` to `daily_quota`, `daily_used` and
       `daily_left`.
    """

    limits: tuple[LimitUse, ...]
    daily_quota: int
    daily_used: int
    next_reset: datetime | None
    requests: int

    @property
    def daily_left(self) -> int:
        """The number of requests that the account has left today."""
        return max(self.daily_quota - self.daily_used, 0)
