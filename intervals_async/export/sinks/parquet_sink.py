"""`ParquetSink`: a Parquet file whose columns have types of their own."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeAlias, get_args

from ... import ArrowConverter, Decimals, Record
from ..._atomic_file import AtomicFile, file_path, name_in_errors
from ...errors import ArgumentError, ResumeError
from ..unreadable import FieldCount, add_rounded
from .output import checksum_of
from .parquet_file import RowGroupWriter, has_columns, read_batches
from .sink import Checkpoint, chunks

__all__ = ["Codec", "ParquetSink"]

Codec: TypeAlias = Literal["none", "snappy", "zstd"]
"""How the columns of a Parquet file are compressed."""

DEFAULT_CODEC: Codec = "snappy"


class ParquetSink:
    """Writes a Parquet file: a column for each field, in row groups during the export.

    The columns are int64, bool, string, float64 (or decimal128), date32, timestamp (in
    microseconds, in UTC or without a time zone) and list of int64; a value that could not be read
    is null. Objects and `extra` are JSON in a string; an empty `extra` is null.

    Each `checkpoint` finishes a segment, a file of its own beside the target; several segments
    are merged at the end. So take checkpoints every few minutes, not every few seconds.

    Args:
        target: The path of the file, which cannot be a device or a pipe. It appears under its
            name when it is complete; until then its parts have hidden names beside it.
        record_class: The class of the records.
        force: Replace an existing file.
        codec: How the columns are compressed: ``"snappy"`` is the fastest, ``"zstd"`` makes files
            a quarter smaller, ``"none"`` does not compress.
        decimals: The type of decimals: ``"float"`` is float64, which every program computes with.
            ``"decimal"`` is decimal128 with the digits of the field, such as (9, 2) for hours; see
            `ArrowConverter`.

    Attributes:
        rounded: For each field, the records whose value was rounded.

    Raises:
        ImportError: pyarrow is not installed; it is the extra ``arrow``.

    .. versionadded:: 0.2.0
    """

    __slots__ = (
        "_checksums", "_codec", "_converter", "_file", "_segment", "_sizes", "_stream",
        "rounded",
    )  # fmt: skip

    def __init__(
        self,
        target: str | os.PathLike[str],
        record_class: type[Record],
        *,
        force: bool = False,
        codec: Codec = DEFAULT_CODEC,
        decimals: Decimals = "float",
    ) -> None:
        if codec not in get_args(Codec):
            raise ArgumentError(
                f"codec: expected one of {', '.join(get_args(Codec))}, got {codec!r}"
            )
        self._codec = codec
        self._converter = ArrowConverter(
            record_class, decimals=decimals, on_rounded=self._count_rounded
        )
        self.rounded: dict[str, FieldCount] = {}
        # It holds the lock, and nothing else until several segments are merged into it.
        self._file = AtomicFile(file_path(target), force=force)
        # The sizes and checksums of the finished segments.
        self._sizes: list[int] = []
        self._checksums: list[int] = []
        # The unfinished segment and its file.
        self._segment: RowGroupWriter | None = None
        self._stream: BinaryIO | None = None

    def open(self) -> None:
        """Prepare for writing; raises as `Sink.open` does."""
        self._file.open()
        self._start([], [])

    def write(self, records: Sequence[Record]) -> None:
        """Write some records, as soon as they fill a row group.

        Raises:
            UnfitValueError: A decimal has more digits before its point than its column.
        """
        for chunk in chunks(records):
            if self.buffer(chunk):
                self.flush()

    def buffer(self, records: Sequence[Record]) -> bool:
        """Take some records into memory; return whether it is time to `flush`.

        Raises:
            UnfitValueError: As `write` does.
        """
        with name_in_errors(self._file.requested):
            return self._open_segment().buffer(self._converter.batch(records))

    def flush(self) -> None:
        """Write a row group."""
        with name_in_errors(self._file.requested):
            self._open_segment().flush()

    def checkpoint(self) -> Checkpoint:
        """Finish the segment unless it is empty; the checkpoint describes all segments."""
        self._file.require_open()
        self._finish_segment()
        return {"segments": list(self._sizes), "checksums": list(self._checksums)}

    def resume(self, checkpoint: Checkpoint) -> None:
        """Continue with a new segment; raises as `ResumableSink.resume` does."""
        sizes: Any = checkpoint.get("segments")
        checksums: Any = checkpoint.get("checksums")
        if not (isinstance(sizes, list) and isinstance(checksums, list)):
            raise ResumeError(
                f"checkpoint: expected lists of segments and checksums, got {sizes!r}; "
                "pass what checkpoint() returned"
            )
        self._file.reopen(self._path(0))
        try:
            with name_in_errors(self._file.requested):
                self._check(sizes, checksums)
            self._start(sizes, checksums)
        except BaseException:
            self._file.suspend()
            raise

    def suspend(self) -> None:
        """Close the sink and keep the finished segments, for `resume`."""
        if self._file.is_open:  # otherwise they are another writer's
            self._abandon_segment()
        self._file.suspend()

    def close(self, *, complete: bool) -> None:
        """Merge the segments and move the file to its name, or remove the segments."""
        if complete:
            self._file.require_open()
            self._complete()
        elif self._file.is_open:
            self._abandon_segment()
            self._remove_segments(0)
            self._file.discard()

    def _complete(self) -> None:
        if not self._sizes:
            self._open_segment()  # a file without rows has columns, too
        self._finish_segment()
        if len(self._sizes) == 1:
            self._file.commit(self._path(0))
            return
        self._file.restart()
        with (
            name_in_errors(self._file.requested),
            RowGroupWriter(self._file.stream, self._converter.schema, self._codec) as merged,
        ):
            for index in range(len(self._sizes)):
                merged.write(read_batches(self._path(index), self._converter.schema))
            merged.finish()
        self._file.commit()
        self._remove_segments(0)

    def _open_segment(self) -> RowGroupWriter:
        """Return the unfinished segment; start one if there is none."""
        if self._segment is None:
            self._file.require_open()
            self._stream = self._file.open_beside(self._path(len(self._sizes)))
            self._segment = RowGroupWriter(self._stream, self._converter.schema, self._codec)
        return self._segment

    def _finish_segment(self) -> None:
        if self._segment is not None and self._stream is not None:
            with name_in_errors(self._file.requested):
                size = self._segment.finish()
                self._stream.close()
                self._checksums.append(self._checksum(len(self._sizes), size))
                self._sizes.append(size)
            self._segment = self._stream = None

    def _abandon_segment(self) -> None:
        segment, stream = self._segment, self._stream
        self._segment = self._stream = None
        if segment is not None:
            segment.abandon()
        if stream is not None:
            with suppress(OSError):  # the disk may be full; the file is not needed
                stream.close()
        self._remove_segments(len(self._sizes))

    def _start(self, sizes: Sequence[int], checksums: Sequence[int]) -> None:
        self._sizes, self._checksums = list(sizes), list(checksums)
        self.rounded = {}
        self._segment = self._stream = None
        self._remove_segments(len(sizes))

    def _checksum(self, index: int, size: int) -> int:
        with self._path(index).open("rb") as file:
            return checksum_of(file, size)

    def _check(self, sizes: Sequence[int], checksums: Sequence[int]) -> None:
        """Compare the segments on the disk with their sizes and checksums in a checkpoint."""
        for index, size in enumerate(sizes):
            try:
                found = self._path(index).stat().st_size
            except FileNotFoundError:
                found = 0
            if found != size:
                raise ResumeError(
                    f"{self._file.requested}: expected {size} bytes in segment {index} of the "
                    f"unfinished file, got {found}; start the export again"
                )
            if checksums[index : index + 1] != [self._checksum(index, size)]:
                raise ResumeError(
                    f"{self._file.requested}: segment {index} of the unfinished file does not "
                    "match the checkpoint; start the export again"
                )
            if not has_columns(self._path(index), self._converter.schema):
                raise ResumeError(
                    f"{self._file.requested}: segment {index} of the unfinished file has other "
                    "columns, as an older release has written it; start the export again"
                )

    def _count_rounded(self, field: str, records: Sequence[Record]) -> None:
        add_rounded(self.rounded, field, records)

    def _path(self, index: int) -> Path:
        return self._file.path.with_name(f"{self._file.path.name}-{index}")

    def _remove_segments(self, first: int) -> None:
        """Remove the segments from an index on."""
        hidden = self._file.path
        for path in hidden.parent.glob(f"{glob.escape(hidden.name)}-*"):
            index = path.name.removeprefix(f"{hidden.name}-")
            if index.isdecimal() and int(index) >= first:
                with suppress(OSError):
                    path.unlink()
