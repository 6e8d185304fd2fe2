"""A response whose rows are read while they arrive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import CallError, ConnectionLostError
from .messages import Call, ParsedResponse, annotate, parse_envelope, parse_response, unreadable
from .reporting import AttemptReport
from .response_body import ResponseBody
from .row_parser import BrokenBodyError, RowParser, TruncatedBodyError

__all__ = ["StreamedResponse"]


class StreamedResponse:
    """A response that has begun successfully. Its rows are read while they arrive."""

    __slots__ = (
        "_body", "_call", "_checked", "_chunks", "_ended", "_parser", "_report", "_response",
    )  # fmt: skip

    def __init__(
        self,
        call: Call,
        body: ResponseBody,
        report: AttemptReport,
        *,
        attempts: int,
        max_bytes: int,
        show_body: bool,
    ) -> None:
        self._call = call
        self._body = body
        self._parser = RowParser(call.resource, max_bytes)
        self._report = report
        # The part of the envelope that has arrived.
        self._response = ParsedResponse(call, body.status, {}, attempts)
        # The part of the envelope that was checked for an error: its beginning, or all of it.
        self._checked: Mapping[str, Any] | None = None
        self._chunks: list[bytes] | None = [] if show_body else None
        self._ended = False

    @property
    def listcount(self) -> int | None:
        """The server's count of matching records; None if it has not arrived."""
        return self._response.listcount

    @property
    def seconds(self) -> float:
        """The time that the network took so far, in seconds."""
        return self._body.seconds

    @property
    def size(self) -> int:
        """The number of bytes that have arrived so far."""
        return self._body.size

    def annotate(self, error: CallError) -> CallError:
        """Add this response and its call to an error."""
        return self._response.annotate(error)

    async def rows(self) -> list[object]:
        """Return the next rows; none at the end.

        Raises:
            TransportError: The response ended early.
            APIError: The response is an error of the API.
            ResponseError: The response is not what the API documents.
        """
        rows: list[object] = []
        while not rows and not self._ended:
            try:
                rows = self._parse(await self._read())
            except CallError as error:
                raise self._response.annotate(error) from None
        return rows

    def close(self) -> None:
        """Stop reading. Allowed in any state, and more than once."""
        if not self._ended:
            self._ended = True
            self._body.close()
            self._report.closed_early(self._body.seconds)

    def __del__(self) -> None:
        if not self._ended:
            self._body.in_loop(self.close)

    async def _read(self) -> bytes:
        try:
            return await self._body.read()
        except CallError as error:
            self._fail(error)
            raise

    def _parse(self, data: bytes) -> list[object]:
        """Parse the next bytes; none at the end."""
        if self._chunks is not None:
            self._chunks.append(data)
        try:
            rows = self._parser.feed(data) if data else self._last_rows()
            self._check_envelope()
        except TruncatedBodyError as broken:
            lost = ConnectionLostError(f"connection lost: {broken}, after {self._body.size} bytes")
            self._fail(lost)
            raise annotate(lost, self._call) from None
        except BrokenBodyError as broken:
            error = unreadable(self._call, str(broken))
            self._body.redact(error)
            self._end(error)
            raise error from None
        except CallError as refused:
            self._body.redact(refused)
            self._end(refused)
            raise
        if not data:
            self._end(None)
        return rows

    def _last_rows(self) -> list[object]:
        rows = self._parser.close()
        if self._parser.envelope is None:
            body = self._body
            parsed = parse_response(self._call, body.status, body.content_type, self._parser.body)
            self._note_envelope(parsed.envelope)
            self._checked = None
            rows = self._response.rows()
            if self._call.resource not in parsed.envelope and self._response.listcount is None:
                raise unreadable(
                    self._call,
                    f"response body: expected {self._call.resource!r} or 'listcount', got neither",
                )
        return rows

    def _check_envelope(self) -> None:
        """Look for an error: once when the rows start, and once at the end."""
        envelope = self._parser.envelope
        if envelope is not self._checked and envelope is not None:
            self._checked = envelope
            parse_envelope(self._call, self._body.status, envelope)
            self._note_envelope(envelope)

    def _note_envelope(self, envelope: Mapping[str, Any]) -> None:
        attempts = self._response.attempts
        self._response = ParsedResponse(self._call, self._body.status, envelope, attempts)

    def _fail(self, error: CallError) -> None:
        ended, self._ended = self._ended, True
        self._body.close()
        if not ended:
            self._report.failed(error, self._body.seconds)

    def _end(self, error: CallError | None) -> None:
        if self._ended:  # it was closed in the meantime
            return
        self._ended = True
        self._body.close()
        self._report.ended(
            self._body.status,
            self._body.size,
            self._body.seconds,
            None if error is None else type(error).__name__,
            None if self._chunks is None else b"".join(self._chunks),
        )
