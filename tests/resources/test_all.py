"""Every resource over TCP: all writes that the API allows, and streams of all listings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

import pytest

from intervals_async import IntervalsClient, NotFoundError, resources, to_dict
from intervals_async._schema.parameters import Parameter, parameters
from intervals_async.testing import FakeIntervals

from ..rows import ids

Fields: TypeAlias = dict[str, Any]

DAY = date(2026, 3, 4)

# The resources that are listed for one parent only.
PARENTS = {
    "contactdescriptor": "contacttype",
    "invoiceitem": "invoice",
    "invoicenote": "invoice",
    "milestonenote": "milestone",
    "personcontact": "person",
    "projectteam": "project",
    "tasknote": "task",
}

# Resources with undocumented fields, which the fake server invents or serves as recorded.
UNKNOWN = ("contactdescriptor", "contacttype", "document", "paymenttype", "personcontact", "time")
WRITABLE = [
    name for name in resources.names() if "create" in resources.resource_class(name).methods()
]
LISTED = [name for name in resources.names() if "list" in resources.resource_class(name).methods()]
WITH_MEMBERS = [
    name
    for name in LISTED
    if "get" in resources.resource_class(name).methods() and name != "projectteam"
]


def first(fake: FakeIntervals, resource: str, **wanted: object) -> int:
    """Return the id of the first row with these values."""
    return ids(fake, resource, **wanted)[0]


async def entry(fake: FakeIntervals, intervals: IntervalsClient) -> Fields:
    """Return a project with one of its people, its work types and its modules."""
    for row in fake.rows("projectworktype"):
        projectid, worktypeid = int(str(row["projectid"])), int(str(row["worktypeid"]))
        teams = await intervals.projectteam.list(projectid=projectid).collect()
        modules = [
            int(str(each["moduleid"]))
            for each in fake.rows("projectmodule")
            if each["projectid"] == row["projectid"] and each["active"] and each["moduleid"]
        ]
        if row["active"] and teams and teams[0].personid and modules:
            return {
                "projectid": projectid,
                "worktypeid": worktypeid,
                "personid": teams[0].personid[0],
                "moduleid": modules[0],
            }
    raise LookupError("no project has a team, a work type and a module")


async def fields_of(name: str, fake: FakeIntervals, intervals: IntervalsClient) -> Fields:
    """Return the fields of a new record."""
    project = first(fake, "project", active=True)
    person = first(fake, "person", active=True)
    match name:
        case "client":
            return {"name": "A & B", "datecreated": DAY, "active": True}
        case "expense":
            return {"projectid": project, "date": DAY, "expense": Decimal("9.50"), "fee": 12}
        case "invoice":
            term = first(fake, "invoiceterm")
            return {"projectid": project, "date": DAY, "termid": term, "title": "March"}
        case "invoiceitem":
            invoice = first(fake, "invoice")
            return {"invoiceid": invoice, "name": "Work", "amount": Decimal("10.5")}
        case "invoicenote":
            return {"invoiceid": first(fake, "invoice"), "title": "Sent"}
        case "milestone":
            words: Fields = {"title": "Launch", "datedue": DAY, "complete": False}
            return {"projectid": project, "ownerid": [person], **words}
        case "milestonenote":
            milestone = first(fake, "milestone")
            return {"milestoneid": milestone, "note": "<p>x</p>", "public": True}
        case "payment":
            kind = first(fake, "paymenttype")
            return {"projectid": project, "date": DAY, "amount": Decimal("7.25"), "typeid": kind}
        case "person":
            return {"firstname": "Ada", "private": False, "active": True}
        case "personcontact":
            old = fake.rows("personcontact")[0]
            types = {"contacttypeid": "contact_type_id"}
            types["contactdescriptorid"] = "contact_descriptor_id"
            ids = {field: int(str(old[key])) for field, key in types.items()}
            return {"personid": int(str(old["personid"])), "value": "+49 30 1234", **ids}
        case "project":
            return {"name": "New", "datestart": DAY, "billable": True, "active": True}
        case "projectmodule":
            return {"projectid": project, "module": "Its own", "active": True}
        case "projectnote":
            return {"projectid": project, "title": "a", "note": "<p>b</p>", "secure": False}
        case "projectworktype":
            own: Fields = {"worktype": "Its own", "hourlyrate": Decimal("80.5")}
            return {"projectid": project, "active": True, **own}
        case "request":
            priority = first(fake, "taskpriority")
            return {"personid": person, "priorityid": priority, "title": "Please"}
        case "task":
            some = await entry(fake, intervals)
            return {
                "projectid": some["projectid"],
                "moduleid": some["moduleid"],
                "statusid": first(fake, "taskstatus"),
                "priorityid": first(fake, "taskpriority"),
                "ownerid": [some["personid"]],
                "assigneeid": some["personid"],
                "title": "Do & see",
                "dateopen": DAY,
            }
        case "tasknote":
            return {"taskid": first(fake, "task"), "note": "<p>x</p>", "public": True}
        case "time":
            some = await entry(fake, intervals)
            return {**some, "date": DAY, "time": Decimal("1.25"), "billable": True}
        case "timer":
            return {"personid": person, "time": Decimal(90), "name": "General"}  # paused
        case _:
            required = parameters(resources.resource_class(name).creatable).values()
            return {each.name: made_up(each, fake) for each in required if each.required}


def made_up(parameter: Parameter, fake: FakeIntervals) -> object:
    """Return a value for a field of a resource without an entry in `fields_of`."""
    if parameter.name.endswith("id"):
        return first(fake, parameter.name.removesuffix("id"))
    return {"boolean": True, "date": DAY, "decimal": Decimal("1.5"), "integer": 1}.get(
        parameter.kind, "a & b"
    )


def change(name: str) -> Fields:
    """Return the fields to update: those in `CHANGES`, or else any text field."""
    if name in CHANGES:
        return CHANGES[name]
    fields = parameters(resources.resource_class(name).updatable).values()
    return {next(field.name for field in fields if field.kind == "text"): "c & d"}


CHANGES: Mapping[str, Fields] = {
    "client": {"name": "C"},
    "expense": {"note": "taxi"},
    "invoice": {"title": "April"},
    "invoiceitem": {"description": "more"},
    "invoicenote": {"title": "Paid"},
    "milestone": {"complete": True},
    "milestonenote": {"note": "<p>y</p>"},
    "payment": {"reference": "cheque"},
    "person": {"lastname": "Lovelace"},
    "personcontact": {"value": "+49 30 4321"},
    "project": {"name": "Newer"},
    "projectmodule": {"active": False},
    "projectnote": {"title": "c"},
    "projectworktype": {"active": False},
    "request": {"title": "Pretty please"},
    "task": {"title": "Done", "dateclosed": DAY},
    "tasknote": {"note": "<p>y</p>"},
    "time": {"time": Decimal("0.5")},
    "timer": {"name": "Other"},
}


@pytest.mark.parametrize("name", WRITABLE)
async def test_create_get_list_update_delete(
    name: str, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A record holds what was written, from every method, until it is deleted."""
    resource: Any = getattr(intervals, name)
    written = await fields_of(name, fake, intervals)
    created = await resource.create(**written)
    fetched = await resource.get(created.id)
    assert_holds(fetched, written)
    assert fetched == created
    filters = {key: written[key] for key in (f"{PARENTS.get(name)}id",) if key in written}
    filters |= {"generaltimers": True} if name == "timer" else {}
    listed = [each async for each in resource.list(**filters) if each.id == created.id]
    assert len(listed) == 1
    assert_holds(listed[0], {key: value for key, value in written.items() if key != "priority"})
    changed = await resource.update(created.id, **change(name))
    assert_holds(changed, change(name))
    assert (await resource.get(created.id)) == changed
    await resource.delete(created.id)
    with pytest.raises(NotFoundError):
        await resource.get(created.id)


def assert_holds(record: Any, written: Fields) -> None:
    """Assert that a record holds the written fields, as far as it has them."""
    for name, value in written.items():
        if hasattr(record, name):
            wanted = tuple(value) if isinstance(value, list) else value
            found = getattr(record, name)
            if isinstance(found, tuple) and isinstance(wanted, int):
                wanted = (wanted,)
            assert found == wanted, name


@pytest.mark.parametrize("name", LISTED)
async def test_a_stream_yields_every_row_once(
    name: str, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A stream with a page size of 7 yields every row once, and `to_dict` takes each record."""
    parent = PARENTS.get(name)
    filters: Fields = {}
    if parent is not None:
        rows = fake.rows(name)
        filters[f"{parent}id"] = int(str(rows[0][f"{parent}id"])) if rows else first(fake, parent)
    resource: Any = getattr(intervals, name)
    listing = resource.list(**filters)
    records = [record async for record in listing.stream(page_size=7)]
    assert records
    assert len(records) == await listing.count()
    expected = [
        int(str(row["id"]))
        for row in fake.rows(name)
        if "id" in row and all(str(row[key]) == str(wanted) for key, wanted in filters.items())
    ]
    if hasattr(records[0], "id") and name != "timer":  # its list holds task timers only
        assert sorted(record.id for record in records) == sorted(expected)
    assert name in UNKNOWN or all(to_dict(record)["extra"] == {} for record in records)
    assert len(fake.log) <= 2 + len(records) // 7 + 1


@pytest.mark.parametrize("name", WITH_MEMBERS)
async def test_a_record_is_found_by_its_id(
    name: str, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """`get` returns the record with the id, or raises NotFoundError."""
    get: Callable[[int], Awaitable[Any]] = getattr(intervals, name).get
    id = first(fake, name)
    assert (await get(id)).id == id
    with pytest.raises(NotFoundError):
        await get(999_999_999)
