"""Open ranges of task notes: by the server's clock, and with a warning about their cost."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from intervals_async import CostWarning, IntervalsClient, Listing, ListingEstimate, TaskNote
from intervals_async.testing import FakeIntervals

MONTH = timedelta(days=30)

# How far the server's clock is ahead of this machine's.
SHIFTS = [MONTH, -MONTH, timedelta(0)]

ORDERS: list[dict[str, Any]] = [{}, {"sortfield": "id", "sortdir": "DESC"}]


def server_now(shift: timedelta) -> datetime:
    """Return the time of a server whose clock differs from this machine's."""
    return datetime.now(UTC).replace(microsecond=0) + shift


@pytest.fixture(params=SHIFTS, ids=["machine is slow", "machine is fast", "equal"])
def shift(request: pytest.FixtureRequest) -> timedelta:
    """How far the server's clock is ahead of this machine's."""
    shift: timedelta = request.param
    return shift


@pytest.fixture
async def shifted(shift: timedelta) -> AsyncIterator[FakeIntervals]:
    """A server with a note on every second day of two months."""
    async with FakeIntervals(
        notes=0, in_thread=False, per_minute=None, now=lambda: server_now(shift)
    ) as fake:
        for row in fake.rows("tasknote"):
            fake.remove("tasknote", int(str(row["id"])))
        for days in range(0, 60, 2):
            fake.insert("tasknote", date=server_now(shift) - timedelta(days=days, minutes=1))
        yield fake


@pytest.fixture
async def client(shifted: FakeIntervals) -> AsyncIterator[IntervalsClient]:
    """A client that has not received any response."""
    async with IntervalsClient(shifted.token, base_url=shifted.url, limits=()) as client:
        yield client


def open_range(client: IntervalsClient, shift: timedelta, **order: Any) -> Listing[TaskNote]:
    """List the notes of two months."""
    return client.tasknote.list(datebegin=server_now(shift) - 2 * MONTH, **order)


@pytest.mark.parametrize("order", ORDERS)
async def test_an_open_range_ends_at_the_servers_present(
    order: dict[str, Any], shift: timedelta, shifted: FakeIntervals, client: IntervalsClient
) -> None:
    """An open range yields every note once, even if this machine's clock is a month off."""
    notes = await open_range(client, shift, **order).collect()
    assert len(notes) == len({note.id for note in notes}) == 30
    # Nine weeks; the newest week that this machine knows of may be requested in vain.
    assert len(shifted.log) <= 10


@pytest.mark.parametrize("order", ORDERS)
async def test_counts_and_first_records_of_open_ranges(
    order: dict[str, Any], shift: timedelta, shifted: FakeIntervals, client: IntervalsClient
) -> None:
    """`first` and `count` of an open range follow the server's clock, too."""
    first = await open_range(client, shift, **order).first()
    async with IntervalsClient(shifted.token, base_url=shifted.url, limits=()) as other:
        assert await open_range(other, shift, **order).count() == 30
    notes = await open_range(client, shift, **order).collect()
    assert first == notes[0]


@pytest.mark.parametrize("order", ORDERS)
async def test_a_bookmark_of_a_machine_with_another_clock(
    order: dict[str, Any], shift: timedelta, shifted: FakeIntervals, client: IntervalsClient
) -> None:
    """A bookmark is resumed on a machine that has not heard of the server's time."""
    listing = open_range(client, shift, **order)
    expected = [note.id for note in await listing.collect()]
    stream = listing.stream(page_size=2)
    seen: list[int] = []
    async for note in stream:
        seen.append(note.id)
        async with IntervalsClient(shifted.token, base_url=shifted.url, limits=()) as other:
            rest = other.tasknote.list(**_same(listing), **order).stream(
                page_size=2, resume=stream.bookmark
            )
            assert seen + [each.id async for each in rest] == expected


def _same(listing: Listing[TaskNote]) -> dict[str, Any]:
    return {"datebegin": datetime.fromisoformat(listing.filters["datebegin"]).replace(tzinfo=UTC)}


async def test_chains_of_open_ranges_follow_the_servers_clock(
    shift: timedelta, shifted: FakeIntervals, client: IntervalsClient
) -> None:
    """A chain follows the server's clock in each of its listings."""
    chain = Listing.chain([open_range(client, shift), open_range(client, shift, public=True)])
    assert len(await chain.collect()) == 30


async def test_server_time(shift: timedelta, client: IntervalsClient) -> None:
    """`server_time` is this machine's time, and the server's after a response."""
    assert abs(client.server_time() - datetime.now(UTC)) < timedelta(minutes=1)
    await client.me.get()
    assert abs(client.server_time() - server_now(shift)) < timedelta(minutes=1)


async def test_timers_start_by_the_servers_clock(
    shift: timedelta, shifted: FakeIntervals, client: IntervalsClient
) -> None:
    """A timer starts and pauses at the server's present."""
    me = await client.me.get()
    timer = await client.timer.start(personid=me.id)
    assert timer.starttime is not None
    assert abs(timer.starttime - server_now(shift)) < timedelta(minutes=1)
    paused = await client.timer.pause(timer.id)
    assert paused.time is not None
    assert paused.time < 60


# Costs


async def test_estimates_of_all_kinds_of_listings(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """`estimate` tells the requests of a stream, and takes one request at most."""
    people = await intervals.person.list().estimate()
    assert people == ListingEstimate(requests=1, records=len(fake.rows("person")))
    assert fake.requests == 1
    assert await intervals.projectnote.list(limit=0).estimate() == ListingEstimate(
        requests=1, records=0
    )
    asked = fake.requests
    unpaged = await intervals.contacttype.list().estimate()
    assert unpaged == ListingEstimate(requests=1, records=None)
    begin = datetime.now(UTC) - timedelta(days=100)
    estimate = await intervals.tasknote.list(datebegin=begin).estimate()
    assert fake.requests == asked
    assert estimate == ListingEstimate(requests=15, records=None)
    await intervals.tasknote.list(datebegin=begin).collect()
    assert fake.requests == asked + 15


async def test_a_call_of_many_requests_warns_at_its_own_line(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """Counting and streaming an open range of more than 50 weeks warn, at the caller's line."""
    long = intervals.tasknote.list(datebegin=datetime.now(UTC) - timedelta(days=500))
    with pytest.warns(CostWarning, match="72 requests") as caught:
        await long.count()
    assert caught[0].filename == __file__
    with pytest.warns(CostWarning) as caught:
        long.stream()
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        short = intervals.tasknote.list(datebegin=datetime.now(UTC) - timedelta(days=300))
        await short.count()
        short.stream()
    del fake


async def test_counting_stops_at_the_limit(fake: FakeIntervals, intervals: IntervalsClient) -> None:
    """Counting at most some notes of a long range ends with the week that has enough."""
    begin = datetime.now(UTC) - timedelta(days=100)
    newest_first: dict[str, Any] = {"sortfield": "id", "sortdir": "DESC"}
    for _ in range(3):
        fake.insert("tasknote", date=datetime.now(UTC))
    assert await intervals.tasknote.list(limit=3, datebegin=begin, **newest_first).count() == 3
    assert len(fake.log) <= 2
