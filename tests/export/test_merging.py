"""Merging updates the file of an earlier export as `dict.update` would, or leaves it unchanged."""

from __future__ import annotations

import copy
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
from intervals_async.export.accounts.merging import Merging

from .exported import read_rows
from .made_up import records_of, some_records
from .writing import max_file_size

EACH_FORMAT = pytest.mark.parametrize("format", FORMATS)
# The formats whose files are replaced; a database is updated row by row.
EACH_FILE = pytest.mark.parametrize("format", [name for name in FORMATS if name != "sqlite"])

NAME = "records"
CLASSES: Sequence[type[Record]] = [Task, TaskNote, Time]
NOTES = records_of(TaskNote, 6)


def write(path: Path, format: str, cls: type[Record], *parts: Sequence[Any]) -> Path:
    """Write records as an export does, with a checkpoint after each part."""
    sink = FORMATS[format].make_sink(path, cls, NAME, "float")
    sink.open()
    for part in parts:
        sink.write(part)
        sink.checkpoint()
    sink.close(complete=True)
    return path


class Files:
    """A file of an earlier export, and a file of the changes since."""

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
        self.base = write(folder / f"base.{format}", format, cls, *parts)
        self.changes = write(folder / f"changes.{format}", format, cls, new[:1], [], new[1:])
        updated = {record.id: record for record in old}
        before, now = self._by_id(self.base, old), self._by_id(self.changes, new)
        for record in new:  # changed records come last
            if before.get(record.id) != now[record.id]:
                updated.pop(record.id, None)
        updated |= {record.id: record for record in new}
        self.number = len(updated)
        with tempfile.TemporaryDirectory() as other:
            path = write(Path(other) / f"merged.{format}", format, cls, [*updated.values()])
            self.expected = self.rows(path)

    def merge(self, expected: int | None = None) -> int | None:
        """Merge the changes into the file."""
        merging = Merging(
            base=self.base,
            changes=self.changes,
            record_class=self.cls,
            name=NAME,
            expected=expected,
            on_merged=lambda digest: None,
        )
        return FORMATS[self.format].merge(merging)

    def rows(self, path: Path | None = None) -> list[Any]:
        """Read the rows of a file; of CSV, its bytes."""
        path = path or self.base
        if self.format == "csv":
            return [path.read_bytes()]
        rows = read_rows(path, self.format, NAME)
        return sorted(rows) if self.format == "sqlite" else rows

    def _by_id(self, path: Path, records: Sequence[Any]) -> dict[int, str]:
        rows = read_rows(path, self.format, NAME)
        return {record.id: row for record, row in zip(records, rows, strict=True)}

    @property
    def names(self) -> list[str]:
        """The names in the folder."""
        return sorted(os.listdir(self.base.parent))


@st.composite
def old_and_new(draw: st.DrawFn) -> tuple[type[Record], list[Any], list[Any]]:
    """Draw old and new records with hostile values, some of which share ids."""
    cls = draw(st.sampled_from(CLASSES))
    both: list[list[Any]] = []
    for _ in range(2):
        numbers = iter(draw(st.permutations(range(1, 8))))
        records = draw(some_records(cls))
        both.append([_with_id(record, next(numbers)) for record in records])
    return cls, both[0], both[1]


def _with_id(record: Record, id: int) -> Record:
    changed = copy.copy(record)  # attrs.evolve reads all fields, and some cannot be read
    object.__setattr__(changed, "id", id)
    return changed


@pytest.mark.slow
@EACH_FORMAT
@settings(max_examples=30)
@given(drawn=old_and_new())
def test_merging_equals_dict_update(
    format: str, drawn: tuple[type[Record], list[Any], list[Any]]
) -> None:
    """Merging replaces changed records by id and puts them last, whatever the cells hold."""
    cls, old, new = drawn
    with tempfile.TemporaryDirectory() as folder:
        files = Files(Path(folder), format, old, new, cls)
        assert files.merge(files.number) == files.number
        assert files.rows() == files.expected
        # A process that is killed right after it merges again.
        assert files.merge() == files.number
        assert files.rows() == files.expected
        assert files.names == [files.base.name, files.changes.name]


@EACH_FORMAT
@pytest.mark.parametrize(
    ("old", "new"),
    [(0, 0), (6, 0), (0, 6), (6, 6), (1, 1), (5, 6)],
    ids=["both empty", "no changes", "all new", "all changed", "one", "more than before"],
)
def test_merging_with_empty_files(tmp_path: Path, format: str, old: int, new: int) -> None:
    """Both files may be empty, and all records may be new or changed."""
    fresh = [attrs.evolve(note, title="new") for note in NOTES[:new]]
    files = Files(tmp_path, format, NOTES[:old], fresh)
    assert files.merge() == files.number == max(old, new)
    assert files.rows() == files.expected


@EACH_FORMAT
@pytest.mark.parametrize("expected", [0, 5, 7])
def test_unexpected_number_leaves_the_file_unchanged(
    tmp_path: Path, format: str, expected: int
) -> None:
    """If the number of records is not the expected one, the file stays the same, byte for byte."""
    files = Files(tmp_path, format, NOTES[:4], NOTES[2:])
    content = files.base.read_bytes()
    assert files.merge(expected) is None
    assert files.base.read_bytes() == content
    assert files.names == [files.base.name, files.changes.name]
    assert files.merge(6) == 6


@EACH_FORMAT
def test_merging_no_changes_keeps_the_order(tmp_path: Path, format: str) -> None:
    """Merging an empty file of changes keeps the rows and their order."""
    files = Files(tmp_path, format, NOTES, [])
    before = read_rows(files.base, format, NAME)
    assert files.merge(6) == 6
    assert read_rows(files.base, format, NAME) == before


@EACH_FORMAT
def test_unchanged_records_keep_their_position(tmp_path: Path, format: str) -> None:
    """Records that were read again without a change keep their position."""
    again = [NOTES[3], attrs.evolve(NOTES[1], title="new"), NOTES[0], NOTES[4]]
    files = Files(tmp_path, format, NOTES, again)
    assert files.merge(6) == 6
    assert files.rows() == files.expected
    others = [row.id for row in NOTES if row.id != NOTES[1].id]
    if format == "jsonl":
        lines = files.base.read_bytes().splitlines()
        assert [json.loads(line)["id"] for line in lines] == [*others, NOTES[1].id]


@EACH_FILE
def test_full_disk_leaves_the_file_unchanged(tmp_path: Path, format: str) -> None:
    """On a full disk the error names the file, which is unchanged, and no other file is left."""
    notes = [attrs.evolve(note, note=Random(note.id).randbytes(3000).hex()) for note in NOTES]
    files = Files(tmp_path, format, notes, notes[:2])
    content = files.base.read_bytes()
    for size in (0, 1, 9000):
        with max_file_size(size), pytest.raises(OSError, match="File too large") as caught:
            files.merge()
        assert caught.value.filename == str(files.base)
        assert files.base.read_bytes() == content
        assert files.names == [files.base.name, files.changes.name]
    assert files.merge() == 6


def test_full_disk_leaves_a_database_unchanged(tmp_path: Path) -> None:
    """A merge into a database is one transaction, which a full disk rolls back."""
    notes = [attrs.evolve(note, note="x" * 9000) for note in NOTES]
    files = Files(tmp_path, "sqlite", NOTES[:3], notes)
    before = files.rows()
    with (
        max_file_size(files.base.stat().st_size),
        pytest.raises(OSError, match=r"base\.sqlite"),
    ):
        files.merge()
    assert files.rows() == before
    assert files.merge() == 6
    assert files.rows() == files.expected


CELLS = ['"', '""', ',"\n', '"\r\n,', "\n", "\r\n", "\r", ',\r\n9,"a', 'a"\n"', "\n\n", "'=1\n\""]


@pytest.mark.parametrize("format", ["csv", "jsonl"])
@pytest.mark.parametrize("cell", CELLS, ids=repr)
def test_cells_with_line_breaks_are_merged(tmp_path: Path, format: str, cell: str) -> None:
    """A line break within a cell does not end its row."""
    old = [attrs.evolve(note, title=cell, note=cell) for note in NOTES]
    new = [attrs.evolve(note, title=f"x{cell}") for note in old[1::2]]
    files = Files(tmp_path, format, old, new)
    assert files.merge(6) == 6
    assert files.rows() == files.expected
    if format == "csv":
        with files.base.open(newline="", encoding="utf-8") as file:
            notes = [row["note"].removeprefix("'") for row in csv.DictReader(file, strict=True)]
        assert notes == [cell.removeprefix("'")] * 6


@pytest.mark.parametrize("format", ["jsonl.gz", "jsonl.zst"])
def test_empty_members_do_not_end_a_file(tmp_path: Path, format: str) -> None:
    """All members or frames of a compressed file are read, even after an empty one."""
    files = Files(tmp_path, format, NOTES[:3], [attrs.evolve(NOTES[0], title="new")])
    if format == "jsonl.gz":
        empty = gzip.compress(b"")
    else:
        empty = import_module("zstandard").ZstdCompressor().compress(b"")
    files.base.write_bytes(empty + files.base.read_bytes() + empty)
    more = write(tmp_path / f"more.{format}", format, TaskNote, NOTES[3:])
    files.base.write_bytes(files.base.read_bytes() + empty + more.read_bytes())
    files.changes.write_bytes(empty + empty + files.changes.read_bytes())
    assert files.merge(6) == 6
    rows = read_rows(files.base, format, NAME)
    assert len(rows) == 6
    assert "new" in rows[-1]


def test_csv_files_with_other_columns_are_not_merged(tmp_path: Path) -> None:
    """CSV files with different headers, or without the id first, are left unchanged."""
    files = Files(tmp_path, "csv", NOTES[:4], NOTES[2:])
    original = files.base.read_bytes()
    for header in (b"id,colour,", b"ID,", b"\xef\xbb\xbfid,", b""):
        content = original.replace(b"id,", header, 1)
        files.base.write_bytes(content)
        assert files.merge() is None
        assert files.base.read_bytes() == content
    for path in (files.base, files.changes):
        path.write_bytes(path.read_bytes().replace(b"id,", b"taskid,", 1))
    assert files.merge() is None
    files.base.write_bytes(b"")
    assert files.merge() is None
    assert files.base.read_bytes() == b""
    assert files.names == [files.base.name, files.changes.name]


def test_parquet_files_with_other_columns_are_not_merged(tmp_path: Path) -> None:
    """Parquet files with a missing or additional column or another type are left unchanged."""
    files = Files(tmp_path, "parquet", NOTES[:4], NOTES[2:])
    parquet: Any = pyarrow("pyarrow.parquet")
    table = parquet.read_table(files.base)
    others = [
        table.drop_columns(["title"]),
        table.append_column("colour", table.column("title")),
        table.set_column(1, "taskid", table.column("taskid").cast("int32")),
    ]
    for other in others:
        parquet.write_table(other, files.base)
        content = files.base.read_bytes()
        assert files.merge() is None
        assert files.base.read_bytes() == content
    assert files.names == [files.base.name, files.changes.name]


def test_database_without_a_column_is_not_merged_into(tmp_path: Path) -> None:
    """A table that is missing or lacks a column is left unchanged: old rows have no value for it."""
    files = Files(tmp_path, "sqlite", NOTES[:4], NOTES[2:])
    for statement in (f"ALTER TABLE {NAME} DROP COLUMN title", f"DROP TABLE {NAME}"):
        with closing(sqlite3.connect(files.base)) as database:
            database.execute(statement)
        content = files.base.read_bytes()
        assert files.merge() is None
        assert files.base.read_bytes() == content


def test_additions_to_a_database_are_kept(tmp_path: Path) -> None:
    """Other tables, columns and indexes of a database are kept, and rows keep their positions."""
    files = Files(tmp_path, "sqlite", NOTES[:4], [attrs.evolve(NOTES[1], title="new"), NOTES[5]])
    with closing(sqlite3.connect(files.base)) as database:
        database.executescript(
            f"ALTER TABLE {NAME} ADD mine; UPDATE {NAME} SET mine = id;"
            f"CREATE INDEX by_title ON {NAME} (title);"
            "CREATE TABLE other (a); INSERT INTO other VALUES (1)"
        )
    assert files.merge(5) == 5
    with closing(sqlite3.connect(files.base)) as database:
        rows = database.execute(f"SELECT id, mine FROM {NAME} ORDER BY rowid").fetchall()
        assert rows == [(1, 1), (2, 2), (3, 3), (4, 4), (6, None)]
        assert database.execute("SELECT id FROM records WHERE title = 'new'").fetchall() == [(2,)]
        assert database.execute("SELECT a FROM other").fetchall() == [(1,)]
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_parquet_files_are_merged_in_row_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large Parquet files are read and written in row groups."""
    monkeypatch.setattr("intervals_async.export.sinks.parquet_file.ROW_GROUP_ROWS", 100)
    monkeypatch.setattr("intervals_async.export.sinks.parquet_file.READ_ROWS", 30)
    old, new = records_of(TaskNote, 300), records_of(TaskNote, 250, first=151)
    files = Files(tmp_path, "parquet", old, new)
    assert files.merge(400) == 400
    assert files.rows() == files.expected
    parquet: Any = pyarrow("pyarrow.parquet")
    assert parquet.read_metadata(files.base).num_row_groups > 3


def test_merging_keeps_the_permissions(tmp_path: Path) -> None:
    """The merged file has the permissions of the file that it replaces."""
    files = Files(tmp_path, "jsonl", NOTES[:4], NOTES[2:])
    files.base.chmod(0o640)
    assert files.merge() == 6
    assert files.base.stat().st_mode & 0o777 == 0o640
