"""An incremental export sees what happens between its requests, and between its runs."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from intervals_async import ArgumentError, IntervalsClient, RetryPolicy
from intervals_async._schema.arrow import pyarrow
from intervals_async.export import IncompleteExportError, Manifest, export_account
from intervals_async.export.accounts.formats import FORMATS
from intervals_async.testing import FakeIntervals, faults

from .exported import decompressed, ids_of, rows_of

EACH_FORMAT = pytest.mark.parametrize("format", FORMATS)


def swap_after_changes(fake: FakeIntervals, resource: str, times: int) -> Callable[[], int]:
    """Before each count, up to a number of times, delete a record and create another."""
    swaps = 0

    def swap(fake: FakeIntervals, seen: Any) -> None:
        nonlocal swaps
        counts = seen.path == f"/{resource}/" and "datemodifiedbegin" not in seen.query
        if counts and swaps < times:
            swaps += 1
            fake.remove(resource, ids_of(fake, resource)[3])
            fake.insert(resource)

    fake.between(swap)
    return lambda: swaps


@EACH_FORMAT
@pytest.mark.parametrize("times", [1, 2, 3])
async def test_deletion_and_creation_before_the_count_are_seen(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient, format: str, times: int
) -> None:
    """The count is as expected, but the new record is not among the changes: they are read again."""
    await export_account(intervals, tmp_path / "a", resources=["time"], format=format)
    fake.insert("time")
    swaps = swap_after_changes(fake, "time", times)
    manifest = await export_account(
        intervals, tmp_path / "a", resources=["time"], format=format, incremental=True
    )
    assert swaps() == times
    await export_account(intervals, tmp_path / "b", resources=["time"], format=format)
    assert rows_of(tmp_path / "a", format, "time") == rows_of(tmp_path / "b", format, "time")
    assert list(manifest.flaws(tmp_path / "a")) == []


@EACH_FORMAT
async def test_endless_changes_end_in_a_complete_reading(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient, format: str
) -> None:
    """After three times, the resource is read completely; then it has nothing to compare."""
    await export_account(intervals, tmp_path, resources=["time"], format=format)
    swap_after_changes(fake, "time", 99)
    fake.clear_log()
    manifest = await export_account(
        intervals, tmp_path, resources=["time"], format=format, incremental=True
    )
    assert manifest.exported[0].since is None
    assert manifest.requests == len(fake.log)


async def interrupted(
    fake: FakeIntervals, folder: Path, format: str, **options: Any
) -> dict[str, Any]:
    """Export times and notes until a request for notes fails; return the arguments."""
    arguments: dict[str, Any] = {
        "resources": ["projectnote", "time"], "format": format, "jobs": 1, "checkpoint_every": 0,
    }  # fmt: skip
    arguments |= options
    once = RetryPolicy(attempts=1)
    async with IntervalsClient(fake.token, base_url=fake.url, limits=(), retry=once) as client:
        if "incremental" in options:
            del arguments["incremental"]
            await export_account(client, folder, **arguments)
            arguments["incremental"] = True
        fake.insert("time")
        path, skip = ("/time/", 1) if "incremental" in options else ("/projectnote/", 0)
        fake.inject(faults.Status(500, 1, "Down"), times=None, path=path, skip=skip)
        with pytest.raises(IncompleteExportError):
            await export_account(client, folder, **arguments)
    fake.heal()
    return arguments


def lose_a_row(path: Path, format: str, resource: str) -> None:
    """Remove a row from a file, as an editor would."""
    if format == "sqlite":
        with closing(sqlite3.connect(path)) as database:
            database.execute(f'DELETE FROM "{resource}" WHERE rowid = 3')
            database.commit()
        return
    if format == "parquet":
        parquet: Any = pyarrow("pyarrow.parquet")
        parquet.write_table(parquet.read_table(path).slice(1), path)
        return
    lines = decompressed(path.read_bytes()).splitlines(keepends=True)
    del lines[2]
    path.write_bytes(gzip.compress(b"".join(lines)) if format == "jsonl.gz" else b"".join(lines))


@EACH_FORMAT
@pytest.mark.parametrize("incremental", [False, True])
async def test_file_edited_while_the_export_is_interrupted_is_refused(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient, format: str, incremental: bool
) -> None:
    """A complete file that was edited is not taken for what was exported; removed, it is read."""
    options = {"incremental": True} if incremental else {}
    arguments = await interrupted(fake, tmp_path, format, **options)
    # The last file is to be merged into in the incremental case, and is complete in the other.
    path = FORMATS[format].path(tmp_path, "time")
    lose_a_row(path, format, "time")
    content = path.read_bytes()
    fake.clear_log()
    with pytest.raises(ArgumentError) as caught:
        await export_account(intervals, tmp_path, **arguments)
    assert str(path) in str(caught.value)
    assert not fake.log
    assert path.read_bytes() == content
    path.unlink()
    await export_account(intervals, tmp_path, **arguments)
    assert len(rows_of(tmp_path, format, "time")) == len(ids_of(fake, "time"))
    assert list(Manifest.read(tmp_path).flaws(tmp_path)) == []


@EACH_FORMAT
async def test_changes_edited_while_the_export_is_interrupted_are_refused(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient, format: str
) -> None:
    """The file of the changes, which was complete, is checked as well."""
    arguments = await interrupted(fake, tmp_path, format, incremental=True)
    path = FORMATS[format].changes_path(tmp_path / ".unfinished", "time")
    path.write_bytes(b"")
    with pytest.raises(ArgumentError):
        await export_account(intervals, tmp_path, **arguments)
    path.unlink()
    await export_account(intervals, tmp_path, **arguments)
    assert len(rows_of(tmp_path, format, "time")) == len(ids_of(fake, "time"))


async def test_last_export_in_the_future_is_not_built_upon(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """If a clock was wrong, and the last export began later than this one, everything is read."""
    await export_account(intervals, tmp_path, resources=["time"])
    path = tmp_path / "manifest.json"
    plain = json.loads(path.read_bytes()) | {"began": "2999-01-01T00:00:00+00:00"}
    path.write_text(json.dumps(plain))
    manifest = await export_account(intervals, tmp_path, resources=["time"], incremental=True)
    assert manifest.exported[0].since is None
