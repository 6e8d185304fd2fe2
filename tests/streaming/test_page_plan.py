"""Which pages are asked for: all rows once, in few requests, whatever the pages hold."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intervals_async._streaming.page_plan import MARGIN, PagePlan, PageRequest, pages_of
from intervals_async._streaming.page_sizes import BYTES, FIRST, GROWTH, SECONDS, PageSizes
from intervals_async.errors import IncompleteListingError, ListingError


def read(
    plan: PagePlan, request: PageRequest, rows: int, listcount: int | None, *, size: int = 1000
) -> None:
    """Take in a page of so many rows, as the reader does; `size` is that of one in bytes."""
    request.check_rows(rows)
    plan.note_listcount(listcount)
    if rows:
        new = max(request.offset + rows - plan.position, 0)
        plan.advance(request.offset + rows, new if plan.left is None else min(new, plan.left))
    plan.end_page(request, rows, listcount)
    plan.sizes.note_page(rows, size * rows, 0.1)


def read_all(
    plan: PagePlan,
    total: int,
    *,
    most: int = 1,
    ahead: bool = False,
    cap: int | None = None,
    listcount: bool = True,
) -> tuple[list[int], list[PageRequest]]:
    """Play a reader and a server with so many rows; give the rows received and the requests."""
    received: list[int] = []
    made: list[PageRequest] = []
    pages: deque[PageRequest] = deque()
    while plan.left != 0:
        gap = plan.gap(pages[0]) if pages else None
        if gap is not None:
            pages.appendleft(gap)
            made.append(gap)
        elif ahead or not pages:
            more = plan.next_requests(pages, most)
            pages += more
            made += more
        if not pages:
            break
        request = pages.popleft()
        size = request.limit if cap is None else min(request.limit, cap)
        rows = range(request.offset, max(min(request.offset + size, total), request.offset))
        new = [row for row in rows if row >= plan.position]
        received += new if plan.left is None else new[: plan.left]
        read(plan, request, len(rows), total if listcount else None)
    return received, made


@pytest.mark.parametrize(
    ("total", "requests"), [(0, 1), (1, 1), (500, 1), (501, 2), (25_000, 50), (25_001, 51)]
)
@pytest.mark.parametrize("most", [1, 8])
@pytest.mark.parametrize("overlap", [0, 1, 16])
def test_no_request_too_many(total: int, requests: int, most: int, overlap: int) -> None:
    """A page each, whatever it overlaps, and none to find out that there are no more."""
    plan = PagePlan(PageSizes(500), overlap=overlap)
    received, made = read_all(plan, total, most=most)
    assert received == list(range(total))
    assert len(made) == requests


@pytest.mark.parametrize(
    ("total", "requests"), [(0, 1), (100, 1), (101, 2), (1100, 2), (7000, 3), (100_000, 6)]
)
@pytest.mark.parametrize("overlap", [0, 1])
def test_few_requests_where_nobody_says_how_many_rows(
    total: int, requests: int, overlap: int
) -> None:
    """The pages grow, and the last one takes all that is left."""
    received, made = read_all(PagePlan(PageSizes(), overlap=overlap), total)
    assert received == list(range(total))
    assert len(made) == requests


@given(
    total=st.integers(0, 60),
    page_size=st.integers(1, 20),
    most=st.integers(1, 8),
    ahead=st.booleans(),
    cap=st.none() | st.integers(1, 20),
    overlap=st.integers(0, 3),
    offset=st.integers(0, 70),
    limit=st.none() | st.integers(0, 70),
    listcount=st.booleans(),
)
def test_every_row_of_the_slice_once_in_order(
    total: int,
    page_size: int,
    most: int,
    ahead: bool,
    cap: int | None,
    overlap: int,
    offset: int,
    limit: int | None,
    listcount: bool,
) -> None:
    """Whatever the page size, the concurrency, a capped server or the caller's slice."""
    sizes = PageSizes(page_size)
    plan = PagePlan(sizes, offset=offset, limit=limit, overlap=overlap, concurrency=most)
    cap = None if cap is None else cap + overlap
    received, _ = read_all(plan, total, most=most, ahead=ahead, cap=cap, listcount=listcount)
    assert received == list(range(total))[offset:][:limit]


@given(
    total=st.integers(0, 5000),
    most=st.integers(1, 8),
    ahead=st.booleans(),
    cap=st.none() | st.integers(30, 2000),
    overlap=st.integers(0, 1),
    offset=st.integers(0, 300),
    limit=st.none() | st.integers(0, 5000),
    listcount=st.booleans(),
)
def test_every_row_of_the_slice_once_in_pages_that_grow(
    total: int,
    most: int,
    ahead: bool,
    cap: int | None,
    overlap: int,
    offset: int,
    limit: int | None,
    listcount: bool,
) -> None:
    """The same where the sizes are found out, and in few requests where nothing is capped."""
    plan = PagePlan(PageSizes(), offset=offset, limit=limit, overlap=overlap, concurrency=most)
    received, made = read_all(plan, total, most=most, ahead=ahead, cap=cap, listcount=listcount)
    assert received == list(range(total))[offset:][:limit]
    if cap is None:
        assert len(made) <= 4 + 2 * most


def test_an_empty_slice_costs_no_request() -> None:
    """Nothing is asked for where nothing is wanted."""
    assert PagePlan(PageSizes(), limit=0).next_requests((), 8) == []


@pytest.mark.parametrize("limit", [1, 20, 150])
def test_no_more_is_asked_for_than_is_wanted(limit: int) -> None:
    """The caller's slice bounds the pages before the listcount is known, and after."""
    plan = PagePlan(PageSizes(), offset=7, limit=limit)
    request = plan.next_requests((), 1)[0]
    assert request == PageRequest(7, min(limit, FIRST))
    read(plan, request, request.limit, 10_000)
    rest = [PageRequest(107, 50)] if limit == 150 else []
    assert plan.next_requests((), 1) == rest


def test_before_the_first_answer_one_page_is_asked_for() -> None:
    """How many there are is not known yet, and requests are scarce."""
    plan = PagePlan(PageSizes(10), concurrency=8)
    assert plan.next_requests((), 8) == [PageRequest(0, 10)]
    assert plan.next_requests([PageRequest(0, 10)], 8) == []
    read(plan, PageRequest(0, 10), 10, 45)
    rest = [PageRequest(n, 10) for n in (10, 20, 30, 40)]
    assert plan.next_requests((), 8) == rest
    assert plan.next_requests((), 3) == rest[:3]
    assert plan.next_requests(rest[:1], 3) == rest[1:3]
    assert plan.next_requests(rest, 8) == []


def test_each_page_asks_for_some_rows_before_its_own() -> None:
    """The very first has none before it, unless it goes on behind what was given."""
    plan = PagePlan(PageSizes(10), offset=30, overlap=4)
    first = plan.next_requests((), 1)[0]
    assert first == PageRequest(30, 10)
    read(plan, first, 10, 100)
    second = plan.next_requests((), 1)[0]
    assert second == PageRequest(36, 14, overlap=4)
    assert (second.begin, second.end) == (40, 50)

    plan = PagePlan(PageSizes(10), overlap=4, position=2, yielded=2)
    assert plan.next_requests((), 1) == [PageRequest(2, 10)]
    plan = PagePlan(PageSizes(10), overlap=4, position=2, yielded=2, begun=True)
    assert plan.next_requests((), 1) == [PageRequest(0, 12, overlap=2)]


def test_the_last_page_leaves_no_page_for_a_few_rows() -> None:
    """It takes a quarter more than it would, and room for what others add meanwhile."""
    plan = PagePlan(PageSizes())
    read(plan, PageRequest(0, 100), 100, 100 + FIRST * GROWTH * 5 // 4)
    assert plan.next_requests((), 1) == [PageRequest(100, FIRST * GROWTH * 5 // 4 + MARGIN)]
    plan.note_listcount(101 + FIRST * GROWTH * 5 // 4)
    assert plan.next_requests((), 1) == [PageRequest(100, FIRST * GROWTH)]


def test_some_pages_for_each_that_is_under_way() -> None:
    """One huge page would leave nothing for the others to ask for."""
    plan = PagePlan(PageSizes(), concurrency=4)
    read(plan, PageRequest(0, 100), 100, 4000)
    requests = plan.next_requests((), 4)
    assert requests == [PageRequest(100 + 500 * n, 500) for n in range(4)]


def test_it_goes_on_in_the_middle() -> None:
    """What was given counts for the limit, and the end is asked anew."""
    plan = PagePlan(PageSizes(10), offset=5, limit=30, position=25, yielded=20)
    assert (plan.position, plan.yielded, plan.left) == (25, 20, 10)
    assert plan.next_requests((), 8) == [PageRequest(25, 10)]
    plan = PagePlan(PageSizes(10), limit=30, position=45, yielded=40)
    assert plan.next_requests((), 8) == []
    plan = PagePlan(PageSizes(10), position=45, yielded=40)
    assert plan.left is None
    assert plan.end is None


def test_a_short_page_is_filled_up() -> None:
    """It advances by the rows received, and the rest comes before what lies behind."""
    plan = PagePlan(PageSizes(10), overlap=1)
    read(plan, PageRequest(0, 10), 10, 100)
    first, second = plan.next_requests((), 2)
    assert (first, second) == (PageRequest(9, 11, 1), PageRequest(19, 11, 1))
    read(plan, first, 4, 100)
    assert plan.gap(second) == PageRequest(12, 8, 1)
    read(plan, PageRequest(12, 8, 1), 8, 100)
    assert plan.gap(second) is None
    assert plan.next_requests([second], 2) == [PageRequest(29, 11, 1)]


def test_there_is_no_gap_behind_the_end() -> None:
    """A page that was asked for in vain needs nothing before it."""
    plan = PagePlan(PageSizes(10))
    read(plan, PageRequest(0, 10), 10, 30)
    _, second = plan.next_requests((), 2)
    read(plan, PageRequest(10, 10), 2, 12)
    assert plan.gap(second) is None


def test_the_latest_listcount_ends_it() -> None:
    """Rows that came or went meanwhile move the end."""
    plan = PagePlan(PageSizes(10))
    read(plan, PageRequest(0, 10), 10, 12)
    read(plan, PageRequest(10, 10), 5, 15)
    assert plan.next_requests((), 1) == []
    assert plan.end == 15

    plan = PagePlan(PageSizes(10))
    read(plan, PageRequest(0, 10), 10, 100)
    read(plan, PageRequest(10, 10), 2, 12)
    assert plan.next_requests((), 1) == []


def test_without_a_listcount_a_page_without_new_rows_ends_it() -> None:
    """Nothing else tells the end, not even a short page."""
    plan = PagePlan(PageSizes(10), overlap=1)
    read(plan, PageRequest(0, 10), 4, None)
    assert plan.end is None
    request = plan.next_requests((), 8)[0]
    assert request == PageRequest(3, 11, 1)
    read(plan, request, 1, None)
    assert plan.next_requests((), 8) == []
    assert plan.end == 4


def test_a_listcount_that_its_own_answer_disproves_is_not_believed() -> None:
    """Rows and count may be read at two moments; the rows are there."""
    plan = PagePlan(PageSizes(10))
    read(plan, PageRequest(0, 10), 10, 5)
    assert plan.end == 11
    request = plan.next_requests((), 1)[0]
    assert request == PageRequest(10, 10)
    read(plan, request, 3, 5)
    assert plan.next_requests((), 1) == [PageRequest(13, 10)]
    read(plan, PageRequest(13, 10), 0, 13)
    assert plan.next_requests((), 1) == []


@pytest.mark.parametrize("overlap", [0, 1])
def test_a_page_that_brings_nothing_is_asked_for_once_more_then_raised(overlap: int) -> None:
    """While the listcount promises rows, none is no end; and it can be tried again after."""
    plan = PagePlan(PageSizes(10), overlap=overlap)
    read(plan, PageRequest(0, 10), 10, 20)
    for _ in range(2):
        read(plan, plan.next_requests((), 1)[0], overlap, 20)
        with pytest.raises(
            IncompleteListingError, match=r"expected 20 records, .* got none at offset 10 twice"
        ):
            read(plan, plan.next_requests((), 1)[0], overlap, 20)
    read(plan, plan.next_requests((), 1)[0], overlap, 20)
    read(plan, plan.next_requests((), 1)[0], overlap + 1, 20)
    assert plan.position == 11
    read(plan, plan.next_requests((), 1)[0], overlap, 20)  # and at another place, from the first


@pytest.mark.parametrize("overlap", [0, 1])
@pytest.mark.parametrize("page_size", [None, 50])
def test_a_page_that_brings_nothing_says_nothing_of_how_many_may_come(
    page_size: int | None, overlap: int
) -> None:
    """It is a fault, no cap: the pages after it are as large as those before."""
    plan = PagePlan(PageSizes(page_size), overlap=overlap)
    read(plan, PageRequest(0, 50), 50, 100_000)
    requests = plan.next_requests((), 1)
    for rows in (0, 0, overlap, overlap):
        read(plan, requests[0], rows, 100_000)
        assert plan.next_requests((), 1) == requests
        plan.end_page(PageRequest(0, 50), 50, 100_000)  # so that it is not twice at one place


def test_an_empty_page_without_listcount_is_measured_by_the_last_one() -> None:
    """An answer that says nothing at all does not end what was promised before."""
    plan = PagePlan(PageSizes(10))
    read(plan, PageRequest(0, 10), 10, 20)
    read(plan, plan.next_requests((), 1)[0], 0, None)
    with pytest.raises(IncompleteListingError):
        read(plan, plan.next_requests((), 1)[0], 0, None)


def test_more_rows_than_asked_for_are_an_error() -> None:
    """A server that ignores limit would give rows twice."""
    plan = PagePlan(PageSizes(10))
    with pytest.raises(ListingError, match="expected at most 10 rows at offset 0, got 11"):
        plan.next_requests((), 1)[0].check_rows(11)
    PageRequest(0, 10).check_rows(10)
    assert plan.next_requests((), 1) == [PageRequest(0, 10)]


@pytest.mark.parametrize("overlap", [0, 1])
def test_a_page_that_was_too_much_is_asked_for_in_parts(overlap: int) -> None:
    """Ever smaller ones from the same place; never nothing at all."""
    plan = PagePlan(PageSizes())
    request = PageRequest(80, 800, overlap)
    limits: list[int] = []
    while request.limit > overlap + 1:
        smaller = plan.smaller(request)
        assert (smaller.offset, smaller.overlap) == (80, overlap)
        assert overlap < smaller.limit < request.limit
        limits.append(smaller.limit)
        request = smaller
    assert plan.smaller(request) == request
    assert limits == [100 + overlap, 25 + overlap, 6 + overlap, 1 + overlap]


def test_a_page_size_that_was_asked_for_is_kept() -> None:
    """The caller knows better, be it slow or too much."""
    sizes = PageSizes(500)
    assert sizes.fixed
    sizes.note_page(500, 10 * BYTES, 10 * SECONDS)
    sizes.note_failure(500)
    assert sizes.size == 500
    assert PagePlan(sizes).smaller(PageRequest(0, 500)) == PageRequest(0, 500)


def test_pages_grow_from_few_rows_to_many() -> None:
    """Not at once: how much the server can do is found out."""
    sizes = PageSizes()
    assert not sizes.fixed
    seen = [sizes.size]
    for _ in range(3):
        sizes.note_page(sizes.size, sizes.size, 0.1)
        seen.append(sizes.size)
    assert seen == [FIRST * GROWTH**n for n in range(4)]


@pytest.mark.parametrize("rows", [0, 1, 50])
def test_a_small_page_says_nothing_of_the_others(rows: int) -> None:
    """It stood at the end, or filled a gap."""
    sizes = PageSizes()
    sizes.note_page(rows, 0, 0)
    assert sizes.size == FIRST


def test_pages_are_bounded_in_bytes_and_in_time() -> None:
    """What breaks off is asked for again, so it must not be too much."""
    sizes = PageSizes()
    sizes.note_page(100, 100 * 2**16, 0.1)
    assert sizes.size == BYTES // 2**16
    sizes = PageSizes()
    sizes.note_page(100, 100, 5.0)
    assert sizes.size == 200
    sizes.note_page(200, 200, 5.0)
    assert sizes.size == 400
    sizes.note_page(400, 400, 40.0)
    assert sizes.size == 100
    sizes.note_page(100, 100, 1000.0)
    assert sizes.size == FIRST  # a page that works is not made smaller than the first


def test_a_page_that_failed_makes_the_next_ones_smaller() -> None:
    """They may grow again, but not to what has failed."""
    sizes = PageSizes()
    for _ in range(2):
        sizes.note_page(sizes.size, sizes.size, 0.1)
    sizes.note_failure(6400)
    assert sizes.size == 1600
    for _ in range(5):
        sizes.note_page(sizes.size, sizes.size, 0.1)
    assert sizes.size < 6400


@given(
    limits=st.lists(st.integers(1, 10**6), max_size=10),
    fixed=st.none() | st.integers(1, 10**6),
    rows=st.integers(1, 10**6),
    size=st.integers(0, 10**9),
    seconds=st.just(0.0) | st.floats(1e-9, 1e6),
)
def test_a_page_asks_for_one_row_at_least(
    limits: list[int], fixed: int | None, rows: int, size: int, seconds: float
) -> None:
    """Whatever failed, and however slow and large it was."""
    sizes = PageSizes(fixed)
    for limit in limits:
        sizes.note_failure(limit)
        assert sizes.size >= 1
    sizes.note_page(rows, size, seconds)
    assert sizes.size >= 1


@pytest.mark.parametrize("fixed", [None, 100])
def test_a_server_that_caps_its_pages_is_asked_for_what_it_gives(fixed: int | None) -> None:
    """Once it may be chance, twice it is a rule."""
    sizes = PageSizes(fixed)
    sizes.note_short_page(30)
    assert sizes.size == 100
    sizes.note_short_page(20)
    assert sizes.size == 100
    sizes.note_short_page(20)
    assert sizes.size == 20
    sizes.note_page(20, 20, 0.1)
    assert sizes.size == 20


@pytest.mark.parametrize("overlap", [0, 1, 16])
@pytest.mark.parametrize("most", [1, 4])
def test_a_capped_server_costs_a_request_for_each_page_it_gives(most: int, overlap: int) -> None:
    """And a few to find out."""
    plan = PagePlan(PageSizes(), overlap=overlap, concurrency=most)
    received, made = read_all(plan, 10_000, most=most, cap=250 + overlap)
    assert received == list(range(10_000))
    assert len(made) <= 40 + 3 * most


@pytest.mark.parametrize(
    ("rows", "pages"),
    [
        (-5, 0), (0, 0), (1, 1), (100, 1), (101, 2), (900, 2), (901, 3), (7300, 3), (7301, 4),
        (7300 + 32 * 1024, 4), (7301 + 32 * 1024, 5),
    ],
)  # fmt: skip
def test_pages_grow_eightfold_up_to_a_maximum(rows: int, pages: int) -> None:
    """A small page comes first; each is eight times the one before, up to the maximum size."""
    assert pages_of(rows) == pages
