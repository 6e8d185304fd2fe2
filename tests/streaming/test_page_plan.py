"""PagePlan requests every row once in few requests, whatever the pages contain."""

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
    """Take in a page with this number of rows of `size` bytes each, as the reader does."""
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
    """Simulate a reader and a server; return the rows received and the requests."""
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
def test_fixed_page_sizes_take_the_fewest_requests(
    total: int, requests: int, most: int, overlap: int
) -> None:
    """With a fixed page size, a plan takes one request per page, and none to find the end."""
    plan = PagePlan(PageSizes(500), overlap=overlap)
    received, made = read_all(plan, total, most=most)
    assert received == list(range(total))
    assert len(made) == requests


@pytest.mark.parametrize(
    ("total", "requests"), [(0, 1), (100, 1), (101, 2), (1100, 2), (7000, 3), (100_000, 6)]
)
@pytest.mark.parametrize("overlap", [0, 1])
def test_growing_pages_take_few_requests(total: int, requests: int, overlap: int) -> None:
    """Without a fixed page size, pages grow, and the last one takes all remaining rows."""
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
def test_a_plan_covers_its_slice_once_in_order(
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
    """A plan with fixed pages covers its slice once and in order, even with a capped server."""
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
def test_a_plan_with_growing_pages_covers_its_slice_once(
    total: int,
    most: int,
    ahead: bool,
    cap: int | None,
    overlap: int,
    offset: int,
    limit: int | None,
    listcount: bool,
) -> None:
    """A plan with growing pages covers its slice once and in few requests."""
    plan = PagePlan(PageSizes(), offset=offset, limit=limit, overlap=overlap, concurrency=most)
    received, made = read_all(plan, total, most=most, ahead=ahead, cap=cap, listcount=listcount)
    assert received == list(range(total))[offset:][:limit]
    if cap is None:
        assert len(made) <= 4 + 2 * most


def test_an_empty_slice_takes_no_request() -> None:
    """An empty slice takes no request."""
    assert PagePlan(PageSizes(), limit=0).next_requests((), 8) == []


@pytest.mark.parametrize("limit", [1, 20, 150])
def test_requests_stay_within_the_slice(limit: int) -> None:
    """The slice bounds the requests, before the listcount is known and after."""
    plan = PagePlan(PageSizes(), offset=7, limit=limit)
    request = plan.next_requests((), 1)[0]
    assert request == PageRequest(7, min(limit, FIRST))
    read(plan, request, request.limit, 10_000)
    rest = [PageRequest(107, 50)] if limit == 150 else []
    assert plan.next_requests((), 1) == rest


def test_only_one_page_is_requested_before_the_first_response() -> None:
    """Before the first response, only one page is requested; then up to `most`."""
    plan = PagePlan(PageSizes(10), concurrency=8)
    assert plan.next_requests((), 8) == [PageRequest(0, 10)]
    assert plan.next_requests([PageRequest(0, 10)], 8) == []
    read(plan, PageRequest(0, 10), 10, 45)
    rest = [PageRequest(n, 10) for n in (10, 20, 30, 40)]
    assert plan.next_requests((), 8) == rest
    assert plan.next_requests((), 3) == rest[:3]
    assert plan.next_requests(rest[:1], 3) == rest[1:3]
    assert plan.next_requests(rest, 8) == []


def test_pages_overlap_the_rows_before_them() -> None:
    """Each page overlaps the rows before it, except for the first page of a new listing."""
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


def test_the_last_page_is_extended_rather_than_split() -> None:
    """The last page may be a quarter larger, and leaves a margin for added rows."""
    plan = PagePlan(PageSizes())
    read(plan, PageRequest(0, 100), 100, 100 + FIRST * GROWTH * 5 // 4)
    assert plan.next_requests((), 1) == [PageRequest(100, FIRST * GROWTH * 5 // 4 + MARGIN)]
    plan.note_listcount(101 + FIRST * GROWTH * 5 // 4)
    assert plan.next_requests((), 1) == [PageRequest(100, FIRST * GROWTH)]


def test_the_rest_is_divided_among_concurrent_requests() -> None:
    """The remaining rows are divided into equal pages for the concurrent requests."""
    plan = PagePlan(PageSizes(), concurrency=4)
    read(plan, PageRequest(0, 100), 100, 4000)
    requests = plan.next_requests((), 4)
    assert requests == [PageRequest(100 + 500 * n, 500) for n in range(4)]


def test_a_plan_continues_from_a_position() -> None:
    """A plan that continues from a position counts the yielded records towards its limit."""
    plan = PagePlan(PageSizes(10), offset=5, limit=30, position=25, yielded=20)
    assert (plan.position, plan.yielded, plan.left) == (25, 20, 10)
    assert plan.next_requests((), 8) == [PageRequest(25, 10)]
    plan = PagePlan(PageSizes(10), limit=30, position=45, yielded=40)
    assert plan.next_requests((), 8) == []
    plan = PagePlan(PageSizes(10), position=45, yielded=40)
    assert plan.left is None
    assert plan.end is None


def test_the_rest_of_a_short_page_is_requested_next() -> None:
    """After a short page, its missing rows are requested before the later pages are read."""
    plan = PagePlan(PageSizes(10), overlap=1)
    read(plan, PageRequest(0, 10), 10, 100)
    first, second = plan.next_requests((), 2)
    assert (first, second) == (PageRequest(9, 11, 1), PageRequest(19, 11, 1))
    read(plan, first, 4, 100)
    assert plan.gap(second) == PageRequest(12, 8, 1)
    read(plan, PageRequest(12, 8, 1), 8, 100)
    assert plan.gap(second) is None
    assert plan.next_requests([second], 2) == [PageRequest(29, 11, 1)]


def test_there_is_no_gap_after_the_end() -> None:
    """A page after the end needs no rows before it."""
    plan = PagePlan(PageSizes(10))
    read(plan, PageRequest(0, 10), 10, 30)
    _, second = plan.next_requests((), 2)
    read(plan, PageRequest(10, 10), 2, 12)
    assert plan.gap(second) is None


def test_the_latest_listcount_is_the_end() -> None:
    """The latest listcount is the end, whether rows were added or deleted."""
    plan = PagePlan(PageSizes(10))
    read(plan, PageRequest(0, 10), 10, 12)
    read(plan, PageRequest(10, 10), 5, 15)
    assert plan.next_requests((), 1) == []
    assert plan.end == 15

    plan = PagePlan(PageSizes(10))
    read(plan, PageRequest(0, 10), 10, 100)
    read(plan, PageRequest(10, 10), 2, 12)
    assert plan.next_requests((), 1) == []


def test_without_a_listcount_a_page_without_new_rows_is_the_end() -> None:
    """Without a listcount, only a page without new rows is the end, not a short page."""
    plan = PagePlan(PageSizes(10), overlap=1)
    read(plan, PageRequest(0, 10), 4, None)
    assert plan.end is None
    request = plan.next_requests((), 8)[0]
    assert request == PageRequest(3, 11, 1)
    read(plan, request, 1, None)
    assert plan.next_requests((), 8) == []
    assert plan.end == 4


def test_a_listcount_below_the_received_rows_is_ignored() -> None:
    """A listcount that is lower than the rows received does not end a plan."""
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
def test_a_page_without_new_rows_is_retried_once(overlap: int) -> None:
    """A page without the promised rows is retried once, then raises, and can be retried again."""
    plan = PagePlan(PageSizes(10), overlap=overlap)
    read(plan, PageRequest(0, 10), 10, 20)
    for _ in range(2):
        read(plan, plan.next_requests((), 1)[0], overlap, 20)
        with pytest.raises(IncompleteListingError, match=r"\b20 records\b.*\boffset 10 twice"):
            read(plan, plan.next_requests((), 1)[0], overlap, 20)
    read(plan, plan.next_requests((), 1)[0], overlap, 20)
    read(plan, plan.next_requests((), 1)[0], overlap + 1, 20)
    assert plan.position == 11
    read(plan, plan.next_requests((), 1)[0], overlap, 20)  # another position has retries of its own


@pytest.mark.parametrize("overlap", [0, 1])
@pytest.mark.parametrize("page_size", [None, 50])
def test_a_page_without_new_rows_does_not_change_the_page_size(
    page_size: int | None, overlap: int
) -> None:
    """A page without new rows is a fault, not a cap, so the page size stays the same."""
    plan = PagePlan(PageSizes(page_size), overlap=overlap)
    read(plan, PageRequest(0, 50), 50, 100_000)
    requests = plan.next_requests((), 1)
    for rows in (0, 0, overlap, overlap):
        read(plan, requests[0], rows, 100_000)
        assert plan.next_requests((), 1) == requests
        plan.end_page(PageRequest(0, 50), 50, 100_000)  # resets the retries of the position


def test_an_empty_page_without_listcount_uses_the_last_listcount() -> None:
    """An empty page without a listcount is checked against the last known listcount."""
    plan = PagePlan(PageSizes(10))
    read(plan, PageRequest(0, 10), 10, 20)
    read(plan, plan.next_requests((), 1)[0], 0, None)
    with pytest.raises(IncompleteListingError):
        read(plan, plan.next_requests((), 1)[0], 0, None)


def test_more_rows_than_the_limit_raise() -> None:
    """A page with more rows than its limit raises, because rows could be yielded twice."""
    plan = PagePlan(PageSizes(10))
    with pytest.raises(ListingError, match=r"\b10 rows at offset 0\b.*\b11\b"):
        plan.next_requests((), 1)[0].check_rows(11)
    PageRequest(0, 10).check_rows(10)
    assert plan.next_requests((), 1) == [PageRequest(0, 10)]


@pytest.mark.parametrize("overlap", [0, 1])
def test_a_failed_page_is_requested_in_smaller_ones(overlap: int) -> None:
    """A failed page is requested with ever smaller limits, down to one new row."""
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


def test_a_fixed_page_size_is_kept() -> None:
    """A fixed page size is kept, whatever the size, duration or failure of a page."""
    sizes = PageSizes(500)
    assert sizes.fixed
    sizes.note_page(500, 10 * BYTES, 10 * SECONDS)
    sizes.note_failure(500)
    assert sizes.size == 500
    assert PagePlan(sizes).smaller(PageRequest(0, 500)) == PageRequest(0, 500)


def test_page_sizes_grow_by_a_constant_factor() -> None:
    """Page sizes grow by a constant factor from a small first page."""
    sizes = PageSizes()
    assert not sizes.fixed
    seen = [sizes.size]
    for _ in range(3):
        sizes.note_page(sizes.size, sizes.size, 0.1)
        seen.append(sizes.size)
    assert seen == [FIRST * GROWTH**n for n in range(4)]


@pytest.mark.parametrize("rows", [0, 1, 50])
def test_a_small_page_does_not_change_the_page_size(rows: int) -> None:
    """A page with fewer rows than the page size does not change the page size."""
    sizes = PageSizes()
    sizes.note_page(rows, 0, 0)
    assert sizes.size == FIRST


def test_pages_are_bounded_in_bytes_and_in_time() -> None:
    """Page sizes are bounded in bytes and seconds, because a failed page is requested again."""
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
    assert sizes.size == FIRST  # the minimum after a successful page


def test_a_failed_page_makes_the_next_ones_smaller() -> None:
    """After a failed page, page sizes shrink, and never grow to the failed size again."""
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
def test_page_sizes_are_at_least_1(
    limits: list[int], fixed: int | None, rows: int, size: int, seconds: float
) -> None:
    """The page size is at least 1, after any failures and any slow or large page."""
    sizes = PageSizes(fixed)
    for limit in limits:
        sizes.note_failure(limit)
        assert sizes.size >= 1
    sizes.note_page(rows, size, seconds)
    assert sizes.size >= 1


@pytest.mark.parametrize("fixed", [None, 100])
def test_two_equally_short_pages_set_the_page_size(fixed: int | None) -> None:
    """Two short pages of the same size set the page size; other short pages do not."""
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
def test_a_capped_server_takes_few_extra_requests(most: int, overlap: int) -> None:
    """A capped server takes one request per capped page, and a few to detect the cap."""
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
