"""What every store promises, in memory, on one host or across hosts."""

from __future__ import annotations

import asyncio
import math

import pytest

from intervals_async import ClientClosedError, Limit
from intervals_async.limits import Limiter

from .conftest import Host, SharedStore, take


async def test_processes_share_the_slots(host: Host) -> None:
    """The processes of a store take as many slots together as the limit has."""
    one, other = host.store(), host.store()
    limit = Limit(3, per=60.0)
    assert await take(one, "a", limit) == 0.0
    assert await take(other, "b", limit) == 0.0
    assert await take(one, "c", limit) == 0.0
    assert await take(one, "d", limit) > 0.0
    assert await take(other, "e", limit) > 0.0
    assert await one.used([limit]) == await other.used([limit]) == [3]


async def test_a_slot_is_free_one_window_after_its_request_ended(host: Host) -> None:
    """A slot is free `per` seconds after its request ended, not after it was taken."""
    one, other = host.store(), host.store()
    limit = Limit(1, per=0.3)
    assert await take(one, "a", limit) == 0.0
    await host.pass_time(0.4)
    assert await take(other, "b", limit) > 0.0
    await one.free("a", [limit], sent=True)
    assert await take(other, "b", limit) > 0.0
    await host.pass_time(0.3)
    assert await take(other, "b", limit) == 0.0


async def test_the_wait_ends_when_the_slot_is_free(host: Host) -> None:
    """The wait ends when the slot is free."""
    one, other = host.store(), host.store()
    limit = Limit(1, per=0.3)
    assert await take(one, "a", limit) == 0.0
    await one.free("a", [limit], sent=True)
    wait = await take(other, "b", limit)
    assert 0.3 - host.tolerance <= wait <= 0.3 + 1e-9
    await host.pass_time(wait)
    assert await take(other, "b", limit) == 0.0


async def test_the_slot_of_an_unsent_request_is_free_at_once(host: Host) -> None:
    """The slot of a request that was never sent is free at once."""
    one, other = host.store(), host.store()
    limit = Limit(1, per=60.0)
    assert await take(one, "a", limit) == 0.0
    await one.free("a", [limit], sent=False)
    assert await other.used([limit]) == [0]
    assert await take(other, "b", limit) == 0.0


async def test_streams_leave_the_reserved_slots(host: Host) -> None:
    """Bulk requests leave the reserved slots to interactive ones, in all processes."""
    one, other = host.store(), host.store()
    limit = Limit(4, per=60.0, reserved=2)
    assert await take(one, "a", limit, bulk=True) == 0.0
    assert await take(other, "b", limit, bulk=True) == 0.0
    assert await take(one, "c", limit, bulk=True) > 0.0
    assert await take(one, "d", limit) == 0.0
    assert await take(other, "e", limit) == 0.0
    assert await take(other, "f", limit) > 0.0


async def test_clients_that_reserve_differently_share_the_slots(host: Host) -> None:
    """All requests of a window count, whatever the limits of their clients reserve."""
    one, other = host.store(), host.store()
    limits = (Limit(3, per=60.0, reserved=0), Limit(3, per=60.0, reserved=2))
    assert await take(one, "a", limits[0]) == 0.0
    assert await take(other, "b", limits[1], bulk=True) > 0.0
    assert await take(other, "b", limits[1]) == 0.0
    assert await take(one, "c", limits[0], bulk=True) == 0.0
    assert await take(other, "d", limits[1]) > 0.0
    assert await one.used(limits) == [3, 3]
    await one.free("a", [limits[0]], sent=False)
    assert await other.used(limits) == [2, 2]


async def test_a_slot_is_taken_of_all_limits_or_none(host: Host) -> None:
    """If one limit is used up, no slot of the others is taken."""
    one, other = host.store(), host.store()
    limits = [Limit(1, per=0.3), Limit(2, per=60.0)]
    assert await one.used(limits) == [0, 0]
    assert await take(one, "a", *limits) == 0.0
    assert await take(other, "b", *limits) > 0.0
    assert await other.used(limits) == [1, 1]
    await one.free("a", limits, sent=True)
    await host.pass_time(0.3)
    assert await one.used(limits) == [0, 1]
    assert await take(other, "b", *limits) == 0.0
    await other.free("b", limits, sent=True)
    await host.pass_time(0.3)
    assert await take(other, "c", *limits) > 0.0


async def test_without_limits_every_request_gets_a_slot(host: Host) -> None:
    """Without limits, every request gets a slot at once."""
    store = host.store()
    for number in range(20):
        assert await take(store, str(number)) == 0.0
    assert await store.used([]) == []


async def test_a_hold_stops_all_processes(host: Host) -> None:
    """The longest hold applies to all processes, and ends by itself."""
    one, other = host.store(), host.store()
    limit = Limit(9, per=60.0)
    await one.hold(0.4)
    await other.hold(0.1)
    await other.hold(0.0)
    assert 0.0 < await take(one, "a", limit) <= 0.4
    assert 0.0 < await take(other, "b", limit) <= 0.4
    await host.pass_time(0.15)
    assert 0.0 < await take(one, "a", limit) <= 0.25
    assert 0.0 < await take(other, "b", limit) <= 0.25
    await host.pass_time(0.25)
    assert await take(one, "a", limit) == 0.0
    assert await take(other, "b", limit) == 0.0


async def test_freeing_an_unknown_slot_does_nothing(host: Host) -> None:
    """Freeing a slot twice, or a slot that was never taken, frees nothing else."""
    one, other = host.store(), host.store()
    limit = Limit(9, per=60.0)
    await take(one, "a", limit)
    await other.free("b", [limit], sent=True)
    await other.free("b", [limit], sent=False)
    await one.free("a", [limit], sent=True)
    await one.free("a", [limit], sent=False)
    assert await other.used([limit]) == [1]


@pytest.mark.parametrize("host", ["sqlite", "redis"], indirect=True)
async def test_the_slot_of_a_dead_process_comes_free(host: Host) -> None:
    """The slot of a dead process counts as ended after its lease, and freeing it later does nothing."""
    gone, other = host.store(), host.store()
    limit = Limit(1, per=0.2)
    assert await gone.take("a", [limit], bulk=False, lease=0.2) == 0.0
    await host.pass_time(0.25)
    assert await other.take("b", [limit], bulk=False, lease=0.2) > 0.0
    await host.pass_time(0.2)
    assert await other.take("b", [limit], bulk=False, lease=0.2) == 0.0
    await gone.free("a", [limit], sent=True)
    assert await other.used([limit]) == [1]


async def test_the_wait_for_a_request_in_progress(host: Host) -> None:
    """A request in progress frees its slot one window from now at the earliest."""
    one, other = host.store(), host.store()
    limit = Limit(1, per=60.0)
    assert await take(one, "a", limit) == 0.0
    expected = pytest.approx(60.0, abs=host.tolerance) if host.shared else math.inf
    assert await take(one, "b", limit) == expected
    await one.free("b", [limit], sent=False)
    assert await take(other, "c", limit) >= 60.0 - host.tolerance


async def test_a_store_can_be_closed_in_any_state(host: Host) -> None:
    """A store can be closed unused, used, and twice."""
    unused, used = host.store(), host.store()
    await unused.close()
    await used.used([])
    await used.close()
    await used.close()


@pytest.mark.parametrize("host", ["sqlite", "redis"], indirect=True)
async def test_a_closed_store_raises(host: Host) -> None:
    """A closed store raises ClientClosedError, but `free` does nothing."""
    store = host.store()
    limit = Limit(1, per=60.0)
    await take(store, "a", limit)
    await store.close()
    with pytest.raises(ClientClosedError):
        await take(store, "b", limit)
    with pytest.raises(ClientClosedError):
        await store.used([limit])
    with pytest.raises(ClientClosedError):
        await store.hold(1.0)
    await store.free("a", [limit], sent=True)


async def test_closing_waits_for_operations_in_progress(shared: SharedStore) -> None:
    """A request that waits for a store that is closed gets no slot, and no slot is lost."""
    one, other = shared(), shared()
    limit = Limit(1, per=60.0)
    taking = asyncio.create_task(take(one, "a", limit))
    await asyncio.sleep(0)
    await one.close()
    with pytest.raises(ClientClosedError):
        await taking
    assert await take(other, "b", limit) == 0.0
    await other.close()


@pytest.mark.parametrize("steps", range(12))
async def test_a_slot_granted_to_a_cancelled_request_is_freed(
    shared: SharedStore, steps: int
) -> None:
    """A slot that is granted to a cancelled request is freed, at whatever step it was cancelled."""
    one, other = shared(), shared()
    limit = Limit(1, per=60.0)
    taking = asyncio.create_task(take(one, "a", limit))
    for _ in range(steps):
        await asyncio.sleep(0)
    if steps == 11:
        while await other.used([limit]) == [0]:
            pass
    if taking.cancel():
        with pytest.raises(asyncio.CancelledError):
            await taking
    else:
        await one.free("a", [limit], sent=False)
    await one.close()
    assert await take(other, "b", limit) == 0.0
    await other.close()


async def test_cancelled_requests_of_a_limiter_lose_no_slots(
    shared: SharedStore,
) -> None:
    """After many cancelled requests, a limiter still grants every slot."""
    store = shared()
    limiter = Limiter([Limit(5, per=60.0)], store)
    for round_ in range(20):
        waiting = asyncio.create_task(limiter.acquire(bulk=round_ % 2 == 0))
        await asyncio.sleep(round_ / 10000)
        if waiting.cancel():
            await asyncio.wait([waiting])
        if not waiting.cancelled():
            await limiter.release(waiting.result(), sent=False)
    async with asyncio.timeout(10):
        slots = [await limiter.acquire() for _ in range(5)]
    assert len(set(slots)) == 5
    limiter.close()
    await store.close()


async def test_a_cancelled_free_is_finished(shared: SharedStore) -> None:
    """Freeing a slot is finished even if the caller is cancelled."""
    one, other = shared(), shared()
    limit = Limit(1, per=60.0)
    await take(one, "a", limit)
    freeing = asyncio.create_task(one.free("a", [limit], sent=False))
    await asyncio.sleep(0)
    freeing.cancel()
    await asyncio.wait([freeing])
    assert freeing.cancelled()
    await one.close()
    assert await other.used([limit]) == [0]
    await other.close()


async def test_two_limiters_of_one_process_may_share_a_store(
    shared: SharedStore,
) -> None:
    """A limiter gets the slot that another limiter of the same process frees."""
    store = shared()
    one, other = (Limiter([Limit(1, per=0.05)], store) for _ in range(2))
    slot = await one.acquire()
    waiting = asyncio.create_task(other.acquire())
    await asyncio.sleep(0.02)
    await one.release(slot, sent=True)
    async with asyncio.timeout(10):
        await waiting
    await store.close()
