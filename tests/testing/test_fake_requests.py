"""Work requests: filters, order, and the permission to see, change and delete them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from intervals_async.testing import FakeIntervals

from .raw_client import ids, send

REQUEST = {"personid": 203, "priorityid": 802, "title": "Please"}
OWN = {"Administrator": 201, "Manager": 202, "Resource": 203, "Executive": 204}


def _server(**more: Any) -> FakeIntervals:
    return FakeIntervals(notes=0, per_minute=None, **more)


@pytest.mark.parametrize(
    ("name", "value"), [("priorityid", 801), ("personid", 203), ("projectid", 302)]
)
async def test_filters(name: str, value: int) -> None:
    """Each id filter of work requests accepts exactly one id."""
    async with _server() as fake:
        expected = [row["id"] for row in fake.rows("request") if row[name] == value]
        assert expected
        assert await ids(fake, "request", **{name: str(value)}) == expected
        assert (await send(fake, "request/", {name: f"{value},1"})).code == 18


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
    """Each documented sort field sorts work requests, with missing values last."""
    async with _server() as fake:
        records = {row["id"]: row[name] for row in fake.rows("request")}
        values = [records[each] for each in await ids(fake, "request", sortfield=name)]
        present: list[Any] = [value for value in values if value is not None]
        assert len(values) == len(records)
        assert values == present + [None] * (len(values) - len(present))
        folded = [each.casefold() if isinstance(each, str) else each for each in present]
        assert folded == sorted(folded)


async def test_computed_fields() -> None:
    """The server sets the names, the client and a due date a week after the submission."""
    moment = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
    async with _server(now=lambda: moment) as fake:
        body = REQUEST | {"projectid": 301}
        created = (await send(fake, "request/", method="POST", body=body)).json["request"]
        assert (created["date"], created["datedue"]) == ("2026-05-06 07:08:09", "2026-05-13")
        assert (created["project"], created["client"]) == ("Website 1", "Acme &amp; Co 1")
        assert created["priority"] == "High"
        assert "person203@example.org" in created["email"]


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
async def test_invalid_bodies_are_refused(body: dict[str, object]) -> None:
    """A work request without a person, a priority or a title, or with an unknown id, is refused."""
    async with _server() as fake:
        assert (await send(fake, "request/", method="POST", body=body)).code == 18


@pytest.mark.parametrize("group", ["Resource", "Executive"])
async def test_permission_for_own_requests(group: str) -> None:
    """Resource users and Executives change and delete only their own work requests."""
    async with _server() as fake:
        token, person = fake.token_for(group), OWN[group]
        project = fake.rows("project")[0]["id"]
        own = fake.insert("request", personid=person, projectid=project)
        other = fake.insert("request", personid=201, projectid=project)
        for identity, status in ((own, 202), (other, 403)):
            path = f"request/{identity}/"
            response = await send(fake, path, method="PUT", body={"title": "new"}, token=token)
            assert response.status == status
        response = await send(
            fake, f"request/{own}/", method="PUT", body={"personid": 201}, token=token
        )
        assert response.status == 403
        for identity, status in ((own, 200), (other, 403)):
            response = await send(fake, f"request/{identity}/", method="DELETE", token=token)
            assert response.status == status
        body = REQUEST | {"personid": person}
        assert (await send(fake, "request/", method="POST", body=body, token=token)).status == 201


async def test_permission_of_managers() -> None:
    """Managers change work requests of projects they can access, but not their person."""
    async with _server() as fake:
        token = fake.token_for("Manager")
        accessible = fake.insert("request", personid=203, projectid=301)
        inaccessible = fake.insert("request", personid=203, projectid=302)
        without_project = fake.insert("request", personid=203)
        await send(fake, "projectteam/301/", method="POST", body={"personid": 202})
        await send(fake, "projectteam/302/", method="DELETE", body={"personid": 202})
        for identity, status in ((accessible, 202), (inaccessible, 403), (without_project, 202)):
            path = f"request/{identity}/"
            response = await send(fake, path, method="PUT", body={"title": "new"}, token=token)
            assert response.status == status
        for sent, status in ((token, 403), (fake.token, 202)):
            path = f"request/{accessible}/"
            response = await send(fake, path, method="PUT", body={"personid": 204}, token=sent)
            assert response.status == status


async def test_requests_without_a_project() -> None:
    """A work request without a project is visible to its owner, Administrators and Managers."""
    async with _server() as fake:
        records = fake.rows("request")
        without_project = [row for row in records if row["projectid"] is None]
        assert without_project
        for group, person in OWN.items():
            found = await ids(fake, "request", token=fake.token_for(group))
            if group in ("Administrator", "Manager"):
                assert found == [row["id"] for row in records]
            else:
                own = [row for row in records if row["projectid"] or row["personid"] == person]
                assert found == [row["id"] for row in own]
