"""No stretch of a minute sees more requests than the limit, and few of its places go unused."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intervals_async import ClientClosedError, Limit
from intervals_async.limits import Limiter, SlidingLog

Run = Callable[[Coroutine[Any, Any, None]], None]


def timeless_limiter(*limits: Limit) -> Limiter:
    return Limiter(limits, clock=asyncio.get_running_loop().time)


@pytest.mark.parametrize(("requests", "per"), [(0, 60.0), (-1, 60.0), (1, 0.0), (1, -1.0)])
def test_a_limit_is_above_zero(requests: int, per: float) -> None:
    """A limit that lets nothing through would hang for ever."""
    with pytest.raises(ValueError, match="must be"):
        Limit(requests, per)


def test_a_place_is_free_again_one_stretch_after_the_answer() -> None:
    """The server may have counted the request as late as just before it answered."""
    log = SlidingLog(Limit(2, per=60.0))
    log.begin()
    log.begin()
    assert log.wait(0.0) == math.inf
    log.end(5.0, sent=True)
    assert log.wait(5.0) == 60.0
    log.end(9.0, sent=False)
    assert log.wait(9.0) == 0.0
    log.begin()
    assert log.wait(9.0) == 56.0
    assert log.wait(65.0) == 0.0


@settings(deadline=None)
@given(
    st.integers(1, 5),
    st.lists(st.tuples(st.floats(0, 30), st.floats(0, 20), st.booleans()), max_size=40),
)
def test_no_stretch_holds_more_than_the_limit(
    most: int, schedule: list[tuple[float, float, bool]]
) -> None:
    """Wherever between sending and answer the server counts, it never counts too many."""
    log = SlidingLog(Limit(most, per=10.0))
    now = 0.0
    sent: list[tuple[float, float]] = []
    under_way: list[tuple[float, float, bool]] = []

    def end_until(moment: float) -> None:
        for begun, ends, reached in sorted(under_way, key=lambda one: one[1]):
            if ends <= moment:
                under_way.remove((begun, ends, reached))
                log.end(ends, sent=reached)
                if reached:
                    sent.append((begun, ends))

    for pause, duration, reached in schedule:
        now += pause
        end_until(now)
        while (wait := log.wait(now)) > 0:
            now = min(now + wait, min((ends for _, ends, _ in under_way), default=math.inf))
            end_until(now)
        log.begin()
        under_way.append((now, now + duration, reached))
    end_until(math.inf)
    # Each one counted at its latest moment, against all others at their earliest or latest.
    for begun, _ in sent:
        window = [one for one in sent if one[0] <= begun < one[1] + 10.0]
        assert len(window) <= most


def test_the_whole_budget_is_used(run_timeless: Run) -> None:
    """Of an hour's 6,000 places at least 98 % are taken, and no minute sees more than 100."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(100, per=60.0))
        now = asyncio.get_running_loop().time
        starts: list[float] = []

        async def worker() -> None:
            while now() < 3600:
                await limiter.acquire()
                starts.append(now())
                await asyncio.sleep(0.15)
                limiter.release(sent=True)

        async with asyncio.TaskGroup() as group:
            for _ in range(50):
                group.create_task(worker())
        inside = [start for start in starts if start < 3600]
        assert len(inside) >= 0.98 * 6000
        for first, after in zip(starts, starts[100:], strict=False):
            assert after - first >= 60.0

    run_timeless(main())


def test_first_come_first_served(run_timeless: Run) -> None:
    """Nobody is overtaken, not even by one who comes when a place is free."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(1, per=10.0))
        passed: list[int] = []

        async def one(number: int) -> None:
            await limiter.acquire()
            passed.append(number)
            limiter.release(sent=True)

        async with asyncio.TaskGroup() as group:
            for number in range(5):
                group.create_task(one(number))
        assert passed == [0, 1, 2, 3, 4]
        assert asyncio.get_running_loop().time() == 40.0

    run_timeless(main())


def test_several_limits_hold_at_once(run_timeless: Run) -> None:
    """The strictest one at the moment decides."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(2, per=1.0), Limit(3, per=10.0))
        starts: list[float] = []
        for _ in range(4):
            await limiter.acquire()
            starts.append(asyncio.get_running_loop().time())
            limiter.release(sent=True)
        assert starts == [0.0, 0.0, 1.0, 10.0]

    run_timeless(main())


def test_no_limits_let_everybody_pass(run_timeless: Run) -> None:
    """An empty set of limits is how they are turned off."""

    async def main() -> None:
        limiter = timeless_limiter()
        for _ in range(1000):
            await limiter.acquire()
        assert asyncio.get_running_loop().time() == 0.0

    run_timeless(main())


def test_a_request_under_way_holds_its_place(run_timeless: Run) -> None:
    """Who waits for one that is under way passes a stretch after it ends."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(1, per=10.0))
        await limiter.acquire()
        waiting = asyncio.create_task(limiter.acquire())
        await asyncio.sleep(3)
        assert not waiting.done()
        limiter.release(sent=True)
        await waiting
        assert asyncio.get_running_loop().time() == 13.0

    run_timeless(main())


def test_a_refusal_holds_everybody(run_timeless: Run) -> None:
    """The deadline is shared, ends by itself, and is never brought forward."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(100))
        limiter.hold(20.0)
        limiter.hold(5.0)
        await asyncio.gather(limiter.acquire(), limiter.acquire())
        assert asyncio.get_running_loop().time() == 20.0
        await limiter.acquire()
        assert asyncio.get_running_loop().time() == 20.0

    run_timeless(main())


def test_a_hold_reaches_those_who_wait_already(run_timeless: Run) -> None:
    """A refusal is learnt by all at once."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(1, per=10.0))
        await limiter.acquire()
        limiter.release(sent=True)
        waiting = asyncio.create_task(limiter.acquire())
        await asyncio.sleep(5)
        limiter.hold(30.0)
        await waiting
        assert asyncio.get_running_loop().time() == 35.0

    run_timeless(main())


@pytest.mark.parametrize("who", [0, 1, 2])
def test_a_cancelled_waiter_gives_its_place_back(run_timeless: Run, who: int) -> None:
    """Whoever in the line is cancelled, the others pass as if it had never been there."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(1, per=10.0))
        await limiter.acquire()
        limiter.release(sent=True)
        line = [asyncio.create_task(limiter.acquire()) for _ in range(3)]
        await asyncio.sleep(1)
        line.pop(who).cancel()
        await line[0]
        assert asyncio.get_running_loop().time() == 10.0
        limiter.release(sent=True)
        await line[1]
        assert asyncio.get_running_loop().time() == 20.0

    run_timeless(main())


def test_one_cancelled_just_after_it_may_pass_gives_its_place_back(run_timeless: Run) -> None:
    """Between being let through and noticing there is a moment, and no place is lost in it."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(1, per=10.0))
        await limiter.acquire()
        first = asyncio.create_task(limiter.acquire())
        second = asyncio.create_task(limiter.acquire())
        await asyncio.sleep(0)
        limiter.release(sent=False)  # lets the first one pass, which has not run yet
        first.cancel()
        await second
        assert first.cancelled()
        assert asyncio.get_running_loop().time() == 0.0

    run_timeless(main())


def test_one_cancelled_and_not_yet_run_is_passed_over(run_timeless: Run) -> None:
    """A place that is freed in the same moment goes to the next in the line."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(1, per=10.0))
        await limiter.acquire()
        first = asyncio.create_task(limiter.acquire())
        second = asyncio.create_task(limiter.acquire())
        await asyncio.sleep(0)
        first.cancel()
        limiter.release(sent=False)
        await second
        assert first.cancelled()

    run_timeless(main())


def test_closing_sends_all_away(run_timeless: Run) -> None:
    """Those who wait, those who were cancelled, and those who come later."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(1, per=10.0))
        await limiter.acquire()
        line = [asyncio.create_task(limiter.acquire()) for _ in range(3)]
        await asyncio.sleep(0)
        line[0].cancel()
        limiter.close()
        results = await asyncio.gather(*line, return_exceptions=True)
        assert [type(result) for result in results] == [
            asyncio.CancelledError,
            ClientClosedError,
            ClientClosedError,
        ]
        with pytest.raises(ClientClosedError):
            await limiter.acquire()
        limiter.release(sent=True)

    run_timeless(main())


def test_cancelled_and_closed_at_once(run_timeless: Run) -> None:
    """One who was sent away and is cancelled before it runs takes no place with it."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(1, per=10.0))
        await limiter.acquire()
        waiting = asyncio.create_task(limiter.acquire())
        await asyncio.sleep(0)
        limiter.close()
        waiting.cancel()
        with pytest.raises((asyncio.CancelledError, ClientClosedError)):
            await waiting

    run_timeless(main())
