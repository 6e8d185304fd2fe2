"""A response that is a file: its bytes are not parsed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import TypeVar

from ..errors import CallError, ConnectionLostError, ResponseError
from .file_decoder import FileDecoder, UndecodableError
from .messages import Call, annotate, parse_response
from .reporting import AttemptReport
from .response_body import ResponseBody

__all__ = ["RawResponse"]

E = TypeVar("E", bound=CallError)

# The size of the largest error that is looked for.
LARGEST_ERROR = 64 * 1024


class RawResponse:
    """A response that has begun successfully, and whose bytes are not parsed.

    Attributes:
        max_bytes: The maximum size of the file; None for any.
    """

    __slots__ = (
        "_attempts", "_body", "_call", "_complete", "_decoder", "_ended", "_peeked",
        "_pieces", "_report", "_returned", "max_bytes",
    )  # fmt: skip

    def __init__(
        self, call: Call, body: ResponseBody, report: AttemptReport, attempts: int
    ) -> None:
        self._call = call
        self._body = body
        self._report = report
        self._attempts = attempts
        # Whether reading has ended, and whether everything was read.
        self._ended = self._complete = False
        # Chunks that were looked at, and those that are decoded one by one from the last bytes.
        self._peeked: deque[bytes] = deque()
        self._pieces: Iterator[bytes] = iter(())
        # The size of what was returned, and of what earlier responses have returned.
        self._returned = 0
        self._decoder: FileDecoder | None = None
        self.max_bytes: int | None = None

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

    @property
    def is_plain(self) -> bool:
        """Whether the file is sent as it is."""
        return self._decoder is not None and self._decoder.is_plain

    def start_at(self, position: int) -> None:
        """Note that earlier responses have returned the bytes before a position."""
        self._returned = position

    def unexpected(self, expected: str, found: str) -> ResponseError:
        """Return an error about a response that is not the file."""
        return self._annotate(ResponseError(f"response: expected {expected}, got {found}"))

    async def check_for_error(self, *, accept_html: bool = False) -> None:
        """Raise the API's error, if the response is one instead of a file.

        Args:
            accept_html: Whether the file may be an HTML page that is not marked as a file.

        Raises:
            APIError: The response is an error of the API.
            ResponseError: The response is no file: it has no content, is in an unknown encoding,
                or is an HTML page.
            TransportError: The response ended early.
        """
        if self.status == 204:
            raise self.unexpected("a file", "no content")
        try:
            self._decoder = FileDecoder(self.headers.get("Content-Encoding", ""))
        except UndecodableError as error:
            raise self._annotate(ResponseError(f"file: {error}")) from None
        is_html = self._body.content_type in ("text/html", "application/xhtml+xml")
        if is_html and not accept_html and "Content-Disposition" not in self.headers:
            raise self.unexpected("a file", "an HTML page (accept_html=True saves it)")
        first = await self._next()
        if self.status != 206 and first.lstrip()[:1] == b"{":
            await self._check_json(first)
        elif first:
            self._peeked.append(first)

    async def _check_json(self, first: bytes) -> None:
        """Raise the API's error, if the response is one; otherwise keep what was read."""
        seen = [first]
        while seen[-1] and sum(map(len, seen)) < LARGEST_ERROR:
            seen.append(await self._next())
        self._peeked.extend(data for data in seen if data)
        try:
            parse_response(self._call, self.status, "application/json", b"".join(seen))
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
            ResponseError: The file is larger than `max_bytes`, or is not encoded as its header
                says.
        """
        data = self._peeked.popleft() if self._peeked else await self._next()
        self._returned += len(data)
        if self.max_bytes is not None and self._returned > self.max_bytes:
            self.close()
            raise self.unexpected(f"a file of at most {self.max_bytes} bytes (max_bytes)", "more")
        return data

    async def _next(self) -> bytes:
        """Read and decode the next bytes; none at the end."""
        decoder = self._decoder or FileDecoder("")
        while not self._complete:
            if self._ended:
                raise self._annotate(ConnectionLostError("the response was closed before its end"))
            try:
                # A small chunk may expand to much, which is decoded piece by piece.
                for piece in self._pieces:
                    return piece
                data = await self._body.read()
                if not data:
                    decoder.end()
                    self._ended = self._complete = True
                    self._report.ended(self.status, self.size, self._body.seconds, None, None)
                self._pieces = decoder.decode(data)
            except UndecodableError as invalid:
                self.close()
                raise self._annotate(ConnectionLostError(f"file: {invalid}")) from None
            except CallError as error:
                self._ended = True
                self._report.failed(error, self._body.seconds)
                raise self._annotate(error) from None
        return b""

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
