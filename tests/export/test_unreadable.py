"""Exports count the fields that could not be read, exactly, and name the first records."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intervals_async import (
    ABSENT,
    DailyQuotaError,
    IntervalsClient,
    ListingError,
    ProjectNote,
    Stream,
    columns_of,
)
from intervals_async._schema.decoder import record_decoder
from intervals_async.export import (
    AccountProgress,
    IncompleteExportError,
    JsonLinesSink,
    Manifest,
    UnreadableField,
    export,
    export_account,
)
from intervals_async.export.accounts import scheduler
from intervals_async.export.accounts.formats import FORMATS
from intervals_async.export.accounts.state import StateFolder
from intervals_async.export.unreadable import FieldCount, replace_counted, summarize
from intervals_async.resources import names
from intervals_async.testing import FakeIntervals, faults

from ..odd_rows import OddRows
from .exported import ids_of, rows_of
from .made_up import record_class

DATE = "2024-05-06 24:00:00"
CHANGING = ["task", "tasknote", "time"]
IDS = st.lists(st.integers(-9, 60), unique=True, max_size=40)

Unreadable = Mapping[str, UnreadableField]


def counted(*ids: int) -> FieldCount:
    """Count records with these ids."""
    count = FieldCount()
    for id in ids:
        count.add(id)
    return count


def unreadable_in(manifest: Manifest) -> dict[str, Unreadable]:
    """Return the unreadable fields of each resource that has some."""
    return {each.resource: each.unreadable for each in manifest.exported if each.unreadable}


def field(*ids: int) -> UnreadableField:
    """Summarize a field that could not be read in the records with these ids."""
    return counted(*ids).summary(UnreadableField)


# Counting


@given(IDS)
def test_ids_are_kept_as_ranges(ids: list[int]) -> None:
    """Ids that are added in any order are all known, as disjoint ranges in ascending order."""
    count = counted(*ids)
    assert [*count.ids()] == sorted(ids)
    assert count.records == len(ids)
    assert count.bounds == sorted(count.bounds)
    ends = zip(count.bounds[1::2], count.bounds[2::2], strict=False)
    assert all(last + 1 < first for last, first in ends)


@given(IDS)
def test_summary_is_read_back(ids: list[int]) -> None:
    """A summary holds the number of records, the five lowest ids, and all ids as ranges."""
    count = counted(*ids)
    summary = count.summary(UnreadableField)
    assert (summary.records, summary.ids) == (len(ids), tuple(sorted(ids)[:5]))
    assert FieldCount.of(summary) == count


def test_ranges_are_short() -> None:
    """Successive ids are one range."""
    assert field(17, 18, 19, 23).ranges == "17-19,23"
    assert field(*range(1, 1001)) == UnreadableField(
        records=1000, ids=[1, 2, 3, 4, 5], ranges="1-1000"
    )


@given(before=IDS, replaced=IDS, data=st.data())
def test_replaced_records_are_counted_once(
    before: list[int], replaced: list[int], data: st.DataObject
) -> None:
    """Replaced records count as they are now, all others as before."""
    now = data.draw(st.lists(st.sampled_from(replaced), unique=True) if replaced else st.just([]))
    found = replace_counted({"date": field(*before)}, replaced, {"date": counted(*now)})
    expected = ({*before} - {*replaced}) | {*now}
    assert summarize(found, UnreadableField) == ({"date": field(*expected)} if expected else {})


# Single exports


async def test_export_returns_the_unreadable_fields(
    fake: FakeIntervals, intervals: IntervalsClient, tmp_path: Path
) -> None:
    """The result of an export is the number of records, and tells which fields are null."""
    first, second, *_ = ids_of(fake, "projectnote")
    odd = OddRows({first: {"date": DATE, "title": ABSENT}, second: {"date": DATE}})
    fake.inject(odd, times=None, path="/projectnote/")
    result = await export(intervals.projectnote.list(), JsonLinesSink(tmp_path / "a.jsonl"))
    assert result == 50
    assert result.unreadable == {"date": field(first, second), "title": field(first)}
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_bytes().splitlines()]
    assert [line["id"] for line in lines if line["date"] is None] == [first, second]
    plain = await export(intervals.group.list(), JsonLinesSink(tmp_path / "b.jsonl"))
    assert plain.unreadable == {}


async def test_objects_within_records_are_counted(
    fake: FakeIntervals, intervals: IntervalsClient, tmp_path: Path
) -> None:
    """A field of objects counts once for each record, under the name of both fields."""
    first, second, *_ = ids_of(fake, "task")
    people = [{"personid": "x"}, {"personid": [3]}, {"personid": "203"}]
    fake.inject(OddRows({first: {"assignee": people}, second: {"assignee": [7]}}), path="/task/")
    result = await export(intervals.task.list(), JsonLinesSink(tmp_path / "a.jsonl"))
    assert result.unreadable == {
        "assignee": field(second),
        "assignee.personid": field(first),
    }
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_bytes().splitlines()]
    assert [one["personid"] for one in lines[0]["assignee"]] == [None, None, 203]
    assert lines[1]["assignee"] is None


# Exports of an account


@pytest.mark.parametrize("format", FORMATS)
async def test_manifest_counts_unreadable_fields(
    fake: FakeIntervals, intervals: IntervalsClient, tmp_path: Path, format: str
) -> None:
    """The manifest counts the unreadable fields of each resource, and names the first ids."""
    ids = ids_of(fake, "projectnote")
    odd = OddRows({id: {"date": DATE} for id in ids[3:12]} | {ids[20]: {"author": [1]}})
    fake.inject(odd, times=None, path="/projectnote/")
    some = ["project", "projectnote", "worktype"]
    manifest = await export_account(intervals, tmp_path, resources=some, format=format)
    assert unreadable_in(manifest) == {
        "projectnote": {"author": field(ids[20]), "date": field(*ids[3:12])}
    }
    assert unreadable_in(manifest)["projectnote"]["date"].ids == tuple(ids[3:8])
    assert Manifest.read(tmp_path) == manifest
    assert len(rows_of(tmp_path, format, "projectnote")) == 50


@pytest.mark.slow
@pytest.mark.parametrize("format", FORMATS)
async def test_every_resource_takes_unreadable_fields(
    fake: FakeIntervals, intervals: IntervalsClient, tmp_path: Path, format: str
) -> None:
    """Of all 34 resources every row is written and counted, whichever of its fields is odd."""
    for name in names():
        odd = {column.name: [[1]] for column in columns_of(record_class(name))}
        fake.inject(
            OddRows(every={field: odd[field] for field in odd if field != "id"}),
            times=None,
            path=f"/{name}/",
        )
    manifest = await export_account(intervals, tmp_path, format=format)
    assert len(manifest.exported) == 34
    assert not manifest.left_out
    for each in manifest.exported:
        counts = [field.records for field in each.unreadable.values()]
        documented = {column.name for column in columns_of(record_class(each.resource))}
        if documented - {"id", "extra"}:
            assert max(counts) == each.records
        assert len(rows_of(tmp_path, format, each.resource)) == each.records
        if each.resource not in ("me", "quota"):
            assert each.records == len(fake.rows(each.resource))
    assert Manifest.read(tmp_path) == manifest


async def test_one_record_without_a_list_is_counted(
    fake: FakeIntervals, intervals: IntervalsClient, tmp_path: Path
) -> None:
    """A resource that is not listed is counted, too, and its quota need not be readable."""
    body = {"status": "OK", "code": 200, "quota": {"used": "many", "quota": "6000"}}
    fake.inject(faults.Raw(json.dumps(body).encode()), times=None, path="/quota/")
    manifest = await export_account(intervals, tmp_path, resources=["group", "quota"])
    assert unreadable_in(manifest)["quota"]["used"] == UnreadableField(records=1)
    assert manifest.requests == len(fake.log)


@pytest.mark.parametrize("format", ["jsonl", "parquet", "sqlite"])
@pytest.mark.parametrize("checkpoint_every", [0, 60])
async def test_resumed_exports_count_each_record_once(
    fake: FakeIntervals,
    intervals: IntervalsClient,
    tmp_path: Path,
    format: str,
    checkpoint_every: float,
) -> None:
    """Retries, errors and cancellations do not change the counts: they belong to the file."""
    ids = ids_of(fake, "personcontact")
    odd = OddRows({id: {"value": ABSENT} for id in ids[1::2]})
    options: dict[str, Any] = {
        "resources": ["person", "personcontact"],
        "format": format,
        "checkpoint_every": checkpoint_every,
    }

    reports: list[int] = []

    def cancel(progress: AccountProgress) -> None:
        if progress.resource == "personcontact":
            reports.append(progress.records)
            if len(reports) == 2:
                running.cancel()

    fake.inject(faults.Status(500, 1, "Down"), path="/personcontact/", skip=1)  # it is retried
    fake.inject(faults.Status(500, 1, "Down"), times=4, path="/personcontact/", skip=2)
    fake.inject(odd, times=None, path="/personcontact/")
    with pytest.raises(IncompleteExportError):
        await export_account(intervals, tmp_path, **options)
    running = asyncio.create_task(
        export_account(intervals, tmp_path, on_progress=cancel, **options)
    )
    with pytest.raises(asyncio.CancelledError):
        await running
    manifest = await export_account(intervals, tmp_path, **options)
    assert unreadable_in(manifest) == {"personcontact": {"value": field(*ids[1::2])}}
    assert len(rows_of(tmp_path, format, "personcontact")) == len(ids)


async def test_records_read_again_are_counted_once(
    fake: FakeIntervals,
    intervals: IntervalsClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Records after the last checkpoint, which are read again, are counted once."""

    async def next_day(moment: datetime) -> None:
        intervals._transport.limiter.refuse_until(0.0, lambda: DailyQuotaError("over"))

    def forget(self: Stream[Any]) -> str:
        raise ListingError("as in a second pass")

    monkeypatch.setattr(scheduler, "_sleep_until", next_day)
    monkeypatch.setattr(Stream, "bookmark", property(forget))
    ids = ids_of(fake, "personcontact")
    fake.inject(faults.Status(400, 11, "Daily limit"), path="/personcontact/", skip=3)
    fake.inject(OddRows({id: {"value": ABSENT} for id in ids}), times=None, path="/personcontact/")
    some = ["person", "personcontact"]
    manifest = await export_account(intervals, tmp_path, resources=some, wait_for_reset=True)
    assert unreadable_in(manifest) == {"personcontact": {"value": field(*ids)}}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("fails", [False, True])
async def test_incremental_exports_count_what_is_in_the_file(
    fake: FakeIntervals, intervals: IntervalsClient, tmp_path: Path, format: str, fails: bool
) -> None:
    """After an incremental export, also a resumed one, the counts are those of a full export."""
    ids = {name: ids_of(fake, name) for name in CHANGING}
    fields = {"task": "datecreated", "tasknote": "author", "time": "billable"}
    odd: dict[str, dict[int, Any]] = {
        name: {id: {fields[name]: [1]} for id in ids[name][::3]} for name in CHANGING
    }

    def serve() -> None:
        fake.heal()
        for name in CHANGING:
            fake.inject(OddRows(odd[name]), times=None, path=f"/{name}/")

    options: dict[str, Any] = {"resources": CHANGING, "format": format}
    serve()
    await export_account(intervals, tmp_path / "a", **options)
    for name in CHANGING:
        mended, broken = ids[name][:6], ids[name][7:9]
        for id in (*mended, *broken):
            fake.touch(name, id, datemodified=datetime.now(UTC).replace(tzinfo=None))
        odd[name] = {id: row for id, row in odd[name].items() if id not in mended}
        odd[name] |= {id: {fields[name]: ABSENT} for id in broken}
    serve()
    if fails:
        fake.heal()
        fake.inject(faults.Status(500, 1, "Down"), times=4, path="/time/", skip=1)
        for name in CHANGING:
            fake.inject(OddRows(odd[name]), times=None, path=f"/{name}/")
        with pytest.raises(IncompleteExportError):
            await export_account(intervals, tmp_path / "a", incremental=True, **options)
    manifest = await export_account(intervals, tmp_path / "a", incremental=True, **options)
    assert all(each.since is not None for each in manifest.exported)
    full = await export_account(intervals, tmp_path / "b", **options)
    assert unreadable_in(manifest) == unreadable_in(full)
    assert {*unreadable_in(full)} == {*CHANGING}


async def test_complete_reading_after_a_failed_update_counts_anew(
    fake: FakeIntervals, intervals: IntervalsClient, tmp_path: Path
) -> None:
    """If an update finds a deletion and reads everything, only the new rows are counted."""
    ids = ids_of(fake, "time")
    fake.inject(OddRows({id: {"billable": [1]} for id in ids[:9]}), times=None, path="/time/")
    await export_account(intervals, tmp_path, resources=["time"])
    fake.remove("time", ids[0])
    manifest = await export_account(intervals, tmp_path, resources=["time"], incremental=True)
    assert [each.since for each in manifest.exported] == [None]
    assert unreadable_in(manifest) == {"time": {"billable": field(*ids[1:9])}}


async def test_files_without_the_counts_are_read(
    intervals: IntervalsClient, tmp_path: Path
) -> None:
    """A manifest that was written before there were counts is read."""
    await export_account(intervals, tmp_path, resources=["group"])
    path = tmp_path / "manifest.json"
    plain = json.loads(path.read_bytes())
    del plain["failed"], plain["exported"][0]["unreadable"]
    path.write_text(json.dumps(plain))
    manifest = Manifest.read(tmp_path)
    assert (manifest.failed, manifest.exported[0].unreadable) == ({}, {})


def test_states_keep_the_counts(tmp_path: Path) -> None:
    """A state is read back with its counts."""
    states = StateFolder(tmp_path)
    state = states.load("task")
    state.unreadable = {"date": counted(3, 4, 9)}
    states.save("task", state)
    assert states.load("task") == state


# Formats


async def test_arrow_batches_hold_nulls(fake: FakeIntervals, intervals: IntervalsClient) -> None:
    """A field that could not be read is null in a record batch, whatever its type."""
    first, second, *_ = ids_of(fake, "projectnote")
    odd = {name: [1] for name in ("date", "title", "secure", "projectid", "author")}
    fake.inject(OddRows({first: odd, second: {"date": ABSENT}}), times=None, path="/projectnote/")
    batches = [batch async for batch in intervals.projectnote.list().arrow_batches(rows=20)]
    rows = [row for batch in batches for row in batch.to_pylist()]
    assert {name: rows[0][name] for name in odd} == dict.fromkeys(odd)
    assert [row["date"] for row in rows[:2]] == [None, None]
    assert rows[2]["date"] is not None
    assert len(rows) == 50


@pytest.mark.parametrize("columns", [["id", "date"], ["date"], ["title", "id"]])
def test_json_lines_with_columns_hold_nulls(tmp_path: Path, columns: list[str]) -> None:
    """JSON Lines with chosen columns write null for a field that could not be read."""
    decoder = record_decoder(ProjectNote)
    odd, _ = decoder.decode_one({"id": "9", "date": DATE, "title": "A"}, "$")
    sink = JsonLinesSink(tmp_path / "a.jsonl", columns=columns)
    sink.open()
    sink.write([odd])
    sink.close(complete=True)
    values = {"id": 9, "date": None, "title": "A"}
    (line,) = (tmp_path / "a.jsonl").read_bytes().splitlines()
    assert json.loads(line) == {name: values[name] for name in columns}
