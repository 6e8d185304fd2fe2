"""Standard input and output, which the parent process may have closed."""

from __future__ import annotations

import errno
import os
import sys
from typing import BinaryIO, TextIO

__all__ = ["STANDARD_OUTPUT", "standard_input", "standard_output"]

# The names of standard output as a file. Opening it by its name would empty the file to which the
# shell has redirected it.
STANDARD_OUTPUT = ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")


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
