"""JSON Lines and CSV follow their formats, in files, streams and devices."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import attrs
import pytest

from intervals_async import ContactType, Project, ProjectManager, ProjectNote, to_dict
from intervals_async.export import CsvSink, JsonLinesSink

from .writing import write


def rows(path: Path) -> list[list[str]]:
    """Read a CSV file according to RFC 4180."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, strict=True))


def test_json_lines_have_one_object_per_line(tmp_path: Path, notes: list[ProjectNote]) -> None:
    """Every line is the `to_dict` of its record, even if its text has line breaks."""
    path = tmp_path / "notes.jsonl"
    write(JsonLinesSink(path), notes)
    text = path.read_bytes()
    assert text.endswith(b"\n")
    assert [json.loads(line) for line in text.split(b"\n")[:-1]] == [*map(to_dict, notes)]
    assert "Zoë".encode() in text


def test_json_lines_escape_a_lone_surrogate(tmp_path: Path, note: ProjectNote) -> None:
    """A lone surrogate, which UTF-8 cannot encode, is escaped and can be read back."""
    any_note: Any = note
    odd: ProjectNote = attrs.evolve(any_note, title="\ud83d")
    write(JsonLinesSink(tmp_path / "odd"), [odd])
    assert json.loads((tmp_path / "odd").read_bytes())["title"] == "\ud83d"


def test_csv_has_a_column_for_each_field(tmp_path: Path, note: ProjectNote) -> None:
    """The header names the fields in their order; the cells hold the values."""
    path = tmp_path / "notes.csv"
    write(CsvSink(path, ProjectNote), [note])
    header, row = rows(path)
    assert header == list(to_dict(note))
    cells = dict(zip(header, row, strict=True))
    assert cells["id"] == "9"
    assert cells["title"] == 'Budget, "final"'
    assert cells["note"] == "<p>a\nb</p>"
    assert cells["date"] == "2024-05-06T07:08:09+00:00"
    assert (cells["secure"], cells["projectactive"]) == ("false", "true")
    assert cells["projectlabel"] == ""
    assert json.loads(cells["extra"]) == {"new": [1, None], "of": "tomorrow"}


def test_csv_follows_the_rfc(tmp_path: Path, note: ProjectNote) -> None:
    """Rows end in CR LF, and cells are quoted only if needed."""
    path = tmp_path / "notes.csv"
    write(CsvSink(path, ProjectNote), [note])
    text = path.read_bytes()
    assert text.startswith(b"id,projectid,authorid,")
    assert text.endswith(b"\r\n")
    assert b'9,3,7,"Budget, ""final""",' in text


def test_csv_without_rows_has_a_header(tmp_path: Path) -> None:
    """An export without records writes the header."""
    write(CsvSink(tmp_path / "empty.csv", ContactType))
    assert rows(tmp_path / "empty.csv") == [["extra"]]


def test_csv_writes_lists_and_objects_as_json(tmp_path: Path) -> None:
    """Lists and objects in a cell are JSON, so they can be restored."""
    path = tmp_path / "projects.csv"
    project = Project(id=1, managerid=(3, 5), manager=(ProjectManager(managerid=3),))
    write(CsvSink(path, Project), [project])
    header, row = rows(path)
    cells = dict(zip(header, row, strict=True))
    assert json.loads(cells["managerid"]) == [3, 5]
    assert json.loads(cells["manager"])[0]["managerid"] == 3


def test_csv_escapes_a_lone_surrogate(tmp_path: Path, note: ProjectNote) -> None:
    """A lone surrogate, which UTF-8 cannot encode, is written escaped."""
    any_note: Any = note
    odd: ProjectNote = attrs.evolve(any_note, title="\ud83d")
    write(CsvSink(tmp_path / "odd", ProjectNote), [odd])
    assert rb"\ud83d" in (tmp_path / "odd").read_bytes()


def test_open_stream_stays_open(note: ProjectNote) -> None:
    """A stream that the caller has opened is flushed and left open."""
    stream = io.BytesIO()
    sink = JsonLinesSink(stream)
    write(sink, [note])
    sink.close(complete=False)
    assert json.loads(stream.getvalue()) == to_dict(note)


def test_only_files_are_buffered(tmp_path: Path, note: ProjectNote) -> None:
    """Small batches for a file are buffered; those for a stream or a device are written at once."""
    for target, is_full in ((tmp_path / "a", False), (io.BytesIO(), True), ("/dev/null", True)):
        sink = JsonLinesSink(target)
        sink.open()
        assert sink.buffer([note]) is is_full
        sink.close(complete=True)


def test_terminal_is_flushed_after_each_write(note: ProjectNote) -> None:
    """Every write to a terminal is flushed at once."""

    class Terminal(io.BytesIO):
        flushed = 0

        def isatty(self) -> bool:
            return True

        def flush(self) -> None:
            self.flushed += 1

    stream = Terminal()
    sink = JsonLinesSink(stream)
    sink.open()
    sink.write([note])
    assert stream.flushed == 1


@pytest.mark.parametrize("path", ["/dev/full"])
def test_device_is_written_into(path: str, note: ProjectNote) -> None:
    """A device is written into, never replaced, even with force."""
    if not Path(path).exists():
        pytest.skip(f"{path} does not exist")
    sink = JsonLinesSink(path, force=True)
    sink.close(complete=False)
    sink.open()
    with pytest.raises(OSError, match=path) as caught:
        sink.write([note])
    sink.close(complete=False)
    assert caught.value.filename == path
    assert Path(path).is_char_device()


def test_unopened_device_rejects_writes(note: ProjectNote) -> None:
    """Writing into a device that is not open raises ValueError."""
    with pytest.raises(ValueError, match="not open"):
        JsonLinesSink("/dev/null").write([note])
