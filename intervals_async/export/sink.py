"""What `export` writes to: the protocol of all sinks, and what those of bytes share."""

from __future__ import annotations

from typing import Protocol

from .._convert import Record
from .output import Output, Target, output_to

__all__ = ["BytesSink", "Sink"]


class Sink(Protocol):
    """Takes records one by one; what it took counts only once it is committed.

    `export` calls `open`, then `write` for each record, then `commit`; where anything goes
    wrong, `discard` instead. A sink may be used again after either.
    """

    def open(self) -> None:
        """Make ready to write.

        Raises:
            OSError: The target cannot be written. It is found here, as far as it can be,
                because no request was spent yet.
        """
        ...

    def write(self, record: Record) -> None:
        """Take one record; OSError if it cannot be written."""
        ...

    def commit(self) -> None:
        """Make what was written stand; OSError if that fails."""
        ...

    def discard(self) -> None:
        """Take back what was written, as far as that can be. May be called in any state."""
        ...


class BytesSink:
    """A sink that makes bytes of each record, for a file or an open stream."""

    __slots__ = ("_output",)

    def __init__(self, target: Target, *, force: bool = False) -> None:
        self._output: Output = output_to(target, force=force)

    def open(self) -> None:
        """Make ready to write; OSError as `Sink.open` says."""
        self._output.open()

    def write(self, record: Record) -> None:
        """Write one record."""
        self._output.write(self.encode(record))

    def encode(self, record: Record) -> bytes:
        """Give a record as the sink's format has it."""
        raise NotImplementedError

    def commit(self) -> None:
        """Finish; a file stands under its name from now on."""
        self._output.commit()

    def discard(self) -> None:
        """Remove the unfinished file. What went to an open stream cannot be taken back."""
        self._output.discard()
