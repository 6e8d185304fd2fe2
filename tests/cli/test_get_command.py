"""``get`` prints one record."""

from __future__ import annotations

import json

import pytest

from intervals_async.testing import FakeIntervals, faults

from .conftest import Invoke, OnTerminal, without_colors


def test_get_prints_json_in_a_pipe(account: FakeIntervals, invoke: Invoke) -> None:
    """``get`` prints JSON unless standard output is a terminal."""
    first = account.rows("task")[0]
    record = json.loads(invoke("get", "task", first["id"]).stdout)
    assert (record["id"], record["title"]) == (first["id"], first["title"])


def test_get_prints_a_table_on_a_terminal(account: FakeIntervals, on_terminal: OnTerminal) -> None:
    """On a terminal, ``get`` prints a line for each field, and UTC times end in Z."""
    first = account.rows("projectnote")[0]
    code, seen = on_terminal("get", "projectnote", first["id"])
    assert code == 0
    rows = dict(line.split(maxsplit=1) for line in without_colors(seen) if len(line.split()) > 1)
    assert rows["id"].strip() == str(first["id"])
    assert rows["date"].strip().endswith("Z")


@pytest.mark.usefixtures("account")
def test_format_option_overrides_the_default(invoke: Invoke) -> None:
    """``--format`` overrides the format that standard output implies."""
    assert invoke("get", "me", "--format", "table").stdout.startswith("id ")
    assert invoke("me", "--format", "table").stdout.startswith("id ")
    assert json.loads(invoke("quota", "--format", "json").stdout)["exceeded"] is False


def test_single_records_need_no_id(account: FakeIntervals, invoke: Invoke) -> None:
    """``get me`` and ``get quota`` take no ID; ``get projectteam`` takes that of the project."""
    assert invoke("get", "me").stdout == invoke("me").stdout
    assert "quota" in json.loads(invoke("get", "quota").stdout)
    project = account.rows("project")[0]["id"]
    assert json.loads(invoke("get", "projectteam", project).stdout)["projectid"] == project


def test_task_takes_an_id_or_a_localid(account: FakeIntervals, invoke: Invoke) -> None:
    """``get task`` takes either an ID or ``--localid``; other resources have no ``--localid``."""
    task = account.rows("task")[3]
    found = json.loads(invoke("get", "task", "--localid", task["localid"]).stdout)
    assert found["id"] == task["id"]
    for wrong, got in (((), "neither"), ((task["id"], "--localid", task["localid"]), "both")):
        result = invoke("get", "task", *wrong)
        assert result.exit_code == 2
        assert f"task: expected an ID or --localid, got {got}." in result.stderr
    assert "No such option: --localid" in invoke("get", "project", "--localid", 1).stderr


@pytest.mark.parametrize("wrong", [("projectnote",), ("projectnote", "0"), ("projectnote", "x")])
def test_invalid_id_sends_no_request(
    account: FakeIntervals, invoke: Invoke, wrong: tuple[str, ...]
) -> None:
    """An ID that is not a positive integer is wrong usage and sends no request."""
    assert invoke("get", *wrong).exit_code == 2
    assert account.requests == 0


@pytest.mark.usefixtures("account")
def test_missing_record_is_a_failure(invoke: Invoke) -> None:
    """The error about a record that does not exist is one line."""
    result = invoke("get", "task", 99)
    assert result.exit_code == 1
    assert result.stderr == "intervals-async: there is no task 99 (HTTP 404, code 14)\n"
    result = invoke("get", "task", "--localid", 7777)
    assert result.stderr == "intervals-async: there is no task with localid 7777\n"
    assert invoke("get", "document", 99).stderr == "intervals-async: there is no document 99\n"


@pytest.mark.parametrize(
    "words",
    [
        ("update", "task", 99, "--title", "New"),
        ("delete", "task", 99, "--yes"),
        ("download", "document", 99, "--output", "-"),
        ("timer", "pause", 99),
    ],
)
@pytest.mark.usefixtures("account")
def test_each_command_names_the_missing_record(invoke: Invoke, words: tuple[object, ...]) -> None:
    """Every command with an ID names the record that does not exist, without the request."""
    resource = words[0] if words[0] == "timer" else words[1]
    result = invoke(*words)
    assert result.stderr == f"intervals-async: there is no {resource} 99 (HTTP 404, code 14)\n"


def test_a_page_that_is_not_found_names_the_request(account: FakeIntervals, invoke: Invoke) -> None:
    """A 404 of another server, as with a wrong URL, does not say that there is no such record."""
    account.inject(faults.Raw(b"<html>Not Found</html>", status=404))
    assert invoke("get", "task", 99).stderr.startswith("intervals-async: GET /task/99/: HTTP 404")


def test_people_of_a_task_are_names(account: FakeIntervals, invoke: Invoke) -> None:
    """A table shows people within a record by their names only."""
    task = account.rows("task")[0]
    lines = invoke("get", "task", task["id"], "--format", "table").stdout.splitlines()
    names = next(line for line in lines if line.startswith("assignee "))
    assert names.split(maxsplit=1)[1].strip() == task["assignees"]


@pytest.mark.slow
def test_empty_fields_need_an_option(account: FakeIntervals, on_terminal: OnTerminal) -> None:
    """A table leaves out empty fields unless ``--all-fields`` is set."""
    row = next(row for row in account.rows("task") if row["dateclosed"] is None)
    shown = without_colors(on_terminal("get", "task", row["id"])[1])
    assert all(len(line.split()) > 1 for line in shown)
    assert not any(line.startswith("dateclosed") for line in shown)
    every = without_colors(on_terminal("get", "task", row["id"], "--all-fields")[1])
    assert any(line.split() == ["dateclosed"] for line in every)


def test_json_has_all_fields(account: FakeIntervals, invoke: Invoke) -> None:
    """JSON, which programs read, has the same keys for each record."""
    row = next(row for row in account.rows("task") if row["dateclosed"] is None)
    assert json.loads(invoke("get", "task", row["id"]).stdout)["dateclosed"] is None
