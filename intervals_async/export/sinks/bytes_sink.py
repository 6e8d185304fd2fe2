"""`BytesSink`: what the sinks have in common that make bytes of records."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path

from ..._schema.records import Record
from .compression import Compression, Members, compression_of
from .output import Output, Target, output_to
from .sink import Checkpoint, pieces

__all__ = ["BytesSink"]

# What is written at once.
PIECE = 256 * 1024
# So many records are encoded at once: their bytes fit into the memory that the last ones have
# left, where more would be asked for and given back each time.
AT_ONCE = 128


class BytesSink:
    """A sink that makes bytes of records, for a file or an open stream.

    A subclass says what the bytes of some records are, and of the beginning.
    """

    __slots__ = ("_buffer", "_empty", "_members", "_output")

    def __init__(
        self, target: Target, *, force: bool = False, compression: Compression | None = None
    ) -> None:
        if compression is None:
            compression = "none"
            if isinstance(target, str | os.PathLike):
                compression = compression_of(Path(target))
        self._members = Members(compression)
        self._output: Output = output_to(target, force=force)
        # The bytes that are not written yet: the first ones of it, up to where it stands. It
        # is used again and again, since new memory costs more than the copy.
        self._buffer = io.BytesIO()
        # Whether nothing was written yet.
        self._empty = True

    def head(self) -> bytes:
        """Give what stands before all records."""
        return b""

    def encode(self, records: Sequence[Record]) -> bytes:
        """Give some records as the sink's format has them."""
        raise NotImplementedError

    def open(self) -> None:
        """Make ready to write; OSError as `Sink.open` says."""
        self._forget()
        self._output.open()
        self._empty = True
        self._buffer.write(self.head())
        self.spill()

    def write(self, records: Sequence[Record]) -> None:
        """Write some records."""
        for piece in pieces(records):
            if self.gather(piece):
                self.spill()

    def gather(self, records: Sequence[Record]) -> bool:
        """Take some records into memory; whether it is time to `spill`."""
        self._output.demand_open()
        buffer = self._buffer
        for first in range(0, len(records), AT_ONCE):
            buffer.write(self.encode(records[first : first + AT_ONCE]))
        return buffer.tell() >= PIECE or self._output.is_live

    def spill(self) -> None:
        """Write what is in memory."""
        size = self._buffer.tell()
        if size:
            with self._buffer.getbuffer() as whole, whole[:size] as data:
                self._output.write(self._members.take(data))
            self._empty = False
        self._buffer.seek(0)

    def checkpoint(self) -> Checkpoint:
        """Bring all to the disk. Where it is compressed, what follows is compressed anew."""
        self.spill()
        self._output.write(self._members.end())
        return self._output.checkpoint()

    def resume(self, mark: Checkpoint) -> None:
        """Go on behind a mark; ResumeError as `ResumableSink.resume` says."""
        self._forget()
        self._output.resume(mark)
        self._empty = not mark["bytes"]

    def suspend(self) -> None:
        """Leave the unfinished file, for `resume`."""
        self._forget()
        self._output.suspend()

    def close(self, *, whole: bool) -> None:
        """Give the file its name, or remove it. What a stream has got cannot be taken back."""
        if whole:
            self.spill()
            self._output.write(self._members.end(at_least_one=self._empty))
            self._output.commit()
        else:
            self._output.discard()
        self._forget()

    def _forget(self) -> None:
        self._buffer.seek(0)
        self._members.forget()
