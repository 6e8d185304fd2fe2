"""`arrow_batches` yields a listing as Arrow record batches."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from intervals_async import ArgumentError, IntervalsClient, ProjectNote, ServerError, to_dict
from intervals_async._schema.arrow import pyarrow
from intervals_async.export import CsvSink, JsonLinesSink, ParquetSink
from intervals_async.testing import FakeIntervals, faults


async def test_batches_hold_every_record_in_order(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """Every record is in a batch, in order; all batches but the last have the requested size."""
    batches = intervals.projectnote.list().arrow_batches(rows=20, page_size=7)
    found = [batch async for batch in batches]
    assert [batch.num_rows for batch in found] == [20, 20, 10]
    table = pyarrow().Table.from_batches(found)
    assert table.schema.equals(batches.schema)
    assert table["id"].to_pylist() == [row["id"] for row in fake.rows("projectnote")]
    notes = await intervals.projectnote.list().collect()
    assert table["title"].to_pylist() == [note.title for note in notes]
    assert table["date"].to_pylist() == [note.date for note in notes]


async def test_empty_listing_has_a_schema(intervals: IntervalsClient) -> None:
    """An empty listing yields no batch, but has a schema."""
    batches = intervals.projectnote.list(limit=0).arrow_batches()
    assert [batch async for batch in batches] == []
    assert batches.schema.names[0] == "id"


async def test_batches_continue_after_an_error(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """After an error, the next step requests the page again and loses no record."""
    batches = intervals.projectnote.list().arrow_batches(rows=50, page_size=10)
    fake.inject(faults.Status(500), times=None, skip=2)
    with pytest.raises(ServerError):
        await anext(batches)
    fake.heal()
    assert (await anext(batches)).num_rows == 50


async def test_async_with_closes_the_batches(intervals: IntervalsClient) -> None:
    """The end of an ``async with`` block ends the batches and the pages read ahead."""
    listing = intervals.projectnote.list()
    async with listing.arrow_batches(rows=5, page_size=5, concurrency=3) as batches:
        assert (await anext(batches)).num_rows == 5
    assert [batch async for batch in batches] == []
    await batches.aclose()


async def test_options_are_checked_at_once(intervals: IntervalsClient) -> None:
    """Invalid options, of the stream or the batches, are rejected before the first step."""
    with pytest.raises(ArgumentError, match="page_size"):
        intervals.projectnote.list().arrow_batches(page_size=0)
    with pytest.raises(ArgumentError, match="rows"):
        intervals.projectnote.list().arrow_batches(rows=0)


async def test_missing_pyarrow_names_the_extra(
    intervals: IntervalsClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Batches and Parquet name the extra to install; other sinks do not need pyarrow."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"intervals_async\[arrow\]"):
        intervals.projectnote.list().arrow_batches()
    with pytest.raises(ImportError, match=r"intervals_async\[arrow\]"):
        ParquetSink(tmp_path / "a.parquet", ProjectNote)
    CsvSink(tmp_path / "a.csv", ProjectNote)
    JsonLinesSink(tmp_path / "a.jsonl")


async def test_rows_have_the_values_of_the_records(intervals: IntervalsClient) -> None:
    """A row has the values of its record's plain form."""
    (batch,) = [batch async for batch in intervals.person.list().arrow_batches()]
    people = await intervals.person.list().collect()
    for row, person in zip(batch.to_pylist(), people, strict=True):
        plain = to_dict(person)
        assert {name: row[name] for name in ("id", "firstname", "lastname")} == {
            name: plain[name] for name in ("id", "firstname", "lastname")
        }
