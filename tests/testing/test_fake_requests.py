"""Work requests: filters, order, and who may see, change and delete which."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from intervals_async.testing import FakeIntervals

from .asking import ask, ids

REQUEST = {"personid": 203, "priorityid": 802, "title": "Please"}
OWN = {"Administrator": 201, "Manager": 202, "Resource": 203, "Executive": 204}


def _world(**more: Any) -> FakeIntervals:
    return FakeIntervals(notes=0, per_minute=None, **more)


@pytest.mark.parametrize(
    ("name", "value"), [("priorityid", 801), ("personid", 203), ("projectid", 302)]
)
async def test_filters(name: str, value: int) -> None:
    """Each takes one id."""
    async with _world() as fake:
        expected = [row["id"] for row in fake.rows("request") if row[name] == value]
        assert expected
        assert await ids(fake, "request", **{name: str(value)}) == expected
        assert (await ask(fake, "request/", {name: f"{value},1"})).code == 18


@pytest.mark.parametrize(
    "name",
    [
        "id",
        "title",
        "date",
        "datedue",
        "personid",
        "person",
        "projectid",
        "project",
        "clientid",
        "client",
        "email",
        "priorityid",
        "priority",
    ],
)
async def test_sorting(name: str) -> None:
    """Each documented sort field sorts, the missing last."""
    async with _world() as fake:
        every = {row["id"]: row[name] for row in fake.rows("request")}
        values = [every[each] for each in await ids(fake, "request", sortfield=name)]
        present: list[Any] = [value for value in values if value is not None]
        assert len(values) == len(every)
        assert values == present + [None] * (len(values) - len(present))
        folded = [each.casefold() if isinstance(each, str) else each for each in present]
        assert folded == sorted(folded)


async def test_what_a_request_tells() -> None:
    """Names come of the ids, the client of the project; without a due date it is a week."""
    moment = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
    async with _world(now=lambda: moment) as fake:
        body = REQUEST | {"projectid": 301}
        made = (await ask(fake, "request/", method="POST", body=body)).json["request"]
        assert (made["date"], made["datedue"]) == ("2026-05-06 07:08:09", "2026-05-13")
        assert (made["project"], made["client"]) == ("Website 1", "Acme &amp; Co 1")
        assert made["priority"] == "High"
        assert "person203@example.org" in made["email"]


@pytest.mark.parametrize(
    "body",
    [
        {"title": "x", "personid": 203},
        REQUEST | {"title": "x" * 256},
        REQUEST | {"personid": 1},
        REQUEST | {"projectid": 1},
        REQUEST | {"priorityid": 1},
    ],
)
async def test_bodies_that_will_not_do(body: dict[str, object]) -> None:
    """A request needs a person, a priority and a title, and its ids must be there."""
    async with _world() as fake:
        assert (await ask(fake, "request/", method="POST", body=body)).code == 18


@pytest.mark.parametrize("group", ["Resource", "Executive"])
async def test_ones_own(group: str) -> None:
    """Resource users and Executives write requests, and change and delete only their own."""
    async with _world() as fake:
        token, person = fake.token_for(group), OWN[group]
        project = fake.rows("project")[0]["id"]
        own = fake.insert("request", personid=person, projectid=project)
        other = fake.insert("request", personid=201, projectid=project)
        for identity, status in ((own, 202), (other, 403)):
            path = f"request/{identity}/"
            reply = await ask(fake, path, method="PUT", body={"title": "new"}, token=token)
            assert reply.status == status
        given = await ask(
            fake, f"request/{own}/", method="PUT", body={"personid": 201}, token=token
        )
        assert given.status == 403
        for identity, status in ((own, 200), (other, 403)):
            reply = await ask(fake, f"request/{identity}/", method="DELETE", token=token)
            assert reply.status == status
        body = REQUEST | {"personid": person}
        assert (await ask(fake, "request/", method="POST", body=body, token=token)).status == 201


async def test_managers() -> None:
    """A Manager acts where they have access to the project, and cannot change the person."""
    async with _world() as fake:
        token = fake.token_for("Manager")
        near = fake.insert("request", personid=203, projectid=301)
        far = fake.insert("request", personid=203, projectid=302)
        stray = fake.insert("request", personid=203)
        await ask(fake, "projectteam/301/", method="POST", body={"personid": 202})
        await ask(fake, "projectteam/302/", method="DELETE", body={"personid": 202})
        for identity, status in ((near, 202), (far, 403), (stray, 202)):
            path = f"request/{identity}/"
            reply = await ask(fake, path, method="PUT", body={"title": "new"}, token=token)
            assert reply.status == status
        for sent, status in ((token, 403), (fake.token, 202)):
            path = f"request/{near}/"
            reply = await ask(fake, path, method="PUT", body={"personid": 204}, token=sent)
            assert reply.status == status


async def test_requests_without_a_project() -> None:
    """They are seen by their owner, and by those whom the mail queue notifies."""
    async with _world() as fake:
        every = fake.rows("request")
        stray = [row for row in every if row["projectid"] is None]
        assert stray
        for group, person in OWN.items():
            found = await ids(fake, "request", token=fake.token_for(group))
            if group in ("Administrator", "Manager"):
                assert found == [row["id"] for row in every]
            else:
                mine = [row for row in every if row["projectid"] or row["personid"] == person]
                assert found == [row["id"] for row in mine]
