"""`export` writes every record of a stream once, or leaves nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from intervals_async import IntervalsClient, ProjectNote, ServerError
from intervals_async.export import CsvSink, JsonLinesSink, export
from intervals_async.testing import FakeIntervals, faults


async def test_every_record_is_written(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """All records arrive, in the server's order, and their number is given."""
    path = tmp_path / "notes.jsonl"
    stream = intervals.projectnote.list().stream(page_size=7, concurrency=3)
    assert await export(stream, JsonLinesSink(path)) == 50
    written = [json.loads(line)["id"] for line in path.read_bytes().splitlines()]
    assert written == [row["id"] for row in fake.rows("projectnote")]


async def test_progress_hears_of_all_records(tmp_path: Path, notes: list[ProjectNote]) -> None:
    """Progress is called with the number of records so far, as they are written."""
    heard: list[int] = []
    await export(_given(*notes), JsonLinesSink(tmp_path / "x"), progress=heard.append)
    assert heard == [3]


async def test_a_target_that_exists_costs_no_request(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """What cannot be written is found out before the first request."""
    path = tmp_path / "notes.csv"
    path.touch()
    with pytest.raises(FileExistsError):
        await export(intervals.projectnote.list(), CsvSink(path, ProjectNote))
    assert fake.requests == 0


async def test_a_stream_that_fails_leaves_nothing(
    tmp_path: Path,
    fake: FakeIntervals,
    intervals: IntervalsClient,
    names: Callable[[], list[str]],
) -> None:
    """After an error in the middle there is no file, nor a part of one."""
    fake.inject(faults.Status(500), times=None, skip=2)
    with pytest.raises(ServerError):
        await export(
            intervals.projectnote.list().stream(page_size=5),
            JsonLinesSink(tmp_path / "notes.jsonl"),
        )
    assert names() == []


async def test_cancelling_leaves_nothing(
    tmp_path: Path, notes: list[ProjectNote], names: Callable[[], list[str]]
) -> None:
    """A cancelled export removes its part of a file."""
    begun = asyncio.Event()

    async def stream() -> AsyncIterator[ProjectNote]:
        yield notes[0]
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(export(stream(), JsonLinesSink(tmp_path / "notes.jsonl")))
    await begun.wait()
    assert len(names()) == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert names() == []


async def test_a_sink_may_be_used_again(tmp_path: Path, notes: list[ProjectNote]) -> None:
    """A sink that was committed writes a new file."""
    sink = JsonLinesSink(tmp_path / "notes.jsonl", force=True)
    await export(_given(*notes), sink)
    await export(_given(notes[0]), sink)
    assert len((tmp_path / "notes.jsonl").read_bytes().splitlines()) == 1


async def _given(*notes: ProjectNote) -> AsyncIterator[ProjectNote]:
    for note in notes:
        yield note
