"""A cancelled call leaves the client as if it had never been made, at whatever step."""

from __future__ import annotations

import asyncio

import pytest

from intervals_async import IntervalsClient, Limit, ProjectNote, Stream
from intervals_async.testing import FakeIntervals, faults

from .conftest import AT_ONCE


async def run_for(task: asyncio.Task[object], steps: int) -> None:
    """Let the loop run a number of steps, unless the task ends before."""
    for _ in range(steps):
        if task.done():
            return
        await asyncio.sleep(0)


@pytest.mark.parametrize("fault", [None, faults.Status(500), faults.TooFast(), faults.DropBefore()])
async def test_a_cancelled_call_leaves_nothing_behind(
    fake: FakeIntervals, fault: faults.Fault | None
) -> None:
    """A call that is cancelled at any step leaves a usable client and loses no slot."""
    steps = 0
    finished = False
    async with IntervalsClient(
        fake.token, base_url=fake.url, limits=[Limit(1000, per=1e6)], retry=AT_ONCE
    ) as client:
        await client.me.get()
        while not finished:
            if fault is not None:
                fake.inject(fault)
            task: asyncio.Task[object] = asyncio.ensure_future(client.me.get())
            await run_for(task, steps)
            finished = task.done()
            task.cancel()
            await asyncio.wait([task])
            assert finished or task.cancelled()
            fake.heal()
            steps += 1
        assert steps > 5
        assert (await client.me.get()).id
        budget = await client.budget()
        # Each cancelled attempt counts, because it may have reached the server.
        assert fake.requests <= budget.limits[0].used == budget.requests <= 3 * steps + 10


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_a_cancelled_step_of_a_stream_loses_no_record(
    fake: FakeIntervals, intervals: IntervalsClient, concurrency: int
) -> None:
    """A stream whose step is cancelled at any point yields every record once."""
    wanted = [row["id"] for row in fake.rows("projectnote")]
    steps = 0
    cancelled = True
    while cancelled:
        cancelled = False
        stream = intervals.projectnote.list().stream(page_size=10, concurrency=concurrency)
        seen: list[int] = []
        while True:
            step: asyncio.Task[object] = asyncio.ensure_future(_next(stream, seen))
            await run_for(step, steps)
            if step.done():
                if not step.result():
                    break
                continue
            step.cancel()
            await asyncio.wait([step])
            cancelled = True
            if not await _next(stream, seen):
                break
        assert seen == wanted
        steps += 1
    assert steps > 5


async def _next(stream: Stream[ProjectNote], seen: list[int]) -> bool:
    try:
        seen.append((await stream.__anext__()).id)
    except StopAsyncIteration:
        return False
    return True
