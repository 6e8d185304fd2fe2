"""Records as Arrow has them: a schema of a record class, and batches of columns.

pyarrow is imported when the first of them is made, and not before.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from ..errors import UnfitValueError
from .columns import Column, Kind, columns_of, kept_as_json, utf8
from .records import Record

if TYPE_CHECKING:
    # pyarrow tells nothing of its types; who has stubs for it is told these.
    from pyarrow import RecordBatch, Schema  # pyright: ignore[reportMissingTypeStubs]

__all__ = ["ArrowMaker", "pyarrow"]

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
