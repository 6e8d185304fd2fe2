"""The protocols of sinks: what `export` writes records to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

from ...errors import ResumeError
from ..unreadable import FieldCount

__all__ = ["BufferedSink", "Checkpoint", "ResumableSink", "Sink", "checkpoint_number", "chunks"]

Checkpoint: TypeAlias = Mapping[str, object]
"""How much a sink has written: a few values that JSON can hold."""

CHUNK_SIZE = 512


class Sink(Protocol):
    """Accepts records in batches; they count once the sink is closed as complete.

    `export` calls `open`, then `write` repeatedly, then `close`: one call at a time, all in one
    thread that is not the event loop's. A closed sink may be used again.

    .. versionchanged:: 0.2.0
       `write` takes several records. `close` replaces ``commit`` and ``discard``.
    """

    def open(self) -> None:
        """Prepare for writing.

        Raises:
            OSError: The target cannot be written. As far as possible this is detected here,
                before the first request.
        """
        ...

    def write(self, records: Sequence[Any]) -> None:
        """Write some records, in order; OSError if they cannot be written."""
        ...

    def close(self, *, complete: bool) -> None:
        """Finish: make what was written final, or remove it.

        Args:
            complete: Whether all records were written. If not, what was written is removed as far
                as possible; this is allowed in any state, and more than once.

        Raises:
            OSError: It could not be made final. Close the sink as not complete then.
        """
        ...


class ResumableSink(Sink, Protocol):
    """A sink whose unfinished work can be resumed by another process.

    A checkpoint is valid until the same target is opened again. Save it, together with the
    bookmark of the stream, only after `checkpoint` has returned it.

    .. versionadded:: 0.2.0
    """

    def checkpoint(self) -> Checkpoint:
        """Flush everything that was written to the disk and return a checkpoint of it."""
        ...

    def resume(self, checkpoint: Checkpoint) -> None:
        """Continue after a checkpoint, instead of `open`; what was written later is dropped.

        Raises:
            ResumeError: What was written is gone, or does not match the checkpoint.
            OSError: The target cannot be written.
        """
        ...

    def suspend(self) -> None:
        """Close the sink and keep what was written, for `resume`."""
        ...


@runtime_checkable
class BufferedSink(Sink, Protocol):
    """A sink that buffers records in memory, which is fast, and writes many at a time.

    `export` calls `buffer` in the event loop, where the records have just been decoded: handing
    every batch to a thread costs more. Only `flush`, which may wait for a disk, runs in a thread.

    .. versionadded:: 0.2.0
    """

    def buffer(self, records: Sequence[Any]) -> bool:
        """Take some records into memory; return whether it is time to `flush`."""
        ...

    def flush(self) -> None:
        """Write the buffered records; OSError if that fails."""
        ...


@runtime_checkable
class RoundingSink(Sink, Protocol):
    """A sink of a format whose numbers may hold fewer digits than were sent.

    Attributes:
        rounded: For each field, the records whose value was rounded.
    """

    rounded: dict[str, FieldCount]


def rounded_by(sink: Sink) -> dict[str, FieldCount]:
    """Return, for each field, the records whose value a sink has rounded."""
    return sink.rounded if isinstance(sink, RoundingSink) else {}


def chunks(records: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Split a batch that is too large for one step: one response may hold thousands of records."""
    if len(records) <= CHUNK_SIZE:
        yield records
        return
    for first in range(0, len(records), CHUNK_SIZE):
        yield records[first : first + CHUNK_SIZE]


def checkpoint_number(checkpoint: Checkpoint, name: str) -> int:
    """Read an integer out of a checkpoint; ResumeError if there is none."""
    value = checkpoint.get(name)
    if not isinstance(value, int) or value < 0:
        raise ResumeError(
            f"checkpoint: expected a number of {name}, got {value!r}; "
            "pass what checkpoint() returned"
        )
    return value
