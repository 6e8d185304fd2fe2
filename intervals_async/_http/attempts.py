"""One attempt of a call, within the rate limits."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import attrs

from ..errors import CallError, ClientClosedError, ConnectError, LimitStoreError, ResponseError
from ..limits import Limiter
from ..retry import retry_after
from .connection import BUFFER, Connection
from .daily_quota import QUOTA
from .messages import SUCCESS, Call, ParsedResponse, annotate, parse_response
from .reporting import AttemptReport, Reporter
from .response import Response
from .response_body import ResponseBody
from .server_clock import ServerClock
from .settings import RetryState, Timeouts

__all__ = ["Attempts", "count_nothing"]

T = TypeVar("T")


def count_nothing() -> None:
    """Do nothing: the default of `on_request`."""


@attrs.define(kw_only=True)
class Attempts:
    """Makes single attempts of calls. All views of one client share it.

    Attributes:
        connection: Sends the requests.
        limiter: The rate limits.
        reporter: Receives the events.
        show_bodies: Whether events contain the bodies.
        clock: The monotonic clock, in seconds.
        server_clock: Tells the server's time, and learns it from each response.
        requests: The number of requests that were sent.
    """

    connection: Connection
    limiter: Limiter
    reporter: Reporter
    show_bodies: bool
    clock: Callable[[], float]
    server_clock: ServerClock
    requests: int = 0
    _ids: Iterator[int] = attrs.field(factory=itertools.count)

    async def in_slot(
        self,
        call: Call,
        state: RetryState,
        timeouts: Timeouts,
        attempt: Callable[[Call, RetryState, Timeouts], Awaitable[T]],
        *,
        bulk: bool = False,
        on_request: Callable[[], None] = count_nothing,
    ) -> T:
        """Wait for a slot of the rate limits, and attempt a call once.

        Args:
            call: What to send.
            state: Counts the attempt.
            timeouts: How long the attempt may take.
            attempt: Makes the attempt.
            bulk: Whether interactive calls take priority.
            on_request: Called if a request was sent.

        Raises:
            CallError: The attempt failed, or the daily quota is known to be used up.
            ClientClosedError: The client is closed, or was closed during the call.
        """
        self.connection.check_process()
        try:
            slot = await self.limiter.acquire(
                bulk=bulk,
                lease=_lease(timeouts),
                max_wait=timeouts.limit,
                ignore_daily_quota=call == QUOTA,
            )
        except CallError as error:
            raise annotate(error, call) from None
        return await self._with_slot(slot, call, state, timeouts, attempt, on_request)

    async def begin(
        self, call: Call, state: RetryState, timeouts: Timeouts, buffer: int = BUFFER
    ) -> tuple[ResponseBody, AttemptReport]:
        """Send a call, and return its response once it has begun successfully.

        The body of an error is read, and the error is raised.
        """
        body, report = await self._begin(call, state, timeouts, buffer)
        if not call.succeeds_with(body.status):
            await self._read_body(call, body, report, _parsed)
        return body, report

    async def read(self, call: Call, state: RetryState, timeouts: Timeouts) -> ParsedResponse:
        """Send a call, and return its complete response."""
        body, report = await self._begin(call, state, timeouts, BUFFER)
        return await self._read_body(call, body, report, _parsed)

    async def read_raw(
        self,
        call: Call,
        state: RetryState,
        timeouts: Timeouts,
        on_complete: Callable[[Response], None],
    ) -> Response:
        """Send a call, and return its complete response without parsing it, unless it is an error.

        `on_complete` receives the response, even if it is an error.
        """

        def unparsed(call: Call, body: ResponseBody, data: bytes) -> Response:
            response = Response(status=body.status, headers=body.headers, body=data)
            on_complete(response)
            _raise_error(call, body, data)
            return response

        body, report = await self._begin(call, state, timeouts, BUFFER)
        return await self._read_body(call, body, report, unparsed)

    async def ask_for_quota(self, timeouts: Timeouts) -> ParsedResponse | None:
        """Request the daily quota in a slot that is free now. Return None if there is none."""
        try:
            slot = await self.limiter.acquire_at_once(lease=_lease(timeouts))
        except LimitStoreError:
            return None
        if slot is None:
            return None
        return await self._with_slot(slot, QUOTA, RetryState(), timeouts, self.read, count_nothing)

    async def _with_slot(
        self,
        slot: str,
        call: Call,
        state: RetryState,
        timeouts: Timeouts,
        attempt: Callable[[Call, RetryState, Timeouts], Awaitable[T]],
        on_request: Callable[[], None],
    ) -> T:
        """Attempt a call that holds a slot, and release the slot."""
        sent = True
        state.attempts += 1
        began = self.clock()
        try:
            return await attempt(call, state, timeouts)
        except (ConnectError, ClientClosedError):
            sent = False
            raise
        finally:
            state.elapsed += self.clock() - began
            if sent:
                self.requests += 1
                on_request()
            await self.limiter.release(slot, sent=sent)

    async def _begin(
        self, call: Call, state: RetryState, timeouts: Timeouts, buffer: int
    ) -> tuple[ResponseBody, AttemptReport]:
        """Send a call, and return its response once the headers have arrived."""
        url = call.url(self.connection.base_url)
        report = AttemptReport(self.reporter, next(self._ids), call.method, url)
        report.sent(call.resource, state.attempts, call.payload() if self.show_bodies else None)
        began = self.clock()
        try:
            body = await self.connection.open(
                call,
                url,
                total=min(timeouts.attempt, timeouts.call - state.elapsed),
                connect=timeouts.connect,
                buffer=buffer,
            )
        except BaseException as error:
            report.failed(error, self.clock() - began)
            raise
        body.on_abort = report.closed_early
        self.server_clock.note(body.headers.get("Date"))
        return body, report

    async def _read_body(
        self,
        call: Call,
        body: ResponseBody,
        report: AttemptReport,
        parse: Callable[[Call, ResponseBody, bytes], T],
    ) -> T:
        """Read a complete body, and parse it."""
        try:
            data = await body.read_all(self.connection.max_response_bytes)
        except BaseException as error:
            report.failed(error, body.seconds)
            raise
        finally:
            body.close()
        shown = data if self.show_bodies else None
        try:
            response = parse(call, body, data)
        except CallError as error:
            body.redact(error)
            error.retry_after = retry_after(
                body.headers.get("Retry-After"), self.server_clock.now()
            )
            report.ended(body.status, len(data), body.seconds, type(error).__name__, shown)
            raise
        report.ended(body.status, len(data), body.seconds, None, shown)
        return response


def _parsed(call: Call, body: ResponseBody, data: bytes) -> ParsedResponse:
    return parse_response(call, body.status, body.content_type, data)


def _raise_error(call: Call, body: ResponseBody, data: bytes) -> None:
    try:
        _parsed(call, body, data)
    except ResponseError:
        if body.status not in SUCCESS:
            raise


def _lease(timeouts: Timeouts) -> float:
    """Return the seconds after which the attempt has surely timed out, even in a dead process."""
    return timeouts.attempt + 10.0
