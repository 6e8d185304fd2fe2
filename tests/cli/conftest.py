"""What the tests of the command share: a server in a thread, and ways to run the command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from typing import Any, TypeAlias

import pytest
from typer.testing import CliRunner, Result

from intervals_async._cli.app import app
from intervals_async.testing import FakeIntervals

Invoke: TypeAlias = Callable[..., Result]
Spawn: TypeAlias = Callable[..., "subprocess.Popen[Any]"]


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("INTERVALS_TOKEN", "INTERVALS_BASE_URL", "FORCE_COLOR", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "xterm")


@pytest.fixture
def account(
    serving: Callable[[FakeIntervals], AbstractContextManager[FakeIntervals]],
) -> Iterator[FakeIntervals]:
    """Give a served account of 50 notes, where no time passes: a timer would show it."""
    moment = datetime.now(UTC)
    with serving(
        FakeIntervals(notes=50, seed=1, per_minute=None, per_day=None, now=lambda: moment)
    ) as server:
        yield server


@pytest.fixture
def invoke() -> Invoke:
    """Give a function that runs the command in this process."""

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(
            app, [str(argument) for argument in arguments], prog_name="intervals-async"
        )

    return run


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Give a function that starts the command as a process; the end of the test ends it.

    ``before`` is a program that runs in that process first.
    """
    with ExitStack() as stack:

        def start(*arguments: object, before: str = "", **options: Any) -> subprocess.Popen[Any]:
            program = ["-m", "intervals_async._cli"]
            if before:
                program = ["-c", f"{before}\nfrom intervals_async._cli import main\nmain()"]
            words = [sys.executable, *program, *map(str, arguments)]
            streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
            # without the development mode, which also tells of whatever a busy machine makes slow
            env: dict[str, str] = {**options.pop("env", os.environ)}
            env.pop("PYTHONDEVMODE", None)
            process = stack.enter_context(subprocess.Popen(words, env=env, **(streams | options)))
            stack.callback(process.kill)
            return process

        yield start


@pytest.fixture
def on_terminal(spawn: Spawn) -> Callable[..., tuple[int, str]]:
    """Give a function that runs the command on a terminal: its exit code, and what is seen."""
    openpty = getattr(os, "openpty", None)
    if openpty is None:
        pytest.skip("there are no pseudo-terminals here")

    def run(*arguments: object, **options: Any) -> tuple[int, str]:
        ours, theirs = openpty()
        process = spawn(*arguments, **({"stdout": theirs, "stderr": theirs} | options))
        os.close(theirs)
        seen = b""
        try:
            while piece := os.read(ours, 4096):
                seen += piece
        except OSError:
            pass  # how Linux says that nobody holds the other end any more
        os.close(ours)
        return process.wait(), seen.decode()

    return run
