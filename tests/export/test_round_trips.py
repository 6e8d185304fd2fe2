"""Every format restores the records of every class, except what its types cannot hold.

The exceptions, besides fields that could not be read, which are null:

- CSV: None and empty text are both empty cells.
- SQLite: decimals are rounded to 15 significant digits; an empty `extra` is null.
- Parquet and Arrow: decimals are rounded to a double, or to the digits of their column; a number or
  text is text, and objects are JSON in a string; an empty `extra` is null.
"""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import tempfile
from collections import Counter
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intervals_async import Decimals, Record, to_dict
from intervals_async._schema.arrow import pyarrow
from intervals_async._schema.columns import ColumnKind, columns_of
from intervals_async.export import CsvSink, JsonLinesSink, ParquetSink, SqliteSink

from .made_up import CLASSES, class_name, some_records
from .writing import write

EVERY_CLASS = pytest.mark.parametrize("cls", CLASSES, ids=class_name)


def as_text(value: Any) -> str | int | None:
    """Return a value as a format with few types holds it."""
    match value:
        case None | str() | int():
            return value
        case Decimal():
            return str(value)
        case date():
            return value.isoformat()
        case _:
            return None if value == {} else json.dumps(value, default=to_dict)


def is_restored(found: Any, value: Any) -> bool:
    """Whether a cell holds the value that was written; JSON is compared by its meaning."""
    if isinstance(value, tuple | dict) and value != {}:
        return bool(json.loads(found) == json.loads(json.dumps(value, default=to_dict)))
    return bool(found == as_text(value))


@EVERY_CLASS
@settings(max_examples=10)
@given(data=st.data())
def test_json_lines_restore_records(cls: type[Record], data: st.DataObject) -> None:
    """A line of JSON Lines is the `to_dict` of its record."""
    records = data.draw(some_records(cls))
    stream = io.BytesIO()
    write(JsonLinesSink(stream), records[:2], records[2:])
    written = stream.getvalue().split(b"\n")
    assert [json.loads(line) for line in written[:-1]] == [*map(to_dict, records)]


@EVERY_CLASS
@settings(max_examples=10)
@given(data=st.data())
def test_csv_restores_records(cls: type[Record], data: st.DataObject) -> None:
    """A reader of CSV restores each value; None and empty text are both empty cells."""
    records = data.draw(some_records(cls))
    stream = io.BytesIO()
    write(CsvSink(stream, cls, formulas="keep"), records[:2], records[2:])
    text = io.StringIO(stream.getvalue().decode(), newline="")
    header, *rows = csv.reader(text, strict=True)
    assert len(rows) == len(records)
    for record, row in zip(records, rows, strict=True):
        for name, cell in zip(header, row, strict=True):
            value = getattr(record, name, None)
            if isinstance(value, bool):
                assert cell == str(value).lower()
            elif isinstance(value, int):
                assert cell == str(value)
            else:
                assert is_restored(cell or None, value or None if value == "" else value)


# A double holds all numbers of so many digits.
EXACT = Context(prec=15)

MIXED = {ColumnKind.NUMBER_OR_TEXT, ColumnKind.TEXT_OR_OBJECTS}


@EVERY_CLASS
@settings(max_examples=10)
@given(data=st.data())
def test_sqlite_restores_records(cls: type[Record], data: st.DataObject) -> None:
    """In SQLite, integers, booleans and decimals are numbers; all other values are text or null.

    Decimals of more than 15 significant digits are rounded, and counted.
    """
    records = data.draw(some_records(cls))
    mixed = {column.name for column in columns_of(cls) if column.kind in MIXED}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "all.sqlite")
        sink = SqliteSink(path, cls)
        write(sink, records[:2], records[2:])
        with closing(sqlite3.connect(path)) as database:
            cursor = database.execute(f'SELECT * FROM "{cls.__name__}" ORDER BY rowid')
            names = [column[0] for column in cursor.description]
            rows = cursor.fetchall()
    assert len(rows) == len(records)
    rounded: Counter[str] = Counter()
    for record, row in zip(records, rows, strict=True):
        for name, cell in zip(names, row, strict=True):
            value = getattr(record, name, None)
            if isinstance(value, Decimal):
                rounded[name] += EXACT.plus(value) != value
                assert isinstance(cell, int | float)
                assert cell == float(EXACT.plus(value))
                continue
            if name in mixed and isinstance(value, int):
                value = str(value)
            assert is_restored(cell, value), name
    assert {name: count.records for name, count in sink.rounded.items()} == +rounded


@pytest.mark.parametrize("decimals", get_args(Decimals))
@EVERY_CLASS
@settings(max_examples=10)
@given(data=st.data())
def test_parquet_restores_records(
    cls: type[Record], decimals: Decimals, data: st.DataObject
) -> None:
    """In Parquet, each value has its own type; decimals are rounded to it, and counted."""
    records = data.draw(some_records(cls))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "all.parquet")
        sink = ParquetSink(path, cls, decimals=decimals)
        write(sink, records[:2], records[2:])
        with path.open("rb") as file:
            rows = pyarrow("pyarrow.parquet").read_table(file).to_pylist()
    assert len(rows) == len(records)
    scales = {column.name: column.scale for column in columns_of(cls)}
    rounded: Counter[str] = Counter()
    for record, row in zip(records, rows, strict=True):
        for name, cell in row.items():
            value = getattr(record, name, None)
            if isinstance(value, Decimal):
                fitted = (
                    round(value, scales[name]) if decimals == "decimal" else Decimal(repr(cell))
                )
                rounded[name] += fitted != value
                assert cell == (fitted if decimals == "decimal" else float(value))
                assert type(cell) is (Decimal if decimals == "decimal" else float)
                continue
            if isinstance(value, datetime):
                utc = value.tzinfo is not None
                assert cell == value
                assert (cell.tzinfo is None) is (not utc)
                assert not utc or cell.utcoffset() == UTC.utcoffset(None)
            elif isinstance(value, date | bool):
                assert cell == value
                assert type(cell) is type(value)
            elif isinstance(value, tuple) and isinstance(cell, list):
                assert cell == [*value]
            elif isinstance(value, int) and isinstance(cell, int):
                assert cell == value
            else:
                assert is_restored(cell, str(value) if isinstance(value, int) else value), name
    assert {name: count.records for name, count in sink.rounded.items()} == +rounded
