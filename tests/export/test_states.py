"""The saved states and the manifest of an export are replaced atomically."""

from __future__ import annotations

import errno
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from intervals_async import ArgumentError, IntervalsClient
from intervals_async._atomic_file import AtomicFile
from intervals_async.export import Manifest, export_account
from intervals_async.export.accounts.state import ResourceState, StateFolder
from intervals_async.testing import FakeIntervals

from .writing import max_file_size

NOW = datetime(2026, 5, 6, tzinfo=UTC)


def test_full_disk_keeps_the_old_manifest(tmp_path: Path) -> None:
    """On a full disk, the error names the manifest, and only the old manifest is left."""
    manifest = Manifest(began=NOW, ended=NOW, exported=[])
    manifest.write(tmp_path)
    with max_file_size(0), pytest.raises(OSError, match="File too large") as caught:
        Manifest(began=NOW, ended=datetime.now(UTC), exported=[]).write(tmp_path)
    assert caught.value.filename == str(tmp_path / "manifest.json")
    assert os.listdir(tmp_path) == ["manifest.json"]
    assert Manifest.read(tmp_path) == manifest


def test_full_disk_keeps_the_old_state(tmp_path: Path) -> None:
    """On a full disk, the error names the file of the state, and the old state is kept."""
    states = StateFolder(tmp_path)
    states.save("task", ResourceState(records=3, bookmark="1.x", mark={}))
    with max_file_size(0), pytest.raises(OSError, match="File too large") as caught:
        states.save("task", ResourceState(records=5))
    assert caught.value.filename == str(tmp_path / "task.json")
    assert states.load("task").records == 3


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"began": 3}', '{"colour": "red"}'])
def test_damaged_state_is_an_error(tmp_path: Path, content: str) -> None:
    """A damaged state is an error that names the file and the remedy."""
    states = StateFolder(tmp_path)
    (tmp_path / "task.json").write_text(content)
    with pytest.raises(ArgumentError, match=r"task\.json: .*; remove it to export task again"):
        states.load("task")


async def test_complete_export_whose_states_remain_is_not_resumed(
    tmp_path: Path,
    fake: FakeIntervals,
    intervals: IntervalsClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After a kill while saved states are removed, the next export starts from the beginning."""

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


def test_error_of_the_lock_names_the_target(tmp_path: Path) -> None:
    """The error of a second writer names the target, not the hidden file."""
    first, second = AtomicFile(tmp_path / "lock"), AtomicFile(tmp_path / "lock")
    first.open()
    with pytest.raises(BlockingIOError) as caught:
        second.open()
    assert caught.value.errno == errno.EAGAIN
    assert caught.value.filename == str(tmp_path / "lock")
    first.discard()
