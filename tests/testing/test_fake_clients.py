"""Clients: filters, order, restricted fields and writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from intervals_async.testing import FakeIntervals

from .raw_client import ids, member, rows, send

CLIENT = {"name": "New & Co", "datecreated": "2026-01-02", "active": "t"}
FIVE = ["id", "name", "active", "localidunpadded", "localid"]


def _server() -> FakeIntervals:
    return FakeIntervals(notes=0, clients=12, projects=20, per_minute=None)


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ({"localid": "2,12"}, lambda row: row["localidunpadded"] in (2, 12)),
        ({"active": "f"}, lambda row: not row["active"]),
        ({"search": "ACME & co"}, lambda row: "Acme & Co" in row["name"]),
        ({"search": "loyal"}, lambda row: "loyal" in (row["description"] or "")),
        ({"search": "00007"}, lambda row: row["localid"] == "00007"),
        ({"projectsonly": "f"}, lambda row: True),
    ],
)
async def test_filters(query: dict[str, str], matches: Callable[[dict[str, Any]], bool]) -> None:
    """Clients are filtered by number, activity and text."""
    async with _server() as fake:
        expected = [row["id"] for row in fake.rows("client") if matches(row)]
        assert expected
        assert await ids(fake, "client", **query) == expected


async def test_projectsonly() -> None:
    """The filter ``projectsonly`` selects the clients with an active project."""
    async with _server() as fake:
        busy = {row["clientid"] for row in fake.rows("project") if row["active"]}
        records = [row["id"] for row in fake.rows("client")]
        found = await ids(fake, "client", projectsonly="t")
        assert found == [identity for identity in records if identity in busy]
        assert 0 < len(found) < len(records)


@pytest.mark.parametrize("name", ["id", "localid", "name", "datecreated"])
async def test_sorting(name: str) -> None:
    """Each documented sort field sorts clients in both directions."""
    async with _server() as fake:
        records = {row["id"]: row[name] for row in fake.rows("client")}
        up = [records[each] for each in await ids(fake, "client", sortfield=name)]
        down = [records[each] for each in await ids(fake, "client", sortfield=name, sortdir="DESC")]
        key: Any = str.casefold if name in ("name", "localid") else None
        assert up == sorted(up, key=key)
        assert down == sorted(down, key=key, reverse=True)
        assert len(up) == len(records)


@pytest.mark.parametrize("group", ["Resource", "Executive"])
async def test_restricted_fields(group: str) -> None:
    """Resource users and Executives receive five of the twelve fields of a client."""
    async with FakeIntervals(notes=0) as fake:
        token = fake.token_for(group)
        listed = await rows(fake, "client", token=token)
        single = await member(fake, "client", 101, token=token)
        assert sorted(listed[0]) == sorted(single) == sorted(FIVE)
        complete = await rows(fake, "client", token=fake.token_for("Manager"))
        assert len(complete[0]) == 12
        assert complete == await rows(fake, "client")


async def test_writes() -> None:
    """A new client receives a padded number, and only Administrators write clients."""
    async with FakeIntervals(notes=0) as fake:
        response = await send(fake, "client/", method="POST", body=CLIENT)
        created = response.json["client"]
        assert (response.status, created["name"], created["localid"]) == (
            201,
            "New &amp; Co",
            "00006",
        )
        assert created["localidunpadded"] == "6"
        path = f"client/{created['id']}/"
        response = await send(fake, path, method="PUT", body={"phone": "+1", "active": "f"})
        assert (response.json["client"]["phone"], response.json["client"]["active"]) == ("+1", "f")
        for token in (fake.token_for("Manager"), fake.token_for("Resource")):
            assert (await send(fake, path, method="PUT", body=CLIENT, token=token)).status == 403
        assert (await send(fake, path, method="DELETE")).status == 200


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x"},
        CLIENT | {"name": "x" * 256},
        CLIENT | {"fax": "x" * 51},
        CLIENT | {"datecreated": "yesterday"},
        CLIENT | {"active": "yes"},
    ],
)
async def test_invalid_bodies_are_refused(body: dict[str, object]) -> None:
    """A client with a missing, overlong or invalid field is refused with code 18."""
    async with FakeIntervals(notes=0) as fake:
        assert (await send(fake, "client/", method="POST", body=body)).code == 18


async def test_read_only_fields_are_refused() -> None:
    """A body with the read-only field ``localid`` is refused with code 17."""
    async with FakeIntervals(notes=0) as fake:
        response = await send(fake, "client/", method="POST", body=CLIENT | {"localid": "7"})
        assert response.code == 17
