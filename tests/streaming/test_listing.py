"""A listing streams every record once, in order, and leaves no task or connection behind."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import attrs
import pytest

from intervals_async import (
    ArgumentError,
    IncompleteListingError,
    IntervalsClient,
    Listing,
    ListingError,
    NotFoundError,
    ProjectNote,
    RecordError,
    ResponseError,
    ServerError,
)
from intervals_async._streaming.options import PageOptions, ReadOptions, StreamOptions
from intervals_async.testing import FakeIntervals, faults

from ..rows import ids, person_with_contacts, project_ids
from .acting import insert, read, read_ids, remove, requested, take, until


@pytest.mark.parametrize("page_size", [1, 7, 49, 50, 51, 500])
@pytest.mark.parametrize("concurrency", [1, 3, 8])
async def test_a_stream_yields_every_record_once_in_order(
    fake: FakeIntervals, notes: Listing[ProjectNote], page_size: int, concurrency: int
) -> None:
    """A stream yields every record once, in the server's order, with one request per page."""
    async with notes.stream(page_size=page_size, concurrency=concurrency) as stream:
        seen = await read_ids(stream)
    assert seen == ids(fake)
    assert (stream.delivered, stream.listcount) == (50, 50)
    assert stream.requests == fake.requests == -(-50 // page_size)


async def test_a_listing_can_be_iterated_directly(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """A listing can be iterated without options, and its pages are larger than the server's."""
    assert [note.id async for note in notes] == ids(fake)
    assert fake.requests == 1


async def test_a_listing_sends_nothing_until_it_is_read(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """A listing sends nothing until it is read, and can be read more than once."""
    assert fake.requests == 0
    assert len(await notes.collect()) == len(await notes.collect()) == 50
    assert fake.requests == 2


async def test_filters_reach_the_server(fake: FakeIntervals, intervals: IntervalsClient) -> None:
    """Filters are sent, several ids as one filter, and `count` counts the matches."""
    projects = project_ids(fake)[:2]
    listing = intervals.projectnote.list(projectid=projects)
    expected = [row["id"] for row in fake.rows("projectnote") if row["projectid"] in projects]
    assert [note.id async for note in listing] == expected
    assert await listing.count() == len(expected)


@pytest.mark.parametrize(
    ("offset", "limit", "expected"),
    [
        (0, 0, slice(0, 0)),
        (0, 7, slice(7)),
        (45, None, slice(45, 50)),
        (10, 25, slice(10, 35)),
        (48, 10, slice(48, 50)),
        (60, None, slice(0, 0)),
        (60, 5, slice(0, 0)),
    ],
)
@pytest.mark.parametrize("concurrency", [1, 4])
async def test_limit_and_offset_select_a_slice(
    fake: FakeIntervals,
    intervals: IntervalsClient,
    offset: int,
    limit: int | None,
    expected: slice,
    concurrency: int,
) -> None:
    """The arguments `limit` and `offset` select the records that every method returns."""
    listing = intervals.projectnote.list(offset=offset, limit=limit)
    selected = ids(fake)[expected]
    stream = listing.stream(page_size=10, concurrency=concurrency)
    assert await read_ids(stream) == selected
    assert [note.id for note in await listing.collect()] == selected
    assert await listing.count() == len(selected)
    first = await listing.first()
    assert (first and first.id) == (selected[0] if selected else None)


async def test_first_requests_one_row(fake: FakeIntervals, notes: Listing[ProjectNote]) -> None:
    """`first` sends one request for one row."""
    first = await notes.first()
    assert first is not None
    assert first.id == ids(fake)[0]
    assert requested(fake) == [(0, 1)]


async def test_first_returns_none_without_matches(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """`first` returns None without matches or beyond the end; an empty slice sends nothing."""
    assert await intervals.projectnote.list(search="no such words").first() is None
    assert await intervals.projectnote.list(offset=60).first() is None
    assert fake.requests == 2
    assert await intervals.projectnote.list(limit=0).first() is None
    assert fake.requests == 2
    third = await intervals.projectnote.list(offset=2).first()
    assert third is not None
    assert third.id == ids(fake)[2]


async def test_without_a_page_size_pages_grow(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """Without `page_size`, pages grow from 100 rows eightfold, and overlap by one row."""
    insert(fake, 2000)
    assert [note.id async for note in notes] == ids(fake)
    assert requested(fake)[:2] == [(0, 100), (99, 801)]
    assert fake.requests == 3


async def test_pages_have_offset_and_listcount(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """Each page has its offset, its records and the listcount of its response."""
    async with notes.pages(page_size=20, concurrency=2) as pages:
        seen = [page async for page in pages]
    assert [(page.offset, len(page.items), page.listcount) for page in seen] == [
        (0, 20, 50),
        (20, 20, 50),
        (40, 10, 50),
    ]
    assert [note.id for page in seen for note in page.items] == ids(fake)
    assert (pages.requests, pages.listcount) == (3, 50)


@pytest.mark.parametrize("concurrency", [1, 4])
async def test_a_server_that_caps_pages_is_read_completely(
    fake: FakeIntervals, notes: Listing[ProjectNote], concurrency: int
) -> None:
    """A stream advances by the rows received, so it reads a capped server completely."""
    fake.inject(faults.Capped(6), times=None)
    stream = notes.stream(page_size=20, concurrency=concurrency)
    assert await read_ids(stream) == ids(fake)


@pytest.mark.parametrize(
    "fault", [faults.EmptyPage(), faults.NullPage(), faults.MissingKey()], ids=repr
)
@pytest.mark.parametrize("concurrency", [1, 4])
async def test_a_page_without_rows_is_requested_again(
    fake: FakeIntervals, notes: Listing[ProjectNote], fault: faults.Fault, concurrency: int
) -> None:
    """A page without rows is requested again while the count promises more."""
    fake.inject(fault, skip=1)
    stream = notes.stream(page_size=20, concurrency=concurrency)
    assert await read_ids(stream) == ids(fake)
    assert stream.requests == 4


@pytest.mark.parametrize(
    "fault", [faults.EmptyPage(), faults.NullPage(), faults.MissingKey()], ids=repr
)
async def test_a_page_that_stays_without_rows_raises(
    fake: FakeIntervals, notes: Listing[ProjectNote], fault: faults.Fault
) -> None:
    """A page without rows twice raises, and the next step continues without losing a record."""
    stream = notes.stream(page_size=20)
    fake.inject(fault, times=2, skip=1)
    seen = await take(stream, 20)
    with pytest.raises(IncompleteListingError) as caught:
        await anext(stream)
    assert caught.value.path == "/projectnote/"
    assert caught.value.filters == {"offset": "19", "limit": "21"}
    assert (caught.value.status, caught.value.attempts) == (200, 1)
    seen += await read_ids(stream)
    assert seen == ids(fake)


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("skip", [0, 1, 2, 3])
async def test_a_stream_continues_after_an_error(
    fake: FakeIntervals, notes: Listing[ProjectNote], concurrency: int, skip: int
) -> None:
    """After an error, a stream continues at its position and reuses the pages received."""
    fake.inject(faults.Status(500), times=4, skip=skip)
    fake.inject(faults.Status(404), skip=0)
    stream = notes.stream(page_size=10, concurrency=concurrency)
    seen: list[int] = []
    failures = 0
    while True:
        try:
            seen.append((await anext(stream)).id)
        except (ServerError, NotFoundError):
            failures += 1
        except StopAsyncIteration:
            break
    assert seen == ids(fake)
    assert 1 <= failures <= 2
    assert stream.delivered == 50
    assert stream.requests == fake.requests == 10


async def test_the_latest_listcount_determines_the_end(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """The latest listcount determines the end, so rows added meanwhile are yielded."""
    stream = notes.stream(page_size=20)
    await anext(stream)
    new = fake.insert("projectnote", title="late")
    seen = await read_ids(stream)
    assert seen[-1] == new
    assert stream.listcount == 51


@pytest.mark.parametrize("concurrency", [1, 4])
async def test_leaving_a_loop_leaves_no_request(
    fake: FakeIntervals, notes: Listing[ProjectNote], concurrency: int
) -> None:
    """Leaving a loop leaves no request, with and without ``async with``."""
    async for _ in notes.stream(page_size=5, concurrency=concurrency):
        break
    async with notes.stream(page_size=5, concurrency=concurrency) as stream:
        async for _ in stream:
            break
    requests = fake.requests
    assert [note async for note in stream] == []
    await stream.aclose()
    assert fake.requests == requests


@pytest.mark.parametrize("concurrency", [1, 4])
async def test_a_cancelled_step_cancels_its_requests(
    fake: FakeIntervals, notes: Listing[ProjectNote], concurrency: int
) -> None:
    """A cancelled step cancels its requests, and the next step loses no record."""
    stream = notes.stream(page_size=10, concurrency=concurrency)
    seen = await take(stream, 10)
    hold = asyncio.Event()
    fake.inject(faults.Hold(hold), times=None)
    sent = fake.requests
    step = asyncio.ensure_future(anext(stream))
    await until(lambda: fake.requests >= sent + concurrency)
    step.cancel()
    with pytest.raises(asyncio.CancelledError):
        await step
    hold.set()
    fake.heal()
    seen += await read_ids(stream)
    assert seen == ids(fake)


async def test_two_tasks_cannot_iterate_one_stream(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """A second task that iterates a stream gets a RuntimeError; the first continues."""
    hold = asyncio.Event()
    fake.inject(faults.Hold(hold))
    stream = notes.stream()
    first = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="another task"):
        await anext(stream)
    hold.set()
    assert (await first).id == ids(fake)[0]


async def test_closing_during_a_step_raises_in_that_step(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """Closing a stream during a step raises ListingError in that step, and ends the stream."""
    hold = asyncio.Event()
    fake.inject(faults.Hold(hold))
    stream = notes.stream()
    step = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    await stream.aclose()
    hold.set()
    with pytest.raises(ListingError, match="closed"):
        await step
    assert [note async for note in stream] == []


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_requests_ahead_are_bounded_by_concurrency(
    fake: FakeIntervals, notes: Listing[ProjectNote], concurrency: int
) -> None:
    """A stream requests at most `concurrency` pages beyond the records that were yielded."""
    stream = notes.stream(page_size=5, concurrency=concurrency)
    for taken in range(1, 51):
        await anext(stream)
        pages_begun = -(-taken // 5)
        assert fake.requests <= pages_begun + concurrency - 1


async def test_rows_deleted_before_their_turn_are_not_yielded(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """Received rows are not yielded if an earlier page shows that they were deleted."""
    before = ids(fake)
    stream = notes.stream(page_size=10, concurrency=2)
    seen = await take(stream, 10)
    hold = asyncio.Event()
    fake.inject(faults.Hold(hold))
    step = asyncio.ensure_future(anext(stream))
    await until(lambda: len(fake.log) >= 3 and fake.log[2].status is not None)
    remove(fake, before[10:])
    hold.set()
    with pytest.raises(StopAsyncIteration):
        await step
    assert [note async for note in stream] == []
    assert seen == before[:10]
    assert stream.listcount == 10


@pytest.mark.parametrize("page_size", [1, 7])
async def test_a_block_requests_pages_between_steps(
    fake: FakeIntervals, notes: Listing[ProjectNote], page_size: int
) -> None:
    """In an ``async with`` block, pages are requested between steps, up to `concurrency`."""
    async with notes.stream(page_size=page_size, concurrency=4) as stream:
        seen = await take(stream, page_size + 1)
        await until(lambda: fake.requests == 6)
        for _ in range(50):
            await asyncio.sleep(0)
        assert fake.requests == 6
        seen += await read_ids(stream)
    assert seen == ids(fake)


async def test_the_end_of_a_block_cancels_its_requests(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """The end of a block cancels its requests, and does not report their errors."""
    hold = asyncio.Event()
    fake.inject(faults.Hold(hold), times=None, skip=3)
    with pytest.raises(ZeroDivisionError):  # noqa: PT012  the end of the block is what is tested
        async with notes.pages(page_size=5, concurrency=3) as pages:
            await anext(pages)
            await anext(pages)
            raise ZeroDivisionError
    fake.heal()
    fake.inject(faults.Status(404), times=None, skip=3)
    async with notes.pages(page_size=5, concurrency=3) as pages:
        await anext(pages)
        await anext(pages)
        await until(lambda: fake.log[-1].status)


async def test_an_error_ahead_is_raised_in_its_turn(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """An error of a later page is raised after all earlier records, and the stream continues."""
    fake.inject(faults.Status(404), skip=2)
    seen: list[int] = []
    failures: list[int] = []
    async with notes.stream(page_size=5, concurrency=3) as stream:
        while True:
            try:
                seen.append((await anext(stream)).id)
            except NotFoundError:
                failures.append(len(seen))
            except StopAsyncIteration:
                break
    assert seen == ids(fake)
    assert failures == [10]


async def test_too_many_rows_in_one_of_several_pages_raise(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """A page with more rows than its limit raises; the other pages are kept."""
    stream = notes.stream(page_size=5, concurrency=3)
    seen = await take(stream, 5)
    fake.inject(faults.Raw(page_body(fake, slice(4, 12))))
    with pytest.raises(ListingError) as caught:
        await read(stream, seen)
    assert type(caught.value) is ListingError
    assert caught.value.path == "/projectnote/"
    assert seen == ids(fake)[: len(seen)]
    assert len(seen) < 12
    seen += await read_ids(stream)
    assert seen == ids(fake)
    assert fake.requests <= 11


async def test_without_listcount_an_empty_page_is_the_end(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """Without a listcount, an empty page is the end, and `count` raises."""
    rows = b'{"projectnote":[]}'
    fake.inject(faults.Raw(rows), times=None)
    assert await notes.collect() == []
    with pytest.raises(IncompleteListingError, match="listcount"):
        await notes.count()


async def test_an_invalid_record_raises_with_its_path(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """An invalid record raises an error with its JSON path and its request."""
    fake.inject(faults.Raw(b'{"listcount":1,"projectnote":["x"]}'))
    with pytest.raises(RecordError) as caught:
        await notes.first()
    assert caught.value.json_path == "$.projectnote[0]"
    assert caught.value.filters == {"offset": "0", "limit": "1"}
    assert (caught.value.status, caught.value.attempts) == (200, 1)
    fake.inject(faults.Raw(b'{"listcount":"many","projectnote":[]}'))
    with pytest.raises(ResponseError, match="listcount"):
        await notes.count()


async def test_more_rows_than_the_limit_raise(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """A page with more rows than its limit raises, and no record is yielded twice."""
    fake.inject(faults.Raw(page_body(fake, slice(5))))
    stream = notes.stream(page_size=2)
    seen: list[int] = []
    with pytest.raises(ListingError, match=r"\b2 rows at offset 0\b.*\b[3-5]\b"):
        await read(stream, seen)
    assert len(seen) <= 2
    assert seen + await read_ids(stream) == ids(fake)


def page_body(fake: FakeIntervals, rows: slice) -> bytes:
    """Return the body of a page with these rows."""
    return json.dumps(
        {"listcount": 50, "projectnote": fake.wire_rows("projectnote")[rows]}
    ).encode()


async def test_a_resource_without_pages_takes_one_request(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A resource without pages is streamed and counted with one request, without a limit."""
    person = person_with_contacts(fake)
    contacts = intervals.personcontact.list(personid=person)
    expected = [row["id"] for row in fake.rows("personcontact") if row["personid"] == person]
    assert [contact.id async for contact in contacts] == expected
    assert await contacts.count() == len(expected)
    first = await contacts.first()
    assert first is not None
    assert first.id == expected[0]
    assert all("limit" not in seen.query for seen in fake.log)


async def test_an_incomplete_response_without_pages_raises(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A response without pages that has fewer records than its listcount raises."""
    person = person_with_contacts(fake)
    fake.inject(faults.Raw(b'{"listcount":"9","personcontact":[]}'), times=None)
    with pytest.raises(IncompleteListingError, match=r"\b9 records\b.*\b0 twice"):
        await intervals.personcontact.list(personid=person).collect()
    assert await intervals.personcontact.list(personid=person).count() == 9


@pytest.mark.parametrize("listcount", [None, 3, 2])
async def test_a_resource_without_pages_is_complete_if_its_listcount_says_no_more(
    fake: FakeIntervals, intervals: IntervalsClient, listcount: int | None
) -> None:
    """A response without pages is complete if its listcount is absent or no larger."""
    body: dict[str, object] = {"personcontact": fake.wire_rows("personcontact")[:3]}
    if listcount is not None:
        body["listcount"] = listcount
    fake.inject(faults.Raw(json.dumps(body).encode()))
    stream = intervals.personcontact.list(personid=201).stream()
    assert len([contact async for contact in stream]) == 3
    assert (stream.requests, stream.listcount) == (1, listcount)


async def test_an_incomplete_response_without_pages_can_be_retried(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """Each step requests an incomplete response twice before it raises; the next one retries."""
    rows = fake.wire_rows("personcontact")[:5]
    short = {"listcount": 5, "personcontact": rows[:3]}
    complete = {"listcount": 5, "personcontact": rows}
    for body in (short, short, short, short, short, complete):
        fake.inject(faults.Raw(json.dumps(body).encode()))
    stream = intervals.personcontact.list(personid=201).stream()
    for requests in (2, 4):
        with pytest.raises(IncompleteListingError, match=r"\b5 records\b.*\b3 twice"):
            await anext(stream)
        assert stream.requests == requests
    assert [contact.id async for contact in stream] == [int(str(row["id"])) for row in rows]
    assert stream.requests == 6


async def test_a_retried_response_without_pages_yields_each_record_once(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """The records of an incomplete response are not yielded twice after the retry."""
    rows = fake.wire_rows("personcontact")[:5]
    short = {"listcount": 5, "personcontact": rows[:3]}
    complete = {"listcount": 5, "personcontact": rows}
    for body in (short, complete):
        fake.inject(faults.Raw(json.dumps(body).encode()))
    contacts = await intervals.personcontact.list(personid=201).collect()
    assert [contact.id for contact in contacts] == [int(str(row["id"])) for row in rows]


async def test_without_listcount_and_pages_rows_are_counted(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """`count` counts the rows of a response that has neither listcount nor pages."""
    fake.inject(faults.Raw(b'{"contacttype":[{"id":"1"},{"id":"2"}]}'))
    assert await intervals.contacttype.list().count() == 2


async def test_each_stream_counts_its_own_requests(notes: Listing[ProjectNote]) -> None:
    """Each stream of a listing has its own request count and listcount."""
    first, second = notes.stream(page_size=20), notes.stream(page_size=10)
    await anext(first)
    assert [stream.requests for stream in (first, second)] == [1, 0]
    assert [stream.listcount for stream in (first, second)] == [50, None]
    assert len([note async for note in second]) == 50
    assert [stream.requests for stream in (first, second)] == [1, 5]


async def test_a_resumed_stream_knows_the_listcount_of_its_bookmark(
    notes: Listing[ProjectNote],
) -> None:
    """A resumed stream has the listcount of its bookmark before its first request."""
    stream = notes.stream(page_size=20)
    await anext(stream)
    resumed = notes.stream(resume=stream.bookmark)
    assert (resumed.listcount, resumed.delivered, resumed.requests) == (50, 1, 0)


@pytest.mark.parametrize(("method", "name"), [("stream", "page_sise"), ("pages", "snapshot")])
def test_an_unknown_option_is_refused(notes: Listing[ProjectNote], method: str, name: str) -> None:
    """An unknown option raises a TypeError that names the method and the known options."""
    with pytest.raises(TypeError, match=rf"{method}\(\).*{name!r}.*page_size"):
        getattr(notes, method)(**{name: 1})


def test_docstrings_document_every_option(notes: Listing[ProjectNote]) -> None:
    """The docstrings of `stream` and `pages` document every option."""
    for method, declared in ((Listing.stream, StreamOptions), (Listing.pages, PageOptions)):
        for name in declared.__annotations__:
            assert f"\n            {name}: " in (method.__doc__ or "")
    assert {*StreamOptions.__annotations__} == {*attrs.fields_dict(ReadOptions)} - {"bulk"}


async def test_a_plain_for_loop_raises_with_a_hint(notes: Listing[ProjectNote]) -> None:
    """A `for` loop without `async` raises a TypeError that shows ``async for``."""
    with pytest.raises(TypeError, match="'async for'"):
        for _ in notes:  # type: ignore[attr-defined]  # the mistake under test
            pass
    assert not hasattr(notes, "__len__")


@pytest.mark.parametrize(
    "wrong", [{"page_size": 0}, {"page_size": "5"}, {"concurrency": 0}, {"concurrency": True}]
)
async def test_invalid_options_are_refused(
    notes: Listing[ProjectNote], wrong: dict[str, Any]
) -> None:
    """A page size or concurrency that is no integer of at least 1 raises ArgumentError."""
    with pytest.raises(ArgumentError, match=next(iter(wrong))):
        notes.stream(**wrong)


async def test_invalid_slices_are_refused(intervals: IntervalsClient) -> None:
    """A negative offset or a limit that is no integer raises ArgumentError."""
    with pytest.raises(ArgumentError, match="offset"):
        intervals.projectnote.list(offset=-1)
    with pytest.raises(ArgumentError, match="limit"):
        intervals.projectnote.list(limit="10")  # type: ignore[arg-type]  # the mistake under test


async def test_the_repr_of_a_listing_shows_its_query(intervals: IntervalsClient) -> None:
    """The repr of a listing shows its resource, filters and slice."""
    listing = intervals.projectnote.list(projectid=[3, 5], offset=10, limit=5)
    assert repr(listing) == "<Listing projectnote projectid=3,5 offset=10 limit=5>"
    assert repr(intervals.projectnote.list()) == "<Listing projectnote>"


@pytest.mark.parametrize("page_size", [1, 7, 50, None])
async def test_batches_yield_every_record_once(
    fake: FakeIntervals, notes: Listing[ProjectNote], page_size: int | None
) -> None:
    """`batch` returns the received records, and the bookmark is the position after them."""
    stream = notes.stream(page_size=page_size)
    seen = [(await anext(stream)).id]
    while batch := await stream.batch():
        seen += [note.id for note in batch]
        assert stream.delivered == len(seen)
        rest = await read_ids(notes.stream(resume=stream.bookmark))
        assert seen + rest == ids(fake)
    assert seen == ids(fake)
    assert await stream.batch() == []
