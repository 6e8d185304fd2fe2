"""The dialects of CSV hold the same cells, and say what a spreadsheet must know to read them."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import attrs
import pytest

from intervals_async import ArgumentError, ProjectNote, Task
from intervals_async.export import CsvDialect, CsvSink

from .exported import decompressed
from .made_up import records_of
from .writing import write

RECORDS = records_of(Task, 60)
BOM = b"\xef\xbb\xbf"


def written(dialect: CsvDialect, records: list[Any] = RECORDS) -> bytes:
    """Return the bytes of a file."""
    stream = io.BytesIO()
    write(CsvSink(stream, type(records[0]), dialect=dialect), records)
    return stream.getvalue()


def cells(data: bytes, delimiter: str) -> list[list[str]]:
    """Return the cells as a strict reader of CSV finds them."""
    text = io.StringIO(data.decode("utf-8-sig"), newline="")
    return list(csv.reader(text, delimiter=delimiter, strict=True))


def test_dialects_hold_the_same_cells() -> None:
    """Every dialect holds the same cells; those for Excel start with a byte order mark."""
    plain = written("rfc4180")
    assert written("excel") == BOM + plain
    semicolons = written("excel-semicolon")
    assert semicolons.startswith(BOM + b"id;")
    assert cells(semicolons, ";") == cells(plain, ",")


def test_cells_with_the_delimiter_are_quoted() -> None:
    """A cell that holds the delimiter is quoted, one that holds the other delimiter is not."""
    note: Any = attrs.evolve(records_of(ProjectNote, 1)[0], title="a;b", author="c,d")
    plain, semicolons = written("rfc4180", [note]), written("excel-semicolon", [note])
    assert (b"a;b" in plain, b'"a;b"' in plain, b'"c,d"' in plain) == (True, False, True)
    assert (b'"a;b"' in semicolons, b'"c,d"' in semicolons) == (True, False)


@pytest.mark.parametrize("name", ["n.csv", "n.csv.gz"])
def test_byte_order_mark_is_written_once(tmp_path: Path, name: str) -> None:
    """A resumed file has one byte order mark, at its start."""
    sink = CsvSink(tmp_path / name, Task, dialect="excel")
    sink.open()
    sink.write(RECORDS[:20])
    checkpoint = sink.checkpoint()
    sink.suspend()
    sink = CsvSink(tmp_path / name, Task, dialect="excel")
    sink.resume(checkpoint)
    sink.write(RECORDS[20:])
    sink.close(complete=True)
    assert decompressed((tmp_path / name).read_bytes()) == written("excel")


def test_unknown_dialect_is_rejected() -> None:
    """An unknown dialect is rejected with the known ones."""
    wrong: Any = "tabs"
    with pytest.raises(ArgumentError, match="rfc4180, excel, excel-semicolon, got 'tabs'"):
        CsvSink("n.csv", Task, dialect=wrong)
