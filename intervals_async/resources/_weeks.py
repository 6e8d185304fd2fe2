"""Pure: ranges of moments, cut into the weeks that the API takes at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import attrs

from ..errors import ArgumentError

__all__ = ["Range", "range_to_cut"]

WEEK = timedelta(days=7)

# Whether the ends of a range belong to it is not documented: so each piece begins a little
# before the end of the one before, and none is lost in either case.
SHARED = timedelta(seconds=2)

# The present, of whatever time zone the account has, and by any clock, ends before this.
AHEAD = timedelta(days=1)


@attrs.frozen
class Range:
    """A range of moments that is too long for one request.

    Attributes:
        names: The two filters that state it.
        begin: Its begin.
        end: Its end; None for the present. Aware moments are in UTC: the seconds of others
            are no measure where clocks are put forward and back.
    """

    names: tuple[str, str]
    begin: datetime
    end: datetime | None

    def weeks(self, *, backwards: bool = False) -> list[dict[str, object]]:
        """The filters of each piece, in order.

        The pieces of an open range are whole weeks, so that they are the same tomorrow.
        """
        present = datetime.now(UTC) + AHEAD
        if self.begin.tzinfo is None:
            present = present.replace(tzinfo=None)
        # weeks that are still to come hold nothing
        end = present if self.end is None else min(self.end, present)
        pieces: list[tuple[datetime, datetime]] = []
        begin = self.begin
        while not pieces or pieces[-1][1] < end:
            until = datetime.max.replace(tzinfo=begin.tzinfo)
            if until - begin > WEEK:
                until = begin + WEEK
            pieces.append((begin, until if self.end is None else min(until, self.end)))
            begin = until - SHARED
        if backwards:
            pieces.reverse()
        return [self.filters(*piece) for piece in pieces]

    def filters(self, begin: object, end: object) -> dict[str, object]:
        """State a piece of it."""
        return dict(zip(self.names, (begin, end), strict=True))

    def common(self, one: Mapping[str, object], other: Mapping[str, object]) -> dict[str, object]:
        """The filters of what two pieces that are neighbours have in common."""
        first, second = sorted((one, other), key=lambda piece: str(piece[self.names[0]]))
        return self.filters(second[self.names[0]], first[self.names[1]])


def range_to_cut(
    what: str, names: tuple[tuple[str, str], ...], filters: Mapping[str, object]
) -> Range | None:
    """Find the range among filters that is longer than a week, or open at its end.

    Raises:
        ArgumentError: A range has no begin, or more than one is too long.
    """
    too_long = list(_too_long(what, names, filters))
    if len(too_long) > 1:
        raise ArgumentError(
            f"{what}: without taskid the API takes 7 days at most; of two longer ranges only one "
            f"can be cut into weeks, so give {names[1][0]} and {names[1][1]} of 7 days, or none"
        )
    return too_long[0] if too_long else None


def _too_long(
    what: str, names: tuple[tuple[str, str], ...], filters: Mapping[str, object]
) -> Iterator[Range]:
    for first, last in names:
        begin, end = _measured(filters.get(first)), _measured(filters.get(last))
        if isinstance(end, datetime) and not isinstance(begin, datetime):
            raise ArgumentError(
                f"{what} needs {first} with {last}: without taskid the API takes 7 days at most, "
                "so a range without its begin cannot be asked for"
            )
        if isinstance(begin, datetime) and not isinstance(end, datetime):
            yield Range((first, last), begin, None)
        elif isinstance(begin, datetime) and isinstance(end, datetime) and end - begin > WEEK:
            yield Range((first, last), begin, end)


def _measured(moment: object) -> object:
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        return moment
    return moment.astimezone(UTC)
