"""No cell of a CSV file is taken for a formula by a spreadsheet, and no number is spoilt."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intervals_async import ArgumentError, Project, ProjectNote, Task
from intervals_async.export import CsvSink, Formulas

from .made_up import records_of

NOTE: Any = records_of(ProjectNote, 1)[0]


def cell(record: Any, name: str, formulas: Formulas = "escape") -> str:
    """Give a cell as a reader of CSV has it."""
    stream = io.BytesIO()
    sink = CsvSink(stream, type(record), formulas=formulas)
    sink.open()
    sink.write([record])
    sink.close(complete=True)
    header, row = csv.reader(io.StringIO(stream.getvalue().decode(), newline=""), strict=True)
    return dict(zip(header, row, strict=True))[name]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "=",
        "-",
        "-1-",
        "\uff1d1",
        "+49 30",
    ],
)
def test_what_looks_like_a_formula_gets_an_apostrophe(text: str) -> None:
    """It is shown as the text that it is."""
    assert cell(attrs.evolve(NOTE, title=text), "title") == f"'{text}"
    assert cell(attrs.evolve(NOTE, title=text), "title", "keep") == text


@pytest.mark.parametrize("text", ["-12.5", "+4930123", "-1e5", "12", "a=1", " =1", "", "'=1"])
def test_everything_else_stays(text: str) -> None:
    """A number is no danger, whatever its sign."""
    assert cell(attrs.evolve(NOTE, title=text), "title") == text


@given(st.text(min_size=1) | st.text("=+-@\t\r\n1.e", min_size=1))
def test_no_text_begins_like_a_formula(text: str) -> None:
    """Whatever people type, a cell is harmless, and the text can be had back."""
    written = cell(attrs.evolve(NOTE, title=text), "title")
    assert written in {text, f"'{text}"}
    if written[0] in "=+-@\t\r\n":
        assert re.fullmatch(r"[+-][0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?", written, re.IGNORECASE)


def test_numbers_of_their_own_type_stay() -> None:
    """A negative amount is an amount."""
    task: Any = records_of(Task, 1)[0]
    assert cell(attrs.evolve(task, estimate=Decimal("-1.50")), "estimate") == "-1.50"
    assert cell(attrs.evolve(task, milestoneid=-5), "milestoneid") == "-5"
    assert cell(attrs.evolve(task, priority=-5), "priority") == "-5"
    assert cell(attrs.evolve(task, priority="=1"), "priority") == "'=1"
    project: Any = records_of(Project, 1)[0]
    assert cell(attrs.evolve(project, manager="@x"), "manager") == "'@x"


def test_another_way_is_refused() -> None:
    """The message says which there are."""
    wrong: Any = "drop"
    with pytest.raises(ArgumentError, match="'escape' or 'keep'"):
        CsvSink("x.csv", ProjectNote, formulas=wrong)
