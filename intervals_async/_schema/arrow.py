"""Records as Arrow record batches. pyarrow is imported when the first converter is made."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, get_args

from ..errors import ArgumentError
from .columns import Column, ColumnKind, select_columns
from .decimals import Decimals, OnRounded, fixed, floats
from .record import Record, column_values

if TYPE_CHECKING:
    # pyarrow has no type information. Stubs are used if the user has installed them.
    from pyarrow import RecordBatch, Schema  # pyright: ignore[reportMissingTypeStubs]

__all__ = ["ArrowConverter", "arrow_schema", "optional_module", "pyarrow"]


def optional_module(module: str, extra: str) -> Any:
    """Import a module of a package that an extra installs."""
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ImportError(
            f'{package} is not installed; run: pip install "intervals_async[{extra}]"'
        ) from error


def pyarrow(module: str = "pyarrow") -> Any:
    """Import pyarrow, or a module of it."""
    return optional_module(module, "arrow")


def arrow_schema(  # pyright: ignore[reportUnknownParameterType]
    record_class: type[Record],
    *,
    columns: Sequence[str] | None = None,
    decimals: Decimals = "float",
) -> Schema:
    """Return the columns of a class of records, a `pyarrow.Schema`.

    Args:
        record_class: The class of the records, such as `Task`.
        columns: The names of the fields, in this order [default: all].
        decimals: The type of decimals; see `ArrowConverter`.

    Raises:
        ImportError: pyarrow is not installed.
        ArgumentError: The class has no such field.

    .. versionadded:: 0.2.0
    """
    return ArrowConverter(record_class, columns=columns, decimals=decimals).schema


# Arrow has no type for these: text, objects as JSON.
_AS_JSON = {ColumnKind.NUMBER_OR_TEXT, ColumnKind.TEXT_OR_OBJECTS, ColumnKind.OBJECTS}


class ArrowConverter:
    """Converts records of one class into Arrow record batches.

    Each field becomes a column of its own type: int64, bool, string, float64, date32, timestamp in
    microseconds (in UTC, or without a time zone), or list of int64. Objects and `extra` are JSON in
    a string. An empty `extra` is null, and so is a field that could not be read. Requires pyarrow:
    install the extra ``arrow``.

    Args:
        record_class: The class of the records.
        columns: The names of the fields to convert, in this order [default: all].
        decimals: The type of decimals. ``"float"`` is float64, which every program computes with.
            ``"decimal"`` is decimal128 with the digits of the field: hours (9, 2), money (18, 4),
            quantities (15, 4), percentages (9, 4), seconds (12, 3). A value with more decimal
            places, such as 2.8499999999999996, is rounded half-even.
        on_rounded: Called with the name of a field and the records of a batch whose value in it was
            rounded.

    Attributes:
        schema: The names and types of the columns, a `pyarrow.Schema`.

    Raises:
        ImportError: pyarrow is not installed.
        ArgumentError: The class has no such field, or `decimals` is neither.

    .. versionadded:: 0.2.0
    """

    __slots__ = ("_columns", "_decimals", "_on_rounded", "_pa", "_types", "schema")

    def __init__(
        self,
        record_class: type[Record],
        *,
        columns: Sequence[str] | None = None,
        decimals: Decimals = "float",
        on_rounded: OnRounded | None = None,
    ) -> None:
        if decimals not in get_args(Decimals):
            raise ArgumentError(f"decimals: expected 'float' or 'decimal', got {decimals!r}")
        self._columns = select_columns(record_class, columns)
        self._decimals = decimals
        self._on_rounded = on_rounded or _ignore
        self._pa = pa = pyarrow()
        types: dict[ColumnKind, Any] = {
            ColumnKind.INTEGER: pa.int64(),
            ColumnKind.BOOLEAN: pa.bool_(),
            ColumnKind.DECIMAL: pa.float64(),
            ColumnKind.DATE: pa.date32(),
            ColumnKind.UTC_DATETIME: pa.timestamp("us", tz="UTC"),
            ColumnKind.LOCAL_DATETIME: pa.timestamp("us"),
            ColumnKind.ID_LIST: pa.list_(pa.int64()),
        }
        self._types = [
            pa.decimal128(column.precision, column.scale)
            if column.kind is ColumnKind.DECIMAL and decimals == "decimal"
            else types.get(column.kind, pa.string())
            for column in self._columns
        ]
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
        arrays = [
            self._array(column, found, type, records)
            for column, found, type in zip(self._columns, values, self._types, strict=True)
        ]
        batch: RecordBatch = self._pa.RecordBatch.from_arrays(arrays, schema=self.schema)
        return batch

    def joined(self, batches: Sequence[Any]) -> RecordBatch:  # pyright: ignore[reportUnknownParameterType]
        """Join record batches into one; return a single batch unchanged."""
        if len(batches) == 1:
            return batches[0]
        table = self._pa.Table.from_batches(batches, self.schema)
        batch: RecordBatch = table.combine_chunks().to_batches()[0]
        return batch

    def _array(
        self, column: Column, found: Sequence[Any], type: Any, records: Sequence[Record]
    ) -> Any:
        values = column.plain(found) if column.kind in _AS_JSON else found
        if column.kind is ColumnKind.DECIMAL and self._decimals == "float":
            values = floats(column, found, records, self._on_rounded)
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
            fitted = fixed(column, found, records, self._on_rounded)
            return make(fitted, type, memory_pool=pool)


def _ignore(_: str, __: Sequence[Record]) -> None:
    """Ignore that values were rounded."""
