"""`PartFile`: the hidden file that an export works in until it is complete."""

from __future__ import annotations

import errno
import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO
from zlib import crc32

from .._atomic_file import naming, put_in_place, refuse_what_is_there
from ..errors import ResumeError

fcntl: Any
try:
    fcntl = import_module("fcntl")
except ImportError:  # not on Windows, which lets nobody move a file that is open
    fcntl = None

__all__ = ["PartFile", "look_at_place", "tail"]

BUFFER = 256 * 1024
# What file systems allow for a name, in bytes, and room for a number behind it.
LONGEST_NAME = 240


class PartFile:
    """A hidden file beside its target, of which one process at a time may be the writer.

    Its name is always the same, so that it is found again: to be gone on with, or to be
    written over. The lock goes with the process, however that ends.

    Args:
        target: Where it will be.
        force: Whether it may replace what is there then.
        shared: Whether something may be there already, which is to stay.
        part_of: Which part of the target it is, where there may be several.

    Attributes:
        path: Where it is.
        target: Where it will be.
    """

    __slots__ = ("_force", "_shared", "_stream", "path", "target")

    def __init__(
        self, target: Path, *, force: bool = False, shared: bool = False, part_of: str = ""
    ) -> None:
        # The file a link points to is meant, not the link.
        self.target = Path(os.path.realpath(target))
        self.path = self.target.with_name(_hidden(self.target.name, part_of))
        self._force = force
        self._shared = shared
        self._stream: BinaryIO | None = None

    @property
    def stream(self) -> BinaryIO:
        """The open file, to be written and read."""
        if self._stream is None:
            raise ValueError("the sink is not open")
        return self._stream

    def demand_open(self) -> None:
        """Raise ValueError if it is not open."""
        if self._stream is None:
            raise ValueError("the sink is not open")

    @property
    def is_open(self) -> bool:
        """Whether it is open."""
        return self._stream is not None

    def open(self) -> None:
        """Begin with an empty file.

        Raises:
            FileExistsError: The target exists, and is not to be replaced.
            BlockingIOError: Somebody else is writing it.
            OSError: The folder cannot be written.
        """
        self.refuse_what_is_there()
        stream = self._locked(os.O_CREAT)
        while os.fstat(stream.fileno()).st_nlink > 1:
            # It stands under its own name, too, so it is no part any more.
            self.path.unlink()
            stream.close()
            stream = self._locked(os.O_CREAT)
        stream.truncate(0)
        self._stream = stream

    @contextmanager
    def opened(self) -> Generator[BinaryIO]:
        """Begin with an empty file, which is removed in the end unless it was committed.

        Raises:
            OSError: As `open` says.
        """
        self.open()
        try:
            yield self.stream
        finally:
            self.remove()

    def refuse_what_is_there(self) -> None:
        """Raise FileExistsError if the target exists, and is not to be replaced."""
        refuse_what_is_there(self.target, force=self._force or self._shared)

    def reopen(self, *parts: Path) -> None:
        """Open what an earlier process has left; `parts` are its other files.

        Raises:
            ResumeError: There is nothing.
            BlockingIOError: Somebody else is writing it.
        """
        try:
            self._stream = self._locked(0)
        except FileNotFoundError:
            raise ResumeError(f"the unfinished part of {self.target} is gone") from None
        if any(_same(self.target, part) for part in (self.path, *parts)):
            # It was killed within the move, when the file had both names.
            self.target.unlink()

    def sync(self) -> None:
        """Bring it to the disk."""
        self.stream.flush()
        os.fsync(self.stream.fileno())

    def commit(self, part: Path | None = None) -> None:
        """Bring it to the disk and move it into place; or, instead of it, another file.

        Raises:
            FileExistsError: Somebody else has made the target meanwhile.
            OSError: The disk is full, or the move failed.
        """
        stream = self.stream
        self.sync()
        if fcntl is None:
            stream.close()
        # The lock is held until it has its name: nobody else may take it for a part.
        put_in_place(part or self.path, self.target, force=self._force)
        if part is not None:
            self.path.unlink()
        self.suspend()

    def suspend(self) -> None:
        """Close it, and leave it as it is. May be called in any state."""
        stream, self._stream = self._stream, None
        if stream is not None:
            with suppress(OSError):  # what matters was brought to the disk by `sync`
                stream.close()

    def remove(self) -> None:
        """Close and remove it. May be called in any state."""
        stream, self._stream = self._stream, None
        if stream is None:
            return
        if fcntl is None:
            with suppress(OSError):
                stream.close()
        with suppress(OSError):  # while it is locked: the next one is somebody else's
            self.path.unlink()
        with suppress(OSError):
            stream.close()

    def _locked(self, flags: int) -> BinaryIO:
        flags |= os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        while True:
            try:
                # Not tempfile: its files are for their owner alone, whatever the umask says.
                descriptor = os.open(self.path, flags, 0o666)
            except OSError as error:
                raise _of_hidden(self.path, error) from None
            stream = os.fdopen(descriptor, "r+b", buffering=BUFFER)
            try:
                _lock(stream, self.target)
            except BaseException:
                stream.close()
                raise
            with suppress(FileNotFoundError):
                if os.path.samestat(self.path.stat(), os.fstat(stream.fileno())):
                    return stream
            stream.close()  # it was moved or removed before it was locked


def look_at_place(target: Path) -> None:
    """Find out early that a file cannot be put into a place, or replace what is there.

    Raises:
        OSError: A folder, a device or a pipe is there.
    """
    with naming(target):
        refuse_what_is_there(target, force=True)
        if target.exists() and not target.is_file():
            raise OSError(errno.EINVAL, "it is no file, but a device or a pipe")


def _of_hidden(path: Path, error: OSError) -> OSError:
    """Say that it is the hidden file where something stands, whatever the error is named after."""
    kinds = {errno.EISDIR: "folder", errno.ELOOP: "link"}
    if error.errno not in kinds:
        return error
    return OSError(error.errno, f"{path.name}, a {kinds[error.errno]}, is in the way", str(path))


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except FileNotFoundError:
        return False


def tail(stream: BinaryIO, end: int) -> int:
    """Give a checksum of what stands right before a place of a file."""
    length = min(end, 4096)
    stream.seek(end - length)
    return crc32(stream.read(length))


def _hidden(name: str, part_of: str) -> str:
    hidden = f".{name}.{part_of}.part" if part_of else f".{name}.part"
    if len(os.fsencode(hidden)) <= LONGEST_NAME:
        return hidden
    return f".{name[:40]}.{crc32(os.fsencode(hidden)):08x}.part"


def _lock(stream: BinaryIO, target: Path) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BlockingIOError(errno.EAGAIN, "another export is writing it", str(target)) from None
    except OSError:
        return  # some network file systems have no locks
