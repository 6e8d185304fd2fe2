"""`DeviceFile`: a device or a pipe, which is written into and never replaced by a file."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Self

from ._atomic_file import AtomicFile, name_in_errors
from ._in_thread import pause
from ._open_stream import own_descriptor

__all__ = ["DeviceFile", "is_device", "writable_file"]


# Seconds between two looks whether a process reads a pipe.
READER_POLL = 0.05


class DeviceFile:
    """A device, a pipe or an open stream such as ``/dev/stdout``.

    It receives every byte at once, and cannot be restarted. Opening a pipe waits until another
    process reads it, or until a cancellation ends `run_in_thread`. Use ``with`` to open and to
    close it.

    Args:
        path: The path.

    Attributes:
        requested: The path.
    """

    __slots__ = ("_stream", "requested")

    def __init__(self, path: Path) -> None:
        self.requested: Path = path
        self._stream: BinaryIO | None = None

    def __enter__(self) -> Self:
        """Open it; raises as `open` does."""
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.discard()

    @property
    def stream(self) -> BinaryIO:
        """The open device.

        Raises:
            ValueError: It is not open.
        """
        if self._stream is None:
            raise ValueError("the file is not open; call open() first")
        return self._stream

    def require_open(self) -> None:
        """Raise ValueError if it is not open."""
        _ = self.stream

    def open(self) -> None:
        """Open it; OSError if it cannot be written."""
        with name_in_errors(self.requested):
            # Opening a stream again would empty its file, and fails if it is a socket.
            number = own_descriptor(self.requested)
            opened = _opened(self.requested) if number is None else os.dup(number)
            self._stream = os.fdopen(opened, "wb")

    def write(self, data: bytes | memoryview) -> None:
        """Write some bytes; OSError if they cannot be written."""
        with name_in_errors(self.requested):
            self.stream.write(data)
            self.stream.flush()  # a reader may be waiting

    def commit(self) -> None:
        """Close it; OSError if what was written is lost."""
        stream, self._stream = self._stream, None
        if stream is not None:
            with name_in_errors(self.requested):
                stream.close()

    def discard(self) -> None:
        """Close it; written bytes cannot be removed from it. Allowed in any state."""
        with suppress(OSError):
            self.commit()


def _opened(path: Path) -> int:
    """Open a device or a pipe."""
    # O_WRONLY alone: nothing is created if the device has been removed.
    if not path.is_fifo():
        return os.open(path, os.O_WRONLY)
    while True:
        try:
            # Otherwise the system would wait for the reader, and no cancellation could end that.
            opened = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
        else:
            os.set_blocking(opened, True)
            return opened
        pause(READER_POLL)


def is_device(path: Path) -> bool:
    """Whether a path is written into: a device, a pipe, an open stream, or a link to one of them.

    Block devices are none: nobody wants records there, and a mistake would destroy a disk.
    """
    if own_descriptor(path) is not None:
        return True
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)


def writable_file(path: Path, *, force: bool = False) -> AtomicFile | DeviceFile:
    """Return a file that replaces its target at the end, or the device that the path names."""
    return DeviceFile(path) if is_device(path) else AtomicFile(path, force=force)
