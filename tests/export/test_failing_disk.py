"""A full disk, a read-only folder, a file in the way: the error names the target, nothing is left."""

from __future__ import annotations

import errno
import os
import resource
import sqlite3
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import closing, contextmanager
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

# Texts that no compression makes small.
NOTES: list[Any] = [
    attrs.evolve(note, note=Random(note.id).randbytes(300).hex())
    for note in records_of(ProjectNote, 400)
]


@contextmanager
def files_of_at_most(size: int) -> Generator[None]:
    """Let no file grow beyond a size, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@EACH_KIND
async def test_a_disk_that_fills_leaves_nothing(
    kind: Kind, tmp_path: Path, names: Callable[[], list[str]]
) -> None:
    """Whenever it is full, the error names the target, and the hidden files go."""

    async def notes() -> AsyncIterator[ProjectNote]:
        for note in NOTES:
            yield note

    for size in (0, 1, 900, 50_000):
        with files_of_at_most(size), pytest.raises(OSError, match=kind.name) as caught:
            await export(notes(), kind.sink(tmp_path))
        assert caught.value.filename == str(tmp_path / kind.name)
        assert names() == []


@EACH_KIND
def test_after_a_full_disk_it_goes_on(kind: Kind, tmp_path: Path) -> None:
    """What the last checkpoint has brought to the disk is still there."""
    sink = kind.sink(tmp_path)
    sink.open()
    sink.write(NOTES[:100])
    mark = sink.checkpoint()

    def write_the_rest() -> None:
        sink.write(NOTES[100:])
        sink.checkpoint()

    with files_of_at_most(1000), pytest.raises(OSError, match=kind.name):
        write_the_rest()
    sink.suspend()
    sink.resume(mark)
    sink.write(NOTES[100:])
    sink.close(complete=True)
    whole = tmp_path / "whole"
    whole.mkdir()
    sink = kind.sink(whole)
    sink.open()
    sink.write(NOTES)
    sink.close(complete=True)
    assert kind.read(tmp_path / kind.name) == kind.read(whole / kind.name)


@EACH_KIND
def test_a_folder_that_is_not_there(kind: Kind, tmp_path: Path) -> None:
    """It is found when the sink is opened, and the error names the target."""
    with pytest.raises(FileNotFoundError) as caught:
        kind.sink(tmp_path / "none").open()
    assert caught.value.filename == str(tmp_path / "none" / kind.name)


@EACH_KIND
def test_a_folder_in_the_way(kind: Kind, tmp_path: Path) -> None:
    """A folder of the target's name is refused."""
    (tmp_path / kind.name).mkdir()
    with pytest.raises(IsADirectoryError):
        kind.sink(tmp_path).open()


@EACH_KIND
def test_a_file_in_the_way(kind: Kind, tmp_path: Path) -> None:
    """What is there stays: a database takes a table more, but a text is none."""
    target = tmp_path / kind.name
    target.write_text("mine" * 200)
    with pytest.raises(OSError, match=kind.name) as caught:
        kind.sink(tmp_path).open()
    assert caught.value.filename == str(target)
    assert target.read_text() == "mine" * 200
    assert os.listdir(tmp_path) == [kind.name]


@EACH_KIND
def test_a_read_only_folder(kind: Kind, tmp_path: Path) -> None:
    """It is found before anything is written."""
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError) as caught:
        kind.sink(tmp_path).open()
    assert caught.value.filename == str(tmp_path / kind.name)


@EACH_KIND
def test_what_is_not_open_takes_nothing(kind: Kind, tmp_path: Path) -> None:
    """A call out of order is a mistake of the caller's, and is said; taking back never is."""
    sink = kind.sink(tmp_path)
    for call in (lambda: sink.write(NOTES), sink.checkpoint, lambda: sink.close(complete=True)):
        with pytest.raises(ValueError, match="not open"):
            call()
    sink.close(complete=False)
    sink.suspend()
    assert os.listdir(tmp_path) == []


def test_what_sqlite_says_is_what_any_file_says() -> None:
    """A full disk is ENOSPC there, too."""

    @as_os_errors()
    def fill() -> None:
        with closing(sqlite3.connect(":memory:")) as database:
            database.execute("PRAGMA max_page_count = 2")
            for name in "abc":
                database.execute(f"CREATE TABLE {name} (x)")

    with pytest.raises(OSError, match="No space left") as caught:
        fill()
    assert caught.value.errno == errno.ENOSPC
