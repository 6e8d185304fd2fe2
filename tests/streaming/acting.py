"""Steps of a stream test: reading, changing rows as others would, looking at the requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from intervals_async import Stream
from intervals_async.testing import FakeIntervals, SeenRequest


def ids(fake: FakeIntervals, resource: str = "projectnote") -> list[int]:
    """Return the ids that exist, in the server's order."""
    return [int(str(row["id"])) for row in fake.rows(resource)]


def requested(fake: FakeIntervals) -> list[tuple[int, int]]:
    """Return the offset and limit of each request."""
    return [(int(seen.query["offset"]), int(seen.query["limit"])) for seen in fake.log]


def change_before(fake: FakeIntervals, number: int, change: Callable[[], object]) -> None:
    """Let others change something before the request of this number, counted from 1."""

    def callback(server: FakeIntervals, seen: SeenRequest) -> None:
        if len(server.log) == number:
            change()

    fake.between(callback)


def insert(fake: FakeIntervals, rows: int, before: int | None = None) -> None:
    """Let others add some notes before one, or at the end."""
    for _ in range(rows):
        fake.insert("projectnote", before=before, title="new")


def remove(fake: FakeIntervals, gone: Iterable[int], resource: str = "projectnote") -> None:
    """Let others delete these rows."""
    for id in gone:
        fake.remove(resource, id)


def move(fake: FakeIntervals, id: int, before: int, resource: str = "projectnote") -> None:
    """Let an edit move a row to the left."""
    fake.remove(resource, id)
    fake.insert(resource, id=id, before=before)


async def take(stream: Stream[Any], records: int) -> list[int]:
    """Read some records, and return their ids."""
    return [(await anext(stream)).id for _ in range(records)]


async def read_ids(stream: Stream[Any]) -> list[int]:
    """Read to the end, and return the ids."""
    return [record.id async for record in stream]


async def read(stream: Stream[Any], seen: list[int]) -> None:
    """Read to the end, or the next error, and note the ids."""
    async for record in stream:
        seen.append(record.id)  # noqa: PERF401  what comes before an error counts
