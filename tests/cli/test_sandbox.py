"""``sandbox`` serves a fake account until a signal, and prints the environment to reach it."""

from __future__ import annotations

import os
import signal

import pytest

from intervals_async import IntervalsClient
from intervals_async.testing import FakeIntervals

from .conftest import Invoke, Spawn


def read_environment(line: bytes) -> dict[str, str]:
    """Parse the line that the user pastes into a shell."""
    export, *settings = line.decode().split()
    assert export == "export"
    return dict(setting.split("=", 1) for setting in settings)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_sandbox_serves_until_a_signal(spawn: Spawn, number: signal.Signals) -> None:
    """The printed line names a running server, and Ctrl-C or SIGTERM stops it with exit code 0."""
    process = spawn("sandbox", "--notes", 30, "--no-limits", "--seed", 7)
    assert process.stdout is not None
    settings = read_environment(process.stdout.readline())
    async with IntervalsClient(
        settings["INTERVALS_TOKEN"], base_url=settings["INTERVALS_BASE_URL"]
    ) as client:
        assert await client.projectnote.list().count() == 30
        assert (await client.quota.get()).quota > 6000
    process.send_signal(number)
    stdout, stderr = process.communicate()
    assert (process.returncode, stdout) == (0, b"")
    assert stderr.startswith(b": A fake Intervals API with 30 notes and 12 people.")
    assert stderr.count(b"\n") == 1


@pytest.mark.slow
def test_sandbox_environment_configures_the_command(spawn: Spawn) -> None:
    """With the printed environment, the other commands use the sandbox."""
    sandbox = spawn("sandbox", "--notes", 3)
    assert sandbox.stdout is not None
    env = {**os.environ, **read_environment(sandbox.stdout.readline())}
    export = spawn("export", "projectnote", env=env)
    stdout, stderr = export.communicate()
    assert (export.returncode, stderr) == (0, b"")
    assert stdout.count(b"\n") == 3


def test_port_in_use_is_a_failure(account: FakeIntervals, invoke: Invoke) -> None:
    """The error about a port in use is one line with a remedy."""
    port = account.url.rstrip("/").rpartition(":")[2]
    result = invoke("sandbox", "--port", port)
    assert result.exit_code == 1
    assert result.stderr == (
        f"intervals-async: --port: expected a free port, got {port}; choose another one, or 0\n"
    )


def test_forbidden_port_is_a_failure(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error about a port without permission is one line."""

    async def refuse(_: FakeIntervals) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(FakeIntervals, "start", refuse)
    result = invoke("sandbox", "--port", 80)
    assert result.exit_code == 1
    assert result.stderr == "intervals-async: --port: cannot listen on 80: Permission denied\n"
