"""Clients that share a store take turns, and nobody who has left keeps others waiting."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from intervals_async import ClientClosedError, DailyQuotaError, Limit, LimitTimeoutError
from intervals_async.limits import Limiter, MemoryLimitStore

from .conftest import Host, SharedStore, take

Run = Callable[[Coroutine[Any, Any, None]], None]

CLIENTS = 20
LIMIT = Limit(1, per=60.0)
shared_only = pytest.mark.parametrize("host", ["sqlite", "redis"], indirect=True)


async def test_greedy_clients_take_turns(host: Host) -> None:
    """Twenty greedy clients take turns, one slot each, regardless of who asks first or most often."""
    limit = Limit(10, per=0.1)
    stores = [host.store() for _ in range(CLIENTS)]
    slots = [0] * CLIENTS
    asked = [0.0] * CLIENTS
    longest = now = 0.0
    await stores[0].hold(0.05)  # until all clients wait
    while sum(slots) < 3 * CLIENTS:
        waits = []
        for client, store in enumerate(stores):
            while (wait := await take(store, f"{client}-{slots[client]}", limit)) == 0.0:
                await store.free(f"{client}-{slots[client]}", [limit], sent=True)
                slots[client] += 1
                longest = max(longest, now - asked[client])
                asked[client] = now
            waits.append(wait)
        now += min(waits)
        await host.pass_time(min(waits))
    assert max(slots) - min(slots) <= 1
    fair = CLIENTS / limit.requests * limit.per
    assert longest <= 1.5 * fair


async def test_the_wait_is_until_the_turn(host: Host) -> None:
    """A request is told how long it takes until all requests ahead of it have had a slot."""
    one, other = host.store(), host.store()
    limit = Limit(3, per=60.0, reserved=1)
    for number in range(3):
        assert await take(one, str(number), limit) == 0.0
        await one.free(str(number), [limit], sent=True)
        await host.pass_time(0.1)
    calls = [await take(other, f"call {number}", limit) for number in range(5)]
    assert calls == pytest.approx([59.7, 59.8, 59.9, 119.7, 119.8], abs=host.tolerance)
    pages = [await take(other, f"page {number}", limit, bulk=True) for number in range(2)]
    # A page finds one slot taken at most, so it waits for the slots of the last two calls.
    assert pages == pytest.approx([179.7, 179.8], abs=host.tolerance)
    again = [await take(other, f"call {number}", limit) for number in range(5)]
    assert again == pytest.approx(calls, abs=host.tolerance)


async def test_calls_of_one_client_precede_pages_of_another(host: Host) -> None:
    """An interactive call gets its slot before a page of another client that waits for longer."""
    one, export, caller = host.store(), host.store(), host.store()
    assert await take(one, "a", LIMIT) == 0.0
    assert await take(export, "page", LIMIT, bulk=True) > 0.0
    assert await take(caller, "call", LIMIT) > 0.0
    await one.free("a", [LIMIT], sent=False)
    assert await take(export, "page", LIMIT, bulk=True) > 0.0
    assert await take(caller, "call", LIMIT) == 0.0
    await caller.free("call", [LIMIT], sent=False)
    assert await take(export, "page", LIMIT, bulk=True) == 0.0


async def test_nobody_overtakes(host: Host) -> None:
    """A free slot is kept for the request that waits for it."""
    one, first, second = host.store(), host.store(), host.store()
    assert await take(one, "a", LIMIT) == 0.0
    assert await take(first, "b", LIMIT) > 0.0
    await one.free("a", [LIMIT], sent=False)
    assert await take(second, "c", LIMIT) > 0.0
    assert await take(one, "d", LIMIT) > 0.0
    assert await take(first, "b", LIMIT) == 0.0


async def test_the_owner_of_all_slots_keeps_its_turn(host: Host) -> None:
    """A client that has taken all slots waits in turn, as one that has none."""
    one, other = host.store(), host.store()
    assert await take(one, "a", LIMIT) == 0.0
    assert await take(one, "b", LIMIT) > 0.0
    assert await take(other, "c", LIMIT) > 0.0
    await one.free("a", [LIMIT], sent=False)
    assert await take(other, "c", LIMIT) > 0.0
    assert await take(one, "b", LIMIT) == 0.0


@pytest.mark.parametrize("host", ["memory", "sqlite"], indirect=True)
async def test_a_hold_changes_no_turn(host: Host) -> None:
    """A client whose request the server refused keeps its turn during the hold that follows."""
    one, other = host.store(), host.store()
    assert await take(one, "a", LIMIT) == 0.0
    assert await take(one, "b", LIMIT) > 0.0
    assert await take(other, "c", LIMIT) > 0.0
    await one.hold(12.0)
    await one.free("a", [LIMIT], sent=False)
    for left in (8.0, 4.0, 0.0):
        await host.pass_time(4.0)
        assert await take(other, "c", LIMIT) > 0.0
        assert await take(one, "b", LIMIT) == left


async def test_a_request_can_leave_the_queue(host: Host) -> None:
    """A request that waits and is freed keeps no other request waiting."""
    one, first, second = host.store(), host.store(), host.store()
    assert await take(one, "a", LIMIT) == 0.0
    assert await take(first, "b", LIMIT) > 0.0
    assert await take(second, "c", LIMIT) > 0.0
    await one.free("a", [LIMIT], sent=False)
    await first.free("b", [LIMIT], sent=False)
    await first.close()  # which waits until it is done
    assert await take(second, "c", LIMIT) == 0.0


@pytest.mark.parametrize("host", ["sqlite"], indirect=True)
async def test_a_silent_request_leaves_the_queue(host: Host) -> None:
    """A request that does not try again for 5 seconds leaves the queue; one that tries stays."""
    one, dead, alive = host.store(), host.store(), host.store()
    assert await take(one, "a", LIMIT) == 0.0
    assert await take(dead, "b", LIMIT) > 0.0
    assert await take(alive, "c", LIMIT) > 0.0
    await one.free("a", [LIMIT], sent=False)
    await host.pass_time(4.9)
    assert await take(alive, "c", LIMIT) > 0.0
    await host.pass_time(0.1)
    assert await take(one, "d", LIMIT) > 0.0
    assert await take(alive, "c", LIMIT) == 0.0


WAITING = """
import asyncio, sys
from intervals_async.limits import Limit, Limiter
from intervals_async.limits.redis import RedisLimitStore
from intervals_async.limits.sqlite import SqliteLimitStore

async def main(kind, where):
    store = (RedisLimitStore if kind == "redis" else SqliteLimitStore)(where)
    waits = lambda seconds, bulk: print("waits", flush=True)
    await Limiter([Limit(1, per=60.0)], store, on_wait=waits).acquire()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.slow
async def test_a_killed_process_leaves_the_queue(shared: SharedStore) -> None:
    """A process that is killed while it waits keeps others waiting for 5 seconds at most."""
    one, other = shared(), shared()
    assert await take(one, "a", LIMIT) == 0.0
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WAITING, shared.kind, shared.where, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"waits\n"
    limiter = Limiter([LIMIT], other)
    waiting = asyncio.create_task(limiter.acquire())
    await asyncio.sleep(1.5)  # the process lives and tries again
    process.kill()
    await process.wait()
    killed = time.monotonic()
    await one.free("a", [LIMIT], sent=False)
    assert not waiting.done()
    async with asyncio.timeout(20):
        await waiting
    # Its last try was up to a second before its death. Ours are up to a second apart.
    assert 3.0 < time.monotonic() - killed < 7.0
    limiter.close()
    await one.close()
    await other.close()


@pytest.mark.slow
async def test_limiters_of_shared_stores_take_turns(shared: SharedStore) -> None:
    """20 limiters with their own stores get as many slots each, whatever the number of tasks."""
    limit = Limit(10, per=0.5)
    stores = [shared() for _ in range(CLIENTS)]
    limiters = [Limiter([limit], store) for store in stores]
    slots = [0] * CLIENTS
    waits: list[float] = []
    await asyncio.gather(*(limiter.used() for limiter in limiters))
    await stores[0].hold(0.3)  # until all limiters wait
    end = time.monotonic() + 5.0

    async def work(number: int) -> None:
        while True:
            begun = time.monotonic()
            slot = await limiters[number].acquire(bulk=True)
            if time.monotonic() >= end:
                await limiters[number].release(slot, sent=False)
                return
            if number == 0:  # its only task
                waits.append(time.monotonic() - begun)
            slots[number] += 1
            await limiters[number].release(slot, sent=True)

    async with asyncio.TaskGroup() as group:
        for number in range(CLIENTS):
            for _ in range(1 if number == 0 else 5):
                group.create_task(work(number))
    for limiter, store in zip(limiters, stores, strict=True):
        limiter.close()
        await store.close()
    assert sum(slots) >= 80
    # Clients that get their slots at the same moment ask again in any order.
    assert max(slots) - min(slots) <= 3
    fair = CLIENTS / limit.requests * limit.per
    assert max(waits) <= 1.5 * fair


def test_limiters_of_one_memory_store_take_turns(run_timeless: Run) -> None:
    """A client with one waiting task gets as many slots as clients with a hundred."""

    async def main() -> None:
        clock = asyncio.get_running_loop().time
        store = MemoryLimitStore(clock=clock)
        limiters = [Limiter([Limit(10)], store, clock=clock) for _ in range(CLIENTS)]
        slots = [0] * CLIENTS
        longest = 0.0
        await store.hold(1.0)

        async def work(number: int) -> None:
            nonlocal longest
            while True:
                begun = clock()
                slot = await limiters[number].acquire(bulk=number % 2 == 1)
                if number == 0:
                    longest = max(longest, clock() - begun)
                slots[number] += 1
                await limiters[number].release(slot, sent=True)

        tasks = [
            asyncio.create_task(work(number))
            for number in reversed(range(0, CLIENTS, 2))
            for _ in range(1 if number == 0 else 100)
        ]
        await asyncio.sleep(3600)
        # Ten clients with interactive calls use ten slots a minute. The streams wait.
        assert sum(slots) == 600
        assert max(slots[::2]) - min(slots[::2]) <= 1
        assert longest <= 61.0
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        streams = [
            asyncio.create_task(work(number))
            for number in range(1, CLIENTS, 2)
            for _ in range(1 if number == 1 else 100)
        ]
        await asyncio.sleep(3600)
        assert 590 <= sum(slots[1::2]) <= 600
        assert max(slots[1::2]) - min(slots[1::2]) <= 1
        for task in streams:
            task.cancel()
        await asyncio.wait(streams)

    run_timeless(main())


@pytest.mark.parametrize("bulk", [False, True])
@pytest.mark.parametrize("end", ["cancel", "refuse", "time out", "close"])
def test_a_request_that_ends_leaves_the_queue(run_timeless: Run, end: str, bulk: bool) -> None:
    """A request that is cancelled, refused, timed out or closed while it waits leaves the queue."""

    async def main() -> None:
        clock = asyncio.get_running_loop().time
        store = MemoryLimitStore(clock=clock)
        limiter = Limiter([LIMIT], store, clock=clock)
        assert await take(store, "a", LIMIT) == 0.0
        waiting = [
            asyncio.create_task(
                limiter.acquire(bulk=bulk, max_wait=2.0 if end == "time out" else None)
            )
            for _ in range(3)
        ]
        await asyncio.sleep(1)
        if end == "cancel":
            for task in waiting:
                task.cancel()
        elif end == "refuse":
            limiter.refuse_until(100.0, lambda: DailyQuotaError("used up"))
        elif end == "close":
            limiter.close()
        await asyncio.wait(waiting)
        await store.free("a", [LIMIT], sent=False)
        expected = {
            "cancel": asyncio.CancelledError, "refuse": DailyQuotaError,
            "time out": LimitTimeoutError, "close": ClientClosedError,
        }[end]  # fmt: skip
        for task in waiting:
            with pytest.raises(expected):
                task.result()
        assert await take(store, "page", LIMIT, bulk=True) == 0.0

    run_timeless(main())


async def test_acquiring_at_once_leaves_nothing_behind() -> None:
    """`acquire_at_once` does not join the queue if no slot is free."""
    store = MemoryLimitStore()
    limiter = Limiter([LIMIT], store)
    assert await take(store, "a", LIMIT) == 0.0
    assert await limiter.acquire_at_once(lease=300.0) is None
    await store.free("a", [LIMIT], sent=False)
    assert await take(store, "b", LIMIT, bulk=True) == 0.0


@shared_only
async def test_cancelled_requests_leave_the_queue_of_a_shared_store(host: Host) -> None:
    """A request that is cancelled while it waits for a shared store leaves its queue."""
    one, store, other = host.store(), host.store(), host.store()
    assert await take(one, "a", LIMIT) == 0.0
    waits = asyncio.Event()
    limiter = Limiter([LIMIT], store, on_wait=lambda seconds, bulk: waits.set())
    waiting = asyncio.create_task(limiter.acquire())
    await waits.wait()
    waiting.cancel()
    await asyncio.wait([waiting])
    await store.close()
    await one.free("a", [LIMIT], sent=False)
    assert await take(other, "b", LIMIT, bulk=True) == 0.0


def test_a_cancelled_call_lets_the_next_page_go(run_timeless: Run) -> None:
    """A page that waits behind a call gets the slot of the call when that is cancelled."""

    async def main() -> None:
        clock = asyncio.get_running_loop().time
        limiter = Limiter([Limit(2, per=10.0, reserved=0)], clock=clock)
        for _ in range(2):
            await limiter.release(await limiter.acquire(), sent=True)
            await asyncio.sleep(3)
        call = asyncio.create_task(limiter.acquire())
        page = asyncio.create_task(limiter.acquire(bulk=True))
        await asyncio.sleep(1)
        call.cancel()
        await page
        assert clock() == 10.0

    run_timeless(main())


class RecordingStore(MemoryLimitStore):
    """Records when each kind of request tries to take a slot."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock=clock)
        self.tries: dict[bool, list[float]] = {False: [], True: []}

    async def take(self, slot: str, limits: Sequence[Limit], *, bulk: bool, lease: float) -> float:
        """Record the time, and try."""
        self.tries[bulk].append(self._clock())
        return await super().take(slot, limits, bulk=bulk, lease=lease)


def test_waiting_requests_try_again_every_second(run_timeless: Run) -> None:
    """Requests that wait for a store that was passed in try about once a second, pages too.

    So they stay in the queue of the store, and notice slots that others free early.
    """

    async def main() -> None:
        clock = asyncio.get_running_loop().time
        store = RecordingStore(clock)
        limiter = Limiter([LIMIT], store, clock=clock)
        await limiter.release(await limiter.acquire(), sent=True)
        waiting = [asyncio.create_task(limiter.acquire(bulk=each)) for each in (False, True)]
        waiting.append(asyncio.create_task(limiter.acquire()))
        await asyncio.sleep(59)
        for tries in store.tries.values():
            gaps = [later - earlier for earlier, later in zip([0.0, *tries], tries, strict=False)]
            assert max(gaps) <= 2.0
            assert 25 <= len(tries) <= 85
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)

    run_timeless(main())


@shared_only
async def test_a_wait_is_reported_in_full(host: Host) -> None:
    """The hook is told the whole wait for a shared store, not the time until the next try."""
    waits: list[float] = []
    reported = asyncio.Event()

    def report(seconds: float, bulk: bool) -> None:
        waits.append(seconds)
        reported.set()

    limiter = Limiter([LIMIT], host.store(), on_wait=report)
    await limiter.release(await limiter.acquire(), sent=True)
    waiting = asyncio.create_task(Limiter([LIMIT], host.store(), on_wait=report).acquire())
    await reported.wait()
    assert waits == pytest.approx([60.0], abs=1.0)
    waiting.cancel()
    await asyncio.wait([waiting])


class Queueless(MemoryLimitStore):
    """A store without a queue, as others may write one."""

    async def take(self, slot: str, limits: Sequence[Limit], *, bulk: bool, lease: float) -> float:
        """Take a slot, or forget the request."""
        wait = await super().take(slot, limits, bulk=bulk, lease=lease)
        if wait > 0:
            await super().free(slot, limits, sent=False)
        return wait


def test_a_store_needs_no_queue(run_timeless: Run) -> None:
    """With a store that has no queue, the requests of one client keep their order."""

    async def main() -> None:
        clock = asyncio.get_running_loop().time
        limiter = Limiter([Limit(1, per=10.0)], Queueless(clock=clock), clock=clock)
        passed: list[str] = []

        async def one(name: str, *, bulk: bool) -> None:
            slot = await limiter.acquire(bulk=bulk)
            passed.append(name)
            await limiter.release(slot, sent=True)

        async with asyncio.TaskGroup() as group:
            for number in range(3):
                group.create_task(one(f"page {number}", bulk=True))
            await asyncio.sleep(1)
            for number in range(3):
                group.create_task(one(f"call {number}", bulk=False))
        assert passed[0] == "page 0"
        assert [each for each in passed if "call" in each] == ["call 0", "call 1", "call 2"]
        assert [each for each in passed if "page" in each] == ["page 0", "page 1", "page 2"]
        assert passed.index("call 2") <= 4
        assert clock() == pytest.approx(50.0)

    run_timeless(main())
