"""One line reads a listing into a table of pyarrow, pandas, polars, or into dictionaries."""

from __future__ import annotations

import json
import sys
from datetime import date, datetime
from decimal import Decimal
from importlib import import_module
from typing import Any, get_args

import attrs
import pytest

import intervals_async
from intervals_async import (
    ArgumentError,
    Decimals,
    IntervalsClient,
    Listing,
    Record,
    Task,
    Time,
    arrow_schema,
    columns_of,
    to_dict,
)
from intervals_async._streaming.tables import DtypeBackend
from intervals_async.resources import names, parameters, resource_class
from intervals_async.testing import FakeIntervals, faults

EACH_BACKEND = pytest.mark.parametrize("backend", get_args(DtypeBackend))
METHODS = ["to_arrow", "to_pandas", "to_polars", "to_dicts"]
LISTED = [name for name in names() if "list" in resource_class(name).methods()]


def value_of(record: Record, name: str) -> Any:
    """Return the value that a table holds: decimals as floats."""
    value = getattr(record, name)
    return float(value) if isinstance(value, Decimal) else value


async def test_arrow_table_holds_every_record(intervals: IntervalsClient) -> None:
    """`to_arrow` returns all records, with the schema of their class."""
    table: Any = await intervals.time.list().to_arrow(page_size=7, concurrency=3)
    times = await intervals.time.list().collect()
    assert table.schema.equals(arrow_schema(Time))
    assert str(table.schema.field("time").type) == "double"
    for name in ("id", "time", "date", "datemodified", "billable", "description"):
        assert table[name].to_pylist() == [value_of(each, name) for each in times]


async def test_decimals_may_have_digits_of_their_own(intervals: IntervalsClient) -> None:
    """With ``decimals="decimal"``, hours and money have the digits of their fields."""
    table: Any = await intervals.time.list(limit=3).to_arrow(decimals="decimal")
    assert str(table.schema.field("time").type) == "decimal128(9, 2)"
    assert str(arrow_schema(Time, decimals="decimal").field("time").type) == "decimal128(9, 2)"
    rate = arrow_schema(intervals_async.WorkType, decimals="decimal").field("defaulthourlyrate")
    assert str(rate.type) == "decimal128(18, 4)"
    wrong: Any = "text"
    for call in (intervals.time.list().to_arrow, intervals.time.list().to_dicts):
        with pytest.raises(ArgumentError, match="decimals: expected 'float' or 'decimal'"):
            await call(decimals=wrong)


async def test_batches_count_rounded_values(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """`ArrowBatches.rounded` counts the records whose value was rounded."""
    fake.touch("time", fake.rows("time")[0]["id"], time=2.8499999999999996)
    for decimals, expected in (("float", {}), ("decimal", {"time": 1})):
        batches = intervals.time.list().arrow_batches(decimals=decimals)
        found = [batch async for batch in batches]
        assert batches.rounded == expected
        assert found[0]["time"][0].as_py() == (
            2.8499999999999996 if decimals == "float" else Decimal("2.85")
        )


@EACH_BACKEND
async def test_pandas_means_keep_time(intervals: IntervalsClient, backend: DtypeBackend) -> None:
    """A data frame of pandas has a numeric ``time``, which its means keep."""
    frame: Any = await intervals.time.list().to_pandas(dtype_backend=backend)
    hours = [float(each.time) for each in await intervals.time.list().collect()]
    means = frame.mean(numeric_only=True)
    assert means["time"] == pytest.approx(sum(hours) / len(hours), rel=1e-9)
    by_person = frame.groupby("personid").mean(numeric_only=True)
    assert "time" in by_person.columns


async def test_pandas_dtypes(fake: FakeIntervals, intervals: IntervalsClient) -> None:
    """Each kind of column has a dtype that pandas computes with."""
    listing = intervals.task.list()
    numpy: Any = await listing.to_pandas()
    nullable: Any = await listing.to_pandas(dtype_backend="numpy_nullable")
    arrow: Any = await listing.to_pandas(dtype_backend="pyarrow")
    kinds = ["id", "estimate", "dateopen", "datemodified", "secure"]
    assert [numpy[name].dtype.kind for name in kinds[:4]] == ["i", "f", "M", "M"]
    assert [str(nullable[name].dtype) for name in kinds[:2]] == ["Int64", "Float64"]
    assert str(nullable["projectid"].dtype) == "Int64"
    assert [str(arrow[name].dtype) for name in kinds[:4]] == [
        "int64[pyarrow]",
        "double[pyarrow]",
        "date32[day][pyarrow]",
        "timestamp[us][pyarrow]",
    ]
    tasks = await listing.collect()
    assert numpy["dateopen"].dt.date.tolist() == [task.dateopen for task in tasks]
    wrong: Any = "arrow"
    with pytest.raises(ArgumentError, match="dtype_backend: expected one of numpy, "):
        await listing.to_pandas(dtype_backend=wrong)


async def test_polars_frame(intervals: IntervalsClient) -> None:
    """A data frame of polars has a type of its own for each kind of column."""
    frame: Any = await intervals.time.list().to_polars()
    polars = import_module("polars")
    assert frame.schema["time"] == polars.Float64
    assert frame.schema["date"] == polars.Date
    assert frame.schema["datemodified"] == polars.Datetime("us")
    times = await intervals.time.list().collect()
    assert frame["time"].sum() == pytest.approx(float(sum(each.time for each in times)), rel=1e-9)
    assert frame["id"].to_list() == [each.id for each in times]


async def test_dicts_hold_python_values(intervals: IntervalsClient) -> None:
    """`to_dicts` returns floats, dates and lists, of which pandas makes typed columns."""
    rows = await intervals.time.list().to_dicts(columns=["id", "date", "datemodified", "time"])
    times = await intervals.time.list().collect()
    assert rows == [
        {name: value_of(each, name) for name in ("id", "date", "datemodified", "time")}
        for each in times
    ]
    assert [type(value) for value in rows[0].values()] == [int, date, datetime, float]
    exact = await intervals.time.list(limit=1).to_dicts(decimals="decimal")
    assert exact[0]["time"] == times[0].time
    assert type(exact[0]["time"]) is Decimal
    assert import_module("pandas").DataFrame(rows)["time"].dtype.kind == "f"


async def test_dicts_hold_objects_as_lists(intervals: IntervalsClient) -> None:
    """Objects within a record, and its ids, are lists of plain values."""
    (task,) = await intervals.task.list(limit=1).collect()
    rows = await intervals.task.list(limit=1).to_dicts()
    assert rows[0]["ownerid"] == [*task.ownerid]
    assert rows[0]["extra"] == {}
    full = await intervals.task.get(task.id)
    nested = attrs.fields(Task)
    assert {field.name for field in nested} == {*rows[0]}
    assert to_dict(full)["id"] == rows[0]["id"]


@pytest.mark.parametrize("method", METHODS)
async def test_columns_are_selected(intervals: IntervalsClient, method: str) -> None:
    """``columns=`` selects fields, in their order; an unknown one names the nearest."""
    listing = intervals.time.list(limit=2)
    found: Any = await getattr(listing, method)(columns=["time", "id"])
    if method == "to_dicts":
        assert [[*row] for row in found] == [["time", "id"]] * 2
    else:
        assert [*getattr(found, "column_names", found.columns)] == ["time", "id"]
    for wrong, message in (
        (["tim"], "columns: expected fields of Time, got 'tim'; did you mean 'time'"),
        ("time", "columns: expected a list of names, got 'time'"),
        ([], "columns: expected a list of names"),
        (["id", "id"], "columns: expected each field once, got id, id"),
    ):
        with pytest.raises(ArgumentError, match=message):
            await getattr(listing, method)(columns=wrong)


@pytest.mark.parametrize("method", METHODS)
async def test_options_of_the_stream_are_passed_on(
    fake: FakeIntervals, intervals: IntervalsClient, method: str
) -> None:
    """Each method takes the options of `stream`, and refuses unknown ones."""
    await getattr(intervals.projectnote.list(), method)(page_size=10)
    assert fake.requests == 5
    with pytest.raises(ArgumentError, match="page_size"):
        await getattr(intervals.projectnote.list(), method)(page_size=0)
    with pytest.raises(TypeError, match="pagesize"):
        await getattr(intervals.projectnote.list(), method)(pagesize=10)


@pytest.mark.parametrize("decimals", get_args(Decimals))
@pytest.mark.parametrize("name", LISTED)
async def test_empty_listings_have_columns(
    fake: FakeIntervals, intervals: IntervalsClient, name: str, decimals: Decimals
) -> None:
    """An empty listing of any resource has the columns of its class, in every kind of table."""
    cls: type[Record] = resource_class(name).record
    fields = [column.name for column in columns_of(cls)]
    empty = {"personid": 1, "status": "OK", "code": 200, "listcount": 0, name: []}
    fake.inject(faults.Raw(json.dumps(empty).encode()), times=None)
    known = parameters(resource_class(name).filters)
    required = {each.name: 1 for each in known.values() if each.required}
    listing: Listing[Any] = Listing(getattr(intervals, name)._source(required))
    schema = arrow_schema(cls, decimals=decimals)
    table: Any = await listing.to_arrow(decimals=decimals)
    assert table.schema.equals(schema)
    assert table.schema.names == fields
    assert table.num_rows == 0
    polars: Any = await listing.to_polars(decimals=decimals)
    assert polars.columns == fields
    for backend in get_args(DtypeBackend):
        frame: Any = await listing.to_pandas(decimals=decimals, dtype_backend=backend)
        assert [*frame.columns] == fields
    if decimals == "float":
        full: Any = await listing.to_pandas()
        for column in columns_of(cls):
            if column.precision:
                assert full[column.name].dtype.kind == "f"
    assert await listing.to_dicts() == []


@pytest.mark.parametrize(
    ("method", "package", "extra"),
    [
        ("to_arrow", "pyarrow", "arrow"),
        ("to_pandas", "pandas", "pandas"),
        ("to_pandas", "pyarrow", "pandas"),
        ("to_polars", "polars", "polars"),
        ("to_polars", "pyarrow", "polars"),
    ],
)
async def test_missing_packages_name_their_extra(
    fake: FakeIntervals,
    intervals: IntervalsClient,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    package: str,
    extra: str,
) -> None:
    """A missing package is an error before any request, with the line that installs it."""
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        ImportError, match=rf'{package} is not .*: pip install "intervals_async\[{extra}\]"'
    ):
        await getattr(intervals.time.list(), method)()
    assert fake.requests == 0
    assert await intervals.group.list().to_dicts()
