"""What `export` writes to: the protocols of all sinks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

from ...errors import ResumeError

__all__ = ["Checkpoint", "GatheringSink", "ResumableSink", "Sink", "number", "pieces"]

Checkpoint: TypeAlias = Mapping[str, object]
"""Where a sink stands: a few values that JSON can hold."""


MOST_AT_ONCE = 512


class Sink(Protocol):
    """Takes records, some at a time; what it took counts once it is closed as whole.

    `export` calls `open`, then `write` again and again, then `close`: one after the other,
    all in one thread that is not the loop's. A sink may be used again after it was closed.
    """

    def open(self) -> None:
        """Make ready to write.

        Raises:
            OSError: The target cannot be written. It is found here, as far as it can be,
                because no request was spent yet.
        """
        ...

    def write(self, records: Sequence[Any]) -> None:
        """Take some records, in their order; OSError if they cannot be written."""
        ...

    def close(self, *, whole: bool) -> None:
        """End it: make what was written stand, or take it back.

        Args:
            whole: Whether all was written. If not, what was is taken back as far as it can
                be; that may be asked for in any state, and again.

        Raises:
            OSError: It could not be made to stand. Close it as not whole then.
        """
        ...


class ResumableSink(Sink, Protocol):
    """A sink whose unfinished work another process can go on with.

    A mark is good as long as nobody opens the same target anew. Keep it, together with the
    bookmark of the stream, only after `checkpoint` has given it.
    """

    def checkpoint(self) -> Checkpoint:
        """Bring all that was written to the disk, and give a mark of it."""
        ...

    def resume(self, mark: Checkpoint) -> None:
        """Go on behind a mark, instead of `open`; what was written after it is dropped.

        Raises:
            ResumeError: What was written is gone, or is not what the mark was given for.
            OSError: The target cannot be written.
        """
        ...

    def suspend(self) -> None:
        """End it, and leave what was written as it is, to be resumed."""
        ...


@runtime_checkable
class GatheringSink(Sink, Protocol):
    """A sink that takes records into memory, quickly, and writes them many at a time.

    `export` asks it to `gather` in the loop, where the records have just been made: to hand
    each few of them to a thread costs more. The thread is for what waits.
    """

    def gather(self, records: Sequence[Any]) -> bool:
        """Take some records into memory; whether it is time to `spill`."""
        ...

    def spill(self) -> None:
        """Write what is in memory; OSError if that fails."""
        ...


def pieces(records: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Cut what is too much to be taken at once: a listing in one answer may be thousands."""
    if len(records) <= MOST_AT_ONCE:
        yield records
        return
    for first in range(0, len(records), MOST_AT_ONCE):
        yield records[first : first + MOST_AT_ONCE]


def number(mark: Checkpoint, name: str) -> int:
    """Read a whole number out of a mark; ResumeError if there is none."""
    value = mark.get(name)
    if not isinstance(value, int) or value < 0:
        raise ResumeError(f"the mark says no {name}: give what checkpoint() gave")
    return value
