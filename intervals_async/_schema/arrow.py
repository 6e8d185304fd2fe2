"""Records as Arrow record batches. pyarrow is imported when the first converter is made."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..errors import UnfitValueError
from .columns import Column, ColumnKind, columns_of
from .record import Record, column_values

if TYPE_CHECKING:
    # pyarrow has no type information. Stubs are used if the user has installed them.
    from pyarrow import RecordBatch, Schema  # pyright: ignore[reportMissingTypeStubs]

__all__ = ["ArrowConverter", "pyarrow"]

# Enough digits for any number of hours and any amount of money. Rounding removes the noise of
# binary arithmetic, such as 5.6843418860808e-14.
DIGITS, PLACES = 38, 18
_LAST_PLACE = Decimal(1).scaleb(-PLACES)
_WIDE = Context(prec=2 * DIGITS)


def pyarrow(module: str = "pyarrow") -> Any:
    """Import pyarrow, or a module of it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(
            'pyarrow is not installed; run: pip install "intervals_async[arrow]"'
        ) from error


# Arrow has no type for these: text, objects as JSON.
_AS_JSON = {ColumnKind.NUMBER_OR_TEXT, ColumnKind.TEXT_OR_OBJECTS, ColumnKind.OBJECTS}


class ArrowConverter:
    """Converts records of one class into Arrow record batches.

    Each field becomes a column of its own type: int64, bool, string, decimal128(38, 18), date32,
    timestamp in microseconds (in UTC, or without a time zone), or list of int64. Objects and
    `extra` are JSON in a string. An empty `extra` is null, and so is a field that could not be
    read. Requires pyarrow: install the extra ``arrow``.

    Args:
        record_class: The class of the records.

    Attributes:
        schema: The names and types of the columns, a `pyarrow.Schema`.

    Raises:
        ImportError: pyarrow is not installed.
    """

    __slots__ = ("_columns", "_pa", "_types", "schema")

    def __init__(self, record_class: type[Record]) -> None:
        self._columns = columns_of(record_class)
        self._pa = pa = pyarrow()
        types: dict[ColumnKind, Any] = {
            ColumnKind.INTEGER: pa.int64(),
            ColumnKind.BOOLEAN: pa.bool_(),
            ColumnKind.DECIMAL: pa.decimal128(DIGITS, PLACES),
            ColumnKind.DATE: pa.date32(),
            ColumnKind.UTC_DATETIME: pa.timestamp("us", tz="UTC"),
            ColumnKind.LOCAL_DATETIME: pa.timestamp("us"),
            ColumnKind.ID_LIST: pa.list_(pa.int64()),
        }
        self._types = [types.get(column.kind, pa.string()) for column in self._columns]
        self.schema: Schema = pa.schema(
            [
                pa.field(column.name, type)  # nullable, because a value may be unreadable
                for column, type in zip(self._columns, self._types, strict=True)
            ]
        )

    def batch(self, records: Sequence[Record]) -> RecordBatch:  # pyright: ignore[reportUnknownParameterType]
        """Convert records into one record batch, a `pyarrow.RecordBatch`.

        Raises:
            UnfitValueError: A decimal has more digits before its point than the column.
        """
        values = column_values(records, [column.name for column in self._columns])
        arrays = map(self._array, self._columns, values, self._types)
        batch: RecordBatch = self._pa.RecordBatch.from_arrays([*arrays], schema=self.schema)
        return batch

    def joined(self, batches: Sequence[Any]) -> RecordBatch:  # pyright: ignore[reportUnknownParameterType]
        """Join record batches into one; return a single batch unchanged."""
        if len(batches) == 1:
            return batches[0]
        table = self._pa.Table.from_batches(batches, self.schema)
        batch: RecordBatch = table.combine_chunks().to_batches()[0]
        return batch

    def _array(self, column: Column, found: Sequence[Any], type: Any) -> Any:
        values = column.plain(found) if column.kind in _AS_JSON else found
        make = self._pa.array
        # The default pool keeps about ten megabytes for each thread.
        pool = self._pa.system_memory_pool()
        try:
            return make(values, type, memory_pool=pool)
        except UnicodeEncodeError:
            return make(column.encodable(values), type, memory_pool=pool)
        except self._pa.ArrowInvalid:
            if column.kind is not ColumnKind.DECIMAL:
                raise
            return make([_fitted(column, value) for value in found], type, memory_pool=pool)


def _fitted(column: Column, value: Decimal | None) -> Decimal | None:
    """Round a decimal to the decimal places of its column."""
    if value is None:
        return None
    if value.adjusted() < DIGITS - PLACES:
        fitted = value.quantize(_LAST_PLACE, context=_WIDE)
        if fitted.adjusted() < DIGITS - PLACES:
            return fitted
    raise UnfitValueError(
        f"{column.name}: expected at most {DIGITS - PLACES} digits before the decimal point, "
        f"got {value!s:.60}"
    )
