"""A bookmark taken at any record, resumed anywhere, gives what an unbroken stream gives."""

from __future__ import annotations

import base64
import json
import random
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeAlias
from zlib import crc32

import pytest

from intervals_async import (
    ArgumentError,
    DriftError,
    IntervalsClient,
    Listing,
    ListingError,
    ProjectNote,
)
from intervals_async.testing import FakeIntervals, SeenRequest, faults

from .acting import ids, insert, read_ids, remove, take

NOTES = 50


@asynccontextmanager
async def account(*, rising: bool = True) -> AsyncGenerator[tuple[FakeIntervals, list[int]]]:
    """Give a server of its own, and its ids in their order, which need not be rising."""
    async with FakeIntervals(notes=NOTES, seed=1, per_minute=None, per_day=None) as fake:
        if not rising:
            for id in ids(fake)[: NOTES // 2]:
                fake.touch("projectnote", id, reorder=True)
        yield fake, ids(fake)


async def interrupted(
    fake: FakeIntervals, records: int, meanwhile: Callable[[], None], **options: Any
) -> tuple[list[int], list[int]]:
    """Read some records, and the rest by a bookmark, each with a client of its own."""
    async with (
        IntervalsClient(fake.token, base_url=fake.url, limits=()) as client,
        client.projectnote.list().stream(**options) as stream,
    ):
        first = await take(stream, records)
        bookmark = stream.bookmark
    meanwhile()
    async with IntervalsClient(fake.token, base_url=fake.url, limits=()) as client:
        resumed = client.projectnote.list().stream(resume=bookmark, **options)
        assert resumed.delivered == records
        rest = await read_ids(resumed)
        assert resumed.delivered == records + len(rest)
    return first, rest


def nothing() -> None:
    """Change nothing."""


# Where nothing changes


@pytest.mark.parametrize(("page_size", "concurrency"), [(None, 1), (7, 1), (7, 4), (20, 2)])
async def test_a_bookmark_of_any_record_goes_on_behind_it(
    page_size: int | None, concurrency: int
) -> None:
    """In another process: all that is handed over is a text."""
    async with account() as (fake, before):
        for records in range(NOTES + 1):
            first, rest = await interrupted(
                fake, records, nothing, page_size=page_size, concurrency=concurrency
            )
            assert first + rest == before


async def test_a_bookmark_of_the_end_gives_no_more(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """Unless rows were added since."""
    stream = notes.stream()
    before = await read_ids(stream)
    assert await read_ids(notes.stream(resume=stream.bookmark)) == []
    insert(fake, 3)
    assert await read_ids(notes.stream(resume=stream.bookmark)) == ids(fake)[50:]
    assert before == ids(fake)[:50]


async def test_a_bookmark_of_the_beginning_begins(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """It can be taken before anything was asked."""
    bookmark = notes.stream().bookmark
    assert fake.requests == 0
    assert await read_ids(notes.stream(resume=bookmark)) == ids(fake)


async def test_a_bookmark_is_taken_of_the_record_that_was_given_last(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """Not of the page, nor of what was asked for ahead; and after the end it stays."""
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
    """Again and again, a record each."""
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


async def test_it_costs_no_request_more(fake: FakeIntervals, notes: Listing[ProjectNote]) -> None:
    """It begins where it stood."""
    stream = notes.stream(page_size=20)
    await take(stream, 20)
    bookmark = stream.bookmark
    fake.clear_log()
    assert len(await read_ids(notes.stream(page_size=20, resume=bookmark))) == 30
    assert len(fake.log) == 2
    assert all(int(seen.query["limit"]) <= 36 for seen in fake.log)


@pytest.mark.parametrize("on_drift", ["ignore", "raise"])
async def test_the_policies_hold_for_resumed_streams(
    fake: FakeIntervals, notes: Listing[ProjectNote], on_drift: Any
) -> None:
    """Where nothing has moved they make no difference."""
    stream = notes.stream(page_size=20, on_drift=on_drift)
    first = await take(stream, 13)
    resumed = notes.stream(page_size=20, on_drift=on_drift, resume=stream.bookmark)
    assert first + await read_ids(resumed) == ids(fake)


# Where others change rows meanwhile

Change: TypeAlias = Callable[[FakeIntervals, list[int], int], None]


def last_ones_go(fake: FakeIntervals, before: list[int], given: int) -> None:
    remove(fake, before[max(given - 5, 0) : given])


def left_ones_go(fake: FakeIntervals, before: list[int], given: int) -> None:
    remove(fake, before[: min(20, given // 2)])


def right_ones_go(fake: FakeIntervals, before: list[int], given: int) -> None:
    remove(fake, before[given : given + 20])


def all_left_ones_go(fake: FakeIntervals, before: list[int], given: int) -> None:
    remove(fake, before[:given])


def left_ones_come(fake: FakeIntervals, before: list[int], given: int) -> None:
    insert(fake, 20, before[0])


def right_ones_come(fake: FakeIntervals, before: list[int], given: int) -> None:
    insert(fake, 20)


def left_ones_go_and_right_ones_come(fake: FakeIntervals, before: list[int], given: int) -> None:
    left_ones_go(fake, before, given)
    right_ones_come(fake, before, given)


def left_ones_come_and_right_ones_go(fake: FakeIntervals, before: list[int], given: int) -> None:
    left_ones_come(fake, before, given)
    right_ones_go(fake, before, given)


CHANGES = [
    last_ones_go,
    left_ones_go,
    right_ones_go,
    all_left_ones_go,
    left_ones_come,
    right_ones_come,
    left_ones_go_and_right_ones_come,
    left_ones_come_and_right_ones_go,
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(("page_size", "concurrency"), [(None, 1), (3, 1), (7, 4)])
async def test_a_bookmark_holds_when_rows_have_moved(
    change: Change, page_size: int | None, concurrency: int
) -> None:
    """Up to twenty rows left and right: nothing lost, nothing twice."""
    for records in range(0, NOTES + 1, 7):
        async with account() as (fake, before):
            first, rest = await interrupted(
                fake,
                records,
                partial(change, fake, before, records),
                page_size=page_size,
                concurrency=concurrency,
            )
            there = ids(fake)
        assert first == before[:records]
        assert len(rest) == len({*rest})
        assert not {*first} & {*rest}
        assert [id for id in before[records:] if id in there] == [id for id in rest if id in before]


def anything(fake: FakeIntervals, chance: random.Random) -> None:
    gone = chance.sample(ids(fake), chance.randint(0, 20))
    for _ in range(chance.randint(0, 20)):
        insert(fake, 1, chance.choice(ids(fake)))
    remove(fake, gone)


@pytest.mark.parametrize("seed", range(0, 60, 15))
async def test_no_change_by_chance_loses_or_doubles_a_row(seed: int) -> None:
    """Up to twenty rows come and go anywhere, before the bookmark is resumed."""
    for each in range(seed, seed + 15):
        chance = random.Random(each)
        records = chance.randint(1, NOTES)
        page_size = chance.choice([None, 1, 5, 20])
        async with account() as (fake, before):
            change = partial(anything, fake, chance)
            first, rest = await interrupted(fake, records, change, page_size=page_size)
            there = ids(fake)
        assert not {*first} & {*rest}
        assert len(rest) == len({*rest})
        assert [id for id in before[records:] if id in there] == [id for id in rest if id in before]


@pytest.mark.parametrize("gone", [15, 16, 17, 30])
async def test_rising_ids_place_a_bookmark_whose_records_are_all_gone(gone: int) -> None:
    """It remembers sixteen; where these are deleted, their order tells what is behind them."""
    async with account() as (fake, before):
        first, rest = await interrupted(
            fake, 35, lambda: remove(fake, before[35 - gone : 35]), page_size=10
        )
    assert first + rest == before


async def test_ids_in_another_order_cannot_place_it() -> None:
    """Then it says so, rather than guess."""
    async with account(rising=False) as (fake, before):
        with pytest.raises(DriftError, match="start the listing again") as caught:
            await interrupted(fake, 35, lambda: remove(fake, before[18:35]), page_size=10)
    assert caught.value.path == "/projectnote/"
    assert caught.value.delivered == 35


@pytest.mark.parametrize("gone", [1, 9, 15])
async def test_in_any_order_one_remembered_record_is_enough(gone: int) -> None:
    """It goes on behind the last of those that are left."""
    async with account(rising=False) as (fake, before):
        first, rest = await interrupted(
            fake, 35, lambda: remove(fake, before[35 - gone : 35]), page_size=10
        )
    assert first + rest == before


async def test_rows_far_away_are_found(notes: Listing[ProjectNote], fake: FakeIntervals) -> None:
    """However many came in on the left, the search goes on until it meets what was given."""
    before = ids(fake)
    stream = notes.stream(page_size=10)
    first = await take(stream, 20)
    insert(fake, 300, before[0])
    fake.clear_log()
    assert first + await read_ids(notes.stream(resume=stream.bookmark)) == before
    assert len(fake.log) <= 8


async def test_changes_while_a_resumed_stream_is_read(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """What happens after the bookmark was met is repaired as ever."""
    before = ids(fake)
    stream = notes.stream(page_size=10)
    first = await take(stream, 15)
    fake.clear_log()

    def change(server: FakeIntervals, seen: SeenRequest) -> None:
        if len(server.log) == 2:
            remove(fake, before[3:6])

    fake.between(change)
    assert first + await read_ids(notes.stream(page_size=10, resume=stream.bookmark)) == before


# Slices, filters, sorting


@pytest.mark.parametrize("records", [0, 1, 9, 24, 25])
async def test_a_slice_is_resumed_within_its_bounds(
    fake: FakeIntervals, intervals: IntervalsClient, records: int
) -> None:
    """The limit counts the records given before."""
    before = ids(fake)
    listing = intervals.projectnote.list(offset=10, limit=25)
    stream = listing.stream(page_size=8)
    first = await take(stream, records)
    remove(fake, before[10 : 10 + records // 2])
    resumed = listing.stream(page_size=8, resume=stream.bookmark)
    assert first + await read_ids(resumed) == before[10:35]
    assert resumed.delivered == 25


async def test_a_sorted_listing_is_placed_by_its_order() -> None:
    """Sorted by id it needs none of the records that it remembers."""
    async with (
        FakeIntervals(projects=60, notes=0, per_minute=None, per_day=None) as fake,
        IntervalsClient(fake.token, base_url=fake.url, limits=()) as intervals,
    ):
        before = sorted(int(str(row["id"])) for row in fake.rows("project"))
        stream = intervals.project.list().stream(page_size=10)
        first = await take(stream, 30)
        for id in before[5:30]:
            fake.remove("project", id)
        rest = await read_ids(intervals.project.list().stream(resume=stream.bookmark))
    assert first + rest == before


# A bookmark's text


async def test_a_bookmark_is_a_short_text(notes: Listing[ProjectNote]) -> None:
    """It fits in a file name, an address or a log, and names no secret."""
    stream = notes.stream()
    await take(stream, 40)
    assert re.fullmatch(r"1\.[\w.-]{1,400}", stream.bookmark)


async def test_a_bookmark_of_another_listing_is_refused(intervals: IntervalsClient) -> None:
    """Other filters, another slice, another resource: before anything is sent."""
    stream = intervals.projectnote.list(projectid=301).stream()
    bookmark = stream.bookmark
    for other in (
        intervals.projectnote.list(),
        intervals.projectnote.list(projectid=302),
        intervals.projectnote.list(projectid=301, offset=1),
        intervals.projectnote.list(projectid=301, limit=10),
    ):
        with pytest.raises(ArgumentError, match="another listing of projectnote"):
            other.stream(resume=bookmark)
    with pytest.raises(ArgumentError, match=r"bookmark of project, got one of projectnote$"):
        intervals.project.list().stream(resume=bookmark)
    with pytest.raises(ArgumentError, match="bookmark of personcontact, got"):
        intervals.personcontact.list(personid=201).stream(resume=bookmark)
    assert intervals.projectnote.list(projectid=[301]).stream(resume=bookmark).delivered == 0


async def test_the_order_of_the_filters_does_not_matter(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """They are the same listing."""
    projects = sorted({int(str(row["projectid"])) for row in fake.rows("projectnote")})[:2]
    one = intervals.projectnote.list(projectid=projects, search="e")
    other = intervals.projectnote.list(search="e", projectid=projects)
    stream = one.stream()
    first = await take(stream, 1)
    assert first + await read_ids(other.stream(resume=stream.bookmark)) == await read_ids(
        one.stream()
    )


@pytest.mark.parametrize("place", range(0, 120, 5))
async def test_a_damaged_bookmark_is_refused(notes: Listing[ProjectNote], place: int) -> None:
    """One letter is enough."""
    stream = notes.stream()
    await take(stream, 20)
    bookmark = stream.bookmark
    place = 3 + place % (len(bookmark) - 4)
    wrong = "A" if bookmark[place] != "A" else "B"
    with pytest.raises(ArgumentError, match="damaged"):
        notes.stream(resume=bookmark[:place] + wrong + bookmark[place + 1 :])
    with pytest.raises(ArgumentError, match="damaged"):
        notes.stream(resume=bookmark[:place])


@pytest.mark.parametrize("text", ["", "x", "1", "1.", ".abc", "-1.abc", "é.abc"])
async def test_what_is_no_bookmark_is_refused(notes: Listing[ProjectNote], text: str) -> None:
    """Whatever was given instead of one."""
    with pytest.raises(ArgumentError, match="expected a bookmark, got other text"):
        notes.stream(resume=text)


@pytest.mark.parametrize("text", ["1.é", "1.\x00", "1." + "A" * 10_000, "1. "])
async def test_what_looks_like_a_bookmark_is_refused(
    notes: Listing[ProjectNote], text: str
) -> None:
    """No other error comes of it."""
    with pytest.raises(ArgumentError):
        notes.stream(resume=text)


@pytest.mark.parametrize(
    "fields",
    [[], {}, 7, None, ["projectnote"], ["projectnote", "x", 0, 0, 0, True, 5]],
    ids=str,
)
async def test_a_whole_bookmark_with_something_else_in_it_is_refused(
    notes: Listing[ProjectNote], fields: object
) -> None:
    """Even where its sum is right."""
    plain = json.dumps(fields).encode()
    sealed = crc32(plain).to_bytes(4, "big") + plain
    with pytest.raises(ArgumentError):
        notes.stream(resume="1." + base64.urlsafe_b64encode(sealed).decode().rstrip("="))


async def test_a_bookmark_of_a_newer_release_is_refused(notes: Listing[ProjectNote]) -> None:
    """It says which version it is of."""
    with pytest.raises(ArgumentError, match="of version 1, got version 2"):
        notes.stream(resume="2" + notes.stream().bookmark[1:])


@pytest.mark.parametrize("wrong", [b"1.abc", 5, True, ["x"]], ids=repr)
async def test_a_bookmark_is_a_text(notes: Listing[ProjectNote], wrong: Any) -> None:
    """Nothing else."""
    with pytest.raises(ArgumentError, match="expected a bookmark, got"):
        notes.stream(resume=wrong)


async def test_white_space_around_a_bookmark_is_no_damage(notes: Listing[ProjectNote]) -> None:
    """It may come out of a file."""
    stream = notes.stream()
    await take(stream, 5)
    assert notes.stream(resume=f" {stream.bookmark}\n").delivered == 5


# Where there is none


async def test_a_resource_without_pages_has_no_bookmarks(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """One request brings everything, so there is nothing to resume."""
    person = int(str(fake.rows("personcontact")[0]["personid"]))
    stream = intervals.personcontact.list(personid=person).stream()
    await take(stream, 1)
    with pytest.raises(ListingError, match="no bookmark exists at this position"):
        _ = stream.bookmark


async def test_a_second_pass_has_no_bookmarks(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """What it looks for may stand anywhere."""
    before = ids(fake)

    def change(server: FakeIntervals, seen: SeenRequest) -> None:
        if len(server.log) == 2:
            fake.remove("projectnote", before[40])
            fake.insert("projectnote", id=before[40], before=before[5])

    fake.between(change)
    stream = notes.stream(page_size=20)
    assert len(await take(stream, 49)) == 49
    assert stream.bookmark
    assert await take(stream, 1) == [before[40]]
    with pytest.raises(ListingError, match="no bookmark exists at this position"):
        _ = stream.bookmark


@pytest.mark.parametrize("records", [1, 20, 50])
async def test_a_snapshot_is_resumed_page_by_page(
    fake: FakeIntervals, notes: Listing[ProjectNote], records: int
) -> None:
    """What it has given is known by its bookmark."""
    before = ids(fake)
    stream = notes.stream(snapshot=True)
    first = await take(stream, records)
    bookmark = stream.bookmark
    await stream.aclose()
    remove(fake, before[: records // 2])
    assert first + await read_ids(notes.stream(page_size=10, resume=bookmark)) == before


async def test_a_bookmark_after_an_error_goes_on(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """That is what it is for."""
    stream = notes.stream(page_size=20)
    first = await take(stream, 20)
    fake.inject(faults.Status(404))
    with pytest.raises(Exception, match="HTTP 404"):
        await take(stream, 1)
    assert first + await read_ids(notes.stream(resume=stream.bookmark)) == ids(fake)


@pytest.mark.slow
@pytest.mark.parametrize("page_size", [1, 3, 20])
@pytest.mark.parametrize("vanished", [0, 1, 6, 15])
async def test_a_bookmark_among_rows_that_came_in_goes_on_behind_the_former_end(
    page_size: int, vanished: int
) -> None:
    """Wherever it is taken while what others have put before that end is read."""
    async with (
        account(rising=False) as (fake, before),
        IntervalsClient(fake.token, base_url=fake.url, limits=()) as client,
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
                break  # the second pass has begun
            rest = await read_ids(notes.stream(page_size=page_size, resume=bookmark))
            assert not {*rest} & {*seen} & {*before}
            assert {*before[20:]} <= {*seen, *rest}
        assert {*before[20:]} <= {*seen}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
async def test_an_export_broken_off_again_and_again_gives_each_record_once(seed: int) -> None:
    """While others insert and delete, a few rows or many at a time."""
    dice = random.Random(seed)
    gone: set[int] = set()

    def others(server: FakeIntervals, seen: SeenRequest) -> None:
        for _ in range(dice.choice([0, 0, 0, 1, 2, 10])):
            row = dice.choice(ids(server))
            if dice.random() < 0.5 and len(ids(server)) > NOTES // 2:
                gone.add(row)
                remove(server, [row])
            else:
                insert(server, 1, before=row)

    async with account(rising=False) as (fake, before):
        fake.between(others)
        seen: list[int] = []
        bookmark: str | None = None
        page_size = dice.choice([None, 1, 3, 7, 20])
        async with IntervalsClient(fake.token, base_url=fake.url, limits=()) as client:
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
                        return  # it says that it cannot tell, and loses nothing in silence
        assert len(seen) == len({*seen})
        assert {*before} - gone <= {*seen}
