"""What cannot work says in one sentence what to do instead."""

from __future__ import annotations

import asyncio
import copy
import os
import pickle
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from intervals_async import ClientClosedError, IntervalsClient, Limit
from intervals_async.limits.sqlite import SqliteLimitStore
from intervals_async.testing import FakeIntervals


@pytest.mark.parametrize("act", [pickle.dumps, copy.deepcopy, copy.copy])
async def test_what_belongs_to_a_client_cannot_be_copied(
    intervals: IntervalsClient, act: Callable[[object], object]
) -> None:
    """Neither client, resource, listing nor stream; the error names the way out."""
    listing = intervals.projectnote.list()
    stream = listing.stream()
    for thing, remedy in (
        (intervals, "create one in each process"),
        (intervals.projectnote, "create one client in each process"),
        (listing, "filters"),
        (stream, "bookmark"),
    ):
        with pytest.raises(TypeError, match=remedy):
            act(thing)


async def test_a_listing_is_not_awaited(intervals: IntervalsClient) -> None:
    """The error names `async for` and the methods to await."""
    listing: Any = intervals.projectnote.list()
    with pytest.raises(TypeError, match=r"async for .*collect\(\)"):
        await listing


def in_a_fork(act: Callable[[], Awaitable[object]]) -> str:
    """Run something in a forked process, and return the name of its error, or "done"."""
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        found = "nothing"
        try:
            asyncio.run(asyncio.wait_for(act(), 20.0))
            found = "done"
        except BaseException as error:  # noqa: BLE001  the parent looks at it
            found = type(error).__name__
        finally:
            os.write(write, found.encode())
            os._exit(0)
    os.close(write)
    with open(read, "rb") as pipe:
        found = pipe.read().decode()
    os.waitpid(child, 0)
    return found


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of fork() with threads
def test_a_used_client_refuses_to_work_after_a_fork() -> None:
    """A client that was used before a fork refuses in the child; an unused one works."""
    with FakeIntervals() as fake:
        unused = IntervalsClient(fake.token, base_url=fake.url)
        used = IntervalsClient(fake.token, base_url=fake.url)

        async def in_parent() -> None:
            await used.me.get()
            assert in_a_fork(lambda: use(used)) == ClientClosedError.__name__
            assert in_a_fork(used.close) == "done"
            await used.me.get()
            await used.close()

        async def use(client: IntervalsClient) -> None:
            await client.me.get()
            await client.close()

        asyncio.run(in_parent())
        assert in_a_fork(lambda: use(unused)) == "done"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_used_store_refuses_to_work_after_a_fork(tmp_path: Path) -> None:
    """A store that was used before a fork refuses in the child; an unused one works."""
    store, unused = (SqliteLimitStore(tmp_path / "limits") for _ in range(2))
    limits = [Limit(9, per=60.0)]

    async def use(one: SqliteLimitStore) -> None:
        await one.take(f"{os.getpid()}", limits, bulk=False, lease=9.0)
        await one.free(f"{os.getpid()}", limits, sent=True)

    async def in_parent() -> None:
        await use(store)
        assert in_a_fork(lambda: use(store)) == ClientClosedError.__name__
        assert in_a_fork(store.close) == "done"
        assert in_a_fork(lambda: use(unused)) == "done"
        assert await store.used(limits) == [2]
        await store.close()
        await unused.close()

    asyncio.run(in_parent())
