"""`export_account` writes every record once, resumes after interruptions, and can be verified."""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from intervals_async import (
    ArgumentError,
    DailyQuotaError,
    IntervalsClient,
    ListingError,
    Stream,
)
from intervals_async.export import (
    AccountProgress,
    IncompleteExportError,
    Manifest,
    export_account,
)
from intervals_async.export.accounts import scheduler
from intervals_async.export.accounts.formats import FORMATS
from intervals_async.testing import FakeIntervals, SeenRequest, faults

from .exported import ids_in, ids_of, read_rows

# Resources whose rows do not change from one second to the next.
STEADY = [
    "contactdescriptor", "invoiceitem", "personcontact", "projectnote", "projectteam", "task", "tasknote",
]  # fmt: skip

# A process that exports, and kills itself at progress report number `left`; 0 kills nothing.
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


async def test_every_record_of_every_resource_is_exported_once(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """An export without arguments writes every record of every resource once, also child resources."""
    reports: list[AccountProgress] = []
    manifest = await export_account(intervals, tmp_path / "all", on_progress=reports.append)
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
            assert sorted(record["id"] for record in records) == ids_of(fake, each.resource)
    assert {each.resource for each in reports if each.ended} == {
        each.resource for each in manifest.exported
    }
    assert manifest.requests == len(fake.log)
    assert list(manifest.flaws(tmp_path / "all")) == []
    assert not (tmp_path / "all" / ".unfinished").exists()


@pytest.mark.parametrize("format", FORMATS)
async def test_second_export_replaces_the_files(
    tmp_path: Path, intervals: IntervalsClient, format: str
) -> None:
    """A second export into the same folder replaces the files of the first, in each format."""
    some = ["group", "personcontact", "projectnote"]
    await export_account(intervals, tmp_path, resources=some, format=format)
    manifest = await export_account(intervals, tmp_path, resources=some, format=format)
    assert [each.resource for each in manifest.exported] == some
    assert [each.format for each in manifest.exported] == [format] * 3
    assert Manifest.read(tmp_path) == manifest
    assert list(manifest.flaws(tmp_path)) == []
    left = {each.file.name for each in manifest.exported} | {"manifest.json"}
    assert {*os.listdir(tmp_path)} == left


@pytest.mark.slow
@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet", "sqlite"])
def test_killed_export_resumes_to_the_same_files(
    tmp_path: Path,
    serving: Callable[[FakeIntervals], AbstractContextManager[FakeIntervals]],
    format: str,
) -> None:
    """An export that was killed at random moments ends with the files of an uninterrupted one."""
    rng = random.Random(format)
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDEVMODE"}

    def run(folder: Path, calls: int) -> int:
        words = [str(folder), format, str(calls), ",".join(STEADY)]
        done = subprocess.run([sys.executable, "-c", KILLED, *words], check=False, env=env)
        return done.returncode

    with serving(FakeIntervals(notes=600, seed=1, per_minute=None, per_day=None)) as fake:
        env |= {"INTERVALS_TOKEN": fake.token, "INTERVALS_BASE_URL": fake.url}
        assert run(tmp_path / "unbroken", 0) == 0
        for _ in range(4):
            assert run(tmp_path / "killed", rng.randrange(1, 25)) in (0, 9)
        assert run(tmp_path / "killed", 0) == 0
    for resource in STEADY:
        paths = [FORMATS[format].path(tmp_path / each, resource) for each in ("unbroken", "killed")]
        unbroken, killed = (read_rows(path, format, resource) for path in paths)
        assert unbroken == killed
        assert unbroken
    names = [{path.name for path in (tmp_path / each).iterdir()} for each in ("unbroken", "killed")]
    assert names[0] == names[1]


async def test_resuming_after_an_error_reads_only_the_rest(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """The same call after an error resumes the export and reads no finished page again."""
    some = ["group", "person", "personcontact"]
    fake.inject(faults.Status(500, 1, "Down"), times=4, path="/personcontact/", skip=3)
    with pytest.raises(IncompleteExportError):
        await export_account(intervals, tmp_path, resources=some)
    assert [*Manifest.read(tmp_path).failed] == ["personcontact"]
    assert not (tmp_path / "personcontact.jsonl").exists()
    fake.clear_log()
    manifest = await export_account(intervals, tmp_path, resources=some)
    assert {seen.path for seen in fake.log} == {"/quota/", "/personcontact/"}
    assert len(fake.log) == 1 + len(ids_of(fake, "person")) - 3
    assert sorted(ids_in(tmp_path / "personcontact.jsonl")) == ids_of(fake, "personcontact")
    assert len(manifest.exported) == 3


async def test_cancelled_export_keeps_the_records_that_were_read(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A cancelled export saves a checkpoint, so that no page is read again on resuming."""

    def enough(progress: AccountProgress) -> None:
        if progress.resource == "personcontact" and progress.requests == 4:
            running.cancel()

    some = ["person", "personcontact"]
    running = asyncio.create_task(
        export_account(intervals, tmp_path, resources=some, on_progress=enough)
    )
    with pytest.raises(asyncio.CancelledError):
        await running
    fake.clear_log()
    await export_account(intervals, tmp_path, resources=some)
    assert len(fake.log) <= 1 + len(ids_of(fake, "person")) - 4 + 1  # one may have been under way
    assert sorted(ids_in(tmp_path / "personcontact.jsonl")) == ids_of(fake, "personcontact")


async def test_unfinished_export_is_resumed_by_the_same_arguments_only(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """An unfinished export refuses other arguments and names them; the same call resumes it."""
    some = ["person", "personcontact"]
    fake.inject(faults.Status(500, 1, "Down"), times=4, path="/personcontact/")
    with pytest.raises(IncompleteExportError):
        await export_account(intervals, tmp_path, resources=some)
    with pytest.raises(ArgumentError, match="different resources; repeat that export"):
        await export_account(intervals, tmp_path, resources=["group"])
    with pytest.raises(ArgumentError, match="different format; repeat that export"):
        await export_account(intervals, tmp_path, resources=some, format="csv")
    await export_account(intervals, tmp_path, resources=some)


async def test_used_up_quota_interrupts_the_export(tmp_path: Path) -> None:
    """If other clients use up the daily quota, the same call resumes the export on the next day."""
    now = datetime(2026, 5, 6, 23, 59, 59, 900_000, tzinfo=UTC)
    some = ["person", "personcontact"]

    def use_up(server: FakeIntervals, seen: SeenRequest) -> None:
        if len(server.log) == 8 and now.day == 6:
            server.inject(faults.DayUsedUp())

    async with FakeIntervals(notes=50, per_minute=None, per_day=100, now=lambda: now) as fake:
        fake.between(use_up)
        async with IntervalsClient(fake.token, base_url=fake.url, limits=()) as client:
            with pytest.raises(DailyQuotaError):
                await export_account(client, tmp_path, resources=some)
        now = datetime(2026, 5, 7, 0, 0, 1, tzinfo=UTC)
        fake.clear_log()
        async with IntervalsClient(fake.token, base_url=fake.url, limits=()) as client:
            await export_account(client, tmp_path, resources=some)
        assert len(fake.log) < len(ids_of(fake, "person"))
        assert sorted(ids_in(tmp_path / "personcontact.jsonl")) == ids_of(fake, "personcontact")


async def test_wait_for_reset_continues_the_export_on_the_next_day(
    tmp_path: Path,
    fake: FakeIntervals,
    intervals: IntervalsClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With wait_for_reset, records after the last checkpoint are read again and written once."""
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
    assert sorted(ids_in(tmp_path / "personcontact.jsonl")) == ids_of(fake, "personcontact")
    assert manifest.exported[1].records == len(ids_of(fake, "personcontact"))


async def test_unreadable_resources_are_left_out(tmp_path: Path, fake: FakeIntervals) -> None:
    """The manifest names resources that may not be read, their child resources, and the reasons."""
    token = fake.token_for("Resource")
    async with IntervalsClient(token, base_url=fake.url, limits=()) as client:
        manifest = await export_account(client, tmp_path)
    assert {"invoice", "invoiceitem", "module", "worktype"} <= {*manifest.left_out}
    assert "code 10" in manifest.left_out["invoice"]
    assert "it is listed by invoice, which cannot be read" in manifest.left_out["invoiceitem"]
    assert {each.resource for each in manifest.exported}.isdisjoint(manifest.left_out)
    assert Manifest.read(tmp_path) == manifest


async def test_filters_apply_to_their_resource_only(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A filter by parent selects that parent; parents that are not exported get no file."""
    person = ids_of(fake, "person")[0]
    filters: dict[str, dict[str, object]] = {
        "personcontact": {"personid": person},
        "time": {"datebegin": date(2020, 1, 1)},
    }
    some = ["milestonenote", "personcontact", "time"]
    manifest = await export_account(intervals, tmp_path, resources=some, filters=filters)
    contacts = (tmp_path / "personcontact.jsonl").read_bytes().splitlines()
    assert {json.loads(line)["personid"] for line in contacts} == {person}
    assert not (tmp_path / "milestone.jsonl").exists()
    assert manifest.exported[0].records == len(ids_of(fake, "milestonenote"))
    assert Manifest.read(tmp_path).exported[2].filters == {"datebegin": "2020-01-01"}


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"resources": ["notes"]}, "resources: expected one of .*, got 'notes'"),
        ({"resources": "task"}, "resources: expected a list of names, got the string 'task'"),
        ({"exclude": ["notes"]}, "exclude: expected one of .*, got 'notes'"),
        ({"exclude": "task"}, "exclude: expected a list of names, got the string 'task'"),
        ({"format": "xml"}, "format: expected one of jsonl, .*, sqlite, got 'xml'"),
        ({"jobs": 0}, "jobs: expected at least 1, got 0"),
        ({"filters": {"task": {"colour": 3}}}, "task.list..: unknown filter 'colour'"),
        ({"resources": ["time"], "filters": {"task": {}}}, "filters: .* exported .*, got 'task'"),
        ({"filters": {"me": {"id": 3}}}, "filters: expected none for me, got id"),
    ],
)
async def test_invalid_arguments_are_rejected_before_any_request(
    tmp_path: Path,
    fake: FakeIntervals,
    intervals: IntervalsClient,
    options: dict[str, Any],
    complaint: str,
) -> None:
    """An invalid argument is named before a request is sent or a folder created."""
    with pytest.raises(ArgumentError, match=complaint):
        await export_account(intervals, tmp_path / "new", **options)
    assert fake.requests == 0
    assert not (tmp_path / "new").exists()


async def test_rows_deleted_during_the_export_cause_no_loss(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A deletion during the export neither skips nor repeats a remaining record."""
    before = ids_of(fake, "projectnote")

    def remove(server: FakeIntervals, seen: SeenRequest) -> None:
        if len(server.log) == 2:
            server.remove("projectnote", before[0])

    fake.between(remove)
    manifest = await export_account(intervals, tmp_path, resources=["projectnote"])
    found = ids_in(tmp_path / "projectnote.jsonl")
    assert {*before[1:]} <= {*found}
    assert len(found) == len({*found})
    assert manifest.exported[0].records == len(found)


async def test_flaws_describe_files_that_have_changed(
    tmp_path: Path, intervals: IntervalsClient
) -> None:
    """`Manifest.flaws` describes files that are missing, shorter, or different."""
    some = ["group", "invoiceterm", "module"]
    manifest = await export_account(intervals, tmp_path, resources=some)
    (tmp_path / "group.jsonl").unlink()
    content = (tmp_path / "invoiceterm.jsonl").read_bytes()
    (tmp_path / "invoiceterm.jsonl").write_bytes(content[:-1])
    content = (tmp_path / "module.jsonl").read_bytes()
    (tmp_path / "module.jsonl").write_bytes(content.replace(b"t", b"T"))
    missing, shorter, different = manifest.flaws(tmp_path)
    assert missing == f"{tmp_path / 'group.jsonl'}: No such file or directory"
    size = manifest.exported[1].file.size
    assert shorter == f"{tmp_path / 'invoiceterm.jsonl'}: expected {size} bytes, got {size - 1}"
    assert different.endswith("module.jsonl: its content has changed since it was written")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"form": 2}', "x"])
def test_invalid_manifest_is_rejected(tmp_path: Path, content: str) -> None:
    """The error about an invalid manifest, or one of a newer release, names the file."""
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(ArgumentError, match=r"manifest\.json: .*remove it, and export again"):
        Manifest.read(tmp_path)


async def test_manifest_keeps_files_that_are_not_replaced(
    tmp_path: Path, intervals: IntervalsClient
) -> None:
    """The manifest also lists the files of earlier exports that this one has not replaced."""
    await export_account(intervals, tmp_path, resources=["group", "module"])
    await export_account(intervals, tmp_path, resources=["group"])
    manifest = await export_account(intervals, tmp_path, resources=["group"], format="csv")
    assert [each.file.name for each in manifest.exported] == ["group.csv"]
    assert [each.file.name for each in manifest.kept] == ["group.jsonl", "module.jsonl"]
    assert Manifest.read(tmp_path) == manifest
    (tmp_path / "module.jsonl").write_bytes(b"")
    assert [*manifest.flaws(tmp_path)] == [
        f"{tmp_path / 'module.jsonl'}: expected {manifest.kept[1].file.size} bytes, got 0"
    ]
    (tmp_path / "module.jsonl").unlink()
    manifest = await export_account(intervals, tmp_path, resources=["person"])
    assert [each.file.name for each in manifest.kept] == ["group.csv", "group.jsonl"]


async def test_manifest_keeps_tables_that_are_not_replaced(
    tmp_path: Path, intervals: IntervalsClient
) -> None:
    """Tables of earlier exports stay in the manifest, with the current size of their database."""
    await export_account(intervals, tmp_path, resources=["group", "module"], format="sqlite")
    manifest = await export_account(intervals, tmp_path, resources=["person"], format="sqlite")
    assert [each.resource for each in manifest.kept] == ["group", "module"]
    assert [*manifest.flaws(tmp_path)] == []


async def test_filtered_export_of_timers_contains_all_kinds(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """With a filter of timers, the export still contains both general and task timers."""
    person = int(str(fake.rows("timer")[0]["personid"]))
    manifest = await export_account(
        intervals, tmp_path, resources=["timer"], filters={"timer": {"personid": person}}
    )
    there = [row for row in fake.rows("timer") if row["personid"] == person]
    assert manifest.exported[0].records == len(there)


@pytest.mark.parametrize(
    ("format", "package", "extra"),
    [("parquet", "pyarrow", "arrow"), ("jsonl.zst", "zstandard", "zst")],
)
async def test_missing_extra_is_found_before_the_first_request(
    intervals: IntervalsClient,
    fake: FakeIntervals,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    format: str,
    package: str,
    extra: str,
) -> None:
    """A format whose extra is not installed is refused with the command that installs it."""
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError) as caught:
        await export_account(intervals, tmp_path / "new", format=format)
    assert f'{package} is not installed; run: pip install "intervals_async[{extra}]"' in str(
        caught.value
    )
    assert (fake.requests, os.listdir(tmp_path)) == (0, [])


def test_documentation_states_the_checkpoints() -> None:
    """The docstring states after how many seconds each format makes a checkpoint."""
    text = " ".join((export_account.__doc__ or "").split())
    assert "[default: 2; 20 for compressed files, 60 for Parquet" in text
    seconds = {name: each.checkpoint_every for name, each in FORMATS.items()}
    assert seconds == {
        "jsonl": 2.0,
        "jsonl.gz": 20.0,
        "jsonl.zst": 20.0,
        "csv": 2.0,
        "parquet": 60.0,
        "sqlite": 2.0,
    }
