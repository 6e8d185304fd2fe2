"""Run the application and the work of its commands: each failure is one line and an exit code."""

from __future__ import annotations

import asyncio
import re
import sys
import warnings
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, NoReturn

import typer

from .. import (
    ArgumentError,
    BudgetError,
    CostWarning,
    DailyQuotaError,
    IntervalsError,
    NotFoundError,
)
from .humanize import one_line
from .signals import SignalHandlers
from .standard_streams import discard_standard_output, prepare_streams

__all__ = ["describe_error", "fail", "run", "run_app"]

PROGRAM = "intervals-async"

# What errors of the library advise, and what a user of the command can do instead.
ADVICE = {
    "check the token: IntervalsClient(token) or INTERVALS_TOKEN": (
        "check INTERVALS_TOKEN or --token-file"
    ),
    "pass the token as IntervalsClient(token)": "pass the token in INTERVALS_TOKEN or --token-file",
    "wait_for_reset=True (--wait-for-reset)": "--wait-for-reset",
    " (accept_html=True saves it)": "",
}

RECORD_PATH = re.compile(r"/(?P<resource>[a-z]+)/(?P<id>[0-9]+)/(?:[a-z]+/)?")


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


def run(
    work: Coroutine[Any, Any, None], *, is_resumable: Callable[[], bool] = lambda: False
) -> None:
    """Run the work of a command.

    Args:
        work: The work.
        is_resumable: Returns whether the same command can resume the work after a signal.

    Raises:
        Exit: The work failed or was stopped by a signal; standard error says why.
    """
    handlers = SignalHandlers(PROGRAM)
    try:
        with handlers, warnings.catch_warnings():
            warnings.simplefilter("always", CostWarning)
            warnings.showwarning = _show_warning
            asyncio.run(handlers.run(work))
    except asyncio.CancelledError:
        reason, code = handlers.reason
        hint = "; repeat the same command to resume" if is_resumable() else ""
        fail(f"{reason}{hint}", code=code)
    except BrokenPipeError:
        # The reader of the output has closed the pipe, as `head` does: it has what it wants.
        fail(None, code=0)
    except (ArgumentError, ImportError) as error:  # ImportError: an extra is not installed
        fail(describe_error(error), code=2)
    except (BudgetError, DailyQuotaError) as error:
        fail(describe_error(error), code=3)
    except (IntervalsError, OSError) as error:
        fail(describe_error(error))


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    """Print a warning in one line, without the line of the source."""
    typer.echo(f"warning: {one_line(str(message))}", err=True)


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
    if isinstance(error, NotFoundError):
        return _describe_missing(error)
    if not isinstance(error, OSError) or not error.strerror:
        message = str(error)
        for advice, instead in ADVICE.items():
            message = message.replace(advice, instead)
        return message
    # An error names the file unless it was open already; then it is standard output.
    about = error.filename or "standard output"
    if isinstance(error, FileExistsError):
        return f"{about}: the file exists; pass --force to replace it"
    words = error.strerror
    if not words[1:2].isupper():  # leave "SQLite" as it is
        words = f"{words[:1].lower()}{words[1:]}"
    return f"{about}: {words}"


def _describe_missing(error: NotFoundError) -> str:
    """Name a missing record without the request."""
    if error.status == 200:  # it was searched for in a list
        return error.message
    found = RECORD_PATH.fullmatch(error.path or "")
    if found is None or error.code is None:  # not the response of the API
        return str(error)
    details = "; ".join((f"HTTP {error.status}, code {error.code}", *error.verbose))
    return f"there is no {found['resource']} {found['id']} ({details})"
