"""`export` writes every record of a stream once, or leaves no file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from intervals_async import IntervalsClient, ProjectNote, ServerError
from intervals_async.export import CsvSink, JsonLinesSink, export
from intervals_async.testing import FakeIntervals, faults

from .exported import ids_in
from .writing import stream_of


async def test_every_record_is_written_in_order(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """`export` writes all records in the server's order and returns their number."""
    path = tmp_path / "notes.jsonl"
    stream = intervals.projectnote.list().stream(page_size=7, concurrency=3)
    assert await export(stream, JsonLinesSink(path)) == 50
    assert ids_in(path) == [row["id"] for row in fake.rows("projectnote")]


async def test_progress_receives_the_number_of_records(
    tmp_path: Path, notes: list[ProjectNote]
) -> None:
    """`progress` is called with the number of records written so far."""
    counts: list[int] = []
    await export(stream_of(notes), JsonLinesSink(tmp_path / "x"), progress=counts.append)
    assert counts == [3]


async def test_existing_target_sends_no_request(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A target that cannot be written is detected before the first request."""
    path = tmp_path / "notes.csv"
    path.touch()
    with pytest.raises(FileExistsError):
        await export(intervals.projectnote.list(), CsvSink(path, ProjectNote))
    assert fake.requests == 0


async def test_failing_stream_leaves_no_file(
    tmp_path: Path,
    fake: FakeIntervals,
    intervals: IntervalsClient,
    names: Callable[[], list[str]],
) -> None:
    """If the stream raises an error, neither the target nor a hidden file is left."""
    fake.inject(faults.Status(500), times=None, skip=2)
    with pytest.raises(ServerError):
        await export(
            intervals.projectnote.list().stream(page_size=5),
            JsonLinesSink(tmp_path / "notes.jsonl"),
        )
    assert names() == []


async def test_cancelled_export_leaves_no_file(
    tmp_path: Path, notes: list[ProjectNote], names: Callable[[], list[str]]
) -> None:
    """A cancelled export removes its hidden file."""
    started = asyncio.Event()

    async def stream() -> AsyncIterator[ProjectNote]:
        yield notes[0]
        started.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(export(stream(), JsonLinesSink(tmp_path / "notes.jsonl")))
    await started.wait()
    assert len(names()) == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert names() == []


async def test_sink_may_be_used_again(tmp_path: Path, notes: list[ProjectNote]) -> None:
    """A closed sink writes a new file when it is used again."""
    sink = JsonLinesSink(tmp_path / "notes.jsonl", force=True)
    await export(stream_of(notes), sink)
    await export(stream_of(notes[:1]), sink)
    assert len((tmp_path / "notes.jsonl").read_bytes().splitlines()) == 1
