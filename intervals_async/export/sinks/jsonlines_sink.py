"""`JsonLinesSink`: one JSON object a line."""

from __future__ import annotations

from collections.abc import Sequence

from ..._schema.records import Record
from .bytes_sink import BytesSink
from .compression import Compression
from .json_lines import lines
from .output import Target

__all__ = ["JsonLinesSink"]


class JsonLinesSink(BytesSink):
    r"""Writes JSON Lines: UTF-8, an object of `to_dict` a line, each line ended by ``\n``.

    Args:
        target: The file's path, or a binary stream that is open. A file is written whole or
            not at all: under a hidden name beside it until it is complete.
        columns: The fields that the objects have, in this order; without them, all.
        force: Whether an existing file may be replaced.
        compression: ``"gzip"``, ``"zstd"`` (needs the extra ``zst``) or ``"none"``; without
            it the file's name says it, as in ``notes.jsonl.gz`` or ``notes.jsonl.zst``.
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
        """Give the lines of some records."""
        return lines(records, self._names)
