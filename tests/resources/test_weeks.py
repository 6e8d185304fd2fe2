"""A long range becomes weeks that overlap a little, so that none of its moments is lost."""

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


def weeks(range: Range) -> list[tuple[Any, Any]]:
    """The pieces of a range, as pairs."""
    return [(week["from"], week["to"]) for week in range.weeks()]


@given(
    begin=st.datetimes(datetime(2000, 1, 1), datetime(2020, 1, 1)),  # noqa: DTZ001  of either kind
    length=st.timedeltas(timedelta(0), timedelta(days=400)),
)
def test_the_pieces_cover_the_range(begin: datetime, length: timedelta) -> None:
    """From its begin to its end, none longer than a week, each beginning before the last ends."""
    pieces = weeks(Range(("from", "to"), begin, begin + length))
    assert pieces[0][0] == begin
    assert pieces[-1][1] == begin + length
    assert all(end - start <= WEEK for start, end in pieces)
    assert all(one[1] - next[0] == SHARED for one, next in pairwise(pieces))


def test_weeks_are_weeks_where_clocks_are_put_forward_and_back() -> None:
    """Wall time is no measure: no hour is left out, and no piece is an hour too long."""
    zone = ZoneInfo("America/Los_Angeles")
    for begin in (datetime(2026, 3, 1, 3, tzinfo=zone), datetime(2025, 10, 30, tzinfo=zone)):
        range = range_to_cut("x.list()", NAMES, {"from": begin, "to": begin + timedelta(days=20)})
        assert range is not None
        pieces = weeks(range)
        assert pieces[0][0] == begin
        assert all(end - start <= WEEK for start, end in pieces)
        assert all(one[1] - next[0] == SHARED for one, next in pairwise(pieces))
        assert {start.tzinfo for start, _ in pieces} == {UTC}


def test_what_is_still_to_come_is_not_asked_for() -> None:
    """Week after week of nothing; nor is there anything beyond the last year."""
    begin = datetime.now(UTC) - timedelta(days=3)
    pieces = weeks(Range(("from", "to"), begin, begin + timedelta(days=30_000)))
    assert len(pieces) == 1
    last = datetime.max.replace(tzinfo=UTC)
    assert len(weeks(Range(("from", "to"), last - timedelta(days=30), last))) == 1


def test_an_open_range_ends_after_the_present() -> None:
    """In whole weeks, so that its pieces are the same when it is asked again later."""
    begin = datetime.now(UTC) - timedelta(days=30)
    pieces = weeks(Range(("from", "to"), begin, None))
    assert pieces[-1][1] > datetime.now(UTC) + timedelta(hours=14)
    assert {end - start for start, end in pieces} == {WEEK}


def test_backwards_the_last_week_comes_first() -> None:
    """As the order of the records does; what neighbours have in common is the same."""
    range = Range(("from", "to"), NEW_YEAR, NEW_YEAR + timedelta(days=20))
    forwards, backwards = range.weeks(), range.weeks(backwards=True)
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
def test_what_is_too_long_is_found(filters: dict[str, object], cut: Range | None) -> None:
    """More than a week, or without an end."""
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
def test_what_cannot_be_cut_is_refused(filters: dict[str, object], complaint: str) -> None:
    """The message says what to give instead."""
    with pytest.raises(ArgumentError, match=complaint):
        range_to_cut("x.list()", NAMES, filters)
