"""Filters and sort fields of notes, people and projects."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from intervals_async.testing import FakeIntervals

from .raw_client import ids, send
from .servers import Matches


def _server() -> FakeIntervals:
    return FakeIntervals(notes=200, people=25, projects=25, per_minute=None)


NOTES: list[tuple[dict[str, str], Matches]] = [
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


@pytest.mark.parametrize(("query", "matches"), NOTES)
async def test_notes_are_filtered(query: dict[str, str], matches: Matches) -> None:
    """Project notes are filtered by ids, lists of ids and text."""
    async with _server() as fake:
        expected = [row["id"] for row in fake.rows("projectnote") if matches(row)]
        assert await ids(fake, "projectnote", **query) == expected


async def test_listcount_counts_matching_rows() -> None:
    """The listcount is the number of matching rows, whatever ``limit`` and ``offset`` are."""
    async with _server() as fake:
        matching = sum(row["projectid"] == 301 for row in fake.rows("projectnote"))
        for query in ({"limit": "1"}, {"limit": "1", "offset": "5000"}):
            response = await send(fake, "projectnote/", {"projectid": "301"} | query)
            assert response.json["listcount"] == matching


async def test_notes_by_client_and_id() -> None:
    """``clientid`` compares the client of the note's project, and ``noteid`` the note's id."""
    async with _server() as fake:
        projects = {row["id"] for row in fake.rows("project") if row["clientid"] in (101, 102)}
        expected = [row["id"] for row in fake.rows("projectnote") if row["projectid"] in projects]
        assert await ids(fake, "projectnote", clientid="101,102") == expected
        assert await ids(fake, "projectnote", noteid=str(expected[0])) == [expected[0]]


async def test_search_skips_the_text_of_secure_notes() -> None:
    """A search covers all titles, but only the text of notes that are not secure."""
    async with FakeIntervals(notes=0) as fake:
        open_note = fake.insert("projectnote", title="a", note="<b>Needle</b>", secure=False)
        fake.insert("projectnote", title="b", note="needle", secure=True)
        titled = fake.insert("projectnote", title="NEEDLE", note=None, secure=True)
        assert await ids(fake, "projectnote", search="needle") == [open_note, titled]


async def test_cached_selections_expire() -> None:
    """A repeated filter finds a record added since the first request."""
    async with FakeIntervals(notes=0) as fake:
        first = fake.insert("projectnote", title="same")
        assert await ids(fake, "projectnote", title="same") == [first]
        second = fake.insert("projectnote", title="same")
        assert await ids(fake, "projectnote", title="same") == [first, second]


async def test_selection_cache_is_bounded() -> None:
    """Requests with more filters than the selection cache holds still find their rows."""
    async with FakeIntervals(notes=1, per_minute=None) as fake:
        identity = fake.rows("projectnote")[0]["id"]
        for number in range(70):
            assert await ids(fake, "projectnote", noteid=str(number)) == []
        assert await ids(fake, "projectnote", noteid=str(identity)) == [identity]


PEOPLE: list[tuple[dict[str, str], Matches]] = [
    ({"localid": "1,3"}, lambda row: row["localid"] in (1, 3)),
    ({"active": "t"}, lambda row: row["active"]),
    ({"active": "f"}, lambda row: not row["active"]),
    ({"allprojects": "t"}, lambda row: row["allprojects"]),
    ({"restricttasks": "t"}, lambda row: row["restricttasks"] is True),
    ({"groupid": "3"}, lambda row: row["group"] == "Manager"),
    ({"excludegroupids": "2,3"}, lambda row: row["groupid"] not in (2, 3)),
    ({"firstname": "ada"}, lambda row: "ada" in row["firstname"].lower()),
    ({"lastname": "o'BRIEN"}, lambda row: "o'brien" in (row["lastname"] or "").lower()),
    ({"username": "user1@"}, lambda row: row["username"] == "user1@example.org"),
    ({"clientid": "101,102,103"}, lambda row: row["clientid"] in (101, 102, 103)),
    ({"email": "PERSON203@"}, lambda row: row["id"] == 203),
    ({"search": "person204@"}, lambda row: row["id"] == 204),
    ({"search": "björk"}, lambda row: row["firstname"] == "Björk"),
]


@pytest.mark.parametrize(("query", "matches"), PEOPLE)
async def test_people_are_filtered(query: dict[str, str], matches: Matches) -> None:
    """People are filtered by their fields, their contacts and their groups."""
    async with _server() as fake:
        expected = [row["id"] for row in fake.rows("person") if matches(row)]
        assert expected
        assert await ids(fake, "person", **query) == expected


async def test_people_on_projects() -> None:
    """A project's people are the members of its team, including its managers."""
    async with _server() as fake:
        managed = next(row for row in fake.rows("project") if row["managerid"] and row["clientid"])
        managers = {int(each) for each in str(managed["managerid"]).split(",")}
        team = await ids(fake, "person", projectid=str(managed["id"]))
        assert managers <= set(team)
        assert set(team) <= set(await ids(fake, "person", projectclientid=str(managed["clientid"])))
        assert managed["id"] in await ids(fake, "project", personid=str(team[0]))
        assert await ids(fake, "project", personid="999") == []


DAY, NEW_YEAR = date(2023, 6, 1), date(2024, 1, 1)
PROJECTS: list[tuple[dict[str, str], Matches]] = [
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


@pytest.mark.parametrize(("query", "matches"), PROJECTS)
async def test_projects_are_filtered(query: dict[str, str], matches: Matches) -> None:
    """Projects are filtered by ids (with -1 for none), dates, booleans and text."""
    async with _server() as fake:
        expected = [row["id"] for row in fake.rows("project") if matches(row)]
        assert expected
        assert await ids(fake, "project", **query) == expected


async def test_exact_dates() -> None:
    """The filters ``datestart`` and ``dateend`` select exactly that date."""
    async with _server() as fake:
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
    """Each documented sort field sorts projects, ascending by default, with missing values last."""
    async with _server() as fake:
        records = {row["id"]: row for row in fake.rows("project")}
        ascending = await ids(fake, "project", sortfield=name)
        assert ascending == await ids(fake, "project", sortfield=name, sortdir="ASC")
        descending = await ids(fake, "project", sortfield=name, sortdir="DESC")
        assert set(ascending) == set(descending) == set(records)
        ranks = {None: 9, "On track": 0, "At risk & late": -1, "Archived": -2}
        column = "label" if name == "label_order" else name
        values: list[Any] = [records[each][column] for each in ascending]
        if name == "label_order":
            assert [ranks[value] for value in values] == sorted(ranks[v] for v in values)
            return
        present = [value for value in values if value is not None]
        assert values == present + [None] * (len(values) - len(present))
        folded = [v.casefold() if isinstance(v, str) else v for v in present]
        assert folded == sorted(folded)


async def test_sortdir_alone() -> None:
    """A sort direction of any case, without a field, applies to the server's own order."""
    async with _server() as fake:
        order = await ids(fake, "project")
        assert await ids(fake, "project", sortdir="DESC") == order[::-1]
        for direction in ("ASC", "asc", "Asc"):
            assert await ids(fake, "project", sortdir=direction) == order


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        ("projectnote/", "projectid", "x"),
        ("projectnote/", "projectid", ""),
        ("projectnote/", "projectid", "1,,2"),
        ("projectnote/", "noteid", "1,2"),
        ("person/", "active", "yes"),
        ("person/", "groupid", "1,2"),
        ("project/", "personid", "1,2"),
        ("project/", "datestart", "20230601"),
        ("project/", "datestart", "06/01/2023"),
        ("project/", "sortfield", "title"),
        ("project/", "sortdir", "up"),
        ("contactdescriptor/", "contacttypeid", "x"),
    ],
)
async def test_invalid_values_are_refused(path: str, name: str, value: str) -> None:
    """A filter with an invalid value is refused with an error that names value and filter."""
    async with FakeIntervals(notes=1) as fake:
        response = await send(fake, path, {name: value})
        assert (response.status, response.code) == (400, 18)
        assert response.verbose == [
            f"Validation failed for the value ({value}) passed to the following field: {name}"
        ]


async def test_sorting_is_refused_without_sort_fields() -> None:
    """A resource without sort fields refuses ``sortfield`` with code 17."""
    async with FakeIntervals(notes=1) as fake:
        response = await send(fake, "projectnote/", {"sortfield": "id"})
        assert (response.status, response.code) == (400, 17)


@pytest.mark.parametrize(
    ("path", "name"), [("personcontact/", "personid"), ("contactdescriptor/", "contacttypeid")]
)
async def test_required_filters(path: str, name: str) -> None:
    """A list without its required filter is refused with code 18."""
    async with FakeIntervals(notes=1) as fake:
        response = await send(fake, path)
        assert (response.status, response.code) == (400, 18)
        assert response.verbose == [f"The following required field is missing: {name}"]
