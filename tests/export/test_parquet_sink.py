"""`ParquetSink` writes columns with the types of the fields, in row groups."""

from __future__ import annotations

import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest

from intervals_async import (
    ArgumentError,
    ContactType,
    Decimals,
    ProjectNote,
    ResumeError,
    Task,
    UnfitValueError,
)
from intervals_async._schema.arrow import pyarrow
from intervals_async._schema.decoder import record_decoder
from intervals_async.export import ParquetSink, RoundedField
from intervals_async.export.sinks import parquet_file
from intervals_async.export.unreadable import summarize

from .made_up import records_of

NOTES = records_of(ProjectNote, 300)
TASK: Any = records_of(Task, 1)[0]


def opened(path: Path) -> Any:
    """Open a Parquet file."""
    return pyarrow("pyarrow.parquet").ParquetFile(path)


def write(path: Path, *batches: list[Any], checkpoints: bool = False, **options: Any) -> None:
    """Write some batches, with a checkpoint after each if wanted."""
    sink = ParquetSink(path, type(batches[0][0]), force=True, **options)
    sink.open()
    try:
        for batch in batches:
            sink.write(batch)
            if checkpoints:
                sink.checkpoint()
        sink.close(complete=True)
    finally:
        sink.close(complete=False)


def test_columns_have_the_types_of_the_fields(tmp_path: Path) -> None:
    """Each kind of field has its own type, and every column is nullable."""
    write(tmp_path / "task.parquet", [TASK])
    with opened(tmp_path / "task.parquet") as file:
        types = {field.name: (str(field.type), field.nullable) for field in file.schema_arrow}
    assert types["id"] == ("int64", True)
    assert types["title"] == ("string", True)
    assert types["estimate"] == ("double", True)
    assert types["dateopen"] == ("date32[day]", True)
    assert types["datemodified"] == ("timestamp[us]", True)
    assert types["starttime"] == ("timestamp[us, tz=UTC]", True)
    assert types["ownerid"][0] == "list<element: int64>"
    assert types["priority"] == ("string", True)
    assert types["assignee"] == ("string", True)
    assert types["extra"] == ("string", True)


def test_row_groups_are_written_during_the_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row group is written as soon as it is full, so only one is held in memory."""
    monkeypatch.setattr(parquet_file, "ROW_GROUP_BYTES", 20_000)
    path = tmp_path / "notes.parquet"
    sink = ParquetSink(path, ProjectNote)
    sink.open()
    for first in range(0, 300, 10):
        sink.write(NOTES[first : first + 10])
    assert (tmp_path / ".notes.parquet.part-0").stat().st_size > 0
    sink.close(complete=True)
    with opened(path) as file:
        assert file.num_row_groups > 5
        assert file.metadata.num_rows == 300


def test_segments_are_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file written with checkpoints has the same rows and row groups as one without."""
    write(tmp_path / "one.parquet", NOTES)
    write(tmp_path / "many.parquet", NOTES[:1], NOTES[1:20], NOTES[20:], checkpoints=True)
    with opened(tmp_path / "one.parquet") as one, opened(tmp_path / "many.parquet") as many:
        assert many.read().equals(one.read())
        assert many.num_row_groups == one.num_row_groups == 1
    monkeypatch.setattr(parquet_file, "ROW_GROUP_ROWS", 100)
    write(tmp_path / "many.parquet", NOTES[:90], NOTES[90:], checkpoints=True)
    with opened(tmp_path / "many.parquet") as many:
        assert many.metadata.num_rows == 300
    assert sorted(os.listdir(tmp_path)) == ["many.parquet", "one.parquet"]


def test_file_without_rows_has_columns(tmp_path: Path) -> None:
    """An export without records writes a readable file with all columns."""
    sink = ParquetSink(tmp_path / "empty.parquet", ContactType)
    sink.open()
    sink.write([])
    sink.close(complete=True)
    with opened(tmp_path / "empty.parquet") as file:
        assert file.metadata.num_rows == 0
        assert file.schema_arrow.names == ["extra"]


@pytest.mark.parametrize(
    ("sent", "written", "is_rounded"),
    [
        ("12.5", "12.50", False),
        ("12.500", "12.50", False),
        ("2.8499999999999996", "2.85", True),
        ("2.845", "2.84", True),
        ("2.855", "2.86", True),
        ("5.6843418860808e-14", "0.00", True),
        ("1E+3", "1000.00", False),
        ("-9999999.99", "-9999999.99", False),
    ],
)
def test_decimals_are_rounded_half_even(
    tmp_path: Path, sent: str, written: str, is_rounded: bool
) -> None:
    """As fixed-point numbers, hours are rounded half-even to two places, and counted."""
    path = tmp_path / "task.parquet"
    sink = ParquetSink(path, Task, decimals="decimal")
    sink.open()
    sink.write([attrs.evolve(TASK, estimate=Decimal(sent)), attrs.evolve(TASK, estimate=None)])
    sink.close(complete=True)
    with opened(path) as file:
        assert str(file.schema_arrow.field("estimate").type) == "decimal128(9, 2)"
        rows = file.read().to_pylist()
    assert [str(row["estimate"]) for row in rows] == [written, "None"]
    counted = {name: count.ids for name, count in summarize(sink.rounded, RoundedField).items()}
    assert counted == ({"estimate": (TASK.id,)} if is_rounded else {})


@pytest.mark.parametrize(
    ("sent", "is_rounded"),
    [
        ("12.50", False),
        ("2.8499999999999996", False),
        ("1E-300", False),
        ("12345678901234567.89", True),
        ("1E-400", True),
    ],
)
def test_floats_hold_what_a_double_holds(tmp_path: Path, sent: str, is_rounded: bool) -> None:
    """As floats, decimals are the nearest double; only digits that it cannot hold are counted."""
    path = tmp_path / "task.parquet"
    sink = ParquetSink(path, Task)
    sink.open()
    sink.write([attrs.evolve(TASK, estimate=Decimal(sent))])
    sink.close(complete=True)
    with opened(path) as file:
        assert file.read()["estimate"].to_pylist() == [float(sent)]
    assert [*sink.rounded] == (["estimate"] if is_rounded else [])


@pytest.mark.parametrize(
    ("decimals", "sent"),
    [
        ("decimal", "9999999.995"),
        ("decimal", "1E+20"),
        ("decimal", "1E+300"),
        ("float", "1E+309"),
        ("float", "-1E+309"),
    ],
)
def test_decimal_that_is_too_large_is_rejected(
    tmp_path: Path, decimals: Decimals, sent: str
) -> None:
    """A decimal that does not fit its column at all is an error that names record and field."""
    with pytest.raises(UnfitValueError, match=f"task {TASK.id}: estimate: expected "):
        write(
            tmp_path / "task.parquet",
            [attrs.evolve(TASK, estimate=Decimal(sent))],
            decimals=decimals,
        )


def test_lone_surrogate_is_escaped(tmp_path: Path) -> None:
    """A lone surrogate, which UTF-8 cannot encode, is written escaped."""
    write(tmp_path / "a.parquet", [attrs.evolve(NOTES[0], title="\ud83d", note=None)])
    with opened(tmp_path / "a.parquet") as file:
        (row,) = file.read().to_pylist()
    assert (row["title"], row["note"]) == (r"\ud83d", None)


def test_value_of_a_wrong_type_is_rejected(tmp_path: Path) -> None:
    """A value that does not have the type of its column is an error, not converted."""
    wrong: Any = attrs.evolve(NOTES[0], localid="x")
    with pytest.raises(ValueError, match="x"):
        write(tmp_path / "a.parquet", [wrong])


def test_codec_selects_the_compression(tmp_path: Path) -> None:
    """The codec selects the compression; an unknown codec is rejected with the known ones."""
    write(tmp_path / "a.parquet", NOTES, codec="zstd")
    with opened(tmp_path / "a.parquet") as file:
        assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    wrong: Any = "rar"
    with pytest.raises(ArgumentError, match="codec: expected one of none, snappy, zstd, got 'rar'"):
        ParquetSink("x", ProjectNote, codec=wrong)


def resumed_from(path: Path, change: Callable[[Any], Any]) -> ParquetSink:
    """Resume a file of which a release with another schema has written the first segment."""
    sink = ParquetSink(path, ProjectNote)
    sink.open()
    sink.write(NOTES[:20])
    sink.checkpoint()
    sink.suspend()
    segment = path.with_name(f".{path.name}.part-0")
    parquet: Any = pyarrow("pyarrow.parquet")
    parquet.write_table(change(parquet.read_table(segment)), segment)
    sink = ParquetSink(path, ProjectNote)
    sink.resume({"segments": [segment.stat().st_size]})
    return sink


def test_segment_without_nulls_is_resumed(tmp_path: Path) -> None:
    """A segment of a release whose required columns held no nulls is merged with one that has."""

    def required(table: Any) -> Any:
        fields = [each.with_nullable(each.name == "extra") for each in table.schema]
        return table.cast(pyarrow().schema(fields))

    odd, _ = record_decoder(ProjectNote).decode_one({"id": "900", "date": "?"}, "$")
    sink = resumed_from(tmp_path / "a.parquet", required)
    sink.write([odd])
    sink.close(complete=True)
    with opened(tmp_path / "a.parquet") as file:
        rows = file.read().to_pylist()
        assert all(field.nullable for field in file.schema_arrow)
    assert [row["id"] for row in rows] == [*range(1, 21), 900]
    assert (rows[0]["title"], rows[20]["date"]) == (NOTES[0].title, None)
    assert os.listdir(tmp_path) == ["a.parquet"]


@pytest.mark.parametrize("column", ["title", "date"])
def test_segment_with_other_columns_is_not_resumed(tmp_path: Path, column: str) -> None:
    """A segment that lacks a column, or has another type, cannot be resumed."""

    def changed(table: Any) -> Any:
        if column == "title":
            return table.drop_columns([column])
        index = table.schema.names.index(column)
        return table.set_column(index, column, table.column(column).cast("string"))

    with pytest.raises(ResumeError, match="segment 0 of the unfinished file has other columns"):
        resumed_from(tmp_path / "a.parquet", changed)
