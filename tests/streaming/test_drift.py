"""While others change the rows, every record that was there all the time is given once."""

from __future__ import annotations

import importlib.util
import json
import logging
import random
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import pytest

from intervals_async import (
    ArgumentError,
    DriftError,
    DriftFound,
    Event,
    IntervalsClient,
    Listing,
    ProjectNote,
    RecordError,
    Stream,
)
from intervals_async._streaming.id_set import IdSet
from intervals_async.testing import FakeIntervals, SeenRequest, faults

from ..conftest import AT_ONCE
from .acting import change_before, ids, insert, move, read, read_ids, remove, requested

BENCHMARK = Path(__file__).parent.parent.parent / "benchmarks" / "drift.py"


# Repair


async def test_a_row_deleted_between_two_pages_costs_one_small_request(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """The page does not meet what was given, so what stands left of it is asked for."""
    before = ids(fake)
    change_before(fake, 2, lambda: remove(fake, before[:1]))
    stream = notes.stream(page_size=20)
    assert await read_ids(stream) == before
    assert stream.repairs == 1
    assert len(requested(fake)) == 4
    assert requested(fake)[:2] == [(0, 20), (19, 21)]
    offset, limit = requested(fake)[2]
    assert offset < 18 < offset + limit
    assert limit <= 24


@pytest.mark.parametrize(
    ("page_size", "concurrency", "number"), [(1, 1, 3), (10, 4, 2), (20, 1, 2)]
)
@pytest.mark.parametrize(
    "gone",
    [slice(1), slice(3), slice(19, 20), slice(9, 11), slice(15), slice(20), slice(49), slice(50)],
    ids=str,
)
async def test_deleted_rows_take_no_others_along(
    fake: FakeIntervals,
    notes: Listing[ProjectNote],
    page_size: int,
    concurrency: int,
    number: int,
    gone: slice,
) -> None:
    """One or many, the overlap's row, more than a page, all that were given, all there are."""
    before = ids(fake)
    change_before(fake, number, lambda: remove(fake, before[gone]))
    stream = notes.stream(page_size=page_size, concurrency=concurrency)
    seen = await read_ids(stream)
    assert seen == [id for id in before if id in seen]
    assert {*before} - {*before[gone]} <= {*seen}
    assert stream.delivered == len(seen)


async def test_when_all_given_rows_are_deleted_it_goes_on_at_the_first_row(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """There is nothing left to meet, and nothing missing before the very first row."""
    before = ids(fake)
    change_before(fake, 2, lambda: remove(fake, before[:20]))
    assert await read_ids(notes.stream(page_size=20)) == before
    assert fake.requests == 3


async def test_when_everything_is_deleted_it_ends(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """No error: what was given is all there was to get."""
    before = ids(fake)
    change_before(fake, 2, lambda: remove(fake, before))
    stream = notes.stream(page_size=20)
    assert await read_ids(stream) == before[:20]
    assert stream.listcount == 0
    assert fake.requests == 2


@pytest.mark.parametrize("page_size", [1, 2, 10, 20])
@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("rows", [1, 5, 30])
async def test_inserted_rows_double_none(
    fake: FakeIntervals,
    notes: Listing[ProjectNote],
    page_size: int,
    concurrency: int,
    rows: int,
) -> None:
    """What the next page holds once more is passed over."""
    before = ids(fake)

    change_before(fake, 2, lambda: insert(fake, rows, before[0]))
    seen = await read_ids(notes.stream(page_size=page_size, concurrency=concurrency))
    assert [id for id in seen if id in before] == before
    assert len(seen) == len({*seen})


async def test_a_row_inserted_between_two_pages_costs_no_request(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """The overlap meets it all the same."""
    before = ids(fake)
    change_before(fake, 2, lambda: fake.insert("projectnote", before=before[0], title="new"))
    assert await read_ids(notes.stream(page_size=20)) == before
    assert fake.requests == 3


@pytest.mark.parametrize("concurrency", [1, 4])
async def test_rows_that_an_edit_moves_to_the_end_come_once(
    fake: FakeIntervals, notes: Listing[ProjectNote], concurrency: int
) -> None:
    """The ids that were given are remembered, however far back they were."""
    before = ids(fake)

    def edit() -> None:
        for id in (before[0], before[10], before[45]):
            fake.touch("projectnote", id, reorder=True, title="edited")

    change_before(fake, 3, edit)
    seen = await read_ids(notes.stream(page_size=10, concurrency=concurrency))
    assert sorted(seen) == sorted(before)


async def test_rows_that_moved_to_the_end_are_not_taken_for_the_last_one_given(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """A page that holds some of them alone meets nothing."""
    before = ids(fake)

    def change() -> None:
        fake.touch("projectnote", before[0], reorder=True, title="edited")
        remove(fake, before[1:3])

    # the rows behind the first twenty now stand on the left of where the next page looks
    remove(fake, before[22:])
    change_before(fake, 2, change)
    assert await read_ids(notes.stream(page_size=20)) == before[:22]


async def test_an_empty_page_is_no_end_though_rows_were_deleted(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """Its own count promises rows there, however few they are by now."""
    before = ids(fake)
    change_before(fake, 2, lambda: remove(fake, before[:4]))
    change_before(fake, 4, lambda: remove(fake, before[4:12]))
    fake.inject(faults.EmptyPage(), skip=3)
    seen = await read_ids(notes.stream(page_size=20))
    assert seen == before


@pytest.mark.parametrize("gone", [6, 8, 9])
@pytest.mark.parametrize("fault", [faults.DropInBody, faults.Truncated])
@pytest.mark.parametrize("at", [0.02, 0.1, 0.3, 0.7, 0.9])
async def test_a_page_cut_off_before_the_next_record_is_no_end(
    fake: FakeIntervals,
    notes: Listing[ProjectNote],
    gone: int,
    fault: Callable[[float], faults.Fault],
    at: float,
) -> None:
    """Though its count is lower by now than the place where that record was expected."""
    before = ids(fake)
    change_before(fake, 2, lambda: remove(fake, before[:4]))
    change_before(fake, 4, lambda: remove(fake, before[4 : 4 + gone]))
    fake.inject(fault(at), skip=3)
    # BUG: where it breaks off while it is looked where it meets what was given, the stream ends
    assert await read_ids(notes.stream(page_size=20)) == before


@pytest.mark.parametrize("gone", [3, 10, 11, 12, 20])
@pytest.mark.parametrize(
    "fault", [faults.Truncated(0.2), faults.Truncated(0.8), faults.EmptyPage()]
)
@pytest.mark.parametrize("skip", [2, 3])
@pytest.mark.parametrize("concurrency", [1, 2])
async def test_a_step_back_that_goes_wrong_is_no_end(
    fake: FakeIntervals,
    notes: Listing[ProjectNote],
    gone: int,
    fault: faults.Fault,
    skip: int,
    concurrency: int,
) -> None:
    """It is made again."""
    before = ids(fake)
    change_before(fake, 3, lambda: remove(fake, before[:gone]))
    fake.inject(fault, skip=skip)
    assert await read_ids(notes.stream(page_size=20, concurrency=concurrency)) == before


async def test_of_pages_that_came_together_only_what_is_wrong_is_asked_for_again(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """Neighbours are held against each other, and the gap between them is closed."""
    before = ids(fake)
    changed: list[bool] = []

    def callback(server: FakeIntervals, seen: SeenRequest) -> None:
        if seen.query["offset"] == "29" and not changed:
            changed.append(True)
            remove(fake, before[:3])

    fake.between(callback)
    assert await read_ids(notes.stream(page_size=10, concurrency=4)) == before
    assert {(0, 10), (9, 11), (19, 11), (29, 11), (39, 11)} <= {*requested(fake)}
    assert fake.requests <= 7


@pytest.mark.parametrize("page_size", [1, 3, 10])
@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize("gone", [slice(1), slice(4, 7), slice(6, 9)], ids=str)
async def test_a_slice_keeps_to_its_records(
    fake: FakeIntervals,
    intervals: IntervalsClient,
    page_size: int,
    concurrency: int,
    number: int,
    gone: slice,
) -> None:
    """It goes on behind the records that it gave, wherever its offset points by now."""
    before = ids(fake)
    stream = intervals.projectnote.list(offset=5, limit=30).stream(
        page_size=page_size, concurrency=concurrency
    )
    seen = [(await anext(stream)).id]
    change_before(fake, number, lambda: remove(fake, before[gone]))
    seen += await read_ids(stream)
    there = [id for id in before[5:] if id in seen or id not in before[gone]]
    assert seen == there[:30]


@pytest.mark.parametrize("page_size", [1, 3, 10])
async def test_rows_inserted_before_a_slice_do_not_get_into_it(
    fake: FakeIntervals, intervals: IntervalsClient, page_size: int
) -> None:
    """The rows on the left of what was given are not the caller's."""
    before = ids(fake)

    change_before(fake, 2, lambda: insert(fake, 12, before[0]))
    stream = intervals.projectnote.list(offset=5, limit=30).stream(page_size=page_size)
    assert await read_ids(stream) == before[5:35]


@pytest.mark.parametrize("resource", ["person", "project"])
async def test_every_resource_with_pages_is_repaired(resource: str) -> None:
    """Sorted by the server or not."""
    async with (
        FakeIntervals(people=40, projects=40, notes=0, per_minute=None, per_day=None) as fake,
        IntervalsClient(fake.token, base_url=fake.url, limits=()) as intervals,
    ):
        before = ids(fake, resource)
        if resource == "project":  # streams sort projects by id
            before.sort()
        change_before(fake, 2, lambda: remove(fake, before[3:6], resource))
        listing: Listing[Any] = getattr(intervals, resource).list()
        assert await read_ids(listing.stream(page_size=15)) == before


# What it costs where nothing changes


@pytest.mark.parametrize("page_size", [None, 3, 50, 500])
@pytest.mark.parametrize("concurrency", [1, 3, 8])
@pytest.mark.parametrize("block", [False, True])
async def test_repair_costs_no_request_where_nothing_changes(
    fake: FakeIntervals,
    notes: Listing[ProjectNote],
    page_size: int | None,
    concurrency: int,
    block: bool,
) -> None:
    """As many as without it, whatever the pages."""
    requests: list[int] = []
    policies: list[Literal["ignore", "repair", "raise"]] = ["ignore", "repair", "raise"]
    for policy in policies:
        stream = notes.stream(page_size=page_size, concurrency=concurrency, on_drift=policy)
        if block:
            async with stream:
                assert await read_ids(stream) == ids(fake)
        else:
            assert await read_ids(stream) == ids(fake)
        requests.append(stream.requests)
    assert len({*requests}) == 1


async def test_pages_overlap_by_one_row(fake: FakeIntervals, notes: Listing[ProjectNote]) -> None:
    """The first has nothing to meet; each other one asks for the last row that was given."""
    await read_ids(notes.stream(page_size=20))
    assert requested(fake) == [(0, 20), (19, 21), (39, 21)]


async def test_ids_are_remembered_in_at_most_16_bytes() -> None:
    """In order, backwards or at random."""
    numbers = list(range(100_000, 120_000))
    shuffled = random.Random(1).sample(numbers, len(numbers))
    for order in (numbers, numbers[::-1], shuffled):
        pieces = [order[begin : begin + 100] for begin in range(0, len(order), 100)]
        known = IdSet()
        tracemalloc.start()
        assert all(known.add_all(piece) for piece in pieces)
        size, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(known) == len(numbers)
        assert size < 16 * len(numbers)
        assert all(number in known for number in numbers[::997])
        assert 7 not in known


# on_drift


async def read_on(stream: Stream[Any], seen: list[int]) -> list[DriftError]:
    """Read to the end; give the errors on the way, ten at most."""
    errors: list[DriftError] = []
    while len(errors) < 10:
        try:
            await read(stream, seen)
        except DriftError as error:
            errors.append(error)
        else:
            break
    return errors


async def test_raise_tells_what_was_seen(fake: FakeIntervals, intervals: IntervalsClient) -> None:
    """Where it stood, how many there are now and were before, and of which listing."""
    before = ids(fake)
    projects = sorted({int(str(row["projectid"])) for row in fake.rows("projectnote")})
    change_before(fake, 2, lambda: remove(fake, before[:2]))
    listing = intervals.projectnote.list(projectid=projects)
    stream = listing.stream(page_size=20, on_drift="raise")
    seen: list[int] = []
    with pytest.raises(DriftError, match="rows have moved since the previous page") as caught:
        await read(stream, seen)
    error = caught.value
    assert seen == before[:20]
    assert (error.position, error.delivered) == (20, 20)
    assert (error.listcount, error.listcount_before) == (48, 50)
    assert (error.method, error.path) == ("GET", "/projectnote/")
    assert error.filters == {"projectid": ",".join(map(str, projects))}


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("gone", [slice(1), slice(19, 20), slice(12), slice(20)], ids=str)
async def test_raise_raises_once_for_one_change(
    fake: FakeIntervals, notes: Listing[ProjectNote], concurrency: int, gone: slice
) -> None:
    """The next step repairs it, and goes on."""
    before = ids(fake)
    change_before(fake, 2, lambda: remove(fake, before[gone]))
    stream = notes.stream(page_size=20, concurrency=concurrency, on_drift="raise")
    seen: list[int] = []
    assert len(await read_on(stream, seen)) == 1
    assert seen == before


async def test_raise_tells_of_inserted_rows_too(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """They may have moved there from behind."""
    before = ids(fake)
    change_before(fake, 2, lambda: fake.insert("projectnote", before=before[0], title="new"))
    stream = notes.stream(page_size=20, on_drift="raise")
    seen: list[int] = []
    errors = await read_on(stream, seen)
    assert [error.listcount for error in errors] == [51]
    assert "has moved by +1" in str(errors[0])
    assert seen == before


async def test_raise_goes_on_in_a_slice_too(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """The step after the error repairs it there as well."""
    before = ids(fake)
    change_before(fake, 2, lambda: remove(fake, before[:1]))
    listing = intervals.projectnote.list(offset=5, limit=30)
    stream = listing.stream(page_size=10, on_drift="raise")
    seen: list[int] = []
    assert len(await read_on(stream, seen)) == 1
    assert seen == before[5:35]


async def test_ignore_is_plain_paging(fake: FakeIntervals, notes: Listing[ProjectNote]) -> None:
    """No overlap, no request more, and what a deletion moves is skipped."""
    before = ids(fake)
    change_before(fake, 2, lambda: remove(fake, before[:1]))
    stream = notes.stream(page_size=20, on_drift="ignore")
    assert await read_ids(stream) == before[:20] + before[21:]
    assert requested(fake) == [(0, 20), (20, 20), (40, 20)]


async def test_the_policies_are_words(notes: Listing[ProjectNote]) -> None:
    """Another one is refused before anything is sent."""
    with pytest.raises(
        ArgumentError, match="on_drift: expected one of 'repair', 'raise', 'ignore'"
    ):
        notes.stream(on_drift="retry")  # type: ignore[arg-type]  # the slip that is tested
    with pytest.raises(
        ArgumentError, match="verify: expected one of True, False, 'second-pass', got 1"
    ):
        notes.stream(verify=1)  # type: ignore[arg-type]  # the slip that is tested


# What is told


async def test_drift_is_told(fake: FakeIntervals, caplog: pytest.LogCaptureFixture) -> None:
    """Once for each change with what was seen, on the level INFO."""
    events: list[Event] = []
    before = ids(fake)
    change_before(fake, 2, lambda: fake.insert("projectnote", before=before[0], title="new"))
    change_before(fake, 3, lambda: remove(fake, before[:3]))
    async with IntervalsClient(
        fake.token, base_url=fake.url, retry=AT_ONCE, on_event=events.append
    ) as client:
        with caplog.at_level(logging.INFO, logger="intervals_async"):
            assert await read_ids(client.projectnote.list().stream(page_size=20)) == before
    told = [event for event in events if isinstance(event, DriftFound)]
    assert told == [
        DriftFound(resource="projectnote", offset=19, shift=1, listcount=51, growth=1),
        DriftFound(
            resource="projectnote", offset=told[1].offset, shift=-3, listcount=48, growth=-3
        ),
    ]
    assert told[1].offset < 39
    assert {record.levelname for record in caplog.records} == {"INFO"}
    first, second = (record.getMessage() for record in caplog.records)
    assert "before offset 19" in first
    assert "+1" in first
    assert "-3" in second


async def test_nothing_is_told_where_nothing_changes(fake: FakeIntervals) -> None:
    """No false alarm."""
    events: list[Event] = []
    async with IntervalsClient(fake.token, base_url=fake.url, on_event=events.append) as client:
        await read_ids(client.projectnote.list().stream(page_size=7, concurrency=3))
    assert not [event for event in events if isinstance(event, DriftFound)]


# The order


async def test_a_resource_that_can_sort_is_sorted_by_id(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """No edit reshuffles that order; who sorts otherwise gets what they asked for."""
    await intervals.project.list(active=True).collect()
    await intervals.project.list(sortfield="name").collect()
    await intervals.project.list(sortdir="DESC").collect()
    await intervals.projectnote.list().collect()
    sorting = [
        {name: value for name, value in seen.query.items() if name.startswith("sort")}
        for seen in fake.log
    ]
    assert sorting == [
        {"sortfield": "id", "sortdir": "ASC"},
        {"sortfield": "name"},
        {"sortdir": "DESC"},
        {},
    ]


@pytest.mark.parametrize(
    "sorting", [{}, {"sortfield": "id", "sortdir": "DESC"}, {"sortfield": "name"}], ids=str
)
async def test_any_order_is_repaired(sorting: dict[str, Any]) -> None:
    """Whatever the order of the ids."""
    async with (
        FakeIntervals(projects=60, notes=0, per_minute=None, per_day=None) as fake,
        IntervalsClient(fake.token, base_url=fake.url, limits=()) as intervals,
    ):
        listing = intervals.project.list(**sorting)
        before = [project.id async for project in listing]
        fake.clear_log()
        change_before(fake, 2, lambda: remove(fake, before[:3], "project"))
        assert await read_ids(listing.stream(page_size=15)) == before


async def test_one_that_came_and_another_that_went_look_like_one_that_moved() -> None:
    """Nobody can tell, so they are looked for, in the order of the ids too."""
    async with (
        FakeIntervals(projects=40, notes=0, per_minute=None, per_day=None) as fake,
        IntervalsClient(fake.token, base_url=fake.url, limits=()) as intervals,
    ):
        before = sorted(ids(fake, "project"))

        def change() -> None:
            fake.remove("project", before[-1])
            fake.insert("project", id=before[0] - 1, before=before[0])

        change_before(fake, 2, change)
        stream = intervals.project.list().stream(page_size=15)
        assert await read_ids(stream) == [*before[:-1], before[0] - 1]
        assert fake.requests == 4


# Ids


@pytest.mark.parametrize("wrong", [{}, {"id": None}, {"id": ""}, {"id": "x"}], ids=str)
async def test_a_row_without_id_says_so(
    fake: FakeIntervals, notes: Listing[ProjectNote], wrong: dict[str, object]
) -> None:
    """Which row of which request: without ids nothing can be repaired."""
    good, row, *_ = fake.wire_rows("projectnote")
    del row["id"]
    body = {"listcount": 2, "projectnote": [good, {**row, **wrong}]}
    fake.inject(faults.Raw(json.dumps(body).encode()))
    stream = notes.stream()
    assert (await anext(stream)).id == ids(fake)[0]
    with pytest.raises(RecordError) as caught:
        await anext(stream)
    assert caught.value.json_path == "$.projectnote[1].id"
    assert caught.value.filters == {"offset": "0", "limit": "100"}


# Verification


async def test_rows_that_moved_from_behind_are_looked_for_in_one_more_request(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """A row came in on the left and the count did not grow: it may have come from behind."""
    before = ids(fake)
    change_before(fake, 2, lambda: move(fake, before[40], before[5]))
    stream = notes.stream(page_size=20)
    seen = await read_ids(stream)
    assert seen == [id for id in before if id != before[40]] + [before[40]]
    assert stream.requests == 4
    assert requested(fake)[3][0] == 0
    assert requested(fake)[3][1] > 50


@pytest.mark.parametrize("rows", [1, 3])
async def test_verify_can_raise_instead(
    fake: FakeIntervals, notes: Listing[ProjectNote], rows: int
) -> None:
    """It says how many may be missing; after that the stream is at its end."""
    before = ids(fake)

    def change() -> None:
        for id in before[40 : 40 + rows]:
            move(fake, id, before[5])

    change_before(fake, 2, change)
    stream = notes.stream(page_size=20, verify=True)
    seen: list[int] = []
    with pytest.raises(DriftError, match=f"^.*: {rows} of 50 records may have been") as caught:
        await read(stream, seen)
    assert len(seen) == 50 - rows
    assert (caught.value.delivered, caught.value.listcount) == (50 - rows, 50)
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    assert fake.requests == 3


async def test_verify_can_be_left_out(fake: FakeIntervals, notes: Listing[ProjectNote]) -> None:
    """Then the stream ends."""
    before = ids(fake)
    change_before(fake, 2, lambda: move(fake, before[40], before[5]))
    stream = notes.stream(page_size=20, verify=False)
    assert await read_ids(stream) == [id for id in before if id != before[40]]
    assert fake.requests == 3


@pytest.mark.parametrize("verify", ["second-pass", True])
async def test_changes_that_were_seen_are_no_shortfall(
    fake: FakeIntervals, notes: Listing[ProjectNote], verify: Literal["second-pass", True]
) -> None:
    """Inserts that the count tells of, and deletions, cost no second look."""
    before = ids(fake)

    change_before(fake, 2, lambda: insert(fake, 5, before[0]))
    change_before(fake, 4, lambda: remove(fake, before[:2]))
    stream = notes.stream(page_size=10, verify=verify)
    assert await read_ids(stream) == before
    assert 0 not in [offset for offset, _ in requested(fake)[1:]]


async def test_a_moved_row_of_a_slice_is_not_lost_in_silence(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """What a second pass cannot tell there, verify=True does."""
    before = ids(fake)
    change_before(fake, 2, lambda: move(fake, before[40], before[8]))
    stream = intervals.projectnote.list(offset=5).stream(page_size=20, verify=True)
    with pytest.raises(DriftError, match="1 of 50 records may have been missed"):
        await read_ids(stream)


# Chance


def _benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmarks_drift", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(0, 150, 10))
async def test_no_change_loses_or_doubles_a_row(seed: int) -> None:
    """Ten runs each with options, inserts and deletes by chance; the benchmark makes 2,000."""
    play = _benchmark().play
    played = [await play(each) for each in range(seed, seed + 10)]
    assert [each for each in played if not each.good] == []
