"""A stream may read its first page before the first step, at no extra cost."""

from __future__ import annotations

import pytest

from intervals_async import IntervalsClient, Listing, ListingError, ProjectNote, ServerError
from intervals_async.testing import FakeIntervals, faults

from ..rows import ids, person_with_contacts
from .acting import read_ids, take


@pytest.mark.parametrize("page_size", [1, 7, 50, None])
async def test_a_page_read_ahead_is_not_requested_again(
    fake: FakeIntervals, notes: Listing[ProjectNote], page_size: int | None
) -> None:
    """A page that was read ahead is yielded without another request."""
    stream = notes.stream(page_size=page_size)
    await stream.read_ahead()
    await stream.read_ahead()
    assert (stream.listcount, stream.delivered, fake.requests) == (50, 0, 1)
    assert await read_ids(stream) == ids(fake)
    assert fake.requests == -(-50 // (page_size or 50))


async def test_a_bookmark_ignores_records_read_ahead(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """A bookmark counts only yielded records, so records read ahead are read again."""
    stream = notes.stream(page_size=20)
    await stream.read_ahead()
    assert await read_ids(notes.stream(resume=stream.bookmark)) == ids(fake)
    seen = await take(stream, 3)
    assert seen + await read_ids(notes.stream(resume=stream.bookmark)) == ids(fake)
    await stream.aclose()
    assert stream.delivered == 3
    assert await read_ids(stream) == []
    assert seen + await read_ids(notes.stream(resume=stream.bookmark)) == ids(fake)


async def test_read_ahead_within_a_page_sends_nothing(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """Reading ahead within a page sends no request, and does nothing at the end."""
    stream = notes.stream(page_size=20)
    first = await anext(stream)
    await stream.read_ahead()
    assert fake.requests == 1
    assert [first.id, *await read_ids(stream)] == ids(fake)
    await stream.read_ahead()  # does nothing at the end
    assert await read_ids(stream) == []


async def test_read_ahead_without_pages_reads_everything(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """Reading ahead reads the only response of a resource without pages, and keeps its bookmark."""
    person = person_with_contacts(fake)
    listing = intervals.personcontact.list(personid=person)
    stream = listing.stream()
    await stream.read_ahead()
    assert stream.bookmark
    records = [await anext(stream)]
    with pytest.raises(ListingError, match="bookmark"):
        _ = stream.bookmark
    records += [record async for record in stream]
    assert records == await listing.collect()
    assert fake.requests == 2


async def test_read_ahead_raises_errors(fake: FakeIntervals, notes: Listing[ProjectNote]) -> None:
    """Reading ahead raises an error at once, and the next step continues."""
    stream = notes.stream()
    fake.inject(faults.Status(500, 1, "Down"), times=4)
    with pytest.raises(ServerError):
        await stream.read_ahead()
    assert await read_ids(stream) == ids(fake)
