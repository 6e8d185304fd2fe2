"""Which pages are asked for: all rows once, in few requests, whatever the pages hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intervals_async._paging import PagePlan, PageRequest, WholePlan
from intervals_async.errors import IncompleteListingError, ListingError


def read_all(
    plan: PagePlan,
    total: int,
    *,
    most: int = 1,
    cap: int | None = None,
    listcount: bool = True,
) -> tuple[list[int], int]:
    """Play a server with so many rows; give the offsets received and the requests."""
    received: list[int] = []
    requests = 0
    while batch := plan.next_requests(most):
        for request in batch:
            requests += 1
            size = request.limit if cap is None else min(request.limit, cap)
            rows = range(request.offset, min(request.offset + size, total))
            received += rows
            plan.received(request, len(rows), total if listcount else None)
    return received, requests


@pytest.mark.parametrize(
    ("total", "requests"), [(0, 1), (1, 1), (500, 1), (501, 2), (25_000, 50), (25_001, 51)]
)
@pytest.mark.parametrize("most", [1, 8])
def test_no_request_too_many(total: int, requests: int, most: int) -> None:
    """A page each, and none to find out that there are no more."""
    received, made = read_all(PagePlan(500), total, most=most)
    assert received == list(range(total))
    assert made == requests


@given(
    total=st.integers(0, 60),
    page_size=st.integers(1, 20),
    most=st.integers(1, 8),
    cap=st.none() | st.integers(1, 20),
    offset=st.integers(0, 70),
    limit=st.none() | st.integers(0, 70),
    listcount=st.booleans(),
)
def test_every_row_of_the_slice_once(
    total: int,
    page_size: int,
    most: int,
    cap: int | None,
    offset: int,
    limit: int | None,
    listcount: bool,
) -> None:
    """Whatever the page size, the concurrency, a capped server or the caller's slice."""
    plan = PagePlan(page_size, offset=offset, limit=limit)
    received, _ = read_all(plan, total, most=most, cap=cap, listcount=listcount)
    stop = total if limit is None else min(total, offset + limit)
    assert sorted(received) == list(range(offset, stop))


def test_an_empty_slice_costs_no_request() -> None:
    """Nothing is asked for where nothing is wanted."""
    assert PagePlan(500, limit=0).next_requests(8) == []


def test_before_the_first_answer_one_page_is_asked_for() -> None:
    """How many there are is not known yet, and requests are scarce."""
    plan = PagePlan(10)
    assert plan.next_requests(8) == [PageRequest(0, 10)]
    plan.received(PageRequest(0, 10), 10, 45)
    assert plan.next_requests(8) == [PageRequest(n, 10) for n in (10, 20, 30, 40)]
    assert plan.next_requests(8) == []


def test_a_page_that_failed_is_asked_for_again() -> None:
    """An error loses no page."""
    plan = PagePlan(10)
    request = plan.next_requests(1)[0]
    plan.failed(request)
    assert plan.next_requests(1) == [request]


def test_a_short_page_is_filled_up() -> None:
    """It advances by the rows received, and the rest comes before what lies behind."""
    plan = PagePlan(10)
    plan.received(plan.next_requests(1)[0], 10, 100)
    first, second = plan.next_requests(2)
    plan.received(second, 10, 100)
    plan.received(first, 3, 100)
    assert plan.next_requests(2) == [PageRequest(13, 7), PageRequest(30, 10)]


def test_the_latest_listcount_ends_it() -> None:
    """Rows that came or went meanwhile move the end."""
    plan = PagePlan(10)
    plan.received(plan.next_requests(1)[0], 10, 12)
    plan.received(plan.next_requests(1)[0], 5, 15)
    assert plan.next_requests(1) == []
    assert (plan.listcount, plan.end) == (15, 15)

    plan = PagePlan(10)
    plan.received(plan.next_requests(1)[0], 10, 100)
    plan.received(plan.next_requests(1)[0], 2, 12)
    assert plan.next_requests(1) == []


def test_a_listcount_that_its_own_answer_disproves_is_not_believed() -> None:
    """Rows and count may be read at two moments; the rows are there."""
    plan = PagePlan(10)
    plan.received(plan.next_requests(1)[0], 10, 50)
    first, second = plan.next_requests(2)
    plan.received(first, 0, 50)
    plan.received(second, 10, 5)
    assert (plan.listcount, plan.end) == (5, 31)
    assert plan.next_requests(1) == [first]


def test_an_empty_page_is_asked_for_once_more_then_raised() -> None:
    """While the listcount promises rows, none is no end; and it can be tried again after."""
    plan = PagePlan(10)
    plan.received(plan.next_requests(1)[0], 10, 20)
    for _ in range(2):
        request = plan.next_requests(1)[0]
        assert request == PageRequest(10, 10)
        plan.received(request, 0, 20)
        with pytest.raises(IncompleteListingError, match="counts 20 records, but twice gave none"):
            plan.received(plan.next_requests(1)[0], 0, 20)
    plan.received(plan.next_requests(1)[0], 10, 20)
    assert plan.next_requests(1) == []


def test_an_empty_page_without_listcount_is_measured_by_the_last_one() -> None:
    """An answer that says nothing at all does not end what was promised before."""
    plan = PagePlan(10)
    plan.received(plan.next_requests(1)[0], 10, 20)
    plan.received(plan.next_requests(1)[0], 0, None)
    with pytest.raises(IncompleteListingError):
        plan.received(plan.next_requests(1)[0], 0, None)


def test_more_rows_than_asked_for_are_an_error() -> None:
    """A server that ignores limit would give rows twice."""
    plan = PagePlan(10)
    with pytest.raises(ListingError, match="10 rows were asked for at offset 0, 11 came"):
        plan.received(plan.next_requests(1)[0], 11, 50)
    assert plan.next_requests(1) == [PageRequest(0, 10)]


@pytest.mark.parametrize("listcount", [None, 3, 2])
def test_the_whole_in_one_request(listcount: int | None) -> None:
    """Without pages there is one request, and a listcount is believed where it comes."""
    plan = WholePlan()
    request = plan.next_requests(1)[0]
    plan.failed(request)
    request = plan.next_requests(1)[0]
    plan.received(request, 3, listcount)
    assert plan.next_requests(1) == []
    assert plan.listcount == listcount


def test_a_whole_that_is_not_whole_is_asked_for_once_more_then_raised() -> None:
    """There is no offset to get the rest with, so it is said."""
    plan = WholePlan()
    for _ in range(2):
        plan.received(plan.next_requests(1)[0], 3, 5)
        with pytest.raises(IncompleteListingError, match="counts 5 records, but twice gave 3"):
            plan.received(plan.next_requests(1)[0], 3, 5)
    plan.received(plan.next_requests(1)[0], 5, 5)
    assert plan.next_requests(1) == []
