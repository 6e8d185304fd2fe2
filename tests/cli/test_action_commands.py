"""The actions of single resources: timers, project teams, downloads."""

from __future__ import annotations

import json
from pathlib import Path

from intervals_async.testing import FakeIntervals

from .conftest import Invoke


def test_timer_starts_pauses_and_resumes(account: FakeIntervals, invoke: Invoke) -> None:
    """A timer belongs to the token's owner by default, and times without an offset are UTC."""
    task = account.rows("task")[0]["id"]
    arguments = ("timer", "start", "--taskid", task, "--name", "x", "--at", "2026-05-01T10:00")
    timer = json.loads(invoke(*arguments).stdout)
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


def test_timer_of_another_person_takes_one_request(account: FakeIntervals, invoke: Invoke) -> None:
    """With ``--personid``, ``timer start`` does not request the token's owner."""
    other = account.rows("person")[1]["id"]
    assert invoke("timer", "start", "--personid", other).exit_code == 0
    assert account.requests == 1


def test_invalid_time_sends_no_request(account: FakeIntervals, invoke: Invoke) -> None:
    """An invalid ``--at`` is wrong usage and sends no request."""
    result = invoke("timer", "pause", 1, "--at", "noon")
    assert result.exit_code == 2
    assert "--at" in result.stderr
    assert "'noon'" in result.stderr
    assert account.requests == 0


def test_several_people_take_one_request(account: FakeIntervals, invoke: Invoke) -> None:
    """``projectteam`` adds several people in one request, and removes them in another."""
    project = account.rows("project")[0]["id"]
    people = [row["id"] for row in account.rows("person")[4:6]]
    named = ("--personid", ",".join(map(str, people)))
    assert invoke("projectteam", "add", project, *named, "--securenotes").exit_code == 0
    assert invoke("projectteam", "remove", project, *named).exit_code == 0
    added, removed = account.log
    assert (added.method, removed.method) == ("POST", "DELETE")
    assert added.body == [{"personid": str(each), "securenotes": "t"} for each in people]
    assert removed.body == [{"personid": str(each)} for each in people]


def test_invalid_personid_sends_no_request(account: FakeIntervals, invoke: Invoke) -> None:
    """An invalid ``--personid`` is wrong usage and sends no request."""
    result = invoke("projectteam", "remove", 301, "--personid", "5,x")
    assert result.exit_code == 2
    assert "--personid" in result.stderr
    assert "'x'" in result.stderr
    assert account.requests == 0


def test_document_is_downloaded(account: FakeIntervals, invoke: Invoke, tmp_path: Path) -> None:
    """``download`` writes a file or standard output, and replaces a file only with ``--force``."""
    document = account.rows("document")[0]["id"]
    path = tmp_path / "file"
    result = invoke("download", "document", document, "-o", path)
    assert result.exit_code == 0
    assert result.stderr == f"{path.stat().st_size:,} bytes → {path}\n"
    again = invoke("download", "document", document, "-o", path)
    assert again.exit_code == 1
    assert "--force" in again.stderr
    assert invoke("download", "document", document, "-o", path, "--force").exit_code == 0
    streamed = invoke("download", "document", document, "-o", "-")
    assert streamed.stdout_bytes == path.read_bytes()
    assert streamed.stderr == ""
