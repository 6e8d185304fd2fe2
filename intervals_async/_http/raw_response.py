"""A response whose bytes are not parsed, such as a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from ..errors import CallError, ConnectionLostError, ResponseError
from .connection import ResponseBody
from .messages import Call, annotate, parse_response
from .reporting import AttemptReport

__all__ = ["RawResponse"]

E = TypeVar("E", bound=CallError)

# The size of the largest error that is looked for.
LARGEST_ERROR = 64 * 1024


class RawResponse:
    """A response that has begun successfully, and whose bytes are not parsed."""

    __slots__ = ("_attempts", "_body", "_call", "_complete", "_ended", "_peeked", "_report")

    def __init__(
        self, call: Call, body: ResponseBody, report: AttemptReport, attempts: int
    ) -> None:
        self._call = call
        self._body = body
        self._report = report
        self._attempts = attempts
        # Whether reading has ended, and whether everything was read.
        self._ended = self._complete = False
        # Chunks that were read, but not returned yet.
        self._peeked: list[bytes] = []

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._body.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers; names are case-insensitive."""
        return self._body.headers

    @property
    def attempts(self) -> int:
        """The number of attempts that the call took."""
        return self._attempts

    @property
    def size(self) -> int:
        """The number of bytes that have arrived so far."""
        return self._body.size

    async def check_for_error(self) -> None:
        """Raise the API's error, if the response is one instead of a file.

        Raises:
            APIError: The response is an error of the API.
            TransportError: The response ended early.
        """
        if self._body.content_type != "application/json":
            return
        seen: list[bytes] = []
        while sum(map(len, seen)) < LARGEST_ERROR:
            data = await self.read()
            seen.append(data)
            if not data:
                break
        self._peeked = [data for data in seen if data]
        try:
            parse_response(self._call, self.status, self._body.content_type, b"".join(seen))
        except ResponseError:
            return  # other JSON, or invalid JSON: the file
        except CallError as error:
            self._body.redact(error)
            self.close()
            raise self._annotate(error) from None

    async def read(self) -> bytes:
        """Return the next bytes, and none at the end.

        Raises:
            TransportError: The response ended early, or was closed before its end.
        """
        if self._peeked:
            return self._peeked.pop(0)
        if self._complete:
            return b""
        if self._ended:
            raise self._annotate(ConnectionLostError("the response was closed before its end"))
        try:
            data = await self._body.read()
        except CallError as error:
            self._ended = True
            self._report.failed(error, self._body.seconds)
            raise self._annotate(error) from None
        if not data:
            self._ended = self._complete = True
            self._report.ended(self.status, self.size, self._body.seconds, None, None)
        return data

    def close(self) -> None:
        """Stop reading. Allowed in any state, and more than once."""
        if not self._ended:
            self._ended = True
            self._report.closed_early(self._body.seconds)
        self._peeked.clear()
        self._body.close()

    def _annotate(self, error: E) -> E:
        error.status = self.status
        error.attempts = self._attempts
        return annotate(error, self._call)
