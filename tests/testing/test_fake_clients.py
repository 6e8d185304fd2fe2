"""Clients: filters, order, the fields that few may see, writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from intervals_async.testing import FakeIntervals

from .asking import alone, ask, ids, rows

CLIENT = {"name": "New & Co", "datecreated": "2026-01-02", "active": "t"}
FIVE = ["id", "name", "active", "localidunpadded", "localid"]


def _world() -> FakeIntervals:
    return FakeIntervals(notes=0, clients=12, projects=20, per_minute=None)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"localid": "2,12"}, lambda row: row["localidunpadded"] in (2, 12)),
        ({"active": "f"}, lambda row: not row["active"]),
        ({"search": "ACME & co"}, lambda row: "Acme & Co" in row["name"]),
        ({"search": "loyal"}, lambda row: "loyal" in (row["description"] or "")),
        ({"search": "00007"}, lambda row: row["localid"] == "00007"),
        ({"projectsonly": "f"}, lambda row: True),
    ],
)
async def test_filters(query: dict[str, str], wanted: Callable[[dict[str, Any]], bool]) -> None:
    """Clients are filtered by number, activity and text."""
    async with _world() as fake:
        expected = [row["id"] for row in fake.rows("client") if wanted(row)]
        assert expected
        assert await ids(fake, "client", **query) == expected


async def test_only_with_active_projects() -> None:
    """``projectsonly`` leaves out who has none, or inactive ones only."""
    async with _world() as fake:
        busy = {row["clientid"] for row in fake.rows("project") if row["active"]}
        every = [row["id"] for row in fake.rows("client")]
        found = await ids(fake, "client", projectsonly="t")
        assert found == [identity for identity in every if identity in busy]
        assert 0 < len(found) < len(every)


@pytest.mark.parametrize("name", ["id", "localid", "name", "datecreated"])
async def test_sorting(name: str) -> None:
    """Each documented sort field sorts, both ways."""
    async with _world() as fake:
        every = {row["id"]: row[name] for row in fake.rows("client")}
        up = [every[each] for each in await ids(fake, "client", sortfield=name)]
        down = [every[each] for each in await ids(fake, "client", sortfield=name, sortdir="DESC")]
        key: Any = str.casefold if name in ("name", "localid") else None
        assert up == sorted(up, key=key)
        assert down == sorted(down, key=key, reverse=True)
        assert len(up) == len(every)


@pytest.mark.parametrize("group", ["Resource", "Executive"])
async def test_five_fields(group: str) -> None:
    """Resource users and Executives are sent five of the twelve fields, a Manager all of them."""
    async with FakeIntervals(notes=0) as fake:
        token = fake.token_for(group)
        listed = await rows(fake, "client", token=token)
        single = await alone(fake, "client", 101, token=token)
        assert sorted(listed[0]) == sorted(single) == sorted(FIVE)
        whole = await rows(fake, "client", token=fake.token_for("Manager"))
        assert len(whole[0]) == 12
        assert whole == await rows(fake, "client")


async def test_writes() -> None:
    """A new client gets a padded number; only Administrators write."""
    async with FakeIntervals(notes=0) as fake:
        reply = await ask(fake, "client/", method="POST", body=CLIENT)
        made = reply.json["client"]
        assert (reply.status, made["name"], made["localid"]) == (201, "New &amp; Co", "00006")
        assert made["localidunpadded"] == "6"
        path = f"client/{made['id']}/"
        reply = await ask(fake, path, method="PUT", body={"phone": "+1", "active": "f"})
        assert (reply.json["client"]["phone"], reply.json["client"]["active"]) == ("+1", "f")
        for token in (fake.token_for("Manager"), fake.token_for("Resource")):
            assert (await ask(fake, path, method="PUT", body=CLIENT, token=token)).status == 403
        assert (await ask(fake, path, method="DELETE")).status == 200


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x"},
        CLIENT | {"name": "x" * 256},
        CLIENT | {"fax": "x" * 51},
        CLIENT | {"datecreated": "yesterday"},
        CLIENT | {"active": True},
    ],
)
async def test_bodies_that_will_not_do(body: dict[str, object]) -> None:
    """What is missing, too long or of the wrong kind is a validation error."""
    async with FakeIntervals(notes=0) as fake:
        assert (await ask(fake, "client/", method="POST", body=body)).code == 18


async def test_numbers_are_not_settable() -> None:
    """A field that is only read is unknown in a body."""
    async with FakeIntervals(notes=0) as fake:
        reply = await ask(fake, "client/", method="POST", body=CLIENT | {"localid": "7"})
        assert reply.code == 17
