"""Killed at any moment, an export goes on where it stopped: the result is that of one run."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from intervals_async import ProjectNote, ResumeError
from intervals_async.export import Checkpoint, JsonLinesSink, ParquetSink, SqliteSink

from .kinds import EACH_KIND, Kind
from .made_up import records_of

NOTES = records_of(ProjectNote, 1000)


def unbroken(kind: Kind, folder: Path, notes: list[ProjectNote] = NOTES) -> object:
    """Write all in one run, and read it back."""
    folder.mkdir()
    sink = kind.sink(folder)
    sink.open()
    sink.write(notes)
    sink.close(complete=True)
    return kind.read(folder / kind.name)


def killed(kind: Kind, folder: Path, upto: int, then: int) -> tuple[Path, Checkpoint]:
    """Give what a process leaves that was killed some records after a checkpoint."""
    alive = folder / "alive"
    alive.mkdir()
    sink = kind.sink(alive)
    sink.open()
    sink.write(NOTES[:upto])
    mark = json.loads(json.dumps(sink.checkpoint()))
    sink.write(NOTES[upto:then])
    dead = shutil.copytree(alive, folder / "dead")  # the disk, as it is at this moment
    sink.close(complete=False)
    return dead, mark


@EACH_KIND
@pytest.mark.parametrize(("upto", "then"), [(0, 3), (1, 1), (400, 900), (1000, 1000)])
def test_it_goes_on_behind_the_mark(kind: Kind, tmp_path: Path, upto: int, then: int) -> None:
    """What was written behind the mark is dropped, and the rest follows."""
    dead, mark = killed(kind, tmp_path, upto, then)
    sink = kind.sink(dead)
    sink.resume(mark)
    sink.write(NOTES[upto:])
    sink.close(complete=True)
    assert kind.read(dead / kind.name) == unbroken(kind, tmp_path / "whole")
    assert os.listdir(dead) == [kind.name]


@EACH_KIND
def test_a_later_checkpoint_does_not_spoil_an_earlier_mark(kind: Kind, tmp_path: Path) -> None:
    """Killed between a checkpoint and the writing of its mark, the mark before is good."""
    sink = kind.sink(tmp_path)
    sink.open()
    sink.write(NOTES[:300])
    mark = sink.checkpoint()
    sink.write(NOTES[300:600])
    sink.checkpoint()
    sink.suspend()
    again = kind.sink(tmp_path)
    again.resume(mark)
    again.write(NOTES[300:350])
    third = again.checkpoint()
    again.suspend()
    sink.resume(third)
    sink.write(NOTES[350:])
    sink.close(complete=True)
    assert kind.read(tmp_path / kind.name) == unbroken(kind, tmp_path / "whole")


def test_uncompressed_files_are_the_same_byte_for_byte(tmp_path: Path) -> None:
    """So are compressed ones, where the checkpoints stand at the same places."""
    for name in ("a.jsonl.gz", "b.jsonl.gz"):
        sink = JsonLinesSink(tmp_path / name)
        sink.open()
        sink.write(NOTES[:300])
        mark = sink.checkpoint()
        if name.startswith("b"):
            sink.write(NOTES[500:])
            sink.suspend()
            sink.resume(mark)
        sink.write(NOTES[300:])
        sink.close(complete=True)
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()


@EACH_KIND
def test_what_is_gone_cannot_be_gone_on_with(kind: Kind, tmp_path: Path) -> None:
    """The error says so, and the export can begin anew."""
    dead, mark = killed(kind, tmp_path, 10, 10)
    for path in dead.iterdir():
        path.unlink()
    sink = kind.sink(dead)
    with pytest.raises(ResumeError, match="gone"):
        sink.resume(mark)
    sink.open()
    sink.close(complete=False)
    assert os.listdir(dead) == []


@EACH_KIND
def test_what_is_shorter_than_its_mark_is_refused(kind: Kind, tmp_path: Path) -> None:
    """A file that lost its end is not gone on with; after the error it can begin anew."""
    dead, mark = killed(kind, tmp_path, 500, 500)
    sink = kind.sink(dead)
    sink.open()
    sink.write(NOTES[:1])
    sink.checkpoint()
    sink.suspend()
    with pytest.raises(ResumeError):
        sink.resume(mark)
    sink.open()
    sink.write(NOTES)
    sink.close(complete=True)
    assert kind.read(dead / kind.name) == unbroken(kind, tmp_path / "whole")


@EACH_KIND
def test_what_another_export_has_left_is_refused(kind: Kind, tmp_path: Path) -> None:
    """A hidden file of the same name and length is known to be another one."""
    dead, mark = killed(kind, tmp_path, 10, 10)
    sink = kind.sink(dead)
    sink.open()
    sink.write([*NOTES[500:509], *NOTES[900:]])
    sink.checkpoint()
    sink.suspend()
    with pytest.raises(ResumeError):
        sink.resume(mark)


@EACH_KIND
@pytest.mark.parametrize("mark", [{}, {"bytes": "9", "rows": -1, "segments": 3}])
def test_what_is_no_mark_is_refused(kind: Kind, tmp_path: Path, mark: Checkpoint) -> None:
    """A mark is what a checkpoint gave, and nothing else."""
    dead, _ = killed(kind, tmp_path, 10, 10)
    with pytest.raises(ResumeError, match=r"checkpoint\(\)"):
        kind.sink(dead).resume(mark)


@EACH_KIND
def test_one_process_at_a_time(kind: Kind, tmp_path: Path) -> None:
    """A second export to the same target is refused while the first is under way."""
    first = kind.sink(tmp_path)
    first.open()
    mark = first.checkpoint()
    second = kind.sink(tmp_path)
    for begin in (second.open, lambda: second.resume(mark)):
        with pytest.raises(BlockingIOError, match="another export") as caught:
            begin()
        assert caught.value.filename == str(tmp_path / kind.name)
    second.close(complete=False)
    first.write(NOTES[:3])
    first.close(complete=True)
    assert os.listdir(tmp_path) == [kind.name]


@EACH_KIND
def test_killed_within_the_move_it_goes_on(kind: Kind, tmp_path: Path) -> None:
    """Where the file has both names already, it is unfinished all the same."""
    dead, mark = killed(kind, tmp_path, 1000, 1000)
    hidden = dead / f".{kind.name}.part"
    if kind.name.endswith("parquet"):
        hidden = dead / f".{kind.name}.part-0"
    if kind.shared:
        hidden = dead / f".{kind.name}.projectnote.part"
    (dead / kind.name).hardlink_to(hidden)
    sink = kind.sink(dead)
    sink.resume(mark)
    sink.close(complete=True)
    assert kind.read(dead / kind.name) == unbroken(kind, tmp_path / "whole")
    assert os.listdir(dead) == [kind.name]


def test_begun_anew_after_that_the_file_stays(tmp_path: Path) -> None:
    """A new export never writes into what stands under its own name."""
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


def test_a_target_that_has_appeared_is_not_replaced_by_resuming(tmp_path: Path) -> None:
    """Without force, what somebody else has put there meanwhile stays."""
    sink = JsonLinesSink(tmp_path / "notes.jsonl")
    sink.open()
    mark = sink.checkpoint()
    sink.suspend()
    (tmp_path / "notes.jsonl").write_text("theirs")
    with pytest.raises(FileExistsError):
        sink.resume(mark)


def test_a_segment_that_is_missing_is_named(tmp_path: Path) -> None:
    """Of a Parquet file in segments, each is looked at."""
    sink = ParquetSink(tmp_path / "notes.parquet", ProjectNote)
    sink.open()
    for note in NOTES[:3]:
        sink.write([note])
        sink.checkpoint()
    mark = sink.checkpoint()
    sink.suspend()
    (tmp_path / ".notes.parquet.part-1").unlink()
    with pytest.raises(ResumeError, match=r"segment 1 .* has 0 bytes"):
        sink.resume(mark)


@pytest.mark.parametrize("target", [io.BytesIO(), "/dev/null"])
def test_what_is_no_file_cannot_be_resumed(target: io.BytesIO | str) -> None:
    """What has gone into a stream or a device cannot be cut, and that is said."""
    sink = JsonLinesSink(target)
    sink.open()
    with pytest.raises(io.UnsupportedOperation, match="no file"):
        sink.checkpoint()
    with pytest.raises(io.UnsupportedOperation, match="no file"):
        sink.resume({"bytes": 0})
    sink.suspend()


def test_names_of_any_length_have_a_part_of_their_own(tmp_path: Path) -> None:
    """Two long names that begin alike do not share a hidden file."""
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


@pytest.mark.parametrize("name", ["notes.jsonl", "notes.parquet", "notes.sqlite"])
def test_kill_9(name: str, tmp_path: Path) -> None:
    """A process that was killed holds no lock, and leaves what can be gone on with."""
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
