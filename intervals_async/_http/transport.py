"""One call: wait for the rate limits, attempt it, and retry it where that is safe."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Self, TypeVar

import attrs

from ..errors import (
    AuthenticationError,
    CallError,
    DailyQuotaError,
    NotFoundError,
    RateLimitError,
    TransportError,
)
from ..events import Event, FieldUnreadable, RetryScheduled
from ..limits import Limiter
from ..limits.waiters import Waiters
from ..retry import FailureKind, failure_kind
from .attempts import Attempts, count_nothing
from .connection import BUFFER, Connection
from .credentials import Credentials
from .daily_quota import QUOTA, DailyQuota
from .final_errors import closed_error, final_error
from .messages import Call, ParsedResponse
from .raw_response import RawResponse
from .reporting import Reporter
from .response import Response
from .server_clock import ServerClock
from .settings import RetryState, Settings, Timeouts
from .streamed_response import StreamedResponse

__all__ = ["Transport"]

T = TypeVar("T")


def _utc_now() -> datetime:
    return datetime.now(UTC)


@attrs.frozen(kw_only=True)
class _Shared:
    """What all views of one client share."""

    attempts: Attempts
    daily_quota: DailyQuota
    random: Callable[[], float]
    # Calls that wait between two attempts. Closing wakes them.
    waiters: Waiters = attrs.field(factory=Waiters)
    # The resource and name of each field whose unreadable values were reported.
    unreadable: set[tuple[str, str]] = attrs.field(factory=set[tuple[str, str]])


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
        server_clock = ServerClock(now)
        attempts = Attempts(
            connection=connection,
            limiter=limiter,
            reporter=reporter or Reporter(),
            show_bodies=show_bodies,
            clock=clock,
            server_clock=server_clock,
        )
        self._shared = _Shared(
            attempts=attempts,
            daily_quota=DailyQuota(
                ask=attempts.ask_for_quota,
                refuse_until=limiter.refuse_until,
                clock=clock,
                now=server_clock.now,
            ),
            random=random,
        )

    @property
    def settings(self) -> Settings:
        """How calls are made."""
        return self._settings

    @property
    def limiter(self) -> Limiter:
        """The rate limits."""
        return self._shared.attempts.limiter

    @property
    def base_url(self) -> str:
        """The root of the API."""
        return self._shared.attempts.connection.base_url

    @property
    def server_clock(self) -> ServerClock:
        """The server's time."""
        return self._shared.attempts.server_clock

    @property
    def requests(self) -> int:
        """The number of requests that were sent."""
        return self._shared.attempts.requests

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._shared.attempts.connection.closed

    def with_settings(self, settings: Settings) -> Self:
        """Return another view of the same transport."""
        view = type(self).__new__(type(self))
        view._settings = settings
        view._shared = self._shared
        return view

    def report(self, event: Event) -> None:
        """Report an event of a layer above."""
        self._shared.attempts.reporter.report(event)

    def report_unreadable(self, fields: Iterable[FieldUnreadable]) -> None:
        """Report the fields that could not be read, each once in the life of the client."""
        for event in fields:
            field = (event.resource, event.field)
            if field not in self._shared.unreadable:
                self._shared.unreadable.add(field)
                self.report(event)

    async def send(
        self, call: Call, *, bulk: bool = False, on_request: Callable[[], None] = count_nothing
    ) -> ParsedResponse:
        """Send a call, and return its complete response.

        Args:
            call: What to send.
            bulk: Whether interactive calls take priority.
            on_request: Called for each request that was sent.

        Raises:
            CallError: The call failed, and was retried `attempts` - 1 times.
            ClientClosedError: The client is closed, or was closed during the call.
        """
        state = RetryState()
        gone = ParsedResponse(call, 404, {})
        response = await self._complete(
            call, state, self._shared.attempts.read, gone, bulk=bulk, on_request=on_request
        )
        return attrs.evolve(response, attempts=state.attempts)

    async def send_raw(self, call: Call, *, raise_errors: bool = True) -> Response:
        """Send a call, and return its complete response without parsing it.

        Args:
            call: What to send.
            raise_errors: Whether to raise the error in a response. Otherwise the response is
                returned, unless a rate limit refused the call.

        Raises:
            CallError: As for `send`.
            ClientClosedError: As for `send`.
        """
        gone = Response(status=404, headers={}, body=b"")
        responses: list[Response] = []  # of the last attempt

        async def read(call: Call, state: RetryState, timeouts: Timeouts) -> Response:
            responses.clear()
            return await self._shared.attempts.read_raw(call, state, timeouts, responses.append)

        try:
            return await self._complete(call, RetryState(), read, gone)
        except RateLimitError:
            raise
        except CallError:
            if raise_errors or not responses:
                raise
        return responses[-1]

    async def open(
        self,
        call: Call,
        state: RetryState,
        *,
        bulk: bool,
        buffer: int = BUFFER,
        on_request: Callable[[], None] = count_nothing,
        revise: Callable[[CallError], Call] | None = None,
    ) -> StreamedResponse:
        """Send a call, and return its response once that has begun successfully.

        Args:
            call: What to send.
            state: The attempts made so far. A failure in it is retried.
            bulk: Whether interactive calls take priority.
            buffer: The maximum number of unread bytes of the body in memory.
            on_request: Called for each request that was sent.
            revise: Returns the call of the next attempt after a failure, a smaller page for
                instance.

        Raises:
            CallError: As for `send`.
            ClientClosedError: As for `send`.
        """
        attempts = self._shared.attempts

        async def begin(call: Call, state: RetryState, timeouts: Timeouts) -> StreamedResponse:
            body, report = await attempts.begin(call, state, timeouts, buffer)
            return StreamedResponse(
                call,
                body,
                report,
                attempts=state.attempts,
                max_bytes=attempts.connection.max_response_bytes,
                show_body=attempts.show_bodies,
            )

        def attempt(call: Call) -> Awaitable[StreamedResponse]:
            timeouts = self._settings.timeouts
            return attempts.in_slot(call, state, timeouts, begin, bulk=bulk, on_request=on_request)

        return await self._retry(call, state, attempt, revise)

    async def open_raw(
        self,
        call: Call,
        consume: Callable[[RawResponse], Awaitable[T]],
        revise: Callable[[CallError], Call] | None = None,
    ) -> T:
        """Send a call whose response is not an envelope, and pass the response to a function.

        Args:
            call: What to send.
            consume: Consumes the response. If it raises a `CallError`, the call is retried as
                the policy says, and `consume` is called with another response.
            revise: Returns the call of the next attempt after a failure.

        Raises:
            CallError: As for `send`.
            ClientClosedError: As for `send`.
        """
        attempts = self._shared.attempts
        state = RetryState()

        async def begin(call: Call, state: RetryState, timeouts: Timeouts) -> RawResponse:
            body, report = await attempts.begin(call, state, timeouts)
            return RawResponse(call, body, report, state.attempts)

        async def attempt(call: Call) -> T:
            timeouts = self._settings.timeouts
            return await consume(await attempts.in_slot(call, state, timeouts, begin))

        return await self._retry(call, state, attempt, revise)

    async def close(self) -> None:
        """Close the session and wake all waiting calls. Allowed more than once."""
        connection = self._shared.attempts.connection
        connection.closed = True
        self.limiter.close()
        self._shared.waiters.wake()  # the closed limiter refuses their next attempt
        await connection.close()

    # Retries

    async def _complete(
        self,
        call: Call,
        state: RetryState,
        read: Callable[[Call, RetryState, Timeouts], Awaitable[T]],
        gone: T,
        *,
        bulk: bool = False,
        on_request: Callable[[], None] = count_nothing,
    ) -> T:
        """Send a call, and return its complete response; `gone` if it had deleted its record."""

        async def attempt(call: Call) -> T:
            try:
                return await self._shared.attempts.in_slot(
                    call, state, self._settings.timeouts, read, bulk=bulk, on_request=on_request
                )
            except NotFoundError:
                if call.method == "DELETE" and state.maybe_done:
                    return gone  # an earlier attempt deleted the record
                raise

        return await self._retry(call, state, attempt)

    async def _retry(
        self,
        call: Call,
        state: RetryState,
        attempt: Callable[[Call], Awaitable[T]],
        revise: Callable[[CallError], Call] | None = None,
    ) -> T:
        """Attempt a call until it succeeds or its failure is final."""
        while True:
            failure, state.failure = state.failure, None
            if failure is not None:
                await self._wait_or_raise(call, failure, state)
            tokens = self._shared.attempts.connection.tokens
            used = tokens.current or await tokens.credentials()
            try:
                return await attempt(call)
            except AuthenticationError as error:
                if not await self._renew(call, used, state):
                    state.failure = error.with_traceback(None)
            except CallError as error:
                state.failure = error.with_traceback(None)
            if revise is not None and state.failure is not None:
                call = revise(state.failure)

    async def _renew(self, call: Call, used: Credentials, state: RetryState) -> bool:
        """Ask for a new token once in a call, and return whether the call may be retried."""
        tokens = self._shared.attempts.connection.tokens
        if state.renewed or not await tokens.renew(used):
            return False
        state.renewed = True
        self._report_retry(call, state, wait=0.0, error=AuthenticationError.__name__)
        return True

    async def _wait_or_raise(self, call: Call, failure: CallError, state: RetryState) -> None:
        """Wait until a call that failed may be attempted again, or raise its failure."""
        shared = self._shared
        if self.closed and isinstance(failure, TransportError):
            raise closed_error(call, failure)
        failure.attempts = state.attempts
        if isinstance(failure, DailyQuotaError) and call != QUOTA:
            await shared.daily_quota.note_exhausted(failure, self._settings.timeouts)
        policy = self._settings.retry
        kind = failure_kind(failure)
        wait = max(policy.wait(kind, state.attempts, shared.random()), failure.retry_after or 0.0)
        if kind is FailureKind.REFUSED:
            await self.limiter.hold(min(wait, policy.wait_max))
        if not self._may_retry(call, failure, kind, wait, state):
            final = final_error(call, failure, maybe_done=state.maybe_done)
            raise final from (None if final is failure else failure)
        if kind in (FailureKind.FATE_UNKNOWN, FailureKind.SERVER_FAILED):
            state.maybe_done = True
        self._report_retry(call, state, wait=wait, error=type(failure).__name__)
        # A refused call waits for a slot, like all others.
        if kind is not FailureKind.REFUSED and wait > 0:
            await shared.waiters.sleep(wait)
            state.elapsed += wait

    def _report_retry(self, call: Call, state: RetryState, *, wait: float, error: str) -> None:
        self.report(
            RetryScheduled(
                method=call.method,
                path=call.path,
                attempt=state.attempts,
                wait=wait,
                error=error,
            )
        )

    def _may_retry(
        self, call: Call, failure: CallError, kind: FailureKind, wait: float, state: RetryState
    ) -> bool:
        """Whether another attempt is allowed. If time forbids it, the error says so."""
        policy = self._settings.retry
        if not policy.allows_retry(call.method, kind, state.attempts):
            return False
        if wait > policy.wait_max:
            until = self.server_clock.now() + timedelta(seconds=min(wait, 1e11))
            failure.message += (
                f"; the server asks to wait until {until:%Y-%m-%d %H:%M:%S} UTC, which is "
                f"longer than wait_max ({policy.wait_max:g} s)"
            )
            return False
        limit = self._settings.timeouts.call
        if state.elapsed + wait >= limit:
            failure.message += f"; call_timeout ({limit:g} s) leaves no time for another attempt"
            return False
        return True
