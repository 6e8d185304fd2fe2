"""Pure: find the rows in a body that is still arriving. Each byte is looked at about once."""

from __future__ import annotations

import re

__all__ = ["EnvelopeScanner", "RowScanner", "is_incomplete"]

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TOKEN = re.compile(rb"\s*+(" + _STRING + rb'|[\[\]{}:,]|[^\s"\[\]{}:,]++)', re.DOTALL)
# A lone quote starts a string whose end has not arrived yet.
_BRACKET = re.compile(_STRING + rb'|["\[\]{}]', re.DOTALL)
_STRING_REST = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_BLANKS = re.compile(rb"[ \t\n\r]*+")


class EnvelopeScanner:
    """Finds the list of rows, under the key of the resource, in the envelope.

    Attributes:
        position: The offset up to which the body was scanned.
    """

    __slots__ = ("_depth", "_is_value", "_key", "_name", "position")

    def __init__(self, key: bytes) -> None:
        self.position = 0
        self._key = key
        self._depth = 0
        # The last key of the envelope, and whether its value has begun.
        self._name = b""
        self._is_value = False

    def find_rows(self, body: bytearray) -> int:
        """Continue to scan, and return the offset of the first row; 0 if it is not known yet."""
        while token := _TOKEN.match(body, self.position):
            self.position = token.end()
            word = token[1]
            if word in (b"{", b"["):
                if self._depth == 1 and self._is_value and word == b"[" and self._name == self._key:
                    return self.position
                self._depth += 1
            elif word in (b"}", b"]"):
                self._depth -= 1
            elif self._depth != 1:
                continue
            elif word == b":":
                self._is_value = True
            elif word == b",":
                self._is_value = False
            elif not self._is_value:
                self._name = word
        return 0


class RowScanner:
    """Finds the ends of rows by counting brackets, whatever the rows contain.

    Offsets count from the first row that was not dropped.

    Attributes:
        cut: The end of the last row that has a successor, and the start of the successor; None
            if there is none.
        list_end: The offset of the end of the list; None if it has not arrived.
    """

    __slots__ = ("_comma", "_depth", "_in_string", "_position", "_row_end", "cut", "list_end")

    def __init__(self) -> None:
        self.cut: tuple[int, int] | None = None
        self.list_end: int | None = None
        self._position = 0
        self._depth = 0
        self._in_string = False
        # The end of a row whose successor has not started, and the offset after its comma.
        self._row_end: int | None = None
        self._comma: int | None = None

    def scan(self, rows: bytearray) -> None:
        """Continue to scan, up to the end of the list at most."""
        while self.list_end is None:
            if self._in_string and not self._end_string(rows):
                return
            if self._row_end is not None and not self._end_row(rows, self._row_end):
                return
            if self._count_brackets(rows):
                return

    def drop(self, size: int) -> None:
        """Note that so many bytes at the beginning were removed."""
        self._position -= size
        self.cut = None
        if self.list_end is not None:
            self.list_end -= size
        if self._row_end is not None:
            self._row_end -= size
        if self._comma is not None:
            self._comma -= size

    def _end_string(self, rows: bytearray) -> bool:
        """Find the end of a string that has begun before; False if it has not arrived."""
        self._position = _end(_STRING_REST, rows, self._position)
        if not rows.startswith(b'"', self._position):
            return False
        self._position += 1
        self._in_string = False
        return True

    def _end_row(self, rows: bytearray, end: int) -> bool:
        """Find out what follows the end of a row; False if that has not arrived."""
        # The comma after a row counts once the next row has started: a list must not end with one.
        while follower := self._next(rows):
            if follower != b"," or self._comma is not None:
                if self._comma is not None and follower != b"]":
                    self.cut = end, self._comma
                self._row_end = self._comma = None
                return True
            self._position += 1
            self._comma = self._position
        return False

    def _next(self, rows: bytearray) -> bytes:
        """Skip blanks, and return the next byte; none if it has not arrived."""
        self._position = _end(_BLANKS, rows, self._position)
        return bytes(rows[self._position : self._position + 1])

    def _count_brackets(self, rows: bytearray) -> bool:
        """Count brackets to the end of a row or of the list; True if all was scanned."""
        depth = self._depth
        for match in _BRACKET.finditer(rows, self._position):
            sign = rows[match.start()]
            if sign == 0x22:  # a quote
                if match.end() > match.start() + 1:
                    continue
                self._in_string = True
            elif sign in b"[{":
                depth += 1
                continue
            else:
                depth -= 1
                if depth > 0:
                    continue
                if depth < 0:
                    self.list_end = match.start()
                else:
                    self._row_end = match.end()
            self._depth = depth
            self._position = match.end()
            return False
        self._depth = depth
        self._position = len(rows)
        return True


def _end(pattern: re.Pattern[bytes], text: bytearray, position: int) -> int:
    """Return the end of a match at a position; of none, the position."""
    match = pattern.match(text, position)
    return match.end() if match else position


def is_incomplete(text: bytearray, depth: int = 0) -> bool:
    """Whether a bracket or a string is still open, if `depth` brackets were open before."""
    for match in _BRACKET.finditer(text):
        word = match[0]
        if word == b'"':
            return True
        if word in (b"[", b"{"):
            depth += 1
        elif word in (b"]", b"}"):
            depth -= 1
    return depth > 0
