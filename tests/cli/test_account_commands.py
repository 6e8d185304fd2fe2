"""``me`` and ``quota`` print one record of the account that options or environment name."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from intervals_async import RetryPolicy
from intervals_async.testing import FakeIntervals, faults

from .conftest import Invoke, OnTerminal, Spawn, without_colors


def test_me_and_quota_print_json_in_a_pipe(account: FakeIntervals, invoke: Invoke) -> None:
    """``me`` and ``quota`` print JSON unless standard output is a terminal."""
    result = invoke("me")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["id"] == account.rows("person")[0]["id"]
    assert json.loads(invoke("quota").stdout)["exceeded"] is False


@pytest.mark.usefixtures("account")
def test_quota_prints_a_table_on_a_terminal(on_terminal: OnTerminal) -> None:
    """On a terminal, ``quota`` prints a line with name and value for each field."""
    code, seen = on_terminal("quota", "--all-fields")
    assert code == 0
    rows = [line.split() for line in without_colors(seen)]
    assert ["exceeded", "no"] in rows
    assert ["business_day"] in rows


def test_control_characters_do_not_reach_the_terminal(
    account: FakeIntervals, on_terminal: OnTerminal
) -> None:
    """A table of one record replaces control characters."""
    (owner, *_) = account.rows("person")
    account.touch("person", int(str(owner["id"])), title="a\x1b[2Jb")
    code, seen = on_terminal("me")
    assert code == 0
    assert "\x1b[2J" not in seen
    assert "a\N{REPLACEMENT CHARACTER}[2Jb" in seen


def test_account_options_work_before_and_after_the_command(
    account: FakeIntervals, invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``--token-file`` and ``--base-url`` override the environment on both sides of a command."""
    path = tmp_path / "token"
    path.write_text(f"\ufeff{account.token}\n", encoding="utf-8")
    monkeypatch.delenv("INTERVALS_BASE_URL")
    for token in (None, "another-token"):
        if token is None:
            monkeypatch.delenv("INTERVALS_TOKEN")
        else:
            monkeypatch.setenv("INTERVALS_TOKEN", token)
        options = ("--token-file", path, "--base-url", account.url)
        assert invoke(*options, "quota").exit_code == 0
        assert invoke("quota", *options).exit_code == 0


def test_options_after_the_command_take_precedence(account: FakeIntervals, invoke: Invoke) -> None:
    """An option after the command overrides the same option before it."""
    result = invoke("--base-url", "http://127.0.0.1:1/", "quota", "--base-url", account.url)
    assert result.exit_code == 0


def test_missing_token_is_wrong_usage(invoke: Invoke) -> None:
    """The error about a missing token names both ways to provide one."""
    result = invoke("me")
    assert result.exit_code == 2
    assert result.stderr == (
        "intervals-async: API token: expected INTERVALS_TOKEN or --token-file, got neither\n"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b" \n", "expected the API token, got an empty file"),
        (b"\xff\xfe\x00", "expected the API token, got binary data"),
        (b"secret word\n", "token"),
    ],
)
def test_file_without_a_token_is_wrong_usage(
    invoke: Invoke, tmp_path: Path, content: bytes, words: str
) -> None:
    """The error about a file without a valid token is one line without its content."""
    path = tmp_path / "token"
    path.write_bytes(content)
    result = invoke("me", "--token-file", path)
    assert result.exit_code == 2
    assert words in result.stderr
    assert "secret" not in result.output
    assert result.stderr.count("\n") == 1


def test_missing_token_file_is_a_failure(invoke: Invoke, tmp_path: Path) -> None:
    """The error about a token file that cannot be read is one line that names it."""
    path = tmp_path / "none"
    result = invoke("--token-file", path, "me")
    assert result.exit_code == 1
    assert result.stderr == f"intervals-async: {path}: no such file or directory\n"


def test_rejected_token_is_not_printed(
    account: FakeIntervals, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error about a token that the server rejects is one line without the token."""
    monkeypatch.setenv("INTERVALS_TOKEN", "wrongtoken1")
    result = invoke("me")
    assert result.exit_code == 1
    assert "HTTP 401, code 9" in result.stderr
    assert result.stderr.count("\n") == 1
    assert "wrongtoken1" not in result.output
    assert account.requests == 1


def test_invalid_base_url_is_wrong_usage(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error about an invalid base URL is one line."""
    monkeypatch.setenv("INTERVALS_TOKEN", "token")
    result = invoke("--base-url", "ftp://example.org", "me")
    assert result.exit_code == 2
    assert result.stderr.startswith("intervals-async: base_url: expected ")
    assert result.stderr.count("\n") == 1


def test_unreachable_server_is_a_failure(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error about an unreachable server is one line."""
    monkeypatch.setenv("INTERVALS_TOKEN", "token")
    once = RetryPolicy(attempts=1)
    monkeypatch.setattr("intervals_async.client.RetryPolicy", lambda: once)
    result = invoke("--base-url", "http://127.0.0.1:1/", "me")
    assert result.exit_code == 1
    assert result.stderr.startswith("intervals-async: GET /me/: ")
    assert result.stderr.count("\n") == 1


def test_malformed_response_is_a_failure(account: FakeIntervals, invoke: Invoke) -> None:
    """The error about a response that is not the API's is one line without a traceback."""
    account.inject(faults.Raw(b"<html>\nlogin\n</html>", content_type="text/html"))
    result = invoke("me")
    assert result.exit_code == 1
    assert result.stderr.startswith("intervals-async: GET /me/: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.usefixtures("account")
def test_traceback_does_not_show_the_token(
    account: FakeIntervals, spawn: Spawn, tmp_path: Path
) -> None:
    """The traceback of a bug in the command shows no values of variables."""
    (tmp_path / "sitecustomize.py").write_text(
        "import json\ndef broken(*_, **__): raise LookupError('a bug')\njson.dumps = broken\n"
    )
    process = spawn("me", env={**os.environ, "PYTHONPATH": str(tmp_path)})
    _, stderr = process.communicate()
    assert process.returncode == 1
    assert b"a bug" in stderr
    assert account.token.encode() not in stderr
