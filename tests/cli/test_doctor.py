"""``doctor`` asks, examines the account, prints a table and saves a report."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from intervals_async.doctor import MOST_REQUESTS, Report
from intervals_async.testing import FakeIntervals, SeenRequest, faults

from .conftest import Invoke, OnTerminal, Serving, Spawn, without_colors, without_frame


def test_the_result_is_a_table_by_status(account: FakeIntervals, invoke: Invoke) -> None:
    """With ``--yes`` the examination starts at once; differences come first in the table."""
    account.inject(faults.MissingKey(), path="/client/")
    result = invoke("doctor", "--yes")
    assert result.exit_code == 0
    lines = [line.strip() for line in result.stdout.splitlines()]
    titles = [line for line in lines if line in ("Differ", "Not tested", "As documented")]
    assert titles == ["Differ", "Not tested", "As documented"]
    assert lines[-1].startswith(f"{account.requests} requests: ")
    assert account.requests <= MOST_REQUESTS
    assert {each.method for each in account.log} == {"GET"}


def test_the_report_is_saved(account: FakeIntervals, invoke: Invoke, tmp_path: Path) -> None:
    """With ``--output`` and ``--yes`` the report is saved without a question."""
    path = tmp_path / "report.json"
    result = invoke("doctor", "--yes", "--output", path)
    assert result.exit_code == 0
    assert f"{path}: report saved" in result.stderr
    assert Report.load(path).requests == account.requests


def test_an_existing_file_is_found_before_the_first_request(
    account: FakeIntervals, invoke: Invoke, tmp_path: Path
) -> None:
    """A file that exists, or cannot be written, is an error before any request is sent."""
    path = tmp_path / "report.json"
    path.write_text("mine")
    for output in (path, tmp_path / "none" / "report.json", tmp_path):
        result = invoke("doctor", "--yes", "-o", output)
        assert result.exit_code == 1
        assert str(output) in result.stderr
    assert account.requests == 0
    assert path.read_text() == "mine"
    assert invoke("doctor", "--yes", "-o", path, "--force").exit_code == 0
    assert Report.load(path).complete


def test_without_a_terminal_yes_is_required(account: FakeIntervals, invoke: Invoke) -> None:
    """Without a terminal there is nobody to ask, so ``--yes`` is required."""
    result = invoke("doctor", input="y\n")
    assert result.exit_code == 2
    assert "pass --yes" in without_frame(result.stderr)
    assert account.requests == 0


def test_an_early_end_is_a_failure(account: FakeIntervals, invoke: Invoke, tmp_path: Path) -> None:
    """If a limit ends the examination, the table and the report hold what was found."""
    account.inject(faults.DayUsedUp(), skip=30, times=None)
    path = tmp_path / "report.json"
    result = invoke("doctor", "--yes", "-o", path)
    assert result.exit_code == 1
    assert "the daily quota is used up" in result.stdout
    assert "ended the examination early" in result.stderr
    assert not Report.load(path).complete


def test_a_small_quota_has_its_exit_code(serving: Serving, invoke: Invoke) -> None:
    """A daily quota that is too small is exit code 3, like for exports."""
    with serving(FakeIntervals(notes=0, per_day=20)) as account:
        result = invoke("doctor", "--yes")
        assert result.exit_code == 3
        assert result.stderr.count("\n") == 1
        assert account.requests == 2


def test_a_rejected_token_is_one_line(
    account: FakeIntervals, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong token is an error on one line, without the token."""
    monkeypatch.setenv("INTERVALS_TOKEN", "wrongtoken1")
    result = invoke("doctor", "--yes")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "wrongtoken1" not in result.output
    assert account.requests == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("replies", "code", "saved"), [("y\ny\n", 0, True), ("y\n\n", 0, False), ("n\n", 1, False)]
)
def test_a_person_is_asked_twice(
    account: FakeIntervals,
    on_terminal: OnTerminal,
    tmp_path: Path,
    replies: str,
    code: int,
    saved: bool,
) -> None:
    """The command says what it will do and asks; it shows the report and asks again."""
    path = tmp_path / "report.json"
    ours, theirs = os.openpty()
    os.write(ours, replies.encode())
    try:
        done, seen = on_terminal("doctor", "-o", path, stdin=theirs)
    finally:
        os.close(theirs)
        os.close(ours)
    assert done == code
    assert "at most 60 GET requests" in seen
    assert ("nothing was sent" in seen) == (account.requests == 0) == (code == 1)
    assert path.exists() == saved
    if code == 0:
        assert '"format": "intervals-async doctor"' in "\n".join(without_colors(seen))
        assert ("the report was not saved" in seen) == (not saved)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_ends_the_examination(account: FakeIntervals, spawn: Spawn, tmp_path: Path) -> None:
    """Ctrl-C ends the command with exit code 130 and one line, and saves nothing."""
    path = tmp_path / "report.json"
    account.inject(faults.Delay(60.0), path="/task/")
    process = spawn("doctor", "--yes", "-o", path, text=True)

    def interrupt(fake: FakeIntervals, seen: SeenRequest) -> None:
        if seen.path == "/task/":
            process.send_signal(signal.SIGINT)

    account.between(interrupt)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stderr == "intervals-async: interrupted\n"
    assert [*tmp_path.iterdir()] == []
