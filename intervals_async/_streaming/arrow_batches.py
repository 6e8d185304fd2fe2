"""The records of a listing as batches of Arrow columns."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from .._schema.arrow import ArrowConverter
from .._schema.record import Record
from .stream import Stream

if TYPE_CHECKING:
    # pyarrow has no type information. Stubs are used if the user has installed them.
    from pyarrow import RecordBatch, Schema  # pyright: ignore[reportMissingTypeStubs]

__all__ = ["ArrowBatches"]


class ArrowBatches:
    """The records of a listing as batches of Arrow columns, in order: an async iterator.

    Steps, errors and ``async with`` work as in `Stream`.

    Attributes:
        schema: The columns' names and types, known before the first batch.
    """

    __slots__ = ("_batches", "_converter", "_ended", "_row_count", "_rows", "_stream", "schema")

    def __init__(self, stream: Stream[Any], record_class: type[Record], rows: int) -> None:
        self._stream = stream
        self._converter = ArrowConverter(record_class)
        self._rows = rows
        self.schema: Schema = self._converter.schema
        # The rows that have arrived and are not yielded yet, and their number.
        self._batches: list[Any] = []
        self._row_count = 0
        self._ended = False

    def __aiter__(self) -> Self:
        """Return self. The batches can be read only once."""
        return self

    async def __anext__(self) -> RecordBatch:  # pyright: ignore[reportUnknownParameterType]
        """Return the next batch; raises as a step of `Stream` does."""
        while self._row_count < self._rows and not self._ended:
            records = await self._stream.batch()
            self._ended = not records
            if records:
                self._batches.append(self._converter.batch(records))
                self._row_count += len(records)
        if not self._batches:
            raise StopAsyncIteration
        batch = self._converter.joined(self._batches)
        rest = batch.slice(self._rows)
        self._row_count = rest.num_rows
        self._batches = [rest] if self._row_count else []
        return batch.slice(0, self._rows)

    async def aclose(self) -> None:
        """Close it. Allowed in any state, and more than once."""
        self._batches.clear()
        self._row_count = 0
        self._ended = True
        await self._stream.aclose()

    async def __aenter__(self) -> Self:
        """Return self, and request pages ahead from now on if `prefetch` is on."""
        await self._stream.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        await self.aclose()
