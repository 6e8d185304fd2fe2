"""`SqliteSink` refreshes its table in one step and keeps everything else in the database."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import pytest

from intervals_async import (
    ArgumentError,
    ContactType,
    ProjectNote,
    Record,
    ResumeError,
    Task,
    TaskStatus,
    columns_of,
)
from intervals_async._schema.decoder import record_decoder
from intervals_async.export import SqliteSink

from .made_up import records_of
from .writing import write

NOTES = records_of(ProjectNote, 5)


def refresh(path: Path, records: Sequence[Record], **options: Any) -> None:
    """Write a table of a database."""
    write(SqliteSink(path, type(records[0]), **options), records)


def query(path: Path, statement: str) -> list[Any]:
    """Execute a statement and return its rows."""
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute(statement).fetchall()
        database.commit()
        return rows


def test_second_export_refreshes_the_table(tmp_path: Path) -> None:
    """A second export inserts new rows, updates changed rows only, and deletes missing ones."""
    path = tmp_path / "all.sqlite"
    refresh(path, NOTES)
    query(path, "CREATE TABLE log (id)")
    query(
        path,
        "CREATE TRIGGER t AFTER UPDATE ON projectnote BEGIN INSERT INTO log VALUES (new.id); END",
    )
    refresh(path, [NOTES[0], attrs.evolve(NOTES[2], title="New"), *records_of(ProjectNote, 1, 9)])
    assert query(path, "SELECT id FROM projectnote ORDER BY id") == [(1,), (3,), (9,)]
    assert query(path, "SELECT title FROM projectnote WHERE id = 3") == [("New",)]
    assert query(path, "SELECT id FROM log") == [(3,)]
    assert os.listdir(tmp_path) == ["all.sqlite"]


def test_id_is_the_primary_key(tmp_path: Path) -> None:
    """The id is the primary key; of two records with the same id, the last one is kept."""
    path = tmp_path / "all.sqlite"
    refresh(path, [*NOTES, attrs.evolve(NOTES[1], title="Again")])
    assert query(path, "SELECT count(*) FROM projectnote") == [(5,)]
    assert query(path, "SELECT title FROM projectnote WHERE id = 2") == [("Again",)]
    columns = query(path, "PRAGMA table_info(projectnote)")
    assert [row[1] for row in columns if row[5]] == ["id"]
    types = {row[1]: row[2] for row in columns}
    assert types["id"] == "BIGINT"
    assert types["secure"] == "INTEGER"
    assert types["date"] == types["extra"] == "TEXT"
    assert query(path, "SELECT date(date), secure FROM projectnote LIMIT 1") == [("2024-05-06", 1)]


def test_several_resources_may_share_a_database(tmp_path: Path) -> None:
    """Several sinks may write tables of one new database at the same time."""
    path = tmp_path / "all.sqlite"
    statuses = records_of(TaskStatus, 2)
    notes, others = SqliteSink(path, ProjectNote), SqliteSink(path, TaskStatus)
    notes.open()
    others.open()
    notes.write(NOTES)
    others.write(statuses)
    assert not path.exists()
    others.close(complete=True)
    notes.close(complete=True)
    assert query(path, "SELECT count(*) FROM projectnote") == [(5,)]
    assert query(path, "SELECT count(*) FROM taskstatus") == [(2,)]


def test_database_that_appears_meanwhile_gets_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that another sink creates just before the move gets the table, too."""
    path = tmp_path / "all.sqlite"
    refresh(path, records_of(TaskStatus, 2))
    notes = SqliteSink(path, ProjectNote)
    notes.open()
    notes.write(NOTES)
    exists = Path.exists

    def not_yet(this: Path, **options: Any) -> bool:
        return this != path and exists(this, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "exists", not_yet)
        notes.close(complete=True)
    assert query(path, "SELECT count(*) FROM projectnote, taskstatus") == [(10,)]


def test_readers_see_the_old_table_until_the_end(tmp_path: Path) -> None:
    """Until a sink is closed, and after it is discarded, readers see the old table."""
    path = tmp_path / "all.sqlite"
    refresh(path, NOTES)
    sink = SqliteSink(path, ProjectNote)
    sink.open()
    sink.write(records_of(ProjectNote, 3, 100))
    sink.checkpoint()
    assert query(path, "SELECT count(*) FROM projectnote") == [(5,)]
    sink.close(complete=False)
    assert query(path, "SELECT count(*) FROM projectnote") == [(5,)]
    assert os.listdir(tmp_path) == ["all.sqlite"]


def test_table_without_ids_is_replaced(tmp_path: Path) -> None:
    """The rows of records without an id are all replaced."""
    path = tmp_path / "all.sqlite"
    refresh(path, [ContactType(extra={"a": 1}), ContactType(extra={"a": 1})])
    assert query(path, "SELECT extra FROM contacttype") == [('{"a":1}',)] * 2
    refresh(path, [ContactType(extra={"a": 2})], table="contacttype")
    assert query(path, "SELECT extra FROM contacttype") == [('{"a":2}',)]


def test_missing_columns_are_added(tmp_path: Path) -> None:
    """Columns that a table lacks are added, and its other columns are kept."""
    path = tmp_path / "all.sqlite"
    query(path, "CREATE TABLE projectnote (id INTEGER PRIMARY KEY, title TEXT, mine TEXT)")
    query(path, "INSERT INTO projectnote VALUES (1, 'Old', 'kept'), (77, 'Gone', '')")
    refresh(path, NOTES)
    assert query(path, "SELECT id, mine, author IS NULL FROM projectnote WHERE id < 3") == [
        (1, "kept", 0),
        (2, None, 0),
    ]


def test_table_with_another_primary_key_is_refused(tmp_path: Path) -> None:
    """A table with another primary key is refused on opening; another table name is accepted."""
    path = tmp_path / "all.sqlite"
    query(path, "CREATE TABLE projectnote (id INTEGER)")
    with pytest.raises(
        ArgumentError, match="expected id as the primary key of table projectnote, got none; choose"
    ):
        SqliteSink(path, ProjectNote).open()
    refresh(path, NOTES, table='my "notes"; --')
    assert query(path, 'SELECT count(*) FROM "my ""notes""; --"') == [(5,)]


def test_lone_surrogate_is_escaped(tmp_path: Path) -> None:
    """A lone surrogate is written escaped, and the rows before it are written once."""
    path = tmp_path / "all.sqlite"
    refresh(path, [*NOTES, attrs.evolve(NOTES[0], id=6, title="\ud83d")])
    assert query(path, "SELECT title FROM projectnote WHERE id = 6") == [(r"\ud83d",)]
    assert query(path, "SELECT count(*) FROM projectnote") == [(6,)]


def test_journal_of_a_killed_export_is_removed(tmp_path: Path) -> None:
    """A journal that a killed export has left is not played back into a new hidden database."""
    journal = tmp_path / ".all.sqlite.projectnote.part-journal"
    journal.write_bytes(bytes.fromhex("d9d505f920a163d7") + b"\x01" * 600)
    path = tmp_path / "all.sqlite"
    refresh(path, NOTES)
    assert query(path, "SELECT count(*) FROM projectnote") == [(5,)]
    assert os.listdir(tmp_path) == ["all.sqlite"]


@pytest.mark.parametrize("number", [0, 3])
def test_database_without_the_table_cannot_be_resumed(tmp_path: Path, number: int) -> None:
    """A hidden database without the table, left by a kill right after opening, is rejected."""
    sink = SqliteSink(tmp_path / "a.sqlite", ProjectNote)
    sink.open()
    sink.write(NOTES[:number])
    checkpoint = sink.checkpoint()
    sink.suspend()
    (hidden,) = tmp_path.iterdir()
    hidden.write_bytes(b"")
    with pytest.raises(ResumeError, match="table projectnote does not match the checkpoint"):
        sink.resume(checkpoint)
    sink.open()
    sink.close(complete=False)
    assert os.listdir(tmp_path) == []


def test_locked_database_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that stays locked is an error that names it, and is not changed."""
    monkeypatch.setattr("intervals_async.export.sinks.sqlite_database.BUSY_TIMEOUT", 0.01)
    path = tmp_path / "all.sqlite"
    refresh(path, NOTES)
    sink = SqliteSink(path, ProjectNote)
    sink.open()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OSError, match=r"all\.sqlite"):
            sink.close(complete=True)
    sink.close(complete=False)
    assert query(path, "SELECT count(*) FROM projectnote") == [(5,)]


def test_unreadable_values_are_null(tmp_path: Path) -> None:
    """Columns of each type hold null for a value that could not be read, and keep their types."""
    path = tmp_path / "all.sqlite"
    fields = [column.name for column in columns_of(Task) if column.name not in ("id", "extra")]
    odd, _ = record_decoder(Task).decode_one({"id": "9", **{name: [[1]] for name in fields}}, "$")
    assert {*fields} == {*odd.unreadable}
    refresh(path, [*records_of(Task, 2), odd])
    columns = ", ".join(f'"{name}"' for name in fields)
    assert query(path, f"SELECT {columns} FROM task WHERE id = 9") == [(None,) * len(fields)]
    types = {row[1]: row[2] for row in query(path, "PRAGMA table_info(task)")}
    assert (types["id"], types["projectid"], types["title"]) == ("BIGINT", "INTEGER", "TEXT")
    # A later export, which can read them, replaces the nulls.
    refresh(path, [*records_of(Task, 2), *records_of(Task, 1, 9)])
    assert query(path, "SELECT title FROM task WHERE id = 9 AND title IS NOT NULL")


def test_rows_without_an_id_are_replaced(tmp_path: Path) -> None:
    """A record whose id could not be read has a row without a key, which each export replaces."""
    path = tmp_path / "all.sqlite"
    decoder = record_decoder(ProjectNote)
    odd = [decoder.decode_one({"id": "?", "title": title}, "$")[0] for title in "ab"]
    refresh(path, [*NOTES[:3], *odd])
    refresh(path, [*NOTES[1:4], odd[1]])
    rows = query(path, "SELECT id, title FROM projectnote ORDER BY id")
    assert rows == [(None, "b"), *((note.id, note.title) for note in NOTES[1:4])]
