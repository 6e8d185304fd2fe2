"""One attempt over aiohttp: the session, the time-outs, and what went wrong in our own terms."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from weakref import WeakSet

import aiohttp
from yarl import URL

from .._version import __version__
from ..errors import (
    CallError,
    ClientClosedError,
    ConnectError,
    ConnectionLostError,
    RequestTimeoutError,
)
from .credentials import Credentials
from .messages import Call, annotate, unreadable

__all__ = ["BUFFER", "Connection", "ResponseBody"]

# Bytes that aiohttp keeps of an answer that is not read; it reads up to twice as many before
# it makes the server wait.
BUFFER = 2**17

# Bytes that are taken at a time: few at first, so that the first record comes soon, then twice
# as many each time. Pieces of this size are decoded in half the time of whole large answers.
FIRST_PIECE = 2**14
PIECE = 2**17

# Bytes that an answer must bring within the time-out.
MARK = 2**20


class _DroppedError(Exception):
    """The connection broke. No ClientError, so that aiohttp does not send again."""


async def _no_resend(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    # aiohttp sends GET, PUT and DELETE once more, on its own, over a dropped connection.
    # What is sent again, and when, is for the limits and the retry policy to say.
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _DroppedError(str(error)) from None


class ResponseBody:
    """An answer whose body is read while it arrives.

    Dropped before its end it closes the connection, so that nothing is left behind.

    Attributes:
        status: The HTTP status.
        content_type: Its media type.
        retry_after: The header of that name.
        seconds: How long was waited for it, connecting included; the reader's own time apart.
        size: How many bytes were read.
    """

    __slots__ = (
        "__weakref__", "_call", "_ended", "_loop", "_mark", "_patience", "_piece", "_response",
        "_total", "content_type", "retry_after", "seconds", "size", "status",
    )  # fmt: skip

    def __init__(
        self, call: Call, response: aiohttp.ClientResponse, total: float, begun: float
    ) -> None:
        self._call = call
        self._response = response
        self._loop = asyncio.get_running_loop()
        self._ended = False
        self.status = response.status
        self.content_type = response.content_type
        self.retry_after = response.headers.get("Retry-After")
        self.seconds = self._loop.time() - begun
        self.size = 0
        # Seconds for what comes until the size has reached the mark.
        self._total = total
        self._patience = total - self.seconds
        self._mark = MARK
        self._piece = FIRST_PIECE

    async def read(self) -> bytes | CallError:
        """Give the next bytes, and none at the end. A failure is given, not raised.

        The time-out is for each mebibyte: a large answer may take long if it keeps coming.
        A cancelled read has taken nothing.
        """
        content = self._response.content
        if self.size:  # others get their turn between two pieces, though all has come already
            await asyncio.sleep(0)
        begun = self._loop.time()
        try:
            data = content.read_nowait(self._piece)
            if not data and not content.at_eof():
                async with asyncio.timeout(max(self._patience, 0)):
                    data = await content.read(self._piece)
        except asyncio.CancelledError as error:
            raise error.with_traceback(None) from None
        except BaseException as error:  # noqa: BLE001  what is not told of is raised again
            self.close()
            failure = _failure(self._call, error, self._total)
            if failure is None:
                raise error.with_traceback(None) from None
            return failure
        finally:
            took = self._loop.time() - begun
            self.seconds += took
            self._patience -= took
        self._piece = min(2 * self._piece, PIECE)
        self._ended = self._ended or not data
        self.size += len(data)
        if self.size >= self._mark:
            self._mark = self.size + MARK
            self._patience = self._total
        return data

    async def body(self, most_bytes: int) -> bytes | CallError:
        """Read the whole, if it is no larger than that. A failure is given, not raised."""
        chunks: list[bytes] = []
        while (self._response.content_length or 0) <= most_bytes and self.size <= most_bytes:
            data = await self.read()
            if isinstance(data, CallError):
                return data
            if not data:
                return b"".join(chunks)
            chunks.append(data)
        return unreadable(
            self._call, f"the answer is larger than max_response_bytes ({most_bytes})"
        )

    def close(self) -> None:
        """Read no more. May be called again, and in any state."""
        if not self._ended:
            self._ended = True
            self._response.close()

    def abort(self) -> None:
        """End it under its reader, who is told that the connection broke."""
        if not self._ended:
            # aiohttp tells nobody who reads a body that its connection was closed
            self._response.content.set_exception(_DroppedError("the client was closed"))
            self._response.close()

    def in_loop(self, act: Callable[[], None]) -> None:
        """Do something in the loop's thread: the garbage of a cycle may be collected in any."""
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


def _failure(call: Call, error: BaseException, seconds: float) -> CallError | None:
    """Say in our own terms what went wrong; None for what is not the network's."""
    match error:
        case aiohttp.ClientSSLError():
            failure: CallError = ConnectError(f"no safe connection: {error}", permanent=True)
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            failure = ConnectError(f"no connection: {error}")
        case TimeoutError():
            failure = RequestTimeoutError(f"no whole answer within {seconds:g} s")
        case aiohttp.ClientResponseError():
            # The status that aiohttp gives it is its own, not the server's.
            failure = unreadable(call, f"the answer is not HTTP: {error.message}")
        case ValueError():  # an address or a session that no request can be made of
            failure = ConnectError(f"no request can be made: {error}", permanent=True)
        case _DroppedError() | aiohttp.ClientError() | OSError():
            reason = str(error) or type(error).__name__
            failure = ConnectionLostError(f"the connection broke: {reason}")
        case _:
            return None
    return annotate(failure, call)


class Connection:
    """The way to the server for one token: a session of our own, or one that was handed in."""

    __slots__ = (
        "_credentials", "_flows", "_loop", "_owned", "_session", "_trace_configs",
        "base_url", "closed", "most_bytes",
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
        self.base_url = base_url
        self._session = session
        # A session that was handed in is neither closed nor changed.
        self._owned = session is None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._trace_configs = list(trace_configs)
        # The answers that are being read.
        self._flows: WeakSet[ResponseBody] = WeakSet()
        self.most_bytes = max_response_bytes
        self.closed = False

    async def close(self) -> None:
        """Close our own session. May be called again."""
        self.closed = True
        if self._owned and self._session is not None:
            for flow in list(self._flows):
                flow.abort()
            await self._session.close()

    async def open(
        self, call: Call, *, total: float, connect: float, buffer: int = BUFFER
    ) -> ResponseBody | CallError:
        """Send a call once, and give its answer when its headers have come.

        Raised only outside of the `except` blocks, our errors carry no aiohttp exception
        as their context, and no frame that holds the Authorization header.

        Raises:
            ClientClosedError: There is no session to send with.
        """
        session = self._session_here()
        begun = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(total):
                response = await session.request(
                    call.method,
                    URL(call.url(self.base_url), encoded=True),
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
            flow = ResponseBody(call, response, total, begun)
            self._flows.add(flow)
            return flow
        except BaseException as error:  # noqa: BLE001  what is not told of is raised again
            failure = _failure(call, error, total)
            if failure is None:
                # Cancelled, for one. The frames of aiohttp hold the Authorization header,
                # and a traceback may be shown with its variables.
                raise error.with_traceback(None) from None
        return failure

    def _session_here(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self.closed:
            raise ClientClosedError("the client is closed")
        if self._session is None:
            self._loop = loop
            # no cookies: nothing to remember for weeks, nothing to share between tokens
            self._session = aiohttp.ClientSession(
                # how many are under way is for the limits to say
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=self._trace_configs,
            )
        elif self._owned and self._loop is not loop:
            raise ClientClosedError(
                "this client belongs to another event loop: make one client a loop, "
                "inside of it, and close it there"
            )
        if self._session.closed:
            raise ClientClosedError("the aiohttp session of this client is closed")
        return self._session
