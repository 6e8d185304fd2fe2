"""The body of a response, read while it arrives, and the errors of aiohttp in our own terms."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import aiohttp
from aiohttp.http_exceptions import ContentEncodingError

from ..errors import (
    CallError,
    ConnectError,
    ConnectionLostError,
    IntervalsError,
    RequestTimeoutError,
)
from .credentials import Credentials
from .messages import Call, annotate, unreadable

__all__ = ["DroppedError", "ResponseBody", "translate_aiohttp_error"]

# Bytes that are read at a time: few at first, so that the first record arrives soon, then twice
# as many each time. Chunks of this size are decoded in half the time of complete large bodies.
FIRST_CHUNK = 2**14
CHUNK = 2**17

# Bytes that must arrive within each timeout.
TIMED_BYTES = 2**20


class DroppedError(Exception):
    """The connection was lost. Not a ClientError, so that aiohttp does not resend the request."""


class ResponseBody:
    """The body of a response, read while it arrives.

    If it is garbage collected before its end, it closes the connection.

    Attributes:
        status: The HTTP status.
        content_type: The media type.
        seconds: The time that the network took so far, with connecting, without the reader.
        size: The number of bytes that were read.
        on_abort: Called with `seconds` if `abort` ends a body that no task is reading.
    """

    __slots__ = (
        "__weakref__", "_call", "_chunk", "_credentials", "_deadline_size", "_ended", "_loop", "_reading", "_response",
        "_time_left", "_total", "content_type", "on_abort", "seconds", "size", "status",
    )  # fmt: skip

    def __init__(
        self,
        call: Call,
        response: aiohttp.ClientResponse,
        credentials: Credentials,
        total: float,
        began: float,
    ) -> None:
        self._call = call
        self._credentials = credentials
        self._response = response
        self._loop = asyncio.get_running_loop()
        self._ended = False
        self.status: int = response.status
        self.content_type: str = response.content_type
        self.seconds: float = self._loop.time() - began
        self.size: int = 0
        self.on_abort: Callable[[float], None] | None = None
        self._reading = False
        # Seconds left until the size must have reached `_deadline_size`.
        self._total = total
        self._time_left = total - self.seconds
        self._deadline_size = TIMED_BYTES
        self._chunk = FIRST_CHUNK

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the response; names are case-insensitive."""
        return self._response.headers

    async def read(self) -> bytes:
        """Return the next bytes, and none at the end.

        The timeout applies to each MiB, so a large body may take long while it keeps arriving. A
        cancelled read loses no bytes.

        Raises:
            TransportError: The connection was lost, or the timeout has expired.
            ResponseError: The response is not valid HTTP.
        """
        content = self._response.content
        if self.size:  # other tasks get their turn, even if all bytes have arrived already
            await asyncio.sleep(0)
        began = self._loop.time()
        failure: CallError | None = None
        data = b""
        try:
            data = content.read_nowait(self._chunk)
            if not data and not content.at_eof():
                self._reading = True
                async with asyncio.timeout(max(self._time_left, 0)):
                    data = await content.read(self._chunk)
        except asyncio.CancelledError as error:
            raise error.with_traceback(None) from None
        except BaseException as error:  # noqa: BLE001  other errors are raised again below
            self.close()
            failure = translate_aiohttp_error(self._call, error, self._total)
            if failure is None:
                raise error.with_traceback(None) from None
        finally:
            self._reading = False
            took = self._loop.time() - began
            self.seconds += took
            self._time_left -= took
        if failure is not None:
            raise failure
        self._chunk = min(2 * self._chunk, CHUNK)
        self._ended = self._ended or not data
        self.size += len(data)
        if self.size >= self._deadline_size:
            self._deadline_size = self.size + TIMED_BYTES
            self._time_left = self._total
        return data

    async def read_all(self, max_bytes: int) -> bytes:
        """Return the complete body.

        Raises:
            CallError: As for `read`.
            ResponseError: The body is larger than `max_bytes`.
        """
        chunks: list[bytes] = []
        while (self._response.content_length or 0) <= max_bytes and self.size <= max_bytes:
            data = await self.read()
            if not data:
                return b"".join(chunks)
            chunks.append(data)
        raise unreadable(
            self._call,
            f"response body: expected at most {max_bytes} bytes (max_response_bytes), got more",
        )

    def redact(self, error: CallError) -> None:
        """Remove the credentials from an error about this response."""
        self._credentials.redact(error)

    def close(self) -> None:
        """Stop reading. Allowed in any state, and more than once."""
        if not self._ended:
            self._ended = True
            self._response.close()

    def abort(self) -> None:
        """Close it while a task may be reading it. The reader gets an error."""
        if not self._ended:
            # aiohttp does not notify the reader of a body when its connection is closed
            self._response.content.set_exception(DroppedError("the client was closed"))
            self._response.close()
            if self.on_abort is not None and not self._reading:
                self.on_abort(self.seconds)

    def in_loop(self, act: Callable[[], None]) -> None:
        """Call a function in the loop's thread, because garbage is collected in any thread."""
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        if here is self._loop or not self._loop.is_running():
            act()
        else:
            self._loop.call_soon_threadsafe(act)

    def __del__(self) -> None:
        if not self._ended:
            self.in_loop(self._response.close)


def translate_aiohttp_error(call: Call, error: BaseException, seconds: float) -> CallError | None:
    """Return our own error for an error of the network; None for any other."""
    match error:
        case aiohttp.ClientSSLError():
            failure: CallError = ConnectError(f"TLS connection failed: {error}", permanent=True)
        case aiohttp.ClientHttpProxyError(status=status):
            failure = ConnectError(
                f"proxy refused to connect to the server: HTTP {status}: {error.message}",
                permanent=status not in (502, 503, 504),
            )
        case aiohttp.ClientProxyConnectionError():
            failure = ConnectError(f"connection to the proxy failed: {error}")
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            failure = ConnectError(f"connection failed: {error}")
        case TimeoutError():
            failure = RequestTimeoutError(f"no complete response within {seconds:g} s")
        case aiohttp.ClientResponseError():
            # The status of this error is set by aiohttp, not by the server.
            failure = unreadable(
                call, f"response: expected HTTP, got invalid data: {error.message}"
            )
        case ValueError():  # a URL or a session that aiohttp rejects
            failure = ConnectError(f"request cannot be sent: {error}", permanent=True)
        case aiohttp.ClientPayloadError(__cause__=ContentEncodingError() as cause):
            failure = unreadable(call, f"response body: expected encoded data: {cause.message}")
        case IntervalsError():
            return None
        case Exception():
            # Also RuntimeError and zlib.error: aiohttp raises some for a body that breaks off.
            reason = str(error) or type(error).__name__
            failure = ConnectionLostError(f"connection lost: {reason}")
        case _:
            return None
    return annotate(failure, call)
