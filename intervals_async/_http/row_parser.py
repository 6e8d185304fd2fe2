"""Pure: the rows of an answer, cut out of its body while it arrives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .. import _json

__all__ = ["BrokenBodyError", "RowParser", "TruncatedBodyError"]

_BOM = b"\xef\xbb\xbf"

# No string holds this: the quote would end it, and no letter follows the end of a string.
# A list inside of a row may hold it; what stands left of it then does not parse.
_BORDER = re.compile(rb'\}[ \t\n\r]*,[ \t\n\r]*\{\s*"\w')

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TOKEN = re.compile(rb"\s*(" + _STRING + rb'|[\[\]{}:,]|[^\s"\[\]{}:,]+)', re.DOTALL)
# A quote that stands alone begins a string whose end has not come yet.
_BRACKET = re.compile(_STRING + rb'|["\[\]{}]', re.DOTALL)
# The comma behind a row, once the next row has begun: at the end of a list none may stand.
_COMMA = re.compile(rb"[ \t\n\r]*,(?=[ \t\n\r]*[^\s\]])")


class BrokenBodyError(ValueError):
    """The body is not the JSON that was to come."""


class TruncatedBodyError(BrokenBodyError):
    """The body ends before the JSON does."""


class RowParser:
    """Takes a body piece by piece, and gives the rows that are whole so far.

    What is kept is the beginning of the next row, whatever the size of the body. It reads
    ``{…, "resource": [row, …], …}`` with the other keys before or behind the rows. A body
    that does not hold a list under that key is kept whole, for `body`.

    Attributes:
        envelope: The keys beside the rows that have come so far; None while no list of rows
            has begun.
    """

    __slots__ = (
        "_again_at", "_buffer", "_done", "_key", "_most", "_nested", "_resource", "_whole",
        "envelope",
    )  # fmt: skip

    def __init__(self, resource: str, most: int) -> None:
        self.envelope: Mapping[str, Any] | None = None
        self._resource = resource
        self._key = f'"{resource}"'.encode()
        self._most = most
        self._buffer = bytearray()
        # What did not do at this size is looked at again when it has doubled: so the whole
        # work stays in proportion to the size of the body, however it is cut.
        self._again_at = 1
        # Whether there is no list of rows to cut.
        self._whole = False
        # Whether rows hold lists of objects, so that a border may stand inside of them.
        self._nested = False
        # Whether the end of the list has come.
        self._done = False

    @property
    def body(self) -> bytes:
        """The whole body, where it held no list of rows."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> list[object]:
        """Take the next piece, and give the rows that are whole now.

        Raises:
            BrokenBodyError: It is no JSON, or what must be kept of it is larger than allowed.
        """
        self._buffer += data
        if len(self._buffer) < self._again_at or self._whole or self._done:
            rows: list[object] = []
        else:
            rows = self._rows() if self.envelope is not None or self._open() else []
            again_at = len(self._buffer) + 1 if rows else 2 * len(self._buffer)
            self._again_at = min(again_at, self._most + 1)
        if len(self._buffer) > self._most:
            raise BrokenBodyError(f"more than max_response_bytes ({self._most}) without a record")
        return rows

    def close(self) -> list[object]:
        """End the body, and give the rows that are left.

        Raises:
            TruncatedBodyError: It ends in the middle.
            BrokenBodyError: It is no JSON.
        """
        if self.envelope is None and (self._whole or not self._open()):
            is_object = self._buffer.lstrip().startswith(b"{")
            if is_object and not self._whole and self._is_cut_off(0):
                raise self._truncated()
            return []
        end, _ = self._last_end()
        if not self._done:
            raise self._truncated()
        try:
            rows: list[object] = _json.loads(b"[" + self._buffer[: end + 1])
            rest = _json.loads(b"{" + self._key + b":0" + self._buffer[end + 1 :])
        except ValueError as error:
            if self._is_cut_off(2):
                raise self._truncated() from None
            raise BrokenBodyError(f"broken JSON: {error}") from None
        if rest.pop(self._resource) != 0:
            raise BrokenBodyError(f"{self._resource!r} stands in it twice")
        self.envelope = {**(self.envelope or {}), **rest}
        self._buffer.clear()
        return rows

    def _open(self) -> bool:
        """Find the beginning of the rows; what stands before them becomes the envelope."""
        if self._buffer.startswith(_BOM):
            del self._buffer[: len(_BOM)]
        blank = self._buffer[:1].isspace()
        if not (blank or self._buffer.startswith(b"{") or _BOM.startswith(self._buffer)):
            self._whole = True
            return False
        begin = self._begin()
        if begin == 0:
            return False
        try:
            envelope = _json.loads(bytes(self._buffer[:begin]) + b"]}")
        except ValueError:
            self._whole = True
            return False
        del envelope[self._resource]
        self.envelope = envelope
        del self._buffer[:begin]
        return True

    def _begin(self) -> int:
        """Where the first row begins; 0 where that is not told yet."""
        depth = 0
        name = b""
        is_value = False
        place = 0
        while token := _TOKEN.match(self._buffer, place):
            place = token.end()
            word = token[1]
            if word in (b"{", b"["):
                if depth == 1 and is_value and name == self._key and word == b"[":
                    return place
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
        """Cut off the rows that are whole."""
        if not self._nested:
            end, begin = self._last_border()
            if end == 0:
                return []
            try:
                return self._taken(end, begin)
            except ValueError:
                self._nested = True
        end, begin = self._last_end()
        if begin == 0:
            return []
        try:
            return self._taken(end, begin)
        except ValueError as error:
            raise BrokenBodyError(f"broken JSON: {error}") from None

    def _taken(self, end: int, begin: int) -> list[object]:
        with memoryview(self._buffer) as whole, whole[:end] as part:  # copied once
            text = b"".join((b"[", part, b"]"))
        rows: list[object] = _json.loads(text)
        del self._buffer[:begin]
        return rows

    def _last_border(self) -> tuple[int, int]:
        """The end of the last row that another one follows, and the begin of that one."""
        place = self._buffer.rfind(b'},{"')
        if place >= 0 and self._buffer[place + 4 : place + 5].isalpha():
            return place + 1, place + 2
        border = None
        for border in _BORDER.finditer(self._buffer):  # noqa: B007  the last one is wanted
            pass
        if border is None:
            return 0, 0
        return border.start() + 1, self._buffer.index(b"{", border.start())

    def _last_end(self) -> tuple[int, int]:
        """The same by counting brackets; or the end of the list, if it has come."""
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
                    self._done = True
                    return match.start(), match.start()
        # whether a row follows the last one is not told before its comma has come
        for end in reversed(ends):
            if end and (comma := _COMMA.match(self._buffer, end)):
                return end, comma.end()
        return 0, 0

    def _is_cut_off(self, depth: int) -> bool:
        """Whether brackets or a string are still open, so many brackets being open before."""
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
        return TruncatedBodyError("the body ends in the middle")
