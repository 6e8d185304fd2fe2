"""One attempt over aiohttp: the session, and the request."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from weakref import WeakSet

import aiohttp
from yarl import URL

from .._version import __version__
from ..errors import ClientClosedError
from .credentials import TokenSource
from .messages import Call
from .proxy import Proxy
from .response_body import DroppedError, ResponseBody, translate_aiohttp_error

__all__ = ["BUFFER", "Connection"]

# Bytes that aiohttp buffers of a body that is not read. It reads up to twice as many before it
# makes the server wait.
BUFFER = 2**17


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
        raise DroppedError(str(error)) from None


class Connection:
    """Sends requests to the server, in our own session or in one that was passed in.

    Attributes:
        tokens: The credentials.
        base_url: The root of the API.
        max_response_bytes: The largest body that is read.
        closed: Whether `close` was called.
    """

    __slots__ = (
        "_bodies", "_loop", "_owned", "_pid", "_proxy", "_session", "_trace_configs",
        "base_url", "closed", "max_response_bytes", "tokens",
    )  # fmt: skip

    def __init__(
        self,
        tokens: TokenSource,
        *,
        base_url: str,
        session: aiohttp.ClientSession | None,
        trace_configs: Sequence[aiohttp.TraceConfig],
        max_response_bytes: int,
        proxy: Proxy | None = None,
    ) -> None:
        self.tokens: TokenSource = tokens
        self._proxy = proxy
        self.base_url: str = base_url
        self._session = session
        # A session that was passed in is never closed nor changed.
        self._owned = session is None
        self._loop: asyncio.AbstractEventLoop | None = None
        # The process in which the session was created, or passed in.
        self._pid = os.getpid()
        self._trace_configs = list(trace_configs)
        # The bodies that are being read.
        self._bodies: WeakSet[ResponseBody] = WeakSet()
        self.max_response_bytes: int = max_response_bytes
        self.closed: bool = False

    async def close(self) -> None:
        """Close the client's own session. Allowed more than once."""
        self.closed = True
        # A forked process must not end the TLS sessions of its parent.
        if self._owned and self._session is not None and self._pid == os.getpid():
            for body in list(self._bodies):
                body.abort()
            await self._session.close()

    def check_process(self) -> None:
        """Refuse to share connections with a process from which this one was forked.

        Raises:
            ClientClosedError: The client was used before the fork.
        """
        if self._session is not None and self._pid != os.getpid():
            raise ClientClosedError(
                "the client was used in another process before this one was forked; "
                "create one client in each process"
            )

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
        credentials = await self.tokens.credentials()
        proxy = self._proxy
        to_proxy, with_request = ({}, {}) if proxy is None else proxy.headers_for(url)
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(total):
                response = await session.request(
                    call.method,
                    URL(url, encoded=True),
                    data=call.payload(),
                    headers={
                        "Authorization": credentials.authorization,
                        "User-Agent": f"intervals_async/{__version__}",
                        **call.headers(),
                        **with_request,
                    },
                    proxy=None if proxy is None else proxy.url,
                    proxy_headers=to_proxy,
                    timeout=aiohttp.ClientTimeout(total=None, connect=min(connect, total)),
                    allow_redirects=False,
                    raise_for_status=False,
                    middlewares=(_no_resend,),
                    read_bufsize=buffer,
                    auto_decompress=not call.wants_file,
                )
            body = ResponseBody(call, response, credentials, total, began)
            self._bodies.add(body)
            return body
        except BaseException as error:  # noqa: BLE001  other errors are raised again below
            failure = translate_aiohttp_error(call, error, total)
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
            self._pid = os.getpid()
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
