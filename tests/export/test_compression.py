"""A file may be compressed, in pieces that any reader takes as one."""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path
from typing import Any

import pytest

from intervals_async import ArgumentError, ProjectNote
from intervals_async._schema.arrow import pyarrow
from intervals_async.export import Compression, CsvSink, JsonLinesSink

from .made_up import records_of

NOTES = records_of(ProjectNote, 300)


def plain(notes: list[Any] = NOTES) -> bytes:
    """Give what stands in an uncompressed file."""
    stream = io.BytesIO()
    sink = JsonLinesSink(stream)
    sink.open()
    sink.write(notes)
    sink.close(complete=True)
    return stream.getvalue()


def unpacked(data: bytes) -> bytes:
    """Unpack either compression."""
    if data.startswith(b"\x1f\x8b"):
        return gzip.decompress(data)
    whole: bytes = pyarrow().CompressedInputStream(io.BytesIO(data), "zstd").read()
    return whole


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.JSONL.GZ", "a.jsonl.zst"])
def test_the_name_says_the_compression(tmp_path: Path, name: str) -> None:
    """The suffix alone decides; the content is that of an uncompressed file."""
    sink = JsonLinesSink(tmp_path / name)
    sink.open()
    sink.write(NOTES)
    sink.close(complete=True)
    data = (tmp_path / name).read_bytes()
    assert len(data) < len(plain()) / 10
    assert unpacked(data) == plain()


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_it_may_be_said(compression: Compression) -> None:
    """A stream has no name, so it is told; checkpoints end a member, and nothing else changes."""
    stream = io.BytesIO()
    sink = CsvSink(stream, ProjectNote, compression=compression)
    sink.open()
    sink.write(NOTES)
    sink.close(complete=True)
    assert unpacked(stream.getvalue()).startswith(b"id,projectid,")


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_a_checkpoint_ends_a_member(tmp_path: Path, suffix: str) -> None:
    """What stands before a mark is a whole file by itself; two marks in a row add nothing."""
    path = tmp_path / f"a.jsonl.{suffix}"
    sink = JsonLinesSink(path)
    sink.open()
    sink.write(NOTES[:100])
    mark = sink.checkpoint()
    assert sink.checkpoint() == mark
    hidden = (tmp_path / f".a.jsonl.{suffix}.part").read_bytes()
    assert unpacked(hidden) == plain(NOTES[:100])
    sink.write(NOTES[100:])
    sink.close(complete=True)
    assert unpacked(path.read_bytes()) == plain()


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_nothing_at_all_is_a_compressed_file_too(tmp_path: Path, suffix: str) -> None:
    """A listing that is empty gives a file that can be unpacked."""
    path = tmp_path / f"a.jsonl.{suffix}"
    sink = JsonLinesSink(path)
    sink.open()
    mark = sink.checkpoint()
    sink.suspend()
    sink.resume(mark)
    sink.close(complete=True)
    assert path.read_bytes()
    assert unpacked(path.read_bytes()) == b""


def test_the_same_records_are_the_same_bytes(tmp_path: Path) -> None:
    """No time and no name stands in a gzip file."""
    for name in ("a.jsonl.gz", "b.jsonl.gz"):
        sink = JsonLinesSink(tmp_path / name)
        sink.open()
        sink.write(NOTES)
        sink.close(complete=True)
    data = (tmp_path / "a.jsonl.gz").read_bytes()
    assert data == (tmp_path / "b.jsonl.gz").read_bytes()
    assert data[4:8] == bytes(4)


def test_an_unknown_compression_is_refused() -> None:
    """The message names those that there are."""
    wrong: Any = "zip"
    with pytest.raises(ArgumentError, match="none, gzip, zstd"):
        JsonLinesSink("x.jsonl", compression=wrong)


def test_without_zstandard_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is looked for when a sink is made, and not before."""
    monkeypatch.setitem(sys.modules, "zstandard", None)
    JsonLinesSink("x.jsonl.gz")
    with pytest.raises(ImportError, match=r"intervals_async\[zst\]"):
        JsonLinesSink("x.jsonl.zst")
