"""The records of a listing as batches of Arrow columns."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from .._schema.arrow import ArrowConverter
from .._schema.records import Record

if TYPE_CHECKING:
    # pyarrow has no type information; stubs are used where the user has installed some.
    from pyarrow import RecordBatch, Schema  # pyright: ignore[reportMissingTypeStubs]

__all__ = ["ArrowBatches"]


class _Batches(Protocol):
    """What is used of a stream."""

    async def batch(self) -> list[Any]: ...
    async def aclose(self) -> None: ...
    async def __aenter__(self) -> object: ...
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...


class ArrowBatches:
    """The records of a listing as batches of Arrow columns, in order: an async iterator.

    What `Stream` says of its steps, of errors and of ``async with`` holds here too.

    Attributes:
        schema: The columns' names and types, known before the first batch.
    """

    __slots__ = ("_batches", "_converter", "_ended", "_rows", "_stream", "_there", "schema")

    def __init__(self, stream: _Batches, record_class: type[Record], rows: int) -> None:
        self._stream = stream
        self._converter = ArrowConverter(record_class)
        self._rows = rows
        self.schema: Schema = self._converter.schema
        # What has come and is not given yet, and how many rows that is.
        self._batches: list[Any] = []
        self._there = 0
        self._ended = False

    def __aiter__(self) -> Self:
        """Give itself: it is read once."""
        return self

    async def __anext__(self) -> RecordBatch:  # pyright: ignore[reportUnknownParameterType]
        """Give the next batch; raises as a step of `Stream` does."""
        while self._there < self._rows and not self._ended:
            records = await self._stream.batch()
            self._ended = not records
            if records:
                self._batches.append(self._converter.batch(records))
                self._there += len(records)
        if not self._batches:
            raise StopAsyncIteration
        batch = self._converter.joined(self._batches)
        rest = batch.slice(self._rows)
        self._there = rest.num_rows
        self._batches = [rest] if self._there else []
        return batch.slice(0, self._rows)

    async def aclose(self) -> None:
        """End it. May be called again, and in any state."""
        self._batches.clear()
        self._there = 0
        self._ended = True
        await self._stream.aclose()

    async def __aenter__(self) -> Self:
        """Give itself, and look ahead from now on where `prefetch` says so."""
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
