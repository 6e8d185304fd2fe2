"""An incremental export merges changes into the last export and equals a full export."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from intervals_async import ArgumentError, IntervalsClient
from intervals_async._schema.parameters import parameters
from intervals_async.export import IncompleteExportError, Manifest, export_account
from intervals_async.export.accounts import incremental
from intervals_async.export.accounts.formats import FORMATS
from intervals_async.export.accounts.json_file import plain
from intervals_async.export.accounts.manifest import WrittenFile
from intervals_async.export.accounts.merging import merge_json_lines
from intervals_async.export.accounts.state import ResourceState, StateFolder
from intervals_async.resources import resource_class
from intervals_async.testing import FakeIntervals, faults

from .exported import ids_of, read_rows, rows_of

EACH_FORMAT = pytest.mark.parametrize("format", FORMATS)

# The resources whose changes the API can select, and a text field of each.
TEXTS = {"task": "title", "tasknote": "note", "time": "description"}
CHANGING = [*TEXTS]

NOW = datetime(2026, 5, 6, 7, 8, tzinfo=UTC)
NAIVE = NOW.replace(tzinfo=None)

# Exports into folders and is killed at a step of each: a step is a file opened, moved or removed, or
# a report of progress; 0 means never. Each export is a forked child, so that imports happen once.
KILLED = """
import asyncio, os, sys
from intervals_async import IntervalsClient
from intervals_async.export import export_account

format, names, *runs = sys.argv[1:]

def killing(folder, left):
    def step(*_):
        nonlocal left
        left -= 1
        if left == 0:
            os._exit(9)

    def hook(event, args):
        if event in ("open", "os.rename", "os.remove", "sqlite3.connect"):
            if str(args[0]).startswith(folder):
                step()

    sys.addaudithook(hook)
    return step

async def run(folder, step):
    async with IntervalsClient(limits=()) as client:
        await export_account(
            client, folder, resources=names.split(","), format=format, incremental=True,
            checkpoint_every=0, on_progress=killing(folder, step),
        )

while runs:
    folder, step, *runs = runs
    child = os.fork()
    if not child:
        asyncio.run(run(folder, int(step)))
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code not in (0, 9):
        sys.exit(code)
"""


def now() -> datetime:
    """Return the present second in the account's time zone, by the server's clock."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def change(
    fake: FakeIntervals, resource: str, text: str, which: Sequence[int], at: datetime | None = None
) -> None:
    """Change the text and the time of change of some records."""
    for id in which:
        fields: Any = {TEXTS[resource]: text, "datemodified": at or now()}
        fake.touch(resource, id, **fields)


def insert(fake: FakeIntervals, resource: str) -> int:
    """Add a record: a note on the last task, or time without a task, whose sums would change."""
    if resource == "tasknote":
        return fake.insert(resource, taskid=ids_of(fake, "task")[-1])
    return fake.insert(resource)


def requested(fake: FakeIntervals) -> list[tuple[str, bool]]:
    """List the requests: the resource, and whether only its changes were requested."""
    return sorted((seen.path.strip("/"), "datemodifiedbegin" in seen.query) for seen in fake.log)


def times_without_task(fake: FakeIntervals) -> list[int]:
    """Return the ids of times that are in no task's sums."""
    return [int(str(row["id"])) for row in fake.rows("time") if row["taskid"] is None]


async def updated(client: IntervalsClient, folder: Path, **options: Any) -> dict[str, bool]:
    """Export incrementally; return for each resource whether only its changes were read."""
    options = {"resources": CHANGING, **options}
    manifest = await export_account(client, folder, incremental=True, **options)
    assert plain(Manifest.read(folder)) == plain(manifest)
    assert list(manifest.flaws(folder)) == []
    return {each.resource: each.since is not None for each in manifest.exported}


async def full_export(
    client: IntervalsClient, folder: Path, format: str = "jsonl", **options: Any
) -> dict[str, list[str]]:
    """Export everything into a new folder and return its rows."""
    shutil.rmtree(folder, ignore_errors=True)
    options = {"resources": CHANGING, **options}
    manifest = await export_account(client, folder, format=format, **options)
    return {each.resource: rows_of(folder, format, each.resource) for each in manifest.exported}


@EACH_FORMAT
async def test_incremental_export_equals_a_full_export(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient, format: str
) -> None:
    """New and changed records are merged, in each format, with three requests per resource."""
    last = await export_account(intervals, tmp_path / "a", resources=CHANGING, format=format)
    for resource in CHANGING:
        change(fake, resource, 'a "b",\r\n c\n', ids_of(fake, resource)[::15])
        insert(fake, resource)
    fake.clear_log()
    manifest = await export_account(
        intervals, tmp_path / "a", resources=CHANGING, format=format, incremental=True
    )
    assert requested(fake) == [
        ("quota", False), ("task", False), ("task", True), ("task", True), ("tasknote", True),
        ("time", False), ("time", True), ("time", True),
    ]  # fmt: skip
    assert manifest.requests == len(fake.log)
    rows = await full_export(intervals, tmp_path / "b", format)
    for each in manifest.exported:
        assert rows_of(tmp_path / "a", format, each.resource) == rows[each.resource]
        assert each.records == len(rows[each.resource])
        assert each.listcount == (None if each.resource == "tasknote" else each.records)
        assert each.since == last.began
    assert Manifest.read(tmp_path / "a") == manifest
    assert list(manifest.flaws(tmp_path / "a")) == []
    assert sorted(os.listdir(tmp_path / "a")) == sorted(os.listdir(tmp_path / "b"))


@pytest.mark.parametrize("format", ["csv", "sqlite"])
@pytest.mark.parametrize("seed", range(2))
async def test_repeated_incremental_exports_equal_full_ones(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient, format: str, seed: int
) -> None:
    """After random changes, additions and deletions, each update equals a full export."""
    rng = random.Random(f"{format} {seed}")
    await export_account(intervals, tmp_path / "a", resources=CHANGING, format=format)
    for night in range(4):
        for resource in CHANGING:
            change(fake, resource, f"night {night}", rng.sample(ids_of(fake, resource), 9))
            for _ in range(rng.randrange(3)):
                insert(fake, resource)
        for id in rng.sample(times_without_task(fake), rng.randrange(3)):
            fake.remove("time", id)
        await updated(intervals, tmp_path / "a", format=format)
        rows = await full_export(intervals, tmp_path / "b", format)
        for resource in CHANGING:
            assert rows_of(tmp_path / "a", format, resource) == rows[resource]


@pytest.mark.parametrize("format", ["jsonl", "sqlite"])
@pytest.mark.parametrize("resource", ["task", "time"])
@pytest.mark.parametrize("added", [0, 1, 2])
async def test_deleted_tasks_and_times_are_detected(
    tmp_path: Path,
    fake: FakeIntervals,
    intervals: IntervalsClient,
    format: str,
    resource: str,
    added: int,
) -> None:
    """The number of records reveals deletions, even among additions; then all are read."""
    options: dict[str, Any] = {"resources": ["task", "time"], "format": format}
    await export_account(intervals, tmp_path / "a", **options)
    deletable = {"task": ids_of(fake, "task"), "time": times_without_task(fake)}
    fake.remove(resource, deletable[resource][7])
    for _ in range(added):
        insert(fake, resource)
    change(fake, "task", "changed", ids_of(fake, "task")[:2])
    fake.clear_log()
    found = await updated(intervals, tmp_path / "a", **options)
    assert found == {name: name != resource for name in ("task", "time")}
    # One request for the number and one for all records; 200 times take two pages.
    assert requested(fake).count((resource, False)) == 1 + (2 if resource == "time" else 1)
    assert Manifest.read(tmp_path / "a").requests == len(fake.log)
    rows = await full_export(intervals, tmp_path / "b", **options)
    assert {name: rows_of(tmp_path / "a", format, name) for name in rows} == rows


@EACH_FORMAT
async def test_deleted_notes_stay_until_a_full_export(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient, format: str
) -> None:
    """Deleted notes of tasks are not detected, because they are not counted; a full export drops them."""
    before = await full_export(intervals, tmp_path, format, resources=["tasknote"])
    fake.remove("tasknote", ids_of(fake, "tasknote")[0])
    found = await updated(intervals, tmp_path, resources=["tasknote"], format=format)
    assert found == {"tasknote": True}
    assert rows_of(tmp_path, format, "tasknote") == before["tasknote"]
    after = await full_export(intervals, tmp_path, format, resources=["tasknote"])
    assert len(after["tasknote"]) == len(before["tasknote"]) - 1


async def test_deleted_notes_are_detected_with_a_task_filter(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """With a filter by task, notes are one listing, whose number reveals deletions."""
    filters = {"tasknote": {"taskid": ids_of(fake, "task")}}
    options: dict[str, Any] = {"resources": ["tasknote"], "filters": filters}
    await export_account(intervals, tmp_path, **options)
    assert await updated(intervals, tmp_path, **options) == {"tasknote": True}
    fake.remove("tasknote", ids_of(fake, "tasknote")[0])
    assert await updated(intervals, tmp_path, **options) == {"tasknote": False}
    assert len(rows_of(tmp_path, "jsonl", "tasknote")) == len(ids_of(fake, "tasknote"))


@EACH_FORMAT
async def test_without_changes_the_files_stay_the_same(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient, format: str
) -> None:
    """Without changes all rows keep their order, also those read again because they are recent."""
    change(fake, "time", "just before", ids_of(fake, "time")[3:6])
    path = FORMATS[format].path(tmp_path, "time")
    rows = await full_export(intervals, tmp_path, format)
    content, ordered = path.read_bytes(), read_rows(path, format, "time")
    found = await updated(intervals, tmp_path, format=format)
    assert found == dict.fromkeys(CHANGING, True)
    assert {name: rows_of(tmp_path, format, name) for name in CHANGING} == rows
    if format in ("jsonl", "csv"):  # the others are compressed again, or count transactions
        assert path.read_bytes() == content
    else:
        assert read_rows(path, format, "time") == ordered


async def test_without_a_manifest_everything_is_read(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """The first incremental export reads everything, so no other call is needed to start."""
    found = await updated(intervals, tmp_path / "new")
    assert found == dict.fromkeys(CHANGING, False)
    assert ("task", True) not in requested(fake)
    assert await updated(intervals, tmp_path / "new") == dict.fromkeys(CHANGING, True)


async def test_damaged_manifest_is_an_error(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A damaged manifest is reported before any request, and the folder is not changed."""
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(ArgumentError):
        await export_account(intervals, tmp_path, resources=CHANGING, incremental=True)
    assert fake.requests == 0
    assert os.listdir(tmp_path) == ["manifest.json"]


async def test_resource_that_differs_from_the_manifest_is_read_completely(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """Other filters or a changed or missing file affect their own resource only."""
    await export_account(intervals, tmp_path, resources=CHANGING)
    first = ids_of(fake, "project")[0]
    found = await updated(intervals, tmp_path, filters={"time": {"projectid": first}})
    assert found == {"task": True, "tasknote": True, "time": False}
    found = await updated(intervals, tmp_path, filters={"time": {"projectid": first}})
    assert found == {"task": True, "tasknote": True, "time": True}
    with (tmp_path / "time.jsonl").open("ab") as file:
        file.write(b"{}\n")
    found = await updated(intervals, tmp_path, filters={"time": {"projectid": first}})
    assert found == {"task": True, "tasknote": True, "time": False}
    (tmp_path / "task.jsonl").unlink()
    found = await updated(intervals, tmp_path, filters={"time": {"projectid": first}})
    assert found == {"task": False, "tasknote": True, "time": True}
    rows = await full_export(
        intervals,
        tmp_path / "b",
        resources=["task", "time"],
        filters={"time": {"projectid": first}},
    )
    assert {name: rows_of(tmp_path, "jsonl", name) for name in rows} == rows


async def test_another_format_or_release_reads_everything(
    tmp_path: Path,
    fake: FakeIntervals,
    intervals: IntervalsClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An export of another format or release cannot be updated, so everything is read."""
    await export_account(intervals, tmp_path, resources=CHANGING)
    found = await updated(intervals, tmp_path, format="csv")
    assert found == dict.fromkeys(CHANGING, False)
    monkeypatch.setattr(incremental, "__version__", "0")
    found = await updated(intervals, tmp_path, format="csv")
    assert found == dict.fromkeys(CHANGING, False)


async def test_equal_filters_are_recognized(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """Filters are compared by value: an iterator, a tuple and a list of ids are the same."""
    projects = ids_of(fake, "project")[:3]
    for expected, several in ((False, iter(projects)), (True, tuple(projects)), (True, projects)):
        filters = {"time": {"projectid": several, "datebegin": date(2020, 1, 1)}}
        found = await updated(intervals, tmp_path, resources=["time"], filters=filters)
        assert found == {"time": expected}


async def test_record_that_leaves_a_filter_is_detected(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A record that no longer matches a filter changes the number, so all are read."""
    one, other = ids_of(fake, "project")[:2]
    options: dict[str, Any] = {"resources": ["time"], "filters": {"time": {"projectid": one}}}
    await export_account(intervals, tmp_path / "a", **options)
    matching = [int(str(row["id"])) for row in fake.rows("time") if row["projectid"] == one]
    fake.touch("time", matching[0], projectid=other, datemodified=now())
    assert await updated(intervals, tmp_path / "a", **options) == {"time": False}
    fake.touch("time", matching[0], projectid=one, datemodified=now())
    assert await updated(intervals, tmp_path / "a", **options) == {"time": True}
    rows = await full_export(intervals, tmp_path / "b", **options)
    assert rows_of(tmp_path / "a", "jsonl", "time") == rows["time"]


@pytest.mark.parametrize(
    ("resource", "filters"),
    [
        ("task", {"overdue": True}),
        ("task", {"search": "a"}),
        ("time", {"activeonly": True}),
        ("time", {"approved": False, "billable": True}),
    ],
)
async def test_unstable_filters_read_everything(
    tmp_path: Path, intervals: IntervalsClient, resource: str, filters: dict[str, object]
) -> None:
    """With a filter that depends on other records or the clock, all records are read."""
    options: dict[str, Any] = {"resources": [resource], "filters": {resource: filters}}
    await export_account(intervals, tmp_path, **options)
    assert await updated(intervals, tmp_path, **options) == {resource: False}


def test_unstable_filters_exist_in_the_api() -> None:
    """Every filter in UNSTABLE_FILTERS is a filter of its resource."""
    for resource, names in incremental.UNSTABLE_FILTERS.items():
        assert names <= parameters(resource_class(resource).filters).keys()


async def test_all_tasks_are_read_if_notes_are_listed_by_them(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """If notes are read completely, all tasks are, because the notes are listed by them."""
    await export_account(intervals, tmp_path / "a", resources=["task", "time"])
    found = await updated(intervals, tmp_path / "a")
    assert found == {"task": False, "tasknote": False, "time": True}
    rows = await full_export(intervals, tmp_path / "b")
    assert rows_of(tmp_path / "a", "jsonl", "tasknote") == rows["tasknote"]
    assert await updated(intervals, tmp_path / "a") == dict.fromkeys(CHANGING, True)


async def test_notes_of_filtered_tasks_are_read_completely(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """With a filter of tasks, notes are not updated: changes cover the notes of all tasks."""
    some: Any = {"task": {"projectid": ids_of(fake, "project")[0]}}
    await export_account(intervals, tmp_path / "a", resources=["task", "tasknote"])
    change(fake, "tasknote", "changed", ids_of(fake, "tasknote")[:30])
    for filters in (some, some, None):
        options: dict[str, Any] = {"resources": ["task", "tasknote"], "filters": filters}
        found = await updated(intervals, tmp_path / "a", **options)
        assert found == {"task": False, "tasknote": False}
        rows = await full_export(intervals, tmp_path / "b", **options)
        assert rows_of(tmp_path / "a", "jsonl", "tasknote") == rows["tasknote"]
    found = await updated(intervals, tmp_path / "a", resources=["task", "tasknote"])
    assert found == {"task": True, "tasknote": True}


async def test_notes_in_a_long_range_are_read_completely(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A long range cannot be combined with the filter for changes, so all notes are read."""
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(days=30)
    options: dict[str, Any] = {
        "resources": ["tasknote", "time"],
        "filters": {"tasknote": {"datebegin": begin}},
    }
    await export_account(intervals, tmp_path / "a", **options)
    insert(fake, "tasknote")
    found = await updated(intervals, tmp_path / "a", **options)
    assert found == {"tasknote": False, "time": True}
    rows = await full_export(intervals, tmp_path / "b", **options)
    assert rows_of(tmp_path / "a", "jsonl", "tasknote") == rows["tasknote"]


@pytest.mark.parametrize("hours", [-12, 14])
async def test_changes_are_found_in_every_time_zone(tmp_path: Path, hours: int) -> None:
    """Changes are found whatever the account's time zone is, which the API does not state."""
    zone = {"utc_offset": 60 * hours}
    async with (
        FakeIntervals(notes=5, per_minute=None, per_day=None, quirks=zone) as fake,
        IntervalsClient(fake.token, base_url=fake.url, limits=()) as client,
    ):
        await export_account(client, tmp_path / "a", resources=CHANGING)
        for resource in CHANGING:
            insert(fake, resource)
            change(fake, resource, "changed", ids_of(fake, resource)[:9])
        fake.clear_log()
        found = await updated(client, tmp_path / "a")
        assert found == dict.fromkeys(CHANGING, True)
        assert len(fake.log) == 8
        rows = await full_export(client, tmp_path / "b")
    assert {name: rows_of(tmp_path / "a", "jsonl", name) for name in rows} == rows


@pytest.mark.parametrize("days", [-30, 30])
async def test_changes_are_found_by_a_machine_whose_clock_is_wrong(
    tmp_path: Path, days: int
) -> None:
    """The time of an export is the server's, so that a wrong clock of this machine loses nothing."""

    def server_now() -> datetime:
        return datetime.now(UTC) + timedelta(days=days)

    async with FakeIntervals(notes=5, per_minute=None, per_day=None, now=server_now) as fake:
        async with IntervalsClient(fake.token, base_url=fake.url, limits=()) as client:
            manifest = await export_account(client, tmp_path / "a", resources=CHANGING)
        assert abs(manifest.began - server_now()) < timedelta(minutes=5)
        for resource in CHANGING:
            modified = server_now().replace(tzinfo=None, microsecond=0)
            change(fake, resource, "changed", ids_of(fake, resource)[:9], modified)
        async with IntervalsClient(fake.token, base_url=fake.url, limits=()) as client:
            await updated(client, tmp_path / "a")
            rows = await full_export(client, tmp_path / "b")
    assert {name: rows_of(tmp_path / "a", "jsonl", name) for name in rows} == rows


async def test_changes_since_the_start_of_the_last_export_are_read(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """Changes are read since the start of the last export, before its first pages were read."""
    surveyed: list[datetime] = []
    last = await export_account(
        intervals,
        tmp_path,
        resources=CHANGING,
        on_estimate=lambda _: surveyed.append(datetime.now(UTC)),
    )
    assert last.began < surveyed[0] < min(each.began for each in last.exported)
    fake.clear_log()
    manifest = await export_account(intervals, tmp_path, resources=CHANGING, incremental=True)
    assert {each.since for each in manifest.exported} == {last.began}
    since, present = (
        (each.began - timedelta(hours=13)).replace(tzinfo=None, microsecond=0).isoformat(" ")
        for each in (last, manifest)
    )
    filters = [seen.query.get("datemodifiedbegin") for seen in fake.log]
    # After the changes, some requests look for records that were created during this export.
    assert {*filters} == {None, since, present}
    assert filters.count(since) >= len(CHANGING)


async def test_sums_of_a_task_are_as_of_its_own_change(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """Logged time changes the sums of its task but not its time of change, so they are not updated."""
    before = await full_export(intervals, tmp_path / "a")
    fake.insert("time", taskid=ids_of(fake, "task")[0], time=5.0)
    assert await updated(intervals, tmp_path / "a") == dict.fromkeys(CHANGING, True)
    rows = await full_export(intervals, tmp_path / "b")
    assert rows["task"] != before["task"]
    assert rows_of(tmp_path / "a", "jsonl", "task") == before["task"]
    assert rows_of(tmp_path / "a", "jsonl", "time") == rows["time"]


async def test_other_resources_are_read_completely(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """Resources whose changes the API cannot select are read completely."""
    await export_account(intervals, tmp_path / "a")
    fake.remove("client", ids_of(fake, "client")[0])
    fake.touch("project", ids_of(fake, "project")[0], name="Changed")
    found = await updated(intervals, tmp_path / "a", resources=None)
    assert [name for name in found if found[name]] == CHANGING
    rows = await full_export(intervals, tmp_path / "b", resources=None, exclude=["quota", "timer"])
    assert {name: rows_of(tmp_path / "a", "jsonl", name) for name in rows} == rows


async def test_update_of_one_table_keeps_the_others(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """Updating one table of a database keeps the others, which are read completely next time."""
    await export_account(intervals, tmp_path / "a", resources=CHANGING, format="sqlite")
    change(fake, "task", "changed", ids_of(fake, "task")[:5])
    insert(fake, "time")
    options: dict[str, Any] = {"resources": ["task"], "format": "sqlite"}
    assert await updated(intervals, tmp_path / "a", **options) == {"task": True}
    rows = await full_export(intervals, tmp_path / "b", "sqlite")
    assert rows_of(tmp_path / "a", "sqlite", "task") == rows["task"]
    assert rows_of(tmp_path / "a", "sqlite", "tasknote") == rows["tasknote"]
    assert len(rows_of(tmp_path / "a", "sqlite", "time")) == len(rows["time"]) - 1
    found = await updated(intervals, tmp_path / "a", format="sqlite")
    assert found == {"task": False, "tasknote": False, "time": False}
    assert rows_of(tmp_path / "a", "sqlite", "time") == rows["time"]


@EACH_FORMAT
async def test_incremental_export_resumes_after_an_error(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient, format: str
) -> None:
    """A resumed update uses the start of the last complete export, not that of the manifest."""
    last = await export_account(intervals, tmp_path, resources=CHANGING, format=format)
    for resource in CHANGING:
        change(fake, resource, "changed", ids_of(fake, resource)[:9])
        insert(fake, resource)
    # The first request for times is for the changes, the second for their number.
    fake.inject(faults.Status(500, 1, "Down"), times=4, path="/time/", skip=1)
    with pytest.raises(IncompleteExportError):
        await export_account(
            intervals, tmp_path, resources=CHANGING, format=format, incremental=True, jobs=1
        )
    interim = Manifest.read(tmp_path)
    assert [*interim.failed] == [each.resource for each in interim.kept] == ["time"]
    fake.clear_log()
    found = await updated(intervals, tmp_path, format=format)
    assert found == dict.fromkeys(CHANGING, True)
    assert requested(fake) == [("quota", False), ("time", False), ("time", True)]
    assert {each.since for each in Manifest.read(tmp_path).exported} == {last.began}
    rows = await full_export(intervals, tmp_path / "full", format)
    assert {name: rows_of(tmp_path, format, name) for name in rows} == rows


async def test_resource_that_became_unreadable_is_left_out(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A resource that may no longer be read is left out; its file stays as it was."""
    before = await full_export(intervals, tmp_path)
    insert(fake, "time")
    fake.inject(faults.Status(403, 10, "No permission"), path="/time/", skip=1)
    found = await updated(intervals, tmp_path)
    assert found == {"task": True, "tasknote": True}
    assert "code 10" in Manifest.read(tmp_path).left_out["time"]
    assert rows_of(tmp_path, "jsonl", "time") == before["time"]
    assert await updated(intervals, tmp_path) == {"task": True, "tasknote": True, "time": False}


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="each export is a fork of one process")
@EACH_FORMAT
async def test_killed_update_resumes_to_the_same_files(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient, format: str
) -> None:
    """An update that is killed at random steps resumes to a full export, also after a deletion."""
    rng = random.Random(format)
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDEVMODE"}
    env |= {"INTERVALS_TOKEN": fake.token, "INTERVALS_BASE_URL": fake.url}
    await export_account(intervals, tmp_path / "last", resources=CHANGING, format=format)
    for resource in CHANGING:
        change(fake, resource, "changed", rng.sample(ids_of(fake, resource), 9))
        insert(fake, resource)
    fake.remove("time", times_without_task(fake)[3])
    rows = await full_export(intervals, tmp_path / "unbroken", format)
    folders = [tmp_path / f"killed{index}" for index in range(2)]
    runs: list[str] = []
    for folder in folders:
        shutil.copytree(tmp_path / "last", folder)
        for step in (*rng.choices(range(8, 90), k=3), 0):
            runs += str(folder), str(step)
    words = [format, ",".join(CHANGING), *runs]
    program = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, *words, env=env)
    assert await program.wait() == 0
    for folder in folders:
        assert {name: rows_of(folder, format, name) for name in rows} == rows
        assert list(Manifest.read(folder).flaws(folder)) == []
        assert sorted(os.listdir(folder)) == sorted(os.listdir(tmp_path / "unbroken"))


async def test_cancellation_waits_for_the_merge(
    tmp_path: Path,
    fake: FakeIntervals,
    intervals: IntervalsClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A cancelled export ends after its merge has ended, and the same call resumes it."""
    started, may_end = threading.Event(), threading.Event()
    ended: list[int | None] = []

    def slow(*arguments: Any) -> int | None:
        started.set()
        assert may_end.wait(10)
        ended.append(merge_json_lines(*arguments))
        return ended[-1]

    monkeypatch.setitem(FORMATS, "jsonl", attrs.evolve(FORMATS["jsonl"], merge=slow))
    await export_account(intervals, tmp_path, resources=["time"])
    insert(fake, "time")
    options: dict[str, Any] = {"resources": ["time"], "incremental": True}
    export = asyncio.create_task(export_account(intervals, tmp_path, **options))
    await asyncio.to_thread(started.wait, 10)
    export.cancel()
    await asyncio.sleep(0)
    assert not ended
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await export
    assert len(ended) == 1
    manifest = await export_account(intervals, tmp_path, **options)
    assert manifest.exported[0].since is not None
    assert len(rows_of(tmp_path, "jsonl", "time")) == len(ids_of(fake, "time"))


async def test_notes_with_other_columns_are_not_merged(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A file with other columns is not merged: an update that cannot read all notes is an error."""
    await export_account(intervals, tmp_path, resources=CHANGING, format="csv")
    path = tmp_path / "tasknote.csv"
    path.write_bytes(path.read_bytes().replace(b"id,", b"id,colour,", 1))
    content = path.read_bytes()
    last = Manifest.read(tmp_path)
    exported = [
        attrs.evolve(each, file=WrittenFile.of(tmp_path / each.file.name)) for each in last.exported
    ]
    attrs.evolve(last, exported=exported).write(tmp_path)
    with pytest.raises(
        IncompleteExportError, match="its columns are not those of tasknote; remove"
    ):
        await export_account(
            intervals, tmp_path, resources=CHANGING, format="csv", incremental=True
        )
    assert path.read_bytes() == content
    shutil.rmtree(tmp_path / ".unfinished")
    await export_account(intervals, tmp_path, resources=CHANGING, format="csv")
    assert len(rows_of(tmp_path, "csv", "tasknote")) == len(ids_of(fake, "tasknote"))


@EACH_FORMAT
async def test_file_removed_during_the_update_is_read_completely(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient, format: str
) -> None:
    """A file removed during the update is read completely; for notes of tasks it is an error."""
    path = {name: FORMATS[format].path(tmp_path, name) for name in CHANGING}
    await export_account(intervals, tmp_path, resources=CHANGING, format=format)
    options: dict[str, Any] = {"format": format, "incremental": True}
    manifest = await export_account(
        intervals,
        tmp_path,
        resources=["time"],
        on_estimate=lambda _: path["time"].unlink(),
        **options,
    )
    assert [each.since for each in manifest.exported] == [None]
    assert len(rows_of(tmp_path, format, "time")) == len(ids_of(fake, "time"))
    await export_account(intervals, tmp_path, resources=CHANGING, format=format)
    for _ in range(2):
        with pytest.raises(
            IncompleteExportError, match="was removed, or its columns are not those of tasknote"
        ):
            await export_account(
                intervals,
                tmp_path,
                resources=["tasknote"],
                on_estimate=lambda _: path["tasknote"].unlink(missing_ok=True),
                **options,
            )


async def test_states_left_by_a_kill_are_cleared(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """States that a kill has left of a complete export do not affect the next export."""
    await export_account(intervals, tmp_path, resources=["time"])
    states = StateFolder(tmp_path / ".unfinished")
    states.path.mkdir()
    states.save("time", ResourceState(records=1, began=NOW, ended=NOW))
    insert(fake, "time")
    await export_account(intervals, tmp_path, resources=["time"])
    assert len(rows_of(tmp_path, "jsonl", "time")) == len(ids_of(fake, "time"))


async def test_since_leaves_out_unchanged_records(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """`since` leaves out unchanged tasks, times and notes, in addition to other filters."""
    since = now() + timedelta(days=2)
    some = {name: ids_of(fake, name)[3:8] for name in CHANGING}
    for resource in CHANGING:
        change(fake, resource, "changed", some[resource], since)
    filters: dict[str, dict[str, object]] = {"time": {"projectid": ids_of(fake, "project")}}
    manifest = await export_account(
        intervals, tmp_path, resources=[*CHANGING, "group"], since=since, filters=filters
    )
    for resource in CHANGING:
        rows = map(json.loads, rows_of(tmp_path, "jsonl", resource))
        assert sorted(row["id"] for row in rows) == sorted(some[resource])
    exported = {each.resource: each for each in manifest.exported}
    assert exported["group"].records == len(ids_of(fake, "group"))
    assert exported["time"].filters == {**filters["time"], "datemodifiedbegin": since}
    assert {each.since for each in manifest.exported} == {None}
    # An export with `since` cannot be updated.
    fake.clear_log()
    found = await updated(intervals, tmp_path)
    assert found == dict.fromkeys(CHANGING, False)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"since": NOW}, "datemodifiedbegin.* without a time zone"),
        ({"since": NAIVE, "incremental": True}, "since and incremental cannot be combined"),
        (
            {"since": NAIVE, "resources": ["group", "client"]},
            "since: expected at least one of task, .*, got client, group",
        ),
        (
            {"since": NAIVE, "filters": {"task": {"datemodifiedend": NAIVE}}},
            "since cannot be combined with the filter datemodifiedend of task",
        ),
        (
            {"since": NAIVE, "filters": {"time": {"datemodifiedbegin": NAIVE}}},
            "since cannot be combined with the filter datemodifiedbegin of time",
        ),
        (
            {"since": NAIVE, "filters": {"tasknote": {"datebegin": NOW}}},
            "one range of more than 7 days",
        ),
    ],
)
async def test_invalid_since_is_rejected_before_any_request(
    tmp_path: Path,
    fake: FakeIntervals,
    intervals: IntervalsClient,
    options: dict[str, Any],
    complaint: str,
) -> None:
    """An invalid `since` is rejected before a request is sent or a folder created."""
    with pytest.raises(ArgumentError, match=complaint):
        await export_account(intervals, tmp_path / "new", **options)
    assert fake.requests == 0
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("value", [b"3", {3: 5}])
async def test_bytes_and_mappings_are_not_lists_of_values(
    tmp_path: Path, intervals: IntervalsClient, value: object
) -> None:
    """A filter of bytes or a mapping is rejected, as a listing rejects it."""
    filters = {"time": {"projectid": value}}
    with pytest.raises(ArgumentError, match="projectid"):
        await export_account(intervals, tmp_path, resources=["time"], filters=filters)
