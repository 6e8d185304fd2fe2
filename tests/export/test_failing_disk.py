"""Sinks that cannot write: the error names the target, and no file is left behind."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import attrs
import pytest

from intervals_async import ProjectNote
from intervals_async.export import export
from intervals_async.export.sinks.sqlite_errors import as_os_errors

from .kinds import EACH_KIND, Kind
from .made_up import records_of
from .writing import max_file_size, stream_of, write

# Random texts, because compression cannot make them smaller.
NOTES: list[Any] = [
    attrs.evolve(note, note=Random(note.id).randbytes(300).hex())
    for note in records_of(ProjectNote, 400)
]


@EACH_KIND
async def test_full_disk_names_the_target_and_leaves_no_file(
    kind: Kind, tmp_path: Path, names: Callable[[], list[str]]
) -> None:
    """If the disk is full at any point, the error names the target, and hidden files are removed."""
    for size in (0, 1, 900, 50_000):
        with max_file_size(size), pytest.raises(OSError, match=kind.name) as caught:
            await export(stream_of(NOTES), kind.sink(tmp_path))
        assert caught.value.filename == str(tmp_path / kind.name)
        assert names() == []


@EACH_KIND
def test_export_resumes_after_a_full_disk(kind: Kind, tmp_path: Path) -> None:
    """After a full disk, an export resumes from its last checkpoint."""
    sink = kind.sink(tmp_path)
    sink.open()
    sink.write(NOTES[:100])
    checkpoint = sink.checkpoint()

    def write_the_rest() -> None:
        sink.write(NOTES[100:])
        sink.checkpoint()

    with max_file_size(1000), pytest.raises(OSError, match=kind.name):
        write_the_rest()
    sink.suspend()
    sink.resume(checkpoint)
    sink.write(NOTES[100:])
    sink.close(complete=True)
    unbroken = tmp_path / "unbroken"
    unbroken.mkdir()
    write(kind.sink(unbroken), NOTES)
    assert kind.read(tmp_path / kind.name) == kind.read(unbroken / kind.name)


@EACH_KIND
def test_missing_folder_is_detected_on_opening(kind: Kind, tmp_path: Path) -> None:
    """Opening a sink in a folder that does not exist fails and names the target."""
    with pytest.raises(FileNotFoundError) as caught:
        kind.sink(tmp_path / "missing").open()
    assert caught.value.filename == str(tmp_path / "missing" / kind.name)


@EACH_KIND
def test_folder_with_the_targets_name_is_refused(kind: Kind, tmp_path: Path) -> None:
    """A folder with the target's name is refused when the sink is opened."""
    (tmp_path / kind.name).mkdir()
    with pytest.raises(IsADirectoryError) as caught:
        kind.sink(tmp_path).open()
    assert caught.value.filename == str(tmp_path / kind.name)


@EACH_KIND
def test_existing_file_is_kept(kind: Kind, tmp_path: Path) -> None:
    """An existing file is refused and kept; `SqliteSink`, too, refuses a file of another format."""
    target = tmp_path / kind.name
    target.write_text("mine" * 200)
    with pytest.raises(OSError, match=kind.name) as caught:
        kind.sink(tmp_path).open()
    assert caught.value.filename == str(target)
    assert target.read_text() == "mine" * 200
    assert os.listdir(tmp_path) == [kind.name]


@EACH_KIND
def test_read_only_folder_is_detected_on_opening(kind: Kind, tmp_path: Path) -> None:
    """Opening a sink in a read-only folder fails and names the target."""
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError) as caught:
        kind.sink(tmp_path).open()
    assert caught.value.filename == str(tmp_path / kind.name)


@EACH_KIND
def test_unopened_sink_rejects_calls(kind: Kind, tmp_path: Path) -> None:
    """A sink that is not open refuses to write with ValueError, but it can be discarded or suspended."""
    sink = kind.sink(tmp_path)
    for call in (lambda: sink.write(NOTES), sink.checkpoint, lambda: sink.close(complete=True)):
        with pytest.raises(ValueError, match="not open"):
            call()
    sink.close(complete=False)
    sink.suspend()
    assert os.listdir(tmp_path) == []


def test_sqlite_errors_become_os_errors() -> None:
    """SQLite's error about a full database becomes an OSError with ENOSPC, as for other files."""

    @as_os_errors()
    def fill() -> None:
        with closing(sqlite3.connect(":memory:")) as database:
            database.execute("PRAGMA max_page_count = 2")
            for name in "abc":
                database.execute(f"CREATE TABLE {name} (x)")

    with pytest.raises(OSError, match="No space left") as caught:
        fill()
    assert caught.value.errno == errno.ENOSPC
