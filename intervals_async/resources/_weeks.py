"""Pure: split long date ranges into weeks, the longest range that the API accepts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import attrs

from ..errors import ArgumentError

__all__ = ["Range", "range_to_cut"]

WEEK = timedelta(days=7)

# It is not documented whether a range includes its ends. So each week starts a little before
# the end of the previous one, and no record between them is missed.
SHARED = timedelta(seconds=2)

# Now plus this lies in the future in every time zone of an account, and by any clock.
AHEAD = timedelta(days=1)


@attrs.frozen
class Range:
    """A date range that is too long for one request.

    Attributes:
        names: The two filters of the range.
        begin: The start.
        end: The end; None for the present. Aware datetimes are in UTC, because differences of
            local times are wrong when daylight saving time begins or ends.
    """

    names: tuple[str, str]
    begin: datetime
    end: datetime | None

    def weeks(self, now: datetime, *, backwards: bool = False) -> list[dict[str, object]]:
        """Return the filters of each week, in order.

        The last week of an open range is complete, so that resuming it later finds the same weeks.

        Args:
            now: The current time in UTC.
            backwards: Whether the last week comes first.
        """
        present = now + AHEAD
        if self.begin.tzinfo is None:
            present = present.replace(tzinfo=None)
        # Weeks in the future hold no records.
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
        """Return the filters of a part of the range."""
        return dict(zip(self.names, (begin, end), strict=True))

    def common(self, one: Mapping[str, object], other: Mapping[str, object]) -> dict[str, object]:
        """Return the filters of the overlap of two neighbouring weeks."""
        first, second = sorted((one, other), key=lambda piece: str(piece[self.names[0]]))
        return self.filters(second[self.names[0]], first[self.names[1]])


def range_to_cut(
    what: str, names: tuple[tuple[str, str], ...], filters: Mapping[str, object]
) -> Range | None:
    """Find the range among the filters that is longer than a week or has no end.

    Raises:
        ArgumentError: A range has no start, or more than one is too long.
    """
    too_long = list(_too_long(what, names, filters))
    if len(too_long) > 1:
        raise ArgumentError(
            f"{what}: expected one range of more than 7 days, got two; "
            f"limit {names[1][0]} and {names[1][1]} to 7 days, or leave them out"
        )
    return too_long[0] if too_long else None


def _too_long(
    what: str, names: tuple[tuple[str, str], ...], filters: Mapping[str, object]
) -> Iterator[Range]:
    for first, last in names:
        begin, end = _measured(filters.get(first)), _measured(filters.get(last))
        if isinstance(end, datetime) and not isinstance(begin, datetime):
            raise ArgumentError(
                f"{what}: expected {first} with {last}, got {last} alone; "
                "without taskid, the API accepts ranges of at most 7 days"
            )
        if isinstance(begin, datetime) and not isinstance(end, datetime):
            yield Range((first, last), begin, None)
        elif isinstance(begin, datetime) and isinstance(end, datetime) and end - begin > WEEK:
            yield Range((first, last), begin, end)


def _measured(moment: object) -> object:
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        return moment
    return moment.astimezone(UTC)
