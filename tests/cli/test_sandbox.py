"""``sandbox`` serves a stand-in until it is stopped, and says at once how to reach it."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from intervals_async import IntervalsClient
from intervals_async.testing import FakeIntervals


def addressed(line: bytes) -> dict[str, str]:
    """Read the line that a shell is to take."""
    export, *settings = line.decode().split()
    assert export == "export"
    return dict(setting.split("=", 1) for setting in settings)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_serves_until_it_is_stopped(spawn: Any, number: signal.Signals) -> None:
    """The printed line leads to a server; Ctrl-C and SIGTERM end it cleanly."""
    process = spawn("sandbox", "--notes", 30, "--no-limits", "--seed", 7)
    settings = addressed(process.stdout.readline())
    async with IntervalsClient(
        settings["INTERVALS_TOKEN"], base_url=settings["INTERVALS_BASE_URL"]
    ) as client:
        assert await client.projectnote.list().count() == 30
        assert (await client.quota.get()).quota > 6000
    process.send_signal(number)
    stdout, stderr = process.communicate()
    assert (process.returncode, stdout) == (0, b"")
    assert stderr.startswith(b"# A stand-in for the Intervals API: 30 notes, 12 people.")
    assert stderr.count(b"\n") == 1


@pytest.mark.slow
def test_its_line_suits_the_other_commands(spawn: Any) -> None:
    """With the settings that it prints, this command talks to it."""
    sandbox = spawn("sandbox", "--notes", 3)
    env = {**os.environ, **addressed(sandbox.stdout.readline())}
    export = spawn("export", "projectnote", env=env)
    stdout, stderr = export.communicate()
    assert (export.returncode, stderr) == (0, b"")
    assert stdout.count(b"\n") == 3


def test_a_port_in_use_is_said(account: FakeIntervals, invoke: Any) -> None:
    """A port that somebody else has is one line."""
    port = account.url.rstrip("/").rpartition(":")[2]
    result = invoke("sandbox", "--port", port)
    assert result.exit_code == 1
    assert result.stderr == (
        f"intervals-async: port {port} is in use; choose another with --port, or leave it out\n"
    )


def test_a_port_that_is_refused_is_said(invoke: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that may not be listened on is one line."""

    async def refuse(_: FakeIntervals) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(FakeIntervals, "start", refuse)
    result = invoke("sandbox", "--port", 80)
    assert result.exit_code == 1
    assert result.stderr == ("intervals-async: port 80 cannot be listened on: Permission denied\n")
