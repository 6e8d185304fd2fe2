"""Servers that repeat pages: no stream sends requests without end, and none ends in silence."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intervals_async import IncompleteListingError, IntervalsClient, ListingError
from intervals_async._streaming.page_plan import PageRequest
from intervals_async._streaming.progress import (
    GROWTH_ROWS,
    PATIENCE,
    SAMPLED,
    PageDigest,
    Progress,
)
from intervals_async.testing import FakeIntervals, faults

from ..conftest import AT_ONCE
from ..rows import ids
from .acting import change_before, insert, move, read, read_ids, take
from .simulated import Answer, Server, client_of

ROWS = list(range(1, 1001))

Make = Callable[[int | None], Callable[[int, int], Answer]]


def repeats_a_page(count: int | None) -> Callable[[int, int], Answer]:
    """Return 40 rows, whatever is requested."""
    return lambda _, limit: (ROWS[: min(limit, 40)], count)


def ignores_offset(count: int | None) -> Callable[[int, int], Answer]:
    """Return the first rows, as many as are requested."""
    return lambda _, limit: (ROWS[:limit], count)


def has_few_rows(count: int | None) -> Callable[[int, int], Answer]:
    """Return all of 30 rows, whatever the offset."""
    return lambda _, limit: (ROWS[:30][:limit], count)


def alternates(count: int | None) -> Callable[[int, int], Answer]:
    """Return two pages by turns."""
    pages = itertools.cycle([0, 40])
    return lambda _, limit: (ROWS[(at := next(pages)) : at + min(limit, 40)], count)


def goes_round(count: int | None) -> Callable[[int, int], Answer]:
    """Return five pages one after another, then again."""
    pages = itertools.cycle(range(0, 200, 40))
    return lambda _, limit: (ROWS[(at := next(pages)) : at + min(limit, 40)], count)


def wraps_around(count: int | None) -> Callable[[int, int], Answer]:
    """Begin again at the first row after each hundred."""
    return lambda offset, limit: (ROWS[offset % 100 :][: min(limit, 50)], count)


def shuffles(count: int | None) -> Callable[[int, int], Answer]:
    """Return any of 200 rows."""
    chance = random.Random(1)
    return lambda _, limit: (chance.sample(ROWS[:200], min(limit, 40)), count)


def repeats_its_end(count: int | None) -> Callable[[int, int], Answer]:
    """Return the last page beyond the end."""
    return lambda offset, limit: (ROWS[:200][min(offset, 180) :][:limit], count)


def counts_up(_: int | None) -> Callable[[int, int], Answer]:
    """Repeat a page, and promise more rows each time."""
    return lambda offset, limit: (ROWS[: min(limit, 40)], offset + limit + 100)


def returns_nothing(_: int | None) -> Callable[[int, int], Answer]:
    """Return no rows, and promise any number of them."""
    chance = random.Random(1)
    return lambda offset, _: ([], offset + chance.randint(1, 1000))


SERVERS: list[Make] = [
    repeats_a_page, ignores_offset, has_few_rows, alternates, goes_round, wraps_around, shuffles,
    repeats_its_end, counts_up, returns_nothing,
]  # fmt: skip
OPTIONS: list[dict[str, Any]] = [
    {"page_size": page_size, "concurrency": concurrency}
    for page_size, concurrency in [(None, 1), (None, 8), (1, 1), (2, 3), (7, 1), (50, 4)]
]


def hostile(make: Make, count: int | None) -> Server:
    """Return a server that misbehaves; it fails after more requests than any stream may send."""
    return Server([], answer=make(count), most=3000)


@pytest.mark.parametrize("make", SERVERS)
@pytest.mark.parametrize("count", [1000, None])
@pytest.mark.parametrize("on_drift", ["repair", "raise", "ignore"])
async def test_no_stream_is_endless(make: Make, count: int | None, on_drift: Any) -> None:
    """Whatever the policy, the page size and the concurrency, a stream ends or raises."""
    for options in OPTIONS:
        server = hostile(make, count)
        errors: list[Exception] = []
        async with client_of(server) as client:
            stream = client.module.list().stream(on_drift=on_drift, **options)
            while len(errors) < 3:
                try:
                    await read(stream, [])
                except ListingError as error:
                    errors.append(error)
                else:
                    break
            await stream.aclose()
        if count is not None and make not in (shuffles, has_few_rows, ignores_offset):
            assert errors


@pytest.mark.parametrize("count", [1000, None])
@pytest.mark.parametrize("on_drift", ["repair", "ignore"])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
async def test_a_repeated_page_is_noticed_soon(
    count: int | None, on_drift: Any, options: Any
) -> None:
    """The same rows for the third time raise, and a second pass does not help."""
    server = hostile(repeats_a_page, count)
    seen: list[int] = []
    async with client_of(server) as client:
        stream = client.module.list().stream(on_drift=on_drift, **options)
        with pytest.raises(IncompleteListingError):
            await read(stream, seen)
        await stream.aclose()
    if on_drift == "repair":
        assert seen == ROWS[: len(seen)]
    assert len(server.log) <= 3 + 2 + 3 * options["concurrency"]


async def test_the_error_says_what_was_seen() -> None:
    """The error names resource, offset, rows, requests and listcount."""
    server = hostile(repeats_a_page, 1000)
    async with client_of(server) as client:
        with pytest.raises(IncompleteListingError) as caught:
            await read_ids(client.module.list().stream(on_drift="ignore", page_size=20))
    assert caught.value.path == "/module/"
    assert caught.value.filters["offset"] == "40"
    assert caught.value.message == (
        "module: expected new records at offset 40, got the same 20 rows, ids 1 to 20, in 3 "
        "responses, with listcount 1000; the server repeats pages or ignores the offset"
    )


@pytest.mark.parametrize("on_drift", ["repair", "ignore"])
async def test_pages_of_a_server_that_repeats_one(on_drift: Any) -> None:
    """`pages` is no more endless than `stream`."""
    server = hostile(repeats_a_page, None)
    async with client_of(server) as client:
        pages = client.module.list().pages(on_drift=on_drift)
        for _ in range(1 if on_drift == "repair" else 2):
            assert (await anext(pages)).items
        with pytest.raises(IncompleteListingError):
            await anext(pages)
    assert len(server.log) <= 4


@pytest.mark.parametrize("make", SERVERS)
@pytest.mark.parametrize("count", [1000, None])
@pytest.mark.parametrize("offset", [0, 30])
async def test_a_slice_and_a_resumed_stream_are_not_endless(
    make: Make, count: int | None, offset: int
) -> None:
    """The search for a lost position ends as well."""
    good = Server(list(ROWS))
    async with client_of(good) as client:
        stream = client.module.list(offset=offset).stream(page_size=50)
        await take(stream, 60)
        bookmark = stream.bookmark
        await stream.aclose()
    for resume, options in itertools.product((bookmark, None), OPTIONS[:5:2]):
        async with client_of(hostile(make, count)) as client:
            stream = client.module.list(offset=offset).stream(resume=resume, **options)
            try:
                await read(stream, [])
            except ListingError:
                pass
            await stream.aclose()


@pytest.mark.parametrize("page_size", [None, 7, 50, 100])
@pytest.mark.parametrize("concurrency", [1, 4])
async def test_a_server_that_ignores_only_the_offset_is_read_in_one_response(
    page_size: int | None, concurrency: int
) -> None:
    """With a listcount, a second pass reads everything at once, and the stream ends complete."""
    server = hostile(ignores_offset, 1000)
    async with client_of(server) as client:
        stream = client.module.list().stream(page_size=page_size, concurrency=concurrency)
        assert sorted(await read_ids(stream)) == ROWS
    assert len(server.log) <= 6 + 2 * concurrency


async def test_a_server_that_ignores_offset_and_limit_is_told_apart() -> None:
    """More rows than requested are an error of its own, at once."""
    server = Server([], answer=lambda *_: (ROWS, 1000))
    async with client_of(server) as client:
        with pytest.raises(ListingError, match="expected at most 100 rows") as caught:
            await read_ids(client.module.list().stream())
    assert not isinstance(caught.value, IncompleteListingError)
    assert len(server.log) == 1


async def test_a_second_pass_that_breaks_off_is_not_repeated_for_ever(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A response that always breaks off after some rows raises in the end."""
    before = ids(fake)

    def fail() -> None:
        move(fake, before[40], before[5])
        fake.inject(faults.Truncated(0.8), times=None, skip=2)

    change_before(fake, 2, fail)
    with pytest.raises(IncompleteListingError, match="got none in"):
        await read_ids(intervals.projectnote.list().stream(page_size=20))
    assert fake.requests <= 3 + PATIENCE + 2


async def test_weeks_of_a_server_that_repeats_pages(fake: FakeIntervals) -> None:
    """A listing that is read week by week raises, too."""
    (row, *_) = fake.wire_rows("tasknote")
    body = _body("tasknote", [{**row, "id": str(id)} for id in ROWS[:4]])
    fake.inject(faults.Raw(body), times=None, path="/tasknote/")
    async with IntervalsClient(fake.token, base_url=fake.url, limits=(), retry=AT_ONCE) as client:
        begin, end = datetime.fromisoformat("2024-01-01"), datetime.fromisoformat("2024-03-01")
        listing = client.tasknote.list(datemodifiedbegin=begin, datemodifiedend=end)
        assert listing.partitions > 1
        fake.clear_log()
        with pytest.raises(IncompleteListingError):
            await read_ids(listing.stream())
    assert len(fake.log) <= 4


def _body(resource: str, rows: list[dict[str, Any]]) -> bytes:
    return json.dumps({"status": "OK", "code": 200, resource: rows}).encode()


# What is no repetition


@pytest.mark.parametrize("page_size", [1, 2, 5])
async def test_inserted_rows_explain_a_repeated_page(
    fake: FakeIntervals, intervals: IntervalsClient, page_size: int
) -> None:
    """Pages repeat if others insert as many rows each time; the listcount shows it."""
    before = ids(fake)
    left = [8]

    def callback(server: FakeIntervals, seen: object) -> None:
        del seen
        if len(server.log) > 2 and left[0]:
            left[0] -= 1
            insert(server, page_size, ids(server)[0])

    fake.between(callback)
    seen = await read_ids(intervals.projectnote.list().stream(page_size=page_size))
    assert {*before} <= {*seen}
    assert len(seen) == len({*seen})


def digest(*ids: int) -> PageDigest[int]:
    """Return the digest of some rows."""
    made = PageDigest[int]()
    made.add(ids)
    return made


@given(
    rows=st.integers(0, 300),
    cuts=st.lists(st.integers(0, 300), max_size=6),
    changed=st.integers(0, SAMPLED - 1),
)
def test_a_digest_does_not_depend_on_the_chunks(rows: int, cuts: list[int], changed: int) -> None:
    """The same rows have the same digest, however they arrived; others have another one."""
    ids = list(range(1, rows + 1))
    parts = PageDigest[int]()
    for begin, end in itertools.pairwise([0, *sorted(min(cut, rows) for cut in cuts), rows]):
        parts.add(ids[begin:end])
    assert parts.key == digest(*ids).key
    assert parts.rows == rows
    if changed < rows:
        ids[changed] = -1
        assert parts.key != digest(*ids).key


def test_the_third_page_with_the_same_rows_raises() -> None:
    """Two may be chance; the offset must have advanced, and no growth may explain it."""
    progress = Progress(1, compares_ids=True)
    page = digest(1, 2, 3)
    for offset in (0, 0, 2, 2):
        progress.note_page(PageRequest(offset, 3), page, 10, 1000)
    for offset, listcount in ((4, 12), (6, 14)):
        progress.note_page(PageRequest(offset, 3), page, listcount, 1000)
    with pytest.raises(IncompleteListingError):
        progress.note_page(PageRequest(8, 3), page, 15, 1000)
    progress.note_page(PageRequest(10, 3), page, 15, 1000)  # counted from the beginning


def test_growth_explains_a_repeated_page_only_so_often() -> None:
    """A listcount that grows for ever does not make a stream endless."""
    progress = Progress(1, compares_ids=True)

    def repeat(times: int) -> None:
        for n in range(times):
            progress.note_page(PageRequest(n, 3), digest(1, 2, 3), 10 + n, GROWTH_ROWS)

    repeat(PATIENCE)
    with pytest.raises(IncompleteListingError):
        repeat(2 * PATIENCE)


def test_requests_that_bring_nothing_are_counted() -> None:
    """Rows that were read before may come again once; then patience is limited."""
    progress = Progress(1, compares_ids=True)
    for n in range(10):
        progress.note_page(PageRequest(n, 3), digest(n, n + 1, n + 2), 10, 30)
    for n in range(PATIENCE):
        progress.note_page(PageRequest(n, 3), digest(n, n + 1, n + 2), 10, 30)
    with pytest.raises(IncompleteListingError, match="got none in 13 responses"):
        progress.note_page(PageRequest(50, 3), digest(), 10, 30)
    for _ in range(3 * PATIENCE):
        progress.note_page(PageRequest(50, 3), digest(), 10, 30)
        progress.note_new(10)
