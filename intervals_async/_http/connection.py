"""One attempt over aiohttp: the session, the timeouts, and errors in our own terms."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from weakref import WeakSet

import aiohttp
from aiohttp.http_exceptions import ContentEncodingError
from yarl import URL

from .._version import __version__
from ..errors import (
    CallError,
    ClientClosedError,
    ConnectError,
    ConnectionLostError,
    IntervalsError,
    RequestTimeoutError,
)
from .credentials import Credentials
from .messages import Call, annotate, unreadable

__all__ = ["BUFFER", "Connection", "ResponseBody"]

# Bytes that aiohttp buffers of a body that is not read. It reads up to twice as many before it
# makes the server wait.
BUFFER = 2**17

# Bytes that are read at a time: few at first, so that the first record arrives soon, then twice
# as many each time. Chunks of this size are decoded in half the time of complete large bodies.
FIRST_CHUNK = 2**14
CHUNK = 2**17

# Bytes that must arrive within each timeout.
TIMED_BYTES = 2**20


class _DroppedError(Exception):
    """The connection was lost. Not a ClientError, so that aiohttp does not resend the request."""


async def _no_resend(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    # aiohttp resends GET, PUT and DELETE once, on its own, after a dropped connection. Only the
    # retry policy may resend, and the rate limits must count every request.
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _DroppedError(str(error)) from None


class ResponseBody:
    """The body of a response, read while it arrives.

    If it is garbage collected before its end, it closes the connection.

    Attributes:
        status: The HTTP status.
        content_type: The media type.
        seconds: The time that the network took so far, with connecting, without the reader.
        size: The number of bytes that were read.
    """

    __slots__ = (
        "__weakref__", "_call", "_chunk", "_credentials", "_deadline_size", "_ended", "_loop", "_response",
        "_time_left", "_total", "content_type", "seconds", "size", "status",
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
                async with asyncio.timeout(max(self._time_left, 0)):
                    data = await content.read(self._chunk)
        except asyncio.CancelledError as error:
            raise error.with_traceback(None) from None
        except BaseException as error:  # noqa: BLE001  other errors are raised again below
            self.close()
            failure = _translate_aiohttp_error(self._call, error, self._total)
            if failure is None:
                raise error.with_traceback(None) from None
        finally:
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
            self._response.content.set_exception(_DroppedError("the client was closed"))
            self._response.close()

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


def _translate_aiohttp_error(call: Call, error: BaseException, seconds: float) -> CallError | None:
    """Return our own error for an error of the network; None for any other."""
    match error:
        case aiohttp.ClientSSLError():
            failure: CallError = ConnectError(f"TLS connection failed: {error}", permanent=True)
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


class Connection:
    """Sends requests to the server, in our own session or in one that was passed in.

    Attributes:
        base_url: The root of the API.
        max_response_bytes: The largest body that is read.
        closed: Whether `close` was called.
    """

    __slots__ = (
        "_bodies", "_credentials", "_loop", "_owned", "_session", "_trace_configs",
        "base_url", "closed", "max_response_bytes",
    )  # fmt: skip

    def __init__(
        self,
        credentials: Credentials,
        *,
        base_url: str,
        session: aiohttp.ClientSession | None,
        trace_configs: Sequence[aiohttp.TraceConfig],
        max_response_bytes: int,
    ) -> None:
        self._credentials = credentials
        self.base_url: str = base_url
        self._session = session
        # A session that was passed in is never closed nor changed.
        self._owned = session is None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._trace_configs = list(trace_configs)
        # The bodies that are being read.
        self._bodies: WeakSet[ResponseBody] = WeakSet()
        self.max_response_bytes: int = max_response_bytes
        self.closed: bool = False

    async def close(self) -> None:
        """Close the client's own session. Allowed more than once."""
        self.closed = True
        if self._owned and self._session is not None:
            for body in list(self._bodies):
                body.abort()
            await self._session.close()

    async def open(
        self, call: Call, url: str, *, total: float, connect: float, buffer: int = BUFFER
    ) -> ResponseBody:
        """Send a call once, and return its response when the headers have arrived.

        Our errors are raised outside of the `except` blocks: they carry no aiohttp exception as
        their context, and no frame that holds the Authorization header.

        Args:
            call: What to send.
            url: The complete URL of the call.
            total: Seconds until the headers have arrived.
            connect: Seconds for connecting.
            buffer: Bytes of the body that may wait unread.

        Raises:
            TransportError: No response was received.
            ResponseError: The response is not valid HTTP.
            ClientClosedError: The client or its session is closed, or belongs to another loop.
        """
        session = self._session_here()
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(total):
                response = await session.request(
                    call.method,
                    URL(url, encoded=True),
                    data=call.payload(),
                    headers={
                        "Authorization": self._credentials.authorization,
                        "User-Agent": f"intervals_async/{__version__}",
                        **call.headers(),
                    },
                    timeout=aiohttp.ClientTimeout(total=None, connect=min(connect, total)),
                    allow_redirects=False,
                    raise_for_status=False,
                    middlewares=(_no_resend,),
                    read_bufsize=buffer,
                )
            body = ResponseBody(call, response, self._credentials, total, began)
            self._bodies.add(body)
            return body
        except BaseException as error:  # noqa: BLE001  other errors are raised again below
            failure = _translate_aiohttp_error(call, error, total)
            if failure is None:
                # A cancellation, for instance. The frames of aiohttp hold the Authorization
                # header, and a traceback may be shown with its variables.
                raise error.with_traceback(None) from None
        raise failure

    def _session_here(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self.closed:
            raise ClientClosedError("the client is closed")
        if self._session is None:
            self._loop = loop
            # no cookies: they would grow for weeks, and be shared between tokens
            self._session = aiohttp.ClientSession(
                # the rate limits bound the number of concurrent requests
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=self._trace_configs,
            )
        elif self._owned and self._loop is not loop:
            raise ClientClosedError(
                "the client belongs to another event loop; "
                "create one client per event loop and close it there"
            )
        if self._session.closed:
            raise ClientClosedError("the aiohttp session of the client is closed")
        return self._session
