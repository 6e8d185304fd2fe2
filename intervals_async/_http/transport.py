"""One call: wait for the rate limits, attempt it, and retry it where that is safe."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Self, TypeVar

import attrs

from ..errors import (
    CallError,
    ClientClosedError,
    ConnectError,
    DailyQuotaError,
    LimitStoreError,
    NotFoundError,
    TransportError,
)
from ..events import Event, RetryScheduled
from ..limits import Limiter
from ..limits.waiters import Waiters
from ..retry import FailureKind, failure_kind, retry_after
from .connection import BUFFER, Connection, ResponseBody
from .daily_quota import QUOTA, DailyQuota
from .final_errors import closed_error, final_error
from .messages import SUCCESS, Call, ParsedResponse, annotate, parse_response
from .raw_response import RawResponse
from .reporting import AttemptReport, Reporter
from .settings import RetryState, Settings
from .streamed_response import StreamedResponse

__all__ = ["Transport"]

T = TypeVar("T")


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _nothing() -> None:
    """Count nothing."""


@attrs.define(kw_only=True)
class _Shared:
    """What all views of one client have in common."""

    connection: Connection
    limiter: Limiter
    reporter: Reporter
    show_bodies: bool
    random: Callable[[], float]
    clock: Callable[[], float]
    now: Callable[[], datetime]
    daily_quota: DailyQuota
    # Calls that wait between two attempts; closing wakes them.
    waiters: Waiters = attrs.field(factory=Waiters)
    attempt_ids: Iterator[int] = attrs.field(factory=itertools.count)
    requests: int = 0


class Transport:
    """Sends calls for one token. Many tasks may use it at once."""

    __slots__ = ("_settings", "_shared")

    def __init__(
        self,
        connection: Connection,
        limiter: Limiter,
        settings: Settings,
        *,
        reporter: Reporter | None = None,
        show_bodies: bool = False,
        random: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._settings = settings
        self._shared = _Shared(
            connection=connection,
            limiter=limiter,
            reporter=reporter or Reporter(),
            show_bodies=show_bodies,
            random=random,
            clock=clock,
            now=now,
            daily_quota=DailyQuota(
                ask=self._ask_for_quota, refuse_until=limiter.refuse_until, clock=clock, now=now
            ),
        )

    @property
    def settings(self) -> Settings:
        """How calls are made."""
        return self._settings

    @property
    def limiter(self) -> Limiter:
        """The rate limits."""
        return self._shared.limiter

    @property
    def base_url(self) -> str:
        """The root of the API."""
        return self._shared.connection.base_url

    @property
    def requests(self) -> int:
        """How many requests were sent in all."""
        return self._shared.requests

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._shared.connection.closed

    def with_settings(self, settings: Settings) -> Self:
        """Return another view of the same transport."""
        view = type(self).__new__(type(self))
        view._settings = settings
        view._shared = self._shared
        return view

    def report(self, event: Event) -> None:
        """Pass on an event of a room above."""
        self._shared.reporter.report(event)

    async def send(
        self, call: Call, *, bulk: bool = False, on_request: Callable[[], None] = _nothing
    ) -> ParsedResponse:
        """Send a call, and return its complete response.

        Args:
            call: What to send.
            bulk: Whether interactive calls go first.
            on_request: Called for each request that went over the wire.

        Raises:
            CallError: The call failed for good; `attempts` tells how often it was tried.
            ClientClosedError: The client is closed, or was closed meanwhile.
        """
        state = RetryState()

        async def attempt(call: Call) -> ParsedResponse:
            try:
                return await self._in_slot(call, state, self._read, bulk, on_request)
            except NotFoundError:
                if call.method == "DELETE" and state.maybe_done:
                    return ParsedResponse(call, 404, {})  # an earlier attempt deleted it
                raise

        response = await self._retry(call, state, attempt)
        return attrs.evolve(response, attempts=state.attempts)

    async def open(
        self,
        call: Call,
        state: RetryState,
        *,
        bulk: bool,
        buffer: int = BUFFER,
        on_request: Callable[[], None] = _nothing,
        revise: Callable[[CallError], Call] | None = None,
    ) -> StreamedResponse:
        """Send a call, and return its response as soon as that has begun successfully.

        Args:
            call: What to send.
            state: The attempts made so far. With a failure in it, that is retried.
            bulk: Whether interactive calls go first.
            buffer: Bytes of the body that may wait unread.
            on_request: Called for each request that went over the wire.
            revise: Returns the call of the next attempt after a failure, a smaller page for
                instance.

        Raises:
            CallError: As `send` raises it.
            ClientClosedError: As `send` raises it.
        """

        async def begin(call: Call, state: RetryState) -> StreamedResponse:
            body, report = await self._begin_successfully(call, state, buffer)
            return StreamedResponse(
                call,
                body,
                report,
                attempts=state.attempts,
                max_bytes=self._shared.connection.max_response_bytes,
                show_body=self._shared.show_bodies,
            )

        def attempt(call: Call) -> Awaitable[StreamedResponse]:
            return self._in_slot(call, state, begin, bulk, on_request)

        return await self._retry(call, state, attempt, revise)

    async def open_raw(self, call: Call, consume: Callable[[RawResponse], Awaitable[T]]) -> T:
        """Send a call whose response is not an envelope, and let it be consumed.

        Args:
            call: What to send.
            consume: Takes the response. If it raises a `CallError`, the call is retried as the
                policy says, and `consume` takes another response.

        Raises:
            CallError: As `send` raises it.
            ClientClosedError: As `send` raises it.
        """
        state = RetryState()

        async def begin(call: Call, state: RetryState) -> RawResponse:
            body, report = await self._begin_successfully(call, state, BUFFER)
            return RawResponse(call, body, report, state.attempts)

        async def attempt(call: Call) -> T:
            return await consume(await self._in_slot(call, state, begin))

        return await self._retry(call, state, attempt)

    async def close(self) -> None:
        """Close our own session and wake every call that waits. May be called again."""
        shared = self._shared
        shared.connection.closed = True
        shared.limiter.close()
        shared.waiters.wake()  # the closed limiter turns them away
        await shared.connection.close()

    # Retries

    async def _retry(
        self,
        call: Call,
        state: RetryState,
        attempt: Callable[[Call], Awaitable[T]],
        revise: Callable[[CallError], Call] | None = None,
    ) -> T:
        """Attempt a call until it succeeds, or its failure is final."""
        while True:
            failure, state.failure = state.failure, None
            if failure is not None:
                await self._wait_or_raise(call, failure, state)
            try:
                return await attempt(call)
            except CallError as error:
                state.failure = error.with_traceback(None)
            if revise is not None:
                call = revise(state.failure)

    async def _wait_or_raise(self, call: Call, failure: CallError, state: RetryState) -> None:
        """Wait until a call that failed may be attempted again, or raise its failure."""
        shared = self._shared
        if self.closed and isinstance(failure, TransportError):
            raise closed_error(call, failure)
        failure.attempts = state.attempts
        if isinstance(failure, DailyQuotaError) and call != QUOTA:
            await shared.daily_quota.note_exhausted(failure)
        policy = self._settings.retry
        kind = failure_kind(failure)
        wait = max(policy.wait(kind, state.attempts, shared.random()), failure.retry_after or 0.0)
        if kind is FailureKind.REFUSED:
            await shared.limiter.hold(min(wait, policy.wait_max))
        if not self._may_retry(call, failure, kind, wait, state):
            final = final_error(call, failure, maybe_done=state.maybe_done)
            raise final from (None if final is failure else failure)
        if kind in (FailureKind.FATE_UNKNOWN, FailureKind.SERVER_FAILED):
            state.maybe_done = True
        shared.reporter.report(
            RetryScheduled(
                method=call.method,
                path=call.path,
                attempt=state.attempts,
                wait=wait,
                error=type(failure).__name__,
            )
        )
        # A refused call waits for a slot, like every other.
        if kind is not FailureKind.REFUSED and wait > 0:
            await shared.waiters.sleep(wait)
            state.elapsed += wait

    def _may_retry(
        self, call: Call, failure: CallError, kind: FailureKind, wait: float, state: RetryState
    ) -> bool:
        """Decide about another attempt. Where time forbids it, the error says so."""
        policy = self._settings.retry
        if not policy.allows_retry(call.method, kind, state.attempts):
            return False
        if wait > policy.wait_max:
            until = self._shared.now() + timedelta(seconds=min(wait, 1e11))
            failure.message += (
                f"; the server asks to wait until {until:%Y-%m-%d %H:%M:%S} UTC, which is "
                f"longer than wait_max ({policy.wait_max:g} s)"
            )
            return False
        limit = self._settings.timeouts.call
        if state.elapsed + wait >= limit:
            failure.message += (
                f"; the {limit:g} s of the whole call leave no time for another attempt"
            )
            return False
        return True

    # One attempt

    @property
    def _lease(self) -> float:
        """Seconds after which even a vanished process's attempt has surely timed out."""
        return self._settings.timeouts.attempt + 10.0

    async def _in_slot(
        self,
        call: Call,
        state: RetryState,
        attempt: Callable[[Call, RetryState], Awaitable[T]],
        bulk: bool = False,
        on_request: Callable[[], None] = _nothing,
    ) -> T:
        """Wait for a slot under the rate limits, and attempt a call once."""
        try:
            slot = await self._shared.limiter.acquire(
                bulk=bulk, lease=self._lease, even_if_day_is_over=call == QUOTA
            )
        except CallError as error:
            raise annotate(error, call) from None
        return await self._with_slot(slot, call, state, attempt, on_request)

    async def _with_slot(
        self,
        slot: str,
        call: Call,
        state: RetryState,
        attempt: Callable[[Call, RetryState], Awaitable[T]],
        on_request: Callable[[], None] = _nothing,
    ) -> T:
        """Attempt a call that holds a slot, and release that."""
        shared = self._shared
        sent = True
        state.attempts += 1
        began = shared.clock()
        try:
            return await attempt(call, state)
        except (ConnectError, ClientClosedError):
            sent = False
            raise
        finally:
            state.elapsed += shared.clock() - began
            if sent:
                shared.requests += 1
                on_request()
            await shared.limiter.release(slot, sent=sent)

    async def _begin(
        self, call: Call, state: RetryState, buffer: int
    ) -> tuple[ResponseBody, AttemptReport]:
        """Send a call, and return its response once the headers have arrived."""
        shared = self._shared
        timeouts = self._settings.timeouts
        url = call.url(shared.connection.base_url)
        report = AttemptReport(shared.reporter, next(shared.attempt_ids), call.method, url)
        report.sent(call.resource, state.attempts, call.payload() if shared.show_bodies else None)
        began = shared.clock()
        try:
            body = await shared.connection.open(
                call,
                url,
                total=min(timeouts.attempt, timeouts.call - state.elapsed),
                connect=timeouts.connect,
                buffer=buffer,
            )
        except BaseException as error:
            report.broke_off(error, shared.clock() - began)
            raise
        return body, report

    async def _begin_successfully(
        self, call: Call, state: RetryState, buffer: int
    ) -> tuple[ResponseBody, AttemptReport]:
        """Begin as `_begin` does. The body of an error is read, and the error raised."""
        body, report = await self._begin(call, state, buffer)
        if body.status not in SUCCESS:
            await self._read_body(call, body, report)
        return body, report

    async def _read(self, call: Call, state: RetryState) -> ParsedResponse:
        """Send a call, and read its complete response."""
        body, report = await self._begin(call, state, BUFFER)
        return await self._read_body(call, body, report)

    async def _read_body(
        self, call: Call, body: ResponseBody, report: AttemptReport
    ) -> ParsedResponse:
        """Read a complete body, and parse it."""
        shared = self._shared
        try:
            data = await body.read_all(shared.connection.max_response_bytes)
        except BaseException as error:
            report.broke_off(error, body.seconds)
            raise
        finally:
            body.close()
        shown = data if shared.show_bodies else None
        try:
            response = parse_response(call, body.status, body.content_type, data)
        except CallError as error:
            error.retry_after = retry_after(body.headers.get("Retry-After"), shared.now())
            report.ended(body.status, len(data), body.seconds, type(error).__name__, shown)
            raise
        report.ended(body.status, len(data), body.seconds, None, shown)
        return response

    async def _ask_for_quota(self) -> ParsedResponse | None:
        """Ask for the daily quota in a slot that is free now: nobody is to wait for that."""
        try:
            slot = await self._shared.limiter.acquire_at_once(lease=self._lease)
        except LimitStoreError:
            return None
        if slot is None:
            return None
        return await self._with_slot(slot, QUOTA, RetryState(), self._read)
