"""What was changed is put into the files of the last export, which are then as a whole one's."""

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

from intervals_async import ArgumentError, IntervalsClient, Record, ServerError
from intervals_async._schema.parameters import parameters
from intervals_async.export import Manifest, export_account
from intervals_async.export.accounts import incremental
from intervals_async.export.accounts.formats import FORMATS
from intervals_async.export.accounts.json_file import plain
from intervals_async.export.accounts.manifest import WrittenFile
from intervals_async.export.accounts.merging import merge_json_lines
from intervals_async.export.accounts.state import ResourceState, StateFolder
from intervals_async.resources import resource_class
from intervals_async.testing import FakeIntervals, faults

from .exported import read_rows, rows_of

EACH_FORMAT = pytest.mark.parametrize("format", FORMATS)

# Those of which the API tells what was changed, and a text of theirs.
TEXTS = {"task": "title", "tasknote": "note", "time": "description"}
CHANGING = [*TEXTS]

NOW = datetime(2026, 5, 6, 7, 8, tzinfo=UTC)
NAIVE = NOW.replace(tzinfo=None)

# Dies at moments that are told one after the other, in a folder each: at the so many-th file that
# it opens, moves or removes, or progress that it is told; at 0 never. Each life is a child, so that
# nothing is imported twice.
KILLED = """
import asyncio, os, sys
from intervals_async import IntervalsClient
from intervals_async.export import export_account

format, names, *lives = sys.argv[1:]

def dying(folder, left):
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

async def live(folder, moment):
    async with IntervalsClient(limits=()) as client:
        await export_account(
            client, folder, resources=names.split(","), format=format, incremental=True,
            checkpoint_every=0, on_progress=dying(folder, moment),
        )

while lives:
    folder, moment, *lives = lives
    child = os.fork()
    if not child:
        asyncio.run(live(folder, int(moment)))
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code not in (0, 9):
        sys.exit(code)
"""


def now() -> datetime:
    """The present second by the server's clock, in the account's zone."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def ids(fake: FakeIntervals, resource: str) -> list[int]:
    """The ids that the server has."""
    return [int(str(row["id"])) for row in fake.rows(resource)]


def change(
    fake: FakeIntervals, resource: str, text: str, which: Sequence[int], at: datetime | None = None
) -> None:
    """Change some records, as their owners would now."""
    for id in which:
        fields: Any = {TEXTS[resource]: text, "datemodified": at or now()}
        fake.touch(resource, id, **fields)


def insert(fake: FakeIntervals, resource: str) -> int:
    """Add a record: a note on the last task, an hour on none, since that would change the task."""
    if resource == "tasknote":
        return fake.insert(resource, taskid=ids(fake, "task")[-1])
    return fake.insert(resource)


def asked(fake: FakeIntervals) -> list[tuple[str, bool]]:
    """What was asked for: the resource, and whether it was for changes alone."""
    return sorted((seen.path.strip("/"), "datemodifiedbegin" in seen.query) for seen in fake.log)


def hours_on_no_task(fake: FakeIntervals) -> list[int]:
    """The ids of times that no task has in its sums."""
    return [int(str(row["id"])) for row in fake.rows("time") if row["taskid"] is None]


async def built_upon(client: IntervalsClient, folder: Path, **options: Any) -> dict[str, bool]:
    """Export incrementally, and say of each resource whether the last export was built upon."""
    options = {"resources": CHANGING, **options}
    manifest = await export_account(client, folder, incremental=True, **options)
    assert plain(Manifest.read(folder)) == plain(manifest)
    assert list(manifest.flaws(folder)) == []
    return {each.resource: each.since is not None for each in manifest.exported}


async def whole(
    client: IntervalsClient, folder: Path, format: str = "jsonl", **options: Any
) -> dict[str, list[str]]:
    """Export everything into a new folder, and give its rows."""
    shutil.rmtree(folder, ignore_errors=True)
    options = {"resources": CHANGING, **options}
    manifest = await export_account(client, folder, format=format, **options)
    return {each.resource: rows_of(folder, format, each.resource) for each in manifest.exported}


@EACH_FORMAT
async def test_it_is_what_a_whole_export_is(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient, format: str
) -> None:
    """What is new and what was changed, in each format, for few requests."""
    last = await export_account(intervals, tmp_path / "a", resources=CHANGING, format=format)
    for resource in CHANGING:
        change(fake, resource, 'a "b",\r\n c\n', ids(fake, resource)[::15])
        insert(fake, resource)
    fake.clear_log()
    manifest = await export_account(
        intervals, tmp_path / "a", resources=CHANGING, format=format, incremental=True
    )
    assert asked(fake) == [
        ("quota", False), ("task", False), ("task", True), ("tasknote", True),
        ("time", False), ("time", True),
    ]  # fmt: skip
    assert manifest.requests == len(fake.log)
    rows = await whole(intervals, tmp_path / "b", format)
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
async def test_night_after_night(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient, format: str, seed: int
) -> None:
    """Each export builds upon the one before, whatever is changed, added and deleted."""
    dice = random.Random(f"{format} {seed}")
    await export_account(intervals, tmp_path / "a", resources=CHANGING, format=format)
    for night in range(4):
        for resource in CHANGING:
            change(fake, resource, f"night {night}", dice.sample(ids(fake, resource), 9))
            for _ in range(dice.randrange(3)):
                insert(fake, resource)
        for id in dice.sample(hours_on_no_task(fake), dice.randrange(3)):
            fake.remove("time", id)
        await built_upon(intervals, tmp_path / "a", format=format)
        rows = await whole(intervals, tmp_path / "b", format)
        for resource in CHANGING:
            assert rows_of(tmp_path / "a", format, resource) == rows[resource]


@pytest.mark.parametrize("format", ["jsonl", "sqlite"])
@pytest.mark.parametrize("resource", ["task", "time"])
@pytest.mark.parametrize("added", [0, 1, 2])
async def test_deleted_tasks_and_times_are_found(
    tmp_path: Path,
    fake: FakeIntervals,
    intervals: IntervalsClient,
    format: str,
    resource: str,
    added: int,
) -> None:
    """The number tells, also where as many are new: then all of them are read."""
    options: dict[str, Any] = {"resources": ["task", "time"], "format": format}
    await export_account(intervals, tmp_path / "a", **options)
    gone = {"task": ids(fake, "task"), "time": hours_on_no_task(fake)}
    fake.remove(resource, gone[resource][7])
    for _ in range(added):
        insert(fake, resource)
    change(fake, "task", "changed", ids(fake, "task")[:2])
    fake.clear_log()
    upon = await built_upon(intervals, tmp_path / "a", **options)
    assert upon == {name: name != resource for name in ("task", "time")}
    # how many there are, and then all of them: of 200 times, 100 at first
    assert asked(fake).count((resource, False)) == 1 + (2 if resource == "time" else 1)
    assert Manifest.read(tmp_path / "a").requests == len(fake.log)
    rows = await whole(intervals, tmp_path / "b", **options)
    assert {name: rows_of(tmp_path / "a", format, name) for name in rows} == rows


@EACH_FORMAT
async def test_deleted_notes_stay(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient, format: str
) -> None:
    """Nothing tells how many there are; an export that is not incremental has them no more."""
    before = await whole(intervals, tmp_path, format, resources=["tasknote"])
    fake.remove("tasknote", ids(fake, "tasknote")[0])
    upon = await built_upon(intervals, tmp_path, resources=["tasknote"], format=format)
    assert upon == {"tasknote": True}
    assert rows_of(tmp_path, format, "tasknote") == before["tasknote"]
    after = await whole(intervals, tmp_path, format, resources=["tasknote"])
    assert len(after["tasknote"]) == len(before["tasknote"]) - 1


async def test_deleted_notes_of_tasks_that_are_named_are_found(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A list of tasks is one list, whose number the server tells."""
    filters = {"tasknote": {"taskid": ids(fake, "task")}}
    options: dict[str, Any] = {"resources": ["tasknote"], "filters": filters}
    await export_account(intervals, tmp_path, **options)
    assert await built_upon(intervals, tmp_path, **options) == {"tasknote": True}
    fake.remove("tasknote", ids(fake, "tasknote")[0])
    assert await built_upon(intervals, tmp_path, **options) == {"tasknote": False}
    assert len(rows_of(tmp_path, "jsonl", "tasknote")) == len(ids(fake, "tasknote"))


@EACH_FORMAT
async def test_without_changes_the_files_stay_as_they_are(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient, format: str
) -> None:
    """Row for row, in their order; also those that are read again, as of shortly before."""
    change(fake, "time", "just before", ids(fake, "time")[3:6])
    path = FORMATS[format].path(tmp_path, "time")
    rows = await whole(intervals, tmp_path, format)
    content, plan = path.read_bytes(), read_rows(path, format, "time")
    upon = await built_upon(intervals, tmp_path, format=format)
    assert upon == dict.fromkeys(CHANGING, True)
    assert {name: rows_of(tmp_path, format, name) for name in CHANGING} == rows
    if format in ("jsonl", "csv"):  # the others are packed anew, or count their transactions
        assert path.read_bytes() == content
    else:
        assert read_rows(path, format, "time") == plan


async def test_without_a_manifest_all_is_read(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """So the first night needs no other command than the next ones."""
    upon = await built_upon(intervals, tmp_path / "new")
    assert upon == dict.fromkeys(CHANGING, False)
    assert ("task", True) not in asked(fake)
    assert await built_upon(intervals, tmp_path / "new") == dict.fromkeys(CHANGING, True)


async def test_a_damaged_manifest_is_no_reason_to_read_all(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """It is said, before a request is sent, and the folder stays as it is."""
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(ArgumentError, match="is no manifest of an export"):
        await export_account(intervals, tmp_path, resources=CHANGING, incremental=True)
    assert fake.requests == 0
    assert os.listdir(tmp_path) == ["manifest.json"]


async def test_what_is_not_the_last_export_is_read_whole(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """Other filters, a file that was changed or is gone: each resource for itself."""
    await export_account(intervals, tmp_path, resources=CHANGING)
    first = ids(fake, "project")[0]
    upon = await built_upon(intervals, tmp_path, filters={"time": {"projectid": first}})
    assert upon == {"task": True, "tasknote": True, "time": False}
    upon = await built_upon(intervals, tmp_path, filters={"time": {"projectid": first}})
    assert upon == {"task": True, "tasknote": True, "time": True}
    with (tmp_path / "time.jsonl").open("ab") as file:
        file.write(b"{}\n")
    upon = await built_upon(intervals, tmp_path, filters={"time": {"projectid": first}})
    assert upon == {"task": True, "tasknote": True, "time": False}
    (tmp_path / "task.jsonl").unlink()
    upon = await built_upon(intervals, tmp_path, filters={"time": {"projectid": first}})
    assert upon == {"task": False, "tasknote": True, "time": True}
    rows = await whole(
        intervals,
        tmp_path / "b",
        resources=["task", "time"],
        filters={"time": {"projectid": first}},
    )
    assert {name: rows_of(tmp_path, "jsonl", name) for name in rows} == rows


async def test_another_format_or_release_is_not_built_upon(
    tmp_path: Path,
    fake: FakeIntervals,
    intervals: IntervalsClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing of the one could be put into the other."""
    await export_account(intervals, tmp_path, resources=CHANGING)
    upon = await built_upon(intervals, tmp_path, format="csv")
    assert upon == dict.fromkeys(CHANGING, False)
    monkeypatch.setattr(incremental, "__version__", "0")
    upon = await built_upon(intervals, tmp_path, format="csv")
    assert upon == dict.fromkeys(CHANGING, False)


async def test_filters_stay_the_same_however_they_are_written(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A generator, a tuple, a day: what counts is what is asked for."""
    projects = ids(fake, "project")[:3]
    for upon, several in ((False, iter(projects)), (True, tuple(projects)), (True, projects)):
        filters = {"time": {"projectid": several, "datebegin": date(2020, 1, 1)}}
        found = await built_upon(intervals, tmp_path, resources=["time"], filters=filters)
        assert found == {"time": upon}


async def test_changes_within_filters(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """What no longer fits a filter is found by the number, too."""
    one, other = ids(fake, "project")[:2]
    options: dict[str, Any] = {"resources": ["time"], "filters": {"time": {"projectid": one}}}
    await export_account(intervals, tmp_path / "a", **options)
    theirs = [int(str(row["id"])) for row in fake.rows("time") if row["projectid"] == one]
    fake.touch("time", theirs[0], projectid=other, datemodified=now())
    assert await built_upon(intervals, tmp_path / "a", **options) == {"time": False}
    fake.touch("time", theirs[0], projectid=one, datemodified=now())
    assert await built_upon(intervals, tmp_path / "a", **options) == {"time": True}
    rows = await whole(intervals, tmp_path / "b", **options)
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
async def test_filters_that_look_at_other_records_are_not_built_upon(
    tmp_path: Path, intervals: IntervalsClient, resource: str, filters: dict[str, object]
) -> None:
    """One may come in unchanged while another goes: the number would tell nothing."""
    options: dict[str, Any] = {"resources": [resource], "filters": {resource: filters}}
    await export_account(intervals, tmp_path, **options)
    assert await built_upon(intervals, tmp_path, **options) == {resource: False}


def test_filters_that_look_at_other_records_are_those_of_the_api() -> None:
    """None is misspelt."""
    for resource, names in incremental.UNSTABLE_FILTERS.items():
        assert names <= parameters(resource_class(resource).filters).keys()


async def test_tasks_are_read_whole_for_notes_that_are(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """The notes are listed by the tasks, by all of them."""
    await export_account(intervals, tmp_path / "a", resources=["task", "time"])
    upon = await built_upon(intervals, tmp_path / "a")
    assert upon == {"task": False, "tasknote": False, "time": True}
    rows = await whole(intervals, tmp_path / "b")
    assert rows_of(tmp_path / "a", "jsonl", "tasknote") == rows["tasknote"]
    assert await built_upon(intervals, tmp_path / "a") == dict.fromkeys(CHANGING, True)


async def test_notes_of_some_tasks_are_not_built_upon(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """Changes come of all tasks: those of others would be mixed in."""
    some: Any = {"task": {"projectid": ids(fake, "project")[0]}}
    await export_account(intervals, tmp_path / "a", resources=["task", "tasknote"])
    change(fake, "tasknote", "changed", ids(fake, "tasknote")[:30])
    for filters in (some, some, None):
        options: dict[str, Any] = {"resources": ["task", "tasknote"], "filters": filters}
        upon = await built_upon(intervals, tmp_path / "a", **options)
        assert upon == {"task": False, "tasknote": False}
        rows = await whole(intervals, tmp_path / "b", **options)
        assert rows_of(tmp_path / "a", "jsonl", "tasknote") == rows["tasknote"]
    upon = await built_upon(intervals, tmp_path / "a", resources=["task", "tasknote"])
    assert upon == {"task": True, "tasknote": True}


async def test_notes_of_a_long_range_are_not_built_upon(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """Beside it the API takes no range of changes that is longer than a week, or has no end."""
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(days=30)
    options: dict[str, Any] = {
        "resources": ["tasknote", "time"],
        "filters": {"tasknote": {"datebegin": begin}},
    }
    await export_account(intervals, tmp_path / "a", **options)
    insert(fake, "tasknote")
    upon = await built_upon(intervals, tmp_path / "a", **options)
    assert upon == {"tasknote": False, "time": True}
    rows = await whole(intervals, tmp_path / "b", **options)
    assert rows_of(tmp_path / "a", "jsonl", "tasknote") == rows["tasknote"]


@pytest.mark.parametrize("hours", [-12, 14])
async def test_any_time_zone(tmp_path: Path, hours: int) -> None:
    """The API keeps the moments of changes in the account's own, and nothing tells which it is."""

    def local() -> datetime:
        return datetime.now(UTC) + timedelta(hours=hours)

    async with (
        FakeIntervals(notes=5, per_minute=None, per_day=None, now=local) as fake,
        IntervalsClient(fake.token, base_url=fake.url, limits=()) as client,
    ):
        await export_account(client, tmp_path / "a", resources=CHANGING)
        for resource in CHANGING:
            insert(fake, resource)
            moment = local().replace(tzinfo=None, microsecond=0)
            change(fake, resource, "changed", ids(fake, resource)[:9], moment)
        fake.clear_log()
        upon = await built_upon(client, tmp_path / "a")
        assert upon == dict.fromkeys(CHANGING, True)
        assert len(fake.log) == 6
        rows = await whole(client, tmp_path / "b")
    assert {name: rows_of(tmp_path / "a", "jsonl", name) for name in rows} == rows


async def test_since_the_first_request_of_the_last_export(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """First pages may be kept for hours, while a person is asked or the day has to end."""
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
    since = (last.began - timedelta(hours=13)).replace(tzinfo=None, microsecond=0)
    told = {seen.query.get("datemodifiedbegin") for seen in fake.log}
    assert told == {None, since.isoformat(" ")}


async def test_what_a_row_tells_of_others_is_of_its_own_last_change(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """Time that is logged changes the sums of its task, not the moment of the task's change."""
    before = await whole(intervals, tmp_path / "a")
    fake.insert("time", taskid=ids(fake, "task")[0], time=5.0)
    assert await built_upon(intervals, tmp_path / "a") == dict.fromkeys(CHANGING, True)
    rows = await whole(intervals, tmp_path / "b")
    assert rows["task"] != before["task"]
    assert rows_of(tmp_path / "a", "jsonl", "task") == before["task"]
    assert rows_of(tmp_path / "a", "jsonl", "time") == rows["time"]


async def test_all_else_is_read_anew(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """Of other resources the API does not tell what was changed."""
    await export_account(intervals, tmp_path / "a")
    fake.remove("client", ids(fake, "client")[0])
    fake.touch("project", ids(fake, "project")[0], name="Changed")
    upon = await built_upon(intervals, tmp_path / "a", resources=None)
    assert [name for name in upon if upon[name]] == CHANGING
    rows = await whole(intervals, tmp_path / "b", resources=None, exclude=["quota", "timer"])
    assert {name: rows_of(tmp_path / "a", "jsonl", name) for name in rows} == rows


async def test_one_table_of_a_database(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """The others stay, and are read whole when they are exported again."""
    await export_account(intervals, tmp_path / "a", resources=CHANGING, format="sqlite")
    change(fake, "task", "changed", ids(fake, "task")[:5])
    insert(fake, "time")
    options: dict[str, Any] = {"resources": ["task"], "format": "sqlite"}
    assert await built_upon(intervals, tmp_path / "a", **options) == {"task": True}
    rows = await whole(intervals, tmp_path / "b", "sqlite")
    assert rows_of(tmp_path / "a", "sqlite", "task") == rows["task"]
    assert rows_of(tmp_path / "a", "sqlite", "tasknote") == rows["tasknote"]
    assert len(rows_of(tmp_path / "a", "sqlite", "time")) == len(rows["time"]) - 1
    upon = await built_upon(intervals, tmp_path / "a", format="sqlite")
    assert upon == {"task": False, "tasknote": False, "time": False}
    assert rows_of(tmp_path / "a", "sqlite", "time") == rows["time"]


@EACH_FORMAT
async def test_it_goes_on_after_an_error(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient, format: str
) -> None:
    """With what it is built upon, which is no longer what the manifest tells."""
    last = await export_account(intervals, tmp_path, resources=CHANGING, format=format)
    for resource in CHANGING:
        change(fake, resource, "changed", ids(fake, resource)[:9])
        insert(fake, resource)
    # the first request for the time is for the changes, the second for their number
    fake.inject(faults.Status(500, 1, "Down"), times=4, path="/time/", skip=1)
    with pytest.raises(ServerError):
        await export_account(
            intervals, tmp_path, resources=CHANGING, format=format, incremental=True, jobs=1
        )
    assert Manifest.read(tmp_path) == last
    fake.clear_log()
    upon = await built_upon(intervals, tmp_path, format=format)
    assert upon == dict.fromkeys(CHANGING, True)
    assert asked(fake) == [("quota", False), ("time", False)]
    assert {each.since for each in Manifest.read(tmp_path).exported} == {last.began}
    rows = await whole(intervals, tmp_path / "whole", format)
    assert {name: rows_of(tmp_path, format, name) for name in rows} == rows


async def test_what_may_no_longer_be_read_is_left_out(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """Its file stays, as it was at the last export."""
    before = await whole(intervals, tmp_path)
    insert(fake, "time")
    fake.inject(faults.Status(403, 10, "No permission"), path="/time/", skip=1)
    upon = await built_upon(intervals, tmp_path)
    assert upon == {"task": True, "tasknote": True}
    assert "code 10" in Manifest.read(tmp_path).left_out["time"]
    assert rows_of(tmp_path, "jsonl", "time") == before["time"]
    assert await built_upon(intervals, tmp_path) == {"task": True, "tasknote": True, "time": False}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="each life is a fork of one process")
@EACH_FORMAT
async def test_killed_and_gone_on_with_it_is_the_same(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient, format: str
) -> None:
    """At random moments, again and again; also while all has to be read, since one is gone."""
    dice = random.Random(format)
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDEVMODE"}
    env |= {"INTERVALS_TOKEN": fake.token, "INTERVALS_BASE_URL": fake.url}
    await export_account(intervals, tmp_path / "last", resources=CHANGING, format=format)
    for resource in CHANGING:
        change(fake, resource, "changed", dice.sample(ids(fake, resource), 9))
        insert(fake, resource)
    fake.remove("time", hours_on_no_task(fake)[3])
    rows = await whole(intervals, tmp_path / "unbroken", format)
    folders = [tmp_path / f"killed{place}" for place in range(2)]
    lives: list[str] = []
    for folder in folders:
        shutil.copytree(tmp_path / "last", folder)
        for moment in (*dice.choices(range(8, 90), k=3), 0):
            lives += str(folder), str(moment)
    words = [format, ",".join(CHANGING), *lives]
    program = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, *words, env=env)
    assert await program.wait() == 0
    for folder in folders:
        assert {name: rows_of(folder, format, name) for name in rows} == rows
        assert list(Manifest.read(folder).flaws(folder)) == []
        assert sorted(os.listdir(folder)) == sorted(os.listdir(tmp_path / "unbroken"))


async def test_a_merge_is_waited_for_when_it_is_cancelled(
    tmp_path: Path,
    fake: FakeIntervals,
    intervals: IntervalsClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing writes any more when the call has ended; the same call goes on."""
    begun, may_end = threading.Event(), threading.Event()
    ended: list[int | None] = []

    def slow(
        whole: Path, changes: Path, cls: type[Record], name: str, expected: int | None
    ) -> int | None:
        begun.set()
        assert may_end.wait(10)
        ended.append(merge_json_lines(whole, changes, cls, name, expected))
        return ended[-1]

    monkeypatch.setitem(FORMATS, "jsonl", attrs.evolve(FORMATS["jsonl"], merge=slow))
    await export_account(intervals, tmp_path, resources=["time"])
    insert(fake, "time")
    options: dict[str, Any] = {"resources": ["time"], "incremental": True}
    export = asyncio.create_task(export_account(intervals, tmp_path, **options))
    await asyncio.to_thread(begun.wait, 10)
    export.cancel()
    await asyncio.sleep(0)
    assert not ended
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await export
    assert len(ended) == 1
    manifest = await export_account(intervals, tmp_path, **options)
    assert manifest.exported[0].since is not None
    assert len(rows_of(tmp_path, "jsonl", "time")) == len(ids(fake, "time"))


async def test_notes_with_other_columns_are_not_emptied(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """All could be read by their tasks alone, which were not: it is said what to do."""
    await export_account(intervals, tmp_path, resources=CHANGING, format="csv")
    path = tmp_path / "tasknote.csv"
    path.write_bytes(path.read_bytes().replace(b"id,", b"id,colour,", 1))
    content = path.read_bytes()
    last = Manifest.read(tmp_path)
    exported = [
        attrs.evolve(each, file=WrittenFile.of(tmp_path / each.file.name)) for each in last.exported
    ]
    attrs.evolve(last, exported=exported).write(tmp_path)
    with pytest.raises(ArgumentError, match="has not the columns that tasknote has now: remove"):
        await export_account(
            intervals, tmp_path, resources=CHANGING, format="csv", incremental=True
        )
    assert path.read_bytes() == content
    shutil.rmtree(tmp_path / ".unfinished")
    await export_account(intervals, tmp_path, resources=CHANGING, format="csv")
    assert len(rows_of(tmp_path, "csv", "tasknote")) == len(ids(fake, "tasknote"))


@EACH_FORMAT
async def test_a_file_that_is_removed_meanwhile_is_read_whole(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient, format: str
) -> None:
    """When the changes are read already; where that takes the parents, it is said what to do."""
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
    assert len(rows_of(tmp_path, format, "time")) == len(ids(fake, "time"))
    await export_account(intervals, tmp_path, resources=CHANGING, format=format)
    for _ in range(2):
        with pytest.raises(ArgumentError, match="is gone, or has not the columns that tasknote"):
            await export_account(
                intervals,
                tmp_path,
                resources=["tasknote"],
                on_estimate=lambda _: path["tasknote"].unlink(missing_ok=True),
                **options,
            )


async def test_what_a_kill_has_left_of_a_complete_export_is_forgotten(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A state of it would stand for a file of the next one."""
    await export_account(intervals, tmp_path, resources=["time"])
    states = StateFolder(tmp_path / ".unfinished")
    states.path.mkdir()
    states.save("time", ResourceState(records=1, began=NOW, ended=NOW))
    insert(fake, "time")
    await export_account(intervals, tmp_path, resources=["time"])
    assert len(rows_of(tmp_path, "jsonl", "time")) == len(ids(fake, "time"))


async def test_since_leaves_out_what_was_not_changed(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """Where the API tells; a filter that is given beside it holds as well."""
    moment = now() + timedelta(days=2)
    some = {name: ids(fake, name)[3:8] for name in CHANGING}
    for resource in CHANGING:
        change(fake, resource, "changed", some[resource], moment)
    filters: dict[str, dict[str, object]] = {"time": {"projectid": ids(fake, "project")}}
    manifest = await export_account(
        intervals, tmp_path, resources=[*CHANGING, "group"], since=moment, filters=filters
    )
    for resource in CHANGING:
        rows = map(json.loads, rows_of(tmp_path, "jsonl", resource))
        assert sorted(row["id"] for row in rows) == sorted(some[resource])
    told = {each.resource: each for each in manifest.exported}
    assert told["group"].records == len(ids(fake, "group"))
    assert told["time"].filters == {**filters["time"], "datemodifiedbegin": moment}
    assert {each.since for each in manifest.exported} == {None}
    # what was left out then is not built upon
    fake.clear_log()
    upon = await built_upon(intervals, tmp_path)
    assert upon == dict.fromkeys(CHANGING, False)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"since": NOW}, "takes a moment without a time zone, in the account's own"),
        ({"since": NAIVE, "incremental": True}, "incremental says since when by itself"),
        ({"since": NAIVE, "resources": ["group", "client"]}, "since: of client, group none can"),
        (
            {"since": NAIVE, "filters": {"task": {"datemodifiedend": NAIVE}}},
            "since, and a filter of task, both say when it was changed",
        ),
        (
            {"since": NAIVE, "filters": {"time": {"datemodifiedbegin": NAIVE}}},
            "since, and a filter of time, both say when it was changed",
        ),
        (
            {"since": NAIVE, "filters": {"tasknote": {"datebegin": NOW}}},
            "of two longer ranges only one can be cut into weeks",
        ),
    ],
)
async def test_since_what_cannot_be_is_said_before_anything_is_sent(
    tmp_path: Path,
    fake: FakeIntervals,
    intervals: IntervalsClient,
    options: dict[str, Any],
    complaint: str,
) -> None:
    """No request, and no folder."""
    with pytest.raises(ArgumentError, match=complaint):
        await export_account(intervals, tmp_path / "new", **options)
    assert fake.requests == 0
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("value", [b"3", {3: 5}])
async def test_what_is_no_list_of_values_stays_none(
    tmp_path: Path, intervals: IntervalsClient, value: object
) -> None:
    """It is refused, as the listing itself refuses it."""
    filters = {"time": {"projectid": value}}
    with pytest.raises(ArgumentError, match="projectid takes one id or several"):
        await export_account(intervals, tmp_path, resources=["time"], filters=filters)
