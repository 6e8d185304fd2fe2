"""What only some resources can: timers, teams, downloads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from intervals_async.testing import FakeIntervals


def test_a_timer_starts_pauses_and_resumes(account: FakeIntervals, invoke: Any) -> None:
    """Without a person it is the token's owner's; moments without a zone are UTC."""
    task = account.rows("task")[0]["id"]
    asked = ("timer", "start", "--taskid", task, "--name", "x", "--at", "2026-05-01T10:00")
    timer = json.loads(invoke(*asked).stdout)
    assert timer["starttime"] == "2026-05-01T10:00:00+00:00"
    assert account.log[-1].body == {
        "personid": account.rows("person")[0]["id"],
        "starttime": "2026-05-01 10:00:00",
        "taskid": task,
        "name": "x",
    }
    paused = invoke("timer", "pause", timer["id"], "--at", "2026-05-01T13:00+02:00")
    assert json.loads(paused.stdout)["starttime"] is None
    assert account.log[-1].body == {"starttime": None, "time": 3600}
    resumed = invoke("timer", "resume", timer["id"], "--format", "table")
    assert resumed.exit_code == 0
    assert resumed.stdout.startswith("id ")


def test_a_timer_is_started_for_somebody_else(account: FakeIntervals, invoke: Any) -> None:
    """``--personid`` spares the question who one is."""
    other = account.rows("person")[1]["id"]
    assert invoke("timer", "start", "--personid", other).exit_code == 0
    assert account.requests == 1


def test_a_moment_that_is_none_is_refused(account: FakeIntervals, invoke: Any) -> None:
    """It costs no request."""
    result = invoke("timer", "pause", 1, "--at", "noon")
    assert result.exit_code == 2
    assert "'noon' is none" in result.stderr
    assert account.requests == 0


def test_people_come_and_go(account: FakeIntervals, invoke: Any) -> None:
    """Several people are one request."""
    project = account.rows("project")[0]["id"]
    people = [row["id"] for row in account.rows("person")[4:6]]
    named = ("--personid", ",".join(map(str, people)))
    assert invoke("projectteam", "add", project, *named, "--securenotes").exit_code == 0
    assert invoke("projectteam", "remove", project, *named).exit_code == 0
    added, removed = account.log
    assert (added.method, removed.method) == ("POST", "DELETE")
    assert added.body == [{"personid": str(each), "securenotes": "t"} for each in people]
    assert removed.body == [{"personid": str(each)} for each in people]


def test_people_that_cannot_be_meant_are_refused(account: FakeIntervals, invoke: Any) -> None:
    """It costs no request."""
    result = invoke("projectteam", "remove", 301, "--personid", "5,x")
    assert result.exit_code == 2
    assert "'x' is none" in result.stderr
    assert account.requests == 0


@pytest.mark.usefixtures("account")
def test_a_file_is_downloaded(account: FakeIntervals, invoke: Any, tmp_path: Path) -> None:
    """It appears when it is whole, is not overwritten unasked, and may go to standard output."""
    document = account.rows("document")[0]["id"]
    path = tmp_path / "file"
    result = invoke("download", "document", document, "-o", path)
    assert result.exit_code == 0
    assert result.stderr == f"{path.stat().st_size:,} bytes → {path}\n"
    again = invoke("download", "document", document, "-o", path)
    assert again.exit_code == 1
    assert "--force replaces it" in again.stderr
    assert invoke("download", "document", document, "-o", path, "--force").exit_code == 0
    streamed = invoke("download", "document", document, "-o", "-")
    assert streamed.stdout_bytes == path.read_bytes()
    assert streamed.stderr == ""
