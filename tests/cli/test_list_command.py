"""``list`` shows records: a table for a reader, JSON Lines or CSV for a program."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Callable
from typing import Any

import pytest

from intervals_async.testing import FakeIntervals, faults

OnTerminal = Callable[..., tuple[int, str]]


def plain(seen: str) -> list[str]:
    """Give what a terminal shows, without colours."""
    return re.sub(r"\x1b\[[\d;]*m", "", seen).splitlines()


def lines(text: str) -> list[dict[str, Any]]:
    """Read JSON lines."""
    return [json.loads(line) for line in text.split("\n")[:-1]]


def test_a_pipe_gets_json_lines(account: FakeIntervals, invoke: Any) -> None:
    """In a pipe each record is a line, all of them come, and nothing else is said."""
    result = invoke("list", "projectnote")
    assert result.exit_code == 0
    assert [row["id"] for row in lines(result.stdout)] == [
        row["id"] for row in account.rows("projectnote")
    ]
    assert result.stderr == ""


def test_a_terminal_gets_a_table(account: FakeIntervals, on_terminal: OnTerminal) -> None:
    """On a terminal the fields that say most make a table that fits, and a line sums up."""
    code, seen = on_terminal(
        "list", "projectnote", "--limit", 5, env={**os.environ, "COLUMNS": "80"}
    )
    assert code == 0
    header, *rows, summary = plain(seen)
    assert header.split() == ["id", "title", "date", "localid", "author"]
    assert [int(row.split()[0]) for row in rows] == [
        row["id"] for row in account.rows("projectnote")[:5]
    ]
    assert summary.startswith("5 records of 50, 1 request, ")
    assert all(len(line) <= 80 for line in (header, *rows))
    assert "\x1b[" in seen


@pytest.mark.usefixtures("account")
def test_a_wider_terminal_shows_more(on_terminal: OnTerminal) -> None:
    """What does not fit into 80 columns is there in 160."""
    for width, shown in ((80, False), (160, True)):
        env = {**os.environ, "COLUMNS": str(width)}
        _, seen = on_terminal("list", "projectnote", "--limit", 5, env=env)
        assert ("projectid" in plain(seen)[0]) == shown


@pytest.mark.usefixtures("account")
def test_columns_are_chosen(invoke: Any, on_terminal: OnTerminal) -> None:
    """``--columns`` says which fields, and in which order, in each format."""
    asked = ("list", "projectnote", "--limit", 2, "--columns", "title,id", "--columns", "id")
    assert [list(row) for row in lines(invoke(*asked).stdout)] == [["title", "id"]] * 2
    table = csv.reader(io.StringIO(invoke(*asked, "--format", "csv").stdout))
    assert next(table) == ["title", "id"]
    _, seen = on_terminal(*asked)
    assert plain(seen)[0].split() == ["title", "id"]


@pytest.mark.usefixtures("account")
def test_many_columns_are_squeezed(on_terminal: OnTerminal) -> None:
    """More columns than fit are all there, cut off where they are widest."""
    env = {**os.environ, "COLUMNS": "60"}
    names = "id,projectid,title,note,date,author"
    _, seen = on_terminal("list", "projectnote", "--limit", 3, "--columns", names, env=env)
    header, *rows, _summary = plain(seen)
    assert len(header.split()) == 6
    assert all(len(row) <= 60 for row in rows)
    assert "…" in rows[0]
    env = {**os.environ, "COLUMNS": "20"}
    code, _ = on_terminal("list", "projectnote", "--limit", 3, "--columns", names, env=env)
    assert code == 0


@pytest.mark.usefixtures("account")
def test_the_format_is_chosen(invoke: Any) -> None:
    """``--format`` counts before what standard output is."""
    table = invoke("list", "projectnote", "--limit", 1, "--format", "table").stdout
    assert table.split()[:2] == ["id", "projectid"]
    assert "\x1b" not in table
    text = invoke("list", "projectnote", "--limit", 1, "--format", "csv").stdout
    assert len(next(csv.DictReader(io.StringIO(text)))) > 10


def test_a_long_table_is_shown_while_it_arrives(
    serving: Any, invoke: Any, on_terminal: OnTerminal
) -> None:
    """A table of everything holds no more than its first rows back, also if it breaks off."""
    with serving(FakeIntervals(notes=400, per_minute=None)) as account:
        _, seen = on_terminal("list", "projectnote")
        assert len(plain(seen)) == 402
        account.inject(faults.Status(403, 10, "Permission denied"), skip=1)
        result = invoke("list", "projectnote", "--format", "table")
        assert result.exit_code == 1
        assert len(result.stdout.splitlines()) > 100


def test_nothing_is_no_table(account: FakeIntervals, on_terminal: OnTerminal) -> None:
    """Without a record there is no header, and the last line says so."""
    code, seen = on_terminal("list", "projectnote", "--localid", 999999)
    assert (code, len(plain(seen))) == (0, 1)
    assert seen.startswith("0 records, ")
    assert account.requests == 1


@pytest.mark.usefixtures("account")
def test_fields_that_no_document_names_are_shown(on_terminal: OnTerminal) -> None:
    """What the server sends beyond the known fields is shown as well."""
    _, seen = on_terminal("list", "contacttype")
    header, first, *_ = plain(seen)
    assert header.split() == ["id", "contacttype"]
    assert first.split() == ["1", "E-mail"]


def test_a_terminal_is_not_acted_on(account: FakeIntervals, on_terminal: OnTerminal) -> None:
    """Neither a control character nor markup in a record does anything, and a row is a line."""
    first = int(str(account.rows("projectnote")[0]["id"]))
    account.touch("projectnote", first, title="a\x1b[2J\n[bold]b")
    _, seen = on_terminal("list", "projectnote", "--limit", 1, "--columns", "title")
    assert "\x1b[2J" not in seen
    assert plain(seen)[1] == "a\N{REPLACEMENT CHARACTER}[2J [bold]b"


def test_counting_is_one_small_request(account: FakeIntervals, invoke: Any) -> None:
    """``--count`` shows the number alone."""
    assert invoke("list", "projectnote", "--count").stdout == "50\n"
    assert invoke("list", "projectnote", "--count", "--offset", 45).stdout == "5\n"
    assert account.requests == 2


def test_a_slice_is_taken_where_there_are_pages(account: FakeIntervals, invoke: Any) -> None:
    """``--limit`` and ``--offset`` are there only where the API has them."""
    result = invoke("list", "projectnote", "--limit", 5, "--offset", 10)
    assert [row["id"] for row in lines(result.stdout)] == [
        row["id"] for row in account.rows("projectnote")[10:15]
    ]
    result = invoke("list", "contacttype", "--limit", 5)
    assert result.exit_code == 2
    assert "No such option: --limit" in result.stderr


def test_filters_are_options(account: FakeIntervals, invoke: Any) -> None:
    """Filters bear the API's names; several ids have commas between; moments go in their zone."""
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
        (("projectnote", "--columns", "?"), "it takes one of id, projectid"),
        (("projectnotes",), "Did you mean 'projectnote'"),
        (("projectnote", "--projctid", "3"), "--projectid"),
        (("personcontact",), "The API cannot list personcontact without --personid."),
        (("task", "--sortfield", "nme"), "sortfield"),
        (("task", "--datemodifiedbegin", "2026-05-01T09:00+02:00"), "without a time zone"),
        (("me",), "me cannot be listed: the API only lets it be read; see"),
        (("projectnote", "--format", "xml"), "xml"),
    ],
)
def test_wrong_usage_costs_no_request(
    account: FakeIntervals, invoke: Any, arguments: tuple[str, ...], words: str
) -> None:
    """What cannot be meant is refused with what to do instead."""
    result = invoke("list", *arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert account.requests == 0


def test_as_is_leaves_it_to_the_server(account: FakeIntervals, invoke: Any) -> None:
    """``--as-is`` sends what the documentation does not allow, and asks for nothing required."""
    invoke("list", "task", "--as-is", "--sortfield", "odd", "--projectid", "x", "--overdue", "true")
    invoke("list", "personcontact", "--as-is")
    task, contact = account.log
    wanted = {"sortfield": "odd", "projectid": "x", "overdue": "t"}
    assert wanted.items() <= task.query.items()
    assert "personid" not in contact.query
