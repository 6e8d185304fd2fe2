"""Compressed files consist of members that every reader joins."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import pytest

from intervals_async import ArgumentError, ProjectNote
from intervals_async.export import Compression, CsvSink, JsonLinesSink

from .exported import decompressed
from .made_up import records_of
from .writing import write

NOTES = records_of(ProjectNote, 300)


def uncompressed(notes: list[Any] = NOTES) -> bytes:
    """Return the content of an uncompressed file."""
    stream = io.BytesIO()
    write(JsonLinesSink(stream), notes)
    return stream.getvalue()


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.JSONL.GZ", "a.jsonl.zst"])
def test_suffix_selects_the_compression(tmp_path: Path, name: str) -> None:
    """The suffix selects the compression; the content is that of an uncompressed file."""
    write(JsonLinesSink(tmp_path / name), NOTES)
    data = (tmp_path / name).read_bytes()
    assert len(data) < len(uncompressed()) / 10
    assert decompressed(data) == uncompressed()


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_compression_argument_applies_to_streams(compression: Compression) -> None:
    """The argument `compression` selects the compression of a stream, which has no suffix."""
    stream = io.BytesIO()
    write(CsvSink(stream, ProjectNote, compression=compression), NOTES)
    assert decompressed(stream.getvalue()).startswith(b"id,projectid,")


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_checkpoint_ends_a_member(tmp_path: Path, suffix: str) -> None:
    """The bytes before a checkpoint are a complete file; a second checkpoint adds nothing."""
    path = tmp_path / f"a.jsonl.{suffix}"
    sink = JsonLinesSink(path)
    sink.open()
    sink.write(NOTES[:100])
    checkpoint = sink.checkpoint()
    assert sink.checkpoint() == checkpoint
    hidden = (tmp_path / f".a.jsonl.{suffix}.part").read_bytes()
    assert decompressed(hidden) == uncompressed(NOTES[:100])
    sink.write(NOTES[100:])
    sink.close(complete=True)
    assert decompressed(path.read_bytes()) == uncompressed()


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_empty_file_is_a_valid_compressed_file(tmp_path: Path, suffix: str) -> None:
    """An export without records writes a file that can be decompressed."""
    path = tmp_path / f"a.jsonl.{suffix}"
    sink = JsonLinesSink(path)
    sink.open()
    checkpoint = sink.checkpoint()
    sink.suspend()
    sink.resume(checkpoint)
    sink.close(complete=True)
    assert path.read_bytes()
    assert decompressed(path.read_bytes()) == b""


def test_same_records_are_the_same_bytes(tmp_path: Path) -> None:
    """A gzip file holds neither a time nor a name, so the same records are the same bytes."""
    for name in ("a.jsonl.gz", "b.jsonl.gz"):
        write(JsonLinesSink(tmp_path / name), NOTES)
    data = (tmp_path / "a.jsonl.gz").read_bytes()
    assert data == (tmp_path / "b.jsonl.gz").read_bytes()
    assert data[4:8] == bytes(4)


def test_unknown_compression_is_rejected() -> None:
    """An unknown compression is rejected with the known ones."""
    wrong: Any = "zip"
    expected = "compression: expected one of none, gzip, zstd, got 'zip'"
    with pytest.raises(ArgumentError, match=expected):
        JsonLinesSink("x.jsonl", compression=wrong)


def test_missing_zstandard_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A sink that needs zstandard names the extra to install; other sinks do not need it."""
    monkeypatch.setitem(sys.modules, "zstandard", None)
    JsonLinesSink("x.jsonl.gz")
    with pytest.raises(ImportError, match=r"intervals_async\[zst\]"):
        JsonLinesSink("x.jsonl.zst")
