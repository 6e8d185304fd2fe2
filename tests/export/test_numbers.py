"""Numbers in exported files compute: an analyst's sums are right in every program."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import attrs
import pytest

from intervals_async import (
    ArrowConverter,
    IntervalsClient,
    Record,
    ResumeError,
    Task,
    Time,
    UnfitValueError,
    columns_of,
)
from intervals_async._schema.columns import ColumnKind
from intervals_async.export import (
    JsonLinesSink,
    Manifest,
    ParquetSink,
    ResumableSink,
    SqliteSink,
    export,
    export_account,
)
from intervals_async.export.sinks import sqlite_table
from intervals_async.testing import FakeIntervals

from .exported import ids_of
from .made_up import CLASSES, class_name, records_of
from .test_incremental import change
from .writing import stream_of, write

# What binary arithmetic leaves: 17 digits, and the exact number is 2.85.
NOISE = "2.8499999999999996"
TIMES: list[Any] = records_of(Time, 6)
RESOURCES = ["task", "time", "worktype"]

# The question of an analyst: what are the hours worth?
WORTH = """
    SELECT max(time.time), sum(time.time), avg(time.time), sum(time.time * defaulthourlyrate)
    FROM {time} AS time JOIN {worktype} AS worktype ON time.worktypeid = worktype.id
"""


@pytest.fixture
def account(fake: FakeIntervals) -> FakeIntervals:
    """Return a server with entries of 8, of 12.5 and of an inexact number of hours."""
    ids = ids_of(fake, "time")
    for id, hours in zip(ids, [8.0, 12.5, float(NOISE)], strict=False):
        fake.touch("time", id, time=hours)
    return fake


def query(path: Path, statement: str) -> list[Any]:
    """Execute a statement in a database and return its rows."""
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute(statement).fetchall()
        database.commit()
        return rows


def pandas_worth(time: Any, worktype: Any) -> list[float]:
    """Return the figures of `WORTH` from two data frames of pandas."""
    rated = time.merge(worktype, left_on="worktypeid", right_on="id")
    hours, rate = rated["time"], rated["defaulthourlyrate"]
    return [hours.max(), hours.sum(), hours.mean(), (hours * rate).sum()]


async def test_sums_agree_in_every_program(
    account: FakeIntervals, intervals: IntervalsClient, tmp_path: Path
) -> None:
    """sqlite3, DuckDB, pandas with both kinds of dtypes, and polars find the same sums."""
    for format in ("sqlite", "parquet"):
        await export_account(intervals, tmp_path, resources=RESOURCES, format=format)
    times, worktypes = (
        await intervals.time.list().collect(),
        await intervals.worktype.list().collect(),
    )
    rates = {each.id: each.defaulthourlyrate for each in worktypes}
    rated = [each for each in times if each.worktypeid in rates]
    hours = [each.time for each in rated]
    exact = [
        float(max(hours)),
        float(sum(hours)),
        float(sum(hours) / len(hours)),
        float(sum(each.time * rates[each.worktypeid or 0] for each in rated)),
    ]
    assert len(rated) > 10

    files = {name: f"'{tmp_path / name}.parquet'" for name in ("time", "worktype")}
    frames = {
        backend: [
            await listing.to_pandas(dtype_backend=backend)
            for listing in (intervals.time.list(), intervals.worktype.list())
        ]
        for backend in ("numpy", "numpy_nullable", "pyarrow")
    }
    pandas, polars = import_module("pandas"), import_module("polars")
    read = [pandas.read_parquet(tmp_path / f"{name}.parquet") for name in files]
    lazy = {name: polars.scan_parquet(tmp_path / f"{name}.parquet") for name in files}
    found = {
        "sqlite3": query(
            tmp_path / "account.sqlite", WORTH.format(time="time", worktype="worktype")
        )[0],
        "duckdb": import_module("duckdb").sql(WORTH.format(**files)).fetchall()[0],
        "polars": polars.SQLContext(lazy)
        .execute(WORTH.format(time="time", worktype="worktype"))
        .collect()
        .row(0),
        "pandas of Parquet": pandas_worth(*read),
        **{f"pandas, {backend}": pandas_worth(*each) for backend, each in frames.items()},
    }
    for program, figures in found.items():
        assert [*figures] == pytest.approx(exact, rel=1e-9), program


async def test_maximum_in_sqlite_is_a_number(
    account: FakeIntervals, intervals: IntervalsClient, tmp_path: Path
) -> None:
    """``max(time)`` compares numbers: as text, '8' would be more than '12.50'."""
    await export_account(intervals, tmp_path, resources=["time"], format="sqlite")
    (largest,) = max(query(tmp_path / "account.sqlite", "SELECT time FROM time"))
    longest = max([entry.time async for entry in intervals.time.list()])
    assert query(tmp_path / "account.sqlite", "SELECT max(time), typeof(max(time)) FROM time") == [
        (float(longest), "real" if longest % 1 else "integer")
    ]
    assert largest == float(longest) >= 12.5


async def test_dates_in_sqlite_are_those_of_its_functions(
    account: FakeIntervals, intervals: IntervalsClient, tmp_path: Path
) -> None:
    """SQLite's own functions read dates and datetimes."""
    await export_account(intervals, tmp_path, resources=["time"], format="sqlite")
    months = query(
        tmp_path / "account.sqlite",
        "SELECT strftime('%Y-%m', date), strftime('%Y', datemodified) FROM time ORDER BY id",
    )
    entries = sorted(await intervals.time.list().collect(), key=lambda entry: entry.id)
    assert months == [
        (
            f"{entry.date:%Y-%m}",
            None if entry.datemodified is None else f"{entry.datemodified:%Y}",
        )
        for entry in entries
    ]


@pytest.mark.parametrize("cls", CLASSES, ids=class_name)
def test_every_decimal_has_its_digits(cls: type[Record]) -> None:
    """Each field of a record that holds a `Decimal` states its digits, and no other does."""
    for column in columns_of(cls):
        if column.kind is ColumnKind.DECIMAL:
            assert 0 < column.scale < column.precision <= 18
        else:
            assert (column.precision, column.scale) == (0, 0)


def with_hours(*hours: str) -> list[Any]:
    """Return entries with some hours."""
    return [
        attrs.evolve(entry, time=Decimal(each)) for entry, each in zip(TIMES, hours, strict=False)
    ]


@pytest.mark.parametrize(
    ("sent", "found", "is_rounded"),
    [
        ("8", 8, False),
        ("12.500", 12.5, False),
        ("-0.01", -0.01, False),
        ("1E+3", 1000, False),
        ("123456789012345", 123456789012345, False),
        ("1234567890123.45", 1234567890123.45, False),
        (NOISE, 2.85, True),
        ("1234567890123465", 1234567890123460, True),
        ("1E-400", 0, True),
    ],
)
async def test_sqlite_holds_15_digits(
    tmp_path: Path, sent: str, found: float, is_rounded: bool
) -> None:
    """SQLite holds 15 significant digits exactly; a number of more is rounded and counted."""
    path = tmp_path / "all.sqlite"
    result = await export(stream_of(with_hours(sent)), SqliteSink(path, Time))
    assert query(path, "SELECT time, typeof(time) FROM time") == [
        (found, "real" if found % 1 else "integer")
    ]
    counted = {name: (each.records, each.ids) for name, each in result.rounded.items()}
    assert counted == ({"time": (1, (TIMES[0].id,))} if is_rounded else {})


@pytest.mark.parametrize("sent", ["1E+308", "-1E+400"])
def test_number_too_large_for_sqlite_is_rejected(tmp_path: Path, sent: str) -> None:
    """A number that SQLite would store as infinite is an error that names record and field."""
    sink = SqliteSink(tmp_path / "a.sqlite", Time)
    sink.open()
    with pytest.raises(UnfitValueError, match="time 2: time: expected "):
        sink.write(with_hours("1", sent))
    sink.close(complete=False)


@pytest.mark.parametrize("format", ["sqlite", "parquet"])
async def test_manifest_names_rounded_values(
    account: FakeIntervals, intervals: IntervalsClient, tmp_path: Path, format: str
) -> None:
    """The manifest counts rounded values by field, after updates as after a full export."""
    ids = ids_of(account, "time")
    options: dict[str, Any] = {"resources": ["time"], "format": format}
    if format == "parquet":
        options["decimals"] = "decimal"
    for _ in range(2):
        manifest = await export_account(intervals, tmp_path / "a", incremental=True, **options)
        (entry,) = manifest.exported
        assert {name: each.ids for name, each in entry.rounded.items()} == {"time": (ids[2],)}
    assert entry.since is not None
    for id, hours in {ids[2]: 2.85, ids[4]: float(NOISE), ids[5]: float(NOISE)}.items():
        account.touch("time", id, time=hours)
    change(account, "time", "changed", [ids[2], ids[4], ids[5]])
    manifest = await export_account(intervals, tmp_path / "a", incremental=True, **options)
    full = await export_account(intervals, tmp_path / "b", **options)
    assert manifest.exported[0].since is not None
    assert manifest.exported[0].rounded == full.exported[0].rounded
    assert full.exported[0].rounded["time"].ids == (ids[4], ids[5])
    assert Manifest.read(tmp_path / "a").exported == manifest.exported


@pytest.mark.parametrize("make", [SqliteSink, ParquetSink], ids=["sqlite", "parquet"])
def test_counts_start_again_with_each_file(make: Any, tmp_path: Path) -> None:
    """A sink counts what it has written since it was opened or resumed."""
    options = {"decimals": "decimal"} if make is ParquetSink else {}
    sink: Any = make(tmp_path / "file", Time, **options)
    sink.open()
    sink.write(with_hours(NOISE, NOISE, "1"))
    checkpoint = sink.checkpoint()
    assert sink.rounded["time"].records == 2
    sink.suspend()
    sink.resume(checkpoint)
    assert sink.rounded == {}
    sink.close(complete=False)


# ------------------------------------------------------------------------ files of older releases


@pytest.fixture
def older(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that lets sinks write decimals as an older release did, or as now."""

    def use(*, old: bool) -> None:
        with_text = {**sqlite_table.TYPES, ColumnKind.DECIMAL: "TEXT"}
        monkeypatch.undo()
        if old:
            monkeypatch.setattr(sqlite_table, "TYPES", with_text)

    return use


def test_older_table_gets_numbers(tmp_path: Path, older: Any) -> None:
    """A refresh turns text into numbers, and keeps what others have added to the table."""
    path = tmp_path / "all.sqlite"
    older(old=True)
    write(SqliteSink(path, Time), with_hours("8", "12.50", NOISE))
    for statement in (
        "ALTER TABLE time ADD colour TEXT DEFAULT 'red'",
        "ALTER TABLE time ADD days REAL GENERATED ALWAYS AS (time / 8.0)",
        "CREATE INDEX by_time ON time (time)",
        "CREATE VIEW long AS SELECT id FROM time WHERE time > 10",
        "CREATE TABLE log (id)",
        "CREATE TRIGGER t AFTER UPDATE ON time BEGIN INSERT INTO log VALUES (new.id); END",
        "UPDATE time SET colour = 'blue' WHERE id = 2",
    ):
        query(path, statement)
    assert query(path, "SELECT max(time), typeof(time) FROM time") == [("8", "text")]
    older(old=False)
    write(SqliteSink(path, Time), with_hours("8", "12.50", "9", "7.25"))
    assert query(path, "SELECT max(time), typeof(max(time)) FROM time") == [(12.5, "real")]
    types = {row[1]: row[2] for row in query(path, "PRAGMA table_info(time)")}
    assert (types["time"], types["description"], types["colour"]) == ("NUMERIC", "TEXT", "TEXT")
    assert query(path, "SELECT id, colour, days FROM time ORDER BY rowid") == [
        (1, "red", 1.0),
        (2, "blue", 1.5625),
        (3, "red", 1.125),
        (4, "red", 0.90625),
    ]
    assert query(path, "SELECT id FROM long") == [(2,)]
    # The two that were equal before are not updated.
    assert query(path, "SELECT id FROM log ORDER BY id") == [(2,), (3,)]
    assert query(path, "PRAGMA integrity_check") == [("ok",)]
    names = query(path, "SELECT name FROM sqlite_master WHERE type IN ('index', 'trigger')")
    assert {name for (name,) in names} >= {"by_time", "t"}


def test_columns_of_others_keep_their_types(tmp_path: Path) -> None:
    """A column of decimals that others have defined keeps its type."""
    path = tmp_path / "all.sqlite"
    fields = [column.name for column in columns_of(Time) if column.name not in ("id", "time")]
    query(path, f"CREATE TABLE time (id BIGINT PRIMARY KEY, time text, {', '.join(fields)})")
    write(SqliteSink(path, Time), with_hours("8"))
    types = {row[1]: row[2] for row in query(path, "PRAGMA table_info(time)")}
    assert types["time"].lower() == "text"
    assert query(path, "SELECT time FROM time") == [("8",)]


def test_unfinished_database_of_an_older_release_is_not_resumed(tmp_path: Path, older: Any) -> None:
    """A checkpoint of a database with decimals as text cannot be resumed."""
    older(old=True)
    sink = SqliteSink(tmp_path / "all.sqlite", Time)
    sink.open()
    sink.write(with_hours("8"))
    checkpoint = sink.checkpoint()
    sink.suspend()
    older(old=False)
    sink = SqliteSink(tmp_path / "all.sqlite", Time)
    with pytest.raises(ResumeError):
        sink.resume(checkpoint)


async def test_update_of_an_older_database_rewrites_it(
    account: FakeIntervals, intervals: IntervalsClient, tmp_path: Path, older: Any
) -> None:
    """An incremental export onto text reads everything, writes numbers, and says so."""
    options: dict[str, Any] = {"resources": ["task", "tasknote", "time"], "format": "sqlite"}
    older(old=True)
    await export_account(intervals, tmp_path, **options)
    older(old=False)
    manifest = await export_account(intervals, tmp_path, incremental=True, **options)
    found = {each.resource: (each.since is None, each.rewritten) for each in manifest.exported}
    reason = "its columns had other types"
    # Notes are listed by their tasks, of which only all have the ids.
    assert found["task"] == found["time"] == (True, reason)
    assert found["tasknote"][1] is None
    assert query(tmp_path / "account.sqlite", "SELECT DISTINCT typeof(time) FROM time ORDER BY 1")
    assert ("text",) not in query(tmp_path / "account.sqlite", "SELECT typeof(time) FROM time")
    again = await export_account(intervals, tmp_path, incremental=True, **options)
    assert all(each.since is not None and each.rewritten is None for each in again.exported)


async def test_update_of_parquet_of_other_types_rewrites_it(
    account: FakeIntervals, intervals: IntervalsClient, tmp_path: Path
) -> None:
    """An incremental export with another type of decimals reads everything, and says so."""
    parquet: Any = import_module("pyarrow.parquet")
    options: dict[str, Any] = {"resources": ["time"], "format": "parquet", "incremental": True}
    expected = {"float": "double", "decimal": "decimal128(9, 2)"}
    for run, decimals in enumerate(["float", "decimal", "decimal", "float"]):
        manifest = await export_account(intervals, tmp_path, decimals=decimals, **options)
        (entry,) = manifest.exported
        type = parquet.read_schema(tmp_path / "time.parquet").field("time").type
        assert str(type) == expected[decimals]
        is_new = run in (1, 3)
        assert entry.rewritten == ("its columns had other types" if is_new else None)
        assert (entry.since is None) is (is_new or run == 0)


async def test_file_with_38_digits_is_rewritten(
    account: FakeIntervals,
    intervals: IntervalsClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Parquet of an older release is rewritten also because of its release, and says so."""
    pyarrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    options: dict[str, Any] = {"resources": ["time"], "format": "parquet", "incremental": True}
    path = tmp_path / "time.parquet"

    def old_schema(self: Any, *arguments: Any, **named: Any) -> None:
        make(self, *arguments, **named)
        for index, column in enumerate(self._columns):
            if column.kind is ColumnKind.DECIMAL:
                self._types[index] = pyarrow.decimal128(38, 18)
        self._decimals = "decimal"
        self.schema = pyarrow.schema(
            [
                pyarrow.field(column.name, type)
                for column, type in zip(self._columns, self._types, strict=True)
            ]
        )

    make = ArrowConverter.__init__
    with monkeypatch.context() as patch:
        patch.setattr(ArrowConverter, "__init__", old_schema)
        patch.setattr("intervals_async.export.accounts.manifest.__version__", "0.1.0")
        await export_account(intervals, tmp_path, **options)
    assert str(parquet.read_schema(path).field("time").type) == "decimal128(38, 18)"
    manifest = await export_account(intervals, tmp_path, **options)
    assert str(parquet.read_schema(path).field("time").type) == "double"
    assert manifest.exported[0].rewritten is not None


def test_formats_without_types_count_nothing(tmp_path: Path) -> None:
    """Text formats keep every digit, so nothing is rounded."""
    sink: ResumableSink = JsonLinesSink(tmp_path / "a.jsonl")
    write(sink, with_hours(NOISE))
    assert NOISE in (tmp_path / "a.jsonl").read_text()
    assert not hasattr(sink, "rounded")


def test_task_sums_are_hours() -> None:
    """The sums of a task are hours, like those of an entry."""
    digits = {column.name: (column.precision, column.scale) for column in columns_of(Task)}
    assert {digits[name] for name in ("estimate", "billable", "unbillable", "actual")} == {(9, 2)}
