"""`Estimate`: what an export will cost, as far as can be known before it starts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from ...limits import Limit
from .json_file import plain

__all__ = ["Estimate", "RemainingWork", "ResourceEstimate", "estimate_seconds"]


@attrs.frozen(kw_only=True)
class ResourceEstimate:
    """What the export of one resource will cost.

    Attributes:
        resource: The name of the resource.
        listcount: The number of records according to the server; None if it does not say, or is
            not asked: records that are listed by parents are not counted.
        requests: About how many requests it takes, including those sent for this estimate.

    .. versionadded:: 0.2.0
    """

    resource: str
    listcount: int | None
    requests: int


@attrs.frozen(kw_only=True)
class Estimate:
    """What an export will cost.

    The numbers are approximate: pages grow with the speed of the server, and records may change
    meanwhile.

    Attributes:
        resources: All resources that are read, including those read for their ids only.
        seconds: How long it takes at least, judging by the rate limits and the first pages.
        daily_left: How many requests were left of the account's daily quota before the export sent
            any; None if unknown.
        next_reset: When the daily quota is reset, in UTC; None on older accounts.
        begun: When the unfinished export that is resumed was started, in UTC; None for a new one.
            Its finished resources are not read again.
        failed: The resources whose first page could not be read, and the error. All others are
            exported.

    .. versionadded:: 0.2.0
    """

    resources: Sequence[ResourceEstimate]
    seconds: float
    daily_left: int | None
    next_reset: datetime | None
    begun: datetime | None = None
    failed: Mapping[str, str] = attrs.field(factory=dict[str, str])

    @property
    def requests(self) -> int:
        """About how many requests it takes."""
        return sum(each.requests for each in self.resources)

    @property
    def fits_today(self) -> bool:
        """Whether today's remaining requests are enough, as far as is known."""
        return self.daily_left is None or self.requests <= self.daily_left

    def _repr_html_(self) -> str:
        """Show the resources as a table, in a notebook."""
        from ..._html import MAX_FIELDS, rows_table  # noqa: PLC0415  for notebooks only

        left = "unknown" if self.daily_left is None else f"{self.daily_left:,}"
        return rows_table(
            f"Estimate: {self.requests:,} requests, at least {self.seconds:,.0f} s",
            ("resource", "listcount", "requests"),
            [(each.resource, each.listcount, each.requests) for each in self.resources],
            f"Requests left today: {left}.",
            "" if self.fits_today else f"Today's quota is too small; reset: {self.next_reset}.",
            "" if self.begun is None else f"Resumes the export of {self.begun:%Y-%m-%d %H:%M} UTC.",
            *(f"Failed: {name}: {reason}" for name, reason in self.failed.items()),
            most=MAX_FIELDS,
        )

    def to_dict(self) -> dict[str, Any]:
        """Convert it into plain data, with the total number of requests."""
        return {"requests": self.requests, **plain(self)}


@attrs.frozen
class RemainingWork:
    """The rest of a resource that remains to be read.

    Attributes:
        requests: About how many requests.
        records: The number of records.
        first_page_seconds: How long the first page took; 0 if there was none.
        first_page_records: How many records it had at most.
    """

    requests: int
    records: int
    first_page_seconds: float
    first_page_records: int


def estimate_seconds(
    work: Iterable[RemainingWork], *, jobs: int, limits: Sequence[Limit], used: Sequence[int]
) -> float:
    """Estimate how long an export takes.

    Args:
        work: What is left of each resource.
        jobs: The number of resources that are read at the same time.
        limits: The rate limits.
        used: How many requests of each limit are used.
    """
    work = list(work)
    # A request takes at most as long, apart from its records, as the fastest first page.
    overhead = min((each.first_page_seconds for each in work if each.first_page_seconds), default=0)
    seconds = [
        each.requests * overhead
        + each.records
        * max(each.first_page_seconds - overhead, 0.0)
        / max(each.first_page_records, 1)
        for each in work
    ]
    reading = max(sum(seconds) / jobs, max(seconds, default=0.0))
    requests = sum(each.requests for each in work)
    # Streams do not use the reserved part of a limit.
    waiting = [
        math.ceil(max(requests + taken - available, 0) / available) * limit.per
        for limit, taken in zip(limits, used, strict=True)
        for available in [limit.requests - limit.reserved]
    ]
    return max(reading, *waiting, 0.0)
