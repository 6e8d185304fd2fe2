"""No stretch of a minute sees more requests than the limit, and few of its places go unused."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intervals_async import ClientClosedError, DailyQuotaError, Limit
from intervals_async.limits import Limiter, MemoryLimitStore
from intervals_async.limits.limit import SlidingLog

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
                place = await limiter.acquire()
                starts.append(now())
                await asyncio.sleep(0.15)
                await limiter.release(place, sent=True)

        async with asyncio.TaskGroup() as group:
            for _ in range(200):
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
            place = await limiter.acquire()
            passed.append(number)
            await limiter.release(place, sent=True)

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
            place = await limiter.acquire()
            starts.append(asyncio.get_running_loop().time())
            await limiter.release(place, sent=True)
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
        place = await limiter.acquire()
        waiting = asyncio.create_task(limiter.acquire())
        await asyncio.sleep(3)
        assert not waiting.done()
        await limiter.release(place, sent=True)
        await waiting
        assert asyncio.get_running_loop().time() == 13.0

    run_timeless(main())


def test_a_place_that_is_unknown_is_passed_over(run_timeless: Run) -> None:
    """Giving back twice frees nothing twice."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(2, per=10.0))
        place = await limiter.acquire()
        await limiter.release(place, sent=True)
        await limiter.release(place, sent=False)
        assert await limiter.used() == [1]

    run_timeless(main())


def test_a_call_waits_behind_one_page_at_most(run_timeless: Run) -> None:
    """However many pages of an export stand in line, a bot's call comes next or next but one."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(1, per=10.0))
        passed: list[str] = []

        async def one(name: str, *, bulk: bool) -> None:
            place = await limiter.acquire(bulk=bulk)
            passed.append(name)
            await limiter.release(place, sent=True)

        async with asyncio.TaskGroup() as group:
            for number in range(5):
                group.create_task(one(f"page {number}", bulk=True))
            await asyncio.sleep(1)
            group.create_task(one("call", bulk=False))
        assert passed.index("call") <= 2
        assert [name for name in passed if name != "call"] == [f"page {n}" for n in range(5)]

    run_timeless(main())


def test_streams_leave_places_for_calls(run_timeless: Run) -> None:
    """An export never takes the last places, so a call need not wait at all."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(100))
        export = [asyncio.create_task(limiter.acquire(bulk=True)) for _ in range(200)]
        await asyncio.sleep(1)
        assert sum(page.done() for page in export) == 98
        await limiter.acquire()
        await limiter.acquire()
        assert asyncio.get_running_loop().time() == 1.0
        for page in export:
            page.cancel()

    run_timeless(main())


def test_at_least_one_place_is_left_for_streams() -> None:
    """A limit that reserves everything would starve them."""
    with pytest.raises(ValueError, match="'reserved' must be less"):
        Limit(5, reserved=5)
    assert Limit(5).reserved == 0


def test_a_refusal_holds_everybody(run_timeless: Run) -> None:
    """The deadline is shared, ends by itself, and is never brought forward."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(100))
        await limiter.hold(20.0)
        await limiter.hold(5.0)
        await asyncio.gather(limiter.acquire(), limiter.acquire(bulk=True))
        assert asyncio.get_running_loop().time() == 20.0
        await limiter.acquire()
        assert asyncio.get_running_loop().time() == 20.0

    run_timeless(main())


def test_a_hold_reaches_those_who_wait_already(run_timeless: Run) -> None:
    """A refusal is learnt by all at once."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(1, per=10.0))
        await limiter.release(await limiter.acquire(), sent=True)
        waiting = asyncio.create_task(limiter.acquire())
        await asyncio.sleep(5)
        await limiter.hold(30.0)
        await waiting
        assert asyncio.get_running_loop().time() == 35.0

    run_timeless(main())


def test_a_closed_line_sends_all_away_until_it_opens(run_timeless: Run) -> None:
    """Who waits and who comes learns at once; afterwards everything is as before."""

    async def main() -> None:
        now = asyncio.get_running_loop().time
        limiter = timeless_limiter(Limit(1, per=10.0))
        await limiter.release(await limiter.acquire(), sent=True)
        line = [asyncio.create_task(limiter.acquire(bulk=number > 2)) for number in range(5)]
        await asyncio.sleep(1)
        limiter.refuse_until(now() + 100.0, lambda: DailyQuotaError("no more today"))
        results = await asyncio.gather(*line, return_exceptions=True)
        assert now() == 1.0
        assert [type(result) for result in results] == [DailyQuotaError] * 5
        assert len({id(result) for result in results}) == 5
        with pytest.raises(DailyQuotaError):
            await limiter.acquire()
        await limiter.acquire(even_if_day_is_over=True)
        assert now() == 10.0
        await asyncio.sleep(95)
        await limiter.hold(0.0)
        assert await limiter.used() == [1]

    run_timeless(main())


def test_waiting_is_told_once(run_timeless: Run) -> None:
    """The hook hears of each wait, not of each look."""

    async def main() -> None:
        waits: list[tuple[float, bool]] = []
        limiter = Limiter(
            [Limit(1, per=10.0)],
            clock=asyncio.get_running_loop().time,
            on_wait=lambda seconds, bulk: waits.append((seconds, bulk)),
        )
        place = await limiter.acquire()
        waiting = asyncio.create_task(limiter.acquire(bulk=True))
        await asyncio.sleep(1)
        await limiter.release(place, sent=True)
        await waiting
        assert waits == [(math.inf, True)]

    run_timeless(main())


@pytest.mark.parametrize("who", [0, 1, 2])
@pytest.mark.parametrize("bulk", [False, True])
def test_a_cancelled_waiter_leaves_the_line_as_if_it_had_never_been_there(
    run_timeless: Run, who: int, bulk: bool
) -> None:
    """Whoever it is, the others pass when they would have passed."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(1, per=10.0))
        await limiter.release(await limiter.acquire(), sent=True)
        line = [asyncio.create_task(limiter.acquire(bulk=bulk)) for _ in range(3)]
        await asyncio.sleep(1)
        line.pop(who).cancel()
        place = await line[0]
        assert asyncio.get_running_loop().time() == 10.0
        await limiter.release(place, sent=True)
        await line[1]
        assert asyncio.get_running_loop().time() == 20.0

    run_timeless(main())


@pytest.mark.parametrize("steps", range(12))
def test_cancelled_at_any_step_nothing_is_lost(run_timeless: Run, steps: int) -> None:
    """Wherever in its way a waiter is cancelled, the next one gets the place."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(1, per=10.0))
        place = await limiter.acquire()
        first = asyncio.create_task(limiter.acquire())
        second = asyncio.create_task(limiter.acquire())
        if steps % 2:
            await asyncio.sleep(0)
        await limiter.release(place, sent=False)
        for _ in range(steps // 2):
            await asyncio.sleep(0)
        if first.done():
            await limiter.release(first.result(), sent=False)
        else:
            first.cancel()
        await second
        assert asyncio.get_running_loop().time() == 0.0

    run_timeless(main())


class SlowStore(MemoryLimitStore):
    """Takes a place and is slow to say so, as a store behind a socket is."""

    async def take(self, *args: Any, **keywords: Any) -> float:
        """Take a place, then dawdle."""
        wait = await super().take(*args, **keywords)
        await asyncio.sleep(1)
        return wait


def test_a_place_taken_while_its_owner_was_cancelled_is_given_back(run_timeless: Run) -> None:
    """The store may have taken it before it could say so."""

    async def main() -> None:
        clock = asyncio.get_running_loop().time
        limiter = Limiter([Limit(1, per=10.0)], SlowStore(clock=clock), clock=clock)
        waiting = asyncio.create_task(limiter.acquire())
        await asyncio.sleep(0.5)
        assert await limiter.used() == [1]
        waiting.cancel()
        await asyncio.wait([waiting])
        assert await limiter.used() == [0]

    run_timeless(main())


def test_closing_sends_all_away(run_timeless: Run) -> None:
    """Those who wait, those who were cancelled, and those who come later."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(1, per=10.0))
        place = await limiter.acquire()
        line = [asyncio.create_task(limiter.acquire(bulk=number == 3)) for number in range(4)]
        await asyncio.sleep(0)
        line[0].cancel()
        limiter.close()
        results = await asyncio.gather(*line, return_exceptions=True)
        assert [type(result) for result in results] == [
            asyncio.CancelledError,
            ClientClosedError,
            ClientClosedError,
            ClientClosedError,
        ]
        with pytest.raises(ClientClosedError):
            await limiter.acquire()
        await limiter.release(place, sent=True)

    run_timeless(main())


def test_two_limiters_may_share_a_store(run_timeless: Run) -> None:
    """Places that the other one gives back are found, without being told."""

    async def main() -> None:
        clock = asyncio.get_running_loop().time
        store = MemoryLimitStore(clock=clock)
        one, other = (Limiter([Limit(1, per=10.0)], store, clock=clock) for _ in range(2))
        place = await one.acquire()
        waiting = asyncio.create_task(other.acquire())
        await asyncio.sleep(2.5)
        await one.release(place, sent=False)
        await waiting
        assert 2.5 <= clock() <= 3.5
        one.close()
        await other.release(waiting.result(), sent=True)
        assert await other.used() == [1]

    run_timeless(main())


def test_a_closed_line_is_noticed_while_the_store_dawdles(run_timeless: Run) -> None:
    """What has changed meanwhile counts, and the place that it took is given back."""

    async def main() -> None:
        clock = asyncio.get_running_loop().time
        limiter = Limiter([Limit(1, per=10.0)], SlowStore(clock=clock), clock=clock)
        waiting = asyncio.create_task(limiter.acquire())
        await asyncio.sleep(0.5)
        limiter.refuse_until(100.0, lambda: DailyQuotaError("no more today"))
        with pytest.raises(DailyQuotaError):
            await waiting
        assert await limiter.used() == [0]

    run_timeless(main())
