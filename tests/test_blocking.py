"""`blocking_reader`: DuckDB, polars and pyarrow read a listing in code that is not async."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from importlib import import_module
from typing import Any

import aiohttp
import pytest

from intervals_async import (
    ArgumentError,
    ClientClosedError,
    IntervalsClient,
    InvalidCredentialsError,
    RetryPolicy,
    ServerError,
    Time,
    arrow_schema,
    blocking_reader,
)
from intervals_async.testing import FakeIntervals, faults

AT_ONCE = RetryPolicy(wait_initial=0, wait_too_fast=0)


@pytest.fixture
def serving() -> Iterator[FakeIntervals]:
    """Return a server in a thread of its own."""
    with FakeIntervals(notes=50, seed=1, per_minute=None, per_day=None) as fake:
        yield fake


@pytest.fixture
def options(serving: FakeIntervals) -> Iterator[dict[str, Any]]:
    """Return the arguments of a client; no thread may be left behind."""
    yield {"token": serving.token, "base_url": serving.url, "limits": (), "retry": AT_ONCE}
    assert reader_threads() == []


def reader_threads() -> list[threading.Thread]:
    """Return the running threads of readers."""
    return [each for each in threading.enumerate() if each.name == "intervals-async-reader"]


def hours(fake: FakeIntervals) -> float:
    """Return the sum of all hours on the server."""
    return sum(float(str(row["time"])) for row in fake.rows("time"))


def test_pyarrow_reads_all_batches(serving: FakeIntervals, options: dict[str, Any]) -> None:
    """The reader yields the batches of the listing, with its schema."""
    with blocking_reader(
        lambda intervals: intervals.projectnote.list().arrow_batches(
            rows=20, page_size=7, concurrency=3
        ),
        **options,
    ) as reader:
        assert [batch.num_rows for batch in reader] == [20, 20, 10]
    with blocking_reader(lambda intervals: intervals.time.list(), **options) as reader:
        assert reader.schema.equals(arrow_schema(Time))
        table: Any = reader.read_all()
    assert table["id"].to_pylist() == [row["id"] for row in serving.rows("time")]


def test_duckdb_and_polars_read_it(serving: FakeIntervals, options: dict[str, Any]) -> None:
    """DuckDB queries the reader by name, and polars makes a data frame of it."""
    duckdb, polars = import_module("duckdb"), import_module("polars")
    with blocking_reader(lambda intervals: intervals.time.list(), **options) as reader:
        ((found,),) = duckdb.sql("SELECT sum(time) FROM reader").fetchall()
    assert reader is not None
    assert found == pytest.approx(hours(serving), rel=1e-9)
    with blocking_reader(lambda intervals: intervals.time.list(), **options) as reader:
        frame = polars.from_arrow(reader)
    assert frame["time"].sum() == pytest.approx(hours(serving), rel=1e-9)


def test_empty_listing_has_columns(options: dict[str, Any]) -> None:
    """A reader of an empty listing has a schema."""
    with blocking_reader(lambda intervals: intervals.time.list(limit=0), **options) as reader:
        assert reader.read_all().schema.equals(arrow_schema(Time))


def test_leaving_early_ends_the_thread(serving: FakeIntervals, options: dict[str, Any]) -> None:
    """A block left early reads no more pages, and leaves no thread."""
    with blocking_reader(
        lambda intervals: intervals.projectnote.list().arrow_batches(rows=5, page_size=5), **options
    ) as reader:
        assert reader.read_next_batch().num_rows == 5
        assert len(reader_threads()) == 1
    assert reader_threads() == []
    assert serving.requests == 1
    with pytest.raises(ClientClosedError, match="the reader is closed"):
        reader.read_next_batch()


def test_errors_of_the_stream_are_raised(serving: FakeIntervals, options: dict[str, Any]) -> None:
    """An error of the stream is raised by the step; the next one continues at the same record."""
    with blocking_reader(
        lambda intervals: intervals.projectnote.list().arrow_batches(rows=10, page_size=10),
        **options,
    ) as reader:
        first: Any = reader.read_next_batch()
        serving.inject(faults.Status(500), times=None)
        with pytest.raises(ServerError):
            reader.read_next_batch()
        serving.heal()
        rest: Any = reader.read_all()
    found = first["id"].to_pylist() + rest["id"].to_pylist()
    assert found == [row["id"] for row in serving.rows("projectnote")]


def test_error_within_duckdb_becomes_that_of_the_library(
    serving: FakeIntervals, options: dict[str, Any]
) -> None:
    """DuckDB raises an error of its own; at the end of the block it is the original one."""
    duckdb = import_module("duckdb")
    serving.inject(faults.Status(500), times=None)

    def total() -> Any:
        with blocking_reader(lambda intervals: intervals.time.list(), **options) as reader:
            assert reader is not None  # DuckDB finds it by its name
            return duckdb.sql("SELECT sum(time) FROM reader").fetchall()

    with pytest.raises(ServerError) as raised:
        total()
    assert raised.value.__cause__ is not None


def test_error_of_the_block_is_raised(options: dict[str, Any]) -> None:
    """An error of the block's own code is raised unchanged, and the thread ends."""
    with (
        pytest.raises(ZeroDivisionError),
        blocking_reader(lambda intervals: intervals.time.list(), **options),
    ):
        _ = 1 // 0


def test_invalid_arguments_are_raised_at_the_start(options: dict[str, Any]) -> None:
    """Invalid arguments of the listing or the client are raised before the block begins."""
    unknown: dict[str, Any] = {"colour": 1}
    with (
        pytest.raises(ArgumentError, match="colour"),
        blocking_reader(lambda intervals: intervals.time.list(**unknown), **options),
    ):
        pass
    with (
        pytest.raises(TypeError, match="colour"),
        blocking_reader(lambda intervals: intervals.time.list(), **options, **unknown),
    ):
        pass
    session: Any = aiohttp.ClientSession
    with (
        pytest.raises(ArgumentError, match="session: expected none"),
        blocking_reader(lambda intervals: intervals.time.list(), session=session),
    ):
        pass


def test_refused_token_is_raised(options: dict[str, Any]) -> None:
    """A refused token is an error of the first batch."""
    with (
        pytest.raises(InvalidCredentialsError),
        blocking_reader(
            lambda intervals: intervals.time.list(), **{**options, "token": "x" * 11}
        ) as reader,
    ):
        reader.read_all()


def test_interruption_ends_the_step(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while a batch is awaited ends the step, the client and the thread."""

    def interrupt(self: Any, timeout: float | None = None) -> Any:
        raise KeyboardInterrupt

    def read() -> None:
        with (
            blocking_reader(lambda intervals: intervals.time.list(), **options) as reader,
            monkeypatch.context() as patch,
        ):
            patch.setattr(Future, "result", interrupt)
            reader.read_next_batch()

    with pytest.raises(KeyboardInterrupt):
        read()


async def test_notebooks_may_use_it(serving: FakeIntervals, options: dict[str, Any]) -> None:
    """It works where an event loop is running, as in a notebook."""
    with blocking_reader(lambda intervals: intervals.time.list(), **options) as reader:
        assert reader.read_all().num_rows == len(serving.rows("time"))
    async with IntervalsClient(**options) as intervals:
        assert await intervals.time.list().count() == len(serving.rows("time"))
    await asyncio.sleep(0)
