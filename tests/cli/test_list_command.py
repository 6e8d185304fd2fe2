"""``list`` prints records as a table, JSON Lines or CSV."""

from __future__ import annotations

import csv
import io
import json
import os

import pytest

from intervals_async.testing import FakeIntervals, faults

from .conftest import Invoke, OnTerminal, Serving, read_json_lines, without_colors, without_frame


def test_list_prints_json_lines_in_a_pipe(account: FakeIntervals, invoke: Invoke) -> None:
    """In a pipe, ``list`` prints every record as a line of JSON, and nothing else."""
    result = invoke("list", "projectnote")
    assert result.exit_code == 0
    assert [row["id"] for row in read_json_lines(result.stdout)] == [
        row["id"] for row in account.rows("projectnote")
    ]
    assert result.stderr == ""


def test_list_prints_a_table_on_a_terminal(account: FakeIntervals, on_terminal: OnTerminal) -> None:
    """On a terminal, the most important fields make a table that fits, followed by a summary."""
    code, seen = on_terminal(
        "list", "projectnote", "--limit", 5, env={**os.environ, "COLUMNS": "80"}
    )
    assert code == 0
    header, *rows, summary = without_colors(seen)
    assert header.split() == ["id", "title", "date", "localid", "author"]
    assert [int(row.split()[0]) for row in rows] == [
        row["id"] for row in account.rows("projectnote")[:5]
    ]
    assert summary.startswith("5 records of 50, 1 request, ")
    assert all(len(line) <= 80 for line in (header, *rows))
    assert "\x1b[" in seen


@pytest.mark.slow
@pytest.mark.usefixtures("account")
def test_wide_terminal_shows_more_fields(on_terminal: OnTerminal) -> None:
    """A table shows a less important field in 160 columns and omits it in 80."""
    for width, shown in ((80, False), (160, True)):
        env = {**os.environ, "COLUMNS": str(width)}
        _, seen = on_terminal("list", "projectnote", "--limit", 5, env=env)
        assert ("projectid" in without_colors(seen)[0]) == shown


@pytest.mark.usefixtures("account")
def test_columns_option_selects_fields(invoke: Invoke) -> None:
    """``--columns`` selects the fields and their order in each format."""
    arguments = ("list", "projectnote", "--limit", 2, "--columns", "title,id", "--columns", "id")
    assert [list(row) for row in read_json_lines(invoke(*arguments).stdout)] == [
        ["title", "id"]
    ] * 2
    rows = csv.reader(io.StringIO(invoke(*arguments, "--format", "csv").stdout))
    assert next(rows) == ["title", "id"]
    table = invoke(*arguments, "--format", "table").stdout.splitlines()
    assert table[0].split() == ["title", "id"]


@pytest.mark.slow
@pytest.mark.usefixtures("account")
def test_wide_columns_are_truncated(on_terminal: OnTerminal) -> None:
    """A table shows all fields of ``--columns``, and truncates the widest ones to fit."""
    env = {**os.environ, "COLUMNS": "60"}
    names = "id,projectid,title,note,date,author"
    _, seen = on_terminal("list", "projectnote", "--limit", 3, "--columns", names, env=env)
    header, *rows, _summary = without_colors(seen)
    assert len(header.split()) == 6
    assert all(len(row) <= 60 for row in rows)
    assert "…" in rows[0]
    env = {**os.environ, "COLUMNS": "20"}
    code, _ = on_terminal("list", "projectnote", "--limit", 3, "--columns", names, env=env)
    assert code == 0


@pytest.mark.usefixtures("account")
def test_format_option_overrides_the_default(invoke: Invoke) -> None:
    """``--format`` takes precedence over the kind of standard output."""
    table = invoke("list", "projectnote", "--limit", 1, "--format", "table").stdout
    assert table.split()[:2] == ["id", "projectid"]
    assert "\x1b" not in table
    text = invoke("list", "projectnote", "--limit", 1, "--format", "csv").stdout
    assert len(next(csv.DictReader(io.StringIO(text)))) > 10


@pytest.mark.slow
def test_long_table_is_printed_while_it_arrives(
    serving: Serving, invoke: Invoke, on_terminal: OnTerminal
) -> None:
    """A table holds back only its first rows, and a failure keeps the rows before it."""
    with serving(FakeIntervals(notes=400, per_minute=None)) as account:
        _, seen = on_terminal("list", "projectnote")
        assert len(without_colors(seen)) == 402
        account.inject(faults.Status(403, 10, "Permission denied"), skip=1)
        result = invoke("list", "projectnote", "--format", "table")
        assert result.exit_code == 1
        assert len(result.stdout.splitlines()) > 100


def test_empty_listing_prints_no_header(account: FakeIntervals, on_terminal: OnTerminal) -> None:
    """Without records, a terminal shows only the summary."""
    code, seen = on_terminal("list", "projectnote", "--localid", 999999)
    assert (code, len(without_colors(seen))) == (0, 1)
    assert seen.startswith("0 records, ")
    assert account.requests == 1


@pytest.mark.usefixtures("account")
def test_undocumented_fields_are_printed(invoke: Invoke) -> None:
    """A table shows fields that the server sends and no documentation names."""
    header, first, *_ = invoke("list", "contacttype", "--format", "table").stdout.splitlines()
    assert header.split() == ["id", "contacttype"]
    assert first.split() == ["1", "E-mail"]


def test_control_characters_do_not_reach_the_terminal(
    account: FakeIntervals, on_terminal: OnTerminal
) -> None:
    """A table replaces control characters, prints markup unchanged, and keeps a row on a line."""
    first = int(str(account.rows("projectnote")[0]["id"]))
    account.touch("projectnote", first, title="a\x1b[2J\n[bold]b")
    _, seen = on_terminal("list", "projectnote", "--limit", 1, "--columns", "title")
    assert "\x1b[2J" not in seen
    assert without_colors(seen)[1] == "a\N{REPLACEMENT CHARACTER}[2J [bold]b"


def test_count_takes_one_request(account: FakeIntervals, invoke: Invoke) -> None:
    """``--count`` prints only the number of records, after one request."""
    assert invoke("list", "projectnote", "--count").stdout == "50\n"
    assert invoke("list", "projectnote", "--count", "--offset", 45).stdout == "5\n"
    assert account.requests == 2


def test_limit_and_offset_select_a_slice(account: FakeIntervals, invoke: Invoke) -> None:
    """``--limit`` and ``--offset`` select a slice; unpaginated resources lack both options."""
    result = invoke("list", "projectnote", "--limit", 5, "--offset", 10)
    assert [row["id"] for row in read_json_lines(result.stdout)] == [
        row["id"] for row in account.rows("projectnote")[10:15]
    ]
    result = invoke("list", "contacttype", "--limit", 5)
    assert result.exit_code == 2
    assert "No such option: --limit" in result.stderr


def test_filters_are_options(account: FakeIntervals, invoke: Invoke) -> None:
    """Options have the names of the API's filters, and times are sent in the zone of the filter."""
    invoke(
        *("list", "tasknote", "--authorid", "201,202", "--taskid", "2001", "--public", "f"),
        *("--datebegin", "2026-05-01T12:00+02:00", "--dateend", "2026-05-02"),
        *("--datemodifiedbegin", "2026-05-01T12:00", "--limit", "1"),
    )
    wanted = {
        "authorid": "201,202",
        "public": "f",
        "datebegin": "2026-05-01 10:00:00",
        "dateend": "2026-05-02 00:00:00",
        "datemodifiedbegin": "2026-05-01 12:00:00",
    }
    assert wanted.items() <= account.log[0].query.items()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("projectnote", "--columns", "titel"), "did you mean 'title'?"),
        (("projectnote", "--columns", "?"), "expected one of id, projectid"),
        (("projectnotes",), "Did you mean 'projectnote'"),
        (("projectnote", "--projctid", "3"), "--projectid"),
        (("personcontact",), "list personcontact requires --personid."),
        (("task", "--sortfield", "nme"), "sortfield"),
        (("task", "--datemodifiedbegin", "2026-05-01T09:00+02:00"), "datemodifiedbegin"),
        (("me",), "me cannot be listed: it can only be read; see intervals-async get me"),
        (("projectnote", "--format", "xml"), "xml"),
    ],
)
def test_wrong_usage_sends_no_request(
    account: FakeIntervals, invoke: Invoke, arguments: tuple[str, ...], words: str
) -> None:
    """Wrong usage sends no request, and the error suggests a remedy."""
    result = invoke("list", *arguments)
    assert result.exit_code == 2
    assert words in without_frame(result.stderr)
    assert account.requests == 0


def test_as_is_sends_undocumented_values(account: FakeIntervals, invoke: Invoke) -> None:
    """``--as-is`` sends values that are not documented, and requires no filter."""
    invoke("list", "task", "--as-is", "--sortfield", "odd", "--projectid", "x", "--overdue", "true")
    invoke("list", "personcontact", "--as-is")
    task, contact = account.log
    wanted = {"sortfield": "odd", "projectid": "x", "overdue": "t"}
    assert wanted.items() <= task.query.items()
    assert "personid" not in contact.query


def test_json_is_one_array(account: FakeIntervals, invoke: Invoke) -> None:
    """``--format json`` prints an array of all records, or an empty one, with the chosen fields."""
    lines = read_json_lines(invoke("list", "projectnote").stdout)
    assert json.loads(invoke("list", "projectnote", "--format", "json").stdout) == lines
    words = ("list", "projectnote", "--format", "json", "--columns", "title,id")
    assert json.loads(invoke(*words).stdout) == [
        {"title": line["title"], "id": line["id"]} for line in lines
    ]
    assert invoke(*words, "--limit", 0).stdout == "[]\n"
    assert account.requests


def test_a_costly_list_warns_in_one_line(account: FakeIntervals, invoke: Invoke) -> None:
    """Task notes of many weeks cost many requests, which a line says, not a traceback."""
    account.insert("tasknote")
    result = invoke("list", "tasknote", "--datebegin", "2025-01-01", "--limit", 1, "--count")
    assert result.exit_code == 0
    (line,) = result.stderr.splitlines()
    assert line.startswith("warning: tasknote: this call may take ")
