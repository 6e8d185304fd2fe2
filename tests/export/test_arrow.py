"""Any listing as Arrow batches, for whatever reads them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from intervals_async import ArgumentError, IntervalsClient, ProjectNote, ServerError, to_dict
from intervals_async._schema.arrow import pyarrow
from intervals_async.export import CsvSink, JsonLinesSink, ParquetSink
from intervals_async.testing import FakeIntervals, faults


async def test_a_listing_as_batches(fake: FakeIntervals, intervals: IntervalsClient) -> None:
    """Every record is in a batch, in order; all but the last have as many rows as asked for."""
    batches = intervals.projectnote.list().arrow_batches(rows=20, page_size=7)
    found = [batch async for batch in batches]
    assert [batch.num_rows for batch in found] == [20, 20, 10]
    table = pyarrow().Table.from_batches(found)
    assert table.schema.equals(batches.schema)
    assert table["id"].to_pylist() == [row["id"] for row in fake.rows("projectnote")]
    notes = await intervals.projectnote.list().collect()
    assert table["title"].to_pylist() == [note.title for note in notes]
    assert table["date"].to_pylist() == [note.date for note in notes]


async def test_a_listing_that_is_empty(intervals: IntervalsClient) -> None:
    """There is no batch, and the schema is known all the same."""
    batches = intervals.projectnote.list(limit=0).arrow_batches()
    assert [batch async for batch in batches] == []
    assert batches.schema.names[0] == "id"


async def test_after_an_error_it_goes_on(fake: FakeIntervals, intervals: IntervalsClient) -> None:
    """The next step asks for the page again; what had come is not lost."""
    batches = intervals.projectnote.list().arrow_batches(rows=50, page_size=10)
    fake.inject(faults.Status(500), times=None, skip=2)
    with pytest.raises(ServerError):
        await anext(batches)
    fake.heal()
    assert (await anext(batches)).num_rows == 50


async def test_it_can_be_left_and_closed(intervals: IntervalsClient) -> None:
    """With ``async with`` the next pages may come meanwhile; the end of the block ends all."""
    listing = intervals.projectnote.list()
    async with listing.arrow_batches(rows=5, page_size=5, concurrency=3) as batches:
        assert (await anext(batches)).num_rows == 5
    assert [batch async for batch in batches] == []
    await batches.aclose()


async def test_the_options_are_those_of_a_stream(intervals: IntervalsClient) -> None:
    """What a stream refuses is refused at once."""
    with pytest.raises(ArgumentError):
        intervals.projectnote.list().arrow_batches(page_size=0)
    with pytest.raises(ArgumentError, match="rows"):
        intervals.projectnote.list().arrow_batches(rows=0)


async def test_without_pyarrow_the_error_says_what_to_install(
    intervals: IntervalsClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nothing else needs it."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"intervals_async\[arrow\]"):
        intervals.projectnote.list().arrow_batches()
    with pytest.raises(ImportError, match=r"intervals_async\[arrow\]"):
        ParquetSink(tmp_path / "a.parquet", ProjectNote)
    CsvSink(tmp_path / "a.csv", ProjectNote)
    JsonLinesSink(tmp_path / "a.jsonl")


async def test_a_batch_holds_what_the_record_does(intervals: IntervalsClient) -> None:
    """Row for row, it is the record's plain form, but for types that Arrow has and JSON has not."""
    (batch,) = [batch async for batch in intervals.person.list().arrow_batches()]
    people = await intervals.person.list().collect()
    for row, person in zip(batch.to_pylist(), people, strict=True):
        plain = to_dict(person)
        assert {name: row[name] for name in ("id", "firstname", "lastname")} == {
            name: plain[name] for name in ("id", "firstname", "lastname")
        }
