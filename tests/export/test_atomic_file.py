"""A file appears under its name whole, or not at all, and never over another one."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from intervals_async import ProjectNote
from intervals_async._atomic_file import AtomicFile
from intervals_async.export import JsonLinesSink, ParquetSink


def test_nothing_has_the_name_before_the_end(
    tmp_path: Path, note: ProjectNote, names: Callable[[], list[str]]
) -> None:
    """Until it is closed there is only a hidden file beside the target."""
    sink = JsonLinesSink(tmp_path / "notes.jsonl")
    sink.open()
    sink.write([note])
    assert names() == [".notes.jsonl.part"]
    sink.close(complete=True)
    assert names() == ["notes.jsonl"]


def test_discarding_leaves_nothing(
    tmp_path: Path, note: ProjectNote, names: Callable[[], list[str]]
) -> None:
    """A discarded file is gone, however often it is discarded."""
    sink = JsonLinesSink(tmp_path / "notes.jsonl")
    sink.close(complete=False)
    sink.open()
    sink.write([note])
    sink.close(complete=False)
    sink.close(complete=False)
    assert names() == []


def test_writing_needs_opening(tmp_path: Path, note: ProjectNote) -> None:
    """A sink that was not opened says so."""
    with pytest.raises(ValueError, match="not open"):
        JsonLinesSink(tmp_path / "x").write([note])


def test_an_existing_file_is_refused_at_once(
    tmp_path: Path, names: Callable[[], list[str]]
) -> None:
    """Without force a file that is there is found before anything is spent."""
    target = tmp_path / "notes.jsonl"
    target.write_text("mine")
    with pytest.raises(FileExistsError) as caught:
        JsonLinesSink(target).open()
    assert caught.value.filename == str(target)
    assert target.read_text() == "mine"
    assert names() == ["notes.jsonl"]


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_meanwhile_is_not_replaced(
    tmp_path: Path,
    note: ProjectNote,
    monkeypatch: pytest.MonkeyPatch,
    links: bool,
    names: Callable[[], list[str]],
) -> None:
    """The last step is refused if somebody else has taken the name, hard links or not."""
    if not links:
        _without_hard_links(monkeypatch)
    target = tmp_path / "notes.jsonl"
    sink = JsonLinesSink(target)
    sink.open()
    sink.write([note])
    target.write_text("theirs")
    with pytest.raises(FileExistsError):
        sink.close(complete=True)
    sink.close(complete=False)
    assert target.read_text() == "theirs"
    assert names() == ["notes.jsonl"]


def test_force_replaces_and_keeps_the_permissions(
    tmp_path: Path, note: ProjectNote, names: Callable[[], list[str]]
) -> None:
    """With force the file is replaced in one step, and is as private as it was."""
    target = tmp_path / "notes.jsonl"
    target.write_text("old")
    target.chmod(0o600)
    sink = JsonLinesSink(target, force=True)
    sink.open()
    sink.write([note])
    assert target.read_text() == "old"
    sink.close(complete=True)
    assert b'"id":9' in target.read_bytes()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert names() == ["notes.jsonl"]


def test_a_new_file_has_the_permissions_that_the_umask_leaves(tmp_path: Path) -> None:
    """A new file is as open to others as any other new file, also with force."""
    (tmp_path / "any").touch()
    sink = JsonLinesSink(tmp_path / "notes.jsonl", force=True)
    sink.open()
    sink.close(complete=True)
    modes = {path.stat().st_mode for path in tmp_path.iterdir()}
    assert len(modes) == 1


def test_a_link_stays_a_link(tmp_path: Path, note: ProjectNote) -> None:
    """What a link points to is replaced, not the link."""
    target = tmp_path / "real.jsonl"
    target.touch()
    link = tmp_path / "link.jsonl"
    link.symlink_to(target)
    sink = JsonLinesSink(link, force=True)
    sink.open()
    sink.write([note])
    sink.close(complete=True)
    assert link.is_symlink()
    assert target.stat().st_size > 0


def test_without_hard_links_the_name_is_taken_first(
    tmp_path: Path,
    note: ProjectNote,
    monkeypatch: pytest.MonkeyPatch,
    names: Callable[[], list[str]],
) -> None:
    """Where a file system has no hard links, the file appears whole all the same."""
    _without_hard_links(monkeypatch)
    sink = JsonLinesSink(tmp_path / "notes.jsonl")
    sink.open()
    sink.write([note])
    sink.close(complete=True)
    assert names() == ["notes.jsonl"]
    assert b'"id":9' in (tmp_path / "notes.jsonl").read_bytes()


def test_a_move_that_fails_gives_the_name_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: Callable[[], list[str]]
) -> None:
    """Where the last step fails after the name was taken, no empty file stays."""
    _without_hard_links(monkeypatch)

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(Path, "replace", fail)
    sink = JsonLinesSink(tmp_path / "notes.jsonl")
    sink.open()
    with pytest.raises(OSError, match=r"notes\.jsonl"):
        sink.close(complete=True)
    sink.close(complete=False)
    assert names() == []


def test_a_full_disk_is_told_of_the_target(
    tmp_path: Path,
    note: ProjectNote,
    monkeypatch: pytest.MonkeyPatch,
    names: Callable[[], list[str]],
) -> None:
    """The error names the file that was asked for, and the temporary one goes."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    sink = JsonLinesSink(tmp_path / "notes.jsonl")
    sink.open()
    sink.write([note])
    with pytest.raises(OSError, match=r"No space left.*/notes\.jsonl") as caught:
        sink.close(complete=True)
    assert caught.value.errno == errno.ENOSPC
    sink.close(complete=False)
    assert names() == []


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """A target that is a folder is said to be one, also with force."""
    with pytest.raises(IsADirectoryError):
        JsonLinesSink(tmp_path, force=True).open()


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The error names the target, not the temporary file."""
    target = tmp_path / "none" / "notes.jsonl"
    with pytest.raises(FileNotFoundError) as caught:
        JsonLinesSink(target).open()
    assert caught.value.filename == str(target)


def test_a_pipe_is_never_replaced(tmp_path: Path) -> None:
    """A target that is not a regular file is refused, even with force."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for opens in (AtomicFile(pipe, force=True), ParquetSink(pipe, ProjectNote, force=True)):
        with pytest.raises(OSError, match="a device or a pipe") as caught:
            opens.open()
        assert caught.value.filename == str(pipe)
    assert pipe.is_fifo()
    assert os.listdir(tmp_path) == ["pipe"]


def test_what_is_not_committed_is_discarded(tmp_path: Path, names: Callable[[], list[str]]) -> None:
    """The end of the block removes a file that was not committed, and keeps one that was."""
    with AtomicFile(tmp_path / "a") as file:
        file.write(b"lost")
    with AtomicFile(tmp_path / "b") as file:
        file.write(b"too early")
        file.restart()
        file.write(b"kept")
        file.commit()
    assert names() == ["b"]
    assert (tmp_path / "b").read_bytes() == b"kept"


def _without_hard_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
