"""`JsonLinesSink`: one JSON object a line."""

from __future__ import annotations

import json

from .. import _json
from .._convert import Record, to_dict
from .sink import BytesSink

__all__ = ["JsonLinesSink"]


class JsonLinesSink(BytesSink):
    r"""Writes JSON Lines: UTF-8, an object of `to_dict` a line, each line ended by ``\n``.

    Args:
        target: The file's path, or a binary stream that is open. A file is written whole or
            not at all: under a temporary name beside it until it is complete.
        force: Whether an existing file may be replaced.
    """

    __slots__ = ()

    def encode(self, record: Record) -> bytes:
        """Give the record's line."""
        plain = to_dict(record)
        try:
            return _json.dumps(plain) + b"\n"
        except UnicodeEncodeError:
            # half a surrogate pair, which JSON can carry and UTF-8 cannot
            return json.dumps(plain, separators=(",", ":")).encode() + b"\n"
