"""A stream resumed from a bookmark yields what an uninterrupted stream would yield."""

from __future__ import annotations

import random
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeAlias

import pytest

from intervals_async import (
    ArgumentError,
    DriftError,
    IntervalsClient,
    Listing,
    ListingError,
    NotFoundError,
    ProjectNote,
)
from intervals_async.testing import FakeIntervals, SeenRequest, faults

from ..rows import ids, person_with_contacts, project_ids
from .acting import change_before, client_of, insert, move, read_ids, remove, take

NOTES = 50


@asynccontextmanager
async def running_server(
    *, ascending: bool = True
) -> AsyncGenerator[tuple[FakeIntervals, list[int]]]:
    """Yield a server of its own and its ids in order, with ascending ids or not."""
    async with FakeIntervals(notes=NOTES, seed=1, per_minute=None, per_day=None) as fake:
        if not ascending:
            for id in ids(fake)[: NOTES // 2]:
                fake.touch("projectnote", id, reorder=True)
        yield fake, ids(fake)


async def interrupted(
    fake: FakeIntervals, records: int, meanwhile: Callable[[], None], **options: Any
) -> tuple[list[int], list[int]]:
    """Read some records, resume from the bookmark with another client, and read the rest."""
    async with (
        client_of(fake) as client,
        client.projectnote.list().stream(**options) as stream,
    ):
        first = await take(stream, records)
        bookmark = stream.bookmark
    meanwhile()
    async with client_of(fake) as client:
        resumed = client.projectnote.list().stream(resume=bookmark, **options)
        assert resumed.delivered == records
        rest = await read_ids(resumed)
        assert resumed.delivered == records + len(rest)
    return first, rest


def change_nothing() -> None:
    """Change nothing."""


# Without changes


@pytest.mark.parametrize(("page_size", "concurrency"), [(None, 1), (7, 1), (7, 4), (20, 2)])
async def test_a_stream_resumes_after_any_record(page_size: int | None, concurrency: int) -> None:
    """The text of a bookmark, taken at any record, is enough to yield all later records."""
    async with running_server() as (fake, before):
        for records in range(NOTES + 1):
            first, rest = await interrupted(
                fake, records, change_nothing, page_size=page_size, concurrency=concurrency
            )
            assert first + rest == before


async def test_a_bookmark_of_the_end_yields_only_new_rows(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """Resuming from the end yields nothing, or the rows that were inserted at the end since."""
    stream = notes.stream()
    before = await read_ids(stream)
    assert await read_ids(notes.stream(resume=stream.bookmark)) == []
    insert(fake, 3)
    assert await read_ids(notes.stream(resume=stream.bookmark)) == ids(fake)[50:]
    assert before == ids(fake)[:50]


async def test_a_bookmark_can_be_taken_before_the_first_request(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """A bookmark taken before the first request resumes from the first record."""
    bookmark = notes.stream().bookmark
    assert fake.requests == 0
    assert await read_ids(notes.stream(resume=bookmark)) == ids(fake)


async def test_a_bookmark_is_the_position_of_the_last_yielded_record(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """A bookmark describes the last yielded record, not its page, and outlives the block."""
    async with notes.stream(page_size=20, concurrency=3) as stream:
        assert len(await take(stream, 23)) == 23
        bookmark = stream.bookmark
        assert bookmark == stream.bookmark
        await take(stream, 1)
        assert bookmark != stream.bookmark
        last = stream.bookmark
    assert stream.bookmark == last
    assert stream.delivered == 24
    assert await read_ids(notes.stream(resume=bookmark)) == ids(fake)[23:]


async def test_a_resumed_stream_has_bookmarks_too(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """A resumed stream has bookmarks, so a listing can be read with one stream per record."""
    seen: list[int] = []
    bookmark = notes.stream().bookmark
    for done in range(NOTES):
        stream = notes.stream(page_size=7, resume=bookmark)
        assert stream.bookmark == bookmark
        assert stream.delivered == done
        seen += await take(stream, 1)
        bookmark = stream.bookmark
    assert seen == ids(fake)
    assert await read_ids(notes.stream(resume=bookmark)) == []


async def test_resuming_sends_no_extra_request(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """A resumed stream requests only the remaining pages."""
    stream = notes.stream(page_size=20)
    await take(stream, 20)
    bookmark = stream.bookmark
    fake.clear_log()
    assert len(await read_ids(notes.stream(page_size=20, resume=bookmark))) == 30
    assert len(fake.log) == 2
    assert all(int(seen.query["limit"]) <= 36 for seen in fake.log)


@pytest.mark.parametrize("on_drift", ["ignore", "raise"])
async def test_resumed_streams_accept_every_drift_policy(
    fake: FakeIntervals, notes: Listing[ProjectNote], on_drift: Any
) -> None:
    """Without drift, a resumed stream yields the same records with every `on_drift`."""
    stream = notes.stream(page_size=20, on_drift=on_drift)
    first = await take(stream, 13)
    resumed = notes.stream(page_size=20, on_drift=on_drift, resume=stream.bookmark)
    assert first + await read_ids(resumed) == ids(fake)


# With changes between the bookmark and the resumed stream

Change: TypeAlias = Callable[[FakeIntervals, list[int], int], None]


def delete_last_yielded(fake: FakeIntervals, before: list[int], yielded: int) -> None:
    """Delete the last 5 yielded rows."""
    remove(fake, before[max(yielded - 5, 0) : yielded])


def delete_first_rows(fake: FakeIntervals, before: list[int], yielded: int) -> None:
    """Delete up to 20 rows from the start, but at most half of the yielded rows."""
    remove(fake, before[: min(20, yielded // 2)])


def delete_next_rows(fake: FakeIntervals, before: list[int], yielded: int) -> None:
    """Delete the 20 rows after the position."""
    remove(fake, before[yielded : yielded + 20])


def delete_all_yielded(fake: FakeIntervals, before: list[int], yielded: int) -> None:
    """Delete all yielded rows."""
    remove(fake, before[:yielded])


def insert_at_start(fake: FakeIntervals, before: list[int], yielded: int) -> None:
    """Insert 20 rows at the start."""
    insert(fake, 20, before[0])


def insert_at_end(fake: FakeIntervals, before: list[int], yielded: int) -> None:
    """Insert 20 rows at the end."""
    insert(fake, 20)


def delete_first_rows_and_insert_at_end(
    fake: FakeIntervals, before: list[int], yielded: int
) -> None:
    """Delete rows before the position, and insert rows after it."""
    delete_first_rows(fake, before, yielded)
    insert_at_end(fake, before, yielded)


def insert_at_start_and_delete_next_rows(
    fake: FakeIntervals, before: list[int], yielded: int
) -> None:
    """Insert rows before the position, and delete rows after it."""
    insert_at_start(fake, before, yielded)
    delete_next_rows(fake, before, yielded)


CHANGES = [
    delete_last_yielded,
    delete_first_rows,
    delete_next_rows,
    delete_all_yielded,
    insert_at_start,
    insert_at_end,
    delete_first_rows_and_insert_at_end,
    insert_at_start_and_delete_next_rows,
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(("page_size", "concurrency"), [(None, 1), (3, 1), (7, 4)])
async def test_a_bookmark_survives_moved_rows(
    change: Change, page_size: int | None, concurrency: int
) -> None:
    """Resuming after 20 inserts or deletions yields every remaining record once."""
    for records in range(0, NOTES + 1, 7):
        async with running_server() as (fake, before):
            first, rest = await interrupted(
                fake,
                records,
                partial(change, fake, before, records),
                page_size=page_size,
                concurrency=concurrency,
            )
            remaining = ids(fake)
        assert first == before[:records]
        assert len(rest) == len({*rest})
        assert not {*first} & {*rest}
        assert [id for id in before[records:] if id in remaining] == [
            id for id in rest if id in before
        ]


def change_at_random(fake: FakeIntervals, chance: random.Random) -> None:
    """Delete and insert up to 20 rows each, anywhere."""
    gone = chance.sample(ids(fake), chance.randint(0, 20))
    for _ in range(chance.randint(0, 20)):
        insert(fake, 1, chance.choice(ids(fake)))
    remove(fake, gone)


@pytest.mark.parametrize("seed", range(0, 60, 15))
async def test_random_changes_before_resuming_lose_and_repeat_no_row(seed: int) -> None:
    """Resuming after random inserts and deletions yields every remaining record once."""
    for each in range(seed, seed + 15):
        chance = random.Random(each)
        records = chance.randint(1, NOTES)
        page_size = chance.choice([None, 1, 5, 20])
        async with running_server() as (fake, before):
            change = partial(change_at_random, fake, chance)
            first, rest = await interrupted(fake, records, change, page_size=page_size)
            remaining = ids(fake)
        assert not {*first} & {*rest}
        assert len(rest) == len({*rest})
        assert [id for id in before[records:] if id in remaining] == [
            id for id in rest if id in before
        ]


@pytest.mark.parametrize("gone", [15, 16, 17, 30])
async def test_ascending_ids_restore_the_position_without_remembered_records(gone: int) -> None:
    """With ascending ids, a stream resumes even if all 16 remembered records are deleted."""
    async with running_server() as (fake, before):
        first, rest = await interrupted(
            fake, 35, lambda: remove(fake, before[35 - gone : 35]), page_size=10
        )
    assert first + rest == before


async def test_without_ascending_ids_a_lost_position_raises() -> None:
    """Without ascending ids, a bookmark whose remembered records are deleted raises."""
    async with running_server(ascending=False) as (fake, before):
        with pytest.raises(DriftError, match="lost position") as caught:
            await interrupted(fake, 35, lambda: remove(fake, before[18:35]), page_size=10)
    error = caught.value
    assert (error.method, error.path) == ("GET", "/projectnote/")
    assert (error.position, error.delivered, error.listcount) == (35, 35, 33)


@pytest.mark.parametrize("gone", [1, 9, 15])
async def test_in_any_order_one_remembered_record_is_enough(gone: int) -> None:
    """In any order of ids, one remaining remembered record restores the position."""
    async with running_server(ascending=False) as (fake, before):
        first, rest = await interrupted(
            fake, 35, lambda: remove(fake, before[35 - gone : 35]), page_size=10
        )
    assert first + rest == before


async def test_a_resumed_stream_finds_its_position_after_many_new_rows(
    notes: Listing[ProjectNote], fake: FakeIntervals
) -> None:
    """A resumed stream finds its position after 300 new rows in at most 8 requests."""
    before = ids(fake)
    stream = notes.stream(page_size=10)
    first = await take(stream, 20)
    insert(fake, 300, before[0])
    fake.clear_log()
    assert first + await read_ids(notes.stream(resume=stream.bookmark)) == before
    assert len(fake.log) <= 8


async def test_a_resumed_stream_repairs_later_drift(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """A resumed stream repairs drift that happens after it has found its position."""
    before = ids(fake)
    stream = notes.stream(page_size=10)
    first = await take(stream, 15)
    fake.clear_log()

    change_before(fake, 2, lambda: remove(fake, before[3:6]))
    assert first + await read_ids(notes.stream(page_size=10, resume=stream.bookmark)) == before


# Slices, filters, sorting


@pytest.mark.parametrize("records", [0, 1, 9, 24, 25])
async def test_a_slice_is_resumed_within_its_bounds(
    fake: FakeIntervals, intervals: IntervalsClient, records: int
) -> None:
    """A resumed slice keeps its bounds; the records yielded before count towards its limit."""
    before = ids(fake)
    listing = intervals.projectnote.list(offset=10, limit=25)
    stream = listing.stream(page_size=8)
    first = await take(stream, records)
    remove(fake, before[10 : 10 + records // 2])
    resumed = listing.stream(page_size=8, resume=stream.bookmark)
    assert first + await read_ids(resumed) == before[10:35]
    assert resumed.delivered == 25


async def test_a_listing_sorted_by_id_resumes_without_remembered_records() -> None:
    """A listing sorted by id resumes even if no remembered record exists any more."""
    async with (
        FakeIntervals(projects=60, notes=0, per_minute=None, per_day=None) as fake,
        client_of(fake) as intervals,
    ):
        before = sorted(ids(fake, "project"))
        stream = intervals.project.list().stream(page_size=10)
        first = await take(stream, 30)
        remove(fake, before[5:30], "project")
        rest = await read_ids(intervals.project.list().stream(resume=stream.bookmark))
    assert first + rest == before


# The text of a bookmark


async def test_a_bookmark_is_a_short_text(notes: Listing[ProjectNote]) -> None:
    """A bookmark has at most 400 characters that are safe in file names and URLs."""
    stream = notes.stream()
    await take(stream, 40)
    assert re.fullmatch(r"2\.[\w.-]{1,400}", stream.bookmark)


async def test_a_bookmark_of_another_listing_is_refused(intervals: IntervalsClient) -> None:
    """A bookmark of other filters, another slice or another resource raises ArgumentError."""
    stream = intervals.projectnote.list(projectid=301).stream()
    bookmark = stream.bookmark
    for other in (
        intervals.projectnote.list(),
        intervals.projectnote.list(projectid=302),
        intervals.projectnote.list(projectid=301, offset=1),
        intervals.projectnote.list(projectid=301, limit=10),
    ):
        with pytest.raises(ArgumentError, match="resume"):
            other.stream(resume=bookmark)
    with pytest.raises(ArgumentError, match="resume"):
        intervals.project.list().stream(resume=bookmark)
    with pytest.raises(ArgumentError, match="resume"):
        intervals.personcontact.list(personid=201).stream(resume=bookmark)
    assert intervals.projectnote.list(projectid=[301]).stream(resume=bookmark).delivered == 0


async def test_the_order_of_the_filters_does_not_matter(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A bookmark resumes a listing with the same filters in another order."""
    projects = project_ids(fake)[:2]
    one = intervals.projectnote.list(projectid=projects, search="e")
    other = intervals.projectnote.list(search="e", projectid=projects)
    stream = one.stream()
    first = await take(stream, 1)
    assert first + await read_ids(other.stream(resume=stream.bookmark)) == await read_ids(
        one.stream()
    )


@pytest.mark.parametrize("index", range(0, 120, 5))
async def test_a_damaged_bookmark_is_refused(notes: Listing[ProjectNote], index: int) -> None:
    """A bookmark with one changed character, or cut off, raises ArgumentError."""
    stream = notes.stream()
    await take(stream, 20)
    bookmark = stream.bookmark
    index = 3 + index % (len(bookmark) - 4)
    wrong = "A" if bookmark[index] != "A" else "B"
    with pytest.raises(ArgumentError, match="damaged"):
        notes.stream(resume=bookmark[:index] + wrong + bookmark[index + 1 :])
    with pytest.raises(ArgumentError, match="damaged"):
        notes.stream(resume=bookmark[:index])


@pytest.mark.parametrize("text", ["", "x", "1", "1.", ".abc", "-1.abc", "é.abc"])
async def test_other_text_is_refused(notes: Listing[ProjectNote], text: str) -> None:
    """Text without the form of a bookmark raises ArgumentError."""
    with pytest.raises(ArgumentError, match="resume"):
        notes.stream(resume=text)


@pytest.mark.parametrize("text", ["1.é", "1.\x00", "1." + "A" * 10_000, "1. "])
async def test_text_in_the_form_of_a_bookmark_is_refused(
    notes: Listing[ProjectNote], text: str
) -> None:
    """Invalid text in the form of a bookmark raises ArgumentError, and no other error."""
    with pytest.raises(ArgumentError, match="resume"):
        notes.stream(resume=text)


async def test_a_bookmark_of_another_version_is_refused(notes: Listing[ProjectNote]) -> None:
    """The error for a bookmark of another version names both versions."""
    for version in "1", "3":
        with pytest.raises(ArgumentError, match=rf"version 2\b.* version {version}\b"):
            notes.stream(resume=version + notes.stream().bookmark[1:])


@pytest.mark.parametrize("wrong", [b"2.abc", 5, True, ["x"]], ids=repr)
async def test_only_text_is_a_bookmark(notes: Listing[ProjectNote], wrong: Any) -> None:
    """A value that is not text raises ArgumentError."""
    with pytest.raises(ArgumentError, match="resume"):
        notes.stream(resume=wrong)


async def test_white_space_around_a_bookmark_is_ignored(notes: Listing[ProjectNote]) -> None:
    """White space around a bookmark is ignored, because it may come from a file."""
    stream = notes.stream()
    await take(stream, 5)
    assert notes.stream(resume=f" {stream.bookmark}\n").delivered == 5


# Positions without a bookmark


async def test_a_resource_without_pages_has_no_bookmarks(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """The stream of a resource without pages has no bookmark after its first record."""
    stream = intervals.personcontact.list(personid=person_with_contacts(fake)).stream()
    await take(stream, 1)
    with pytest.raises(ListingError, match="bookmark"):
        _ = stream.bookmark


async def test_a_second_pass_has_no_bookmarks(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """During the second pass, a stream has no bookmark."""
    before = ids(fake)

    change_before(fake, 2, lambda: move(fake, before[40], before[5]))
    stream = notes.stream(page_size=20)
    assert len(await take(stream, 49)) == 49
    assert stream.bookmark
    assert await take(stream, 1) == [before[40]]
    with pytest.raises(ListingError, match="bookmark"):
        _ = stream.bookmark


@pytest.mark.parametrize("records", [1, 20, 50])
async def test_a_snapshot_is_resumed_page_by_page(
    fake: FakeIntervals, notes: Listing[ProjectNote], records: int
) -> None:
    """The bookmark of a snapshot resumes in pages, and yields the remaining records once."""
    before = ids(fake)
    stream = notes.stream(snapshot=True)
    first = await take(stream, records)
    bookmark = stream.bookmark
    await stream.aclose()
    remove(fake, before[: records // 2])
    assert first + await read_ids(notes.stream(page_size=10, resume=bookmark)) == before


async def test_a_bookmark_taken_after_an_error_resumes(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """A bookmark taken after an error resumes from the record after the last yielded one."""
    stream = notes.stream(page_size=20)
    first = await take(stream, 20)
    fake.inject(faults.Status(404))
    with pytest.raises(NotFoundError):
        await take(stream, 1)
    assert first + await read_ids(notes.stream(resume=stream.bookmark)) == ids(fake)


@pytest.mark.slow
@pytest.mark.parametrize("page_size", [1, 3, 20])
@pytest.mark.parametrize("vanished", [0, 1, 6, 15])
async def test_a_bookmark_among_inserted_rows_resumes_after_the_yielded_records(
    page_size: int, vanished: int
) -> None:
    """A bookmark among rows inserted before the position yields no old record twice."""
    async with (
        running_server(ascending=False) as (fake, before),
        client_of(fake) as client,
    ):
        notes = client.projectnote.list()
        stream = notes.stream(page_size=page_size)
        seen = await take(stream, 20)
        remove(fake, before[20 - vanished : 20])
        insert(fake, 30, before=before[3])
        async for note in stream:
            seen.append(note.id)
            try:
                bookmark = stream.bookmark
            except ListingError:
                break  # The second pass has begun.
            rest = await read_ids(notes.stream(page_size=page_size, resume=bookmark))
            assert not {*rest} & {*seen} & {*before}
            assert {*before[20:]} <= {*seen, *rest}
        assert {*before[20:]} <= {*seen}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
async def test_a_repeatedly_interrupted_export_yields_each_record_once(seed: int) -> None:
    """An export resumed many times during inserts and deletions yields each record once."""
    dice = random.Random(seed)
    gone: set[int] = set()

    def change(server: FakeIntervals, seen: SeenRequest) -> None:
        for _ in range(dice.choice([0, 0, 0, 1, 2, 10])):
            row = dice.choice(ids(server))
            if dice.random() < 0.5 and len(ids(server)) > NOTES // 2:
                gone.add(row)
                remove(server, [row])
            else:
                insert(server, 1, before=row)

    async with running_server(ascending=False) as (fake, before):
        fake.between(change)
        seen: list[int] = []
        bookmark: str | None = None
        page_size = dice.choice([None, 1, 3, 7, 20])
        async with client_of(fake) as client:
            notes = client.projectnote.list()
            while True:
                async with notes.stream(page_size=page_size, resume=bookmark) as stream:
                    most = dice.choice([1, 5, 20, 40])
                    taken = 0
                    try:
                        async for note in stream:
                            seen.append(note.id)
                            taken += 1
                            if taken == most:
                                break
                        else:
                            break
                        bookmark = stream.bookmark
                    except (DriftError, ListingError):
                        return  # The stream raises instead of losing records silently.
        assert len(seen) == len({*seen})
        assert {*before} - gone <= {*seen}
