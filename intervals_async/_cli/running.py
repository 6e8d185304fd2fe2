"""Running the command and its work: whatever goes wrong is one line and an exit code."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, NoReturn, Self

import typer

from ..errors import ArgumentError, BudgetError, DailyQuotaError, IntervalsError

__all__ = ["fail", "run", "run_app"]

PROGRAM = "intervals-async"

# What ends the work before its time: what is said then, and the exit code.
ENDINGS = {
    "SIGINT": ("interrupted", 130),
    "SIGTERM": ("terminated", 143),
    "SIGHUP": ("terminated", 143),
}
# Whoever asks so often does not want to wait for what is under way.
ENOUGH = 3

SHOW_CURSOR = "\x1b[?25h"


def run_app(app: typer.Typer) -> None:
    """Run the whole command and end the process with its exit code."""
    try:
        app(prog_name=PROGRAM)
    except OSError as error:
        # what no command did: the help has not found its way out
        _complain(_sentence(error))
        sys.exit(1)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run the work of a command to its end.

    Raises:
        Exit: It failed, was interrupted or terminated; the reason is on standard error.
    """
    signals = _Signals()
    try:
        with signals:
            asyncio.run(signals.run(work))
    except asyncio.CancelledError:
        reason, code = signals.ending
        fail(reason, code=code)
    except BrokenPipeError:
        # Whoever read from us has seen enough, as `head` does: nothing to complain about.
        fail(None)
    except ArgumentError as error:
        fail(str(error), code=2)
    except (BudgetError, DailyQuotaError) as error:
        fail(str(error), code=3)
    except (IntervalsError, OSError) as error:
        fail(_sentence(error))


def fail(reason: str | None, *, code: int = 1) -> NoReturn:
    """Say on standard error why the command ends, and end it."""
    _complain(reason)
    raise typer.Exit(code)


def _complain(reason: str | None) -> None:
    if reason is not None:
        with suppress(OSError):
            typer.echo(f"{PROGRAM}: {' '.join(reason.split())}", err=True)
    _let_go_of_standard_output()


class _Signals:
    """Ends the work when a signal asks for it, so that it can close what it has open.

    Keyboards, shells and service managers like to send several. The second changes nothing:
    it must not break into the closing of a file. The third ends the process on the spot.
    """

    __slots__ = ("_before", "_count", "_loop", "_task", "ending")

    def __init__(self) -> None:
        # What is said in the end, and the exit code.
        self.ending = ENDINGS["SIGTERM"]
        self._count = 0
        self._before: dict[signal.Signals, Any] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        """Take the signals, but for those that whoever started us wants ignored, as nohup does."""
        for name in ENDINGS:
            number = getattr(signal, name, None)  # Windows has not all of them
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                # Not the loop's own way: a loop that is closing would stumble over a signal.
                self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the signals as they were; after one has come, there is nothing left to end."""
        for number, before in self._before.items():
            signal.signal(number, signal.SIG_IGN if self._count else before)

    async def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run the work until it has ended or is cancelled."""
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(work)
        if self._count:
            self._task.cancel()
        await self._task

    def _take(self, number: int, frame: FrameType | None) -> None:
        self._count += 1
        if self._count == 1:
            self.ending = ENDINGS[signal.Signals(number).name]
            if self._loop is not None and self._task is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._task.cancel)
        elif self._count == ENOUGH:  # once, whatever comes while it ends
            self._end_at_once()

    def _end_at_once(self) -> NoReturn:
        reason, code = self.ending
        # A bar has hidden the cursor. Not sys.stderr, which may be in the midst of a line.
        shown = SHOW_CURSOR if os.isatty(2) else ""
        with suppress(OSError):
            os.write(2, f"{shown}{PROGRAM}: {reason}\n".encode())
        os._exit(code)


def _sentence(error: Exception) -> str:
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    # All that is opened by name says it; what was open already does not.
    about = error.filename or "standard output"
    if isinstance(error, FileExistsError):
        return f"{about}: it exists already; --force replaces it"
    words = error.strerror
    if not words[1:2].isupper():  # as in SQLite
        words = f"{words[:1].lower()}{words[1:]}"
    return f"{about}: {words}"


def _let_go_of_standard_output() -> None:
    # What its buffer still holds would be written at exit: to fail once more, or to block.
    with suppress(AttributeError, OSError, ValueError):  # closed, or not a real one
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, sys.stdout.fileno())
        finally:
            os.close(nowhere)
