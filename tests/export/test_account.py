"""An account is exported whole, goes on where it was killed, and can be checked afterwards."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from intervals_async import (
    ArgumentError,
    DailyQuotaError,
    IntervalsClient,
    ListingError,
    ServerError,
    Stream,
)
from intervals_async.export import AccountProgress, Manifest, export_account
from intervals_async.export.accounts import scheduler
from intervals_async.export.accounts.formats import FORMATS
from intervals_async.testing import FakeIntervals, SeenRequest, faults

# What does not change from one second to the next.
STEADY = [
    "contactdescriptor", "invoiceitem", "personcontact", "projectnote", "projectteam", "task", "tasknote",
]  # fmt: skip

# A process that is killed, as by the power, when it has been told so often how far it is.
KILLED = """
import asyncio, os, sys
from intervals_async import IntervalsClient
from intervals_async.export import export_account

left = int(sys.argv[3])

def progress(_):
    global left
    left -= 1
    if left == 0:
        os._exit(9)

async def main():
    async with IntervalsClient(limits=()) as client:
        await export_account(
            client, sys.argv[1], resources=sys.argv[4].split(","), format=sys.argv[2],
            checkpoint_every=0, on_progress=progress,
        )

asyncio.run(main())
"""


def ids(fake: FakeIntervals, resource: str) -> list[int]:
    """The ids that the server has."""
    return sorted(int(str(row["id"])) for row in fake.rows(resource))


def rows_of(folder: Path, format: str, resource: str) -> list[Any]:
    """Read back what was written of a resource, each row as a text."""
    path = FORMATS[format].path(folder, resource)
    match format:
        case "jsonl":
            return path.read_bytes().splitlines()
        case "csv":
            with path.open(newline="", encoding="utf-8") as file:
                return list(map(str, csv.DictReader(file)))
        case "parquet":
            table: Any = import_module("pyarrow.parquet").read_table(path)
            return [str(row) for row in table.to_pylist()]
        case _:
            with closing(sqlite3.connect(path)) as database:
                return list(map(str, database.execute(f'SELECT * FROM "{resource}" ORDER BY 1')))


async def test_everything_is_there_once(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """Each row of the server, of all resources, those included that are listed by others."""
    told: list[AccountProgress] = []
    manifest = await export_account(intervals, tmp_path / "all", on_progress=told.append)
    assert not manifest.left_out
    assert len(manifest.exported) == 34
    for each in manifest.exported:
        lines = (tmp_path / "all" / each.file.name).read_bytes().splitlines()
        records = [json.loads(line) for line in lines]
        assert len(records) == each.records
        assert each.listcount in (None, each.records)
        if each.resource not in ("me", "quota"):
            assert len(records) == len(fake.rows(each.resource))
        if records[0].get("id") and each.resource != "me":
            assert sorted(record["id"] for record in records) == ids(fake, each.resource)
    assert {each.resource for each in told if each.ended} == {
        each.resource for each in manifest.exported
    }
    assert manifest.requests == len(fake.log)
    assert list(manifest.flaws(tmp_path / "all")) == []
    assert not (tmp_path / "all" / ".unfinished").exists()


@pytest.mark.parametrize("format", FORMATS)
async def test_each_format(tmp_path: Path, intervals: IntervalsClient, format: str) -> None:
    """A second export replaces the files of the first."""
    some = ["group", "personcontact", "projectnote"]
    await export_account(intervals, tmp_path, resources=some, format=format)
    manifest = await export_account(intervals, tmp_path, resources=some, format=format)
    assert [each.resource for each in manifest.exported] == some
    assert [each.format for each in manifest.exported] == [format] * 3
    assert Manifest.read(tmp_path) == manifest
    assert list(manifest.flaws(tmp_path)) == []
    left = {each.file.name for each in manifest.exported} | {"manifest.json"}
    assert {*os.listdir(tmp_path)} == left


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet", "sqlite"])
def test_killed_and_gone_on_with_it_is_the_same(
    tmp_path: Path,
    serving: Callable[[FakeIntervals], AbstractContextManager[FakeIntervals]],
    format: str,
    seed: int,
) -> None:
    """At random moments, again and again: no record lost, none twice."""
    dice = random.Random(f"{format} {seed}")
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDEVMODE"}

    def run(folder: Path, calls: int) -> int:
        words = [str(folder), format, str(calls), ",".join(STEADY)]
        done = subprocess.run([sys.executable, "-c", KILLED, *words], check=False, env=env)
        return done.returncode

    with serving(FakeIntervals(notes=600, seed=seed, per_minute=None, per_day=None)) as fake:
        env |= {"INTERVALS_TOKEN": fake.token, "INTERVALS_BASE_URL": fake.url}
        assert run(tmp_path / "unbroken", 0) == 0
        for _ in range(4):
            assert run(tmp_path / "killed", dice.randrange(1, 25)) in (0, 9)
        assert run(tmp_path / "killed", 0) == 0
    for resource in STEADY:
        whole = rows_of(tmp_path / "unbroken", format, resource)
        assert rows_of(tmp_path / "killed", format, resource) == whole
        assert whole
    names = [{path.name for path in (tmp_path / each).iterdir()} for each in ("unbroken", "killed")]
    assert names[0] == names[1]


async def test_it_goes_on_after_an_error(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """What was done is not read again."""
    some = ["group", "person", "personcontact"]
    fake.inject(faults.Status(500, 1, "Down"), times=4, path="/personcontact/", skip=3)
    with pytest.raises(ServerError):
        await export_account(intervals, tmp_path, resources=some)
    assert not (tmp_path / "manifest.json").exists()
    assert not (tmp_path / "personcontact.jsonl").exists()
    fake.clear_log()
    manifest = await export_account(intervals, tmp_path, resources=some)
    assert {seen.path for seen in fake.log} == {"/quota/", "/personcontact/"}
    assert len(fake.log) == 1 + len(ids(fake, "person")) - 3
    lines = (tmp_path / "personcontact.jsonl").read_bytes().splitlines()
    assert sorted(json.loads(line)["id"] for line in lines) == ids(fake, "personcontact")
    assert len(manifest.exported) == 3


async def test_cancelled_it_keeps_what_was_read(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """Without waiting for the next checkpoint: no request was in vain."""

    def enough(told: AccountProgress) -> None:
        if told.resource == "personcontact" and told.requests == 4:
            running.cancel()

    some = ["person", "personcontact"]
    running = asyncio.create_task(
        export_account(intervals, tmp_path, resources=some, on_progress=enough)
    )
    with pytest.raises(asyncio.CancelledError):
        await running
    fake.clear_log()
    await export_account(intervals, tmp_path, resources=some)
    assert len(fake.log) <= 1 + len(ids(fake, "person")) - 4 + 1  # one may have been under way
    lines = (tmp_path / "personcontact.jsonl").read_bytes().splitlines()
    assert sorted(json.loads(line)["id"] for line in lines) == ids(fake, "personcontact")


async def test_an_unfinished_export_of_another_kind_is_not_mixed_up(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """It says what to do; the same call goes on."""
    some = ["person", "personcontact"]
    fake.inject(faults.Status(500, 1, "Down"), times=4, path="/personcontact/")
    with pytest.raises(ServerError):
        await export_account(intervals, tmp_path, resources=some)
    with pytest.raises(ArgumentError, match="an unfinished export with other resources"):
        await export_account(intervals, tmp_path, resources=["group"])
    with pytest.raises(ArgumentError, match="an unfinished export with other format"):
        await export_account(intervals, tmp_path, resources=some, format="csv")
    await export_account(intervals, tmp_path, resources=some)


async def test_the_end_of_the_day_breaks_it_off(tmp_path: Path) -> None:
    """Others may use up what was left; the requests that went before are not lost."""
    moment = datetime(2026, 5, 6, 23, 59, 59, 900_000, tzinfo=UTC)
    some = ["person", "personcontact"]

    def others(server: FakeIntervals, seen: SeenRequest) -> None:
        if len(server.log) == 8 and moment.day == 6:
            server.inject(faults.DayUsedUp())

    async with FakeIntervals(notes=50, per_minute=None, per_day=100, now=lambda: moment) as fake:
        fake.between(others)
        async with IntervalsClient(fake.token, base_url=fake.url, limits=()) as client:
            with pytest.raises(DailyQuotaError):
                await export_account(client, tmp_path, resources=some)
        moment = datetime(2026, 5, 7, 0, 0, 1, tzinfo=UTC)
        fake.clear_log()
        async with IntervalsClient(fake.token, base_url=fake.url, limits=()) as client:
            await export_account(client, tmp_path, resources=some)
        assert len(fake.log) < len(ids(fake, "person"))
        lines = (tmp_path / "personcontact.jsonl").read_bytes().splitlines()
        assert sorted(json.loads(line)["id"] for line in lines) == ids(fake, "personcontact")


async def test_it_waits_for_the_next_day_where_told(
    tmp_path: Path,
    fake: FakeIntervals,
    intervals: IntervalsClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And counts each record once, though what came after the last checkpoint is read again."""
    waited: list[datetime] = []

    async def next_day(moment: datetime) -> None:
        waited.append(moment)
        intervals._transport.limiter.refuse_until(0.0, lambda: DailyQuotaError("over"))

    def forget(self: Stream[Any]) -> str:
        raise ListingError("as in a second pass")

    monkeypatch.setattr(scheduler, "_sleep_until", next_day)
    monkeypatch.setattr(Stream, "bookmark", property(forget))
    fake.inject(faults.Status(400, 11, "Daily limit"), path="/personcontact/", skip=3)
    some = ["person", "personcontact"]
    manifest = await export_account(intervals, tmp_path, resources=some, wait_for_reset=True)
    assert len(waited) == 1
    assert waited[0] > datetime.now(UTC)
    lines = (tmp_path / "personcontact.jsonl").read_bytes().splitlines()
    assert sorted(json.loads(line)["id"] for line in lines) == ids(fake, "personcontact")
    assert manifest.exported[1].records == len(lines)


async def test_what_may_not_be_read_is_left_out(tmp_path: Path, fake: FakeIntervals) -> None:
    """And with it what is listed by it; the manifest says why."""
    token = fake.token_for("Resource")
    async with IntervalsClient(token, base_url=fake.url, limits=()) as client:
        manifest = await export_account(client, tmp_path)
    assert {"invoice", "invoiceitem", "module", "worktype"} <= {*manifest.left_out}
    assert "code 10" in manifest.left_out["invoice"]
    assert "it is listed by invoice, which cannot be read" in manifest.left_out["invoiceitem"]
    assert {each.resource for each in manifest.exported}.isdisjoint(manifest.left_out)
    assert Manifest.read(tmp_path) == manifest


async def test_filters_are_each_resources_own(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A parent that is named in a filter is the only one; ids of parents may be read alone."""
    person = ids(fake, "person")[0]
    filters: dict[str, dict[str, object]] = {
        "personcontact": {"personid": person},
        "time": {"datebegin": date(2020, 1, 1)},
    }
    some = ["milestonenote", "personcontact", "time"]
    manifest = await export_account(intervals, tmp_path, resources=some, filters=filters)
    contacts = (tmp_path / "personcontact.jsonl").read_bytes().splitlines()
    assert {json.loads(line)["personid"] for line in contacts} == {person}
    assert not (tmp_path / "milestone.jsonl").exists()
    assert manifest.exported[0].records == len(ids(fake, "milestonenote"))
    assert Manifest.read(tmp_path).exported[2].filters == {"datebegin": "2020-01-01"}


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"resources": ["notes"]}, "there is no resource 'notes' to export"),
        ({"exclude": ["notes"]}, "there is no resource 'notes' to export"),
        ({"format": "xml"}, "there is no format 'xml'; there are jsonl"),
        ({"jobs": 0}, "jobs is a whole number from 1 up"),
        ({"filters": {"task": {"colour": 3}}}, "task.list.. has no filter 'colour'"),
        ({"resources": ["time"], "filters": {"task": {}}}, "filters for 'task', which is not"),
    ],
)
async def test_what_cannot_be_is_said_before_anything_is_sent(
    tmp_path: Path,
    fake: FakeIntervals,
    intervals: IntervalsClient,
    options: dict[str, Any],
    complaint: str,
) -> None:
    """No request, and no file."""
    with pytest.raises(ArgumentError, match=complaint):
        await export_account(intervals, tmp_path / "new", **options)
    assert fake.requests == 0


async def test_rows_that_others_change_meanwhile(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """Each note once, and the manifest tells of the drift."""
    before = ids(fake, "projectnote")

    def others(server: FakeIntervals, seen: SeenRequest) -> None:
        if len(server.log) == 2:
            server.remove("projectnote", before[0])

    fake.between(others)
    manifest = await export_account(intervals, tmp_path, resources=["projectnote"])
    lines = (tmp_path / "projectnote.jsonl").read_bytes().splitlines()
    found = [json.loads(line)["id"] for line in lines]
    assert {*before[1:]} <= {*found}
    assert len(found) == len({*found})
    assert manifest.exported[0].records == len(found)


async def test_flaws_are_found(tmp_path: Path, intervals: IntervalsClient) -> None:
    """A file that is gone, is shorter, or holds something else."""
    some = ["group", "invoiceterm", "module"]
    manifest = await export_account(intervals, tmp_path, resources=some)
    (tmp_path / "group.jsonl").unlink()
    content = (tmp_path / "invoiceterm.jsonl").read_bytes()
    (tmp_path / "invoiceterm.jsonl").write_bytes(content[:-1])
    content = (tmp_path / "module.jsonl").read_bytes()
    (tmp_path / "module.jsonl").write_bytes(content.replace(b"t", b"T"))
    gone, shorter, other = manifest.flaws(tmp_path)
    assert gone.endswith("group.jsonl: No such file or directory")
    assert "bytes, where" in shorter
    assert other.endswith("module.jsonl: its content is not what was written")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"form": 2}', "x"])
def test_what_is_no_manifest_is_refused(tmp_path: Path, content: str) -> None:
    """With one line that says so."""
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(ArgumentError, match=r"manifest\.json (is no manifest|was written by)"):
        Manifest.read(tmp_path)


async def test_what_is_not_written_anew_is_kept(tmp_path: Path, intervals: IntervalsClient) -> None:
    """An export of some resources, or of another format, disowns nothing of the ones before."""
    await export_account(intervals, tmp_path, resources=["group", "module"])
    await export_account(intervals, tmp_path, resources=["group"])
    manifest = await export_account(intervals, tmp_path, resources=["group"], format="csv")
    assert [each.file.name for each in manifest.exported] == ["group.csv"]
    assert [each.file.name for each in manifest.kept] == ["group.jsonl", "module.jsonl"]
    assert Manifest.read(tmp_path) == manifest
    (tmp_path / "module.jsonl").write_bytes(b"")
    assert [*manifest.flaws(tmp_path)] == [
        f"{tmp_path / 'module.jsonl'}: 0 bytes, where {manifest.kept[1].file.size} were written"
    ]
    (tmp_path / "module.jsonl").unlink()
    manifest = await export_account(intervals, tmp_path, resources=["person"])
    assert [each.file.name for each in manifest.kept] == ["group.csv", "group.jsonl"]


async def test_tables_of_one_database_are_kept(tmp_path: Path, intervals: IntervalsClient) -> None:
    """The file is then as the last export has left it."""
    await export_account(intervals, tmp_path, resources=["group", "module"], format="sqlite")
    manifest = await export_account(intervals, tmp_path, resources=["person"], format="sqlite")
    assert [each.resource for each in manifest.kept] == ["group", "module"]
    assert [*manifest.flaws(tmp_path)] == []


async def test_all_timers_also_with_a_filter(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """What the API leaves out unless it is told to give all is not left out."""
    person = int(str(fake.rows("timer")[0]["personid"]))
    manifest = await export_account(
        intervals, tmp_path, resources=["timer"], filters={"timer": {"personid": person}}
    )
    there = [row for row in fake.rows("timer") if row["personid"] == person]
    assert manifest.exported[0].records == len(there)


async def test_names_are_a_list(tmp_path: Path, intervals: IntervalsClient) -> None:
    """A text has letters."""
    with pytest.raises(ArgumentError, match="lists of names"):
        await export_account(intervals, tmp_path, resources="task")
