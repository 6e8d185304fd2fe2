"""``create``, ``update`` and ``delete`` write, and say what they lack."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from intervals_async._cli.app import app
from intervals_async.testing import FakeIntervals

NOTE = ("--projectid", "301", "--title", "Hej", "--note", "<p>x</p>", "--secure", "f")


def test_a_record_is_created_from_options(account: FakeIntervals, invoke: Any) -> None:
    """Fields are options under the API's names, and the record comes back as it was stored."""
    result = invoke("create", "projectnote", *NOTE)
    assert result.exit_code == 0
    record = json.loads(result.stdout)
    assert (record["title"], record["secure"]) == ("Hej", False)
    assert account.rows("projectnote")[-1]["id"] == record["id"]
    (seen,) = account.log
    assert seen.body == {"projectid": 301, "title": "Hej", "note": "<p>x</p>", "secure": "f"}


@pytest.mark.parametrize("how", ["file", "standard input"])
def test_fields_come_from_json(account: FakeIntervals, tmp_path: Path, how: str) -> None:
    """``--json`` brings fields as texts or as JSON has them; options come before them."""
    fields = json.dumps({"projectid": 301, "title": "a", "note": "n", "secure": False})
    path = tmp_path / "fields.json"
    path.write_text(fields, encoding="utf-8")
    source = str(path) if how == "file" else "-"
    arguments = ["create", "projectnote", "--json", source, "--title", "b"]
    result = CliRunner().invoke(app, arguments, input=fields)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["title"] == "b"
    assert account.log[0].body == {"projectid": 301, "title": "b", "note": "n", "secure": "f"}


def test_json_says_texts_lists_and_nothing(
    account: FakeIntervals, invoke: Any, tmp_path: Path
) -> None:
    """Texts are read as options are, a list is several ids, null clears, a number stays exact."""
    task = account.rows("task")[0]["id"]
    path = tmp_path / "fields.json"
    people = [row["id"] for row in account.rows("person")[:2]]
    path.write_text(
        json.dumps({"datedue": None, "dateopen": "2026-05-01", "ownerid": people})[:-1]
        + ', "estimate": 1.10}'
    )
    assert invoke("update", "task", task, "--json", path).exit_code == 0
    assert account.log[0].body == {
        "datedue": None,
        "dateopen": "2026-05-01",
        "ownerid": ",".join(map(str, people)),
        "estimate": "1.10",
    }


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[1]", "holds no object of fields"),
        ("{", "is no JSON"),
        (b"\xff", "is no JSON"),
        ('{"titel": "a"}', "did you mean 'title'?"),
        ('{"secure": "perhaps"}', "secure: expected True or False"),
        ('{"title": 5}', "title: expected text, got int"),
    ],
)
def test_json_that_cannot_be_meant_is_refused(
    account: FakeIntervals, invoke: Any, tmp_path: Path, content: str | bytes, words: str
) -> None:
    """It costs no request, and is wrong usage."""
    path = tmp_path / "fields.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    result = invoke("update", "projectnote", 1, "--json", path)
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())
    assert account.requests == 0


def test_some_fields_are_changed_and_others_cleared(account: FakeIntervals, invoke: Any) -> None:
    """``update`` sends what was said; ``--clear`` empties."""
    task = account.rows("task")[0]["id"]
    result = invoke("update", "task", task, "--title", "New", "--clear", "datedue,estimate")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["title"] == "New"
    assert account.log[0].body == {"title": "New", "datedue": None, "estimate": None}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("create", "time", "--time", "1"), "without --worktypeid, --personid, --date, --billable"),
        (("create", "worktype"), "worktype cannot be created: the API only lets it be listed"),
        (("create", "worktype"), "see projectworktype"),
        (("create", "contacttype"), "the API only lets it be listed"),
        (("create", "projectteam"), "see intervals-async projectteam"),
        (("update", "task", "1"), "Say what to change"),
        (("update", "task", "1", "--clear", "title"), "the API needs a value for title"),
        (("update", "task", "1", "--clear", "datdue"), "did you mean 'datedue'?"),
        (("update", "task", "1", "--titel", "x"), "--title"),
        (("update", "task", "1", "--title", "x" * 256), "at most 255 characters"),
        (("update", "task", "1", "--estimate", "much"), "'much' is none"),
        (("update", "tasknote", "1", "--clear", "note"), "No such option: --clear"),
        (("create", "person", "--password", "x"), "No such option: --password"),
        (("delete", "task"), "ID"),
        (("delete", "quota", "1"), "quota cannot be deleted"),
    ],
)
def test_wrong_usage_costs_no_request(
    account: FakeIntervals, invoke: Any, arguments: tuple[str, ...], words: str
) -> None:
    """What cannot be meant is refused with what to do instead."""
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.replace("│", " ").split())
    assert account.requests == 0


def test_fields_that_depend_on_one_another_are_wrong_usage(
    account: FakeIntervals, invoke: Any
) -> None:
    """What only the library knows of a resource is one line."""
    result = invoke(
        *("create", "time", "--worktypeid", "1", "--personid", "201", "--date", "2026-05-01"),
        *("--time", "1.5", "--billable", "t"),
    )
    assert result.exit_code == 2
    assert "taskid, or projectid and moduleid" in result.stderr
    assert account.requests == 0


def test_as_is_leaves_it_to_the_server(account: FakeIntervals, invoke: Any, tmp_path: Path) -> None:
    """``--as-is`` sends what the documentation does not allow, of JSON also unknown fields."""
    path = tmp_path / "fields.json"
    path.write_text('{"odd": "x", "estimate": "much"}')
    invoke("create", "task", "--as-is", "--json", path, "--dateopen", "soon")
    invoke("update", "task", 1, "--as-is", "--clear", "title", "--projectid", "5")
    created, updated = account.log
    assert created.body == {"odd": "x", "estimate": "much", "dateopen": "soon"}
    assert updated.body == {"title": None, "projectid": 5}


def test_headers_are_asked_for(account: FakeIntervals, invoke: Any) -> None:
    """E-mails and action notes are the two headers' matter, where the resource has them."""
    task = account.rows("task")[0]["id"]
    invoke("update", "task", task, "--title", "a")
    invoke(
        *("update", "task", task, "--title", "b"), "--send-notifications", "--disable-action-notes"
    )
    invoke("delete", "task", task, "--yes", "--send-notifications")
    names = ("x-intervals-send-notifications", "x-intervals-disable-action-notes")
    assert [[seen.headers.get(name) for name in names] for seen in account.log] == [
        [None, None],
        ["t", "t"],
        ["t", None],
    ]
    result = invoke("update", "projectnote", 1, "--disable-action-notes")
    assert "No such option" in result.stderr


def test_several_are_deleted(account: FakeIntervals, invoke: Any) -> None:
    """Each that is gone is said, so that it is known what one that fails has left."""
    first, second, *_ = [row["id"] for row in account.rows("projectnote")]
    result = invoke("delete", "projectnote", first, 99, second, "--yes")
    assert result.exit_code == 1
    told, error = result.stderr.splitlines()
    assert told == f"deleted projectnote {first}"
    assert error.startswith("intervals-async: DELETE /projectnote/99/: HTTP 404")
    assert second in [row["id"] for row in account.rows("projectnote")]


def test_nobody_to_ask_deletes_nothing(account: FakeIntervals, invoke: Any) -> None:
    """In a pipe ``--yes`` is demanded."""
    result = invoke("delete", "projectnote", 1)
    assert result.exit_code == 2
    assert "say --yes to delete projectnote 1" in result.stderr
    assert account.requests == 0


@pytest.mark.parametrize(
    ("answer", "code", "requests", "words"),
    [
        (b"y\n", 0, 1, "deleted projectnote"),
        (b"n\n", 1, 0, "intervals-async: nothing was deleted"),
        (b"\x04", 1, 0, "intervals-async: nothing was deleted"),
        (signal.SIGINT, 130, 0, "intervals-async: interrupted"),
    ],
    ids=["yes", "no", "the end", "Ctrl-C"],
)
def test_somebody_is_asked(
    account: FakeIntervals,
    spawn: Callable[..., Any],
    answer: bytes | signal.Signals,
    code: int,
    requests: int,
    words: str,
) -> None:
    """On a terminal a word decides, and whatever is not yes deletes nothing."""
    openpty = getattr(os, "openpty", None)
    if openpty is None:
        pytest.skip("there are no pseudo-terminals here")
    ours, theirs = openpty()
    first = account.rows("projectnote")[0]["id"]
    process = spawn("delete", "projectnote", first, stdin=theirs)
    question = f"Delete projectnote {first}? [y/N] ".encode()
    assert process.stderr.read(len(question)) == question
    if isinstance(answer, bytes):
        os.write(ours, answer)
    else:
        process.send_signal(answer)
    _, stderr = process.communicate()
    os.close(theirs)
    os.close(ours)
    assert words in stderr.decode()
    assert (process.returncode, account.requests) == (code, requests)


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("command", "closed"),
    [
        ("get me", 1),
        ("list projectnote", 1),
        ("delete projectnote 1", 0),
        ("update projectnote 1 --json -", 0),
    ],
)
def test_closed_streams_are_said(spawn: Callable[..., Any], command: str, closed: int) -> None:
    """A standard stream that is not there is one line."""
    process = spawn(*command.split(), preexec_fn=lambda: os.close(closed))
    _, stderr = process.communicate()
    assert process.returncode == 1
    name = ("standard input", "standard output")[closed]
    assert stderr.decode() == f"intervals-async: {name}: bad file descriptor\n"


def test_a_file_of_fields_that_is_not_there_is_said(spawn: Callable[..., Any]) -> None:
    """It is one line."""
    process = spawn("update", "projectnote", 1, "--json", "none.json")
    _, stderr = process.communicate()
    assert process.returncode == 1
    assert stderr == b"intervals-async: none.json: no such file or directory\n"
