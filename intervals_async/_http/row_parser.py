"""Pure: splits the body of a response into rows while it arrives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .. import _json
from .row_scanner import EnvelopeScanner, RowScanner, is_incomplete

__all__ = ["BrokenBodyError", "RowParser", "TruncatedBodyError"]

_BOM = b"\xef\xbb\xbf"

# A string cannot hold this: the quote would end it, and no letter follows the end of a string.
# A list inside a row can. The part before the match is no valid JSON then.
_BOUNDARY = re.compile(rb'\}[ \t\n\r]*,[ \t\n\r]*\{\s*"\w')
# The beginning of one, whose rest may arrive with the next chunk.
_BOUNDARY_START = re.compile(rb'\}[ \t\n\r]*+(?:,[ \t\n\r]*+(?:\{\s*+"?)?)?')

# The most bytes before the list of rows, and after it. They are parsed in one piece.
ENVELOPE = 2**20

# A row that is larger than this is looked for by counting brackets.
LONG_ROW = 2**16

# As many blanks between two rows are no longer taken for the beginning of a boundary.
BLANKS = 2**10


class BrokenBodyError(ValueError):
    """The body is not the expected JSON."""


class TruncatedBodyError(BrokenBodyError):
    """The body ends before the JSON is complete."""


class RowParser:
    """Takes a body chunk by chunk, and returns the rows that are complete.

    It reads ``{…, "resource": [row, …], …}``, with other keys before and after the rows. It
    buffers only the start of the next row, whatever the size of the body, and looks at each byte
    about once, so that no chunk takes long. A body without a list under that key is buffered
    completely, for `body`, unless it is larger than an envelope may be.

    Attributes:
        envelope: The other keys that have arrived so far; None before the list of rows.
    """

    __slots__ = (
        "_buffer", "_has_no_rows", "_max_bytes", "_max_envelope", "_opening", "_resource",
        "_scanner", "_searched", "_try_at", "envelope",
    )  # fmt: skip

    def __init__(self, resource: str, max_bytes: int) -> None:
        self.envelope: Mapping[str, Any] | None = None
        self._resource = resource
        self._max_bytes = max_bytes
        self._max_envelope = min(max_bytes, ENVELOPE)
        self._buffer = bytearray()
        # Whether the body holds no list of rows.
        self._has_no_rows = False
        # Finds the list of rows, and the buffer size at which to look for it again.
        self._opening = EnvelopeScanner(f'"{resource}"'.encode())
        self._try_at = 1
        # The offset before which no boundary starts.
        self._searched = 0
        # Counts brackets if boundaries do not do: rows are long, or hold lists of objects.
        self._scanner: RowScanner | None = None

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
        if self.envelope is None and not self._open():
            if len(self._buffer) > self._max_envelope:
                raise self._too_large("the list of rows within", "got none")
            return []
        rows = self._rows()
        if self._scanner is not None and self._scanner.list_end is not None:
            if len(self._buffer) - self._scanner.list_end > self._max_envelope:
                raise self._too_large("at most", "got more after the list of rows")
        elif len(self._buffer) > self._max_bytes:
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
        self._try_at = 0
        if self.envelope is None and not self._open():
            is_object = self._buffer.lstrip().startswith(b"{")
            if is_object and not self._has_no_rows and is_incomplete(self._buffer):
                raise _truncated()
            return []
        end = self._list_end()
        if end is None:
            raise _truncated()
        rest = self._buffer[end + 1 :]
        try:
            rows: list[object] = _json.loads(b"[" + self._buffer[: end + 1])
            after = _json.loads(b'{"' + self._resource.encode() + b'":0' + rest)
        except ValueError as error:
            if is_incomplete(rest, depth=1):
                raise _truncated() from None
            raise _invalid(error) from None
        if after.pop(self._resource) != 0:
            raise BrokenBodyError(
                f"response body: expected the key {self._resource!r} once, got it twice"
            )
        self.envelope = {**(self.envelope or {}), **after}
        self._buffer.clear()
        return rows

    def _open(self) -> bool:
        """Find the start of the rows. The keys before it become the envelope."""
        buffer = self._buffer
        if self._has_no_rows or len(buffer) < self._try_at:
            return False
        if buffer.startswith(_BOM) and self._opening.position == 0:
            del buffer[: len(_BOM)]
        if _BOM.startswith(buffer):  # nothing, or not all of the mark
            return False
        if not (buffer[:1].isspace() or buffer.startswith(b"{")):
            self._has_no_rows = True
            return False
        start = self._opening.find_rows(buffer)
        if start == 0 or start > self._max_envelope:
            # A string that has not ended is scanned again when it has doubled.
            self._try_at = min(2 * len(buffer) - self._opening.position, self._max_envelope) + 1
            return False
        try:
            envelope = _json.loads(bytes(buffer[:start]) + b"]}")
        except ValueError:
            self._has_no_rows = True
            return False
        del envelope[self._resource]
        self.envelope = envelope
        del buffer[:start]
        return True

    def _rows(self) -> list[object]:
        """Remove the complete rows from the buffer, and return them."""
        if self._scanner is None:
            boundary = self._last_boundary()
            try:
                if boundary is not None:
                    return self._take(*boundary)
            except ValueError:  # it is one of a list inside a row
                self._scanner = RowScanner()
            if self._scanner is None and len(self._buffer) > LONG_ROW:
                self._scanner = RowScanner()
        if self._scanner is None:
            return []
        self._scanner.scan(self._buffer)
        end = self._scanner.list_end
        cut = self._scanner.cut if end is None else (end, end)
        if cut is None or cut == (0, 0):
            return []
        try:
            rows = self._take(*cut)
        except ValueError as error:
            raise _invalid(error) from None
        self._scanner.drop(cut[1])
        return rows

    def _take(self, end: int, start: int) -> list[object]:
        """Parse the rows before `end`, and drop the buffer before `start`."""
        with memoryview(self._buffer) as buffer, buffer[:end] as part:  # copied only once
            text = b"".join((b"[", part, b"]"))
        rows: list[object] = _json.loads(text)
        del self._buffer[:start]
        self._searched = 0
        return rows

    def _last_boundary(self) -> tuple[int, int] | None:
        """Return the end of the last row that has a successor, and the start of that."""
        buffer, searched = self._buffer, self._searched
        position = buffer.rfind(b'},{"', searched)
        if position >= 0 and buffer[position + 4 : position + 5].isalpha():
            return position + 1, position + 2
        brace = buffer.rfind(b"}", searched)
        if brace < 0:
            self._searched = len(buffer)
            return None
        boundary = None
        for boundary in _BOUNDARY.finditer(buffer, searched):  # noqa: B007  only the last is needed
            pass
        if boundary is not None:
            return boundary.start() + 1, buffer.index(b"{", boundary.start())
        self._searched = len(buffer)
        if _BOUNDARY_START.fullmatch(buffer, brace):
            self._searched = brace
            if len(buffer) - brace > BLANKS:
                self._scanner = RowScanner()
        return None

    def _list_end(self) -> int | None:
        """Return the offset of the end of the list; None if it has not arrived."""
        if self._scanner is None:
            self._scanner = RowScanner()
        self._scanner.scan(self._buffer)
        return self._scanner.list_end

    def _too_large(self, expected: str, found: str) -> BrokenBodyError:
        start = bytes(self._buffer[:40]).decode(errors="replace")
        return BrokenBodyError(
            f"response body: expected {expected} {self._max_envelope} bytes, {found}: {start!r}"
        )


def _truncated() -> TruncatedBodyError:
    return TruncatedBodyError("the response body ends early")


def _invalid(error: ValueError) -> BrokenBodyError:
    return BrokenBodyError(f"response body: expected JSON, got invalid data: {error}")
