"""Odd rows end no command: what could not be read is shown, and named on standard error."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from intervals_async import ABSENT, FieldUnreadable, ProjectNote, Record, Task
from intervals_async._cli.humanize import describe_unreadable
from intervals_async._cli.progress import Notices
from intervals_async._cli.table_columns import cell_text, choose_columns, value_of
from intervals_async._schema.decoder import record_decoder
from intervals_async.export import Manifest, UnreadableField
from intervals_async.testing import FakeIntervals, faults

from ..odd_rows import OddRows
from .conftest import Invoke, OnTerminal, read_json_lines, without_colors

DATE = "2024-05-06 24:00:00"
OddNotes = Callable[..., list[int]]


@pytest.fixture
def odd_notes(account: FakeIntervals) -> OddNotes:
    """Return a function that makes fields of the first notes unreadable, and returns their ids."""

    def make(number: int = 1, **fields: Any) -> list[int]:
        ids = [int(str(row["id"])) for row in account.rows("projectnote")]
        odd = fields or {"date": DATE}
        account.inject(OddRows(dict.fromkeys(ids[:number], odd)), times=None, path="/projectnote/*")
        return ids

    return make


def decoded(cls: type[Record], row: dict[str, object]) -> Any:
    """Decode a row."""
    return record_decoder(cls).decode_one(row, "$")[0]


# The table


@pytest.mark.parametrize(
    ("row", "name", "value"),
    [
        ({"id": "9", "date": DATE}, "date", f"? {DATE}"),
        ({"id": "9", "date": ["a", 1]}, "date", '? ["a", 1]'),
        ({"id": "9", "date": None}, "date", "? null"),
        ({"id": "9"}, "date", None),
        ({"id": "9", "title": "A&amp;B"}, "title", "A&B"),
        ({"id": "9", "color": "red"}, "color", "red"),
        ({"id": "9"}, "color", None),
        ({"id": "x"}, "id", "? x"),
    ],
)
def test_value_of_a_field(row: dict[str, object], name: str, value: object) -> None:
    """A value that could not be read has a question mark; a field that was not sent is empty."""
    assert value_of(decoded(ProjectNote, row), name) == value


def test_unreadable_value_is_one_line() -> None:
    """An unreadable value is printed without the control characters that a terminal obeys."""
    note = decoded(ProjectNote, {"id": "9", "date": "a\n\x1b[31mb"})
    assert cell_text(value_of(note, "date")) == "? a \N{REPLACEMENT CHARACTER}[31mb"


def test_objects_within_a_record_show_what_could_not_be_read() -> None:
    """The fields of objects have question marks, too."""
    task = decoded(Task, {"id": "9", "assignee": [{"assignee": "Zoë", "personid": "x"}]})
    assert cell_text(value_of(task, "assignee")) == "Zoë, ? x"


def test_columns_of_odd_rows_are_chosen() -> None:
    """A column is as wide as the unreadable value, and aligned to the left because of it."""
    rows = [decoded(ProjectNote, {"id": "9", "projectid": each}) for each in ("3", "three")]
    columns = choose_columns(ProjectNote, rows, 80, ["id", "projectid"])
    assert [(each.name, each.width, each.align_right) for each in columns] == [
        ("id", 4, True),
        ("projectid", 9, False),
    ]


# list and get


@pytest.mark.parametrize("options", [(), ("--as-is",)])
@pytest.mark.parametrize("format", ["table", "jsonl", "csv", None])
def test_list_prints_odd_rows(
    odd_notes: OddNotes, invoke: Invoke, options: tuple[str, ...], format: str | None
) -> None:
    """All records are printed in each format, and each field is named once on standard error."""
    ids = odd_notes(3, date=DATE, author=[1])
    chosen = () if format is None else ("--format", format)
    result = invoke("list", "projectnote", *options, *chosen, "--columns", "id,date,author")
    assert result.exit_code == 0
    lines: list[Any]
    warnings = result.stderr.splitlines()
    assert len(warnings) == 2
    assert warnings[0].startswith(f"warning: projectnote {ids[0]}: date: expected ")
    assert DATE in warnings[0]
    assert warnings[1].startswith(f"warning: projectnote {ids[0]}: author: expected ")
    match format:
        case "table":
            lines = result.stdout.splitlines()[1:]
            assert [line.split("  ")[1] for line in lines[:3]] == [f"? {DATE}"] * 3
        case "csv":
            lines = list(csv.DictReader(io.StringIO(result.stdout)))
            assert [row["date"] for row in lines[:3]] == [""] * 3
        case _:
            lines = read_json_lines(result.stdout)
            assert [row["date"] for row in lines[:3]] == [None] * 3
    assert len(lines) == len(ids)


def test_list_counts_odd_rows(odd_notes: OddNotes, invoke: Invoke) -> None:
    """``--count`` does not depend on the values of the records."""
    odd_notes(9)
    assert invoke("list", "projectnote", "--as-is", "--count").stdout == "50\n"


@pytest.mark.parametrize("options", [(), ("--as-is",)])
def test_row_that_is_no_object_ends_a_list(
    account: FakeIntervals, invoke: Invoke, options: tuple[str, ...]
) -> None:
    """The rows before a row that is no object are printed; one line names its offset."""
    ids = [int(str(row["id"])) for row in account.rows("projectnote")]
    account.inject(OddRows({ids[30]: 7}), times=None, path="/projectnote/")
    result = invoke("list", "projectnote", *options, "--format", "jsonl")
    assert result.exit_code == 1
    assert [row["id"] for row in read_json_lines(result.stdout)] == ids[:30]
    (line,) = result.stderr.splitlines()
    assert line.startswith("intervals-async: ")
    assert "30" in line


def test_list_on_a_terminal_shows_odd_rows(odd_notes: OddNotes, on_terminal: OnTerminal) -> None:
    """On a terminal, the table holds the unreadable values, and the warning stands beside it."""
    odd_notes(2)
    code, seen = on_terminal("list", "projectnote", "--columns", "id,date", "--limit", "3")
    assert code == 0
    lines = without_colors(seen)
    assert sum(line.endswith(f"? {DATE}") for line in lines) == 2
    assert sum(line.startswith("warning: ") for line in lines) == 1


@pytest.mark.parametrize("format", ["table", "json"])
def test_get_prints_an_odd_record(odd_notes: OddNotes, invoke: Invoke, format: str) -> None:
    """``get`` prints a record that cannot be read completely, with a warning for each field."""
    first, *_ = odd_notes(1, date=DATE, title=ABSENT)
    result = invoke("get", "projectnote", first, "--format", format)
    assert result.exit_code == 0
    assert sorted(line.split(": ")[2] for line in result.stderr.splitlines()) == ["date", "title"]
    if format == "table":
        assert f"? {DATE}" in result.stdout
    else:
        record = json.loads(result.stdout)
        assert (record["id"], record["date"], record["title"]) == (first, None, None)


@pytest.mark.parametrize("command", [("me",), ("get", "me"), ("quota",)])
def test_other_records_may_be_odd(
    account: FakeIntervals, invoke: Invoke, command: tuple[str, ...]
) -> None:
    """``me`` and ``quota`` print what they can."""
    me, quota = {"me": [{"firstname": "Zoë"}]}, {"quota": {"quota": "many"}}
    for name, body in (("me", me), ("quota", quota)):
        envelope = json.dumps({"status": "OK", "code": 200, **body}).encode()
        account.inject(faults.Raw(envelope), times=None, path=f"/{name}/")
    result = invoke(*command, "--format", "table")
    assert result.exit_code == 0
    assert ("Zoë" if "me" in command else "? many") in result.stdout
    assert "warning: " in result.stderr


def test_warning_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A warning names the resource, the record and the field, in one line."""
    notices = Notices()
    event = FieldUnreadable(resource="me", field="id", record_id=None, reason="got 'a\nb'")
    notices(event)
    assert capsys.readouterr().err == "warning: me: id: got 'a b'\n"


# export


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"date": UnreadableField(records=3, ids=(17, 18, 19))},
            "3 values of date could not be read (ids 17, 18, 19); they are null in the file",
        ),
        (
            {"date": UnreadableField(records=1, ids=(17,))},
            "1 value of date could not be read (id 17); it is null in the file",
        ),
        (
            {
                "assignee.personid": UnreadableField(records=1200, ids=(1, 2, 3, 4, 5)),
                "title": UnreadableField(records=1, ids=(7,)),
            },
            "1,200 values of assignee.personid could not be read (ids 1, 2, 3, 4, 5, …), 1 value "
            "of title (id 7); they are null in the file",
        ),
        (
            {"used": UnreadableField(records=2)},
            "2 values of used could not be read; they are null in the file",
        ),
    ],
)
def test_unreadable_fields_in_words(fields: dict[str, UnreadableField], words: str) -> None:
    """One line names the fields of a resource, how many values are null, and the first ids."""
    assert describe_unreadable("task", fields) == f"task: {words}"


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet", "sqlite"])
def test_folder_export_with_an_odd_row(
    odd_notes: OddNotes, invoke: Invoke, tmp_path: Path, format: str
) -> None:
    """An odd note does not stop the export; the summary and ``verify`` name what is null."""
    ids = odd_notes(3)
    named = ", ".join(map(str, ids[:3]))
    line = (
        f"projectnote: 3 values of date could not be read (ids {named}); they are null in the file"
    )
    words = ("export", "projectnote", "worktype", "project", "-o", tmp_path, "--format", format)
    result = invoke(*words)
    assert result.exit_code == 0
    assert line in result.stderr.splitlines()
    assert [each.records for each in Manifest.read(tmp_path).exported][1] == 50
    verified = invoke("verify", tmp_path)
    assert (verified.exit_code, verified.stderr) == (0, f"{line}\n")
    quiet = invoke(*words, "--quiet", "--json")
    assert quiet.stderr == ""
    manifest = json.loads(quiet.stdout)
    assert manifest["exported"][1]["unreadable"]["date"] == {
        "records": 3,
        "ids": ids[:3],
        "ranges": f"{ids[0]}-{ids[2]}",
    }


@pytest.mark.parametrize("target", ["notes.csv", "notes.jsonl", None])
def test_file_export_with_an_odd_row(
    odd_notes: OddNotes, invoke: Invoke, tmp_path: Path, target: str | None
) -> None:
    """An export to a file or to standard output names what is null on standard error."""
    first, *_ = odd_notes()
    output = () if target is None else ("-o", tmp_path / target)
    result = invoke("export", "projectnote", *output)
    assert result.exit_code == 0
    assert result.stderr.splitlines()[0] == (
        f"projectnote: 1 value of date could not be read (id {first}); it is null in the file"
    )
    assert len(result.stderr.splitlines()) == (1 if target is None else 2)


# Resources that fail


def test_failed_resource_is_named(account: FakeIntervals, invoke: Invoke, tmp_path: Path) -> None:
    """The others are written; the summary names the failed one; the command continues with it."""
    account.inject(faults.Status(500, 1, "Down"), times=1, path="/projectnote/")
    account.inject(faults.Raw(b"[]"), times=1, path="/projectnote/")
    words = ("export", "projectnote", "worktype", "project", "-o", tmp_path)
    result = invoke(*words)
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert sum(line.startswith("failed: projectnote: GET /projectnote/: ") for line in lines) == 1
    assert lines[-1] == (
        "intervals-async: 1 resource not exported; repeat the command to export the rest"
    )
    assert any(line.startswith("worktype ") for line in lines)
    assert [*Manifest.read(tmp_path).failed] == ["projectnote"]
    verified = invoke("verify", tmp_path)
    assert verified.exit_code == 0
    assert "failed: projectnote: " in verified.stderr
    assert "an export is unfinished" in verified.stderr
    account.clear_log()
    again = invoke(*words)
    assert again.exit_code == 0
    assert {seen.path for seen in account.log} == {"/quota/", "/projectnote/"}
    assert "failed: " not in again.stderr
    assert invoke("verify", tmp_path).stdout == "3 files, 66 records verified\n"


def test_quiet_names_failed_resources(
    account: FakeIntervals, invoke: Invoke, tmp_path: Path
) -> None:
    """``--quiet`` hides no failure, and ``--json`` prints the manifest with it."""
    account.inject(faults.Raw(b"[]"), times=None, path="/person/")
    words = ("export", "group", "personcontact", "-o", tmp_path, "--quiet", "--json")
    result = invoke(*words)
    assert result.exit_code == 1
    *failed, last = result.stderr.splitlines()
    assert [line.split(": ")[1] for line in failed] == ["person", "personcontact"]
    assert last.startswith("intervals-async: 2 resources not exported")
    assert [*json.loads(result.stdout)["failed"]] == ["person", "personcontact"]


def test_dry_run_names_what_cannot_be_counted(
    account: FakeIntervals, invoke: Invoke, tmp_path: Path
) -> None:
    """A dry run names the resources whose first page cannot be read, and writes nothing."""
    account.inject(faults.Raw(b"[]"), times=None, path="/task/")
    result = invoke("export", "group", "task", "-o", tmp_path / "new", "--dry-run")
    assert result.exit_code == 1
    assert any(line.startswith("failed: task: ") for line in result.stderr.splitlines())
    assert not (tmp_path / "new").exists()


def test_terminal_shows_failures(
    account: FakeIntervals, on_terminal: OnTerminal, tmp_path: Path
) -> None:
    """On a terminal, no bar of a failed resource remains, and the summary names it."""
    account.inject(faults.Raw(b"[]"), times=None, path="/task/")
    code, seen = on_terminal("export", "group", "task", "projectnote", "-o", tmp_path)
    assert code == 1
    assert any(line.startswith("failed: task: ") for line in without_colors(seen))
