"""No sink keeps what it has written."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

from intervals_async import ProjectNote
from intervals_async._schema.arrow import pyarrow

from .kinds import EACH_KIND, Kind
from .made_up import records_of

NOTES = records_of(ProjectNote, 500)

# Some of Arrow's rows may wait for the others of their group; in KiB.
ROW_GROUP = 9 * 1024


def grown(kind: Kind, folder: Path, times: int, notes: Sequence[ProjectNote] = NOTES) -> int:
    """Give by how much memory has grown at most, in KiB, while so many pieces were written."""
    folder.mkdir()
    sink = kind.sink(folder)
    gc.collect()
    tracemalloc.start()
    pool = pyarrow().system_memory_pool()
    arrow = most = pool.bytes_allocated()
    sink.open()
    for _ in range(times):
        sink.write(notes)
        most = max(most, pool.bytes_allocated())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    sink.close(complete=False)
    kept: int = peak + most - arrow
    return kept // 1024


@EACH_KIND
def test_much_at_once_takes_no_more_memory(kind: Kind, tmp_path: Path) -> None:
    """A listing that comes in one answer is written in pieces, too."""
    grown(kind, tmp_path / "warm", 1)
    few = grown(kind, tmp_path / "few", 1, NOTES * 25)
    many = grown(kind, tmp_path / "many", 1, NOTES * 100)
    assert many < few + ROW_GROUP


@EACH_KIND
def test_four_times_as_much_takes_no_more_memory(kind: Kind, tmp_path: Path) -> None:
    """What is kept in memory does not grow with the file."""
    grown(kind, tmp_path / "warm", 1)
    few = grown(kind, tmp_path / "few", 25)
    many = grown(kind, tmp_path / "many", 100)
    assert many < few + 1024
