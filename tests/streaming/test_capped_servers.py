"""Servers that return fewer rows than requested: all rows, in few requests, whatever moves."""

from __future__ import annotations

import random
from typing import Any

import pytest

from intervals_async import DriftError
from intervals_async._streaming.page_plan import PagePlan, PageRequest
from intervals_async._streaming.page_sizes import PageSizes

from .acting import read, read_ids, take
from .simulated import Server, client_of

ROWS = 1000

CAPS = [2, 3, 7, 16, 17, 20, 49, 50, 51, 64, 65, 66, 99, 100, 101, 128, 200]
BURSTS = [1, 2, 20, 40, 64, 100, 200]


def server(cap: int | None, rows: int = ROWS, **options: Any) -> Server:
    """Return a server of so many rows that caps pages."""
    return Server(list(range(1, rows + 1)), cap=cap, **options)


async def requests_of(
    cap: int, burst: int = 0, before: int = 3, *, counts: bool = True, **options: Any
) -> int:
    """Read a listing whose first rows are deleted before a request, and count the requests."""
    rows = server(cap, counts=counts)

    def delete(number: int) -> None:
        if number == before:
            del rows.ids[:burst]

    rows.before = delete
    async with client_of(rows) as client:
        seen = await read_ids(client.module.list().stream(**options))
    assert len(seen) == len({*seen})
    assert {*rows.ids} <= {*seen}
    return len(rows.log)


@pytest.mark.parametrize("cap", CAPS)
@pytest.mark.parametrize("concurrency", [1, 8])
async def test_a_burst_of_deletions_costs_few_requests(cap: int, concurrency: int) -> None:
    """Every row is yielded once, with at most 2.5 times the requests of a quiet run."""
    quiet = await requests_of(cap, concurrency=concurrency)
    assert quiet <= ROWS / (cap - 1) + 4 + 3 * concurrency
    for burst in BURSTS if cap > 3 else BURSTS[::3]:
        for before in (2, 3, 6) if cap > 3 else (3,):
            made = await requests_of(cap, burst, before, concurrency=concurrency)
            assert made <= 2.5 * quiet


@pytest.mark.parametrize("cap", [5, 50, 65, 200])
@pytest.mark.parametrize("options", [{"page_size": 50}, {"counts": False}, {"on_drift": "ignore"}])
async def test_a_burst_of_deletions_whatever_the_options(cap: int, options: Any) -> None:
    """Page sizes, a server without listcounts and ignored drift take few requests, too."""
    if options.get("on_drift") == "ignore":
        assert await requests_of(cap, **options) <= ROWS / cap + 4
        return
    quiet = await requests_of(cap, **options)
    for burst in BURSTS:
        assert await requests_of(cap, burst, **options) <= 2.5 * quiet


@pytest.mark.parametrize("cap", [10, 50, 150])
@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("at", [0, 40, 500])
async def test_a_burst_of_insertions_costs_few_requests(
    cap: int, concurrency: int, at: int
) -> None:
    """Rows inserted anywhere cost about the pages that hold them."""
    quiet = await requests_of(cap, concurrency=concurrency)
    rows = server(cap)

    def insert(number: int) -> None:
        if number == 5:
            rows.insert(at, 200)

    rows.before = insert
    async with client_of(rows) as client:
        seen = await read_ids(client.module.list().stream(concurrency=concurrency))
    assert len(seen) == len({*seen})
    assert {*range(1, ROWS + 1)} <= {*seen}
    assert len(rows.log) <= 1.5 * quiet + 2 * 200 / cap


def test_an_overlap_takes_at_most_half_of_what_the_server_returns() -> None:
    """The overlap is bounded by the last short page, until a page has more rows."""
    plan = PagePlan(PageSizes(), overlap=1)
    plan.begun = True
    plan.advance(100, 100)
    plan.widen_overlap(-40)
    assert plan.overlap == 64
    plan.end_page(PageRequest(0, 100), 30, 1000)
    assert plan.next_requests((), 1)[0].overlap == 15
    plan.end_page(PageRequest(15, 100), 30, 1000)
    assert plan.next_requests((), 1) == [PageRequest(85, 30, 15)]
    plan.sizes.note_page(31, 31, 0.1)
    assert plan.next_requests((), 1)[0].overlap == 64


def test_an_overlap_shrinks_again() -> None:
    """Each page before which nothing was deleted reduces the overlap, down to one row."""
    plan = PagePlan(PageSizes(), overlap=1)
    plan.widen_overlap(-100)
    overlaps = [plan.overlap]
    while plan.overlap > 1:
        plan.narrow_overlap()
        overlaps.append(plan.overlap)
    assert overlaps == [64, 48, 36, 27, 20, 15, 11, 8, 6, 4, 3, 2, 1]
    plan.narrow_overlap()
    assert plan.overlap == 1
    ignoring = PagePlan(PageSizes(), overlap=0)
    ignoring.narrow_overlap()
    assert ignoring.overlap == 0


# Resuming, and slices


async def bookmark_of(rows: Server, records: int, **listing: Any) -> str:
    """Read some records, and return the bookmark."""
    async with client_of(rows) as client:
        stream = client.module.list(**listing).stream()
        await take(stream, records)
        bookmark = stream.bookmark
        await stream.aclose()
    rows.log.clear()
    return bookmark


@pytest.mark.parametrize("cap", [2, 3, 8, 15, 16, 17, 32, 33, 50, 200])
@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("records", [1, 15, 16, 17, 40, 300])
async def test_resuming_on_a_capped_server(cap: int, counts: bool, records: int) -> None:
    """A cap below the rows that a bookmark remembers is no drift, and loses nothing."""
    rows = server(cap, 400, counts=counts)
    bookmark = await bookmark_of(rows, records)
    async with client_of(rows) as client:
        stream = client.module.list().stream(resume=bookmark, on_drift="raise")
        assert await read_ids(stream) == rows.ids[records:]
    assert stream.repairs == 0
    assert len(rows.log) <= (400 - records) / (cap - 1) + 25


@pytest.mark.parametrize("cap", [2, 5, 16, 50, 120, 200])
@pytest.mark.parametrize("front", [1000, 500, 0])
@pytest.mark.parametrize("counts", [True, False])
async def test_resuming_after_many_rows_came_in_front(cap: int, front: int, counts: bool) -> None:
    """The position is found again, wherever 1,000 rows were inserted."""
    rows = server(cap, 600, counts=counts)
    bookmark = await bookmark_of(rows, 300)
    rest = rows.ids[300:]
    rows.insert(600, 1000 - front)
    rows.insert(0, front)
    async with client_of(rows) as client:
        seen = await read_ids(client.module.list().stream(resume=bookmark))
    assert [id for id in seen if id <= 600] == rest
    assert len(seen) == len({*seen})
    assert len(rows.log) <= 2.5 * 1600 / (cap - 1) + 10


@pytest.mark.parametrize("cap", [2, 5, 10, 16, 17, 40])
@pytest.mark.parametrize("offset", [1, 10, 30])
@pytest.mark.parametrize("counts", [True, False])
async def test_a_slice_on_a_capped_server(cap: int, offset: int, counts: bool) -> None:
    """A slice begins with its own first row, although the rows before it are requested, too."""
    rows = server(cap, 100, counts=counts)
    async with client_of(rows) as client:
        listing = client.module.list(offset=offset, limit=50)
        assert await read_ids(listing.stream(on_drift="raise")) == rows.ids[offset : offset + 50]


@pytest.mark.parametrize("cap", [5, 20, 120])
async def test_a_slice_finds_its_position_again(cap: int) -> None:
    """A slice on a capped server continues after rows before it were deleted."""
    rows = server(cap)

    def delete(number: int) -> None:
        if number == 8:
            del rows.ids[:100]

    rows.before = delete
    async with client_of(rows) as client:
        seen = await read_ids(client.module.list(offset=200).stream())
    assert seen == list(range(201, ROWS + 1))
    assert len(rows.log) <= 2.5 * (ROWS - 200) / (cap - 1) + 10


async def test_an_order_by_chance_does_not_place_a_bookmark() -> None:
    """If the last records are gone, rows with ids between theirs show that the order is another."""
    rows = server(None, 100)
    rows.insert(30, 20)
    bookmark = await bookmark_of(rows, 45)
    del rows.ids[20:50]
    rows.insert(len(rows.ids), 5)
    async with client_of(rows) as client:
        with pytest.raises(DriftError, match="lost position"):
            await read_ids(client.module.list().stream(resume=bookmark))


async def test_rows_that_go_during_a_search_do_not_end_the_stream() -> None:
    """A position beyond the listcount of the search is searched for again."""
    rows = server(50, 600)
    bookmark = await bookmark_of(rows, 500)
    last = rows.ids[500:]
    rows.insert(0, 300)

    def delete(number: int) -> None:
        if number in (2, 3, 4):
            del rows.ids[:100]

    rows.before = delete
    async with client_of(rows) as client:
        assert await read_ids(client.module.list().stream(resume=bookmark)) == last


# By chance


async def drifting_run(seed: int) -> tuple[set[int], list[int], int, int]:
    """Read with options, changes and interruptions by chance.

    Returns:
        The ids of the rows that existed all the time and were not yielded, those that were yielded
        twice, the number of requests, and the number that is allowed.
    """
    chance = random.Random(seed)
    cap, count = chance.randint(2, 200), chance.choice([1, 30, 100, 300, 1000])
    options: dict[str, Any] = {
        "concurrency": chance.randint(1, 8),
        "page_size": chance.choice([None, None, 7, 50, 500]),
    }
    rows = server(cap, count, counts=chance.random() < 0.8)
    share, left = chance.choice([0.05, 0.2, 0.5]), chance.choice([2, 20])
    kinds = chance.choice([["delete"], ["insert"], ["delete", "insert"]])
    gone: set[int] = set()
    changed = changes = 0

    def change() -> None:
        nonlocal changed, changes
        size = chance.choice([1, 1, 3, 20, 100])
        changes += 1
        changed += size
        if chance.choice(kinds) == "insert":
            rows.insert(chance.randint(0, len(rows.ids)), size)
            return
        deleted = chance.sample(rows.ids, min(size, len(rows.ids)))
        gone.update(deleted)
        rows.ids[:] = [id for id in rows.ids if id not in gone]

    def before(_: int) -> None:
        nonlocal left
        while left and chance.random() < share:
            left -= 1
            change()

    rows.before = before
    seen: list[int] = []
    bookmark = None
    async with client_of(rows) as client:
        for part in range(chance.randint(1, 4)):
            last = part == 3 or chance.random() < 0.3
            stream = client.module.list().stream(resume=bookmark, **options)
            async with stream:
                if last:
                    await read(stream, seen)
                    break
                async for record in stream:
                    seen.append(record.id)
                    if chance.random() < 3 / count:
                        break
                else:
                    break
                bookmark = stream.bookmark
            change()
        else:
            await read(client.module.list().stream(resume=bookmark, **options), seen)
    lost = {*range(1, count + 1)} - gone - {*seen}
    doubled = [id for id in seen if seen.count(id) > 1] if len(seen) > len({*seen}) else []
    page = min(cap, options["page_size"] or cap) - 1 or 1
    allowed = 2.5 * (count + changed) / page + 3 * options["concurrency"] * (changes + 8)
    return lost, doubled, len(rows.log), int(allowed)


@pytest.mark.parametrize("seed", range(0, 80, 10))
async def test_nothing_is_lost_or_doubled_on_capped_servers(seed: int) -> None:
    """Streams that drift and are resumed by chance yield each row once, in bounded requests."""
    for each in range(seed, seed + 10):
        try:
            lost, doubled, requests, allowed = await drifting_run(each)
        except DriftError as error:  # all the records that the bookmark held were deleted
            assert "lost position" in error.message
            continue
        assert (each, lost, doubled) == (each, set(), [])
        assert requests <= allowed
