"""The limiter never exceeds a limit in any window, and leaves few slots unused."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intervals_async import ClientClosedError, DailyQuotaError, Limit, LimitTimeoutError
from intervals_async.limits import Limiter, MemoryLimitStore
from intervals_async.limits.limit import SlidingLog

Run = Callable[[Coroutine[Any, Any, None]], None]


def timeless_limiter(*limits: Limit) -> Limiter:
    return Limiter(limits, clock=asyncio.get_running_loop().time)


@pytest.mark.parametrize(
    ("requests", "per"),
    [
        *((0, 60.0), (-1, 60.0), (1.5, 60.0), (True, 60.0)),
        *((1, 0.0), (1, -1.0), (1, math.inf), (1, math.nan)),
    ],
)
def test_a_limit_is_above_zero(requests: Any, per: float) -> None:
    """A limit that would allow no requests, or has no window, is rejected."""
    with pytest.raises(ValueError):
        Limit(requests, per)


def test_a_slot_is_free_one_window_after_the_response() -> None:
    """A slot is free `per` seconds after the response, or at once if nothing was sent."""
    limit = Limit(2)
    log = SlidingLog(limit.per)
    log.begin()
    log.begin()
    assert log.wait(0.0, limit) == math.inf
    log.end(5.0, sent=True)
    assert log.wait(5.0, limit) == 60.0
    log.end(9.0, sent=False)
    assert log.wait(9.0, limit) == 0.0
    log.begin()
    assert log.wait(9.0, limit) == 56.0
    assert log.wait(65.0, limit) == 0.0


@settings(deadline=None)
@given(
    st.integers(1, 5),
    st.lists(st.tuples(st.floats(0, 30), st.floats(0, 20), st.booleans()), max_size=40),
)
def test_no_window_holds_more_requests_than_the_limit(
    most: int, schedule: list[tuple[float, float, bool]]
) -> None:
    """The server never counts too many requests, whenever between sending and response it counts."""
    limit = Limit(most, per=10.0)
    log = SlidingLog(limit.per)
    now = 0.0
    sent: list[tuple[float, float]] = []
    active: list[tuple[float, float, bool]] = []

    def end_until(moment: float) -> None:
        for begun, ends, reached in sorted(active, key=lambda one: one[1]):
            if ends <= moment:
                active.remove((begun, ends, reached))
                log.end(ends, sent=reached)
                if reached:
                    sent.append((begun, ends))

    for pause, duration, reached in schedule:
        now += pause
        end_until(now)
        while (wait := log.wait(now, limit)) > 0:
            now = min(now + wait, min((ends for _, ends, _ in active), default=math.inf))
            end_until(now)
        log.begin()
        active.append((now, now + duration, reached))
    end_until(math.inf)
    # Each request counts at its latest moment, the others at their earliest or latest.
    for begun, _ in sent:
        window = [one for one in sent if one[0] <= begun < one[1] + 10.0]
        assert len(window) <= most


def test_the_limit_is_used_up(run_timeless: Run) -> None:
    """Of 6,000 requests per hour at least 98 % are sent, and at most 100 per minute."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(100, per=60.0))
        now = asyncio.get_running_loop().time
        starts: list[float] = []

        async def worker() -> None:
            while now() < 3600:
                slot = await limiter.acquire()
                starts.append(now())
                await asyncio.sleep(0.15)
                await limiter.release(slot, sent=True)

        async with asyncio.TaskGroup() as group:
            for _ in range(200):
                group.create_task(worker())
        inside = [start for start in starts if start < 3600]
        assert len(inside) >= 0.98 * 6000
        for first, after in zip(starts, starts[100:], strict=False):
            assert after - first >= 60.0

    run_timeless(main())


def test_first_come_first_served(run_timeless: Run) -> None:
    """Requests get their slots in the order in which they asked."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(1, per=10.0))
        passed: list[int] = []

        async def one(number: int) -> None:
            slot = await limiter.acquire()
            passed.append(number)
            await limiter.release(slot, sent=True)

        async with asyncio.TaskGroup() as group:
            for number in range(5):
                group.create_task(one(number))
        assert passed == [0, 1, 2, 3, 4]
        assert asyncio.get_running_loop().time() == 40.0

    run_timeless(main())


def test_several_limits_hold_at_once(run_timeless: Run) -> None:
    """A request waits for the strictest of several limits."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(2, per=1.0), Limit(3, per=10.0))
        starts: list[float] = []
        for _ in range(4):
            slot = await limiter.acquire()
            starts.append(asyncio.get_running_loop().time())
            await limiter.release(slot, sent=True)
        assert starts == [0.0, 0.0, 1.0, 10.0]

    run_timeless(main())


def test_without_limits_no_request_waits(run_timeless: Run) -> None:
    """A limiter without limits grants every slot at once."""

    async def main() -> None:
        limiter = timeless_limiter()
        for _ in range(1000):
            await limiter.acquire()
        assert asyncio.get_running_loop().time() == 0.0

    run_timeless(main())


def test_a_request_in_progress_holds_its_slot(run_timeless: Run) -> None:
    """A waiting request gets the slot one window after the request in progress ends."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(1, per=10.0))
        slot = await limiter.acquire()
        waiting = asyncio.create_task(limiter.acquire())
        await asyncio.sleep(3)
        assert not waiting.done()
        await limiter.release(slot, sent=True)
        await waiting
        assert asyncio.get_running_loop().time() == 13.0

    run_timeless(main())


def test_releasing_an_unknown_slot_does_nothing(run_timeless: Run) -> None:
    """Releasing a slot twice frees one slot only."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(2, per=10.0))
        slot = await limiter.acquire()
        await limiter.release(slot, sent=True)
        await limiter.release(slot, sent=False)
        assert await limiter.used() == [1]

    run_timeless(main())


def test_an_interactive_call_waits_behind_one_page_at_most(run_timeless: Run) -> None:
    """An interactive call overtakes all waiting pages of streams but one."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(1, per=10.0))
        passed: list[str] = []

        async def one(name: str, *, bulk: bool) -> None:
            slot = await limiter.acquire(bulk=bulk)
            passed.append(name)
            await limiter.release(slot, sent=True)

        async with asyncio.TaskGroup() as group:
            for number in range(5):
                group.create_task(one(f"page {number}", bulk=True))
            await asyncio.sleep(1)
            group.create_task(one("call", bulk=False))
        assert passed.index("call") <= 2
        assert [name for name in passed if name != "call"] == [f"page {n}" for n in range(5)]

    run_timeless(main())


def test_streams_leave_reserved_slots_to_calls(run_timeless: Run) -> None:
    """Streams leave the reserved slots free, so an interactive call need not wait."""

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


def test_a_limit_leaves_a_slot_to_streams() -> None:
    """A limit that reserves all slots for interactive calls is rejected."""
    with pytest.raises(ValueError):
        Limit(5, reserved=5)
    assert Limit(5, reserved=4).slots(bulk=True) == 1
    assert Limit(5).reserved == 0


def test_a_hold_stops_all_requests(run_timeless: Run) -> None:
    """During a hold no request gets a slot, and a shorter hold does not end a longer one."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(100))
        await limiter.hold(20.0)
        await limiter.hold(5.0)
        await asyncio.gather(limiter.acquire(), limiter.acquire(bulk=True))
        assert asyncio.get_running_loop().time() == 20.0
        await limiter.acquire()
        assert asyncio.get_running_loop().time() == 20.0

    run_timeless(main())


def test_a_hold_applies_to_waiting_requests(run_timeless: Run) -> None:
    """A hold also delays the requests that already wait."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(1, per=10.0))
        await limiter.release(await limiter.acquire(), sent=True)
        waiting = asyncio.create_task(limiter.acquire())
        await asyncio.sleep(5)
        await limiter.hold(30.0)
        await waiting
        assert asyncio.get_running_loop().time() == 35.0

    run_timeless(main())


def test_refused_requests_fail_until_the_given_moment(run_timeless: Run) -> None:
    """After `refuse_until`, waiting and new requests fail at once until that moment."""

    async def main() -> None:
        now = asyncio.get_running_loop().time
        limiter = timeless_limiter(Limit(1, per=10.0))
        await limiter.release(await limiter.acquire(), sent=True)
        waiting = [asyncio.create_task(limiter.acquire(bulk=number > 2)) for number in range(5)]
        await asyncio.sleep(1)
        limiter.refuse_until(now() + 100.0, lambda: DailyQuotaError("used up"))
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert now() == 1.0
        assert [type(result) for result in results] == [DailyQuotaError] * 5
        assert len({id(result) for result in results}) == 5
        with pytest.raises(DailyQuotaError):
            await limiter.acquire()
        await limiter.acquire(ignore_daily_quota=True)
        assert now() == 10.0
        await asyncio.sleep(95)
        await limiter.hold(0.0)
        assert await limiter.used() == [1]

    run_timeless(main())


def test_each_wait_is_reported_once(run_timeless: Run) -> None:
    """The hook is called once for each wait, however often the limiter tries again."""

    async def main() -> None:
        waits: list[tuple[float, bool]] = []
        limiter = Limiter(
            [Limit(1, per=10.0)],
            clock=asyncio.get_running_loop().time,
            on_wait=lambda seconds, bulk: waits.append((seconds, bulk)),
        )
        slot = await limiter.acquire()
        waiting = asyncio.create_task(limiter.acquire(bulk=True))
        await asyncio.sleep(1)
        await limiter.release(slot, sent=True)
        await waiting
        assert waits == [(math.inf, True)]

    run_timeless(main())


@pytest.mark.parametrize("who", [0, 1, 2])
@pytest.mark.parametrize("bulk", [False, True])
def test_a_cancelled_waiter_delays_no_other(run_timeless: Run, who: int, bulk: bool) -> None:
    """Cancelling a waiting request changes nothing for the others."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(1, per=10.0))
        await limiter.release(await limiter.acquire(), sent=True)
        waiting = [asyncio.create_task(limiter.acquire(bulk=bulk)) for _ in range(3)]
        await asyncio.sleep(1)
        waiting.pop(who).cancel()
        slot = await waiting[0]
        assert asyncio.get_running_loop().time() == 10.0
        await limiter.release(slot, sent=True)
        await waiting[1]
        assert asyncio.get_running_loop().time() == 20.0

    run_timeless(main())


@pytest.mark.parametrize("steps", range(12))
def test_cancellation_at_any_step_loses_no_slot(run_timeless: Run, steps: int) -> None:
    """A request that is cancelled at any step leaves the slot to the next one."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(1, per=10.0))
        slot = await limiter.acquire()
        first = asyncio.create_task(limiter.acquire())
        second = asyncio.create_task(limiter.acquire())
        if steps % 2:
            await asyncio.sleep(0)
        await limiter.release(slot, sent=False)
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
    """Takes a slot and returns late, as a store behind a socket does."""

    async def take(self, *args: Any, **keywords: Any) -> float:
        """Take a slot, then wait."""
        wait = await super().take(*args, **keywords)
        await asyncio.sleep(1)
        return wait


def test_a_slot_granted_to_a_cancelled_request_is_freed(run_timeless: Run) -> None:
    """A slot that the store granted before it could say so is freed after a cancellation."""

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


def test_closing_ends_all_waits(run_timeless: Run) -> None:
    """After `close`, waiting and new requests raise ClientClosedError."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(1, per=10.0))
        slot = await limiter.acquire()
        waiting = [asyncio.create_task(limiter.acquire(bulk=number == 3)) for number in range(4)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        limiter.close()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(result) for result in results] == [
            asyncio.CancelledError,
            ClientClosedError,
            ClientClosedError,
            ClientClosedError,
        ]
        with pytest.raises(ClientClosedError):
            await limiter.acquire()
        await limiter.release(slot, sent=True)

    run_timeless(main())


class RecordingStore(MemoryLimitStore):
    """Records the calls of `take`: the slot, and whether it is bulk, and the lease."""

    def __init__(self) -> None:
        super().__init__(clock=lambda: 0.0)
        self.taken: list[tuple[str, bool, float]] = []

    async def take(self, slot: str, limits: Sequence[Limit], *, bulk: bool, lease: float) -> float:
        """Record the call, and take a slot."""
        self.taken.append((slot, bulk, lease))
        return await super().take(slot, limits, bulk=bulk, lease=lease)


async def test_a_closed_limiter_asks_the_store_for_nothing() -> None:
    """A closed or refusing limiter fails before it calls the store."""
    store = RecordingStore()
    limiter = Limiter([Limit(5)], store, clock=lambda: 0.0)
    limiter.refuse_until(100.0, lambda: DailyQuotaError("used up"))
    with pytest.raises(DailyQuotaError):
        await limiter.acquire()
    limiter.close()
    with pytest.raises(ClientClosedError):
        await limiter.acquire(ignore_daily_quota=True)
    with pytest.raises(ClientClosedError):
        await limiter.acquire_at_once(lease=7.0)
    assert store.taken == []


async def test_acquiring_at_once_takes_a_reserved_slot_despite_a_refusal() -> None:
    """`acquire_at_once` ignores a refusal, may take reserved slots, and passes on the lease."""
    store = RecordingStore()
    limiter = Limiter([Limit(2, reserved=1)], store, clock=lambda: 0.0)
    limiter.refuse_until(100.0, lambda: DailyQuotaError("used up"))
    first = await limiter.acquire_at_once(lease=7.0)
    second = await limiter.acquire_at_once(lease=8.0)
    assert first is not None
    assert second is not None
    assert first != second
    assert store.taken == [(first, False, 7.0), (second, False, 8.0)]
    assert await limiter.acquire_at_once(lease=9.0) is None
    await limiter.release(first, sent=False)
    assert await limiter.used() == [1]


def test_acquiring_at_once_never_waits(run_timeless: Run) -> None:
    """`acquire_at_once` passes waiting requests, and returns None if no slot is free."""

    async def main() -> None:
        limiter = timeless_limiter(Limit(3, per=10.0, reserved=2))
        page = await limiter.acquire(bulk=True)
        waiting = asyncio.create_task(limiter.acquire(bulk=True))
        await asyncio.sleep(1)
        slot = await limiter.acquire_at_once(lease=300.0)
        assert slot is not None
        assert await limiter.acquire_at_once(lease=300.0) is not None
        assert await limiter.acquire_at_once(lease=300.0) is None
        assert asyncio.get_running_loop().time() == 1.0
        await limiter.release(slot, sent=False)
        await limiter.release(page, sent=True)
        assert not waiting.done()
        waiting.cancel()

    run_timeless(main())


def test_two_limiters_may_share_a_store(run_timeless: Run) -> None:
    """A limiter finds the slots that another limiter of the same store frees."""

    async def main() -> None:
        clock = asyncio.get_running_loop().time
        store = MemoryLimitStore(clock=clock)
        one, other = (Limiter([Limit(1, per=10.0)], store, clock=clock) for _ in range(2))
        slot = await one.acquire()
        waiting = asyncio.create_task(other.acquire())
        await asyncio.sleep(2.5)
        await one.release(slot, sent=False)
        await waiting
        assert 2.5 <= clock() <= 3.5
        one.close()
        await other.release(waiting.result(), sent=True)
        assert await other.used() == [1]

    run_timeless(main())


def test_a_refusal_during_a_slow_take_frees_the_slot(run_timeless: Run) -> None:
    """A request that is refused while the store takes its slot fails, and the slot is freed."""

    async def main() -> None:
        clock = asyncio.get_running_loop().time
        limiter = Limiter([Limit(1, per=10.0)], SlowStore(clock=clock), clock=clock)
        waiting = asyncio.create_task(limiter.acquire())
        await asyncio.sleep(0.5)
        limiter.refuse_until(100.0, lambda: DailyQuotaError("used up"))
        with pytest.raises(DailyQuotaError):
            await waiting
        assert await limiter.used() == [0]

    run_timeless(main())


async def test_a_wait_may_be_bounded() -> None:
    """After `max_wait`, the request fails, takes no slot, and leaves the queue to the others."""
    limiter = Limiter([Limit(1, per=60.0)])
    slot = await limiter.acquire()
    for bulk in (False, True):
        with pytest.raises(LimitTimeoutError):
            await limiter.acquire(bulk=bulk, max_wait=0.001)
    assert await limiter.used() == [1]
    waiting = asyncio.ensure_future(limiter.acquire(max_wait=60.0))
    with pytest.raises(LimitTimeoutError):  # it waits in the queue behind the other
        await limiter.acquire(max_wait=0.001)
    await limiter.release(slot, sent=False)
    assert await waiting
    assert await limiter.used() == [1]
