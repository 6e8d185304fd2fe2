"""`JsonArraySink`: write records as one JSON array while they arrive."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import BinaryIO

from .. import Record, to_dict

__all__ = ["JsonArraySink"]


class JsonArraySink:
    """Writes a JSON array with a record per line.

    Args:
        target: The stream to write to, which stays open.
        columns: The fields to write [default: all].
    """

    __slots__ = ("_before", "_columns", "_target")

    def __init__(self, target: BinaryIO, columns: Sequence[str] | None = None) -> None:
        self._target = target
        self._columns = columns
        self._before = "[\n"

    def open(self) -> None:
        """Start a new array."""
        self._before = "[\n"

    def write(self, records: Sequence[Record]) -> None:
        """Write records."""
        for record in records:
            plain = to_dict(record)
            if self._columns is not None:
                plain = {name: plain[name] for name in self._columns}
            self._write(f"{self._before}{json.dumps(plain, ensure_ascii=False)}")
            self._before = ",\n"

    def close(self, *, complete: bool) -> None:
        """End the array if the listing is complete."""
        if complete:
            self._write("[]\n" if self._before == "[\n" else "\n]\n")
            self._target.flush()

    def _write(self, text: str) -> None:
        # The escape of a lone surrogate, which UTF-8 cannot encode, is the same in JSON.
        self._target.write(text.encode(errors="backslashreplace"))
