"""Listcounts that are wrong, and second passes: what a stream believes, and what it yields."""

from __future__ import annotations

from typing import Any

import pytest

from intervals_async import (
    DriftError,
    IncompleteListingError,
    IntervalsClient,
    Listing,
    ProjectNote,
    SnapshotBrokenError,
)
from intervals_async._streaming.bookmark import Bookmark
from intervals_async._streaming.delivered import UNPLACED, DeliveredIds, DeliveredTail
from intervals_async.testing import FakeIntervals

from ..rows import ids
from .acting import change_before, insert, move, read, read_ids, take
from .simulated import Answer, Server, client_of

ROWS = list(range(1, 121))

# Snapshots


def counting(count: int, *, cap: int | None = None) -> Server:
    """Return a server of 120 rows that sends this listcount."""

    def answer(offset: int, limit: int) -> Answer:
        return ROWS[offset:][: limit if cap is None else min(limit, cap)], count

    return Server([], answer=answer)


@pytest.mark.parametrize("count", [0, 1, 50, 103, 119])
@pytest.mark.parametrize("offset", [0, 10])
async def test_a_snapshot_does_not_believe_a_listcount_below_its_rows(
    count: int, offset: int
) -> None:
    """A snapshot is complete, or says that it is not and requests more the next time."""
    server = counting(count)
    async with client_of(server) as client:
        stream = client.module.list(offset=offset).stream(snapshot=True)
        seen: list[int] = []
        for _ in range(5):
            seen.clear()
            try:
                await read(stream, seen)
            except SnapshotBrokenError as error:
                assert "iterate again" in error.message
                assert seen == ROWS[offset:][: len(seen)]
            else:
                break
    assert seen == ROWS[offset:]
    assert len(server.log) <= 8


@pytest.mark.parametrize("count", [1, 50, 119])
async def test_a_snapshot_with_a_wrong_listcount_continues_in_pages(count: int) -> None:
    """With on_broken='repair' the rest is read page by page, up to the last row."""
    async with client_of(counting(count)) as client:
        stream = client.module.list().stream(snapshot=True, on_broken="repair")
        assert await read_ids(stream) == ROWS


@pytest.mark.parametrize("limit", [5, 66, 120, 200])
async def test_a_limit_of_the_caller_ends_a_snapshot(limit: int) -> None:
    """Records beyond the caller's limit are not missed, whatever the listcount."""
    async with client_of(counting(50)) as client:
        stream = client.module.list(limit=limit).stream(snapshot=True)
        seen: list[int] = []
        try:
            await read(stream, seen)
        except SnapshotBrokenError:
            seen = await read_ids(stream)
        assert seen == ROWS[:limit]


@pytest.mark.parametrize("count", [0, 1, 50, 119])
@pytest.mark.parametrize("page_size", [None, 7, 50])
async def test_pages_do_not_believe_a_listcount_below_their_rows(
    count: int, page_size: int | None
) -> None:
    """A stream of pages goes on to the first page without new rows."""
    async with client_of(counting(count)) as client:
        seen: list[int] = []
        try:
            await read(client.module.list().stream(page_size=page_size), seen)
        except IncompleteListingError:
            assert len(seen) < len(ROWS)
        else:
            assert seen == ROWS[: len(seen)]


# Second passes of slices


@pytest.mark.parametrize("offset", [1, 5, 16, 20])
@pytest.mark.parametrize("at", [0, 1, -1])
async def test_a_second_pass_yields_no_row_before_the_slice(
    fake: FakeIntervals, intervals: IntervalsClient, offset: int, at: int
) -> None:
    """Rows inserted among those before the slice, or before all, are not records of the slice."""
    before = ids(fake)

    def change() -> None:
        insert(fake, 3, before[(at + offset) % offset])  # before the slice
        move(fake, before[45], before[offset + 3])  # which a second pass looks for
        for id in before[46:49]:
            fake.remove("projectnote", id)

    change_before(fake, 2, change)
    stream = intervals.projectnote.list(offset=offset).stream(page_size=10)
    seen = await read_ids(stream)
    kept = {*before[offset:45], before[49]}
    assert kept <= {*seen} <= {*before[offset:]}
    assert len(seen) == len({*seen})
    assert 0 in [int(request.query["offset"]) for request in fake.log]


@pytest.mark.parametrize("records", [1, 4, 20])
async def test_a_second_pass_of_a_resumed_slice_yields_no_row_before_it(
    fake: FakeIntervals, intervals: IntervalsClient, records: int
) -> None:
    """The rows before the slice that a bookmark holds do not count as its records."""
    before = ids(fake)
    listing = intervals.projectnote.list(offset=8)
    stream = listing.stream(page_size=10)
    first = await take(stream, records)
    insert(fake, 2, before[4])
    fake.clear_log()

    def change() -> None:
        move(fake, before[45], before[9 + records])
        for id in before[46:48]:
            fake.remove("projectnote", id)

    change_before(fake, 3, change)
    seen = first + await read_ids(listing.stream(page_size=10, resume=stream.bookmark))
    assert {*seen} <= {*before[8:]}
    assert len(seen) == len({*seen})


def test_preceding_rows_were_not_yielded() -> None:
    """A row before a slice is known, but it is no record of the slice."""
    delivered = DeliveredIds(starts_midway=True)
    delivered.add_preceding([1, 2])
    delivered.add([3])
    assert [id for id in range(5) if delivered.was_yielded(id)] == [3]
    assert [id for id in range(5) if delivered.marks_position(id)] == [1, 2, 3]
    resumed = DeliveredIds(delivered.tail, starts_midway=True, yielded=1)
    assert [id for id in range(5) if resumed.was_yielded(id)] == [3]


async def test_a_second_pass_that_meets_nothing_is_no_proof() -> None:
    """If none of the yielded records exists any more, missing records are reported."""
    server = Server(list(range(1, 151)))

    def change(number: int) -> None:
        if number == 2:  # a row moves, so that a second pass looks for it
            server.ids.remove(145)
            server.ids.insert(105, 145)
        if server.log[-1][0] == 0:
            server.ids[:] = range(1000, 1250)

    server.before = change
    async with client_of(server) as client:
        with pytest.raises(DriftError, match="may have been missed"):
            await read_ids(client.module.list(offset=100).stream(page_size=20))


# What a bookmark holds


async def test_a_bookmark_that_forgets_records_is_refused() -> None:
    """More records beside a lost end than a bookmark holds raise DriftError when it is resumed."""
    server = Server(list(range(1, 1001)))

    def delete(number: int) -> None:
        if number == 2:
            del server.ids[30:200]

    server.before = delete
    async with client_of(server) as client:
        listing = client.module.list()
        stream = listing.stream(page_size=200)
        seen = await take(stream, 200 + UNPLACED)
        assert not Bookmark.parse(stream.bookmark).tail.forgets
        seen += await take(stream, 30)
        bookmark = stream.bookmark
        assert Bookmark.parse(bookmark).tail.forgets
        requests = len(server.log)
        with pytest.raises(DriftError, match="lost position: more records were inserted"):
            await read_ids(listing.stream(resume=bookmark))
        assert len(server.log) == requests
        assert seen + await read_ids(stream) == list(range(1, 1001))


@pytest.mark.parametrize("rows", [3, UNPLACED - 20, UNPLACED + 40])
@pytest.mark.parametrize("taken", [1, 17, UNPLACED - 30, UNPLACED + 20, UNPLACED + 55])
async def test_resuming_among_inserted_rows_doubles_none(
    fake: FakeIntervals, notes: Listing[ProjectNote], rows: int, taken: int
) -> None:
    """A bookmark taken anywhere among inserted rows loses and doubles nothing."""
    before = ids(fake)
    change_before(fake, 2, lambda: insert(fake, rows, before[15]))
    stream = notes.stream(page_size=20)
    seen = await take(stream, min(20 + taken, rows + 40))
    try:
        seen += await read_ids(notes.stream(resume=stream.bookmark))
    finally:
        await stream.aclose()
    assert {*before} <= {*seen}
    assert len(seen) == len({*seen})


@pytest.mark.parametrize("rows", [100, UNPLACED + 40])
async def test_a_deleted_end_does_not_make_bookmarks_forgetful(rows: int) -> None:
    """If only the last record was deleted, bookmarks stay good for the rest of the listing."""
    server = Server(list(range(1, 1001)))

    def delete(number: int) -> None:
        if number == 2:
            server.ids.remove(20)

    server.before = delete
    async with client_of(server) as client:
        stream = client.module.list().stream(page_size=20)
        seen = await take(stream, 20 + rows)
        bookmark = stream.bookmark
        await stream.aclose()
        seen += await read_ids(client.module.list().stream(resume=bookmark))
    assert seen == list(range(1, 1001))


def test_a_forgetful_tail_survives_the_text_of_a_bookmark() -> None:
    """That records were forgotten is written into a bookmark, and read again."""
    tail = DeliveredTail((1, 2, 3), former_end=3)
    bookmark = Bookmark(resource="module", listing="x", position=3, delivered=400, tail=tail)
    assert Bookmark.parse(str(bookmark)).tail.forgets


@pytest.mark.parametrize("on_drift", ["repair", "ignore"])
async def test_only_streams_that_compare_ids_refuse_a_forgetful_bookmark(on_drift: Any) -> None:
    """Without ids a bookmark is a position."""
    server = Server(list(range(1, 101)))
    async with client_of(server) as client:
        listing = client.module.list()
        tail = DeliveredTail((48, 49, 50), former_end=50)
        known = Bookmark.parse(listing.stream().bookmark)
        bookmark = Bookmark(
            resource="module", listing=known.listing, position=50, delivered=50, tail=tail
        )
        stream = listing.stream(resume=str(bookmark), on_drift=on_drift)
        if on_drift == "ignore":
            assert await read_ids(stream) == list(range(51, 101))
        else:
            with pytest.raises(DriftError):
                await anext(stream)
