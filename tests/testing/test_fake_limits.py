"""The two limits, on clocks that the test holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from intervals_async.testing import FakeIntervals

from .asking import ask


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        """Return the time that the test has set."""
        return self.seconds


async def test_the_minute() -> None:
    """No 60 seconds see more than the limit, however they lie; the refusal is 400 with code 12."""
    clock = Clock()
    async with FakeIntervals(notes=0, per_minute=2, clock=clock) as fake:

        async def code() -> object:
            reply = await ask(fake, "me/")
            return reply.status if reply.status == 200 else (reply.status, reply.code)

        assert await code() == 200
        clock.seconds += 50
        assert await code() == 200
        assert await code() == (400, 12)
        clock.seconds += 9.5
        assert await code() == (400, 12)
        clock.seconds += 0.5
        assert await code() == 200
        assert await code() == (400, 12)


async def test_the_default_minute() -> None:
    """A hundred requests a minute are let through, those of all callers together."""
    async with FakeIntervals(notes=0, clock=Clock()) as fake:
        for _ in range(100):
            assert (await ask(fake, "me/", token="nobody")).status == 401
        reply = await ask(fake, "quota/")
        assert (reply.status, reply.code) == (400, 12)
        assert reply.json["personid"] == "201"


async def test_the_day() -> None:
    """The day's limit is of the account, resets at midnight GMT and leaves /quota/ alone."""
    moment = [datetime(2026, 1, 2, 2, 30, tzinfo=timezone(timedelta(hours=3)))]
    async with FakeIntervals(notes=0, per_day=2, now=lambda: moment[0]) as fake:
        assert (await ask(fake, "me/")).status == 200
        assert (await ask(fake, "nothing/", token=fake.token_for("Manager"))).code == 13
        for _ in range(2):
            reply = await ask(fake, "me/")
            assert (reply.status, reply.code) == (400, 11)
            quota = (await ask(fake, "quota/")).json["quota"]
            assert (quota["used"], quota["exceeded"]) == ("2", "t")
            assert quota["next_reset"] == "2026-01-02 00:00:00"
        moment[0] = datetime(2026, 1, 2, tzinfo=UTC)
        assert (await ask(fake, "me/")).status == 200
        assert (await ask(fake, "quota/")).json["quota"]["used"] == "1"


async def test_no_limits() -> None:
    """Both limits can be turned off; the quota is then far away."""
    async with FakeIntervals(notes=0, per_minute=None, per_day=None) as fake:
        for _ in range(150):
            assert (await ask(fake, "me/")).status == 200
        quota = (await ask(fake, "quota/")).json["quota"]
        assert (quota["used"], quota["exceeded"]) == ("150", "f")
        assert int(quota["quota"]) > 1_000_000
