"""The memory of a sink does not grow with the records that it has written."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest

from intervals_async import ProjectNote
from intervals_async._schema.arrow import pyarrow

from .kinds import EACH_KIND, Kind
from .made_up import records_of

pytestmark = pytest.mark.slow

NOTES = records_of(ProjectNote, 500)

# KiB: Arrow keeps the rows of an unfinished row group.
ROW_GROUP = 9 * 1024


def grown(kind: Kind, folder: Path, times: int, notes: Sequence[ProjectNote] = NOTES) -> int:
    """Write the notes several times; return by how many KiB the memory has grown at most."""
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
def test_large_batch_is_written_in_chunks(kind: Kind, tmp_path: Path) -> None:
    """A batch of one large response is written in chunks, with bounded memory."""
    grown(kind, tmp_path / "warm", 1)
    few = grown(kind, tmp_path / "few", 1, NOTES * 25)
    many = grown(kind, tmp_path / "many", 1, NOTES * 100)
    assert many < few + ROW_GROUP


@EACH_KIND
def test_memory_is_independent_of_the_number_of_batches(kind: Kind, tmp_path: Path) -> None:
    """Four times as many batches take no more memory."""
    grown(kind, tmp_path / "warm", 1)
    few = grown(kind, tmp_path / "few", 25)
    many = grown(kind, tmp_path / "many", 100)
    assert many < few + 1024
