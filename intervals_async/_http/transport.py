"""One call: wait for the limits, attempt it, and again where that is safe."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Self, TypeVar

import attrs

from .._schema.values import utc_moment
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
from .final_errors import closed_error, daily_quota_error, final_error
from .messages import SUCCESS, Call, Response, annotate, read_response
from .raw_response import RawResponse
from .reporting import AttemptReport, Reporter
from .settings import RetryState, Settings, Tally
from .streamed_response import StreamedResponse

__all__ = ["Transport"]

T = TypeVar("T")

QUOTA = Call("GET", "quota")

# Seconds for which a client sends nothing after "the day is used up", where the moment of
# the reset could not be asked.
UNKNOWN_RESET = 60.0

# Seconds for which a reset is believed at most; then it is asked for again.
LONGEST_DAY = 25 * 3600.0


def _utc_now() -> datetime:
    return datetime.now(UTC)


@attrs.frozen
class _DayAsked:
    """What is known of a day that is used up: its end, and until when that is believed."""

    reset: datetime | None
    until: float


@attrs.define(kw_only=True)
class _Shared:
    """What all views of one client have in common."""

    connection: Connection
    limiter: Limiter
    reporter: Reporter
    show_bodies: bool
    chance: Callable[[], float]
    clock: Callable[[], float]
    now: Callable[[], datetime]
    # Those who wait between two attempts; closing wakes them.
    sleepers: Waiters = attrs.field(factory=Waiters)
    attempt_ids: Iterator[int] = attrs.field(factory=itertools.count)
    # One at a time asks when the day is over.
    day: asyncio.Lock = attrs.field(factory=asyncio.Lock)
    day_asked: _DayAsked | None = None
    tally: Tally = attrs.field(factory=Tally)


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
        chance: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._settings = settings
        self._shared = _Shared(
            connection=connection,
            limiter=limiter,
            reporter=reporter or Reporter(),
            show_bodies=show_bodies,
            chance=chance,
            clock=clock,
            now=now,
        )

    @property
    def settings(self) -> Settings:
        """How calls are made."""
        return self._settings

    @property
    def limiter(self) -> Limiter:
        """Who lets requests pass."""
        return self._shared.limiter

    @property
    def base_url(self) -> str:
        """The root of the API."""
        return self._shared.connection.base_url

    @property
    def requests(self) -> int:
        """How many requests went over the wire in all."""
        return self._shared.tally.requests

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._shared.connection.closed

    def with_settings(self, settings: Settings) -> Self:
        """Give another view of the same transport."""
        view = type(self).__new__(type(self))
        view._settings = settings
        view._shared = self._shared
        return view

    def report(self, event: Event) -> None:
        """Pass on what a room above has to tell."""
        self._shared.reporter.report(event)

    async def send(self, call: Call, tally: Tally | None = None, *, bulk: bool = False) -> Response:
        """Send a call and give its answer; `bulk` lets others pass first.

        Raises:
            CallError: It failed for good; `attempts` says how often it was tried.
            ClientClosedError: The client is closed, or was meanwhile.
        """
        progress = RetryState()
        while True:
            place = await self._place(call, progress, bulk=bulk)
            result = await self._attempt_at(place, call, progress, tally, self._attempt)
            if isinstance(result, Response):
                return attrs.evolve(result, attempts=progress.attempts)
            if (
                isinstance(result, NotFoundError)
                and call.method == "DELETE"
                and progress.maybe_done
            ):
                return Response(call, 404, {}, progress.attempts)  # an earlier attempt did it
            await self.failed(call, result, progress)

    async def open(
        self, call: Call, progress: RetryState, tally: Tally, *, bulk: bool, buffer: int
    ) -> StreamedResponse | CallError:
        """Attempt a call once, and give its answer while it arrives, or what went wrong.

        `failed` says whether the call may be attempted again.
        """

        async def attempt(call: Call, progress: RetryState) -> StreamedResponse | CallError:
            return await self._open(call, progress, buffer)

        place = await self._place(call, progress, bulk=bulk)
        return await self._attempt_at(place, call, progress, tally, attempt)

    async def open_raw(self, call: Call, progress: RetryState) -> RawResponse | CallError:
        """Attempt a call once whose answer is a file, not an envelope; else as `open`."""

        async def attempt(call: Call, progress: RetryState) -> RawResponse | CallError:
            flow, report = await self._begin(call, progress, BUFFER)
            refused = await self._refused(call, flow, report)
            if refused is not None:
                return refused
            assert isinstance(flow, ResponseBody)  # noqa: S101  it was not refused
            return RawResponse(call, flow, report, progress.attempts)

        place = await self._place(call, progress, bulk=False)
        return await self._attempt_at(place, call, progress, None, attempt)

    async def failed(self, call: Call, failure: CallError, progress: RetryState) -> None:
        """Wait until a call that failed may be attempted again, or raise the failure."""
        if self.closed and isinstance(failure, TransportError):
            raise closed_error(call, failure)
        failure.attempts = progress.attempts
        wait = await self._wait_before_next(call, failure, progress)
        if wait > 0:
            await self._shared.sleepers.sleep(wait)
            progress.spent += wait

    async def close(self) -> None:
        """Close our own session and wake all who wait. May be called again."""
        shared = self._shared
        shared.connection.closed = True
        shared.limiter.close()
        shared.sleepers.wake()  # and the closed limiter sends them away
        await shared.connection.close()

    @property
    def _lease(self) -> float:
        """Seconds after which even a vanished process's attempt has surely timed out."""
        return self._settings.timeouts.attempt + 10.0

    async def _place(self, call: Call, progress: RetryState, *, bulk: bool) -> str:
        """Wait for a place under the limits."""
        try:
            return await self._shared.limiter.acquire(
                bulk=bulk, lease=self._lease, even_if_day_is_over=call == QUOTA
            )
        except CallError as error:
            error.attempts = progress.attempts
            raise final_error(call, annotate(error, call), maybe_done=progress.maybe_done) from None

    async def _attempt_at(
        self,
        place: str,
        call: Call,
        progress: RetryState,
        tally: Tally | None,
        attempt: Callable[[Call, RetryState], Awaitable[T | CallError]],
    ) -> T | CallError:
        """Attempt a call that holds a place under the limits, and give the place back."""
        shared = self._shared
        sent = True
        progress.attempts += 1
        begun = shared.clock()
        try:
            result = await attempt(call, progress)
            sent = not isinstance(result, ConnectError)
        except ClientClosedError:
            sent = False
            raise
        finally:
            progress.spent += shared.clock() - begun
            if sent:
                shared.tally.requests += 1
                if tally is not None:
                    tally.requests += 1
            await shared.limiter.release(place, sent=sent)
        return result

    async def _attempt(self, call: Call, progress: RetryState) -> Response | CallError:
        """Attempt a call, and read the whole answer."""
        flow, report = await self._begin(call, progress, BUFFER)
        return flow if isinstance(flow, CallError) else await self._whole(call, flow, report)

    async def _open(
        self, call: Call, progress: RetryState, buffer: int
    ) -> StreamedResponse | CallError:
        """Attempt a call, and read the answer while it arrives, unless it is an error."""
        flow, report = await self._begin(call, progress, buffer)
        refused = await self._refused(call, flow, report)
        if refused is not None:
            return refused
        assert isinstance(flow, ResponseBody)  # noqa: S101  it was not refused
        return StreamedResponse(
            call,
            flow,
            report,
            attempts=progress.attempts,
            most_bytes=self._shared.connection.most_bytes,
            show_body=self._shared.show_bodies,
        )

    async def _refused(
        self, call: Call, flow: ResponseBody | CallError, report: AttemptReport
    ) -> CallError | None:
        """Read the whole of an answer that tells of an error, and give that."""
        if isinstance(flow, CallError):
            return flow
        if flow.status in SUCCESS:
            return None
        refused = await self._whole(call, flow, report)
        assert isinstance(refused, CallError)  # noqa: S101  no other status is a success
        return refused

    async def _begin(
        self, call: Call, progress: RetryState, buffer: int
    ) -> tuple[ResponseBody | CallError, AttemptReport]:
        shared = self._shared
        timeouts = self._settings.timeouts
        url = call.url(shared.connection.base_url)
        report = AttemptReport(shared.reporter, next(shared.attempt_ids), call.method, url)
        report.sent(
            call.resource, progress.attempts, call.payload() if shared.show_bodies else None
        )
        begun = shared.clock()
        try:
            flow = await shared.connection.open(
                call,
                total=min(timeouts.attempt, timeouts.call - progress.spent),
                connect=timeouts.connect,
                buffer=buffer,
            )
        except BaseException as error:
            # without the message: what is no CallError is not ours, and may hold anything
            report.failed(type(error).__name__, "it was given up", shared.clock() - begun)
            raise
        if isinstance(flow, CallError):
            report.failed(type(flow).__name__, flow.message, shared.clock() - begun)
        return flow, report

    async def _whole(
        self, call: Call, flow: ResponseBody, report: AttemptReport
    ) -> Response | CallError:
        """Read the whole of an answer, and judge it."""
        shared = self._shared
        try:
            body = await flow.body(shared.connection.most_bytes)
        except BaseException as error:
            report.failed(type(error).__name__, "it was given up", flow.seconds)
            raise
        finally:
            flow.close()
        if isinstance(body, CallError):
            report.failed(type(body).__name__, body.message, flow.seconds)
            return body
        result: Response | CallError
        try:
            result = read_response(call, flow.status, flow.content_type, body)
        except CallError as error:
            error.retry_after = retry_after(flow.retry_after, shared.now())
            result = error.with_traceback(None)
        report.answered(
            flow.status,
            size=len(body),
            seconds=flow.seconds,
            error=type(result).__name__ if isinstance(result, CallError) else None,
            body=body if shared.show_bodies else None,
        )
        return result

    async def _wait_before_next(
        self, call: Call, failure: CallError, progress: RetryState
    ) -> float:
        """Say how long to wait for the next attempt, or raise the failure if there is none."""
        policy = self._settings.retry
        what = failure_kind(failure)
        if isinstance(failure, DailyQuotaError) and call != QUOTA:
            await self._day_is_over(failure)
        wait = max(
            policy.wait(what, progress.attempts, self._shared.chance()),
            failure.retry_after or 0.0,
        )
        if what is FailureKind.REFUSED:
            await self._shared.limiter.hold(min(wait, policy.wait_max))
        again = policy.again(call.method, what, progress.attempts)
        if again and wait > policy.wait_max:
            until = self._shared.now() + timedelta(seconds=min(wait, 1e11))
            failure.message += (
                f"; the server asks to wait until {until:%Y-%m-%d %H:%M:%S} UTC, which is "
                f"longer than wait_max ({policy.wait_max:g} s)"
            )
            again = False
        elif again and progress.spent + wait >= self._settings.timeouts.call:
            failure.message += (
                f"; the {self._settings.timeouts.call:g} s of the whole call leave no time "
                "for another attempt"
            )
            again = False
        if not again:
            final = final_error(call, failure, maybe_done=progress.maybe_done)
            raise final from (None if final is failure else failure)
        if what in (FailureKind.FATE_UNKNOWN, FailureKind.SERVER_FAILED):
            progress.maybe_done = True
        self._shared.reporter.report(
            RetryScheduled(
                method=call.method,
                path=call.path,
                attempt=progress.attempts,
                wait=wait,
                error=type(failure).__name__,
            )
        )
        # Those who were refused wait in the line, like everybody.
        return 0.0 if what is FailureKind.REFUSED else wait

    async def _day_is_over(self, failure: DailyQuotaError) -> None:
        """Find out until when, once for all, and send everybody away until then."""
        shared = self._shared
        async with shared.day:
            if shared.day_asked is None or shared.clock() >= shared.day_asked.until:
                reset = await self._ask_for_reset()
                seconds = UNKNOWN_RESET
                if reset is not None:
                    seconds = min((reset - shared.now()).total_seconds(), LONGEST_DAY)
                shared.day_asked = _DayAsked(reset, shared.clock() + seconds)
                shared.limiter.refuse_until(
                    shared.day_asked.until, lambda: daily_quota_error(reset)
                )
            failure.reset = shared.day_asked.reset

    async def _ask_for_reset(self) -> datetime | None:
        """Ask /quota/ if a place is free at once: nobody is to wait to hear of the end."""
        try:
            place = await self._shared.limiter.acquire_at_once(lease=self._lease)
        except LimitStoreError:
            return None
        if place is None:
            return None
        answer = await self._attempt_at(place, QUOTA, RetryState(), None, self._attempt)
        try:
            row = answer.row() if isinstance(answer, Response) else None
            reset = utc_moment(row["next_reset"] if isinstance(row, dict) else None)
        except (CallError, KeyError, ValueError):
            return None
        return reset if reset > self._shared.now() else None
