"""What an export is gone on from, and its manifest: small files, whole or not there."""

from __future__ import annotations

import errno
import os
import resource
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from intervals_async import ArgumentError, IntervalsClient
from intervals_async._atomic_file import AtomicFile
from intervals_async.export import Manifest, export_account
from intervals_async.export.accounts.state import ResourceState, StateFolder
from intervals_async.testing import FakeIntervals

NOW = datetime(2026, 5, 6, tzinfo=UTC)


@contextmanager
def no_room() -> Generator[None]:
    """Let no file grow at all."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_manifest_on_a_full_disk(tmp_path: Path) -> None:
    """The error names it, the earlier one stays, and nothing is beside it."""
    manifest = Manifest(began=NOW, ended=NOW, exported=[])
    manifest.write(tmp_path)
    with no_room(), pytest.raises(OSError, match="File too large") as caught:
        Manifest(began=NOW, ended=datetime.now(UTC), exported=[]).write(tmp_path)
    assert caught.value.filename == str(tmp_path / "manifest.json")
    assert os.listdir(tmp_path) == ["manifest.json"]
    assert Manifest.read(tmp_path) == manifest


def test_a_state_on_a_full_disk(tmp_path: Path) -> None:
    """The error names it, and the earlier one stays."""
    states = StateFolder(tmp_path)
    states.save("task", ResourceState(records=3))
    with no_room(), pytest.raises(OSError, match="File too large") as caught:
        states.save("task", ResourceState(records=5))
    assert caught.value.filename == str(tmp_path / "task.json")
    assert states.load("task").records == 3


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"began": 3}', '{"colour": "red"}'])
def test_a_damaged_state(tmp_path: Path, content: str) -> None:
    """It is said, with what to do."""
    states = StateFolder(tmp_path)
    (tmp_path / "task.json").write_text(content)
    with pytest.raises(ArgumentError, match=r"task\.json is damaged; remove its folder"):
        states.load("task")


async def test_what_a_kill_leaves_of_a_complete_export_is_not_gone_on_with(
    tmp_path: Path,
    fake: FakeIntervals,
    intervals: IntervalsClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The next export reads all anew: what was complete then may have changed."""

    def killed(folder: Path) -> None:
        raise SystemExit

    await export_account(intervals, tmp_path, resources=["group", "invoiceterm"])
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", killed)
        with pytest.raises(SystemExit):
            await export_account(intervals, tmp_path, resources=["group", "invoiceterm"])
    assert (tmp_path / ".unfinished" / "group.json").exists()
    fake.clear_log()
    await export_account(intervals, tmp_path, resources=["group", "module"])
    assert {"/group/", "/module/"} <= {seen.path for seen in fake.log}
    assert not (tmp_path / ".unfinished").exists()


def test_a_second_writer_is_told_of_which_file(tmp_path: Path) -> None:
    """The lock's error names what is written."""
    first, second = AtomicFile(tmp_path / "lock"), AtomicFile(tmp_path / "lock")
    first.open()
    with pytest.raises(BlockingIOError) as caught:
        second.open()
    assert caught.value.errno == errno.EAGAIN
    assert caught.value.filename == str(tmp_path / "lock")
    first.discard()
