"""What it costs to read a listing, and the warning about one that costs a lot."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import attrs

__all__ = ["CostWarning", "ListingEstimate", "warn_of_cost"]

# The rate limit is 100 requests per minute for all users of an IP address.
MANY = 50

PACKAGE = str(Path(__file__).parent.parent)


class CostWarning(UserWarning):
    """One call takes more than 50 requests, so it uses up much of the rate limits.

    .. versionadded:: 0.2.0
    """


@attrs.frozen(kw_only=True)
class ListingEstimate:
    """What it costs to stream a listing.

    Attributes:
        requests: About how many requests it takes. A listing of several partitions takes one for
            each, and more for those with many records.
        records: The number of matching records; None if it is not known without reading them.

    .. versionadded:: 0.2.0
    """

    requests: int
    records: int | None

    def _repr_html_(self) -> str:
        """Show it as a table, in a notebook."""
        from .._html import fields_table  # noqa: PLC0415  for notebooks only

        records = "unknown" if self.records is None else self.records
        return fields_table("Estimate", [("records", records), ("requests", self.requests)])


def warn_of_cost(resource: str, requests: int) -> None:
    """Warn of a call that takes many requests, at the line of the program that makes it."""
    if requests > MANY:
        warnings.warn(
            f"{resource}: this call may take {requests} requests or more; use a shorter range or "
            "other filters, or see first what listing.estimate() says",
            CostWarning,
            stacklevel=_depth_of_caller(),
        )


def _depth_of_caller() -> int:
    """Return the stack level of the innermost frame outside of the library."""
    depth = 1
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
        depth += 1
    return depth
