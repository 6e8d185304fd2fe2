"""Steps of a stream test: reading, concurrent changes of rows, and the requests sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from intervals_async import IntervalsClient, Stream
from intervals_async.testing import FakeIntervals, SeenRequest

from ..conftest import AT_ONCE


class Server(Protocol):
    """A server that a client can connect to."""

    @property
    def url(self) -> str:
        """The base URL."""
        raise NotImplementedError

    @property
    def token(self) -> str:
        """A valid token."""
        raise NotImplementedError


def client_of(server: Server) -> IntervalsClient:
    """Return a client of the server without rate limits and waits."""
    return IntervalsClient(server.token, base_url=server.url, limits=(), retry=AT_ONCE)


def requested(fake: FakeIntervals) -> list[tuple[int, int]]:
    """Return the offset and limit of each request."""
    return [(int(seen.query["offset"]), int(seen.query["limit"])) for seen in fake.log]


def change_before(fake: FakeIntervals, number: int, change: Callable[[], object]) -> None:
    """Change something just before the request of this number, counted from 1."""

    def callback(server: FakeIntervals, seen: SeenRequest) -> None:
        if len(server.log) == number:
            change()

    fake.between(callback)


def insert(fake: FakeIntervals, rows: int, before: int | None = None) -> None:
    """Insert new notes before a note, or at the end."""
    for _ in range(rows):
        fake.insert("projectnote", before=before, title="new")


def remove(fake: FakeIntervals, gone: Iterable[int], resource: str = "projectnote") -> None:
    """Delete these rows."""
    for id in gone:
        fake.remove(resource, id)


def move(fake: FakeIntervals, id: int, before: int, resource: str = "projectnote") -> None:
    """Move a row to the left, as an edit may do."""
    fake.remove(resource, id)
    fake.insert(resource, id=id, before=before)


async def until(condition: Callable[[], object]) -> None:
    """Let the loop run until a condition holds."""
    for _ in range(100_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("the condition was never met")


async def take(stream: Stream[Any], records: int) -> list[int]:
    """Read this number of records, and return their ids."""
    return [(await anext(stream)).id for _ in range(records)]


async def read_ids(stream: Stream[Any]) -> list[int]:
    """Read to the end, and return the ids."""
    return [record.id async for record in stream]


async def read(stream: Stream[Any], seen: list[int]) -> None:
    """Read to the end or to the next error, and append the ids to `seen`."""
    async for record in stream:
        seen.append(record.id)  # noqa: PERF401  what comes before an error counts
