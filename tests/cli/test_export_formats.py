"""``export`` picks the format of a file by its name, finds what is missing early, and writes it."""

from __future__ import annotations

import csv
import gzip
import io
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from intervals_async.testing import FakeIntervals

from ..export.exported import decompressed
from .conftest import Invoke, OnTerminal, read_json_lines, without_frame


def ids_of_json_lines(path: Path) -> list[int]:
    """Read the ids of JSON Lines, compressed or not."""
    return [record["id"] for record in read_json_lines(decompressed(path.read_bytes()).decode())]


def ids_of_csv(path: Path) -> list[int]:
    """Read the ids of CSV, compressed or not."""
    text = decompressed(path.read_bytes()).decode()
    return [int(row["id"]) for row in csv.DictReader(io.StringIO(text, newline=""))]


def ids_of_parquet(path: Path) -> list[int]:
    """Read the ids of a Parquet file."""
    parquet: Any = import_module("pyarrow.parquet")
    found: list[int] = parquet.read_table(path)["id"].to_pylist()
    return found


def ids_of_sqlite(path: Path) -> list[int]:
    """Read the ids of the resource's table."""
    with closing(sqlite3.connect(path)) as database:
        return [row[0] for row in database.execute("SELECT id FROM projectnote ORDER BY rowid")]


@pytest.mark.parametrize(
    ("name", "options", "read"),
    [
        ("n.jsonl.gz", (), ids_of_json_lines),
        ("N.NDJSON.ZST", (), ids_of_json_lines),
        ("n.csv.gz", (), ids_of_csv),
        ("n.csv.zst", (), ids_of_csv),
        ("n.parquet", (), ids_of_parquet),
        ("n.sqlite", (), ids_of_sqlite),
        ("n.sqlite3", (), ids_of_sqlite),
        ("n.db", (), ids_of_sqlite),
        ("n", ("--format", "parquet"), ids_of_parquet),
        ("n.dat", ("--format", "sqlite"), ids_of_sqlite),
        ("n.gz", ("--format", "csv"), ids_of_csv),
        ("n.gz", ("--format", "jsonl.gz"), ids_of_json_lines),
        ("n.dat", ("--format", "jsonl.zst"), ids_of_json_lines),
        ("n.jsonl.gz", ("--format", "jsonl"), ids_of_json_lines),
    ],
)
def test_file_has_the_format_of_its_name(
    account: FakeIntervals,
    invoke: Invoke,
    tmp_path: Path,
    name: str,
    options: tuple[str, ...],
    read: Callable[[Path], list[int]],
) -> None:
    """The name selects the format and the compression, and ``--format`` what the name leaves open."""
    result = invoke("export", "projectnote", "-o", tmp_path / name, *options)
    assert result.exit_code == 0
    assert read(tmp_path / name) == [row["id"] for row in account.rows("projectnote")]
    assert [path.name for path in tmp_path.iterdir()] == [name]
    is_compressed = (tmp_path / name).read_bytes()[:2] in (b"\x1f\x8b", b"\x28\xb5")
    assert is_compressed is any(end in f"{name}{options}".lower() for end in (".gz", ".zst"))


@pytest.mark.parametrize(
    ("output", "format", "words"),
    [
        ("n.csv", "jsonl", "expected the format of 'n.csv', got 'jsonl'"),
        ("n.jsonl", "csv", "expected the format of 'n.jsonl', got 'csv'"),
        ("n.jsonl", "jsonl.gz", "expected the format of 'n.jsonl', got 'jsonl.gz'"),
        ("n.jsonl.zst", "jsonl.gz", "expected the format of 'n.jsonl.zst', got 'jsonl.gz'"),
        ("n.zst", "jsonl.gz", "expected the format of 'n.zst', got 'jsonl.gz'"),
        ("n.parquet", "sqlite", "expected the format of 'n.parquet', got 'sqlite'"),
        ("n.parquet.gz", None, "uncompressed file only, got 'n.parquet.gz'"),
        ("n.gz", "sqlite", "expected a name that ends in .sqlite"),
        ("n.gz", None, "got 'n.gz'; pass --format"),
        ("n", None, "got 'n'; pass --format"),
        ("-", "parquet", "uncompressed file only, got standard output"),
        ("/dev/stdout", "sqlite", "uncompressed file only, got standard output"),
        (None, "sqlite", "uncompressed file only, got standard output"),
    ],
)
def test_contradictions_are_wrong_usage(
    account: FakeIntervals,
    invoke: Invoke,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    output: str | None,
    format: str | None,
    words: str,
) -> None:
    """A format that does not fit the file is wrong usage, before a request or a file."""
    monkeypatch.chdir(tmp_path)
    options = (*(("-o", output) if output else ()), *(("--format", format) if format else ()))
    result = invoke("export", "projectnote", *options)
    assert result.exit_code == 2
    assert words in without_frame(result.stderr)
    assert (account.requests, list(tmp_path.iterdir())) == (0, [])


def test_database_is_refreshed_with_force_only(
    account: FakeIntervals, invoke: Invoke, tmp_path: Path
) -> None:
    """An existing database is touched with ``--force`` only, which keeps its other tables."""
    path = tmp_path / "n.sqlite"
    assert invoke("export", "group", "-o", path).exit_code == 0
    requests = account.requests
    result = invoke("export", "projectnote", "-o", path)
    assert result.exit_code == 2
    assert "pass --force to refresh its table projectnote" in without_frame(result.stderr)
    assert account.requests == requests
    assert invoke("export", "projectnote", "-o", path, "--force").exit_code == 0
    assert len(ids_of_sqlite(path)) == 50
    with closing(sqlite3.connect(path)) as database:
        assert database.execute('SELECT count(*) FROM "group"').fetchone()[0] > 0


def test_parquet_needs_force_to_replace_a_file(
    account: FakeIntervals, invoke: Invoke, tmp_path: Path
) -> None:
    """A Parquet file is replaced with ``--force`` only."""
    path = tmp_path / "n.parquet"
    path.write_text("mine")
    result = invoke("export", "projectnote", "-o", path)
    assert (result.exit_code, account.requests) == (1, 0)
    assert "pass --force" in result.stderr
    assert invoke("export", "projectnote", "-o", path, "--force").exit_code == 0
    assert len(ids_of_parquet(path)) == 50


def test_compressed_records_are_not_written_to_a_terminal(
    account: FakeIntervals, invoke: Invoke, on_terminal: OnTerminal
) -> None:
    """``--format jsonl.gz`` compresses standard output, but not for a terminal."""
    result = invoke("export", "projectnote", "--format", "jsonl.gz")
    assert len(read_json_lines(gzip.decompress(result.stdout_bytes).decode())) == 50
    requests = account.requests
    code, seen = on_terminal("export", "projectnote", "--format", "jsonl.gz")
    assert (code, account.requests) == (2, requests)
    assert "expected a file for compressed records, got a terminal" in without_frame(seen)


# Extras


@pytest.mark.parametrize(
    ("package", "extra", "words"),
    [
        ("pyarrow", "arrow", ("projectnote", "-o", "n.parquet")),
        ("pyarrow", "arrow", ("projectnote", "-o", "n.parquet", "--dry-run")),
        ("pyarrow", "arrow", ("projectnote", "-o", "n", "--format", "parquet")),
        ("pyarrow", "arrow", ("projectnote", "-o", "new/", "--format", "parquet")),
        ("pyarrow", "arrow", ("projectnote", "-o", "new/", "--format", "parquet", "--dry-run")),
        ("pyarrow", "arrow", ("projectnote", "task", "-o", "new", "--format", "parquet")),
        ("pyarrow", "arrow", ("--all", "-o", "new", "--format", "parquet")),
        ("pyarrow", "arrow", ("--all", "-o", "new", "--format", "parquet", "--dry-run")),
        ("pyarrow", "arrow", ("--all", "-o", "new", "--format", "parquet", "--incremental")),
        ("zstandard", "zst", ("projectnote", "-o", "n.jsonl.zst")),
        ("zstandard", "zst", ("projectnote", "-o", "n.csv.zst")),
        ("zstandard", "zst", ("projectnote", "-o", "n.csv.zst", "--dry-run")),
        ("zstandard", "zst", ("projectnote", "--format", "jsonl.zst")),
        ("zstandard", "zst", ("--all", "-o", "new", "--format", "jsonl.zst")),
        ("zstandard", "zst", ("--all", "-o", "new", "--format", "jsonl.zst", "--dry-run")),
    ],
)
def test_missing_extra_is_found_before_a_request(
    account: FakeIntervals,
    invoke: Invoke,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    package: str,
    extra: str,
    words: tuple[str, ...],
) -> None:
    """A missing extra is one line with the command that installs it, and costs no request."""
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.chdir(tmp_path)
    result = invoke("export", *words)
    assert result.exit_code == 2
    assert result.stderr == (
        f"intervals-async: {package} is not installed; "
        f'run: pip install "intervals_async[{extra}]"\n'
    )
    assert (account.requests, list(tmp_path.iterdir())) == (0, [])


def test_formats_without_an_extra_need_none(
    account: FakeIntervals, invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other formats work without any extra but that of the command."""
    for package in ("pyarrow", "zstandard", "orjson", "redis", "opentelemetry"):
        monkeypatch.setitem(sys.modules, package, None)
    for name in ("n.jsonl", "n.csv", "n.jsonl.gz", "n.sqlite"):
        assert invoke("export", "projectnote", "-o", tmp_path / name).exit_code == 0
        assert invoke("export", "group", "-o", f"{tmp_path / name}.d/").exit_code == 0
    assert account.requests > 0


# CSV


def test_csv_for_excel_starts_with_a_byte_order_mark(
    account: FakeIntervals, invoke: Invoke, tmp_path: Path
) -> None:
    """``--csv-dialect excel`` adds a byte order mark, and ``excel-semicolon`` also semicolons."""
    plain = invoke("export", "projectnote", "--format", "csv").stdout_bytes
    assert plain.startswith(b"id,projectid,")
    for dialect, delimiter in (("excel", ","), ("excel-semicolon", ";")):
        path = tmp_path / f"{dialect}.csv"
        words = ("export", "projectnote", "--csv-dialect", dialect)
        assert invoke(*words, "-o", path).exit_code == 0
        data = path.read_bytes()
        assert invoke(*words, "--format", "csv").stdout_bytes == data
        assert data.startswith(b"\xef\xbb\xbfid" + delimiter.encode())
        text = io.StringIO(data.decode("utf-8-sig"), newline="")
        rows = list(csv.reader(text, delimiter=delimiter))
        assert rows == list(csv.reader(io.StringIO(plain.decode(), newline="")))
    assert account.requests == 5


@pytest.mark.parametrize("words", [("-o", "n.jsonl"), (), ("-o", "n.parquet"), ("-o", "new/")])
def test_dialect_is_for_csv_files_only(
    account: FakeIntervals,
    invoke: Invoke,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
) -> None:
    """``--csv-dialect`` with another format, or for a folder, is wrong usage."""
    monkeypatch.chdir(tmp_path)
    result = invoke("export", "projectnote", "--csv-dialect", "excel", *words)
    assert result.exit_code == 2
    assert "--csv-dialect" in without_frame(result.stderr)
    assert (account.requests, list(tmp_path.iterdir())) == (0, [])
