"""What every store promises, whether it keeps the places here, on the host or beyond it."""

from __future__ import annotations

import asyncio
import math

import pytest

from intervals_async import ClientClosedError, Limit
from intervals_async.limits import Limiter

from .conftest import Host, SharedPlaces, take


async def test_together_they_take_as_many_places_as_there_are(host: Host) -> None:
    """Whoever comes first has a place, in whichever process."""
    one, other = host.store(), host.store()
    limit = Limit(3, per=60.0)
    assert await take(one, "a", limit) == 0.0
    assert await take(other, "b", limit) == 0.0
    assert await take(one, "c", limit) == 0.0
    assert await take(one, "d", limit) > 0.0
    assert await take(other, "e", limit) > 0.0
    assert await one.used([limit]) == await other.used([limit]) == [3]


async def test_a_place_is_free_again_one_stretch_after_it_ended(host: Host) -> None:
    """It counts from the answer on, not from when it was taken."""
    one, other = host.store(), host.store()
    limit = Limit(1, per=0.3)
    assert await take(one, "a", limit) == 0.0
    await host.pass_time(0.4)
    assert await take(other, "b", limit) > 0.0
    await one.free("a", [limit], sent=True)
    assert await take(other, "c", limit) > 0.0
    await host.pass_time(0.3)
    assert await take(other, "d", limit) == 0.0


async def test_the_wait_is_until_the_place_is_free(host: Host) -> None:
    """Or shorter, where somebody elsewhere may give one back before."""
    one, other = host.store(), host.store()
    limit = Limit(1, per=0.3)
    assert await take(one, "a", limit) == 0.0
    await one.free("a", [limit], sent=True)
    waited = 0.0
    while (wait := await take(other, "b", limit)) > 0.0:
        if host.shared:
            assert wait <= 0.005
        waited += wait
        await host.pass_time(wait)
    assert waited <= 0.3 + 1e-9


async def test_a_place_that_nothing_was_sent_with_is_free_at_once(host: Host) -> None:
    """It is as if it had never been taken."""
    one, other = host.store(), host.store()
    limit = Limit(1, per=60.0)
    assert await take(one, "a", limit) == 0.0
    await one.free("a", [limit], sent=False)
    assert await other.used([limit]) == [0]
    assert await take(other, "b", limit) == 0.0


async def test_streams_leave_the_reserved_places(host: Host) -> None:
    """Of four, one that reserves two has two; who is waited for has the rest."""
    one, other = host.store(), host.store()
    limit = Limit(4, per=60.0, reserved=2)
    assert await take(one, "a", limit, bulk=True) == 0.0
    assert await take(other, "b", limit, bulk=True) == 0.0
    assert await take(one, "c", limit, bulk=True) > 0.0
    assert await take(one, "d", limit) == 0.0
    assert await take(other, "e", limit) == 0.0
    assert await take(other, "f", limit) > 0.0


async def test_a_place_is_taken_under_all_limits_or_none(host: Host) -> None:
    """One that is full keeps the others as they were."""
    one, other = host.store(), host.store()
    limits = [Limit(1, per=0.3), Limit(2, per=60.0)]
    assert await one.used(limits) == [0, 0]
    assert await take(one, "a", *limits) == 0.0
    assert await take(other, "b", *limits) > 0.0
    assert await other.used(limits) == [1, 1]
    await one.free("a", limits, sent=True)
    await host.pass_time(0.3)
    assert await one.used(limits) == [0, 1]
    assert await take(other, "c", *limits) == 0.0
    await other.free("c", limits, sent=True)
    await host.pass_time(0.3)
    assert await take(other, "d", *limits) > 0.0


async def test_without_limits_everybody_passes(host: Host) -> None:
    """As many as come."""
    store = host.store()
    for number in range(20):
        assert await take(store, str(number)) == 0.0
    assert await store.used([]) == []


async def test_a_hold_holds_all(host: Host) -> None:
    """The one that lasts longest stays, and ends by itself."""
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
    assert await take(one, "c", limit) == 0.0
    assert await take(other, "d", limit) == 0.0


async def test_a_place_that_is_unknown_is_passed_over(host: Host) -> None:
    """Giving back twice frees nothing twice, nor what others have."""
    one, other = host.store(), host.store()
    limit = Limit(9, per=60.0)
    await take(one, "a", limit)
    await other.free("b", [limit], sent=True)
    await other.free("b", [limit], sent=False)
    await one.free("a", [limit], sent=True)
    await one.free("a", [limit], sent=False)
    assert await other.used([limit]) == [1]


@pytest.mark.parametrize("host", ["sqlite", "redis"], indirect=True)
async def test_a_place_whose_owner_vanished_comes_free(host: Host) -> None:
    """It counts as ended when its lease runs out, and who comes back late changes nothing."""
    gone, other = host.store(), host.store()
    limit = Limit(1, per=0.2)
    assert await gone.take("a", [limit], bulk=False, lease=0.2) == 0.0
    await host.pass_time(0.25)
    assert await other.take("b", [limit], bulk=False, lease=0.2) > 0.0
    await host.pass_time(0.2)
    assert await other.take("c", [limit], bulk=False, lease=0.2) == 0.0
    await gone.free("a", [limit], sent=True)
    assert await other.used([limit]) == [1]


async def test_nobody_waits_for_ever_for_another_process(host: Host) -> None:
    """Who has given a place back cannot tell the others, so they ask again soon."""
    one, other = host.store(), host.store()
    limit = Limit(1, per=60.0)
    assert await take(one, "a", limit) == 0.0
    waits = [await take(store, "b", limit) for store in (one, other) for _ in range(5)]
    if host.shared:
        assert all(0.4 < wait <= 0.6 for wait in waits)
        assert len(set(waits)) == len(waits)
    else:
        assert waits == [math.inf] * 10


async def test_a_store_is_closed_in_any_state(host: Host) -> None:
    """Never used, used, and closed before."""
    unused, used = host.store(), host.store()
    await unused.close()
    await used.used([])
    await used.close()
    await used.close()


@pytest.mark.parametrize("host", ["sqlite", "redis"], indirect=True)
async def test_a_closed_store_says_so(host: Host) -> None:
    """Except to who gives a place back, whom it would keep from saying something better."""
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


async def test_closing_waits_for_what_is_under_way(shared: SharedPlaces) -> None:
    """Who was about to have a place has none, and it is lost to nobody."""
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
async def test_a_place_granted_to_who_was_cancelled_is_given_back(
    shared: SharedPlaces, steps: int
) -> None:
    """Whenever it happens, the place is lost for no longer than the question takes."""
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


async def test_a_limiter_before_it_loses_nothing_when_cancelled(
    shared: SharedPlaces,
) -> None:
    """However many of those who come are cancelled, the rest have every place."""
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
        places = [await limiter.acquire() for _ in range(5)]
    assert len(set(places)) == 5
    limiter.close()
    await store.close()


async def test_giving_back_goes_on_when_cancelled(shared: SharedPlaces) -> None:
    """Who has no time to wait for it need not."""
    one, other = shared(), shared()
    limit = Limit(1, per=60.0)
    await take(one, "a", limit)
    giving = asyncio.create_task(one.free("a", [limit], sent=False))
    await asyncio.sleep(0)
    giving.cancel()
    await asyncio.wait([giving])
    assert giving.cancelled()
    await one.close()
    assert await other.used([limit]) == [0]
    await other.close()


async def test_two_limiters_of_one_process_may_share_a_store(
    shared: SharedPlaces,
) -> None:
    """Who waits for a place that the other one has is not forgotten."""
    store = shared()
    one, other = (Limiter([Limit(1, per=0.05)], store) for _ in range(2))
    place = await one.acquire()
    waiting = asyncio.create_task(other.acquire())
    await asyncio.sleep(0.02)
    await one.release(place, sent=True)
    async with asyncio.timeout(10):
        await waiting
    await store.close()
