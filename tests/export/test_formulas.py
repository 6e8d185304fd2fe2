"""A spreadsheet runs no cell of a CSV file as a formula, and numbers stay as they are."""

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
from .writing import write

NOTE: Any = records_of(ProjectNote, 1)[0]


def cell(record: Any, name: str, formulas: Formulas = "escape") -> str:
    """Return a cell as a reader of CSV finds it."""
    stream = io.BytesIO()
    write(CsvSink(stream, type(record), formulas=formulas), [record])
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
        " =1",
        "\xa0=1",
        "\ufeff=1",
        "\u200b\u200e =1",
        "\x00=1",
        "\x1b\x7f@x",
        "\u2028-x",
        "\u3000+x",
    ],
)
def test_formulas_get_an_apostrophe(text: str) -> None:
    """Text that looks like a formula gets an apostrophe, unless formulas="keep"."""
    assert cell(attrs.evolve(NOTE, title=text), "title") == f"'{text}"
    assert cell(attrs.evolve(NOTE, title=text), "title", "keep") == text


@pytest.mark.parametrize(
    "text", ["-12.5", "+4930123", "-1e5", "12", "a=1", " a", "\ufeffa", "", "'=1", "<p>=1"]
)
def test_other_text_is_unchanged(text: str) -> None:
    """Plain numbers and text that does not start like a formula are written unchanged."""
    assert cell(attrs.evolve(NOTE, title=text), "title") == text


@given(st.text(min_size=1) | st.text("=+-@\t\r\n1.e \0\x7f\xa0\ufeff\u200b", min_size=1))
def test_no_cell_starts_like_a_formula(text: str) -> None:
    """No text is written as a formula, and every text can be restored."""
    written = cell(attrs.evolve(NOTE, title=text), "title")
    assert written in {text, f"'{text}"}
    if re.match(r"[\t\r\n]|[\s\0\x7f\ufeff\u200b]*[=+\-@]", written):
        assert re.fullmatch(r"[+-][0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?", written, re.IGNORECASE)


def test_numeric_fields_are_unchanged() -> None:
    """Negative numbers in fields with a numeric type are written unchanged."""
    task: Any = records_of(Task, 1)[0]
    assert cell(attrs.evolve(task, estimate=Decimal("-1.50")), "estimate") == "-1.50"
    assert cell(attrs.evolve(task, milestoneid=-5), "milestoneid") == "-5"
    assert cell(attrs.evolve(task, priority=-5), "priority") == "-5"
    assert cell(attrs.evolve(task, priority="=1"), "priority") == "'=1"
    project: Any = records_of(Project, 1)[0]
    assert cell(attrs.evolve(project, manager="@x"), "manager") == "'@x"


def test_unknown_formulas_option_is_rejected() -> None:
    """An unknown value of `formulas` is rejected with the known ones."""
    wrong: Any = "drop"
    with pytest.raises(ArgumentError, match="formulas: expected 'escape' or 'keep', got 'drop'"):
        CsvSink("x.csv", ProjectNote, formulas=wrong)
