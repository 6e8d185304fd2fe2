"""Pure: splits the body of a response into rows while it arrives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .. import _json

__all__ = ["BrokenBodyError", "RowParser", "TruncatedBodyError"]

_BOM = b"\xef\xbb\xbf"

# A string cannot hold this: the quote would end it, and no letter follows the end of a string.
# A list inside a row can. The part before the match is no valid JSON then.
_BOUNDARY = re.compile(rb'\}[ \t\n\r]*,[ \t\n\r]*\{\s*"\w')

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TOKEN = re.compile(rb"\s*(" + _STRING + rb'|[\[\]{}:,]|[^\s"\[\]{}:,]+)', re.DOTALL)
# A lone quote starts a string whose end has not arrived yet.
_BRACKET = re.compile(_STRING + rb'|["\[\]{}]', re.DOTALL)
# The comma after a row, once the next row has started. A list must not end with a comma.
_COMMA = re.compile(rb"[ \t\n\r]*,(?=[ \t\n\r]*[^\s\]])")


class BrokenBodyError(ValueError):
    """The body is not the expected JSON."""


class TruncatedBodyError(BrokenBodyError):
    """The body ends before the JSON is complete."""


class RowParser:
    """Takes a body chunk by chunk, and returns the rows that are complete.

    It reads ``{…, "resource": [row, …], …}``, with other keys before and after the rows. It
    buffers only the start of the next row, whatever the size of the body. A body without a list
    under that key is buffered completely, for `body`.

    Attributes:
        envelope: The other keys that have arrived so far; None before the list of rows.
    """

    __slots__ = (
        "_buffer", "_has_no_rows", "_key", "_list_ended", "_max_bytes", "_nested", "_resource",
        "_try_at", "envelope",
    )  # fmt: skip

    def __init__(self, resource: str, max_bytes: int) -> None:
        self.envelope: Mapping[str, Any] | None = None
        self._resource = resource
        self._key = f'"{resource}"'.encode()
        self._max_bytes = max_bytes
        self._buffer = bytearray()
        # The buffer size at which to look for rows again. It doubles after each failed try, so the
        # total work is proportional to the size of the body, for any chunks.
        self._try_at = 1
        # Whether the body holds no list of rows.
        self._has_no_rows = False
        # Whether rows hold lists of objects, which may contain boundaries.
        self._nested = False
        # Whether the list of rows is complete.
        self._list_ended = False

    @property
    def body(self) -> bytes:
        """The complete body, if it holds no list of rows."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> list[object]:
        """Take the next chunk, and return the rows that are complete now.

        Raises:
            BrokenBodyError: The body is not JSON, or more than the maximum must be buffered.
        """
        self._buffer += data
        if len(self._buffer) < self._try_at or self._has_no_rows or self._list_ended:
            rows: list[object] = []
        else:
            rows = self._rows() if self.envelope is not None or self._open() else []
            try_at = len(self._buffer) + 1 if rows else 2 * len(self._buffer)
            self._try_at = min(try_at, self._max_bytes + 1)
        if len(self._buffer) > self._max_bytes:
            raise BrokenBodyError(
                f"response body: expected a record within {self._max_bytes} bytes "
                "(max_response_bytes), got none"
            )
        return rows

    def close(self) -> list[object]:
        """End the body, and return the remaining rows.

        Raises:
            TruncatedBodyError: The body is not complete.
            BrokenBodyError: The body is not JSON.
        """
        if self.envelope is None and (self._has_no_rows or not self._open()):
            is_object = self._buffer.lstrip().startswith(b"{")
            if is_object and not self._has_no_rows and self._is_incomplete(0):
                raise self._truncated()
            return []
        end, _ = self._last_end()
        if not self._list_ended:
            raise self._truncated()
        try:
            rows: list[object] = _json.loads(b"[" + self._buffer[: end + 1])
            rest = _json.loads(b"{" + self._key + b":0" + self._buffer[end + 1 :])
        except ValueError as error:
            if self._is_incomplete(2):
                raise self._truncated() from None
            raise _invalid(error) from None
        if rest.pop(self._resource) != 0:
            raise BrokenBodyError(
                f"response body: expected the key {self._resource!r} once, got it twice"
            )
        self.envelope = {**(self.envelope or {}), **rest}
        self._buffer.clear()
        return rows

    def _open(self) -> bool:
        """Find the start of the rows. The keys before it become the envelope."""
        if self._buffer.startswith(_BOM):
            del self._buffer[: len(_BOM)]
        blank = self._buffer[:1].isspace()
        if not (blank or self._buffer.startswith(b"{") or _BOM.startswith(self._buffer)):
            self._has_no_rows = True
            return False
        start = self._start()
        if start == 0:
            return False
        try:
            envelope = _json.loads(bytes(self._buffer[:start]) + b"]}")
        except ValueError:
            self._has_no_rows = True
            return False
        del envelope[self._resource]
        self.envelope = envelope
        del self._buffer[:start]
        return True

    def _start(self) -> int:
        """Return the position of the first row; 0 if it is not known yet."""
        depth = 0
        name = b""
        is_value = False
        position = 0
        while token := _TOKEN.match(self._buffer, position):
            position = token.end()
            word = token[1]
            if word in (b"{", b"["):
                if depth == 1 and is_value and name == self._key and word == b"[":
                    return position
                depth += 1
            elif word in (b"}", b"]"):
                depth -= 1
            elif depth != 1:
                continue
            elif word == b":":
                is_value = True
            elif word == b",":
                is_value = False
            elif not is_value:
                name = word
        return 0

    def _rows(self) -> list[object]:
        """Remove the complete rows from the buffer, and return them."""
        if not self._nested:
            end, start = self._last_boundary()
            if end == 0:
                return []
            try:
                return self._take(end, start)
            except ValueError:
                self._nested = True
        end, start = self._last_end()
        if start == 0:
            return []
        try:
            return self._take(end, start)
        except ValueError as error:
            raise _invalid(error) from None

    def _take(self, end: int, start: int) -> list[object]:
        """Parse the rows before `end`, and drop the buffer before `start`."""
        with memoryview(self._buffer) as buffer, buffer[:end] as part:  # copied only once
            text = b"".join((b"[", part, b"]"))
        rows: list[object] = _json.loads(text)
        del self._buffer[:start]
        return rows

    def _last_boundary(self) -> tuple[int, int]:
        """Return the end of the last row that has a successor, and the start of that."""
        position = self._buffer.rfind(b'},{"')
        if position >= 0 and self._buffer[position + 4 : position + 5].isalpha():
            return position + 1, position + 2
        boundary = None
        for boundary in _BOUNDARY.finditer(self._buffer):  # noqa: B007  only the last is needed
            pass
        if boundary is None:
            return 0, 0
        return boundary.start() + 1, self._buffer.index(b"{", boundary.start())

    def _last_end(self) -> tuple[int, int]:
        """Do the same by counting brackets, or find the end of the list if it has arrived."""
        depth = 0
        ends = [0, 0]
        for match in _BRACKET.finditer(self._buffer):
            sign = self._buffer[match.start()]
            if sign == 0x22:  # a quote
                if match.end() == match.start() + 1:
                    break
            elif sign in b"[{":
                depth += 1
            else:
                depth -= 1
                if depth == 0:
                    ends = [ends[1], match.end()]
                elif depth < 0:
                    self._list_ended = True
                    return match.start(), match.start()
        # The last row has a successor only if its comma has arrived.
        for end in reversed(ends):
            if end and (comma := _COMMA.match(self._buffer, end)):
                return end, comma.end()
        return 0, 0

    def _is_incomplete(self, depth: int) -> bool:
        """Whether a bracket or a string is still open, if `depth` brackets were open before."""
        for match in _BRACKET.finditer(self._buffer):
            word = match[0]
            if word == b'"':
                return True
            if word in (b"[", b"{"):
                depth += 1
            elif word in (b"]", b"}"):
                depth -= 1
        return depth > 0

    def _truncated(self) -> TruncatedBodyError:
        return TruncatedBodyError("the response body ends early")


def _invalid(error: ValueError) -> BrokenBodyError:
    return BrokenBodyError(f"response body: expected JSON, got invalid data: {error}")
