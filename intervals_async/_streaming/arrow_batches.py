"""The records of a listing as batches of Arrow columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from .._schema.arrow import ArrowConverter
from .._schema.decimals import Decimals
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

    .. versionadded:: 0.2.0
    """

    __slots__ = (
        "_batches",
        "_converter",
        "_ended",
        "_rounded",
        "_row_count",
        "_rows",
        "_stream",
        "schema",
    )

    def __init__(
        self,
        stream: Stream[Any],
        record_class: type[Record],
        rows: int,
        *,
        columns: Sequence[str] | None = None,
        decimals: Decimals = "float",
    ) -> None:
        self._stream = stream
        self._converter = ArrowConverter(
            record_class, columns=columns, decimals=decimals, on_rounded=self._count_rounded
        )
        self._rows = rows
        self.schema: Schema = self._converter.schema
        self._rounded: dict[str, int] = {}
        # The rows that have arrived and are not yielded yet, and their number.
        self._batches: list[Any] = []
        self._row_count = 0
        self._ended = False

    @property
    def rounded(self) -> Mapping[str, int]:
        """The fields whose decimals had to be rounded, with the number of records so far."""
        return dict(self._rounded)

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

    def _count_rounded(self, field: str, records: Sequence[Record]) -> None:
        self._rounded[field] = self._rounded.get(field, 0) + len(records)
