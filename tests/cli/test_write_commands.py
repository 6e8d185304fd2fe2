"""``create``, ``update`` and ``delete`` write records, and explain wrong usage."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from intervals_async.testing import FakeIntervals

from .conftest import Invoke, Spawn, without_frame

NOTE = ("--projectid", "301", "--title", "Hej", "--note", "<p>x</p>", "--secure", "f")


def test_create_sends_options_as_fields(account: FakeIntervals, invoke: Invoke) -> None:
    """``create`` sends options as the API's fields, and prints the stored record."""
    result = invoke("create", "projectnote", *NOTE)
    assert result.exit_code == 0
    record = json.loads(result.stdout)
    assert (record["title"], record["secure"]) == ("Hej", False)
    assert account.rows("projectnote")[-1]["id"] == record["id"]
    (seen,) = account.log
    assert seen.body == {"projectid": 301, "title": "Hej", "note": "<p>x</p>", "secure": "f"}


@pytest.mark.parametrize("how", ["file", "standard input"])
def test_json_provides_fields(
    account: FakeIntervals, invoke: Invoke, tmp_path: Path, how: str
) -> None:
    """``--json`` reads fields from a file or standard input, and options override them."""
    fields = json.dumps({"projectid": 301, "title": "a", "note": "n", "secure": False})
    path = tmp_path / "fields.json"
    path.write_text(fields, encoding="utf-8")
    source = path if how == "file" else "-"
    result = invoke("create", "projectnote", "--json", source, "--title", "b", input=fields)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["title"] == "b"
    assert account.log[0].body == {"projectid": 301, "title": "b", "note": "n", "secure": "f"}


def test_json_values_are_converted(account: FakeIntervals, invoke: Invoke, tmp_path: Path) -> None:
    """JSON strings are parsed like options, lists are several ids, null clears, numbers stay exact."""
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
        ("[1]", 'expected a JSON object, such as {"title": "…"}, got list'),
        ("{", "expected a JSON object, got invalid JSON"),
        (b"\xff", "expected a JSON object, got invalid JSON"),
        ('{"titel": "a"}', "'title'"),
        ('{"secure": "perhaps"}', "'perhaps'"),
        ('{"title": 5}', "title"),
    ],
)
def test_invalid_json_sends_no_request(
    account: FakeIntervals, invoke: Invoke, tmp_path: Path, content: str | bytes, words: str
) -> None:
    """Invalid JSON, or an invalid field in it, is wrong usage and sends no request."""
    path = tmp_path / "fields.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    result = invoke("update", "projectnote", 1, "--json", path)
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())
    assert account.requests == 0


def test_update_changes_and_clears_fields(account: FakeIntervals, invoke: Invoke) -> None:
    """``update`` sends the options as fields, and null for each field of ``--clear``."""
    task = account.rows("task")[0]["id"]
    result = invoke("update", "task", task, "--title", "New", "--clear", "datedue,estimate")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["title"] == "New"
    assert account.log[0].body == {"title": "New", "datedue": None, "estimate": None}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("create", "time", "--time", "1"),
            "create time requires --worktypeid, --personid, --date, --billable.",
        ),
        (("create", "worktype"), "worktype cannot be created: it can only be listed"),
        (("create", "worktype"), "see projectworktype"),
        (("create", "contacttype"), "it can only be listed"),
        (("create", "projectteam"), "see intervals-async projectteam"),
        (("update", "task", "1"), "expected a field to change, got none"),
        (
            ("update", "task", "1", "--clear", "title"),
            "expected a field that may be empty, got 'title'",
        ),
        (("update", "task", "1", "--clear", "datdue"), "did you mean 'datedue'?"),
        (("update", "task", "1", "--titel", "x"), "--title"),
        (("update", "task", "1", "--title", "x" * 256), "255"),
        (("update", "task", "1", "--estimate", "much"), "'much'"),
        (("update", "tasknote", "1", "--clear", "note"), "No such option: --clear"),
        (("create", "person", "--password", "x"), "No such option: --password"),
        (("delete", "task"), "ID"),
        (("delete", "quota", "1"), "quota cannot be deleted"),
    ],
)
def test_wrong_usage_sends_no_request(
    account: FakeIntervals, invoke: Invoke, arguments: tuple[str, ...], words: str
) -> None:
    """Wrong usage sends no request, and the error suggests a remedy."""
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert words in without_frame(result.stderr)
    assert account.requests == 0


def test_missing_dependent_fields_are_wrong_usage(account: FakeIntervals, invoke: Invoke) -> None:
    """A missing field that another field requires is reported in one line, before any request."""
    result = invoke(
        *("create", "time", "--worktypeid", "1", "--personid", "201", "--date", "2026-05-01"),
        *("--time", "1.5", "--billable", "t"),
    )
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "taskid" in result.stderr
    assert account.requests == 0


def test_as_is_sends_undocumented_values(
    account: FakeIntervals, invoke: Invoke, tmp_path: Path
) -> None:
    """``--as-is`` sends undocumented values, and fields of ``--json`` that are not documented."""
    path = tmp_path / "fields.json"
    path.write_text('{"odd": "x", "estimate": "much"}')
    invoke("create", "task", "--as-is", "--json", path, "--dateopen", "soon")
    invoke("update", "task", 1, "--as-is", "--clear", "title", "--projectid", "5")
    created, updated = account.log
    assert created.body == {"odd": "x", "estimate": "much", "dateopen": "soon"}
    assert updated.body == {"title": None, "projectid": 5}


def test_notification_options_set_headers(account: FakeIntervals, invoke: Invoke) -> None:
    """The options for e-mails and action notes set their headers, if the resource has them."""
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


def test_delete_prints_each_deleted_record(account: FakeIntervals, invoke: Invoke) -> None:
    """``delete`` prints each deleted record, and stops at the first failure."""
    first, second, *_ = [row["id"] for row in account.rows("projectnote")]
    result = invoke("delete", "projectnote", first, 99, second, "--yes")
    assert result.exit_code == 1
    deleted, error = result.stderr.splitlines()
    assert deleted == f"deleted projectnote {first}"
    assert error == "intervals-async: there is no projectnote 99 (HTTP 404, code 14)"
    assert second in [row["id"] for row in account.rows("projectnote")]


def test_delete_requires_yes_without_a_terminal(account: FakeIntervals, invoke: Invoke) -> None:
    """Without a terminal, ``delete`` requires ``--yes``."""
    result = invoke("delete", "projectnote", 1)
    assert result.exit_code == 2
    assert "stdin is not a terminal; pass --yes to delete projectnote 1." in result.stderr
    assert account.requests == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("reply", "code", "requests", "words"),
    [
        (b"y\n", 0, 1, "deleted projectnote"),
        (b"n\n", 1, 0, "intervals-async: nothing was deleted"),
        (b"\x04", 1, 0, "intervals-async: nothing was deleted"),
        (signal.SIGINT, 130, 0, "intervals-async: interrupted"),
    ],
    ids=["yes", "no", "end of file", "Ctrl-C"],
)
def test_delete_asks_on_a_terminal(
    account: FakeIntervals,
    spawn: Spawn,
    reply: bytes | signal.Signals,
    code: int,
    requests: int,
    words: str,
) -> None:
    """On a terminal, ``delete`` asks for confirmation; any reply except yes deletes nothing."""
    openpty = getattr(os, "openpty", None)
    if openpty is None:
        pytest.skip("this platform has no pseudo-terminals")
    ours, theirs = openpty()
    first = account.rows("projectnote")[0]["id"]
    process = spawn("delete", "projectnote", first, stdin=theirs)
    question = f"Delete projectnote {first}? [y/N] ".encode()
    assert process.stderr is not None
    assert process.stderr.read(len(question)) == question
    if isinstance(reply, bytes):
        os.write(ours, reply)
    else:
        process.send_signal(reply)
    _, stderr = process.communicate()
    os.close(theirs)
    os.close(ours)
    assert words in stderr.decode()
    assert (process.returncode, account.requests) == (code, requests)


@pytest.mark.slow
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
def test_closed_standard_stream_is_a_failure(spawn: Spawn, command: str, closed: int) -> None:
    """The error about a closed standard stream is one line."""
    process = spawn(*command.split(), preexec_fn=lambda: os.close(closed))
    _, stderr = process.communicate()
    assert process.returncode == 1
    name = ("standard input", "standard output")[closed]
    assert stderr.decode() == f"intervals-async: {name}: bad file descriptor\n"


def test_missing_json_file_is_a_failure(spawn: Spawn) -> None:
    """The error about a missing ``--json`` file is one line."""
    process = spawn("update", "projectnote", 1, "--json", "none.json")
    _, stderr = process.communicate()
    assert process.returncode == 1
    assert stderr == b"intervals-async: none.json: no such file or directory\n"
