"""Standard streams, which the parent process may have closed or limited to few characters."""

from __future__ import annotations

import errno
import io
import os
import shutil
import sys
from contextlib import suppress
from typing import BinaryIO, TextIO

import typer

__all__ = [
    "STANDARD_OUTPUT",
    "animates",
    "discard_standard_output",
    "prepare_streams",
    "standard_input",
    "standard_output",
]

# The names of standard output as a file. Opening it by its name would empty the file to which the
# shell has redirected it.
STANDARD_OUTPUT = ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")

# Narrower texts would be broken within words; the terminal wraps their lines instead.
LEAST_WIDTH = 20


class _OutputStream(io.TextIOWrapper):
    """Standard output: the command ends with exit code 0 if the reader of the pipe has closed it.

    rich and typer would end the command with exit code 1 on a `BrokenPipeError`.
    """

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except BrokenPipeError:
            discard_standard_output()
            raise typer.Exit from None

    def flush(self) -> None:
        try:
            super().flush()
        except BrokenPipeError:
            discard_standard_output()
            raise typer.Exit from None


class _UnreadStream(io.TextIOWrapper):
    """Standard error: the work goes on if the reader of the pipe has closed it."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except BrokenPipeError:
            return len(text)

    def flush(self) -> None:
        with suppress(BrokenPipeError):
            super().flush()


def prepare_streams() -> None:
    """Prepare the streams of the process, before anything is printed.

    Characters that standard output cannot encode are replaced. Errors of standard error are
    ignored. Widths that no text fits in are not believed.
    """
    stream = sys.stdout
    if isinstance(stream, io.TextIOWrapper):
        encoding, on_terminal = stream.encoding, stream.isatty()
        sys.stdout = _OutputStream(
            stream.detach(), encoding, errors="replace", line_buffering=on_terminal
        )
    stream = sys.stderr
    if isinstance(stream, io.TextIOWrapper):
        encoding = stream.encoding
        sys.stderr = _UnreadStream(
            stream.detach(), encoding, errors="backslashreplace", line_buffering=True
        )
    width = shutil.get_terminal_size().columns
    if width < LEAST_WIDTH or not os.environ.get("COLUMNS", "unset").strip("0"):
        os.environ["COLUMNS"] = str(max(width, LEAST_WIDTH))


def discard_standard_output() -> None:
    """Drop what is still buffered: flushing it at exit could fail again, or block."""
    with suppress(AttributeError, OSError, ValueError):  # closed, or replaced by a test
        null = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(null, sys.stdout.fileno())
        finally:
            os.close(null)


def animates() -> bool:
    """Return whether standard error is a terminal that can show a progress bar."""
    if os.environ.get("CI", "").lower() not in ("", "0", "false"):
        return False
    return sys.stderr.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")


def standard_input() -> TextIO:
    """Return standard input.

    Raises:
        OSError: It is closed.
    """
    stream: TextIO | None = getattr(sys, "stdin", None)
    if stream is None:
        raise _closed("standard input")
    return stream


def standard_output() -> BinaryIO:
    """Return standard output for bytes.

    Raises:
        OSError: It is closed.
    """
    stream: BinaryIO | None = getattr(sys.stdout, "buffer", None)
    if stream is None:
        raise _closed("standard output")
    return stream


def _closed(name: str) -> OSError:
    return OSError(errno.EBADF, os.strerror(errno.EBADF), name)
