"""A table of SQLite is refreshed whole, and what is not the export's stays."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import pytest

from intervals_async import ArgumentError, ContactType, ProjectNote, Record, ResumeError, TaskStatus
from intervals_async.export import SqliteSink

from .made_up import records_of

NOTES = records_of(ProjectNote, 5)


def write(path: Path, records: Sequence[Record], **options: Any) -> None:
    """Write a table, whole."""
    sink = SqliteSink(path, type(records[0]), **options)
    sink.open()
    sink.write(records)
    sink.close(complete=True)


def ask(path: Path, query: str) -> list[Any]:
    """Ask a database."""
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute(query).fetchall()
        database.commit()
        return rows


def test_a_second_run_refreshes(tmp_path: Path) -> None:
    """New rows are added, changed ones are changed, those that are gone go; the rest is kept."""
    path = tmp_path / "all.sqlite"
    write(path, NOTES)
    ask(path, "CREATE TABLE log (id)")
    ask(
        path,
        "CREATE TRIGGER t AFTER UPDATE ON projectnote BEGIN INSERT INTO log VALUES (new.id); END",
    )
    write(path, [NOTES[0], attrs.evolve(NOTES[2], title="New"), *records_of(ProjectNote, 1, 9)])
    assert ask(path, "SELECT id FROM projectnote ORDER BY id") == [(1,), (3,), (9,)]
    assert ask(path, "SELECT title FROM projectnote WHERE id = 3") == [("New",)]
    assert ask(path, "SELECT id FROM log") == [(3,)]
    assert os.listdir(tmp_path) == ["all.sqlite"]


def test_the_key_is_the_id(tmp_path: Path) -> None:
    """The columns have types, and a record that comes twice counts as it came last."""
    path = tmp_path / "all.sqlite"
    write(path, [*NOTES, attrs.evolve(NOTES[1], title="Again")])
    assert ask(path, "SELECT count(*) FROM projectnote") == [(5,)]
    assert ask(path, "SELECT title FROM projectnote WHERE id = 2") == [("Again",)]
    columns = ask(path, "PRAGMA table_info(projectnote)")
    assert [row[1] for row in columns if row[5]] == ["id"]
    types = {row[1]: row[2] for row in columns}
    assert types["id"] == "BIGINT"
    assert types["secure"] == "INTEGER"
    assert types["date"] == types["extra"] == "TEXT"
    assert ask(path, "SELECT date(date), secure FROM projectnote LIMIT 1") == [("2024-05-06", 1)]


def test_several_resources_may_share_a_file(tmp_path: Path) -> None:
    """Their sinks may be open at the same time, on a file that was not there."""
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
    assert ask(path, "SELECT count(*) FROM projectnote") == [(5,)]
    assert ask(path, "SELECT count(*) FROM taskstatus") == [(2,)]


def test_somebody_who_was_quicker_is_joined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that appears at the last moment gets the table, too."""
    path = tmp_path / "all.sqlite"
    write(path, records_of(TaskStatus, 2))
    notes = SqliteSink(path, ProjectNote)
    notes.open()
    notes.write(NOTES)
    exists = Path.exists

    def not_yet(this: Path, **options: Any) -> bool:
        return this != path and exists(this, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "exists", not_yet)
        notes.close(complete=True)
    assert ask(path, "SELECT count(*) FROM projectnote, taskstatus") == [(10,)]


def test_readers_see_the_old_table_until_the_end(tmp_path: Path) -> None:
    """What is discarded was never there."""
    path = tmp_path / "all.sqlite"
    write(path, NOTES)
    sink = SqliteSink(path, ProjectNote)
    sink.open()
    sink.write(records_of(ProjectNote, 3, 100))
    sink.checkpoint()
    assert ask(path, "SELECT count(*) FROM projectnote") == [(5,)]
    sink.close(complete=False)
    assert ask(path, "SELECT count(*) FROM projectnote") == [(5,)]
    assert os.listdir(tmp_path) == ["all.sqlite"]


def test_a_table_without_ids_is_replaced(tmp_path: Path) -> None:
    """Records that cannot be told apart are all written anew."""
    path = tmp_path / "all.sqlite"
    write(path, [ContactType(extra={"a": 1}), ContactType(extra={"a": 1})])
    assert ask(path, "SELECT extra FROM contacttype") == [('{"a":1}',)] * 2
    write(path, [ContactType(extra={"a": 2})], table="contacttype")
    assert ask(path, "SELECT extra FROM contacttype") == [('{"a":2}',)]


def test_columns_that_are_missing_are_added_and_others_stay(tmp_path: Path) -> None:
    """A table that an older release has made, and somebody has added to, is gone on with."""
    path = tmp_path / "all.sqlite"
    ask(path, "CREATE TABLE projectnote (id INTEGER PRIMARY KEY, title TEXT, mine TEXT)")
    ask(path, "INSERT INTO projectnote VALUES (1, 'Old', 'kept'), (77, 'Gone', '')")
    write(path, NOTES)
    assert ask(path, "SELECT id, mine, author IS NULL FROM projectnote WHERE id < 3") == [
        (1, "kept", 0),
        (2, None, 0),
    ]


def test_a_table_with_another_key_is_refused(tmp_path: Path) -> None:
    """It is found before anything is spent, and another name helps."""
    path = tmp_path / "all.sqlite"
    ask(path, "CREATE TABLE projectnote (id INTEGER)")
    with pytest.raises(ArgumentError, match="primary key is not its id"):
        SqliteSink(path, ProjectNote).open()
    write(path, NOTES, table='my "notes"; --')
    assert ask(path, 'SELECT count(*) FROM "my ""notes""; --"') == [(5,)]


def test_half_a_surrogate_pair_is_shown_escaped(tmp_path: Path) -> None:
    """A text that UTF-8 cannot carry does not end the export, nor double the rows before it."""
    path = tmp_path / "all.sqlite"
    write(path, [*NOTES, attrs.evolve(NOTES[0], id=6, title="\ud83d")])
    assert ask(path, "SELECT title FROM projectnote WHERE id = 6") == [(r"\ud83d",)]
    assert ask(path, "SELECT count(*) FROM projectnote") == [(6,)]


def test_a_journal_of_a_file_that_is_no_more_is_not_believed(tmp_path: Path) -> None:
    """What a killed export has left beside its hidden file is not played back into a new one."""
    journal = tmp_path / ".all.sqlite.projectnote.part-journal"
    journal.write_bytes(bytes.fromhex("d9d505f920a163d7") + b"\x01" * 600)
    path = tmp_path / "all.sqlite"
    write(path, NOTES)
    assert ask(path, "SELECT count(*) FROM projectnote") == [(5,)]
    assert os.listdir(tmp_path) == ["all.sqlite"]


@pytest.mark.parametrize("number", [0, 3])
def test_a_file_without_the_table_is_none_to_go_on_with(tmp_path: Path, number: int) -> None:
    """Somebody who began anew was killed before there was one."""
    sink = SqliteSink(tmp_path / "a.sqlite", ProjectNote)
    sink.open()
    sink.write(NOTES[:number])
    mark = sink.checkpoint()
    sink.suspend()
    (hidden,) = tmp_path.iterdir()
    hidden.write_bytes(b"")
    with pytest.raises(ResumeError, match=r"projectnote of .* is not what the mark was given for"):
        sink.resume(mark)
    sink.open()
    sink.close(complete=False)
    assert os.listdir(tmp_path) == []


def test_while_another_writes_it_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that stays locked is an error that names it."""
    monkeypatch.setattr("intervals_async.export.sinks.sqlite_database.BUSY_TIMEOUT", 0.01)
    path = tmp_path / "all.sqlite"
    write(path, NOTES)
    sink = SqliteSink(path, ProjectNote)
    sink.open()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OSError, match=r"all\.sqlite"):
            sink.close(complete=True)
    sink.close(complete=False)
    assert ask(path, "SELECT count(*) FROM projectnote") == [(5,)]
