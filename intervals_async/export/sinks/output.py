"""Where a sink writes its bytes: a file, a device, or a stream that is already open."""

from __future__ import annotations

import errno
import io
import os
from typing import BinaryIO, Protocol, TypeAlias
from zlib import crc32

from ..._atomic_file import AtomicFile, file_path, name_in_errors
from ..._device_file import DeviceFile, is_device
from ...errors import ResumeError
from .compression import Data
from .sink import Checkpoint, checkpoint_number

__all__ = ["Output", "Target", "output_to"]

Target: TypeAlias = str | os.PathLike[str] | BinaryIO
"""The path of a file, or an open binary stream, which the sink does not close."""

# The checksum of a checkpoint covers this many bytes before it. It shows whether a file is the one
# that the checkpoint belongs to.
TAIL_BYTES = 4096


class Output(Protocol):
    """A destination for bytes; see `ResumableSink` for the order of the calls."""

    @property
    def is_unbuffered(self) -> bool:
        """Whether every batch is written at once, because a reader may be waiting for it."""
        ...

    def require_open(self) -> None:
        """Raise ValueError if it is not open."""
        ...

    def open(self) -> None:
        """Prepare for writing."""
        ...

    def write(self, data: Data) -> None:
        """Write some bytes."""
        ...

    def checkpoint(self) -> Checkpoint:
        """Flush all bytes to the disk and return a checkpoint at their end."""
        ...

    def resume(self, checkpoint: Checkpoint) -> None:
        """Open it again, and continue after a checkpoint."""
        ...

    def commit(self) -> None:
        """Finish it: the written bytes become final."""
        ...

    def discard(self) -> None:
        """Close it, and remove the written bytes as far as possible."""
        ...

    def suspend(self) -> None:
        """Close it, and keep the written bytes for `resume`."""
        ...


def output_to(target: Target, *, force: bool) -> Output:
    """Choose the output for a target."""
    if not isinstance(target, str | os.PathLike):
        return StreamOutput(target)
    path = file_path(target)
    # Moving a file to the name of a device would replace it.
    return DeviceOutput(path) if is_device(path) else FileOutput(path, force=force)


class FileOutput(AtomicFile):
    """An `AtomicFile` with checkpoints: the size of the file, and a checksum of its last bytes."""

    __slots__ = ()

    is_unbuffered = False

    def checkpoint(self) -> Checkpoint:
        """Flush all bytes to the disk and return a checkpoint at their end."""
        self.sync()
        with name_in_errors(self.requested):
            size = self.stream.tell()
            checksum = _tail_checksum(self.stream, size)
            self.stream.seek(size)
        return {"bytes": size, "tail": checksum}

    def resume(self, checkpoint: Checkpoint) -> None:
        """Truncate the hidden file to a checkpoint and continue there."""
        size = checkpoint_number(checkpoint, "bytes")
        self.reopen()
        try:
            with name_in_errors(self.requested):
                self._truncate(size, checkpoint.get("tail"))
        except BaseException:
            self.suspend()
            raise

    def _truncate(self, size: int, checksum: object) -> None:
        found = self.stream.seek(0, os.SEEK_END)
        if found < size:
            raise ResumeError(
                f"{self.requested}: expected at least {size} bytes in the unfinished file, "
                f"got {found}; start the export again"
            )
        if _tail_checksum(self.stream, size) != checksum:
            raise ResumeError(
                f"{self.requested}: the unfinished file does not match the checkpoint; "
                "start the export again"
            )
        self.stream.truncate(size)
        self.stream.seek(size)


class StreamOutput:
    """A stream that the caller has opened and will close, such as standard output."""

    __slots__ = ("_is_terminal", "_stream")

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()

    is_unbuffered = True

    def require_open(self) -> None:
        """Do nothing: it is always open."""

    def open(self) -> None:
        """Do nothing: it is always open."""

    def write(self, data: Data) -> None:
        """Write some bytes; flush them if the stream is a terminal."""
        self._stream.write(data)
        if self._is_terminal:
            self._stream.flush()

    def commit(self) -> None:
        """Flush the stream."""
        self._stream.flush()

    def discard(self) -> None:
        """Do nothing: written bytes cannot be removed from a stream."""

    def checkpoint(self) -> Checkpoint:
        """Raise UnsupportedOperation: it can neither be read again nor truncated."""
        raise _not_resumable()

    def resume(self, checkpoint: Checkpoint) -> None:
        """Raise UnsupportedOperation, as `checkpoint` does."""
        self.checkpoint()

    suspend = commit


class DeviceOutput(DeviceFile):
    """A device or a pipe, which is written into and never replaced."""

    __slots__ = ()

    is_unbuffered = True

    def checkpoint(self) -> Checkpoint:
        """Raise UnsupportedOperation: it can neither be read again nor truncated."""
        with name_in_errors(self.requested):
            raise _not_resumable()

    def resume(self, checkpoint: Checkpoint) -> None:
        """Raise UnsupportedOperation, as `checkpoint` does."""
        self.checkpoint()

    suspend = DeviceFile.commit


def _not_resumable() -> io.UnsupportedOperation:
    return io.UnsupportedOperation(errno.ESPIPE, "only regular files can be resumed")


def _tail_checksum(stream: BinaryIO, end: int) -> int:
    """Compute a checksum of the last bytes before a position."""
    length = min(end, TAIL_BYTES)
    stream.seek(end - length)
    return crc32(stream.read(length))
