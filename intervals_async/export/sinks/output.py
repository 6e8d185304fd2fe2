"""Where a sink's bytes go: a file that appears whole, a device, or a stream that is open."""

from __future__ import annotations

import errno
import io
import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol, TypeAlias

from ..._atomic_file import naming
from ...errors import ResumeError
from ..part_file import PartFile, tail
from .compression import Data
from .sink import Checkpoint, number

__all__ = ["Output", "Target", "output_to"]

Target: TypeAlias = str | os.PathLike[str] | BinaryIO
"""A file's path, or a binary stream that is open and stays open."""


class Output(Protocol):
    """Takes bytes; see `ResumableSink` for the order of the calls."""

    @property
    def is_live(self) -> bool:
        """Whether somebody may wait for each record."""
        ...

    def demand_open(self) -> None:
        """Raise ValueError if it is not open."""
        ...

    def open(self) -> None:
        """Make ready."""
        ...

    def write(self, data: Data) -> None:
        """Take some bytes."""
        ...

    def checkpoint(self) -> Checkpoint:
        """Bring all to the disk, and say where it stands."""
        ...

    def resume(self, mark: Checkpoint) -> None:
        """Go on behind a mark."""
        ...

    def commit(self) -> None:
        """Finish."""
        ...

    def discard(self) -> None:
        """Take back what can be taken back."""
        ...

    def suspend(self) -> None:
        """Leave it as it is."""
        ...


def output_to(target: Target, *, force: bool) -> Output:
    """Choose the output that suits a target."""
    if not isinstance(target, str | os.PathLike):
        return OpenStream(target)
    path = Path(target)
    if path.exists() and not path.is_file() and not path.is_dir():
        # A device or a pipe: moving a file into its place would destroy it.
        return Device(path)
    return OutputFile(path, force=force)


class OutputFile:
    """A file that appears under its name when it is complete, and can be gone on with."""

    __slots__ = ("_named", "_part", "_written")

    def __init__(self, path: Path, *, force: bool) -> None:
        self._named = path
        self._part = PartFile(path, force=force)
        # How many bytes it holds.
        self._written = 0

    is_live = False

    def demand_open(self) -> None:
        """Raise ValueError if it is not open."""
        self._part.demand_open()

    def open(self) -> None:
        """Begin the hidden file."""
        with naming(self._named):
            self._part.open()
        self._written = 0

    def write(self, data: Data) -> None:
        """Write some bytes."""
        with naming(self._named):
            self._part.stream.write(data)
        self._written += len(data)

    def checkpoint(self) -> Checkpoint:
        """Bring all to the disk; the mark is the number of bytes, and what the last ones are."""
        with naming(self._named):
            self._part.sync()
            last = tail(self._part.stream, self._written)
            self._part.stream.seek(self._written)
        return {"bytes": self._written, "tail": last}

    def resume(self, mark: Checkpoint) -> None:
        """Cut the hidden file at a mark, and go on there."""
        written = number(mark, "bytes")
        with naming(self._named):
            self._part.reopen()
            try:
                self._cut(written, mark.get("tail"))
                self._part.refuse_what_is_there()
            except BaseException:
                self._part.suspend()
                raise
        self._written = written

    def _cut(self, written: int, last: object) -> None:
        stream = self._part.stream
        there = stream.seek(0, os.SEEK_END)
        if there < written:
            raise ResumeError(
                f"of the unfinished part of {self._named}, {there} bytes are left of the "
                f"{written} that were written"
            )
        if tail(stream, written) != last:
            raise ResumeError(f"the unfinished part of {self._named} is of another export")
        stream.truncate(written)
        stream.seek(written)

    def commit(self) -> None:
        """Bring all to the disk, and give the file its name."""
        with naming(self._named):
            self._part.commit()

    def discard(self) -> None:
        """Remove the hidden file."""
        self._part.remove()

    def suspend(self) -> None:
        """Leave the hidden file as it is."""
        self._part.suspend()


class _Unresumable:
    """What cannot be read again, nor cut."""

    __slots__ = ()

    def checkpoint(self) -> Checkpoint:
        """Refuse: there will be no going on."""
        raise io.UnsupportedOperation(errno.ESPIPE, "what is no file cannot be gone on with")

    def resume(self, mark: Checkpoint) -> None:
        """Refuse."""
        self.checkpoint()


class OpenStream(_Unresumable):
    """A stream that somebody else has opened and will close, such as standard output."""

    __slots__ = ("_live", "_stream")

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        # Whether somebody sits and watches.
        self._live = stream.isatty()

    is_live = True

    def demand_open(self) -> None:
        """It always is."""

    def open(self) -> None:
        """Nothing is to be done."""

    def write(self, data: Data) -> None:
        """Write; a terminal shows it at once."""
        self._stream.write(data)
        if self._live:
            self._stream.flush()

    def commit(self) -> None:
        """Flush."""
        self._stream.flush()

    def discard(self) -> None:
        """Nothing can be taken back."""

    suspend = commit


class Device(_Unresumable):
    """A path that is no regular file: it is written into, never replaced."""

    __slots__ = ("_path", "_stream")

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream: BinaryIO | None = None

    is_live = True

    def demand_open(self) -> None:
        """Raise ValueError if it is not open."""
        if self._stream is None:
            raise ValueError("the sink is not open")

    def open(self) -> None:
        """Open it."""
        with naming(self._path):
            self._stream = self._path.open("wb")

    def write(self, data: Data) -> None:
        """Write."""
        if self._stream is None:
            raise ValueError("the sink is not open")
        with naming(self._path):
            self._stream.write(data)

    def commit(self) -> None:
        """Flush and close."""
        stream, self._stream = self._stream, None
        if stream is not None:
            with naming(self._path):
                stream.close()

    def discard(self) -> None:
        """Close. Nothing can be taken back."""
        with suppress(OSError):
            self.commit()

    suspend = commit
