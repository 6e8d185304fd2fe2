"""Writing records in tests, also to a disk that is full."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Sequence
from contextlib import contextmanager
from resource import RLIMIT_FSIZE, getrlimit, setrlimit

from intervals_async import Record
from intervals_async.export import Sink

__all__ = ["max_file_size", "stream_of", "write"]


def write(sink: Sink, *batches: Sequence[Record]) -> None:
    """Write some batches into a sink and close it as complete."""
    sink.open()
    for batch in batches:
        sink.write(batch)
    sink.close(complete=True)


async def stream_of(records: Sequence[Record]) -> AsyncIterator[Record]:
    """Yield records one by one."""
    for record in records:
        yield record


@contextmanager
def max_file_size(size: int) -> Generator[None]:
    """Let no file grow beyond a number of bytes, as on a full disk."""
    soft, hard = getrlimit(RLIMIT_FSIZE)
    setrlimit(RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        setrlimit(RLIMIT_FSIZE, (soft, hard))
