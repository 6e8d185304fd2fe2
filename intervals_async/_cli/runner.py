"""Run the application and the work of its commands: each failure is one line and an exit code."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, NoReturn

import typer

from .. import ArgumentError, BudgetError, DailyQuotaError, IntervalsError
from .humanize import one_line
from .signals import SignalHandlers
from .standard_streams import discard_standard_output, prepare_streams

__all__ = ["describe_error", "fail", "run", "run_app"]

PROGRAM = "intervals-async"


def run_app(app: typer.Typer) -> None:
    """Run the application and exit with its exit code."""
    prepare_streams()
    try:
        try:
            app(prog_name=PROGRAM)
        finally:
            # Python would do this at exit, and print a traceback if it fails
            if sys.stdout is not None:
                with suppress(typer.Exit):  # the pipe is closed
                    sys.stdout.flush()
    except OSError as error:
        # raised outside of a command: the help could not be written
        _print_reason(describe_error(error))
        sys.exit(1)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run the work of a command.

    Raises:
        Exit: The work failed or was stopped by a signal; standard error says why.
    """
    handlers = SignalHandlers(PROGRAM)
    try:
        with handlers:
            asyncio.run(handlers.run(work))
    except asyncio.CancelledError:
        reason, code = handlers.reason
        fail(reason, code=code)
    except BrokenPipeError:
        # The reader of the output has closed the pipe, as `head` does: it has what it wants.
        fail(None, code=0)
    except (ArgumentError, ImportError) as error:  # ImportError: an extra is not installed
        fail(str(error), code=2)
    except (BudgetError, DailyQuotaError) as error:
        fail(str(error), code=3)
    except (IntervalsError, OSError) as error:
        fail(describe_error(error))


def fail(reason: str | None, *, code: int = 1) -> NoReturn:
    """Print the reason on standard error, and end the command with an exit code."""
    _print_reason(reason)
    raise typer.Exit(code)


def _print_reason(reason: str | None) -> None:
    if reason is not None:
        with suppress(OSError):
            typer.echo(f"{PROGRAM}: {one_line(reason)}", err=True)
    discard_standard_output()


def describe_error(error: Exception) -> str:
    """Describe an error in one line, and name its file."""
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    # An error names the file unless it was open already; then it is standard output.
    about = error.filename or "standard output"
    if isinstance(error, FileExistsError):
        return f"{about}: the file exists; pass --force to replace it"
    words = error.strerror
    if not words[1:2].isupper():  # leave "SQLite" as it is
        words = f"{words[:1].lower()}{words[1:]}"
    return f"{about}: {words}"
