"""A snapshot takes two requests and is consistent, whatever changes meanwhile."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from intervals_async import (
    ArgumentError,
    Event,
    IncompleteListingError,
    IntervalsClient,
    Listing,
    ProjectNote,
    RecordError,
    ServerError,
    SnapshotBroken,
    SnapshotBrokenError,
)
from intervals_async.testing import FakeIntervals, faults

from ..conftest import AT_ONCE
from ..rows import ids, person_with_contacts
from .acting import change_before, insert, read, read_ids, remove, requested


async def test_a_snapshot_takes_two_requests(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """A snapshot takes one request for the count and one for all records and some more."""
    stream = notes.stream(snapshot=True)
    assert await read_ids(stream) == ids(fake)
    (_, first), (offset, limit) = requested(fake)
    assert first == 1
    assert offset == 0
    assert limit > 50
    assert (stream.requests, stream.delivered, stream.listcount) == (2, 50, 50)


async def test_a_snapshot_in_a_block_takes_two_requests(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """In an ``async with`` block, a snapshot takes two requests, too."""
    async with notes.stream(snapshot=True, concurrency=4) as stream:
        assert await read_ids(stream) == ids(fake)
    assert fake.requests == 2


async def test_a_snapshot_is_the_state_at_its_response(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """A snapshot includes all changes before its response, in the server's order."""
    before = ids(fake)

    def change() -> None:
        remove(fake, before[3:9])
        insert(fake, 4, before[20])
        for id in before[:3]:
            fake.touch("projectnote", id, reorder=True, title="edited")

    change_before(fake, 2, change)
    stream = notes.stream(snapshot=True)
    assert await read_ids(stream) == ids(fake) != before
    assert stream.listcount == 48
    assert fake.requests == 2


@pytest.mark.parametrize("changes", ["insert", "delete", "reorder"])
async def test_changes_while_a_snapshot_is_read_have_no_effect(
    fake: FakeIntervals, notes: Listing[ProjectNote], changes: str
) -> None:
    """Changes while a snapshot is read do not affect its records."""
    before = ids(fake)
    stream = notes.stream(snapshot=True)
    fake.inject(faults.SlowBody(1000), skip=1)
    seen: list[int] = []
    async for note in stream:
        seen.append(note.id)
        if changes == "insert":
            insert(fake, 1, ids(fake)[0])
        elif changes == "delete":
            fake.remove("projectnote", ids(fake)[0])
        else:
            fake.touch("projectnote", ids(fake)[-2], reorder=True)
    assert seen == before
    assert fake.requests == 2


async def test_a_snapshot_with_too_low_a_limit_is_requested_again(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """If rows exceed the limit, the snapshot is requested again before it yields a record."""
    change_before(fake, 2, lambda: insert(fake, 100))
    stream = notes.stream(snapshot=True)
    assert await read_ids(stream) == ids(fake)
    assert len(ids(fake)) == 150
    assert [limit > 150 for _, limit in requested(fake)] == [False, False, True]


async def test_the_limit_grows_faster_than_the_rows(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """The limit grows with each request, so a snapshot catches up with added rows."""
    for number in range(2, 10):
        change_before(fake, number, lambda: insert(fake, 40))
    stream = notes.stream(snapshot=True)
    assert await read_ids(stream) == ids(fake)
    assert fake.requests <= 4


async def test_a_snapshot_of_fast_growing_rows_raises(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """A snapshot of rows that grow too fast raises, and the next step retries."""

    def double() -> None:
        insert(fake, len(ids(fake)))

    for number in range(2, 8):
        change_before(fake, number, double)
    stream = notes.stream(snapshot=True)
    with pytest.raises(IncompleteListingError, match=r"\brecords\b.*\blimit\b"):
        await anext(stream)
    assert fake.requests <= 8
    assert await read_ids(stream) == ids(fake)


async def test_an_empty_snapshot_takes_one_request(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A snapshot of an empty listing takes only the request for the count."""
    stream = intervals.projectnote.list(search="no such words").stream(snapshot=True)
    assert await read_ids(stream) == []
    assert fake.requests == 1


@pytest.mark.parametrize("rows", [0, 30])
async def test_rows_deleted_before_the_response_are_not_missed(
    fake: FakeIntervals, notes: Listing[ProjectNote], rows: int
) -> None:
    """A snapshot is checked against the listcount of its own response."""

    def delete() -> None:
        remove(fake, ids(fake)[rows:])

    change_before(fake, 2, delete)
    assert await read_ids(notes.stream(snapshot=True)) == ids(fake)
    assert len(ids(fake)) == rows
    assert fake.requests == 2


@pytest.mark.parametrize(
    ("offset", "limit", "expected"),
    [
        (0, 0, slice(0, 0)),
        (0, 7, slice(7)),
        (45, None, slice(45, 50)),
        (10, 25, slice(10, 35)),
        (48, 10, slice(48, 50)),
        (60, None, slice(0, 0)),
    ],
)
async def test_a_snapshot_of_a_slice_requests_only_the_slice(
    fake: FakeIntervals,
    intervals: IntervalsClient,
    offset: int,
    limit: int | None,
    expected: slice,
) -> None:
    """A snapshot of a slice requests only the records of the slice."""
    stream = intervals.projectnote.list(offset=offset, limit=limit).stream(snapshot=True)
    assert await read_ids(stream) == ids(fake)[expected]
    assert stream.requests <= 2
    assert all(limit is None or sent <= max(limit, 1) for _, sent in requested(fake))


async def test_both_requests_of_a_snapshot_send_the_filters(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """Both requests of a snapshot send the filters."""
    project = int(str(fake.rows("projectnote")[0]["projectid"]))
    stream = intervals.projectnote.list(projectid=project).stream(snapshot=True)
    expected = [row["id"] for row in fake.rows("projectnote") if row["projectid"] == project]
    assert await read_ids(stream) == expected
    assert [seen.query["projectid"] for seen in fake.log] == [str(project)] * 2


async def test_a_snapshot_without_pages_takes_one_request(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A snapshot of a resource without pages takes one request."""
    person = person_with_contacts(fake)
    contacts = intervals.personcontact.list(personid=person)
    complete = await contacts.collect()
    fake.clear_log()
    assert [contact async for contact in contacts.stream(snapshot=True)] == complete
    assert len(fake.log) == 1


async def test_a_snapshot_without_listcount_raises(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """A snapshot without a listcount raises, and the next step retries."""
    fake.inject(faults.Raw(b'{"projectnote":[]}'))
    stream = notes.stream(snapshot=True)
    with pytest.raises(IncompleteListingError, match="listcount"):
        await anext(stream)
    assert await read_ids(stream) == ids(fake)


# Faults before the first record


@pytest.mark.parametrize(
    "fault",
    [
        faults.DropBefore(),
        faults.DropAfter(),
        faults.DropInBody(0.001),
        faults.Status(500),
        faults.TooFast(),
        faults.ErrorInside200(),
    ],
    ids=repr,
)
@pytest.mark.parametrize("skip", [0, 1])
async def test_faults_before_the_first_record_are_retried(
    fake: FakeIntervals, notes: Listing[ProjectNote], fault: faults.Fault, skip: int
) -> None:
    """A fault before the first record of a snapshot is retried."""
    fake.inject(fault, skip=skip)
    stream = notes.stream(snapshot=True)
    assert await read_ids(stream) == ids(fake)
    assert stream.requests == 3


async def test_a_response_truncated_before_the_first_record_is_retried(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """A response that is truncated before the first record of a snapshot is retried."""
    fake.inject(faults.Truncated(0.002), skip=1)
    assert await read_ids(notes.stream(snapshot=True)) == ids(fake)
    assert fake.requests == 3


@pytest.mark.parametrize(
    "fault", [faults.EmptyPage(), faults.NullPage(), faults.MissingKey()], ids=repr
)
async def test_a_snapshot_response_without_rows_is_retried_once(
    fake: FakeIntervals, notes: Listing[ProjectNote], fault: faults.Fault
) -> None:
    """A response without the promised rows is retried once, then raises."""
    fake.inject(fault, skip=1)
    assert await read_ids(notes.stream(snapshot=True)) == ids(fake)
    fake.inject(fault, times=2, skip=1)
    stream = notes.stream(snapshot=True)
    with pytest.raises(IncompleteListingError, match=r"\b50 records\b.*\b0\b"):
        await anext(stream)
    assert await read_ids(stream) == ids(fake)


async def test_a_persistent_error_of_a_snapshot_is_raised(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """A persistent error is raised after 4 attempts, and the next step retries."""
    fake.inject(faults.Status(500), times=4, skip=1)
    stream = notes.stream(snapshot=True)
    with pytest.raises(ServerError) as caught:
        await anext(stream)
    assert caught.value.attempts == 4
    assert await read_ids(stream) == ids(fake)


# A snapshot that breaks


BREAKING = [faults.DropInBody(), faults.Truncated(), faults.DropInBody(0.97)]


@pytest.mark.parametrize("fault", BREAKING, ids=repr)
async def test_a_broken_snapshot_raises_and_starts_again(
    fake: FakeIntervals, notes: Listing[ProjectNote], fault: faults.Fault
) -> None:
    """A snapshot that breaks off raises, and the next step starts from the first record."""
    fake.inject(fault, skip=1)
    stream = notes.stream(snapshot=True)
    discarded: list[int] = []
    with pytest.raises(SnapshotBrokenError) as caught:
        await read(stream, discarded)
    assert 0 < len(discarded) < 50
    assert discarded == ids(fake)[: len(discarded)]
    assert caught.value.path == "/projectnote/"
    assert f"after {len(discarded)} of 50 records" in caught.value.message
    fake.touch("projectnote", ids(fake)[0], reorder=True)
    assert await read_ids(stream) == ids(fake)
    assert stream.delivered == 50
    assert fake.requests == 4


@pytest.mark.parametrize("fault", BREAKING, ids=repr)
async def test_a_broken_snapshot_can_continue_in_pages(
    fake: FakeIntervals, notes: Listing[ProjectNote], fault: faults.Fault
) -> None:
    """With `on_broken="repair"`, a broken snapshot continues in pages and repeats no record."""
    before = ids(fake)
    fake.inject(fault, skip=1)
    change_before(fake, 3, lambda: fake.remove("projectnote", before[0]))
    stream = notes.stream(snapshot=True, on_broken="repair")
    assert await read_ids(stream) == before
    assert (stream.delivered, stream.listcount) == (50, 49)
    assert fake.requests <= 5


async def test_a_broken_snapshot_of_a_slice_keeps_its_bounds(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """With `on_broken="repair"`, a broken snapshot of a slice keeps its bounds."""
    fake.inject(faults.DropInBody(), skip=1)
    listing = intervals.projectnote.list(offset=10, limit=25)
    stream = listing.stream(snapshot=True, on_broken="repair")
    assert await read_ids(stream) == ids(fake)[10:35]
    assert stream.delivered == 25


@pytest.mark.parametrize("restarts", [True, False])
async def test_a_broken_snapshot_is_reported(
    fake: FakeIntervals, caplog: pytest.LogCaptureFixture, restarts: bool
) -> None:
    """A broken snapshot is reported as an event and a log line of level WARNING."""
    events: list[Event] = []
    fake.inject(faults.DropInBody(), skip=1)
    async with IntervalsClient(
        fake.token, base_url=fake.url, retry=AT_ONCE, on_event=events.append
    ) as client:
        stream = client.projectnote.list().stream(
            snapshot=True, on_broken="restart" if restarts else "repair"
        )
        seen: list[int] = []
        try:
            await read(stream, seen)
        except SnapshotBrokenError:
            assert restarts
        else:
            assert not restarts
    (event,) = [event for event in events if isinstance(event, SnapshotBroken)]
    assert (event.resource, event.restarts) == ("projectnote", restarts)
    assert 0 < event.delivered < 50
    assert event.reason.startswith("connection lost")
    (line,) = [record for record in caplog.records if "snapshot broken" in record.getMessage()]
    assert line.levelno == logging.WARNING


@pytest.mark.parametrize("on_broken", ["restart", "repair"])
async def test_a_capped_response_breaks_a_snapshot(
    fake: FakeIntervals, notes: Listing[ProjectNote], on_broken: Any
) -> None:
    """A response capped by the server breaks a snapshot; pages can read all records."""
    fake.inject(faults.Capped(30), times=None)
    stream = notes.stream(snapshot=True, on_broken=on_broken)
    seen: list[int] = []
    if on_broken == "repair":
        await read(stream, seen)
        assert seen == ids(fake)
    else:
        with pytest.raises(SnapshotBrokenError, match=r"\b50 records\b.*\b30\b"):
            await read(stream, seen)
        fake.heal()
        assert await read_ids(stream) == ids(fake)


@pytest.mark.parametrize("row", [{"id": "x"}, {"id": None}], ids=str)
async def test_an_invalid_record_in_a_snapshot_raises_with_its_path(
    fake: FakeIntervals, notes: Listing[ProjectNote], row: dict[str, object]
) -> None:
    """An invalid record breaks a snapshot with an error that shows its JSON path."""
    rows = fake.wire_rows("projectnote")
    rows[7] |= row  # type: ignore[arg-type]  # still valid JSON
    fake.inject(faults.Raw(json.dumps({"listcount": 50, "projectnote": rows}).encode()), skip=1)
    stream = notes.stream(snapshot=True)
    seen: list[int] = []
    with pytest.raises((RecordError, SnapshotBrokenError), match=r"\$\.projectnote\[7\]"):
        await read(stream, seen)
    assert seen in ([], ids(fake)[:7])
    assert await read_ids(stream) == ids(fake)


# Options


async def test_resume_and_snapshot_exclude_each_other(notes: Listing[ProjectNote]) -> None:
    """The options `resume` and `snapshot` cannot be combined."""
    stream = notes.stream(snapshot=True)
    await anext(stream)
    with pytest.raises(ArgumentError, match=r"resume\b.*\bsnapshot"):
        notes.stream(snapshot=True, resume=stream.bookmark)
    await stream.aclose()


async def test_an_unknown_on_broken_is_refused(notes: Listing[ProjectNote]) -> None:
    """An unknown `on_broken` raises an ArgumentError that names the option."""
    with pytest.raises(ArgumentError, match="on_broken"):
        notes.stream(snapshot=True, on_broken="raise")  # type: ignore[arg-type]  # the mistake under test


async def test_an_abandoned_snapshot_leaves_no_request(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """A snapshot that is closed or abandoned leaves no request and yields nothing more."""
    fake.inject(faults.SlowBody(1000), skip=1)
    stream = notes.stream(snapshot=True)
    await anext(stream)
    await stream.aclose()
    assert await read_ids(stream) == []
    async for _ in notes.stream(snapshot=True):
        break
    assert fake.requests == 4
