"""Cancelled at whatever step, a call leaves the client as if it had never been made."""

from __future__ import annotations

import asyncio

import pytest

from intervals_async import IntervalsClient, Limit, ProjectNote, RetryPolicy, Stream
from intervals_async.testing import FakeIntervals, faults


async def run_for(task: asyncio.Task[object], steps: int) -> None:
    """Let the loop make so many steps, as long as the task is not done."""
    for _ in range(steps):
        if task.done():
            return
        await asyncio.sleep(0)


@pytest.mark.parametrize("fault", [None, faults.Status(500), faults.TooFast(), faults.DropBefore()])
async def test_a_cancelled_call_leaves_nothing(
    fake: FakeIntervals, fault: faults.Fault | None
) -> None:
    """After each number of steps until it is done: the next call works, no place is lost."""
    policy = RetryPolicy(wait_initial=0, wait_too_fast=0)
    steps = 0
    finished = False
    async with IntervalsClient(
        fake.token, base_url=fake.url, limits=[Limit(1000, per=1e6)], retry=policy
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
        # Each cancelled attempt counts, since it may have reached the server; none is lost.
        assert fake.requests <= budget.limits[0].used == budget.requests <= 3 * steps + 10
    assert not [task for task in asyncio.all_tasks() if "intervals_async/_" in repr(task)]


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_a_cancelled_stream_step_leaves_nothing(
    fake: FakeIntervals, intervals: IntervalsClient, concurrency: int
) -> None:
    """After each number of steps: stepping again gives every record once."""
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
