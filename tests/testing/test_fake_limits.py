"""The rate limit per minute and the daily quota, on clocks that the test controls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from intervals_async.testing import FakeIntervals

from .raw_client import send


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        """Return the time that the test has set."""
        return self.seconds


async def test_rate_limit_per_minute() -> None:
    """No window of 60 seconds admits more requests than the limit; the error has code 12."""
    clock = Clock()
    async with FakeIntervals(notes=0, per_minute=2, clock=clock) as fake:

        async def code() -> object:
            response = await send(fake, "me/")
            return response.status if response.status == 200 else (response.status, response.code)

        assert await code() == 200
        clock.seconds += 50
        assert await code() == 200
        assert await code() == (400, 12)
        clock.seconds += 9.5
        assert await code() == (400, 12)
        clock.seconds += 0.5
        assert await code() == 200
        assert await code() == (400, 12)


async def test_default_rate_limit() -> None:
    """The default rate limit admits 100 requests per minute of all callers together."""
    async with FakeIntervals(notes=0, clock=Clock()) as fake:
        for _ in range(100):
            assert (await send(fake, "me/", token="nobody")).status == 401
        response = await send(fake, "quota/")
        assert (response.status, response.code) == (400, 12)
        assert response.json["personid"] == "201"


async def test_daily_quota() -> None:
    """The daily quota belongs to the account, resets at midnight GMT and excludes /quota/."""
    moment = [datetime(2026, 1, 2, 2, 30, tzinfo=timezone(timedelta(hours=3)))]
    async with FakeIntervals(notes=0, per_day=2, now=lambda: moment[0]) as fake:
        assert (await send(fake, "me/")).status == 200
        assert (await send(fake, "nothing/", token=fake.token_for("Manager"))).code == 13
        for _ in range(2):
            response = await send(fake, "me/")
            assert (response.status, response.code) == (400, 11)
            quota = (await send(fake, "quota/")).json["quota"]
            assert (quota["used"], quota["exceeded"]) == ("2", "t")
            assert quota["next_reset"] == "2026-01-02 00:00:00"
        moment[0] = datetime(2026, 1, 2, tzinfo=UTC)
        assert (await send(fake, "me/")).status == 200
        assert (await send(fake, "quota/")).json["quota"]["used"] == "1"


async def test_limits_can_be_turned_off() -> None:
    """Without limits every request is admitted, and /quota/ reports a huge quota."""
    async with FakeIntervals(notes=0, per_minute=None, per_day=None) as fake:
        for _ in range(150):
            assert (await send(fake, "me/")).status == 200
        quota = (await send(fake, "quota/")).json["quota"]
        assert (quota["used"], quota["exceeded"]) == ("150", "f")
        assert int(quota["quota"]) > 1_000_000
