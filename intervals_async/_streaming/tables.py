"""The records of a listing as tables and data frames. Their packages are imported when needed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, Unpack, get_args

from .._schema.arrow import optional_module, pyarrow
from .._schema.columns import select_columns
from .._schema.decimals import Decimals
from .._schema.decoder import to_dict
from .._schema.record import Record
from ..errors import ArgumentError
from .arrow_batches import ArrowBatches
from .options import StreamOptions, checked_integer
from .stream import Stream

if TYPE_CHECKING:
    # pyarrow and pandas have no type information. Stubs are used if the user has installed them.
    from pandas import DataFrame as PandasFrame  # pyright: ignore[reportMissingTypeStubs]
    from polars import DataFrame as PolarsFrame
    from pyarrow import Table  # pyright: ignore[reportMissingTypeStubs]

__all__ = ["DtypeBackend", "TableMethods"]

R = TypeVar("R", bound=Record)

DtypeBackend: TypeAlias = Literal["numpy", "numpy_nullable", "pyarrow"]
"""The kind of dtypes of a pandas data frame."""


class TableMethods(Generic[R]):
    """The methods of a listing that return a table. Each reads the complete listing."""

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def record_class(self) -> type[R]:
            """The class of the records."""
            raise NotImplementedError

        def stream(self, **options: Unpack[StreamOptions]) -> Stream[R]:
            """Stream every record."""
            raise NotImplementedError

    def arrow_batches(
        self,
        *,
        rows: int = 10_000,
        columns: Sequence[str] | None = None,
        decimals: Decimals = "float",
        **options: Unpack[StreamOptions],
    ) -> ArrowBatches:
        """Stream all records as Arrow batches, for pyarrow, pandas, polars or DuckDB.

        Each batch is a `pyarrow.RecordBatch` with one column per field, of the field's type; see
        `ArrowConverter` for the types. Requires pyarrow: install the extra ``arrow``. See
        `blocking_reader` for code that is not async.

        Args:
            rows: The number of rows of a batch; the last one may have fewer.
            columns: The names of the fields, in this order [default: all].
            decimals: ``"float"`` makes decimals float64, ``"decimal"`` decimal128 with the digits
                of the field.
            options: The options of `stream`. End or close it like a stream.

        Raises:
            ImportError: pyarrow is not installed.
            ArgumentError: The records have no such field, or as `stream` raises it.

        .. versionadded:: 0.2.0
        """
        checked_integer("rows", rows, least=1)
        return ArrowBatches(
            self.stream(**options), self.record_class, rows, columns=columns, decimals=decimals
        )

    async def to_arrow(  # pyright: ignore[reportUnknownParameterType]
        self,
        *,
        columns: Sequence[str] | None = None,
        decimals: Decimals = "float",
        **options: Unpack[StreamOptions],
    ) -> Table:
        """Read all records into a `pyarrow.Table`, which has columns even if it has no rows.

        Args:
            columns: As for `arrow_batches`.
            decimals: As for `arrow_batches`.
            options: The options of `stream`.

        Raises:
            ImportError: pyarrow is not installed.
            ArgumentError: As `arrow_batches` raises it.
            CallError: A page could not be read.

        .. versionadded:: 0.2.0
        """
        found = self.arrow_batches(columns=columns, decimals=decimals, **options)
        async with found:
            batches = [batch async for batch in found]
        table: Table = pyarrow().Table.from_batches(batches, found.schema)
        return table

    async def to_pandas(
        self,
        *,
        columns: Sequence[str] | None = None,
        decimals: Decimals = "float",
        dtype_backend: DtypeBackend = "numpy",
        **options: Unpack[StreamOptions],
    ) -> PandasFrame:
        """Read all records into a `pandas.DataFrame`. Requires the extra ``pandas``.

        Args:
            columns: As for `arrow_batches`.
            decimals: As for `arrow_batches`. With ``"decimal"`` and numpy dtypes, decimals are
                objects, which pandas leaves out of `mean`.
            dtype_backend: ``"numpy"`` makes dates and datetimes datetime64. With a null in it, a
                column of integers becomes float64, and one of booleans becomes objects.
                ``"numpy_nullable"`` keeps their type: Int64, boolean and Float64, with `pandas.NA`
                for null. ``"pyarrow"`` keeps the Arrow type of every column.
            options: The options of `stream`.

        Raises:
            ImportError: pandas or pyarrow is not installed.
            ArgumentError: As `arrow_batches` raises it, or `dtype_backend` is unknown.
            CallError: A page could not be read.

        .. versionadded:: 0.2.0
        """
        if dtype_backend not in get_args(DtypeBackend):
            raise ArgumentError(
                f"dtype_backend: expected one of {', '.join(get_args(DtypeBackend))}, "
                f"got {dtype_backend!r}"
            )
        pandas, pa = optional_module("pandas", "pandas"), optional_module("pyarrow", "pandas")
        nullable = {
            pa.int64(): pandas.Int64Dtype(),
            pa.float64(): pandas.Float64Dtype(),
            pa.bool_(): pandas.BooleanDtype(),
            pa.string(): pandas.StringDtype(),
        }
        mappers = {"numpy": None, "numpy_nullable": nullable.get, "pyarrow": pandas.ArrowDtype}
        table: Any = await self.to_arrow(columns=columns, decimals=decimals, **options)
        frame: PandasFrame = table.to_pandas(
            types_mapper=mappers[dtype_backend], date_as_object=False
        )
        return frame

    async def to_polars(
        self,
        *,
        columns: Sequence[str] | None = None,
        decimals: Decimals = "float",
        **options: Unpack[StreamOptions],
    ) -> PolarsFrame:
        """Read all records into a `polars.DataFrame`. Requires the extra ``polars``.

        Args:
            columns: As for `arrow_batches`.
            decimals: As for `arrow_batches`.
            options: The options of `stream`.

        Raises:
            ImportError: polars or pyarrow is not installed.
            ArgumentError: As `arrow_batches` raises it.
            CallError: A page could not be read.

        .. versionadded:: 0.2.0
        """
        polars = optional_module("polars", "polars")
        optional_module("pyarrow", "polars")
        table: Any = await self.to_arrow(columns=columns, decimals=decimals, **options)
        frame: PolarsFrame = polars.from_arrow(table)
        return frame

    async def to_dicts(
        self,
        *,
        columns: Sequence[str] | None = None,
        decimals: Decimals = "float",
        **options: Unpack[StreamOptions],
    ) -> list[dict[str, Any]]:
        """Read all records into dictionaries of Python values; no other package is needed.

        Integers, booleans, text, dates and datetimes are those of the record; ids and objects are
        lists. A field that could not be read is None.

        Args:
            columns: As for `arrow_batches`.
            decimals: ``"float"`` makes decimals floats. ``"decimal"`` leaves each `Decimal` exactly
                as it was sent.
            options: The options of `stream`.

        Raises:
            ArgumentError: As `arrow_batches` raises it.
            CallError: A page could not be read.

        .. versionadded:: 0.2.0
        """
        if decimals not in get_args(Decimals):
            raise ArgumentError(f"decimals: expected 'float' or 'decimal', got {decimals!r}")
        names = [column.name for column in select_columns(self.record_class, columns)]
        as_float = decimals == "float"
        async with self.stream(**options) as stream:
            return [
                {name: _plain(getattr(record, name, None), as_float=as_float) for name in names}
                async for record in stream
            ]


def _plain(value: Any, *, as_float: bool) -> Any:
    """Return a value of a record as a plain Python value."""
    match value:
        case Decimal() if as_float:
            return float(value)
        case tuple():
            return [to_dict(each) if isinstance(each, Record) else each for each in value]
        case dict():
            return dict(value)
        case _:
            return value
