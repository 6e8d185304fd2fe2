"""One attempt over aiohttp: the session, the time-outs, and what went wrong in our own terms."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NoReturn

import aiohttp
import attrs
from yarl import URL

from ._version import __version__
from ._wire import Call, Credentials, annotate, unreadable
from .errors import (
    CallError,
    ClientClosedError,
    ConnectError,
    ConnectionLostError,
    RequestTimeoutError,
)

__all__ = ["Connection", "Reply"]


@attrs.frozen
class Reply:
    """What came back, unjudged."""

    status: int
    content_type: str
    retry_after: str | None
    body: bytes = attrs.field(repr=False)


class _DroppedError(Exception):
    """The connection broke. No ClientError, so that aiohttp does not send again."""


class _OversizeError(Exception):
    """The body is larger than is allowed."""


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


class Connection:
    """The way to the server for one token: a session of our own, or one that was handed in."""

    __slots__ = (
        "_credentials", "_loop", "_most_bytes", "_owned", "_session", "_trace_configs",
        "base_url", "closed",
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
        self._most_bytes = max_response_bytes
        self.closed = False

    async def close(self) -> None:
        """Close our own session. May be called again."""
        self.closed = True
        if self._owned and self._session is not None:
            await self._session.close()

    async def attempt(self, call: Call, *, total: float, connect: float) -> Reply | CallError:
        """Send a call once, within so many seconds. A failure is given, not raised.

        Raised only outside of the `except` blocks, our errors carry no aiohttp exception
        as their context, and no frame that holds the Authorization header.

        Raises:
            ClientClosedError: There is no session to send with.
        """
        session = self._session_here()
        try:
            async with session.request(
                call.method,
                URL(call.url(self.base_url), encoded=True),
                data=call.payload(),
                headers={
                    "Authorization": self._credentials.authorization,
                    "User-Agent": f"intervals_async/{__version__}",
                    **call.headers(),
                },
                timeout=aiohttp.ClientTimeout(total=total, connect=min(connect, total)),
                allow_redirects=False,
                raise_for_status=False,
                middlewares=(_no_resend,),
            ) as response:
                return Reply(
                    response.status,
                    response.content_type,
                    response.headers.get("Retry-After"),
                    await self._body(response),
                )
        except _OversizeError:
            failure: CallError = unreadable(
                call, f"the answer is larger than max_response_bytes ({self._most_bytes})"
            )
        except aiohttp.ClientSSLError as error:
            failure = ConnectError(f"no safe connection: {error}", permanent=True)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            failure = ConnectError(f"no connection: {error}")
        except TimeoutError:
            failure = RequestTimeoutError(f"no whole answer within {total:g} s")
        except aiohttp.ClientResponseError as error:
            # The status that aiohttp gives it is its own, not the server's.
            failure = unreadable(call, f"the answer is not HTTP: {error.message}")
        except ValueError as error:  # an address or a session that no request can be made of
            failure = ConnectError(f"no request can be made: {error}", permanent=True)
        except (_DroppedError, aiohttp.ClientError, OSError) as error:
            reason = str(error) or type(error).__name__
            failure = ConnectionLostError(f"the connection broke: {reason}")
        except BaseException as error:  # noqa: BLE001  raised again
            # Cancelled, for one. The frames of aiohttp hold the Authorization header, and a
            # traceback may be shown with its variables.
            raise error.with_traceback(None) from None
        return annotate(failure, call)

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        if (response.content_length or 0) > self._most_bytes:
            _refuse(response)
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > self._most_bytes:
                _refuse(response)
            chunks.append(chunk)
        return b"".join(chunks)

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


def _refuse(response: aiohttp.ClientResponse) -> NoReturn:
    response.close()  # what is left of it is not read
    raise _OversizeError
