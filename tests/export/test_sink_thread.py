"""A sink runs in its own thread, and is never closed while it writes."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from intervals_async import IntervalsClient, ProjectNote
from intervals_async.export import JsonLinesSink, Sink, export, sink_thread

from .made_up import records_of
from .writing import stream_of, write

NOTES = records_of(ProjectNote, 1000)


class CustomSink:
    """A sink with the three required methods, which keeps its calls; it may be slow, or fail."""

    def __init__(self, seconds: float = 0, *, fails: str = "") -> None:
        self.calls: list[Any] = []
        self.threads: set[int] = set()
        self.started = threading.Event()
        self._seconds = seconds
        self._fails = fails

    def open(self) -> None:
        """Note the call."""
        self._note("open")

    def write(self, records: Sequence[ProjectNote]) -> None:
        """Note the number of records, slowly."""
        self.started.set()
        time.sleep(self._seconds)
        self._note(len(records))

    def close(self, *, complete: bool) -> None:
        """Note the call."""
        self._note("complete" if complete else "discarded")

    def _note(self, what: Any) -> None:
        self.threads.add(threading.get_ident())
        self.calls.append(what)
        if what == self._fails:
            raise OSError("disk full")


async def test_custom_sink_needs_three_methods(intervals: IntervalsClient) -> None:
    """A custom sink needs three methods, which are called in order in one other thread."""
    sink = CustomSink()
    required: Sink = sink
    assert await export(intervals.projectnote.list(), required) == 50
    assert (sink.calls[0], sink.calls[-1]) == ("open", "complete")
    assert sum(sink.calls[1:-1]) == 50
    assert len(sink.threads) == 1
    assert threading.get_ident() not in sink.threads


async def test_single_records_are_written_in_batches() -> None:
    """Records that an iterator yields one by one are written in batches."""
    sink = CustomSink()
    assert await export(stream_of(NOTES), sink) == 1000
    assert sink.calls == ["open", *[128] * 7, 104, "complete"]


async def test_slow_records_are_written_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch is written after some time, even if it is not full."""
    monkeypatch.setattr("intervals_async.export.stream_export.BATCH_SECONDS", 0)
    sink = CustomSink()
    await export(stream_of(NOTES[:3]), sink)
    assert sink.calls == ["open", 1, 1, 1, "complete"]


async def test_slow_sink_does_not_block_the_event_loop() -> None:
    """While a sink writes slowly, other tasks run."""
    sink = CustomSink(seconds=0.05)
    task = asyncio.create_task(export(stream_of(NOTES[:3]), sink))
    turns = 0
    while not task.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 5


async def test_cancelled_export_waits_for_the_write() -> None:
    """Even if an export is cancelled twice, its sink is closed after the write has ended."""
    sink = CustomSink(seconds=0.05)
    task = asyncio.create_task(export(stream_of(NOTES), sink))
    await asyncio.to_thread(sink.started.wait)
    task.cancel()
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sink.calls == ["open", 128, "discarded"]


@pytest.mark.parametrize(
    ("fails", "calls"),
    [
        ("open", ["open", "discarded"]),
        ("complete", ["open", 3, "complete", "discarded"]),
    ],
)
async def test_failing_sink_is_discarded(fails: str, calls: list[Any]) -> None:
    """If a sink fails, it is closed as not complete, and the export raises its error."""
    sink = CustomSink(fails=fails)
    with pytest.raises(OSError, match="disk full"):
        await export(stream_of(NOTES[:3]), sink)
    assert sink.calls == calls


@pytest.mark.parametrize("fast", [0.0, 60.0])
async def test_fast_and_slow_disks_get_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fast: float
) -> None:
    """The file is the same, whether the event loop writes it (fast disk) or the thread (slow)."""
    monkeypatch.setattr(sink_thread, "FAST_FLUSH", fast)
    monkeypatch.setattr("intervals_async.export.sinks.bytes_sink.BUFFER_SIZE", 1000)
    await export(stream_of(NOTES), JsonLinesSink(tmp_path / "a.jsonl"))
    write(JsonLinesSink(tmp_path / "b.jsonl"), NOTES)
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
