"""`BytesSink`: the common part of the sinks that encode records as bytes."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path

from ... import Record
from .compression import Compression, MemberCompressor, compression_of
from .output import Output, Target, output_to
from .sink import Checkpoint, chunks

__all__ = ["BytesSink"]

# Bytes that are written at once.
BUFFER_SIZE = 256 * 1024
# Records that are encoded at once: their bytes fit into the memory that the last ones have freed;
# larger pieces would be allocated and released each time.
ENCODE_SIZE = 128


class BytesSink:
    """A sink that encodes records as bytes, for a file or an open stream.

    A subclass encodes the records and the header.
    """

    __slots__ = ("_buffer", "_compressor", "_is_empty", "_output")

    def __init__(
        self, target: Target, *, force: bool = False, compression: Compression | None = None
    ) -> None:
        if compression is None:
            compression = "none"
            if isinstance(target, str | os.PathLike):
                compression = compression_of(Path(target))
        self._compressor = MemberCompressor(compression)
        self._output: Output = output_to(target, force=force)
        # The bytes that are not written yet, up to its position. It is used again and again,
        # because new memory costs more than the copy.
        self._buffer = io.BytesIO()
        # Whether nothing was written yet.
        self._is_empty = True

    def header(self) -> bytes:
        """Return the bytes before the first record."""
        return b""

    def encode(self, records: Sequence[Record]) -> bytes:
        """Encode some records in the format of the sink."""
        raise NotImplementedError

    def open(self) -> None:
        """Prepare for writing; raises as `Sink.open` does."""
        self._reset()
        self._output.open()
        self._is_empty = True
        self._buffer.write(self.header())
        self.flush()

    def write(self, records: Sequence[Record]) -> None:
        """Write some records."""
        for chunk in chunks(records):
            if self.buffer(chunk):
                self.flush()

    def buffer(self, records: Sequence[Record]) -> bool:
        """Take some records into memory; return whether it is time to `flush`."""
        self._output.require_open()
        buffer = self._buffer
        for first in range(0, len(records), ENCODE_SIZE):
            buffer.write(self.encode(records[first : first + ENCODE_SIZE]))
        return buffer.tell() >= BUFFER_SIZE or self._output.is_unbuffered

    def flush(self) -> None:
        """Write the buffered records."""
        size = self._buffer.tell()
        if size:
            with self._buffer.getbuffer() as memory, memory[:size] as data:
                self._output.write(self._compressor.compress(data))
            self._is_empty = False
        self._buffer.seek(0)

    def checkpoint(self) -> Checkpoint:
        """Flush everything to the disk. Compression starts a new member after it."""
        self.flush()
        self._output.write(self._compressor.finish())
        return self._output.checkpoint()

    def resume(self, checkpoint: Checkpoint) -> None:
        """Continue after a checkpoint; raises as `ResumableSink.resume` does."""
        self._reset()
        self._output.resume(checkpoint)
        self._is_empty = not checkpoint["bytes"]

    def suspend(self) -> None:
        """Close the sink and keep the unfinished file, for `resume`."""
        self._reset()
        self._output.suspend()

    def close(self, *, complete: bool) -> None:
        """Move the file to its name, or remove it. A stream keeps what it has received."""
        if complete:
            self.flush()
            self._output.write(self._compressor.finish(at_least_one=self._is_empty))
            self._output.commit()
        else:
            self._output.discard()
        self._reset()

    def _reset(self) -> None:
        self._buffer.seek(0)
        self._compressor.reset()
