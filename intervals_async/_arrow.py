"""Records as Arrow has them: a schema of a record class, and batches of columns.

pyarrow is imported when the first of them is made, and not before.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal
from importlib import import_module
from operator import attrgetter
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from ._columns import Column, Kind, columns_of, kept_as_json, utf8
from ._convert import Record
from .errors import UnfitValueError

if TYPE_CHECKING:
    # pyarrow tells nothing of its types; who has stubs for it is told these.
    from pyarrow import RecordBatch, Schema  # pyright: ignore[reportMissingTypeStubs]

__all__ = ["ArrowBatches", "ArrowMaker", "pyarrow"]

# Room for any hours and any money; of what binary arithmetic leaves behind, such as
# 5.6843418860808e-14, no more is kept than anybody needs.
DIGITS, PLACES = 38, 18
_LAST_PLACE = Decimal(1).scaleb(-PLACES)
_WIDE = Context(prec=2 * DIGITS)


def pyarrow(module: str = "pyarrow") -> Any:
    """Import pyarrow, or a module of it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(
            'Arrow and Parquet need pyarrow: pip install "intervals_async[arrow]"'
        ) from error


class ArrowMaker:
    """Makes batches of columns out of records of one class.

    A field is a column of its own type: int64, bool, string, decimal128(38, 18), date32,
    timestamp in microseconds (with the zone UTC, or without one), a list of int64. Objects
    and `extra` are JSON in a string; where `extra` is empty, it is null.

    Attributes:
        schema: The columns' names and types.
    """

    __slots__ = ("_columns", "_pa", "_types", "_values", "schema")

    def __init__(self, record_class: type[Record]) -> None:
        self._columns = columns_of(record_class)
        # attrgetter of one name alone gives no tuple; the class is thrown away again
        self._values = attrgetter("__class__", *(column.name for column in self._columns))
        self._pa = pa = pyarrow()
        types: dict[Kind, Any] = {
            Kind.INTEGER: pa.int64(),
            Kind.BOOLEAN: pa.bool_(),
            Kind.DECIMAL: pa.decimal128(DIGITS, PLACES),
            Kind.DATE: pa.date32(),
            Kind.UTC: pa.timestamp("us", tz="UTC"),
            Kind.LOCAL: pa.timestamp("us"),
            Kind.IDS: pa.list_(pa.int64()),
        }
        self._types = [types.get(column.kind, pa.string()) for column in self._columns]
        self.schema: Schema = pa.schema(
            [
                pa.field(column.name, type, column.nullable)
                for column, type in zip(self._columns, self._types, strict=True)
            ]
        )

    def batch(self, records: Sequence[Record]) -> RecordBatch:  # pyright: ignore[reportUnknownParameterType]
        """Make a batch of columns.

        Raises:
            UnfitValueError: A decimal has more digits before its point than the column.
        """
        if records:
            _, *values = zip(*map(self._values, records), strict=True)
        else:
            values = [()] * len(self._columns)
        arrays = map(self._array, self._columns, values, self._types)
        batch: RecordBatch = self._pa.RecordBatch.from_arrays([*arrays], schema=self.schema)
        return batch

    def joined(self, batches: Sequence[Any]) -> RecordBatch:  # pyright: ignore[reportUnknownParameterType]
        """Make one batch of several; of one alone, that."""
        if len(batches) == 1:
            return batches[0]
        table = self._pa.Table.from_batches(batches, self.schema)
        batch: RecordBatch = table.combine_chunks().to_batches()[0]
        return batch

    def _array(self, column: Column, found: Sequence[Any], type: Any) -> Any:
        as_json = column.kind in {Kind.MIXED, Kind.JSON}
        values: Sequence[Any] = kept_as_json(column.kind, found) if as_json else found
        make = self._pa.array
        # Arrow's own keeps some ten megabytes for each thread, to be quick with much.
        pool = self._pa.system_memory_pool()
        try:
            return make(values, type, memory_pool=pool)
        except UnicodeEncodeError:
            return make([utf8(value) for value in values], type, memory_pool=pool)
        except self._pa.ArrowInvalid:
            if column.kind is not Kind.DECIMAL:
                raise
            return make([_fitted(column, value) for value in found], type, memory_pool=pool)


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

    __slots__ = ("_batches", "_ended", "_maker", "_rows", "_stream", "_there", "schema")

    def __init__(self, stream: _Batches, record_class: type[Record], rows: int) -> None:
        self._stream = stream
        self._maker = ArrowMaker(record_class)
        self._rows = rows
        self.schema: Schema = self._maker.schema
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
                self._batches.append(self._maker.batch(records))
                self._there += len(records)
        if not self._batches:
            raise StopAsyncIteration
        batch = self._maker.joined(self._batches)
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


def _fitted(column: Column, value: Decimal | None) -> Decimal | None:
    """Round a decimal to the places that its column has."""
    if value is None:
        return None
    if value.adjusted() < DIGITS - PLACES:
        fitted = value.quantize(_LAST_PLACE, context=_WIDE)
        if fitted.adjusted() < DIGITS - PLACES:
            return fitted
    raise UnfitValueError(
        f"{column.name}: {value!s:.60} has more digits before its point than the "
        f"{DIGITS - PLACES} that the column has room for"
    )
