"""Fields that the server does not send as documented are unset, reported, and fail no call."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from intervals_async import (
    ABSENT,
    ArgumentError,
    Event,
    FieldUnreadable,
    FieldUnreadableError,
    IntervalsClient,
    Listing,
    ProjectNote,
    RecordError,
    column_values,
    columns_of,
)
from intervals_async.testing import FakeIntervals, faults

from ..conftest import AT_ONCE
from ..rows import ids
from .test_all import LISTED, PARENTS

ODD_DATE = "2024-05-06 24:00:01"


def send(fake: FakeIntervals, resource: str, rows: list[dict[str, Any]], **fault: Any) -> None:
    """Respond to the next request with these rows."""
    body = {"personid": 1, "status": "OK", "code": 200, "listcount": len(rows), resource: rows}
    fake.inject(faults.Raw(json.dumps(body).encode(), **fault))


def wire_rows(fake: FakeIntervals, resource: str = "projectnote") -> list[dict[str, Any]]:
    """Return the rows of a resource as the server sends them."""
    return [dict(row) for row in fake.wire_rows(resource)]


def client_of(fake: FakeIntervals, **options: Any) -> IntervalsClient:
    """Return a client without limits and waits."""
    return IntervalsClient(fake.token, base_url=fake.url, limits=(), retry=AT_ONCE, **options)


@pytest.fixture
def odd(fake: FakeIntervals) -> FakeIntervals:
    """Return a server whose next response has two notes with an odd date, and one without."""
    rows = wire_rows(fake)
    del rows[2]["date"]
    for index in (5, 7):
        rows[index]["date"] = ODD_DATE
    send(fake, "projectnote", rows)
    return fake


async def test_a_stream_yields_rows_with_unreadable_fields(odd: FakeIntervals) -> None:
    """Every row is yielded, the odd ones without the field, and no request is added."""
    async with client_of(odd) as client:
        notes = await client.projectnote.list().collect()
    assert [note.id for note in notes] == ids(odd)
    assert [note.unreadable for note in notes if note.unreadable] == [
        {"date": ABSENT},
        {"date": ODD_DATE},
        {"date": ODD_DATE},
    ]
    assert odd.requests == 1
    with pytest.raises(FieldUnreadableError) as caught:
        notes[5].date  # noqa: B018  the error is what is tested
    assert (caught.value.resource, caught.value.record_id) == ("projectnote", notes[5].id)


async def test_an_unreadable_field_is_reported_once(
    odd: FakeIntervals, caplog: pytest.LogCaptureFixture
) -> None:
    """One event and one log line per resource and field, in the life of a client."""
    seen: list[Event] = []
    caplog.set_level(logging.WARNING, "intervals_async")
    async with client_of(odd, on_event=seen.append) as client:
        notes = await client.projectnote.list().collect()
        rows = wire_rows(odd)
        rows[0] |= {"date": None, "secure": "?"}
        send(odd, "projectnote", rows)
        await client.with_options(timeout=5).projectnote.list().collect()
    events = [event for event in seen if isinstance(event, FieldUnreadable)]
    assert [(event.field, event.record_id) for event in events] == [
        ("date", notes[2].id),
        ("secure", notes[0].id),
    ]
    assert len(caplog.records) == 2


async def test_on_unreadable_raise(odd: FakeIntervals) -> None:
    """The first odd row raises an error with its offset, id and path; those before are yielded."""
    async with client_of(odd, on_unreadable="raise") as client:
        stream = client.projectnote.list().stream()
        assert [(await anext(stream)).id for _ in range(2)] == ids(odd)[:2]
        with pytest.raises(RecordError) as caught:
            await anext(stream)
    error = caught.value
    assert (error.offset, error.record_id) == (2, ids(odd)[2])
    assert error.json_path == "$.projectnote[2].date"


async def test_the_offset_of_an_invalid_row_is_that_in_the_listing(fake: FakeIntervals) -> None:
    """Its index in the page is in the JSON path only."""
    rows: list[Any] = wire_rows(fake)
    rows[24] = "no object"
    async with client_of(fake) as client:
        stream = client.projectnote.list().stream(page_size=20)
        body = {"listcount": len(rows), "projectnote": rows[19:40]}
        fake.inject(faults.Raw(json.dumps(body).encode()), skip=1)
        assert [(await anext(stream)).id for _ in range(24)] == ids(fake)[:24]
        with pytest.raises(RecordError) as caught:
            await anext(stream)
    assert (caught.value.offset, caught.value.json_path) == (24, "$.projectnote[5]")


async def test_an_option_of_a_view(odd: FakeIntervals, intervals: IntervalsClient) -> None:
    """`with_options` changes what happens to unreadable fields, for the view only."""
    with pytest.raises(RecordError):
        await intervals.with_options(on_unreadable="raise").projectnote.list().collect()
    rows = wire_rows(odd)
    rows[0]["date"] = ODD_DATE
    send(odd, "projectnote", rows)
    view = intervals.with_options(on_unreadable="raise")
    assert await view.with_options(on_unreadable="unset").projectnote.list().collect()
    with pytest.raises(ArgumentError, match="on_unreadable"):
        client_of(odd, on_unreadable="ignore")


async def test_a_single_record_with_unreadable_fields(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """`get`, `create` and `update` return it; with ``"raise"``, a write says that it succeeded."""
    row = {**wire_rows(fake)[0], "date": None}
    id = ids(fake)[0]
    body = json.dumps({"projectnote": row}).encode()
    fake.inject(faults.Raw(body), times=2)
    assert (await intervals.projectnote.get(id)).unreadable == {"date": None}
    assert (await intervals.projectnote.update(id, title="x")).unreadable == {"date": None}
    fake.inject(faults.Raw(body))
    with pytest.raises(RecordError, match="the write succeeded"):
        await intervals.with_options(on_unreadable="raise").projectnote.update(id, title="x")


async def test_a_row_without_an_id_is_yielded_if_no_id_is_needed(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """With ``on_drift="ignore"``, a row without an id is a record like any other."""
    rows = wire_rows(fake)[:3]
    del rows[1]["id"]
    notes: Listing[ProjectNote] = intervals.projectnote.list()
    send(fake, "projectnote", rows)
    assert len([note async for note in notes.stream(on_drift="ignore")]) == 3
    send(fake, "projectnote", rows)
    with pytest.raises(RecordError) as caught:
        await notes.collect()
    assert (caught.value.offset, caught.value.json_path) == (1, "$.projectnote[1].id")


@pytest.mark.parametrize("name", LISTED)
async def test_every_field_of_every_resource_may_be_odd(
    fake: FakeIntervals, intervals: IntervalsClient, name: str
) -> None:
    """Each field in turn is removed, null and of a wrong type: every row is yielded."""
    template = next(iter(wire_rows(fake, name)), {"id": "1"})
    fields = [
        column.name
        for column in columns_of(intervals.resource(name).record)
        if column.name not in ("id", "extra")
    ]
    rows: list[dict[str, Any]] = []
    for field in fields:
        rows += [
            {key: value for key, value in template.items() if key != field},
            {**template, field: None},
            {**template, field: [[1]]},
        ]
    rows = [{**row, "id": str(number)} for number, row in enumerate(rows, 1)]
    filters = {f"{PARENTS[name]}id": 1} if name in PARENTS else {}
    fake.inject(faults.Raw(json.dumps({"listcount": len(rows), name: rows}).encode()))
    listing = intervals.resource(name).list(**filters)
    found = [record async for record in listing.stream(page_size=1000)]
    assert len(found) == len(rows)
    for index, field in enumerate(fields):
        assert [*found[3 * index + 2].unreadable] == [field]
        assert {*found[3 * index].unreadable} <= {field}
        assert column_values(found, [field])[0][3 * index + 2] is None


async def test_a_me_without_localid(fake: FakeIntervals, intervals: IntervalsClient) -> None:
    """A caller whose own record lacks a field can be read."""
    response = await intervals.raw_request("GET", "/me/")
    (row,) = json.loads(response.body)["me"]
    del row["localid"]
    send(fake, "me", [row])
    me = await intervals.me.get()
    assert me.unreadable == {"localid": ABSENT}
    assert str(me.id) == row["id"]
