"""`Estimate`: what an export will cost, as far as can be told before it starts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime

import attrs

from ...limits import Limit

__all__ = ["Estimate", "ResourceEstimate", "Work", "seconds_for"]


@attrs.frozen(kw_only=True)
class ResourceEstimate:
    """What the export of one resource will cost.

    Attributes:
        resource: Its name.
        listcount: How many records there are, as the server has counted; None where it does not,
            or is not asked: what is listed by parents is not counted.
        requests: About how many requests it takes, those that were sent to find it out included.
    """

    resource: str
    listcount: int | None
    requests: int


@attrs.frozen(kw_only=True)
class Estimate:
    """What an export will cost.

    Pages grow as the server is quick, and others write meanwhile: so the numbers are about right,
    no more.

    Attributes:
        resources: Each resource that is read, also those for their ids alone.
        seconds: How long it will last at least, as the limits of requests and the first pages say.
        day_left: Requests that the account had left today before the export sent any; None if
            that cannot be told.
        next_reset: When the day starts anew, in UTC; None on older accounts.
        begun: When the unfinished export was begun that is gone on with, in UTC; None for a new
            one. What it has finished is not read again.
    """

    resources: Sequence[ResourceEstimate]
    seconds: float
    day_left: int | None
    next_reset: datetime | None
    begun: datetime | None = None

    @property
    def requests(self) -> int:
        """About how many requests it takes of the day's."""
        return sum(each.requests for each in self.resources)

    @property
    def fits_today(self) -> bool:
        """Whether the day's requests suffice, as far as is known."""
        return self.day_left is None or self.requests <= self.day_left


@attrs.frozen
class Work:
    """What is still to be read of a resource.

    Attributes:
        requests: About how many requests it takes.
        rows: How many rows.
        first_page: Seconds that the first page took; 0 where there was none.
        first_rows: How many rows that had at most.
    """

    requests: int
    rows: int
    first_page: float
    first_rows: int


def seconds_for(
    works: Iterable[Work], *, jobs: int, limits: Sequence[Limit], used: Sequence[int]
) -> float:
    """About how long some work lasts.

    Args:
        works: The work on each resource.
        jobs: How many of them are worked on at once.
        limits: The limits of requests.
        used: How many places of each are taken.
    """
    works = list(works)
    # What a request takes without its rows: no more than the quickest first page.
    empty = min((work.first_page for work in works if work.first_page), default=0.0)
    each = [
        work.requests * empty
        + work.rows * max(work.first_page - empty, 0.0) / max(work.first_rows, 1)
        for work in works
    ]
    reading = max(sum(each) / jobs, max(each, default=0.0))
    requests = sum(work.requests for work in works)
    # Streams leave the reserved places free.
    waiting = [
        math.ceil(max(requests + taken - most, 0) / most) * limit.per
        for limit, taken in zip(limits, used, strict=True)
        for most in [limit.requests - limit.reserved]
    ]
    return max(reading, *waiting, 0.0)
