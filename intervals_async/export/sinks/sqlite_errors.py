"""SQLite's errors as the OSError that any other file raises."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["as_os_errors"]

ERROR_NUMBERS = {
    sqlite3.SQLITE_PERM: errno.EACCES,
    sqlite3.SQLITE_BUSY: errno.EBUSY,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
}


@contextmanager
def as_os_errors() -> Generator[None]:
    """Raise OSError instead of SQLite's own errors."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        number = ERROR_NUMBERS.get(code)
        if number is None:
            raise OSError(errno.EIO, f"SQLite: {error}") from error
        raise OSError(number, os.strerror(number)) from error
