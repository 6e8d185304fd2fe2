"""Where a sink's bytes go: a file that appears whole, a device, or a stream that is open."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol, TypeAlias

from .._whole_file import WholeFile, naming

__all__ = ["Output", "Target", "output_to"]

Target: TypeAlias = str | os.PathLike[str] | BinaryIO
"""A file's path, or a binary stream that is open and stays open."""


class Output(Protocol):
    """Takes bytes; see `Sink` for the order of the calls."""

    def open(self) -> None:
        """Make ready."""
        ...

    def write(self, data: bytes) -> None:
        """Take some bytes."""
        ...

    def commit(self) -> None:
        """Finish."""
        ...

    def discard(self) -> None:
        """Take back what can be taken back."""
        ...


def output_to(target: Target, *, force: bool) -> Output:
    """Choose the output that suits a target."""
    if not isinstance(target, str | os.PathLike):
        return OpenStream(target)
    path = Path(target)
    if path.exists() and not path.is_file() and not path.is_dir():
        # A device or a pipe: moving a file into its place would destroy it.
        return Device(path)
    return WholeFile(path, force=force)


class OpenStream:
    """A stream that somebody else has opened and will close, such as standard output."""

    __slots__ = ("_live", "_stream")

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        # Whether somebody sits and watches.
        self._live = stream.isatty()

    def open(self) -> None:
        """Nothing is to be done."""

    def write(self, data: bytes) -> None:
        """Write; a terminal shows it at once."""
        self._stream.write(data)
        if self._live:
            self._stream.flush()

    def commit(self) -> None:
        """Flush."""
        self._stream.flush()

    def discard(self) -> None:
        """Nothing can be taken back."""


class Device:
    """A path that is no regular file: it is written into, never replaced."""

    __slots__ = ("_path", "_stream")

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream: BinaryIO | None = None

    def open(self) -> None:
        """Open it."""
        with naming(self._path):
            self._stream = self._path.open("wb")

    def write(self, data: bytes) -> None:
        """Write."""
        if self._stream is None:
            raise ValueError("the device is not open")
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
