"""An `AtomicFile` appears under its name when complete, and replaces no file without force."""

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


def test_target_appears_when_the_sink_is_closed(
    tmp_path: Path, note: ProjectNote, names: Callable[[], list[str]]
) -> None:
    """Until the sink is closed, there is only a hidden file beside the target."""
    sink = JsonLinesSink(tmp_path / "notes.jsonl")
    sink.open()
    sink.write([note])
    assert names() == [".notes.jsonl.part"]
    sink.close(complete=True)
    assert names() == ["notes.jsonl"]


def test_discarding_removes_the_hidden_file(
    tmp_path: Path, note: ProjectNote, names: Callable[[], list[str]]
) -> None:
    """Discarding removes the hidden file, and may be repeated."""
    sink = JsonLinesSink(tmp_path / "notes.jsonl")
    sink.close(complete=False)
    sink.open()
    sink.write([note])
    sink.close(complete=False)
    sink.close(complete=False)
    assert names() == []


@pytest.mark.parametrize("links", [True, False])
def test_target_that_appears_meanwhile_is_not_replaced(
    tmp_path: Path,
    note: ProjectNote,
    monkeypatch: pytest.MonkeyPatch,
    links: bool,
    names: Callable[[], list[str]],
) -> None:
    """Closing fails if another program has created the target, with and without hard links."""
    if not links:
        _without_hard_links(monkeypatch)
    target = tmp_path / "notes.jsonl"
    sink = JsonLinesSink(target)
    sink.open()
    sink.write([note])
    target.write_text("another")
    with pytest.raises(FileExistsError):
        sink.close(complete=True)
    sink.close(complete=False)
    assert target.read_text() == "another"
    assert names() == ["notes.jsonl"]


def test_force_replaces_and_keeps_the_permissions(
    tmp_path: Path, note: ProjectNote, names: Callable[[], list[str]]
) -> None:
    """With force, the target is replaced in one step, and its permissions are kept."""
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


def test_new_file_has_the_permissions_of_the_umask(tmp_path: Path) -> None:
    """A new file has the same permissions as any other new file, also with force."""
    (tmp_path / "any").touch()
    sink = JsonLinesSink(tmp_path / "notes.jsonl", force=True)
    sink.open()
    sink.close(complete=True)
    modes = {path.stat().st_mode for path in tmp_path.iterdir()}
    assert len(modes) == 1


def test_symbolic_link_is_followed(tmp_path: Path, note: ProjectNote) -> None:
    """The file that a symbolic link points to is replaced, not the link."""
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


def test_file_systems_without_hard_links_are_supported(
    tmp_path: Path,
    note: ProjectNote,
    monkeypatch: pytest.MonkeyPatch,
    names: Callable[[], list[str]],
) -> None:
    """On a file system without hard links, the complete file appears under its name."""
    _without_hard_links(monkeypatch)
    sink = JsonLinesSink(tmp_path / "notes.jsonl")
    sink.open()
    sink.write([note])
    sink.close(complete=True)
    assert names() == ["notes.jsonl"]
    assert b'"id":9' in (tmp_path / "notes.jsonl").read_bytes()


def test_failed_move_leaves_no_empty_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: Callable[[], list[str]]
) -> None:
    """If the move fails after the name was reserved, the empty file is removed."""
    _without_hard_links(monkeypatch)

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(Path, "replace", fail)
    sink = JsonLinesSink(tmp_path / "notes.jsonl")
    sink.open()
    with pytest.raises(OSError, match=r"notes\.jsonl") as caught:
        sink.close(complete=True)
    assert caught.value.errno == errno.EIO
    sink.close(complete=False)
    assert names() == []


def test_failed_flush_names_the_target(
    tmp_path: Path,
    note: ProjectNote,
    monkeypatch: pytest.MonkeyPatch,
    names: Callable[[], list[str]],
) -> None:
    """If the flush at the end fails, the error names the target, and the hidden file is removed."""

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


def test_folder_is_refused_as_target(tmp_path: Path) -> None:
    """A folder is refused as target, even with force."""
    with pytest.raises(IsADirectoryError):
        JsonLinesSink(tmp_path, force=True).open()


def test_pipe_is_never_replaced(tmp_path: Path) -> None:
    """A target that is not a regular file is refused, even with force."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for opens in (AtomicFile(pipe, force=True), ParquetSink(pipe, ProjectNote, force=True)):
        with pytest.raises(OSError, match="expected a regular file") as caught:
            opens.open()
        assert (caught.value.errno, caught.value.filename) == (errno.EINVAL, str(pipe))
    assert pipe.is_fifo()
    assert os.listdir(tmp_path) == ["pipe"]


def test_with_block_discards_an_uncommitted_file(
    tmp_path: Path, names: Callable[[], list[str]]
) -> None:
    """The end of a with block removes an uncommitted file and keeps a committed one."""
    with AtomicFile(tmp_path / "a") as file:
        file.write(b"lost")
    with AtomicFile(tmp_path / "b") as file:
        file.write(b"too early")
        file.restart()
        file.write(b"kept")
        file.commit()
    assert names() == ["b"]
    assert (tmp_path / "b").read_bytes() == b"kept"


def test_existing_target_is_refused_by_default(tmp_path: Path) -> None:
    """Without force, an existing target is refused on opening, and no hidden file is left."""
    (tmp_path / "a").write_text("mine")
    with pytest.raises(FileExistsError):
        AtomicFile(tmp_path / "a").open()
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize(
    ("make", "kind", "number"),
    [
        (Path.mkdir, "folder", errno.EISDIR),
        (lambda path: path.symlink_to("elsewhere"), "link", errno.ELOOP),
    ],
    ids=["folder", "link"],
)
def test_obstacle_with_the_hidden_name_is_named(
    tmp_path: Path, make: Callable[[Path], None], kind: str, number: int
) -> None:
    """A folder or link with the hidden name is an error that names it and says to remove it."""
    make(tmp_path / ".a.part")
    with pytest.raises(OSError, match=rf"\.a\.part is a {kind}; remove it") as caught:
        AtomicFile(tmp_path / "a").open()
    assert (caught.value.errno, caught.value.filename) == (number, str(tmp_path / "a"))


def test_hidden_name_of_a_long_name_is_shortened(tmp_path: Path) -> None:
    """A hidden name has at most 240 bytes; a longer one is shortened to a checksum."""
    longest, longer = "x" * 234, "x" * 235
    assert AtomicFile(tmp_path / longest).path.name == f".{longest}.part"
    assert len(AtomicFile(tmp_path / longer).path.name) < 60


def _without_hard_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)


def test_hidden_file_has_the_permissions_of_its_target(tmp_path: Path) -> None:
    """From its first byte, even if an earlier run has left a file that everybody may read."""
    target = tmp_path / "a"
    target.touch(0o600)
    target.chmod(0o600)
    file = AtomicFile(target, force=True)
    file.path.touch()
    file.path.chmod(0o644)
    with file:
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
        beside = tmp_path / "segment"
        file.open_beside(beside).close()
        assert stat.S_IMODE(beside.stat().st_mode) == 0o600


def test_private_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    """A new file, and one that replaces a file of an older release."""
    target = tmp_path / "a"
    for _ in range(2):
        with AtomicFile(target, force=True, private=True) as file:
            file.write(b"x")
            assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
            file.commit()
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        target.chmod(0o644)
