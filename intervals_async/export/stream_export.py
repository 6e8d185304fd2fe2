"""`export`: write the records of a stream into a sink, all of them or none."""

from __future__ import annotations

import time
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping, Sequence
from typing import Self

from .. import Record, Stream
from .sink_thread import SinkThread
from .sinks.sink import Sink, rounded_by
from .unreadable import FieldCount, RoundedField, UnreadableField, add_unreadable, summarize

__all__ = ["ExportResult", "export"]

# An iterable that yields one record at a time is written in batches. A batch ends when it has this
# many records, or with the first record that arrives after this many seconds.
BATCH_SIZE = 128
BATCH_SECONDS = 0.05


class ExportResult(int):
    """The number of records that an export has written.

    Attributes:
        unreadable: The fields that could not be read in some of the records. Those of objects are
            named like ``assignee.personid``.
        rounded: The fields whose value was rounded in some of the records, because the numbers of
            the format hold fewer digits.

    .. versionadded:: 0.2.0
    """

    unreadable: Mapping[str, UnreadableField]
    rounded: Mapping[str, RoundedField]

    def __new__(
        cls,
        records: int = 0,
        unreadable: Mapping[str, UnreadableField] | None = None,
        rounded: Mapping[str, RoundedField] | None = None,
    ) -> Self:
        """Make a number with the fields that could not be read, and those that were rounded."""
        result = super().__new__(cls, records)
        result.unreadable = unreadable or {}
        result.rounded = rounded or {}
        return result

    def _repr_html_(self) -> str:
        """Show the numbers as a table, in a notebook."""
        from .._html import fields_table  # noqa: PLC0415  for notebooks only

        fields: list[tuple[str, object]] = [("records", int(self))]
        for what, found in (("unreadable", self.unreadable), ("rounded", self.rounded)):
            for name, field in found.items():
                which = f": {field.ranges}" if field.ranges else ""
                fields.append((f"{what} {name}", f"in {field.records:,} records{which}"))
        return fields_table("Export", fields)


async def export(
    stream: AsyncIterable[Record],
    sink: Sink,
    *,
    progress: Callable[[int], None] | None = None,
) -> ExportResult:
    """Write every record of a stream into a sink.

    The sink is opened before the first request, and works in a thread of its own. After an error
    or a cancellation, the sink discards what it has written.

    Args:
        stream: A listing, a stream, or any other async iterable of records.
        sink: The target of the records.
        progress: Called after each batch with the number of records written so far. It must not
            block, because it runs in the event loop.

    Returns:
        The number of records, with the fields that could not be read. These are null in the file.

    Raises:
        OSError: The sink could not be opened or written.
        IntervalsError: The stream failed.

    .. versionchanged:: 0.2.0
       Returns an `ExportResult` instead of an `int`. The sink works in a thread.
    """
    count = 0
    unreadable: dict[str, FieldCount] = {}
    next_batch = _batches(stream)
    async with SinkThread(sink) as thread:
        try:
            await thread.call(sink.open)
            while records := await next_batch():
                await thread.write(records)
                count += len(records)
                add_unreadable(unreadable, records)
                if progress is not None:
                    progress(count)
            await thread.call(sink.close, complete=True)
        except BaseException:
            await thread.call(sink.close, complete=False)
            raise
    return ExportResult(
        count,
        summarize(unreadable, UnreadableField),
        summarize(rounded_by(sink), RoundedField),
    )


def _batches(stream: AsyncIterable[Record]) -> Callable[[], Awaitable[Sequence[Record]]]:
    """Return a function that returns the next batch of records; an empty batch is the end."""
    records = aiter(stream)
    if isinstance(records, Stream):
        return records.batch

    async def next_batch() -> list[Record]:
        batch: list[Record] = []
        started = time.monotonic()
        async for record in records:
            batch.append(record)
            if len(batch) >= BATCH_SIZE or time.monotonic() - started > BATCH_SECONDS:
                break
        return batch

    return next_batch
