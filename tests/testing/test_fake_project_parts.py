"""Project modules, project work types, project teams, and secure notes."""

from __future__ import annotations

from typing import Any

import pytest

from intervals_async.testing import FakeIntervals

from .raw_client import ids, member, rows, send

PARTS = ["projectmodule", "projectworktype"]
MODULE = {"projectid": 301, "active": "t"}


@pytest.mark.parametrize("name", PARTS)
async def test_filters(name: str) -> None:
    """Project parts are filtered by project, by activity and by a person's access."""
    async with FakeIntervals(notes=0, per_minute=None) as fake:
        records = fake.rows(name)
        for query, expected in (
            ({"projectid": "301,303"}, [r["id"] for r in records if r["projectid"] in (301, 303)]),
            ({"active": "t"}, [row["id"] for row in records if row["active"]]),
            ({"active": "f"}, [row["id"] for row in records if not row["active"]]),
        ):
            assert expected
            assert await ids(fake, name, **query) == expected
        accessible = await ids(fake, "project", personid="204")
        theirs = [row["id"] for row in records if row["projectid"] in accessible]
        assert 0 < len(theirs) < len(records)
        assert await ids(fake, name, personid="204") == theirs


@pytest.mark.parametrize("name", PARTS)
async def test_resource_users_see_only_active_parts(name: str) -> None:
    """Resource users neither list nor read inactive project parts."""
    async with FakeIntervals(notes=0, per_minute=None) as fake:
        token = fake.token_for("Resource")
        records = fake.rows(name)
        active = [row["id"] for row in records if row["active"]]
        inactive = next(row["id"] for row in records if not row["active"])
        assert await ids(fake, name, token=token) == active
        assert await ids(fake, name, token=token, active="f") == []
        assert (await send(fake, f"{name}/{inactive}/", token=token)).code == 14
        assert (
            await send(fake, f"{name}/{inactive}/", token=fake.token_for("Manager"))
        ).status == 200


async def test_default_module() -> None:
    """A project module with ``moduleid`` has the default's name, until a change renames it."""
    async with FakeIntervals(notes=0) as fake:
        response = await send(
            fake, "projectmodule/", method="POST", body=MODULE | {"moduleid": 605}
        )
        created = response.json["projectmodule"]
        assert (created["moduleid"], created["module"], created["modulename"]) == (
            "605",
            "Documentation",
            "Documentation",
        )
        path = f"projectmodule/{created['id']}/"
        response = await send(fake, path, method="PUT", body={"module": "Renamed"})
        assert response.json["projectmodule"]["modulename"] == "Renamed"
        assert (await send(fake, path, method="PUT", body={"projectid": 302})).code == 18


@pytest.mark.parametrize("more", [{}, {"moduleid": 0}])
async def test_own_module(more: dict[str, object]) -> None:
    """A project module with only a name creates an inactive module of the account."""
    async with FakeIntervals(notes=0) as fake:
        body = MODULE | {"module": "Own <one>"} | more
        created = (await send(fake, "projectmodule/", method="POST", body=body)).json[
            "projectmodule"
        ]
        assert created["module"] == "Own &lt;one&gt;"
        kept = await member(fake, "module", created["moduleid"])
        assert (kept["name"], kept["active"]) == ("Own &lt;one&gt;", "f")


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("projectmodule", MODULE),
        ("projectmodule", MODULE | {"moduleid": 0}),
        ("projectmodule", MODULE | {"moduleid": 1}),
        ("projectmodule", MODULE | {"module": "x" * 156}),
        ("projectworktype", MODULE),
        ("projectworktype", MODULE | {"worktype": "x"}),
        ("projectworktype", MODULE | {"hourlyrate": 1}),
        ("projectworktype", MODULE | {"worktypeid": 1}),
    ],
)
async def test_incomplete_parts_are_refused(name: str, body: dict[str, object]) -> None:
    """A project part with neither a default's id nor all fields of its own is refused."""
    async with FakeIntervals(notes=0) as fake:
        assert (await send(fake, f"{name}/", method="POST", body=body)).code == 18


async def test_rates_are_for_administrators() -> None:
    """Only Administrators receive the three fields about rates of a project work type."""
    async with FakeIntervals(notes=0) as fake:
        few = ["id", "projectid", "worktypeid", "worktype", "active"]
        for group in ("Manager", "Resource", "Executive"):
            token = fake.token_for(group)
            assert list((await rows(fake, "projectworktype", token=token))[0]) == few
            identity = next(row["id"] for row in fake.rows("projectworktype") if row["active"])
            assert list(await member(fake, "projectworktype", identity, token=token)) == few
        records = await rows(fake, "projectworktype")
        assert all(row["hourlyrate"] for row in records)
        assert any("total" in row for row in records)
        assert any("total" not in row for row in records)


async def test_rates_of_work_types() -> None:
    """A default work type has the default rate, and a project's own one keeps its own rate."""
    async with FakeIntervals(notes=0) as fake:
        body: dict[str, Any] = {"projectid": 301, "active": "t", "worktypeid": 703, "esttime": "2"}
        response = await send(fake, "projectworktype/", method="POST", body=body)
        created = response.json["projectworktype"]
        assert (created["worktype"], created["hourlyrate"], created["total"]) == (
            "Programming",
            "95.5",
            "191",
        )
        body = {"projectid": 301, "active": "t", "worktype": "Own", "hourlyrate": "7.5"}
        response = await send(fake, "projectworktype/", method="POST", body=body)
        created = response.json["projectworktype"]
        assert (created["worktype"], created["hourlyrate"]) == ("Own", "7.5")
        assert (await member(fake, "worktype", created["worktypeid"]))["defaulthourlyrate"] == "7.5"
        path = f"projectworktype/{created['id']}/"
        assert (await send(fake, path, method="PUT", body={"projectid": 302})).code == 18
        response = await send(
            fake, path, method="PUT", body={"hourlyrate": "8", "worktype": "Ours"}
        )
        assert response.json["projectworktype"]["worktype"] == "Ours"


async def test_reading_a_team() -> None:
    """A team is an array of people, and its id is the id of its project."""
    async with FakeIntervals(notes=0) as fake:
        listed = await rows(fake, "projectteam", projectid="302", token=fake.token_for("Executive"))
        assert list(listed[0]) == ["projectid", "personid"]
        assert listed == [await member(fake, "projectteam", 302)]
        managers = str(
            next(row["managerid"] for row in fake.rows("project") if row["id"] == 301)
        ).split(",")
        assert set(managers) <= set((await member(fake, "projectteam", 301))["personid"])
        assert "201" not in listed[0]["personid"]
        assert (await send(fake, "projectteam/")).code == 18
        assert (await send(fake, "projectteam/", {"projectid": "999"})).json["listcount"] == 0
        response = await send(fake, "projectteam/302/", token=fake.token_for("Manager"))
        assert response.status == 403


async def _team(fake: FakeIntervals, project: int = 302) -> set[int]:
    return {int(each) for each in (await member(fake, "projectteam", project))["personid"]}


async def test_people_are_added_and_removed() -> None:
    """One object or an array adds or removes people; a person on the team stays unchanged."""
    async with FakeIntervals(notes=0) as fake:
        path = "projectteam/302/"
        before = await _team(fake)
        strangers = sorted({202, 203, 204, 206, 207, 208} - before)[:3]
        first, *others = strangers
        response = await send(fake, path, method="POST", body={"personid": str(first)})
        assert (response.status, str(first) in response.json["projectteam"]["personid"]) == (
            201,
            True,
        )
        several = [{"personid": each, "securenotes": "t"} for each in strangers]
        assert (await send(fake, path, method="POST", body=several)).status == 201
        assert await _team(fake) == before | set(strangers)
        assert 302 in await ids(fake, "project", personid=str(others[0]))
        response = await send(
            fake, path, method="DELETE", body=[{"personid": x} for x in strangers]
        )
        assert response.status == 200
        assert await _team(fake) == before
        response = await send(fake, path, method="DELETE", body={"personid": first})
        assert response.status == 200


async def test_administrators_are_on_every_team() -> None:
    """Adding or removing an Administrator does not change a team."""
    async with FakeIntervals(notes=0) as fake:
        before = await _team(fake)
        for method in ("POST", "DELETE"):
            response = await send(fake, "projectteam/302/", method=method, body={"personid": 201})
            assert response.status in (200, 201)
            assert await _team(fake) == before
        assert 302 in await ids(fake, "project", personid="201")


@pytest.mark.parametrize(
    ("method", "body", "code"),
    [
        ("POST", {}, 18),
        ("POST", [], 18),
        ("POST", "201", 18),
        ("POST", [["202"]], 18),
        ("POST", {"personid": "x"}, 18),
        ("POST", {"personid": 1}, 18),
        ("POST", {"personid": 202, "securenotes": "yes"}, 18),
        ("POST", [{"personid": 203}, {"personid": 1}], 18),
        ("POST", {"personid": 202, "role": "x"}, 17),
        ("DELETE", {"personid": 202, "securenotes": "t"}, 17),
        ("DELETE", None, 18),
    ],
)
async def test_invalid_team_bodies_are_refused(method: str, body: object, code: int) -> None:
    """A team request with an invalid body changes nobody."""
    async with FakeIntervals(notes=0) as fake:
        before = await _team(fake)
        response = await send(fake, "projectteam/302/", method=method, body=body)
        assert (response.status, response.code) == (400, code)
        assert await _team(fake) == before


async def test_only_administrators_change_teams() -> None:
    """Only Administrators change teams, and a team needs an existing project."""
    async with FakeIntervals(notes=0) as fake:
        body = {"personid": 202}
        token = fake.token_for("Manager")
        path = "projectteam/302/"
        assert (await send(fake, path, method="POST", body=body, token=token)).status == 403
        assert (await send(fake, "projectteam/999/", method="POST", body=body)).code == 14
        assert (await send(fake, "projectteam/", method="POST", body=body)).code == 16


async def test_a_new_project_has_a_team() -> None:
    """A new project has a team with its managers."""
    async with FakeIntervals(notes=0) as fake:
        body = {"name": "New", "datestart": "2026-01-02", "billable": "t", "active": "t"}
        response = await send(fake, "project/", method="POST", body=body | {"managerid": "202"})
        posted = int(response.json["project"]["id"])
        inserted = fake.insert("project", managerid="202")
        for project in (posted, inserted):
            assert 202 in await _team(fake, project)


async def test_secure_notes() -> None:
    """Secure notes are visible to Administrators, authors and people with access to them."""
    async with FakeIntervals(notes=0, per_minute=None) as fake:
        token = fake.token_for("Resource")
        path = "projectteam/302/"
        note = fake.insert("projectnote", projectid=302, authorid=202, secure=True)
        await send(fake, path, method="POST", body={"personid": 203, "securenotes": "f"})
        assert await ids(fake, "projectnote") == [note]
        assert await ids(fake, "projectnote", token=fake.token_for("Manager")) == [note]
        assert await ids(fake, "projectnote", token=token) == []
        assert (await send(fake, f"projectnote/{note}/", token=token)).code == 14
        await send(fake, path, method="POST", body={"personid": 203, "securenotes": "t"})
        assert await ids(fake, "projectnote", token=token) == [note]
        assert (await send(fake, f"projectnote/{note}/", token=token)).status == 200
        await send(fake, path, method="DELETE", body={"personid": 203})
        assert await ids(fake, "projectnote", token=token) == []
