"""A long range is split into weeks that overlap, so that no record is missed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intervals_async import ArgumentError
from intervals_async.resources._weeks import SHARED, WEEK, Range, range_to_cut

NAMES = (("from", "to"), ("changedfrom", "changedto"))
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NEW_YEAR + timedelta(days=100)


def weeks(range: Range) -> list[tuple[Any, Any]]:
    """Return the weeks of a range as pairs."""
    return [(week["from"], week["to"]) for week in range.weeks(datetime.now(UTC))]


@given(
    begin=st.datetimes(datetime(2000, 1, 1), datetime(2020, 1, 1)),  # noqa: DTZ001  of either kind
    length=st.timedeltas(timedelta(0), timedelta(days=400)),
)
def test_weeks_cover_the_range(begin: datetime, length: timedelta) -> None:
    """The weeks cover the range, overlap, and none is longer than 7 days."""
    pieces = weeks(Range(("from", "to"), begin, begin + length))
    assert pieces[0][0] == begin
    assert pieces[-1][1] == begin + length
    assert all(end - start <= WEEK for start, end in pieces)
    assert all(one[1] - next[0] == SHARED for one, next in pairwise(pieces))


def test_weeks_across_daylight_saving_time() -> None:
    """Weeks across a change of daylight saving time have no gap and are not too long."""
    zone = ZoneInfo("America/Los_Angeles")
    for begin in (datetime(2026, 3, 1, 3, tzinfo=zone), datetime(2025, 10, 30, tzinfo=zone)):
        range = range_to_cut("x.list()", NAMES, {"from": begin, "to": begin + timedelta(days=20)})
        assert range is not None
        pieces = weeks(range)
        assert pieces[0][0] == begin
        assert all(end - start <= WEEK for start, end in pieces)
        assert all(one[1] - next[0] == SHARED for one, next in pairwise(pieces))
        assert {start.tzinfo for start, _ in pieces} == {UTC}


def test_weeks_in_the_future_are_left_out() -> None:
    """The weeks end after the present and before the year 10000, however long the range is."""
    begin = datetime.now(UTC) - timedelta(days=3)
    pieces = weeks(Range(("from", "to"), begin, begin + timedelta(days=30_000)))
    assert len(pieces) == 1
    last = datetime.max.replace(tzinfo=UTC)
    assert len(weeks(Range(("from", "to"), last - timedelta(days=30), last))) == 1


def test_an_open_range_ends_after_the_present() -> None:
    """An open range ends after the present, and all of its weeks are complete."""
    begin = datetime.now(UTC) - timedelta(days=30)
    pieces = weeks(Range(("from", "to"), begin, None))
    assert pieces[-1][1] > datetime.now(UTC) + timedelta(hours=14)
    assert {end - start for start, end in pieces} == {WEEK}


def test_weeks_can_be_read_backwards() -> None:
    """Read backwards, the last week is first, and the overlaps are the same."""
    range = Range(("from", "to"), NEW_YEAR, NEW_YEAR + timedelta(days=20))
    forwards, backwards = range.weeks(LATER), range.weeks(LATER, backwards=True)
    assert backwards == forwards[::-1]
    common = {"from": forwards[1]["from"], "to": forwards[0]["to"]}
    assert range.common(forwards[0], forwards[1]) == common
    assert range.common(forwards[1], forwards[0]) == common


@pytest.mark.parametrize(
    ("filters", "cut"),
    [
        ({}, None),
        ({"from": NEW_YEAR, "to": NEW_YEAR + WEEK}, None),
        ({"from": NEW_YEAR}, Range(NAMES[0], NEW_YEAR, None)),
        (
            {"from": NEW_YEAR, "to": NEW_YEAR + 2 * WEEK},
            Range(NAMES[0], NEW_YEAR, NEW_YEAR + 2 * WEEK),
        ),
        (
            {"from": NEW_YEAR, "to": NEW_YEAR + WEEK, "changedfrom": NEW_YEAR},
            Range(NAMES[1], NEW_YEAR, None),
        ),
    ],
)
def test_ranges_to_split_are_found(filters: dict[str, object], cut: Range | None) -> None:
    """A range of more than a week, or without an end, is split."""
    assert range_to_cut("x.list()", NAMES, filters) == cut


@pytest.mark.parametrize(
    ("filters", "complaint"),
    [
        ({"to": NEW_YEAR}, r"x\.list\(\): expected from with to"),
        (
            {"from": NEW_YEAR, "changedfrom": NEW_YEAR},
            "expected one range of more than 7 days, got two",
        ),
    ],
)
def test_ranges_that_cannot_be_split_are_refused(
    filters: dict[str, object], complaint: str
) -> None:
    """The error for a range that cannot be split says which filters to use."""
    with pytest.raises(ArgumentError, match=complaint):
        range_to_cut("x.list()", NAMES, filters)
