"""``me`` and ``quota`` show one record, of the account that the options or the environment name."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from intervals_async import RetryPolicy
from intervals_async.testing import FakeIntervals, faults


def test_one_record_is_json_in_a_pipe(account: FakeIntervals, invoke: Any) -> None:
    """A program gets the record as JSON."""
    result = invoke("me")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["id"] == account.rows("person")[0]["id"]
    assert json.loads(invoke("quota").stdout)["exceeded"] is False


@pytest.mark.usefixtures("account")
def test_one_record_is_a_table_on_a_terminal(on_terminal: Callable[..., tuple[int, str]]) -> None:
    """A reader gets a name and a value a line, in words."""
    code, seen = on_terminal("quota")
    assert code == 0
    rows = [line.split() for line in re.sub(r"\x1b\[\d*m", "", seen).splitlines()]
    assert ["exceeded", "no"] in rows
    assert ["business_day"] in rows


def test_a_terminal_is_not_acted_on(
    account: FakeIntervals, on_terminal: Callable[..., tuple[int, str]]
) -> None:
    """A control character in a record does not reach the terminal."""
    (owner, *_) = account.rows("person")
    account.touch("person", int(str(owner["id"])), title="a\x1b[2Jb")
    code, seen = on_terminal("me")
    assert code == 0
    assert "\x1b[2J" not in seen
    assert "a\N{REPLACEMENT CHARACTER}[2Jb" in seen


def test_the_token_may_come_from_a_file(
    account: FakeIntervals, invoke: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``--token-file`` and ``--base-url`` count before the command and after it."""
    path = tmp_path / "token"
    path.write_text(f"\ufeff{account.token}\n", encoding="utf-8")
    monkeypatch.delenv("INTERVALS_BASE_URL")
    for token in (None, "of-somebody-else"):
        if token is None:
            monkeypatch.delenv("INTERVALS_TOKEN")
        else:
            monkeypatch.setenv("INTERVALS_TOKEN", token)
        options = ("--token-file", path, "--base-url", account.url)
        assert invoke(*options, "quota").exit_code == 0
        assert invoke("quota", *options).exit_code == 0


def test_options_after_the_command_win(account: FakeIntervals, invoke: Any) -> None:
    """What is said later counts."""
    result = invoke("--base-url", "http://127.0.0.1:1/", "quota", "--base-url", account.url)
    assert result.exit_code == 0


def test_a_missing_token_is_said(invoke: Any) -> None:
    """Without a token the two ways to give one are named."""
    result = invoke("me")
    assert result.exit_code == 2
    assert result.stderr.startswith("intervals-async: there is no token: set INTERVALS_TOKEN")
    assert "--token-file" in result.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b" \n", "is empty"),
        (b"\xff\xfe\x00", "binary data"),
        (b"secret word\n", "printable ASCII"),
    ],
)
def test_a_file_without_a_token_is_said(
    invoke: Any, tmp_path: Path, content: bytes, words: str
) -> None:
    """A file that holds no token is one line, which does not show what it holds."""
    path = tmp_path / "token"
    path.write_bytes(content)
    result = invoke("me", "--token-file", path)
    assert result.exit_code == 2
    assert words in result.stderr
    assert "secret" not in result.output
    assert result.stderr.count("\n") == 1


def test_a_file_that_is_not_there_is_said(invoke: Any, tmp_path: Path) -> None:
    """A token's file that cannot be read is one line."""
    path = tmp_path / "none"
    result = invoke("--token-file", path, "me")
    assert result.exit_code == 1
    assert result.stderr == f"intervals-async: {path}: no such file or directory\n"


def test_a_wrong_token_is_said_and_not_shown(
    account: FakeIntervals, invoke: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that is not accepted is one line without the token."""
    monkeypatch.setenv("INTERVALS_TOKEN", "wrongtoken1")
    result = invoke("me")
    assert result.exit_code == 1
    assert "HTTP 401, code 9" in result.stderr
    assert result.stderr.count("\n") == 1
    assert "wrongtoken1" not in result.output
    assert account.requests == 1


def test_a_wrong_address_is_said(invoke: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that is none is one line."""
    monkeypatch.setenv("INTERVALS_TOKEN", "token")
    result = invoke("--base-url", "ftp://example.org", "me")
    assert result.exit_code == 2
    assert result.stderr.startswith("intervals-async: base_url: expected ")


def test_an_unreachable_host_is_said(invoke: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is not there is one line."""
    monkeypatch.setenv("INTERVALS_TOKEN", "token")
    once = RetryPolicy(attempts=1)
    monkeypatch.setattr("intervals_async.client.RetryPolicy", lambda: once)
    result = invoke("--base-url", "http://127.0.0.1:1/", "me")
    assert result.exit_code == 1
    assert result.stderr.startswith("intervals-async: GET /me/: connection failed: ")
    assert result.stderr.count("\n") == 1


def test_an_answer_that_is_none_is_said(account: FakeIntervals, invoke: Any) -> None:
    """What is no answer of the API is one line, and no traceback."""
    account.inject(faults.Raw(b"<html>\nlogin\n</html>", content_type="text/html"))
    result = invoke("me")
    assert result.exit_code == 1
    assert result.stderr.startswith("intervals-async: GET /me/: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.usefixtures("account")
def test_a_traceback_does_not_show_the_token(
    account: FakeIntervals, spawn: Any, tmp_path: Path
) -> None:
    """Even a mistake in the command itself shows no variables."""
    (tmp_path / "sitecustomize.py").write_text(
        "import json\ndef broken(*_, **__): raise LookupError('a mistake')\njson.dumps = broken\n"
    )
    process = spawn("me", env={**os.environ, "PYTHONPATH": str(tmp_path)})
    _, stderr = process.communicate()
    assert process.returncode == 1
    assert b"a mistake" in stderr
    assert account.token.encode() not in stderr
