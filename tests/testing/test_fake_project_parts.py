"""Modules, work types and teams of projects, and the secure notes that a team may read."""

from __future__ import annotations

from typing import Any

import pytest

from intervals_async.testing import FakeIntervals

from .asking import alone, ask, ids, rows

PARTS = ["projectmodule", "projectworktype"]
MODULE = {"projectid": 301, "active": "t"}


@pytest.mark.parametrize("name", PARTS)
async def test_filters(name: str) -> None:
    """They are filtered by projects, activity and by the projects that a person has access to."""
    async with FakeIntervals(notes=0, per_minute=None) as fake:
        every = fake.rows(name)
        for query, expected in (
            ({"projectid": "301,303"}, [r["id"] for r in every if r["projectid"] in (301, 303)]),
            ({"active": "t"}, [row["id"] for row in every if row["active"]]),
            ({"active": "f"}, [row["id"] for row in every if not row["active"]]),
        ):
            assert expected
            assert await ids(fake, name, **query) == expected
        accessible = await ids(fake, "project", personid="204")
        theirs = [row["id"] for row in every if row["projectid"] in accessible]
        assert 0 < len(theirs) < len(every)
        assert await ids(fake, name, personid="204") == theirs


@pytest.mark.parametrize("name", PARTS)
async def test_resources_are_given_the_active_ones(name: str) -> None:
    """A Resource user gets no inactive one, whatever is asked, in the list or alone."""
    async with FakeIntervals(notes=0, per_minute=None) as fake:
        token = fake.token_for("Resource")
        every = fake.rows(name)
        active = [row["id"] for row in every if row["active"]]
        inactive = next(row["id"] for row in every if not row["active"])
        assert await ids(fake, name, token=token) == active
        assert await ids(fake, name, token=token, active="f") == []
        assert (await ask(fake, f"{name}/{inactive}/", token=token)).code == 14
        assert (
            await ask(fake, f"{name}/{inactive}/", token=fake.token_for("Manager"))
        ).status == 200


async def test_a_default_module_is_taken_over() -> None:
    """With moduleid the name is the default's; it comes twice."""
    async with FakeIntervals(notes=0) as fake:
        reply = await ask(fake, "projectmodule/", method="POST", body=MODULE | {"moduleid": 605})
        made = reply.json["projectmodule"]
        assert (made["moduleid"], made["module"], made["modulename"]) == (
            "605",
            "Documentation",
            "Documentation",
        )
        path = f"projectmodule/{made['id']}/"
        reply = await ask(fake, path, method="PUT", body={"module": "Renamed"})
        assert reply.json["projectmodule"]["modulename"] == "Renamed"
        assert (await ask(fake, path, method="PUT", body={"projectid": 302})).code == 18


@pytest.mark.parametrize("more", [{}, {"moduleid": 0}])
async def test_a_module_of_a_projects_own(more: dict[str, object]) -> None:
    """With a name alone the project gets a module that nobody else has."""
    async with FakeIntervals(notes=0) as fake:
        body = MODULE | {"module": "Own <one>"} | more
        made = (await ask(fake, "projectmodule/", method="POST", body=body)).json["projectmodule"]
        assert made["module"] == "Own &lt;one&gt;"
        kept = await alone(fake, "module", made["moduleid"])
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
async def test_neither_a_default_nor_ones_own(name: str, body: dict[str, object]) -> None:
    """A new one needs the id of a default, or what one of its own is made of."""
    async with FakeIntervals(notes=0) as fake:
        assert (await ask(fake, f"{name}/", method="POST", body=body)).code == 18


async def test_rates_are_for_administrators() -> None:
    """Others lack the three fields that tell of money, as recorded answers do."""
    async with FakeIntervals(notes=0) as fake:
        few = ["id", "projectid", "worktypeid", "worktype", "active"]
        for group in ("Manager", "Resource", "Executive"):
            token = fake.token_for(group)
            assert list((await rows(fake, "projectworktype", token=token))[0]) == few
            identity = next(row["id"] for row in fake.rows("projectworktype") if row["active"])
            assert list(await alone(fake, "projectworktype", identity, token=token)) == few
        every = await rows(fake, "projectworktype")
        assert all(row["hourlyrate"] for row in every)
        assert any("total" in row for row in every)
        assert any("total" not in row for row in every)


async def test_work_types_of_a_project() -> None:
    """A default one has the default rate, one of its own that which it was made with."""
    async with FakeIntervals(notes=0) as fake:
        body: dict[str, Any] = {"projectid": 301, "active": "t", "worktypeid": 703, "esttime": "2"}
        reply = await ask(fake, "projectworktype/", method="POST", body=body)
        made = reply.json["projectworktype"]
        assert (made["worktype"], made["hourlyrate"], made["total"]) == (
            "Programming",
            "95.5",
            "191.0",
        )
        body = {"projectid": 301, "active": "t", "worktype": "Own", "hourlyrate": "7.5"}
        reply = await ask(fake, "projectworktype/", method="POST", body=body)
        made = reply.json["projectworktype"]
        assert (made["worktype"], made["hourlyrate"]) == ("Own", "7.5")
        assert (await alone(fake, "worktype", made["worktypeid"]))["defaulthourlyrate"] == "7.5"
        path = f"projectworktype/{made['id']}/"
        assert (await ask(fake, path, method="PUT", body={"projectid": 302})).code == 18
        reply = await ask(fake, path, method="PUT", body={"hourlyrate": "8", "worktype": "Ours"})
        assert reply.json["projectworktype"]["worktype"] == "Ours"


async def test_a_team() -> None:
    """A project's team is an array of people; the list wants a project, the member is its id."""
    async with FakeIntervals(notes=0) as fake:
        listed = await rows(fake, "projectteam", projectid="302", token=fake.token_for("Executive"))
        assert list(listed[0]) == ["projectid", "personid"]
        assert listed == [await alone(fake, "projectteam", 302)]
        managers = str(fake.rows("project")[0]["managerid"]).split(",")
        assert set(managers) <= set((await alone(fake, "projectteam", 301))["personid"])
        assert "201" not in listed[0]["personid"]
        assert (await ask(fake, "projectteam/")).code == 18
        assert (await ask(fake, "projectteam/", {"projectid": "999"})).json["listcount"] == 0
        reply = await ask(fake, "projectteam/302/", token=fake.token_for("Manager"))
        assert reply.status == 403


async def _team(fake: FakeIntervals, project: int = 302) -> set[int]:
    return {int(each) for each in (await alone(fake, "projectteam", project))["personid"]}


async def test_people_are_added_and_removed() -> None:
    """One object changes one person, an array several; who is there already stays."""
    async with FakeIntervals(notes=0) as fake:
        path = "projectteam/302/"
        before = await _team(fake)
        strangers = sorted({202, 203, 204, 206, 207, 208} - before)[:3]
        first, *others = strangers
        reply = await ask(fake, path, method="POST", body={"personid": str(first)})
        assert (reply.status, str(first) in reply.json["projectteam"]["personid"]) == (201, True)
        several = [{"personid": each, "securenotes": "t"} for each in strangers]
        assert (await ask(fake, path, method="POST", body=several)).status == 201
        assert await _team(fake) == before | set(strangers)
        assert 302 in await ids(fake, "project", personid=str(others[0]))
        reply = await ask(fake, path, method="DELETE", body=[{"personid": x} for x in strangers])
        assert reply.status == 200
        assert await _team(fake) == before
        reply = await ask(fake, path, method="DELETE", body={"personid": first})
        assert reply.status == 200


async def test_an_administrator_is_on_every_team() -> None:
    """Naming one has no effect, and changes nothing for the others who are named."""
    async with FakeIntervals(notes=0) as fake:
        before = await _team(fake)
        for method in ("POST", "DELETE"):
            reply = await ask(fake, "projectteam/302/", method=method, body={"personid": 201})
            assert reply.status in (200, 201)
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
async def test_teams_that_will_not_do(method: str, body: object, code: int) -> None:
    """A body that is not understood changes nobody."""
    async with FakeIntervals(notes=0) as fake:
        before = await _team(fake)
        reply = await ask(fake, "projectteam/302/", method=method, body=body)
        assert (reply.status, reply.code) == (400, code)
        assert await _team(fake) == before


async def test_teams_are_for_administrators_to_change() -> None:
    """Nobody else may, there is no team without a project, and none is made by itself."""
    async with FakeIntervals(notes=0) as fake:
        body = {"personid": 202}
        token = fake.token_for("Manager")
        path = "projectteam/302/"
        assert (await ask(fake, path, method="POST", body=body, token=token)).status == 403
        assert (await ask(fake, "projectteam/999/", method="POST", body=body)).code == 14
        assert (await ask(fake, "projectteam/", method="POST", body=body)).code == 16


async def test_a_new_project_has_a_team() -> None:
    """Its manager is on it, however it was made."""
    async with FakeIntervals(notes=0) as fake:
        body = {"name": "New", "datestart": "2026-01-02", "billable": "t", "active": "t"}
        reply = await ask(fake, "project/", method="POST", body=body | {"managerid": "202"})
        posted = int(reply.json["project"]["id"])
        inserted = fake.insert("project", managerid="202")
        for project in (posted, inserted):
            assert 202 in await _team(fake, project)


async def test_secure_notes() -> None:
    """They are given to Administrators, their authors, and who was let to read them."""
    async with FakeIntervals(notes=0, per_minute=None) as fake:
        token = fake.token_for("Resource")
        path = "projectteam/302/"
        note = fake.insert("projectnote", projectid=302, authorid=202, secure=True)
        await ask(fake, path, method="POST", body={"personid": 203, "securenotes": "f"})
        assert await ids(fake, "projectnote") == [note]
        assert await ids(fake, "projectnote", token=fake.token_for("Manager")) == [note]
        assert await ids(fake, "projectnote", token=token) == []
        assert (await ask(fake, f"projectnote/{note}/", token=token)).code == 14
        await ask(fake, path, method="POST", body={"personid": 203, "securenotes": "t"})
        assert await ids(fake, "projectnote", token=token) == [note]
        assert (await ask(fake, f"projectnote/{note}/", token=token)).status == 200
        await ask(fake, path, method="DELETE", body={"personid": 203})
        assert await ids(fake, "projectnote", token=token) == []
