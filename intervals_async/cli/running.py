"""Running the command and its work: whatever goes wrong is one line and an exit code."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, NoReturn

import typer

from ..errors import ArgumentError, BudgetError, DailyQuotaError, IntervalsError

__all__ = ["fail", "run", "run_app"]


def run_app(app: typer.Typer) -> None:
    """Run the whole command and end the process with its exit code."""
    try:
        app(prog_name="intervals-async")
    except OSError as error:
        # what no command did: the help has not found its way out
        _complain(_sentence(error))
        sys.exit(1)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run the work of a command to its end.

    Raises:
        Exit: It failed, was interrupted or terminated; the reason is on standard error.
    """
    try:
        asyncio.run(_terminable(work))
    except KeyboardInterrupt:
        fail("interrupted", code=130)
    except asyncio.CancelledError:
        fail("terminated", code=143)
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
            typer.echo(f"intervals-async: {' '.join(reason.split())}", err=True)
    _let_go_of_standard_output()


async def _terminable(work: Coroutine[Any, Any, None]) -> None:
    # These would end the process on the spot and leave the unfinished file behind.
    task = asyncio.create_task(work)
    for name in ("SIGTERM", "SIGHUP"):
        with suppress(NotImplementedError, AttributeError):  # Windows
            asyncio.get_running_loop().add_signal_handler(getattr(signal, name), task.cancel)
    await task


def _sentence(error: Exception) -> str:
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    # All that is opened by name says it; what was open already does not.
    about = error.filename or "standard output"
    if isinstance(error, FileExistsError):
        return f"{about}: it exists already; --force replaces it"
    return f"{about}: {error.strerror[:1].lower()}{error.strerror[1:]}"


def _let_go_of_standard_output() -> None:
    # What its buffer still holds would be written at exit: to fail once more, or to block.
    with suppress(AttributeError, OSError, ValueError):  # closed, or not a real one
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, sys.stdout.fileno())
        finally:
            os.close(nowhere)
