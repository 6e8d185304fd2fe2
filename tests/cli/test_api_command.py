"""``api``: send one request as typed."""

from __future__ import annotations

import json

import pytest

from intervals_async.testing import FakeIntervals, faults

from .conftest import Invoke, OnTerminal, without_frame


def test_get_prints_the_body_as_it_was_sent(account: FakeIntervals, invoke: Invoke) -> None:
    """A pipe gets the bytes of the server; the query may be in the path or in options."""
    result = invoke("api", "get", "/projectnote/?limit=2", "--query", "offset=3")
    assert result.exit_code == 0
    rows = json.loads(result.stdout)["projectnote"]
    assert [int(row["id"]) for row in rows] == [
        row["id"] for row in account.rows("projectnote")[3:5]
    ]
    account.inject(faults.Raw(b'{"listcount" : 0}'))
    assert invoke("api", "GET", "/task/").stdout_bytes == b'{"listcount" : 0}'


def test_a_query_in_the_path_is_encoded_once(account: FakeIntervals, invoke: Invoke) -> None:
    """A query in the path reaches the server as it was typed, percent-encoded."""
    assert invoke("api", "GET", "/project/?search=Website%201%26&limit=5").exit_code == 0
    assert account.log[-1].query == {"search": "Website 1&", "limit": "5"}


def test_writes_are_sent_once(account: FakeIntervals, invoke: Invoke) -> None:
    """POST and PUT send the JSON, DELETE asks first, and a POST of unknown outcome is not retried."""
    note = {"projectid": 301, "title": "Raw", "note": "<p>x</p>", "secure": "f"}
    made = json.loads(invoke("api", "POST", "/projectnote/", "--data", json.dumps(note)).stdout)
    path = f"/projectnote/{made['projectnote']['id']}/"
    changed = invoke("api", "PUT", path, "--data", "-", input='{"title": "New"}')
    assert json.loads(changed.stdout)["projectnote"]["title"] == "New"
    requests = account.requests
    assert invoke("api", "DELETE", path).exit_code == 2
    assert account.requests == requests
    assert invoke("api", "DELETE", path, "--yes").exit_code == 0
    assert invoke("api", "GET", path).exit_code == 1
    before = len(account.rows("projectnote"))
    account.inject(faults.DropAfter())
    assert invoke("api", "POST", "/projectnote/", "--data", json.dumps(note)).exit_code == 1
    assert len(account.rows("projectnote")) == before + 1


@pytest.mark.parametrize(
    "words",
    [
        ("GET", "task"),
        ("GET", "/task/../person/"),
        ("GET", "/task/", "--query", "limit"),
        ("GET", "/task/?limit=1&limit=2"),
        ("GET", "/task/?limit"),
        ("GET", "/task/?search=%ff"),
        ("GET", "/task/", "--data", "{}"),
        ("POST", "/task/"),
        ("POST", "/task/", "--data", "{"),
        ("POST", "/task/", "--data", "3"),
        ("PATCH", "/task/"),
    ],
)
def test_wrong_usage_sends_no_request(
    account: FakeIntervals, invoke: Invoke, words: tuple[str, ...]
) -> None:
    """Invalid arguments are refused before a request, with exit code 2."""
    result = invoke("api", *words)
    assert result.exit_code == 2
    assert without_frame(result.stderr)
    assert account.requests == 0


@pytest.mark.slow
def test_a_terminal_gets_indented_and_cleaned_text(
    account: FakeIntervals, on_terminal: OnTerminal
) -> None:
    """JSON is indented on a terminal, and whatever it would obey is escaped."""
    account.inject(faults.Raw(b'{"a":"\xc2\x9b31m"}'))
    assert on_terminal("api", "GET", "/task/") == (0, '{\r\n  "a": "\\u009b31m"\r\n}\r\n')
