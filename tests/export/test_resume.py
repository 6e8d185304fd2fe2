"""A sink that resumes from a checkpoint after a kill writes the file of an uninterrupted run."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from intervals_async import ProjectNote, ResumeError
from intervals_async.export import Checkpoint, JsonLinesSink, ParquetSink, SqliteSink
from intervals_async.export.sinks.output import FileOutput

from .kinds import EACH_KIND, Kind
from .made_up import records_of
from .writing import write

NOTES = records_of(ProjectNote, 1000)


def unbroken(kind: Kind, folder: Path) -> object:
    """Write all notes in one run and read them back."""
    folder.mkdir()
    write(kind.sink(folder), NOTES)
    return kind.read(folder / kind.name)


def killed(kind: Kind, folder: Path, saved: int, written: int) -> tuple[Path, Checkpoint]:
    """Return the folder that a killed process leaves, and its last checkpoint.

    Args:
        kind: The kind of sink.
        folder: Where to make the folder.
        saved: How many notes were written before the checkpoint.
        written: How many notes were written before the kill.
    """
    alive = folder / "alive"
    alive.mkdir()
    sink = kind.sink(alive)
    sink.open()
    sink.write(NOTES[:saved])
    checkpoint = json.loads(json.dumps(sink.checkpoint()))
    sink.write(NOTES[saved:written])
    dead = shutil.copytree(alive, folder / "dead")  # the disk at the time of the kill
    sink.close(complete=False)
    return dead, checkpoint


@EACH_KIND
@pytest.mark.parametrize(("saved", "written"), [(0, 3), (1, 1), (400, 900), (1000, 1000)])
def test_resume_drops_records_after_the_checkpoint(
    kind: Kind, tmp_path: Path, saved: int, written: int
) -> None:
    """Resuming drops the records after the checkpoint and continues there."""
    dead, checkpoint = killed(kind, tmp_path, saved, written)
    sink = kind.sink(dead)
    sink.resume(checkpoint)
    sink.write(NOTES[saved:])
    sink.close(complete=True)
    assert kind.read(dead / kind.name) == unbroken(kind, tmp_path / "unbroken")
    assert os.listdir(dead) == [kind.name]


@EACH_KIND
def test_earlier_checkpoint_stays_valid(kind: Kind, tmp_path: Path) -> None:
    """A sink can resume from an earlier checkpoint, as after a kill before the last one was saved."""
    sink = kind.sink(tmp_path)
    sink.open()
    sink.write(NOTES[:300])
    checkpoint = sink.checkpoint()
    sink.write(NOTES[300:600])
    sink.checkpoint()
    sink.suspend()
    again = kind.sink(tmp_path)
    again.resume(checkpoint)
    again.write(NOTES[300:350])
    third = again.checkpoint()
    again.suspend()
    sink.resume(third)
    sink.write(NOTES[350:])
    sink.close(complete=True)
    assert kind.read(tmp_path / kind.name) == unbroken(kind, tmp_path / "unbroken")


def test_compressed_files_with_the_same_checkpoints_are_the_same_bytes(tmp_path: Path) -> None:
    """Compressed files with the same records and checkpoints are equal, byte for byte."""
    for name in ("a.jsonl.gz", "b.jsonl.gz"):
        sink = JsonLinesSink(tmp_path / name)
        sink.open()
        sink.write(NOTES[:300])
        checkpoint = sink.checkpoint()
        if name.startswith("b"):
            sink.write(NOTES[500:])
            sink.suspend()
            sink.resume(checkpoint)
        sink.write(NOTES[300:])
        sink.close(complete=True)
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()


@EACH_KIND
def test_removed_file_cannot_be_resumed(kind: Kind, tmp_path: Path) -> None:
    """The error about a removed unfinished file says so, and the sink can be opened again."""
    dead, checkpoint = killed(kind, tmp_path, 10, 10)
    for path in dead.iterdir():
        path.unlink()
    sink = kind.sink(dead)
    with pytest.raises(ResumeError, match="was removed; start the export again"):
        sink.resume(checkpoint)
    sink.open()
    sink.close(complete=False)
    assert os.listdir(dead) == []


@EACH_KIND
def test_file_shorter_than_its_checkpoint_cannot_be_resumed(kind: Kind, tmp_path: Path) -> None:
    """A file that is shorter than its checkpoint is rejected; the sink can be opened again."""
    dead, checkpoint = killed(kind, tmp_path, 500, 500)
    sink = kind.sink(dead)
    sink.open()
    sink.write(NOTES[:1])
    sink.checkpoint()
    sink.suspend()
    with pytest.raises(ResumeError):
        sink.resume(checkpoint)
    sink.open()
    sink.write(NOTES)
    sink.close(complete=True)
    assert kind.read(dead / kind.name) == unbroken(kind, tmp_path / "unbroken")


@EACH_KIND
def test_file_of_another_export_cannot_be_resumed(kind: Kind, tmp_path: Path) -> None:
    """A hidden file that another export has written is rejected."""
    dead, checkpoint = killed(kind, tmp_path, 10, 10)
    sink = kind.sink(dead)
    sink.open()
    sink.write([*NOTES[500:509], *NOTES[900:]])
    sink.checkpoint()
    sink.suspend()
    with pytest.raises(ResumeError):
        sink.resume(checkpoint)


@EACH_KIND
def test_unfinished_file_that_was_edited_cannot_be_resumed(kind: Kind, tmp_path: Path) -> None:
    """A row that was changed long before the checkpoint is detected, in each format."""
    sink = kind.sink(tmp_path)
    sink.open()
    sink.write(NOTES[:500])
    sink.checkpoint()
    sink.write(NOTES[500:600])
    checkpoint = sink.checkpoint()
    sink.suspend()
    for path in tmp_path.glob(".*part*"):
        if kind.name.endswith(".sqlite"):
            with closing(sqlite3.connect(path)) as database:
                database.execute("UPDATE projectnote SET title = 'x' WHERE rowid = 3")
                database.commit()
        elif path.stat().st_size:
            content = bytearray(path.read_bytes())
            content[40] ^= 1
            path.write_bytes(content)
    with pytest.raises(ResumeError):
        kind.sink(tmp_path).resume(checkpoint)


@pytest.mark.parametrize(("size", "offset"), [(9000, -1), (9000, 0), (3 * 2**20, 0), (10, -1)])
def test_changed_byte_before_the_checkpoint_is_detected(
    tmp_path: Path, size: int, offset: int
) -> None:
    """One changed byte anywhere before the checkpoint makes resuming fail."""
    output, checkpoint = with_changed_byte(tmp_path, size, offset)
    with pytest.raises(ResumeError, match="does not match the checkpoint"):
        output.resume(checkpoint)


def test_file_shorter_by_one_byte_is_detected(tmp_path: Path) -> None:
    """The error of a shorter file states the expected and the actual number of bytes."""
    output, checkpoint = with_changed_byte(tmp_path, 10, 0)
    output.path.write_bytes(bytes(9))
    with pytest.raises(ResumeError, match="at least 10 bytes in the unfinished file, got 9"):
        output.resume(checkpoint)


def with_changed_byte(folder: Path, size: int, offset: int) -> tuple[FileOutput, Checkpoint]:
    """Write some bytes and a checkpoint, then change a byte of the unfinished file."""
    output = FileOutput(folder / "notes.jsonl")
    output.open()
    output.write(bytes(size))
    checkpoint = output.checkpoint()
    output.suspend()
    content = bytearray(size)
    content[offset] = 1
    output.path.write_bytes(content + b"bytes after the checkpoint")
    return output, checkpoint


@EACH_KIND
@pytest.mark.parametrize("checkpoint", [{}, {"bytes": "9", "rows": -1, "segments": 3}])
def test_invalid_checkpoint_is_rejected(kind: Kind, tmp_path: Path, checkpoint: Checkpoint) -> None:
    """The error about an invalid checkpoint states what to pass."""
    dead, _ = killed(kind, tmp_path, 10, 10)
    with pytest.raises(
        ResumeError, match=r"^checkpoint: expected .*; pass what checkpoint\(\) returned$"
    ):
        kind.sink(dead).resume(checkpoint)


@EACH_KIND
def test_target_has_one_writer_at_a_time(kind: Kind, tmp_path: Path) -> None:
    """A second export to the same target is refused while the first is running."""
    first = kind.sink(tmp_path)
    first.open()
    checkpoint = first.checkpoint()
    second = kind.sink(tmp_path)
    for start in (second.open, lambda: second.resume(checkpoint)):
        with pytest.raises(BlockingIOError, match="another export") as caught:
            start()
        assert caught.value.filename == str(tmp_path / kind.name)
    second.close(complete=False)
    first.write(NOTES[:3])
    first.close(complete=True)
    assert os.listdir(tmp_path) == [kind.name]


@EACH_KIND
def test_kill_during_the_move_can_be_resumed(kind: Kind, tmp_path: Path) -> None:
    """A file with both its hidden and its final name counts as unfinished, and can be resumed."""
    dead, checkpoint = killed(kind, tmp_path, 1000, 1000)
    hidden = dead / f".{kind.name}.part"
    if kind.name.endswith("parquet"):
        hidden = dead / f".{kind.name}.part-0"
    if kind.shared:
        hidden = dead / f".{kind.name}.projectnote.part"
    (dead / kind.name).hardlink_to(hidden)
    sink = kind.sink(dead)
    sink.resume(checkpoint)
    sink.close(complete=True)
    assert kind.read(dead / kind.name) == unbroken(kind, tmp_path / "unbroken")
    assert os.listdir(dead) == [kind.name]


def test_open_never_writes_into_a_file_with_its_final_name(tmp_path: Path) -> None:
    """Opening a sink leaves a file unchanged that has both its hidden and its final name."""
    target = tmp_path / "notes.jsonl"
    sink = JsonLinesSink(target)
    sink.open()
    sink.write(NOTES[:1])
    sink.checkpoint()
    sink.suspend()
    target.hardlink_to(tmp_path / ".notes.jsonl.part")
    new = JsonLinesSink(target, force=True)
    new.open()
    new.close(complete=False)
    assert b'"id":1,' in target.read_bytes()
    assert os.listdir(tmp_path) == ["notes.jsonl"]


def test_resume_does_not_replace_a_target_that_has_appeared(tmp_path: Path) -> None:
    """Without force, resuming fails if another program has created the target."""
    sink = JsonLinesSink(tmp_path / "notes.jsonl")
    sink.open()
    checkpoint = sink.checkpoint()
    sink.suspend()
    (tmp_path / "notes.jsonl").write_text("another")
    with pytest.raises(FileExistsError):
        sink.resume(checkpoint)
    assert (tmp_path / "notes.jsonl").read_text() == "another"


def test_missing_segment_is_named(tmp_path: Path) -> None:
    """Resuming checks every segment of a Parquet file, and names a missing one."""
    sink = ParquetSink(tmp_path / "notes.parquet", ProjectNote)
    sink.open()
    for note in NOTES[:3]:
        sink.write([note])
        sink.checkpoint()
    checkpoint = sink.checkpoint()
    sink.suspend()
    (tmp_path / ".notes.parquet.part-1").unlink()
    with pytest.raises(
        ResumeError, match=r"expected \d+ bytes in segment 1 of the unfinished file, got 0"
    ):
        sink.resume(checkpoint)


@pytest.mark.parametrize("target", [io.BytesIO(), "/dev/null"])
def test_streams_and_devices_cannot_be_resumed(target: io.BytesIO | str) -> None:
    """A stream or a device has no checkpoints, because it cannot be truncated."""
    sink = JsonLinesSink(target)
    sink.open()
    with pytest.raises(io.UnsupportedOperation, match="only regular files"):
        sink.checkpoint()
    with pytest.raises(io.UnsupportedOperation, match="only regular files"):
        sink.resume({"bytes": 0})
    sink.suspend()


def test_long_names_have_their_own_hidden_files(tmp_path: Path) -> None:
    """Two long names with the same start do not share a hidden file."""
    sinks = [JsonLinesSink(tmp_path / f"{'é' * 115}{end}.jsonl") for end in "ab"]
    for sink in sinks:
        sink.open()
    assert len(os.listdir(tmp_path)) == 2
    for sink in sinks:
        sink.close(complete=True)
    assert sorted(os.listdir(tmp_path)) == [f"{'é' * 115}{end}.jsonl" for end in "ab"]


KILLED = """
import os, signal, sys
from pathlib import Path
from intervals_async import ProjectNote
from intervals_async.export import JsonLinesSink, ParquetSink, SqliteSink
from tests.export.made_up import records_of
path = Path(sys.argv[1])
if path.suffix == ".jsonl":
    sink = JsonLinesSink(path)
else:
    sink = (ParquetSink if path.suffix == ".parquet" else SqliteSink)(path, ProjectNote)
notes = records_of(ProjectNote, 1000)
sink.open()
sink.write(notes[:300])
import json
print(json.dumps(sink.checkpoint()), flush=True)
sink.write(notes[300:700])
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["notes.jsonl", "notes.parquet", "notes.sqlite"])
def test_killed_process_can_be_resumed(name: str, tmp_path: Path) -> None:
    """A killed process leaves no lock, and its export can be resumed by another one."""
    path = tmp_path / name
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(path)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    assert not path.exists()
    sink: JsonLinesSink | ParquetSink | SqliteSink
    if path.suffix == ".jsonl":
        sink = JsonLinesSink(path)
    elif path.suffix == ".parquet":
        sink = ParquetSink(path, ProjectNote)
    else:
        sink = SqliteSink(path, ProjectNote)
    sink.resume(json.loads(ended.stdout))
    sink.write(NOTES[300:])
    sink.close(complete=True)
    assert os.listdir(tmp_path) == [name]
