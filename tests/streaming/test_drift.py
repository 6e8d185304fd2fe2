"""A stream yields every lasting record once, even if rows change while it is read."""

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
from ..rows import ids, project_ids
from .acting import change_before, client_of, insert, move, read, read_ids, remove, requested

BENCHMARK = Path(__file__).parent.parent.parent / "benchmarks" / "drift.py"


# Repair


async def test_a_row_deleted_between_two_pages_costs_one_small_request(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """After a deletion between two pages, one request of at most 24 rows repairs the drift."""
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
async def test_deletions_lose_no_other_rows(
    fake: FakeIntervals,
    notes: Listing[ProjectNote],
    page_size: int,
    concurrency: int,
    number: int,
    gone: slice,
) -> None:
    """Deletions of any number of rows, anywhere, make a stream lose no other row."""
    before = ids(fake)
    change_before(fake, number, lambda: remove(fake, before[gone]))
    stream = notes.stream(page_size=page_size, concurrency=concurrency)
    seen = await read_ids(stream)
    assert seen == [id for id in before if id in seen]
    assert {*before} - {*before[gone]} <= {*seen}
    assert stream.delivered == len(seen)


async def test_a_stream_continues_at_the_first_row_if_all_yielded_rows_are_deleted(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """If all yielded rows are deleted, a stream continues with the first remaining row."""
    before = ids(fake)
    change_before(fake, 2, lambda: remove(fake, before[:20]))
    assert await read_ids(notes.stream(page_size=20)) == before
    assert fake.requests == 3


async def test_a_stream_ends_if_all_rows_are_deleted(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """If all rows are deleted while it is read, a stream ends without an error."""
    before = ids(fake)
    change_before(fake, 2, lambda: remove(fake, before))
    stream = notes.stream(page_size=20)
    assert await read_ids(stream) == before[:20]
    assert stream.listcount == 0
    assert fake.requests == 2


@pytest.mark.parametrize("page_size", [1, 2, 10, 20])
@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("rows", [1, 5, 30])
async def test_inserted_rows_repeat_no_record(
    fake: FakeIntervals,
    notes: Listing[ProjectNote],
    page_size: int,
    concurrency: int,
    rows: int,
) -> None:
    """Rows inserted at the start make a stream repeat no record."""
    before = ids(fake)

    change_before(fake, 2, lambda: insert(fake, rows, before[0]))
    seen = await read_ids(notes.stream(page_size=page_size, concurrency=concurrency))
    assert [id for id in seen if id in before] == before
    assert len(seen) == len({*seen})


async def test_a_row_inserted_between_two_pages_costs_no_request(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """A row inserted between two pages is noticed by the overlap and costs no request."""
    before = ids(fake)
    change_before(fake, 2, lambda: fake.insert("projectnote", before=before[0], title="new"))
    assert await read_ids(notes.stream(page_size=20)) == before
    assert fake.requests == 3


@pytest.mark.parametrize("concurrency", [1, 4])
async def test_rows_that_an_edit_moves_to_the_end_are_yielded_once(
    fake: FakeIntervals, notes: Listing[ProjectNote], concurrency: int
) -> None:
    """Rows that an edit moves to the end are yielded once, because their ids are remembered."""
    before = ids(fake)

    def edit() -> None:
        for id in (before[0], before[10], before[45]):
            fake.touch("projectnote", id, reorder=True, title="edited")

    change_before(fake, 3, edit)
    seen = await read_ids(notes.stream(page_size=10, concurrency=concurrency))
    assert sorted(seen) == sorted(before)


async def test_rows_that_moved_to_the_end_do_not_mark_the_position(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """A page that shares only moved rows with the yielded ones does not mark the position."""
    before = ids(fake)

    def change() -> None:
        fake.touch("projectnote", before[0], reorder=True, title="edited")
        remove(fake, before[1:3])

    # The rows after the first 20 are now before the offset of the next page.
    remove(fake, before[22:])
    change_before(fake, 2, change)
    assert await read_ids(notes.stream(page_size=20)) == before[:22]


async def test_an_empty_page_after_deletions_does_not_end_the_stream(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """After deletions, an empty page whose count promises rows does not end the stream."""
    before = ids(fake)
    change_before(fake, 2, lambda: remove(fake, before[:4]))
    change_before(fake, 4, lambda: remove(fake, before[4:12]))
    fake.inject(faults.EmptyPage(), skip=3)
    seen = await read_ids(notes.stream(page_size=20))
    assert seen == before


@pytest.mark.parametrize("gone", [6, 8, 9])
@pytest.mark.parametrize("fault", [faults.DropInBody, faults.Truncated])
@pytest.mark.parametrize("at", [0.02, 0.1, 0.3, 0.7, 0.9])
async def test_a_truncated_page_after_deletions_does_not_end_the_stream(
    fake: FakeIntervals,
    notes: Listing[ProjectNote],
    gone: int,
    fault: Callable[[float], faults.Fault],
    at: float,
) -> None:
    """A page truncated before the next record does not end the stream, even after deletions."""
    before = ids(fake)
    change_before(fake, 2, lambda: remove(fake, before[:4]))
    change_before(fake, 4, lambda: remove(fake, before[4 : 4 + gone]))
    fake.inject(fault(at), skip=3)
    # Regression: a response truncated while the position was looked for used to end the stream.
    assert await read_ids(notes.stream(page_size=20)) == before


@pytest.mark.parametrize("gone", [3, 10, 11, 12, 20])
@pytest.mark.parametrize(
    "fault", [faults.Truncated(0.2), faults.Truncated(0.8), faults.EmptyPage()]
)
@pytest.mark.parametrize("skip", [2, 3])
@pytest.mark.parametrize("concurrency", [1, 2])
async def test_a_faulty_response_during_repair_does_not_end_the_stream(
    fake: FakeIntervals,
    notes: Listing[ProjectNote],
    gone: int,
    fault: faults.Fault,
    skip: int,
    concurrency: int,
) -> None:
    """A truncated or empty response during a repair is requested again."""
    before = ids(fake)
    change_before(fake, 3, lambda: remove(fake, before[:gone]))
    fake.inject(fault, skip=skip)
    assert await read_ids(notes.stream(page_size=20, concurrency=concurrency)) == before


async def test_repair_keeps_the_valid_pages_of_concurrent_requests(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """After drift between concurrent pages, only the rows between them are requested again."""
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
async def test_a_slice_survives_deletions(
    fake: FakeIntervals,
    intervals: IntervalsClient,
    page_size: int,
    concurrency: int,
    number: int,
    gone: slice,
) -> None:
    """After deletions, a slice continues after its yielded records and keeps its limit."""
    before = ids(fake)
    stream = intervals.projectnote.list(offset=5, limit=30).stream(
        page_size=page_size, concurrency=concurrency
    )
    seen = [(await anext(stream)).id]
    change_before(fake, number, lambda: remove(fake, before[gone]))
    seen += await read_ids(stream)
    expected = [id for id in before[5:] if id in seen or id not in before[gone]]
    assert seen == expected[:30]


@pytest.mark.parametrize("page_size", [1, 3, 10])
async def test_rows_inserted_before_a_slice_do_not_get_into_it(
    fake: FakeIntervals, intervals: IntervalsClient, page_size: int
) -> None:
    """Rows inserted before a slice do not become part of it."""
    before = ids(fake)

    change_before(fake, 2, lambda: insert(fake, 12, before[0]))
    stream = intervals.projectnote.list(offset=5, limit=30).stream(page_size=page_size)
    assert await read_ids(stream) == before[5:35]


@pytest.mark.parametrize("resource", ["person", "project"])
async def test_every_resource_with_pages_is_repaired(resource: str) -> None:
    """Drift is repaired for resources with and without a sort order of the server."""
    async with (
        FakeIntervals(people=40, projects=40, notes=0, per_minute=None, per_day=None) as fake,
        client_of(fake) as intervals,
    ):
        before = ids(fake, resource)
        if resource == "project":  # streams sort projects by id
            before.sort()
        change_before(fake, 2, lambda: remove(fake, before[3:6], resource))
        listing: Listing[Any] = getattr(intervals, resource).list()
        assert await read_ids(listing.stream(page_size=15)) == before


# Requests without changes


@pytest.mark.parametrize("page_size", [None, 3, 50, 500])
@pytest.mark.parametrize("concurrency", [1, 3, 8])
@pytest.mark.parametrize("block", [False, True])
async def test_repair_sends_no_extra_request_without_drift(
    fake: FakeIntervals,
    notes: Listing[ProjectNote],
    page_size: int | None,
    concurrency: int,
    block: bool,
) -> None:
    """Without drift, every `on_drift` policy sends the same number of requests."""
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
    """Every page but the first also requests the last yielded row."""
    await read_ids(notes.stream(page_size=20))
    assert requested(fake) == [(0, 20), (19, 21), (39, 21)]


async def test_ids_are_remembered_in_at_most_16_bytes() -> None:
    """Remembered ids take at most 16 bytes each, in any order."""
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


async def read_with_errors(stream: Stream[Any], seen: list[int]) -> list[DriftError]:
    """Read to the end, and return up to 10 DriftErrors raised on the way."""
    errors: list[DriftError] = []
    while len(errors) < 10:
        try:
            await read(stream, seen)
        except DriftError as error:
            errors.append(error)
        else:
            break
    return errors


async def test_raise_describes_the_drift(fake: FakeIntervals, intervals: IntervalsClient) -> None:
    """With `on_drift="raise"`, the error has the position, both counts and the listing."""
    before = ids(fake)
    projects = project_ids(fake)
    change_before(fake, 2, lambda: remove(fake, before[:2]))
    listing = intervals.projectnote.list(projectid=projects)
    stream = listing.stream(page_size=20, on_drift="raise")
    seen: list[int] = []
    with pytest.raises(DriftError) as caught:
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
    """With `on_drift="raise"`, one change raises once, and the next step repairs it."""
    before = ids(fake)
    change_before(fake, 2, lambda: remove(fake, before[gone]))
    stream = notes.stream(page_size=20, concurrency=concurrency, on_drift="raise")
    seen: list[int] = []
    assert len(await read_with_errors(stream, seen)) == 1
    assert seen == before


async def test_raise_reports_inserted_rows(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """With `on_drift="raise"`, inserted rows raise too, because they may have moved."""
    before = ids(fake)
    change_before(fake, 2, lambda: fake.insert("projectnote", before=before[0], title="new"))
    stream = notes.stream(page_size=20, on_drift="raise")
    seen: list[int] = []
    errors = await read_with_errors(stream, seen)
    assert [error.listcount for error in errors] == [51]
    assert "+1" in str(errors[0])
    assert seen == before


async def test_raise_lets_a_slice_continue(fake: FakeIntervals, intervals: IntervalsClient) -> None:
    """With `on_drift="raise"`, the step after the error repairs a slice, too."""
    before = ids(fake)
    change_before(fake, 2, lambda: remove(fake, before[:1]))
    listing = intervals.projectnote.list(offset=5, limit=30)
    stream = listing.stream(page_size=10, on_drift="raise")
    seen: list[int] = []
    assert len(await read_with_errors(stream, seen)) == 1
    assert seen == before[5:35]


async def test_ignore_is_plain_paging(fake: FakeIntervals, notes: Listing[ProjectNote]) -> None:
    """With `on_drift="ignore"`, pages do not overlap, and a deletion makes a row be skipped."""
    before = ids(fake)
    change_before(fake, 2, lambda: remove(fake, before[:1]))
    stream = notes.stream(page_size=20, on_drift="ignore")
    assert await read_ids(stream) == before[:20] + before[21:]
    assert requested(fake) == [(0, 20), (20, 20), (40, 20)]


async def test_unknown_policies_are_refused(notes: Listing[ProjectNote]) -> None:
    """An unknown `on_drift` or `verify` raises an ArgumentError that names the option."""
    with pytest.raises(ArgumentError, match="on_drift"):
        notes.stream(on_drift="retry")  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(ArgumentError, match="verify"):
        notes.stream(verify=1)  # type: ignore[arg-type]  # the mistake under test


# Events and log lines


async def test_drift_is_reported(fake: FakeIntervals, caplog: pytest.LogCaptureFixture) -> None:
    """Each change is reported as one DriftFound event and one log line of level INFO."""
    events: list[Event] = []
    before = ids(fake)
    change_before(fake, 2, lambda: fake.insert("projectnote", before=before[0], title="new"))
    change_before(fake, 3, lambda: remove(fake, before[:3]))
    async with IntervalsClient(
        fake.token, base_url=fake.url, retry=AT_ONCE, on_event=events.append
    ) as client:
        with caplog.at_level(logging.INFO, logger="intervals_async"):
            assert await read_ids(client.projectnote.list().stream(page_size=20)) == before
    reported = [event for event in events if isinstance(event, DriftFound)]
    assert reported == [
        DriftFound(resource="projectnote", offset=19, shift=1, listcount=51, growth=1),
        DriftFound(
            resource="projectnote", offset=reported[1].offset, shift=-3, listcount=48, growth=-3
        ),
    ]
    assert reported[1].offset < 39
    assert {record.levelname for record in caplog.records} == {"INFO"}
    first, second = (record.getMessage() for record in caplog.records)
    assert "before offset 19" in first
    assert "+1" in first
    assert "-3" in second


async def test_no_drift_is_reported_without_changes(fake: FakeIntervals) -> None:
    """Without changes, no DriftFound event is reported."""
    events: list[Event] = []
    async with IntervalsClient(fake.token, base_url=fake.url, on_event=events.append) as client:
        await read_ids(client.projectnote.list().stream(page_size=7, concurrency=3))
    assert not [event for event in events if isinstance(event, DriftFound)]


# Sort order


async def test_resources_that_can_be_sorted_are_sorted_by_id(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A resource that can be sorted is sorted by id, unless the caller sorts it otherwise."""
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
    """Drift is repaired in any order of the ids."""
    async with (
        FakeIntervals(projects=60, notes=0, per_minute=None, per_day=None) as fake,
        client_of(fake) as intervals,
    ):
        listing = intervals.project.list(**sorting)
        before = [project.id async for project in listing]
        fake.clear_log()
        change_before(fake, 2, lambda: remove(fake, before[:3], "project"))
        assert await read_ids(listing.stream(page_size=15)) == before


async def test_an_insert_with_a_deletion_is_treated_as_a_move() -> None:
    """An insert with a deletion may be a move, so a second pass looks for missed rows."""
    async with (
        FakeIntervals(projects=40, notes=0, per_minute=None, per_day=None) as fake,
        client_of(fake) as intervals,
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
async def test_a_row_without_id_is_an_error(
    fake: FakeIntervals, notes: Listing[ProjectNote], wrong: dict[str, object]
) -> None:
    """A row without an id raises a RecordError with its JSON path and its request."""
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


async def test_a_second_pass_finds_rows_that_moved_ahead(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """A row that moves before the position is found by one more request at the end."""
    before = ids(fake)
    change_before(fake, 2, lambda: move(fake, before[40], before[5]))
    stream = notes.stream(page_size=20)
    seen = await read_ids(stream)
    assert seen == [id for id in before if id != before[40]] + [before[40]]
    assert stream.requests == 4
    assert requested(fake)[3][0] == 0
    assert requested(fake)[3][1] > 50


@pytest.mark.parametrize("rows", [1, 3])
async def test_verify_true_raises_for_missed_records(
    fake: FakeIntervals, notes: Listing[ProjectNote], rows: int
) -> None:
    """With `verify=True`, missed records raise a DriftError at the end of the stream."""
    before = ids(fake)

    def change() -> None:
        for id in before[40 : 40 + rows]:
            move(fake, id, before[5])

    change_before(fake, 2, change)
    stream = notes.stream(page_size=20, verify=True)
    seen: list[int] = []
    with pytest.raises(DriftError) as caught:
        await read(stream, seen)
    assert len(seen) == 50 - rows
    assert (caught.value.delivered, caught.value.listcount) == (50 - rows, 50)
    assert f"{rows} of 50" in caught.value.message
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    assert fake.requests == 3


async def test_verify_false_ends_without_a_check(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """With `verify=False`, a stream ends without looking for missed records."""
    before = ids(fake)
    change_before(fake, 2, lambda: move(fake, before[40], before[5]))
    stream = notes.stream(page_size=20, verify=False)
    assert await read_ids(stream) == [id for id in before if id != before[40]]
    assert fake.requests == 3


@pytest.mark.parametrize("verify", ["second-pass", True])
async def test_noticed_changes_need_no_second_pass(
    fake: FakeIntervals, notes: Listing[ProjectNote], verify: Literal["second-pass", True]
) -> None:
    """Inserts that the count shows, and deletions, cost no second pass."""
    before = ids(fake)

    change_before(fake, 2, lambda: insert(fake, 5, before[0]))
    change_before(fake, 4, lambda: remove(fake, before[:2]))
    stream = notes.stream(page_size=10, verify=verify)
    assert await read_ids(stream) == before
    assert 0 not in [offset for offset, _ in requested(fake)[1:]]


async def test_verify_true_raises_for_a_moved_row_of_a_slice(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """With `verify=True`, a moved row of a slice raises a DriftError."""
    before = ids(fake)
    change_before(fake, 2, lambda: move(fake, before[40], before[8]))
    stream = intervals.projectnote.list(offset=5).stream(page_size=20, verify=True)
    seen: list[int] = []
    with pytest.raises(DriftError) as caught:
        await read(stream, seen)
    assert seen == [id for id in before[5:] if id != before[40]]
    assert (caught.value.delivered, caught.value.listcount) == (44, 50)
    assert "1 of 50" in caught.value.message


# Random changes


def _benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmarks_drift", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(0, 150, 10))
async def test_random_changes_lose_and_repeat_no_row(seed: int) -> None:
    """Random inserts and deletions with random options lose no row and repeat none."""
    play = _benchmark().play
    played = [await play(each) for each in range(seed, seed + 10)]
    assert [each for each in played if not each.good] == []
