"""The client against each quirk: every resource is listed and read, and notes are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from intervals_async import IncompleteListingError, IntervalsClient, RecordError
from intervals_async.errors import APIError
from intervals_async.resources import names, resource_class
from intervals_async.testing import FakeIntervals, quirks
from intervals_async.testing._fake.wire import Json

PARENTS = {
    "contactdescriptor": "contacttype",
    "invoiceitem": "invoice",
    "invoicenote": "invoice",
    "milestonenote": "milestone",
    "personcontact": "person",
    "projectteam": "project",
    "tasknote": "task",
}
"""The resources that are listed for one parent only."""

PARAMETERS: dict[str, Json] = {
    "capped_limit": 5,
    "field_values": {"task": {"assigneeid": None}, "projectnote": {"date": "2024-05-06 24:00:00"}},
    "forbidden": [],
    "missing_fields": {"me": ["localid"], "task": ["datecreated", "assigneeid"]},
    "paged_lookups": None,
}
"""The parameters of the quirks that need one."""

UNREADABLE = {
    "absent_when_missing": "task.followerid is absent",
    "field_values": "projectnote.date cannot be read",
    "missing_fields": "required fields are absent",
    "null_for_empty": "task.followerid is null",
    "task_rows_2025": "task.datecreated is absent",
}
"""The quirks that leave out or change a field that the client requires."""


def _marked(names: Sequence[str]) -> list[Any]:
    """Return the names of all quirks, with a strict xfail of these."""
    reason = "{}; such rows raise until fields can be unset (issue 14, A 1)"
    return [
        pytest.param(
            name,
            marks=pytest.mark.xfail(
                raises=RecordError, strict=True, reason=reason.format(UNREADABLE[name])
            ),
        )
        if name in names
        else name
        for name in quirks.NAMES
    ]


READING = _marked([*UNREADABLE])
WRITING = _marked(["field_values"])


def server(name: str) -> FakeIntervals:
    """Return a server with a quirk and without limits."""
    parameter = PARAMETERS.get(name, True)
    return FakeIntervals(notes=30, per_minute=None, per_day=None, quirks={name: parameter})


def client(fake: FakeIntervals) -> IntervalsClient:
    """Return a client of the server without limits."""
    return IntervalsClient(fake.token, base_url=fake.url, limits=())


@pytest.mark.parametrize("name", READING)
async def test_every_resource_is_streamed_and_read(name: str) -> None:
    """A stream of each resource yields every row once, and one record of each can be read."""
    fake = server(name)
    for _ in range(25):
        fake.insert("personcontact", personid=fake.rows("personcontact")[0]["personid"])
    async with fake, client(fake) as intervals:
        for resource in names():
            await _check(fake, intervals, resource)


async def _check(fake: FakeIntervals, intervals: IntervalsClient, name: str) -> None:
    resource: Any = intervals.resource(name)
    methods = resource_class(name).methods()
    if "list" not in methods:
        assert await resource.get() is not None
        return
    filters: dict[str, Any] = {}
    stored = fake.rows(name)
    if name in PARENTS:
        column = f"{PARENTS[name]}id"
        filters = {column: stored[0][column]}
        stored = [row for row in stored if row[column] == filters[column]]
    if name == "timer":
        stored = [row for row in stored if row["taskid"] is not None]
    records = [record async for record in resource.list(**filters).stream(page_size=7)]
    assert len(records) == len(stored) > 0, name
    assert await resource.list(**filters).first() is not None
    identity = "projectid" if name == "projectteam" else "id"
    if hasattr(records[0], identity):
        assert {getattr(each, identity) for each in records} == {row[identity] for row in stored}
    if "get" in methods:
        first = getattr(records[0], identity)
        assert getattr(await resource.get(first), identity) == first


@pytest.mark.parametrize("name", WRITING)
async def test_a_note_is_written(name: str) -> None:
    """A note is created, updated and deleted, and errors name their API code."""
    async with server(name) as fake, client(fake) as intervals:
        note = await intervals.projectnote.create(
            projectid=301, title="A & B", note="x", secure=False
        )
        assert note.title == "A & B"
        assert (await intervals.projectnote.update(note.id, title="C")).title == "C"
        await intervals.projectnote.delete(note.id)
        assert [each async for each in intervals.projectnote.list(search="A & B is nowhere")] == []
        with pytest.raises(APIError) as caught:
            await intervals.projectnote.get(note.id)
        assert caught.value.code == 14


async def test_lookups_of_ten_rows_are_not_lost_silently() -> None:
    """A list without documented paging that has more rows than it sends raises an error."""
    fake = FakeIntervals(notes=0, per_minute=None, quirks={"paged_lookups"})
    for _ in range(25):
        fake.insert("personcontact", personid=201)
    async with fake, client(fake) as intervals:
        with pytest.raises(IncompleteListingError):
            await intervals.personcontact.list(personid=201).collect()


def test_the_names_above_exist() -> None:
    """The parameters and reasons above are those of existing quirks."""
    assert {*UNREADABLE, *PARAMETERS} <= {*quirks.NAMES}
