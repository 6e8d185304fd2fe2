"""`JsonLinesSink`: one JSON object per line."""

from __future__ import annotations

from collections.abc import Sequence

from ... import Record
from .bytes_sink import BytesSink
from .compression import Compression
from .json_lines import encode_lines
from .output import Target

__all__ = ["JsonLinesSink"]


class JsonLinesSink(BytesSink):
    r"""Writes JSON Lines: UTF-8, the object of `to_dict` on each line, lines ended by ``\n``.

    Args:
        target: The path of a file, or an open binary stream. A file appears under its name when
            it is complete; until then it has a hidden name beside it.
        columns: The fields that each object has, in this order [default: all].
        force: Replace an existing file.
        compression: ``"gzip"``, ``"zstd"`` (needs the extra ``zst``) or ``"none"`` [default: by
            the suffix of the file, as in ``notes.jsonl.gz`` and ``notes.jsonl.zst``].

    .. versionchanged:: 0.2.0
       Added `columns`, `compression`, and the methods `header`, `buffer`, `flush`, `checkpoint`,
       `resume`, `suspend` and `close`. `close` replaces ``commit`` and ``discard``.
    """

    __slots__ = ("_names",)

    def __init__(
        self,
        target: Target,
        *,
        columns: Sequence[str] | None = None,
        force: bool = False,
        compression: Compression | None = None,
    ) -> None:
        super().__init__(target, force=force, compression=compression)
        self._names = None if columns is None else tuple(columns)

    def encode(self, records: Sequence[Record]) -> bytes:
        """Encode some records as lines."""
        return encode_lines(records, self._names)
