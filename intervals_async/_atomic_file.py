"""`AtomicFile`: a file that appears under its name when it is complete, and not before."""

from __future__ import annotations

import errno
import io
import os
import shutil
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, Self
from zlib import crc32

from ._open_stream import leads_to_stream
from .errors import ArgumentError, ResumeError

fcntl: Any
try:
    fcntl = import_module("fcntl")
except ImportError:  # Windows, which does not move a file that is open
    fcntl = None

__all__ = [
    "BUFFER_SIZE",
    "AtomicFile",
    "check_target",
    "file_path",
    "name_in_errors",
    "open_regular",
]

BUFFER_SIZE = 256 * 1024
_CREATE = os.O_CREAT | os.O_TRUNC | os.O_WRONLY | getattr(os, "O_BINARY", 0)
# File systems allow names of 255 bytes; `ParquetSink` appends a number to this one.
MAX_NAME_BYTES = 240

# What a target may be instead of a file.
_KINDS = ((stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISBLK, "a block device"))


class AtomicFile:
    """A hidden file beside its target, moved to the target's name in one step.

    Without `force` an existing target is never touched: `open` checks for it before any work is
    done, and `commit` fails if it has appeared since. With `force` the target is replaced in one
    step and its permissions are kept; the hidden file has them from its first byte. A symbolic link
    is followed, not replaced. A device or a pipe is never replaced; `DeviceFile` writes into it.

    The hidden name depends on the target alone, so that a later process finds the file, to resume
    it or to overwrite it. A lock admits one writer at a time; it ends with the process. An
    `OSError` names the target, never the hidden file.

    Use ``with`` to open the file, and to discard it at the end unless it was committed.

    Args:
        target: The final path.
        force: Replace an existing target.
        shared: Accept an existing target, which stays as it is until it is written by other means.
        part: A name that tells apart several files written for one target at the same time.
        private: Give the file to its owner alone. Otherwise a new file follows the umask.

    Attributes:
        path: The path of the hidden file.
        requested: The final path, as it was passed.
        target: The final path, symbolic links resolved.
    """

    __slots__ = (
        "_accepts_existing", "_force", "_private", "_stream", "path", "requested", "target",
    )  # fmt: skip

    def __init__(
        self,
        target: Path,
        *,
        force: bool = False,
        shared: bool = False,
        part: str = "",
        private: bool = False,
    ) -> None:
        self.requested: Path = target
        self.target: Path = Path(os.path.realpath(target))
        self.path: Path = self.target.with_name(_hidden_name(self.target.name, part))
        self._force = force
        self._accepts_existing = force or shared
        self._private = private
        self._stream: BinaryIO | None = None

    def __enter__(self) -> Self:
        """Open the file; raises as `open` does."""
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        """Discard the file unless it was committed."""
        self.discard()

    @property
    def is_open(self) -> bool:
        """Whether the file is open."""
        return self._stream is not None

    @property
    def stream(self) -> BinaryIO:
        """The open file, readable and writable.

        Raises:
            ValueError: The file is not open.
        """
        if self._stream is None:
            raise ValueError("the file is not open; call open() first")
        return self._stream

    def open_beside(self, path: Path) -> BinaryIO:
        """Create another file with the permissions of this one."""
        descriptor = os.open(path, _CREATE, self._mode() or 0o666)
        return os.fdopen(descriptor, "wb", buffering=BUFFER_SIZE)

    def require_open(self) -> None:
        """Raise ValueError if the file is not open."""
        _ = self.stream

    def open(self) -> None:
        """Lock the hidden file and make it empty.

        Raises:
            FileExistsError: The target exists and must not be replaced.
            BlockingIOError: Another writer holds the lock.
            OSError: The folder cannot be written, or the target is a folder, a device or a pipe.
        """
        with name_in_errors(self.requested):
            check_target(self.requested, force=self._accepts_existing)
            stream = self._lock(os.O_CREAT)
            while os.fstat(stream.fileno()).st_nlink > 1:
                # The file has its final name too, so it must not be changed any more.
                self.path.unlink()
                stream.close()
                stream = self._lock(os.O_CREAT)
            self._stream = stream
            self.restart()

    def reopen(self, *parts: Path) -> None:
        """Lock the hidden file of an earlier process and keep its content.

        Args:
            parts: Other files of that process; `commit` may have been moving one of them.

        Raises:
            ResumeError: There is no hidden file.
            FileExistsError: The target exists and must not be replaced.
            BlockingIOError: Another writer holds the lock.
        """
        with name_in_errors(self.requested):
            try:
                self._stream = self._lock(0)
            except FileNotFoundError:
                raise ResumeError(
                    f"{self.requested}: the unfinished file was removed; start the export again"
                ) from None
            try:
                for part in (self.path, *parts):
                    with suppress(FileNotFoundError):
                        if self.target.samefile(part):
                            # The process was killed within `commit`: the file has both names.
                            self.target.unlink()
                check_target(self.requested, force=self._accepts_existing)
            except BaseException:
                self.suspend()
                raise

    def write(self, data: bytes | memoryview) -> None:
        """Write some bytes; OSError if the disk is full."""
        with name_in_errors(self.requested):
            self.stream.write(data)

    def restart(self) -> None:
        """Drop everything that was written."""
        with name_in_errors(self.requested):
            self.stream.seek(0)
            self.stream.truncate()

    def sync(self) -> None:
        """Flush everything that was written to the disk."""
        with name_in_errors(self.requested):
            self.stream.flush()
            os.fsync(self.stream.fileno())

    def commit(self, source: Path | None = None) -> None:
        """Flush the file to the disk and move it to the target's name.

        Args:
            source: Another complete file in the same folder, to be moved instead.

        Raises:
            FileExistsError: Without `force`, the target has been created meanwhile.
            OSError: The disk is full, or the move failed.
        """
        stream = self.stream
        self.sync()
        with name_in_errors(self.requested):
            if self._force:
                check_target(self.target, force=True)  # it may have become a pipe meanwhile
            if fcntl is None:
                stream.close()
            # The lock is held until the move is done: no other writer may open the hidden file.
            if self._force and not self._private:
                with suppress(FileNotFoundError):
                    # They may have changed since the hidden file was opened.
                    shutil.copymode(self.target, source or self.path)
            _move(source or self.path, self.target, force=self._force)
            if source is not None:
                self.path.unlink()
        self.suspend()

    def suspend(self) -> None:
        """Close the hidden file and keep it, for `reopen`. Allowed in any state."""
        stream, self._stream = self._stream, None
        if stream is not None:
            with suppress(OSError):  # what must be kept was flushed by `sync`
                stream.close()

    def discard(self) -> None:
        """Close and remove the hidden file. Allowed in any state."""
        if self._stream is None:
            return
        if fcntl is None:
            with suppress(OSError):
                self._stream.close()
        with suppress(OSError):  # before the lock ends: then the file may be another writer's
            self.path.unlink()
        self.suspend()

    def _mode(self) -> int | None:
        """Return the permissions that the file must have; None to follow the umask."""
        if self._private:
            return 0o600
        with suppress(FileNotFoundError):
            return stat.S_IMODE(self.target.stat().st_mode)
        return None

    def _lock(self, flags: int) -> BinaryIO:
        """Open the hidden file and lock it."""
        flags |= os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        while True:
            try:
                # Not tempfile: it ignores the umask and makes files for their owner alone.
                mode = self._mode()
                descriptor = os.open(self.path, flags, mode or 0o666)
                if mode is not None and hasattr(os, "fchmod"):
                    os.fchmod(descriptor, mode)  # an earlier run may have left it to everybody
            except OSError as error:
                raise _describe_obstacle(self.path, error) from None
            stream = os.fdopen(descriptor, "r+b", buffering=BUFFER_SIZE)
            try:
                if fcntl is not None:
                    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                stream.close()
                raise BlockingIOError(errno.EAGAIN, "another export is writing it") from None
            except OSError:
                pass  # some network file systems have no locks
            with suppress(FileNotFoundError):
                if os.path.samestat(self.path.stat(), os.fstat(stream.fileno())):
                    return stream
            stream.close()  # it was moved or removed before it was locked


@contextmanager
def name_in_errors(target: Path) -> Generator[None]:
    """Make every OSError of the block name the target: users do not know temporary names."""
    try:
        yield
    except OSError as error:
        if error.errno is None:  # other libraries raise it with a text alone
            raise OSError(errno.EIO, str(error), str(target)) from error
        error.filename = str(target)
        del error.filename2  # None would be printed as a second name
        raise


def file_path(target: str | os.PathLike[str]) -> Path:
    """Return the path of a file to write.

    Raises:
        ArgumentError: It is the name of a folder, because it ends in a slash, or it is empty.
    """
    name = os.fspath(target)
    if not name or name.endswith(("/", os.sep)):
        raise ArgumentError(f"target: expected the name of a file, got {name!r}")
    return Path(name)


def check_target(target: Path, *, force: bool) -> None:
    """Check early whether a file can be moved to a name.

    Args:
        target: The name.
        force: Whether an existing file may be replaced.

    Raises:
        FileExistsError: The target exists and must not be replaced.
        IsADirectoryError: The target is a folder.
        OSError: The target is a device, a pipe or a socket, or cannot be reached.
    """
    with name_in_errors(target):
        try:
            mode = target.stat().st_mode
        except FileNotFoundError:
            return
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            kind = next((name for is_kind, name in _KINDS if is_kind(mode)), "a device")
            raise OSError(errno.EINVAL, f"expected a regular file, got {kind}")
        if leads_to_stream(target):  # a file that another program is writing
            raise OSError(errno.EINVAL, "expected a regular file, got an open stream")
        if not force:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))


def open_regular(path: Path) -> io.BufferedReader:
    """Open a file for reading; never wait for the writer of a pipe, nor read a device without end.

    Raises:
        OSError: It cannot be read, or is not a regular file.
    """
    with name_in_errors(path):
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        stream = os.fdopen(os.open(path, flags), "rb")
        if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            return stream
        stream.close()
        raise OSError(errno.EINVAL, "expected a regular file, got a device or a pipe")


def _move(source: Path, target: Path, *, force: bool) -> None:
    """Give a complete file its final name."""
    if force:
        source.replace(target)
    else:
        _move_to_free_name(source, target)
    _sync_folder(target.parent)


def _move_to_free_name(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except FileExistsError:
        raise
    except OSError:
        # There are no hard links here. So create the name first, which only one process can do,
        # and then replace that file.
        target.touch(exist_ok=False)
        try:
            source.replace(target)
        except OSError:
            target.unlink()
            raise
    else:
        source.unlink()


def _sync_folder(folder: Path) -> None:
    # Without this, a power cut may undo the move. Not every system supports it.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _hidden_name(name: str, part: str) -> str:
    hidden = f".{name}.{part}.part" if part else f".{name}.part"
    if len(os.fsencode(hidden)) <= MAX_NAME_BYTES:
        return hidden
    return f".{name[:40]}.{crc32(os.fsencode(hidden)):08x}.part"


def _describe_obstacle(path: Path, error: OSError) -> OSError:
    """Name the hidden file in the message if a folder or a link has its name."""
    kinds = {errno.EISDIR: "folder", errno.ELOOP: "link"}
    if error.errno not in kinds:
        return error
    kind = kinds[error.errno]
    return OSError(error.errno, f"the temporary file {path.name} is a {kind}; remove it", str(path))
