"""``export --decimals``, and the lines about rounded values and rewritten files."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from intervals_async.export import Manifest
from intervals_async.testing import FakeIntervals

from .conftest import Invoke


@pytest.fixture
def noisy(account: FakeIntervals) -> FakeIntervals:
    """Return a server with an inexact number of hours."""
    account.touch("time", int(str(account.rows("time")[1]["id"])), time=2.8499999999999996)
    return account


def type_of(path: Path) -> str:
    """Return the type of the hours in a Parquet file."""
    parquet: Any = import_module("pyarrow.parquet")
    return str(parquet.read_schema(path).field("time").type)


def test_a_file_has_the_type_of_the_option(
    noisy: FakeIntervals, tmp_path: Path, invoke: Invoke
) -> None:
    """Parquet holds floats, or with ``--decimals decimal`` fixed-point numbers."""
    path = tmp_path / "time.parquet"
    result = invoke("export", "time", "-o", path)
    assert (result.exit_code, type_of(path)) == (0, "double")
    assert "rounded" not in result.stderr
    result = invoke("export", "time", "-o", path, "--force", "--decimals", "decimal")
    assert (result.exit_code, type_of(path)) == (0, "decimal128(9, 2)")
    id = noisy.rows("time")[1]["id"]
    assert f"time: 1 value of time was rounded (id {id})" in result.stderr


def test_an_export_to_a_folder_says_what_it_rewrites(
    noisy: FakeIntervals, tmp_path: Path, invoke: Invoke
) -> None:
    """Another type rewrites the files of an incremental export, which prints a line for each."""
    arguments = "export", "time", "worktype", "-o", f"{tmp_path}/", "--format", "parquet"
    assert invoke(*arguments).exit_code == 0
    assert type_of(tmp_path / "time.parquet") == "double"
    options = "--incremental", "--decimals", "decimal"
    result = invoke(*arguments, *options)
    assert result.exit_code == 0
    assert "rewritten: time: its columns had other types" in result.stderr
    assert "time: 1 value of time was rounded" in result.stderr
    assert type_of(tmp_path / "time.parquet") == "decimal128(9, 2)"
    assert {each.resource: each.rewritten is None for each in Manifest.read(tmp_path).exported} == {
        "time": False,
        "worktype": False,
    }
    result = invoke(*arguments, *options)
    assert "rewritten" not in result.stderr
    assert "changed records only: time" in result.stderr


def test_sqlite_says_what_it_rounds(noisy: FakeIntervals, tmp_path: Path, invoke: Invoke) -> None:
    """An export to SQLite prints the fields that it has rounded to 15 digits."""
    for target in (tmp_path / "time.sqlite", f"{tmp_path}/"):
        result = invoke("export", "time", "-o", target, "--format", "sqlite")
        assert result.exit_code == 0
        assert "time: 1 value of time was rounded" in result.stderr


def test_the_option_may_come_first(account: FakeIntervals, tmp_path: Path, invoke: Invoke) -> None:
    """The option also applies before the name of the resource."""
    path = tmp_path / "time.parquet"
    assert invoke("export", "--decimals", "decimal", "time", "-o", path).exit_code == 0
    assert type_of(path) == "decimal128(9, 2)"


@pytest.mark.parametrize("target", ["time.csv", "time.sqlite", "folder/"])
def test_other_formats_refuse_the_option(
    account: FakeIntervals, tmp_path: Path, invoke: Invoke, target: str
) -> None:
    """A format with one type of decimals refuses the option before any request."""
    result = invoke("export", "time", "-o", f"{tmp_path}/{target}", "--decimals", "decimal")
    assert result.exit_code != 0
    assert "decimals" in result.stderr
    assert "parquet" in result.stderr.lower()
    assert account.requests == 0
    assert [*tmp_path.iterdir()] == []
