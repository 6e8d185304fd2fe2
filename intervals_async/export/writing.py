"""`export`: the records of a stream into a sink, whole or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable

from .._convert import Record
from .sink import Sink

__all__ = ["export"]


async def export(
    stream: AsyncIterable[Record],
    sink: Sink,
    *,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Write every record of a stream into a sink.

    The sink is opened before the first request is sent. If anything goes wrong, and if the
    export is cancelled, the sink discards what it took.

    Args:
        stream: A stream, or anything else that gives records.
        sink: Where they go.
        progress: Called after each record with their number so far; it should be quick.

    Returns:
        The number of records.

    Raises:
        OSError: The sink cannot write.
        IntervalsError: The stream failed.
    """
    count = 0
    try:
        sink.open()
        async for record in stream:
            # Blocks the loop, on purpose: a disk takes a page in a small part of the time
            # that the request for it took, and a thread for each record would cost more
            # than the write. No more than the sink's buffer is kept in memory.
            sink.write(record)
            count += 1
            if progress is not None:
                progress(count)
        sink.commit()
    except BaseException:
        sink.discard()
        raise
    return count
