"""Steps of a stream test: reading, concurrent changes of rows, and the requests sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from intervals_async import Stream
from intervals_async.testing import FakeIntervals, SeenRequest


def ids(fake: FakeIntervals, resource: str = "projectnote") -> list[int]:
    """Return the ids that exist, in the server's order."""
    return [int(str(row["id"])) for row in fake.rows(resource)]


def project_ids(fake: FakeIntervals) -> list[int]:
    """Return the ids of the projects that have notes."""
    return sorted({int(str(row["projectid"])) for row in fake.rows("projectnote")})


def person_with_contacts(fake: FakeIntervals) -> int:
    """Return the id of a person whose contacts can be listed, which takes one request."""
    return int(str(fake.rows("personcontact")[0]["personid"]))


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
