"""``get`` shows one record."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from intervals_async.testing import FakeIntervals

OnTerminal = Callable[..., tuple[int, str]]


def test_a_record_is_json_in_a_pipe(account: FakeIntervals, invoke: Any) -> None:
    """A program gets the whole record."""
    first = account.rows("task")[0]
    record = json.loads(invoke("get", "task", first["id"]).stdout)
    assert (record["id"], record["title"]) == (first["id"], first["title"])


def test_a_record_is_a_table_on_a_terminal(account: FakeIntervals, on_terminal: OnTerminal) -> None:
    """A reader gets a name and a value a line, moments of UTC with their Z."""
    first = account.rows("projectnote")[0]
    code, seen = on_terminal("get", "projectnote", first["id"])
    assert code == 0
    rows = dict(
        line.split(maxsplit=1)
        for line in re.sub(r"\x1b\[[\d;]*m", "", seen).splitlines()
        if len(line.split()) > 1
    )
    assert rows["id"].strip() == str(first["id"])
    assert rows["date"].strip().endswith("Z")


@pytest.mark.usefixtures("account")
def test_the_format_is_chosen(invoke: Any) -> None:
    """``--format`` counts before what standard output is."""
    assert invoke("get", "me", "--format", "table").stdout.startswith("id ")
    assert invoke("me", "--format", "table").stdout.startswith("id ")
    assert json.loads(invoke("quota", "--format", "json").stdout)["exceeded"] is False


def test_what_there_is_one_of_needs_no_id(account: FakeIntervals, invoke: Any) -> None:
    """``get me`` and ``get quota`` are ``me`` and ``quota``; the team's id is its project's."""
    assert invoke("get", "me").stdout == invoke("me").stdout
    assert "quota" in json.loads(invoke("get", "quota").stdout)
    project = account.rows("project")[0]["id"]
    assert json.loads(invoke("get", "projectteam", project).stdout)["projectid"] == project


def test_a_task_is_had_by_the_number_that_people_see(account: FakeIntervals, invoke: Any) -> None:
    """``--localid`` stands in the place of the id, of a task."""
    task = account.rows("task")[3]
    found = json.loads(invoke("get", "task", "--localid", task["localid"]).stdout)
    assert found["id"] == task["id"]
    for wrong in ((), (task["id"], "--localid", task["localid"])):
        result = invoke("get", "task", *wrong)
        assert result.exit_code == 2
        assert "either its ID or --localid" in result.stderr
    assert "No such option: --localid" in invoke("get", "project", "--localid", 1).stderr


@pytest.mark.parametrize("wrong", [("projectnote",), ("projectnote", "0"), ("projectnote", "x")])
def test_a_wrong_id_costs_no_request(
    account: FakeIntervals, invoke: Any, wrong: tuple[str, ...]
) -> None:
    """An id is a whole number above zero."""
    assert invoke("get", *wrong).exit_code == 2
    assert account.requests == 0


@pytest.mark.usefixtures("account")
def test_a_record_that_is_not_there_is_said(invoke: Any) -> None:
    """What the API does not have is one line."""
    result = invoke("get", "task", 99)
    assert result.exit_code == 1
    assert result.stderr.startswith("intervals-async: GET /task/99/: HTTP 404")
    assert result.stderr.count("\n") == 1
