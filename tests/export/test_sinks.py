"""A sink writes what its format says, and nothing that a reader of the format cannot read."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import attrs
import pytest

from intervals_async import ContactType, Project, ProjectNote, Record, to_dict
from intervals_async.export import CsvSink, JsonLinesSink, Sink


def written(sink: Sink, *records: Record) -> None:
    """Write records the way `export` does."""
    sink.open()
    sink.write(records)
    sink.close(complete=True)


def rows(path: Path) -> list[list[str]]:
    """Read a CSV file as RFC 4180 has it."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, strict=True))


def test_json_lines_are_one_object_a_line(tmp_path: Path, notes: list[ProjectNote]) -> None:
    """Every line is the `to_dict` of its record, whatever line ends its texts hold."""
    path = tmp_path / "notes.jsonl"
    written(JsonLinesSink(path), *notes)
    text = path.read_bytes()
    assert text.endswith(b"\n")
    assert [json.loads(line) for line in text.split(b"\n")[:-1]] == [*map(to_dict, notes)]
    assert "Zoë".encode() in text


def test_json_lines_carry_half_a_surrogate_pair(tmp_path: Path, note: ProjectNote) -> None:
    """A text that UTF-8 cannot carry is escaped, and does not end the export."""
    any_note: Any = note
    odd: ProjectNote = attrs.evolve(any_note, title="\ud83d")
    written(JsonLinesSink(tmp_path / "odd"), odd)
    assert json.loads((tmp_path / "odd").read_bytes())["title"] == "\ud83d"


def test_csv_has_a_column_for_each_field(tmp_path: Path, note: ProjectNote) -> None:
    """The header names the fields in their order; cells come back as they were."""
    path = tmp_path / "notes.csv"
    written(CsvSink(path, ProjectNote), note)
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


def test_csv_ends_its_lines_as_the_rfc_says(tmp_path: Path, note: ProjectNote) -> None:
    """Rows end in CR LF, and quotes stand only where they are needed."""
    path = tmp_path / "notes.csv"
    written(CsvSink(path, ProjectNote), note)
    text = path.read_bytes()
    assert text.startswith(b"id,projectid,authorid,")
    assert text.endswith(b"\r\n")
    assert b'9,3,7,"Budget, ""final""",' in text


def test_csv_without_rows_has_its_header(tmp_path: Path) -> None:
    """A listing that is empty gives a table that is empty, with its columns."""
    written(CsvSink(tmp_path / "none.csv", ContactType))
    assert rows(tmp_path / "none.csv") == [["extra"]]


def test_csv_writes_what_is_no_plain_value_as_json(tmp_path: Path) -> None:
    """Lists and objects in a cell are JSON, so they come back whole."""
    path = tmp_path / "projects.csv"
    project = Project(id=1, managerid=(3, 5), manager=({"id": 3},))
    written(CsvSink(path, Project), project)
    header, row = rows(path)
    cells = dict(zip(header, row, strict=True))
    assert json.loads(cells["managerid"]) == [3, 5]
    assert json.loads(cells["manager"]) == [{"id": 3}]


def test_csv_survives_half_a_surrogate_pair(tmp_path: Path, note: ProjectNote) -> None:
    """A text that UTF-8 cannot carry is shown escaped."""
    any_note: Any = note
    odd: ProjectNote = attrs.evolve(any_note, title="\ud83d")
    written(CsvSink(tmp_path / "odd", ProjectNote), odd)
    assert rb"\ud83d" in (tmp_path / "odd").read_bytes()


def test_an_open_stream_stays_open(note: ProjectNote) -> None:
    """A stream that was handed in is flushed and left open, for its owner to close."""
    stream = io.BytesIO()
    sink = JsonLinesSink(stream)
    written(sink, note)
    sink.close(complete=False)
    assert json.loads(stream.getvalue()) == to_dict(note)


def test_a_terminal_sees_at_once_what_is_written(note: ProjectNote) -> None:
    """What goes to a terminal is flushed each time."""

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
def test_a_device_is_written_into(path: str, note: ProjectNote) -> None:
    """A path that is no regular file is never replaced, even with force."""
    if not Path(path).exists():
        pytest.skip(f"{path} is not there")
    sink = JsonLinesSink(path, force=True)
    sink.close(complete=False)
    sink.open()
    sink.write([note])
    with pytest.raises(OSError, match=path) as caught:
        sink.close(complete=True)
    assert caught.value.filename == path
    assert Path(path).is_char_device()


def test_a_device_that_is_not_open_takes_nothing(note: ProjectNote) -> None:
    """Writing without opening is a mistake of the caller's, and is said."""
    with pytest.raises(ValueError, match="not open"):
        JsonLinesSink("/dev/null").write([note])
