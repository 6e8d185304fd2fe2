"""A stream may read its first page before anybody asks for records; it costs nothing."""

from __future__ import annotations

import pytest

from intervals_async import IntervalsClient, Listing, ListingError, ProjectNote, ServerError
from intervals_async.testing import FakeIntervals, faults

from .acting import ids, read_ids


@pytest.mark.parametrize("page_size", [1, 7, 50, None])
async def test_what_was_read_ahead_is_not_asked_for_again(
    fake: FakeIntervals, notes: Listing[ProjectNote], page_size: int | None
) -> None:
    """It is the first page, whose records follow as if it had not been done."""
    stream = notes.stream(page_size=page_size)
    await stream.read_ahead()
    await stream.read_ahead()
    assert (stream.listcount, stream.delivered, fake.requests) == (50, 0, 1)
    assert await read_ids(stream) == ids(fake)
    assert fake.requests == -(-50 // (page_size or 50))


async def test_a_bookmark_knows_what_was_given_alone(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """What was only read is read again by whoever goes on."""
    stream = notes.stream(page_size=20)
    await stream.read_ahead()
    assert await read_ids(notes.stream(resume=stream.bookmark)) == ids(fake)
    seen = [(await anext(stream)).id for _ in range(3)]
    assert seen + await read_ids(notes.stream(resume=stream.bookmark)) == ids(fake)
    await stream.aclose()
    assert stream.delivered == 3
    assert await read_ids(stream) == []
    assert seen + await read_ids(notes.stream(resume=stream.bookmark)) == ids(fake)


async def test_of_a_stream_that_has_begun(fake: FakeIntervals, notes: Listing[ProjectNote]) -> None:
    """It is the rest of the page that it stands in."""
    stream = notes.stream(page_size=20)
    first = await anext(stream)
    await stream.read_ahead()
    assert fake.requests == 1
    assert [first.id, *await read_ids(stream)] == ids(fake)
    await stream.read_ahead()  # at the end there is none
    assert await read_ids(stream) == []


async def test_one_answer(fake: FakeIntervals, intervals: IntervalsClient) -> None:
    """What comes without pages is there at once; no bookmark stands in the midst of it."""
    person = int(str(fake.rows("personcontact")[0]["personid"]))
    listing = intervals.personcontact.list(personid=person)
    stream = listing.stream()
    await stream.read_ahead()
    assert stream.bookmark
    records = [await anext(stream)]
    with pytest.raises(ListingError, match="no bookmark exists at this position"):
        _ = stream.bookmark
    records += [record async for record in stream]
    assert records == await listing.collect()
    assert fake.requests == 2


async def test_an_error_is_raised_at_once(fake: FakeIntervals, notes: Listing[ProjectNote]) -> None:
    """And the next step goes on."""
    stream = notes.stream()
    fake.inject(faults.Status(500, 1, "Down"), times=4)
    with pytest.raises(ServerError):
        await stream.read_ahead()
    assert await read_ids(stream) == ids(fake)
