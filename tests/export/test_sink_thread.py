"""A sink works in a thread of its own, and is never closed while it writes."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from intervals_async import IntervalsClient, ProjectNote
from intervals_async.export import JsonLinesSink, Sink, export, sink_thread

from .made_up import records_of

NOTES = records_of(ProjectNote, 1000)


class Own:
    """The three methods that a sink of one's own needs; it takes its time if it is told to."""

    def __init__(self, seconds: float = 0, *, fails: str = "") -> None:
        self.calls: list[Any] = []
        self.threads: set[int] = set()
        self.begun = threading.Event()
        self._seconds = seconds
        self._fails = fails

    def open(self) -> None:
        """Take note."""
        self._note("open")

    def write(self, records: Sequence[ProjectNote]) -> None:
        """Take note, slowly."""
        self.begun.set()
        time.sleep(self._seconds)
        self._note(len(records))

    def close(self, *, complete: bool) -> None:
        """Take note."""
        self._note("complete" if complete else "discarded")

    def _note(self, what: Any) -> None:
        self.threads.add(threading.get_ident())
        self.calls.append(what)
        if what == self._fails:
            raise OSError("no more room")


async def given(notes: Sequence[ProjectNote] = NOTES) -> AsyncIterator[ProjectNote]:
    """Give notes one by one."""
    for note in notes:
        yield note


async def test_a_sink_of_ones_own(intervals: IntervalsClient) -> None:
    """Three methods are enough; they are called one after the other, in one other thread."""
    own = Own()
    sink: Sink = own
    assert await export(intervals.projectnote.list(), sink) == 50
    assert (own.calls[0], own.calls[-1]) == ("open", "complete")
    assert sum(own.calls[1:-1]) == 50
    assert len(own.threads) == 1
    assert threading.get_ident() not in own.threads


async def test_what_is_no_stream_is_gathered() -> None:
    """Records that come one by one are written some at a time."""
    own = Own()
    assert await export(given(), own) == 1000
    assert own.calls == ["open", *[128] * 7, 104, "complete"]


async def test_what_comes_slowly_is_written_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for more than a moment."""
    monkeypatch.setattr("intervals_async.export.stream_export.BATCH_SECONDS", 0)
    own = Own()
    await export(given(NOTES[:3]), own)
    assert own.calls == ["open", 1, 1, 1, "complete"]


async def test_the_loop_goes_on_meanwhile() -> None:
    """While a disk takes its time, other tasks have theirs."""
    own = Own(seconds=0.05)
    task = asyncio.create_task(export(given(NOTES[:3]), own))
    turns = 0
    while not task.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 5


async def test_a_cancelled_export_waits_for_the_write() -> None:
    """However often it is cancelled, the sink is closed after it has written."""
    own = Own(seconds=0.05)
    task = asyncio.create_task(export(given(), own))
    await asyncio.to_thread(own.begun.wait)
    task.cancel()
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert own.calls == ["open", 128, "discarded"]


@pytest.mark.parametrize(
    ("fails", "calls"),
    [
        ("open", ["open", "discarded"]),
        ("complete", ["open", 3, "complete", "discarded"]),
    ],
)
async def test_a_sink_that_fails_is_asked_to_take_it_back(fails: str, calls: list[Any]) -> None:
    """Its error is what the export raises."""
    own = Own(fails=fails)
    with pytest.raises(OSError, match="no more room"):
        await export(given(NOTES[:3]), own)
    assert own.calls == calls


@pytest.mark.parametrize("fast", [0.0, 60.0])
async def test_quick_or_slow_the_file_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fast: float
) -> None:
    """Where the disk is quick, the loop writes by itself; else the thread does."""
    monkeypatch.setattr(sink_thread, "FAST_FLUSH", fast)
    monkeypatch.setattr("intervals_async.export.sinks.bytes_sink.BUFFER_SIZE", 1000)
    await export(given(), JsonLinesSink(tmp_path / "a.jsonl"))
    sink = JsonLinesSink(tmp_path / "b.jsonl")
    sink.open()
    sink.write(NOTES)
    sink.close(complete=True)
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
