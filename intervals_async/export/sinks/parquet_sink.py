"""`ParquetSink`: a Parquet file, with types of its own for the columns."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeAlias, get_args

from ..._atomic_file import naming
from ..._schema.arrow import ArrowConverter
from ..._schema.records import Record
from ...errors import ArgumentError, ResumeError
from ..part_file import BUFFER, PartFile
from .parquet_file import ParquetFile, batches_of
from .sink import Checkpoint, pieces

__all__ = ["Codec", "ParquetSink"]

Codec: TypeAlias = Literal["none", "snappy", "zstd"]
"""How the columns of a Parquet file are compressed."""

USUAL_CODEC: Codec = "snappy"


class ParquetSink:
    """Writes a Parquet file: a column a field, and row groups while the records come.

    The columns are int64, bool, string, decimal128(38, 18), date32, timestamp (in
    microseconds, of the zone UTC or of none) and list of int64; the column of a required
    field holds no nulls. Objects and `extra` are JSON in a string, an empty `extra` is null.
    What a decimal has beyond 18 places is rounded.

    At each `checkpoint` a file of its own is finished beside the target; in the end they are
    put together, where there is more than one. So have minutes between two, not seconds.

    Args:
        target: The file's path. It is written whole or not at all: under hidden names beside
            it until it is complete.
        record_class: The class of the records.
        force: Whether an existing file may be replaced.
        codec: How the columns are compressed: ``"snappy"`` takes the least time, ``"zstd"``
            makes files a quarter smaller; ``"none"``.

    Raises:
        ImportError: pyarrow is not installed: it is the extra ``arrow``.
    """

    __slots__ = ("_codec", "_converter", "_named", "_part", "_segments", "_stream", "_unfinished")

    def __init__(
        self,
        target: str | os.PathLike[str],
        record_class: type[Record],
        *,
        force: bool = False,
        codec: Codec = USUAL_CODEC,
    ) -> None:
        if codec not in get_args(Codec):
            raise ArgumentError(f"codec is one of {', '.join(get_args(Codec))}, not {codec!r}")
        self._named = Path(target)
        self._codec = codec
        self._converter = ArrowConverter(record_class)
        # Nothing is in it until segments are put together; it holds the lock.
        self._part = PartFile(self._named, force=force)
        # The sizes of the segments that are finished.
        self._segments: list[int] = []
        # The one that is not, and its file.
        self._unfinished: ParquetFile | None = None
        self._stream: BinaryIO | None = None

    def open(self) -> None:
        """Make ready to write; OSError as `Sink.open` says."""
        with naming(self._named):
            self._part.open()
            self._begin([])

    def write(self, records: Sequence[Record]) -> None:
        """Take some records; they are written as soon as they make a row group.

        Raises:
            UnfitValueError: A decimal has more than 20 digits before its point.
        """
        for piece in pieces(records):
            if self.gather(piece):
                self.spill()

    def gather(self, records: Sequence[Record]) -> bool:
        """Take some records into memory; whether it is time to `spill`. Raises as `write`."""
        with naming(self._named):
            return self._segment().gather(self._converter.batch(records))

    def spill(self) -> None:
        """Write a row group."""
        with naming(self._named):
            self._segment().spill()

    def checkpoint(self) -> Checkpoint:
        """Finish a segment, if there is anything in it; the mark is the sizes of them all."""
        self._part.demand_open()
        self._end_segment()
        return {"segments": list(self._segments)}

    def resume(self, mark: Checkpoint) -> None:
        """Go on with a new segment; ResumeError as `ResumableSink.resume` says."""
        sizes: Any = mark.get("segments")
        if not isinstance(sizes, list):
            raise ResumeError("the mark says no segments: give what checkpoint() gave")
        with naming(self._named):
            self._part.reopen(self._path(0))
            try:
                self._check(sizes)
                self._part.refuse_what_is_there()
                self._begin(sizes)
            except BaseException:
                self._part.suspend()
                raise

    def suspend(self) -> None:
        """Leave the segments that are finished, for `resume`."""
        if self._part.is_open:  # else they are somebody else's
            self._abandon()
        self._part.suspend()

    def close(self, *, whole: bool) -> None:
        """Put the segments together and give the file its name, or remove them."""
        if whole:
            self._part.demand_open()
            self._make_whole()
        elif self._part.is_open:
            self._abandon()
            self._remove_from(0)
            self._part.remove()

    def _make_whole(self) -> None:
        if not self._segments:
            self._segment()  # a file of no rows has columns, too
        self._end_segment()
        with naming(self._named):
            if len(self._segments) == 1:
                self._part.commit(self._path(0))
                return
            stream = self._part.stream
            stream.truncate(stream.seek(0))
            with ParquetFile(stream, self._converter.schema, self._codec) as file:
                for place in range(len(self._segments)):
                    file.write(batches_of(self._path(place)))
                file.end()
            self._part.commit()
            self._remove_from(0)

    def _segment(self) -> ParquetFile:
        """Give the segment that is not finished."""
        if self._unfinished is None:
            self._part.demand_open()
            self._stream = self._path(len(self._segments)).open("wb", buffering=BUFFER)
            self._unfinished = ParquetFile(self._stream, self._converter.schema, self._codec)
        return self._unfinished

    def _end_segment(self) -> None:
        if self._unfinished is not None and self._stream is not None:
            with naming(self._named):
                self._segments.append(self._unfinished.end())
                self._stream.close()
            self._unfinished = self._stream = None

    def _abandon(self) -> None:
        unfinished, stream = self._unfinished, self._stream
        self._unfinished = self._stream = None
        if unfinished is not None:
            unfinished.abandon()
        if stream is not None:
            with suppress(OSError):  # the disk may be full: nothing of it is wanted
                stream.close()
        self._remove_from(len(self._segments))

    def _begin(self, sizes: Sequence[int]) -> None:
        self._segments = list(sizes)
        self._unfinished = self._stream = None
        self._remove_from(len(sizes))

    def _check(self, sizes: Sequence[int]) -> None:
        for place, size in enumerate(sizes):
            try:
                found = self._path(place).stat().st_size
            except FileNotFoundError:
                found = 0
            if found != size:
                raise ResumeError(
                    f"segment {place} of the unfinished {self._named} has {found} bytes, not "
                    f"the {size} that were written"
                )

    def _path(self, place: int) -> Path:
        return self._part.path.with_name(f"{self._part.path.name}-{place}")

    def _remove_from(self, first: int) -> None:
        """Remove the segments from a place on."""
        hidden = self._part.path
        for path in hidden.parent.glob(f"{glob.escape(hidden.name)}-*"):
            place = path.name.removeprefix(f"{hidden.name}-")
            if place.isdecimal() and int(place) >= first:
                with suppress(OSError):
                    path.unlink()
