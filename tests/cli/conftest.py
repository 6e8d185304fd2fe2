"""Fixtures of the command's tests: a server in a thread, and ways to run the command."""

from __future__ import annotations

import json
import os
import re
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
OnTerminal: TypeAlias = Callable[..., tuple[int, str]]
Serving: TypeAlias = Callable[[FakeIntervals], AbstractContextManager[FakeIntervals]]
Spawn: TypeAlias = Callable[..., "subprocess.Popen[Any]"]


def without_frame(stderr: str) -> str:
    """Join the lines of a usage error, and drop its frame."""
    return " ".join(stderr.replace("│", " ").split())


def without_colors(seen: str) -> list[str]:
    """Split what a terminal shows into lines, without colors."""
    return re.sub(r"\x1b\[[\d;]*m", "", seen).splitlines()


def read_json_lines(text: str) -> list[dict[str, Any]]:
    """Parse JSON Lines. Texts may hold characters at which str.splitlines() would split."""
    return [json.loads(line) for line in text.split("\n")[:-1]]


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("INTERVALS_TOKEN", "INTERVALS_BASE_URL", "FORCE_COLOR", "GITHUB_ACTIONS", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "xterm")


@pytest.fixture
def account(serving: Serving) -> Iterator[FakeIntervals]:
    """Return a served account of 50 notes whose clock does not move, because timers show the time."""
    moment = datetime.now(UTC)
    with serving(
        FakeIntervals(notes=50, seed=1, per_minute=None, per_day=None, now=lambda: moment)
    ) as server:
        yield server


@pytest.fixture
def invoke() -> Invoke:
    """Return a function that runs the command in this process."""

    def run(*arguments: object, **options: Any) -> Result:
        words = [str(argument) for argument in arguments]
        return CliRunner().invoke(app, words, prog_name="intervals-async", **options)

    return run


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Return a function that starts the command as a process, which is killed after the test.

    Its argument ``before`` is a program that runs in that process first.
    """
    with ExitStack() as stack:

        def start(*arguments: object, before: str = "", **options: Any) -> subprocess.Popen[Any]:
            program = ["-m", "intervals_async._cli"]
            if before:
                program = ["-c", f"{before}\nfrom intervals_async._cli import main\nmain()"]
            words = [sys.executable, *program, *map(str, arguments)]
            streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
            # without the development mode, which also reports whatever a busy machine makes slow
            env: dict[str, str] = {**options.pop("env", os.environ)}
            env.pop("PYTHONDEVMODE", None)
            process = stack.enter_context(subprocess.Popen(words, env=env, **(streams | options)))
            stack.callback(process.kill)
            return process

        yield start


@pytest.fixture
def on_terminal(spawn: Spawn) -> OnTerminal:
    """Return a function that runs the command on a terminal: its exit code and its output."""
    openpty = getattr(os, "openpty", None)
    if openpty is None:
        pytest.skip("this platform has no pseudo-terminals")

    def run(*arguments: object, **options: Any) -> tuple[int, str]:
        ours, theirs = openpty()
        process = spawn(*arguments, **({"stdout": theirs, "stderr": theirs} | options))
        os.close(theirs)
        seen = b""
        try:
            while piece := os.read(ours, 4096):
                seen += piece
        except OSError:
            pass  # Linux raises this when the process has closed its end
        os.close(ours)
        return process.wait(), seen.decode()

    return run
