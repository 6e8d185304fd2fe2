"""What was changed goes into the file of an earlier export: as the update of a dict, or not at all."""

from __future__ import annotations

import csv
import gzip
import json
import os
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intervals_async import Record, Task, TaskNote, Time
from intervals_async._schema.arrow import pyarrow
from intervals_async.export.accounts.formats import FORMATS

from .exported import read_rows
from .made_up import records_of, some_records
from .test_failing_disk import files_of_at_most

EACH_FORMAT = pytest.mark.parametrize("format", FORMATS)
# Those whose files are written in one go; a database is written row by row.
EACH_FILE = pytest.mark.parametrize("format", [name for name in FORMATS if name != "sqlite"])

NAME = "records"
CLASSES: Sequence[type[Record]] = [Task, TaskNote, Time]
NOTES = records_of(TaskNote, 6)


def write(path: Path, format: str, cls: type[Record], *parts: Sequence[Any]) -> Path:
    """Write records as an export does, with a checkpoint behind each part."""
    sink = FORMATS[format].make_sink(path, cls, NAME)
    sink.open()
    for part in parts:
        sink.write(part)
        sink.checkpoint()
    sink.close(complete=True)
    return path


class Files:
    """A file of an earlier export, and one of what was changed since."""

    def __init__(
        self,
        folder: Path,
        format: str,
        old: Sequence[Any],
        new: Sequence[Any],
        cls: type[Record] = TaskNote,
    ) -> None:
        self.format = format
        self.cls = cls
        parts = [old[:2], old[2:4], [], old[4:]]
        self.whole = write(folder / f"whole.{format}", format, cls, *parts)
        self.changes = write(folder / f"changes.{format}", format, cls, new[:1], [], new[1:])
        updated = {record.id: record for record in old}
        before, now = self._by_id(self.whole, old), self._by_id(self.changes, new)
        for record in new:  # what was changed stands at the end
            if before.get(record.id) != now[record.id]:
                updated.pop(record.id, None)
        updated |= {record.id: record for record in new}
        self.number = len(updated)
        with tempfile.TemporaryDirectory() as other:
            path = write(Path(other) / f"both.{format}", format, cls, [*updated.values()])
            self.expected = self.rows(path)

    def merge(self, expected: int | None = None) -> int | None:
        """Put the changes into the file."""
        merge = FORMATS[self.format].merge
        return merge(self.whole, self.changes, self.cls, NAME, expected)

    def rows(self, path: Path | None = None) -> list[Any]:
        """Read what is in a file, byte for byte where it is a text."""
        path = path or self.whole
        if self.format == "csv":
            return [path.read_bytes()]
        rows = read_rows(path, self.format, NAME)
        return sorted(rows) if self.format == "sqlite" else rows

    def _by_id(self, path: Path, records: Sequence[Any]) -> dict[int, str]:
        rows = read_rows(path, self.format, NAME)
        return {record.id: row for record, row in zip(records, rows, strict=True)}

    @property
    def left(self) -> list[str]:
        """The names of what is in the folder."""
        return sorted(os.listdir(self.whole.parent))


@st.composite
def old_and_new(draw: st.DrawFn) -> tuple[type[Record], list[Any], list[Any]]:
    """Give hostile records, of which some have the ids of others."""
    cls = draw(st.sampled_from(CLASSES))
    both: list[list[Any]] = []
    for _ in range(2):
        numbers = iter(draw(st.permutations(range(1, 8))))
        records = draw(some_records(cls))
        both.append([attrs.evolve(record, id=next(numbers)) for record in records])
    return cls, both[0], both[1]


@EACH_FORMAT
@settings(max_examples=30)
@given(drawn=old_and_new())
def test_it_is_the_update_of_a_dict(
    format: str, drawn: tuple[type[Record], list[Any], list[Any]]
) -> None:
    """Whatever is in the cells: what was changed stands for what it was, and at the end."""
    cls, old, new = drawn
    with tempfile.TemporaryDirectory() as folder:
        files = Files(Path(folder), format, old, new, cls)
        assert files.merge(files.number) == files.number
        assert files.rows() == files.expected
        # a process that is killed behind it does it again
        assert files.merge() == files.number
        assert files.rows() == files.expected
        assert files.left == [files.changes.name, files.whole.name]


@EACH_FORMAT
@pytest.mark.parametrize(
    ("old", "new"),
    [(0, 0), (6, 0), (0, 6), (6, 6), (1, 1), (5, 6)],
    ids=["nothing", "no changes", "all are new", "all were changed", "one", "more than before"],
)
def test_the_ends_of_what_can_be(tmp_path: Path, format: str, old: int, new: int) -> None:
    """Empty files, too."""
    fresh = [attrs.evolve(note, title="new") for note in NOTES[:new]]
    files = Files(tmp_path, format, NOTES[:old], fresh)
    assert files.merge() == files.number == max(old, new)
    assert files.rows() == files.expected


@EACH_FORMAT
@pytest.mark.parametrize("expected", [0, 5, 7])
def test_another_number_leaves_the_file_as_it_was(
    tmp_path: Path, format: str, expected: int
) -> None:
    """Byte for byte, with nothing beside it."""
    files = Files(tmp_path, format, NOTES[:4], NOTES[2:])
    content = files.whole.read_bytes()
    assert files.merge(expected) is None
    assert files.whole.read_bytes() == content
    assert files.left == [files.changes.name, files.whole.name]
    assert files.merge(6) == 6


@EACH_FORMAT
def test_no_changes_change_nothing(tmp_path: Path, format: str) -> None:
    """Not the order either."""
    files = Files(tmp_path, format, NOTES, [])
    before = read_rows(files.whole, format, NAME)
    assert files.merge(6) == 6
    assert read_rows(files.whole, format, NAME) == before


@EACH_FORMAT
def test_what_is_read_again_unchanged_keeps_its_place(tmp_path: Path, format: str) -> None:
    """Changes are asked for from well before the last export on: most of these are none."""
    again = [NOTES[3], attrs.evolve(NOTES[1], title="new"), NOTES[0], NOTES[4]]
    files = Files(tmp_path, format, NOTES, again)
    assert files.merge(6) == 6
    assert files.rows() == files.expected
    places = [row.id for row in NOTES if row.id != NOTES[1].id]
    if format == "jsonl":
        lines = files.whole.read_bytes().splitlines()
        assert [json.loads(line)["id"] for line in lines] == [*places, NOTES[1].id]


@EACH_FILE
def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path, format: str) -> None:
    """The error names it, and nothing is beside it."""
    notes = [attrs.evolve(note, note=Random(note.id).randbytes(3000).hex()) for note in NOTES]
    files = Files(tmp_path, format, notes, notes[:2])
    content = files.whole.read_bytes()
    for size in (0, 1, 9000):
        with files_of_at_most(size), pytest.raises(OSError, match="File too large") as caught:
            files.merge()
        assert caught.value.filename == str(files.whole)
        assert files.whole.read_bytes() == content
        assert files.left == [files.changes.name, files.whole.name]
    assert files.merge() == 6


def test_a_full_disk_leaves_a_database_as_it_was(tmp_path: Path) -> None:
    """It is one transaction."""
    notes = [attrs.evolve(note, note="x" * 9000) for note in NOTES]
    files = Files(tmp_path, "sqlite", NOTES[:3], notes)
    before = files.rows()
    with (
        files_of_at_most(files.whole.stat().st_size),
        pytest.raises(OSError, match=r"whole\.sqlite"),
    ):
        files.merge()
    assert files.rows() == before
    assert files.merge() == 6
    assert files.rows() == files.expected


CELLS = ['"', '""', ',"\n', '"\r\n,', "\n", "\r\n", "\r", ',\r\n9,"a', 'a"\n"', "\n\n", "'=1\n\""]


@pytest.mark.parametrize("format", ["csv", "jsonl"])
@pytest.mark.parametrize("cell", CELLS, ids=repr)
def test_cells_of_several_lines(tmp_path: Path, format: str, cell: str) -> None:
    """A line that ends within a cell ends no row."""
    old = [attrs.evolve(note, title=cell, note=cell) for note in NOTES]
    new = [attrs.evolve(note, title=f"x{cell}") for note in old[1::2]]
    files = Files(tmp_path, format, old, new)
    assert files.merge(6) == 6
    assert files.rows() == files.expected
    if format == "csv":
        with files.whole.open(newline="", encoding="utf-8") as file:
            notes = [row["note"].removeprefix("'") for row in csv.DictReader(file, strict=True)]
        assert notes == [cell.removeprefix("'")] * 6


@pytest.mark.parametrize("format", ["jsonl.gz", "jsonl.zst"])
def test_empty_members_are_no_end(tmp_path: Path, format: str) -> None:
    """Several members, or frames, are read as one, also where one of them holds nothing."""
    files = Files(tmp_path, format, NOTES[:3], [attrs.evolve(NOTES[0], title="new")])
    if format == "jsonl.gz":
        empty = gzip.compress(b"")
    else:
        empty = import_module("zstandard").ZstdCompressor().compress(b"")
    files.whole.write_bytes(empty + files.whole.read_bytes() + empty)
    more = write(tmp_path / f"more.{format}", format, TaskNote, NOTES[3:])
    files.whole.write_bytes(files.whole.read_bytes() + empty + more.read_bytes())
    files.changes.write_bytes(empty + empty + files.changes.read_bytes())
    assert files.merge(6) == 6
    rows = read_rows(files.whole, format, NAME)
    assert len(rows) == 6
    assert "new" in rows[-1]


def test_tables_of_other_columns_are_not_merged(tmp_path: Path) -> None:
    """CSV: whatever the difference is, and where no id comes first."""
    files = Files(tmp_path, "csv", NOTES[:4], NOTES[2:])
    whole = files.whole.read_bytes()
    for header in (b"id,colour,", b"ID,", b"\xef\xbb\xbfid,", b""):
        content = whole.replace(b"id,", header, 1)
        files.whole.write_bytes(content)
        assert files.merge() is None
        assert files.whole.read_bytes() == content
    for path in (files.whole, files.changes):
        path.write_bytes(path.read_bytes().replace(b"id,", b"taskid,", 1))
    assert files.merge() is None
    files.whole.write_bytes(b"")
    assert files.merge() is None
    assert files.whole.read_bytes() == b""
    assert files.left == [files.changes.name, files.whole.name]


def test_parquet_files_of_other_columns_are_not_merged(tmp_path: Path) -> None:
    """A column more, a column less, another type: the file stays."""
    files = Files(tmp_path, "parquet", NOTES[:4], NOTES[2:])
    parquet: Any = pyarrow("pyarrow.parquet")
    table = parquet.read_table(files.whole)
    others = [
        table.drop_columns(["title"]),
        table.append_column("colour", table.column("title")),
        table.set_column(1, "taskid", table.column("taskid").cast("int32")),
    ]
    for other in others:
        parquet.write_table(other, files.whole)
        content = files.whole.read_bytes()
        assert files.merge() is None
        assert files.whole.read_bytes() == content
    assert files.left == [files.changes.name, files.whole.name]


def test_a_database_without_a_column_is_not_merged_into(tmp_path: Path) -> None:
    """The old rows would have nothing there."""
    files = Files(tmp_path, "sqlite", NOTES[:4], NOTES[2:])
    for statement in (f"ALTER TABLE {NAME} DROP COLUMN title", f"DROP TABLE {NAME}"):
        with closing(sqlite3.connect(files.whole)) as database:
            database.execute(statement)
        content = files.whole.read_bytes()
        assert files.merge() is None
        assert files.whole.read_bytes() == content


def test_what_somebody_has_added_to_a_database_stays(tmp_path: Path) -> None:
    """Other tables, columns and indexes; the rows that were changed get no new place."""
    files = Files(tmp_path, "sqlite", NOTES[:4], [attrs.evolve(NOTES[1], title="new"), NOTES[5]])
    with closing(sqlite3.connect(files.whole)) as database:
        database.executescript(
            f"ALTER TABLE {NAME} ADD mine; UPDATE {NAME} SET mine = id;"
            f"CREATE INDEX by_title ON {NAME} (title);"
            "CREATE TABLE other (a); INSERT INTO other VALUES (1)"
        )
    assert files.merge(5) == 5
    with closing(sqlite3.connect(files.whole)) as database:
        rows = database.execute(f"SELECT id, mine FROM {NAME} ORDER BY rowid").fetchall()
        assert rows == [(1, 1), (2, 2), (3, 3), (4, 4), (6, None)]
        assert database.execute("SELECT id FROM records WHERE title = 'new'").fetchall() == [(2,)]
        assert database.execute("SELECT a FROM other").fetchall() == [(1,)]
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_many_rows_of_parquet_come_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither file is in memory as a whole."""
    monkeypatch.setattr("intervals_async.export.sinks.parquet_file.ROW_GROUP_ROWS", 100)
    monkeypatch.setattr("intervals_async.export.sinks.parquet_file.READ_ROWS", 30)
    old, new = records_of(TaskNote, 300), records_of(TaskNote, 250, first=151)
    files = Files(tmp_path, "parquet", old, new)
    assert files.merge(400) == 400
    assert files.rows() == files.expected
    parquet: Any = pyarrow("pyarrow.parquet")
    assert parquet.read_metadata(files.whole).num_row_groups > 3


def test_the_permissions_of_a_file_stay(tmp_path: Path) -> None:
    """It is the same file to those who read it."""
    files = Files(tmp_path, "jsonl", NOTES[:4], NOTES[2:])
    files.whole.chmod(0o640)
    assert files.merge() == 6
    assert files.whole.stat().st_mode & 0o777 == 0o640
