"""One call: wait for the limits, attempt it over aiohttp, and again where that is safe."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import aiohttp
import attrs
from yarl import URL

from ._version import __version__
from ._wire import Answer, Call, annotate, authorization, read_answer
from .errors import (
    AmbiguousWriteError,
    AnswerError,
    CallError,
    ClientClosedError,
    ConnectError,
    ConnectionLostError,
    RequestTimeoutError,
)
from .limits import Limiter
from .retry import Outcome, RetryPolicy, outcome

__all__ = ["Tally", "Transport"]


@attrs.define
class Tally:
    """Counts the requests that went over the wire on somebody's behalf."""

    requests: int = 0


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


class Transport:
    """Sends calls for one token. Many tasks may use it at once."""

    __slots__ = (
        "_authorization",
        "_base_url",
        "_chance",
        "_closed",
        "_limiter",
        "_loop",
        "_owned",
        "_retry",
        "_session",
        "_sleepers",
        "_timeout",
    )

    def __init__(
        self,
        token: str,
        *,
        base_url: str,
        session: aiohttp.ClientSession | None,
        timeout: aiohttp.ClientTimeout,
        limiter: Limiter,
        retry: RetryPolicy,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._authorization = authorization(token)
        self._base_url = base_url
        self._session = session
        # A session that was handed in is neither closed nor changed.
        self._owned = session is None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timeout = timeout
        self._limiter = limiter
        self._retry = retry
        self._chance = chance
        # Those who wait between two attempts; closing wakes them.
        self._sleepers: set[asyncio.Future[None]] = set()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    async def send(self, call: Call, tally: Tally | None = None) -> Answer:
        """Send a call and give its answer.

        Raises:
            CallError: It failed for good; `attempts` says how often it was tried.
            ClientClosedError: The client is closed, or was meanwhile.
        """
        attempts = 0
        while True:
            await self._limiter.acquire()
            sent = True
            attempts += 1
            try:
                result = await self._attempt(call)
                sent = not isinstance(result, ConnectError)
            finally:
                self._limiter.release(sent=sent)
                if sent and tally is not None:
                    tally.requests += 1
            if isinstance(result, Answer):
                return attrs.evolve(result, attempts=attempts)
            if self._closed:
                raise ClientClosedError(
                    f"{call.method} {call.path}: the client was closed meanwhile"
                )
            await self._before_next(call, result, attempts)

    async def close(self) -> None:
        """Close our own session and wake all who wait. May be called again."""
        self._closed = True
        self._limiter.close()
        for sleeper in self._sleepers:
            if not sleeper.done():
                sleeper.set_exception(ClientClosedError("the client was closed meanwhile"))
        if self._owned and self._session is not None:
            await self._session.close()

    async def _before_next(self, call: Call, failure: CallError, attempts: int) -> None:
        """Wait for the next attempt, or raise the failure if there is none."""
        failure.attempts = attempts
        what = outcome(failure)
        wait = self._retry.wait(what, attempts, self._chance())
        if what is Outcome.REFUSED:
            self._limiter.hold(wait)
        if self._retry.again(call.method, what, attempts):
            if what is not Outcome.REFUSED:
                await self._sleep(wait)
        elif call.method == "POST" and what is Outcome.FATE_UNKNOWN:
            ambiguous = AmbiguousWriteError(
                f"whether it was carried out is unknown, and it was not sent again "
                f"({failure.message}); list /{call.resource}/ to find out",
                status=failure.status,
                attempts=attempts,
            )
            raise annotate(ambiguous, call) from failure
        else:
            raise failure

    async def _attempt(self, call: Call) -> Answer | CallError:
        """Send once. A failure is given, not raised.

        Raised only outside of the `except` blocks, our errors carry no aiohttp exception
        as their context, and no frame that holds the Authorization header.
        """
        session = self._session_here()
        try:
            async with session.request(
                call.method,
                URL(call.url(self._base_url), encoded=True),
                data=call.payload(),
                headers={
                    "Authorization": self._authorization,
                    "User-Agent": f"intervals_async/{__version__}",
                    **call.headers(),
                },
                timeout=self._timeout,
                allow_redirects=False,
                middlewares=(_no_resend,),
            ) as response:
                body = await response.read()
            status, content_type = response.status, response.content_type
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return annotate(ConnectError(f"no connection: {error}"), call)
        except TimeoutError:
            return annotate(
                RequestTimeoutError(f"no whole answer within {self._timeout.total:g} s"), call
            )
        except aiohttp.ClientResponseError as error:
            return annotate(
                AnswerError(f"the answer is not HTTP: {error.message}", status=error.status), call
            )
        except (_DroppedError, aiohttp.ClientError, OSError) as error:
            reason = str(error) or type(error).__name__
            return annotate(ConnectionLostError(f"the connection broke: {reason}"), call)
        try:
            return read_answer(call, status, content_type, body)
        except CallError as error:
            return error.with_traceback(None)

    def _session_here(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._session is None:
            self._loop = loop
            # no cookies: nothing to remember for weeks, nothing to share between tokens
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        elif self._owned and self._loop is not loop:
            raise ClientClosedError(
                "this client belongs to another event loop: make one client a loop, "
                "inside of it, and close it there"
            )
        if self._session.closed:
            raise ClientClosedError("the aiohttp session of this client is closed")
        return self._session

    async def _sleep(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        sleeper: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(seconds, sleeper.set_result, None)
        self._sleepers.add(sleeper)
        try:
            await sleeper
        finally:
            timer.cancel()
            self._sleepers.discard(sleeper)
