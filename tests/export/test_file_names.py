"""Files of any name are written, or refused by an error that names them."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from intervals_async import ArgumentError, ProjectNote
from intervals_async._atomic_file import name_in_errors
from intervals_async.export import CsvSink, JsonLinesSink, ParquetSink, SqliteSink
from intervals_async.export.sinks.sqlite_database import MAX_NAME_BYTES

from .kinds import EACH_KIND, Kind
from .writing import write

ODD_NAMES = {
    "not UTF-8": os.fsdecode(b"d\xff"),
    "URL": "file:a?mode=memory#b%20c&d",
    "line break": "a\nb\rc",
    "quotes": "'a' \"b\" `c` \\",
    "option": "-x",
    "glob": "a[0]*{b}",
    "blanks": " a ",
    "escape": "\x1b[31m",
    "long": "é" * 100,
}


@EACH_KIND
@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_are_written_resumed_and_refreshed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, notes: list[ProjectNote], kind: Kind, name: str
) -> None:
    """Every format writes a file of an odd name in an odd folder, in pieces and again."""
    odd = ODD_NAMES[name]
    folder = tmp_path / odd
    folder.mkdir()
    monkeypatch.chdir(folder)
    plain = tmp_path / "plain"
    plain.mkdir()
    write(kind.sink(plain), notes)
    monkeypatch.setattr(kind, "name", f"{odd}.{kind.suffix}")
    sink = kind.sink(Path())
    sink.open()
    sink.write(notes[:1])
    checkpoint = sink.checkpoint()
    sink.suspend()
    sink = kind.sink(Path())
    sink.resume(checkpoint)
    sink.write(notes[1:])
    sink.checkpoint()
    sink.close(complete=True)
    assert kind.read(folder / kind.name) == kind.read(plain / f"notes.{kind.suffix}")
    if kind.shared:
        write(kind.sink(Path()), notes)
    assert os.listdir(folder) == [kind.name]


@pytest.mark.parametrize("name", ["", "new/", "./"])
def test_name_of_a_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A name that ends in a slash is refused at once, and an empty one."""
    monkeypatch.chdir(tmp_path)
    for make in (
        lambda: JsonLinesSink(name),
        lambda: CsvSink(name, ProjectNote),
        lambda: ParquetSink(name, ProjectNote),
        lambda: SqliteSink(name, ProjectNote),
    ):
        with pytest.raises(ArgumentError, match="target: "):
            make()


@EACH_KIND
def test_names_that_no_file_can_have_are_errors(tmp_path: Path, kind: Kind) -> None:
    """A name that is too long, below a file, or in a loop of links is an error that names it."""
    (tmp_path / "file").touch()
    (tmp_path / "loop").mkdir()
    (tmp_path / "loop" / kind.name).symlink_to(kind.name)
    for folder, number in (
        (tmp_path / ("x" * 256), errno.ENAMETOOLONG),
        (tmp_path / "file", errno.ENOTDIR),
        (tmp_path / "loop", errno.ELOOP),
    ):
        with pytest.raises(OSError, match="Errno") as caught:
            kind.sink(folder).open()
        found = caught.value
        assert (found.errno, found.filename) == (number, str(folder / kind.name))


def test_database_needs_room_for_its_journal(tmp_path: Path, note: ProjectNote) -> None:
    """A name that SQLite cannot append its journal's suffix to is refused, not half usable."""
    longest = tmp_path / ("x" * MAX_NAME_BYTES)
    for _ in range(2):  # the second one needs a journal
        write(SqliteSink(longest, ProjectNote), [note])
    with pytest.raises(OSError, match="too long"):
        SqliteSink(tmp_path / ("x" * (MAX_NAME_BYTES + 1)), ProjectNote).open()
    deep = tmp_path.joinpath(*["x" * 200] * 2)
    deep.mkdir(parents=True)
    for name in ("x" * 60, "x" * 100, "x" * 200):
        with pytest.raises(OSError, match="too long"):
            SqliteSink(deep / name, ProjectNote).open()
    assert os.listdir(deep) == []


def test_table_with_another_key_is_named_though_its_file_is_not_utf_8(tmp_path: Path) -> None:
    """An error about a database names its file, whatever that is called."""
    path = tmp_path / os.fsdecode(b"d\xff")
    write(SqliteSink(path, ProjectNote, table="other"), [])
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE projectnote (id, x PRIMARY KEY)")
    with pytest.raises(ArgumentError) as caught:
        SqliteSink(path, ProjectNote).open()
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space"), "[Errno 28] No space: 'n.jsonl'"),
        (OSError(errno.EXDEV, "Other disk", "a", None, "b"), "[Errno 18] Other disk: 'n.jsonl'"),
        (OSError("arrow cannot"), "[Errno 5] arrow cannot: 'n.jsonl'"),
    ],
    ids=["one", "two names", "text alone"],
)
def test_error_reads_as_a_sentence(error: OSError, words: str) -> None:
    """An error names the target alone, and holds no None."""

    @name_in_errors(Path("n.jsonl"))
    def fail() -> None:
        raise error

    with pytest.raises(OSError, match="Errno") as caught:
        fail()
    assert str(caught.value) == words
