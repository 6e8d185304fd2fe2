"""`export`: the records of a stream into a sink, whole or not at all."""

from __future__ import annotations

import time
from collections.abc import AsyncIterable, Awaitable, Callable, Sequence

from .._schema.records import Record
from .._streaming.listing import Stream
from .in_thread import SinkThread
from .sinks.sink import Sink

__all__ = ["batches", "export"]

# Of what gives records one by one, so many are gathered, and no longer than so many seconds.
ENOUGH = 128
SOON = 0.05


async def export(
    stream: AsyncIterable[Record],
    sink: Sink,
    *,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Write every record of a stream into a sink.

    The sink is opened before the first request is sent, and works in a thread of its own. If
    anything goes wrong, and if the export is cancelled, it takes back what it has written.

    Args:
        stream: A listing, a stream, or anything else that gives records.
        sink: Where they go.
        progress: Called with their number so far, each time some have been written; it
            should be quick.

    Returns:
        The number of records.

    Raises:
        OSError: The sink cannot write.
        IntervalsError: The stream failed.
    """
    count = 0
    some = batches(stream)
    async with SinkThread(sink) as thread:
        try:
            await thread.call(sink.open)
            while records := await some():
                await thread.write(records)
                count += len(records)
                if progress is not None:
                    progress(count)
            await thread.call(sink.close, whole=True)
        except BaseException:
            await thread.call(sink.close, whole=False)
            raise
    return count


def batches(stream: AsyncIterable[Record]) -> Callable[[], Awaitable[Sequence[Record]]]:
    """Give what gives records some at a time, and none at the end.

    After each call, the bookmark of a stream stands behind the last record that was given.
    """
    records = aiter(stream)
    if isinstance(records, Stream):
        return records.batch

    async def some() -> list[Record]:
        gathered: list[Record] = []
        began = time.monotonic()
        async for record in records:
            gathered.append(record)
            if len(gathered) >= ENOUGH or time.monotonic() - began > SOON:
                break
        return gathered

    return some
