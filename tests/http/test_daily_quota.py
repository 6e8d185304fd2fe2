"""The daily quota: its reset is requested once, and no request is sent until then."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from intervals_async import Budget, DailyQuotaError, IntervalsClient, Limit, LimitUse
from intervals_async._http.connection import Connection
from intervals_async._http.credentials import TokenSource
from intervals_async._http.messages import Call
from intervals_async._http.settings import Settings, Timeouts
from intervals_async._http.transport import Transport
from intervals_async.limits import Limiter
from intervals_async.retry import RetryPolicy
from intervals_async.testing import FakeIntervals, faults


class Clock:
    """A clock that the test sets, for the server and the client."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        """Return the seconds, as a monotonic clock does."""
        return self.seconds

    def utc(self) -> datetime:
        """Return the same moment as a date."""
        return datetime(2026, 11, 22, 23, 0, tzinfo=UTC) + timedelta(seconds=self.seconds)


@pytest.fixture
def clock() -> Clock:
    """Return a clock that starts an hour before midnight UTC."""
    return Clock()


@pytest.fixture
async def small(clock: Clock) -> AsyncIterator[FakeIntervals]:
    """Return a server that allows three requests per day."""
    async with FakeIntervals(
        notes=5, per_minute=None, per_day=3, now=clock.utc, clock=clock
    ) as fake:
        yield fake


@pytest.fixture
async def transport(small: FakeIntervals, clock: Clock) -> AsyncIterator[Transport]:
    """Return a transport to the small server, on the same clock."""
    connection = Connection(
        TokenSource(small.token),
        base_url=small.url,
        session=None,
        trace_configs=(),
        max_response_bytes=2**20,
    )
    settings = Settings(
        timeouts=Timeouts(connect=10, attempt=60, call=300), retry=RetryPolicy(attempts=1)
    )
    limiter = Limiter((), clock=clock)
    transport = Transport(connection, limiter, settings, clock=clock, now=clock.utc)
    yield transport
    await transport.close()


async def test_the_reset_is_requested_once(
    fake: FakeIntervals,
) -> None:
    """Many calls that exceed the quota request /quota/ once, and all errors hold its reset."""
    fake.inject(faults.DayUsedUp(), path="/me/", times=None)
    async with IntervalsClient(
        fake.token, base_url=fake.url, limits=[Limit(21, per=1e6)]
    ) as client:
        results = await asyncio.gather(
            *(client.me.get() for _ in range(20)), return_exceptions=True
        )
    assert [type(result) for result in results] == [DailyQuotaError] * 20
    assert len({getattr(result, "reset", None) for result in results}) == 1
    assert [seen.path for seen in fake.log].count("/quota/") == 1


async def test_no_request_is_sent_until_the_reset(
    small: FakeIntervals, transport: Transport, clock: Clock
) -> None:
    """Until the reset, calls fail without a request, except /quota/; afterwards they are sent."""
    me = Call("GET", "me")
    for _ in range(3):
        await transport.send(me)
    with pytest.raises(DailyQuotaError) as caught:
        await transport.send(me)
    assert caught.value.reset == datetime(2026, 11, 23, tzinfo=UTC)
    assert (caught.value.code, caught.value.attempts, small.requests) == (11, 1, 5)
    for bulk in (False, True):
        with pytest.raises(DailyQuotaError) as caught:
            await transport.send(me, bulk=bulk)
        assert caught.value.reset == datetime(2026, 11, 23, tzinfo=UTC)
        assert (caught.value.method, caught.value.path) == ("GET", "/me/")
        assert (caught.value.attempts, small.requests) == (0, 5)
    await transport.send(Call("GET", "quota"))
    clock.seconds = 3599.0
    with pytest.raises(DailyQuotaError):
        await transport.send(me)
    assert small.requests == 6
    clock.seconds = 3601.0
    await transport.send(me)
    assert small.requests == 7


@pytest.mark.parametrize(
    "fault",
    [
        faults.Status(500),
        faults.Raw(b'{"quota": {"quota": "1", "used": "1", "exceeded": "t"}}'),
        faults.Raw(b'{"quota": {"next_reset": "soon"}}'),
        faults.Raw(b'{"quota": {"next_reset": "2001-01-01 00:00:00"}}'),
        faults.Raw(b'{"quota": {"next_reset": "0001-01-01 00:00:00+05:00"}}'),
        faults.Raw(b'{"quota": []}'),
        faults.DayUsedUp(),
    ],
    ids=repr,
)
async def test_without_a_reset_the_client_pauses_for_a_minute(
    small: FakeIntervals, transport: Transport, clock: Clock, fault: faults.Fault
) -> None:
    """If /quota/ returns no reset, calls fail for a minute, and then one is sent."""
    me = Call("GET", "me")
    small.inject(fault, path="/quota/", times=None)
    small.inject(faults.DayUsedUp(), path="/me/")
    for _ in range(3):
        with pytest.raises(DailyQuotaError) as caught:
            await transport.send(me)
        assert caught.value.reset is None
    assert small.requests == 2
    clock.seconds = 60.0
    await transport.send(me)


async def test_a_reset_in_the_far_future_is_valid_for_a_day(
    small: FakeIntervals, transport: Transport, clock: Clock
) -> None:
    """A wrong reset in the far future lets calls fail for 25 hours at most."""
    me = Call("GET", "me")
    small.inject(faults.Raw(b'{"quota": {"next_reset": "9999-12-31 23:59:59"}}'), path="/quota/")
    small.inject(faults.DayUsedUp(), path="/me/")
    with pytest.raises(DailyQuotaError):
        await transport.send(me)
    clock.seconds = 25 * 3600.0
    await transport.send(me)


async def test_the_reset_is_not_requested_without_a_free_slot(fake: FakeIntervals) -> None:
    """Without a free slot, /quota/ is not requested and all calls fail at once."""
    fake.inject(faults.DayUsedUp())
    async with IntervalsClient(fake.token, base_url=fake.url, limits=[Limit(1, per=1e6)]) as client:
        results = await asyncio.gather(*(client.me.get() for _ in range(5)), return_exceptions=True)
    assert [type(result) for result in results] == [DailyQuotaError] * 5
    assert fake.requests == 1


async def test_the_reset_is_requested_within_the_timeouts_of_the_call(
    fake: FakeIntervals,
) -> None:
    """A view with a short timeout does not wait longer than that for the reset."""
    hold = asyncio.Event()
    fake.inject(faults.DayUsedUp(), path="/me/")
    fake.inject(faults.Hold(hold), path="/quota/")
    async with IntervalsClient(fake.token, base_url=fake.url, limits=(), timeout=1e6) as client:
        async with asyncio.timeout(30):
            with pytest.raises(DailyQuotaError) as caught:
                await client.with_options(timeout=0.05).me.get()
        hold.set()
    assert caught.value.reset is None


async def test_the_error_keeps_its_reset_when_pickled(small: FakeIntervals) -> None:
    """Pickling keeps the reset of a DailyQuotaError."""
    async with IntervalsClient(small.token, base_url=small.url) as client:
        small.inject(faults.DayUsedUp())
        with pytest.raises(DailyQuotaError) as caught:
            await client.me.get()
    twin = pickle.loads(pickle.dumps(caught.value))
    assert twin.reset == caught.value.reset


async def test_budget(small: FakeIntervals) -> None:
    """The budget holds what is left of both limits, and what this client has used."""
    limit = Limit(100)
    async with IntervalsClient(small.token, base_url=small.url, limits=[limit]) as client:
        await client.me.get()
        await client.projectnote.list().collect()
        budget = await client.budget()
    assert budget == Budget(
        limits=(LimitUse(limit, 3),),
        daily_quota=3,
        daily_used=2,
        next_reset=datetime(2026, 11, 23, tzinfo=UTC),
        requests=3,
    )
    assert (budget.daily_left, budget.limits[0].left) == (1, 97)
