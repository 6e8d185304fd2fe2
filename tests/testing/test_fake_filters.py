"""Filters really filter, and refuse values of the wrong kind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from intervals_async.testing import FakeIntervals

from .asking import ask, ids

Row = dict[str, Any]
Wanted = Callable[[Row], bool]


def _world() -> FakeIntervals:
    return FakeIntervals(notes=200, people=25, projects=25, per_minute=None)


NOTES: list[tuple[dict[str, str], Wanted]] = [
    ({"projectid": "301"}, lambda row: row["projectid"] == 301),
    ({"projectid": "301,303, 304"}, lambda row: row["projectid"] in (301, 303, 304)),
    ({"authorid": "201,202"}, lambda row: row["authorid"] in (201, 202)),
    ({"localid": "1,2"}, lambda row: row["localid"] in (1, 2)),
    ({"title": "EMOJI"}, lambda row: "emoji" in row["title"].lower()),
    (
        {"title": "meeting", "projectid": "301"},
        lambda r: "Meeting" in r["title"] and r["projectid"] == 301,
    ),
    ({"projectid": "-1"}, lambda row: False),
]


@pytest.mark.parametrize(("query", "wanted"), NOTES)
async def test_notes(query: dict[str, str], wanted: Wanted) -> None:
    """Notes are filtered by ids, lists of ids and text."""
    async with _world() as fake:
        expected = [row["id"] for row in fake.rows("projectnote") if wanted(row)]
        assert await ids(fake, "projectnote", **query) == expected


async def test_listcount_is_of_what_matches() -> None:
    """The count is taken after the filters and before limit and offset."""
    async with _world() as fake:
        matching = sum(row["projectid"] == 301 for row in fake.rows("projectnote"))
        for query in ({"limit": "1"}, {"limit": "1", "offset": "5000"}):
            reply = await ask(fake, "projectnote/", {"projectid": "301"} | query)
            assert reply.json["listcount"] == matching


async def test_notes_by_client_and_id() -> None:
    """A clientid looks at the note's project; noteid is taken as the row's id."""
    async with _world() as fake:
        projects = {row["id"] for row in fake.rows("project") if row["clientid"] in (101, 102)}
        expected = [row["id"] for row in fake.rows("projectnote") if row["projectid"] in projects]
        assert await ids(fake, "projectnote", clientid="101,102") == expected
        assert await ids(fake, "projectnote", noteid=str(expected[0])) == [expected[0]]


async def test_search_leaves_out_secure_notes() -> None:
    """Search looks at every title, and at the note only where it is not secure."""
    async with FakeIntervals(notes=0) as fake:
        open_note = fake.insert("projectnote", title="a", note="<b>Needle</b>", secure=False)
        fake.insert("projectnote", title="b", note="needle", secure=True)
        titled = fake.insert("projectnote", title="NEEDLE", note=None, secure=True)
        assert await ids(fake, "projectnote", search="needle") == [open_note, titled]


async def test_changes_are_seen_by_a_repeated_filter() -> None:
    """What was selected before is not kept when the data change."""
    async with FakeIntervals(notes=0) as fake:
        first = fake.insert("projectnote", title="same")
        assert await ids(fake, "projectnote", title="same") == [first]
        second = fake.insert("projectnote", title="same")
        assert await ids(fake, "projectnote", title="same") == [first, second]


async def test_many_different_filters() -> None:
    """Any number of different filters can be asked."""
    async with FakeIntervals(notes=1, per_minute=None) as fake:
        identity = fake.rows("projectnote")[0]["id"]
        for place in range(70):
            assert await ids(fake, "projectnote", noteid=str(place)) == []
        assert await ids(fake, "projectnote", noteid=str(identity)) == [identity]


PEOPLE: list[tuple[dict[str, str], Wanted]] = [
    ({"localid": "1,3"}, lambda row: row["localid"] in (1, 3)),
    ({"active": "t"}, lambda row: row["active"]),
    ({"active": "f"}, lambda row: not row["active"]),
    ({"allprojects": "t"}, lambda row: row["allprojects"]),
    ({"restricttasks": "t"}, lambda row: row["restricttasks"] is True),
    ({"groupid": "2"}, lambda row: row["groupid"] == 2),
    ({"excludegroupids": "1,2"}, lambda row: row["groupid"] not in (1, 2)),
    ({"firstname": "ada"}, lambda row: "ada" in row["firstname"].lower()),
    ({"lastname": "SMITH"}, lambda row: "smith" in row["lastname"].lower()),
    ({"username": "user1@"}, lambda row: row["username"] == "user1@example.org"),
    ({"clientid": "101,102,103"}, lambda row: row["clientid"] in (101, 102, 103)),
    ({"email": "PERSON203@"}, lambda row: row["id"] == 203),
    ({"search": "person204@"}, lambda row: row["id"] == 204),
    ({"search": "björk"}, lambda row: row["firstname"] == "Björk"),
]


@pytest.mark.parametrize(("query", "wanted"), PEOPLE)
async def test_people(query: dict[str, str], wanted: Wanted) -> None:
    """People are filtered by their fields, their contacts and their groups."""
    async with _world() as fake:
        expected = [row["id"] for row in fake.rows("person") if wanted(row)]
        assert expected
        assert await ids(fake, "person", **query) == expected


async def test_people_on_projects() -> None:
    """A project's people are its team, the managers among them."""
    async with _world() as fake:
        managed = next(row for row in fake.rows("project") if row["managerid"] and row["clientid"])
        managers = {int(each) for each in str(managed["managerid"]).split(",")}
        team = await ids(fake, "person", projectid=str(managed["id"]))
        assert managers <= set(team)
        assert set(team) <= set(await ids(fake, "person", projectclientid=str(managed["clientid"])))
        assert managed["id"] in await ids(fake, "project", personid=str(team[0]))
        assert await ids(fake, "project", personid="999") == []


DAY, NEW_YEAR = date(2023, 6, 1), date(2024, 1, 1)
PROJECTS: list[tuple[dict[str, str], Wanted]] = [
    ({"localid": "1,3"}, lambda row: row["localid"] in ("00001", "00003")),
    ({"clientid": "101"}, lambda row: row["clientid"] == 101),
    ({"clientid": "-1"}, lambda row: row["clientid"] is None),
    ({"clientid": "-1,101"}, lambda row: row["clientid"] in (None, 101)),
    ({"managerid": "-1"}, lambda row: row["managerid"] is None),
    ({"managerid": "213"}, lambda row: "213" in (row["managerid"] or "")),
    ({"managerid": "213,-1"}, lambda row: "213" in (row["managerid"] or "213")),
    ({"labelid": "51,53"}, lambda row: row["labelid"] in (51, 53)),
    ({"name": "audit & tax"}, lambda row: "Audit & Tax" in row["name"]),
    ({"search": "00007"}, lambda row: row["localid"] == "00007"),
    ({"search": "budget"}, lambda row: "budget" in (row["description"] or "")),
    ({"active": "f"}, lambda row: not row["active"]),
    ({"billable": "t"}, lambda row: row["billable"]),
    ({"datestartbegin": "2023-06-01"}, lambda row: row["datestart"] >= DAY),
    ({"datestartend": "2023-06-01"}, lambda row: row["datestart"] <= DAY),
    ({"dateendbegin": "2023-06-01"}, lambda row: bool(row["dateend"]) and row["dateend"] >= DAY),
    ({"dateendend": "2024-01-01"}, lambda row: bool(row["dateend"]) and row["dateend"] <= NEW_YEAR),
]


@pytest.mark.parametrize(("query", "wanted"), PROJECTS)
async def test_projects(query: dict[str, str], wanted: Wanted) -> None:
    """Projects are filtered by ids (-1 is none), dates, booleans and text."""
    async with _world() as fake:
        expected = [row["id"] for row in fake.rows("project") if wanted(row)]
        assert expected
        assert await ids(fake, "project", **query) == expected


async def test_exact_dates() -> None:
    """Both datestart and dateend want exactly that day."""
    async with _world() as fake:
        row = next(row for row in fake.rows("project") if row["dateend"])
        for name in ("datestart", "dateend"):
            assert row["id"] in await ids(fake, "project", **{name: str(row[name])})
            assert await ids(fake, "project", **{name: "1999-01-01"}) == []


@pytest.mark.parametrize(
    "name",
    [
        "id",
        "localid",
        "clientid",
        "managerid",
        "name",
        "datestart",
        "dateend",
        "billable",
        "labelid",
        "label",
        "label_order",
    ],
)
async def test_sorting(name: str) -> None:
    """Every documented sort field sorts, ascending unless told otherwise, the missing last."""
    async with _world() as fake:
        every = {row["id"]: row for row in fake.rows("project")}
        ascending = await ids(fake, "project", sortfield=name)
        assert ascending == await ids(fake, "project", sortfield=name, sortdir="ASC")
        descending = await ids(fake, "project", sortfield=name, sortdir="DESC")
        assert set(ascending) == set(descending) == set(every)
        places = {None: 9, "On track": 0, "At risk & late": -1, "Archived": -2}
        column = "label" if name == "label_order" else name
        values: list[Any] = [every[each][column] for each in ascending]
        if name == "label_order":
            assert [places[value] for value in values] == sorted(places[v] for v in values)
            return
        present = [value for value in values if value is not None]
        assert values == present + [None] * (len(values) - len(present))
        folded = [v.casefold() if isinstance(v, str) else v for v in present]
        assert folded == sorted(folded)


async def test_sortdir_alone() -> None:
    """A direction without a field turns the server's order round."""
    async with _world() as fake:
        order = await ids(fake, "project")
        assert await ids(fake, "project", sortdir="DESC") == order[::-1]
        assert await ids(fake, "project", sortdir="ASC") == order


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        ("projectnote/", "projectid", "x"),
        ("projectnote/", "projectid", ""),
        ("projectnote/", "projectid", "1,,2"),
        ("projectnote/", "noteid", "1,2"),
        ("person/", "active", "true"),
        ("person/", "groupid", "1,2"),
        ("project/", "personid", "1,2"),
        ("project/", "datestart", "20230601"),
        ("project/", "datestart", "06/01/2023"),
        ("project/", "sortfield", "title"),
        ("project/", "sortdir", "asc"),
        ("contactdescriptor/", "contacttypeid", "x"),
    ],
)
async def test_values_of_the_wrong_kind(path: str, name: str, value: str) -> None:
    """A value of the wrong kind is a validation error that names it and its filter."""
    async with FakeIntervals(notes=1) as fake:
        reply = await ask(fake, path, {name: value})
        assert (reply.status, reply.code) == (400, 18)
        assert reply.verbose == [
            f"Validation failed for the value ({value}) passed to the following field: {name}"
        ]


async def test_no_sorting_where_there_is_none() -> None:
    """What documents no sort fields refuses them."""
    async with FakeIntervals(notes=1) as fake:
        reply = await ask(fake, "projectnote/", {"sortfield": "id"})
        assert (reply.status, reply.code) == (400, 17)


@pytest.mark.parametrize(
    ("path", "name"), [("personcontact/", "personid"), ("contactdescriptor/", "contacttypeid")]
)
async def test_required_filters(path: str, name: str) -> None:
    """Without a required filter the answer is a validation error."""
    async with FakeIntervals(notes=1) as fake:
        reply = await ask(fake, path)
        assert (reply.status, reply.code) == (400, 18)
        assert reply.verbose == [f"The following required field is missing: {name}"]
