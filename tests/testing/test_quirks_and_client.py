"""The client against each quirk: every resource is listed and read, and notes are written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from intervals_async import ABSENT, IncompleteListingError, IntervalsClient, Record
from intervals_async.errors import APIError
from intervals_async.export import export_account
from intervals_async.resources import names, resource_class
from intervals_async.testing import FakeIntervals, quirks
from intervals_async.testing._fake.wire import Json

from ..resources.test_all import PARENTS

PARAMETERS: dict[str, Json] = {
    "capped_limit": 5,
    "field_values": {"task": {"assigneeid": None}, "projectnote": {"date": "2024-05-06 24:00:00"}},
    "forbidden": [],
    "missing_fields": {"me": ["localid"], "task": ["datecreated", "assigneeid"]},
    "paged_lookups": None,
    "utc_offset": -480,
}
"""The parameters of the quirks that need one."""

UNREADABLE: dict[str, dict[str, dict[str, object]]] = {
    "absent_when_missing": {
        "task": {"assigneeid": ABSENT, "followerid": ABSENT, "summary": ABSENT},
    },
    "field_values": {"projectnote": {"date": "2024-05-06 24:00:00"}},
    "missing_fields": {"me": {"localid": ABSENT}, "task": {"assigneeid": ABSENT}},
    "null_for_empty": {"task": {"summary": None}},
}
"""What the client finds unreadable with a quirk, by resource and field."""


def server(name: str) -> FakeIntervals:
    """Return a server with a quirk and without limits."""
    parameter = PARAMETERS.get(name, True)
    return FakeIntervals(notes=30, per_minute=None, per_day=None, quirks={name: parameter})


def client(fake: FakeIntervals) -> IntervalsClient:
    """Return a client of the server without limits."""
    return IntervalsClient(fake.token, base_url=fake.url, limits=())


@pytest.mark.parametrize("name", quirks.NAMES)
async def test_every_resource_is_streamed_and_read(name: str) -> None:
    """A stream of each resource yields every row once, and a single record can be read.

    Unreadable fields are unset, and the records name them with the raw value.
    """
    fake = server(name)
    for _ in range(25):
        fake.insert("personcontact", personid=fake.rows("personcontact")[0]["personid"])
    async with fake, client(fake) as intervals:
        found = {resource: await _read(fake, intervals, resource) for resource in names()}
    unreadable = {
        resource: {field: raw for record in records for field, raw in record.unreadable.items()}
        for resource, records in found.items()
    }
    assert {
        resource: fields for resource, fields in unreadable.items() if fields
    } == UNREADABLE.get(name, {})


async def _read(fake: FakeIntervals, intervals: IntervalsClient, name: str) -> list[Record]:
    """Return all records of a list and a single one, after a check that none is missing."""
    resource: Any = intervals.resource(name)
    methods = resource_class(name).methods()
    if "list" not in methods:
        return [await resource.get()]
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
        records.append(await resource.get(first))
        assert getattr(records[-1], identity) == first
    return records


@pytest.mark.parametrize("name", quirks.NAMES)
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


@pytest.mark.slow
@pytest.mark.parametrize("name", quirks.NAMES)
async def test_an_account_is_exported(name: str, tmp_path: Path) -> None:
    """An export of the account writes every row of every resource, and ends without an error."""
    async with server(name) as fake, client(fake) as intervals:
        manifest = await export_account(intervals, tmp_path)
        assert not manifest.left_out
        assert {each.resource for each in manifest.exported} == {*names()}
        for each in manifest.exported:
            stored = 1 if each.resource in ("me", "quota") else len(fake.rows(each.resource))
            assert each.records == stored, each.resource
            lines = (tmp_path / each.file.name).read_bytes().splitlines()
            assert len([json.loads(line) for line in lines]) == stored


async def test_lookups_of_ten_rows_are_not_lost_silently() -> None:
    """A list without documented paging that has more rows than it sends raises an error."""
    fake = FakeIntervals(notes=0, per_minute=None, quirks={"paged_lookups"})
    for _ in range(25):
        fake.insert("personcontact", personid=201)
    async with fake, client(fake) as intervals:
        with pytest.raises(IncompleteListingError):
            await intervals.personcontact.list(personid=201).collect()


def test_the_names_above_exist() -> None:
    """The parameters and findings above are those of existing quirks."""
    assert {*UNREADABLE, *PARAMETERS} <= {*quirks.NAMES}
