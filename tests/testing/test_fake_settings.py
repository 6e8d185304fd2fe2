"""The look-ups of the account's settings: what they hold, and who may see them."""

from __future__ import annotations

import pytest

from intervals_async.testing import FakeIntervals

from .asking import alone, ask, ids, rows


async def test_groups() -> None:
    """The access levels are those that people have; there is no single one to read."""
    async with FakeIntervals(notes=0) as fake:
        groups = {row["id"]: row["name"] for row in await rows(fake, "group")}
        assert list(groups.values()) == ["Administrator", "Manager", "Resource", "Executive"]
        for person in fake.wire_rows("person"):
            assert groups.get(str(person["groupid"] or "")) == (person["group"] or None)
        assert (await ask(fake, "group/1/")).code == 16


async def test_payment_terms() -> None:
    """Other has the id 6 and no duration; Resource users have no access."""
    async with FakeIntervals(notes=0) as fake:
        terms = {row["id"]: row for row in await rows(fake, "invoiceterm")}
        assert terms["1"]["duration"] == "0"
        assert (terms["6"]["name"], terms["6"]["duration"] or None) == ("Other", None)
        reply = await ask(fake, "invoiceterm/", token=fake.token_for("Resource"))
        assert (reply.status, reply.code) == (403, 10)


async def test_payment_types() -> None:
    """They are listed for everybody, since nobody is named, and can be read alone."""
    async with FakeIntervals(notes=0) as fake:
        every = await rows(fake, "paymenttype", token=fake.token_for("Executive"))
        assert await alone(fake, "paymenttype", every[0]["id"]) == every[0]


async def test_more_statuses_than_a_page_has() -> None:
    """Who asks for no limit misses some."""
    async with FakeIntervals(notes=0) as fake:
        reply = await ask(fake, "taskstatus/")
        assert len(reply.json["taskstatus"]) == 10 < reply.json["listcount"]


async def test_one_priority_is_the_default() -> None:
    """New tasks get one of the priorities; their ranks go up from 1."""
    async with FakeIntervals(notes=0) as fake:
        every = await rows(fake, "taskpriority")
        assert [row["isdefault"] for row in every].count("t") == 1
        assert [int(row["priority"]) for row in every] == list(range(1, len(every) + 1))


@pytest.mark.parametrize(
    "name", ["module", "worktype", "projectlabel", "taskpriority", "taskstatus"]
)
async def test_active_and_retired(name: str) -> None:
    """Each has some of both, and ``active`` tells them apart."""
    async with FakeIntervals(notes=0) as fake:
        every = fake.rows(name)
        for wanted in (True, False):
            expected = [row["id"] for row in every if row["active"] is wanted]
            assert expected
            assert await ids(fake, name, active="t" if wanted else "f") == expected


@pytest.mark.parametrize("name", ["module", "worktype"])
@pytest.mark.parametrize("group", ["Manager", "Resource", "Executive"])
async def test_for_administrators_only(name: str, group: str) -> None:
    """The account's defaults are for Administrators, in the list and alone."""
    async with FakeIntervals(notes=0) as fake:
        identity = fake.rows(name)[0]["id"]
        assert (await alone(fake, name, identity))["id"] == str(identity)
        for path in (f"{name}/", f"{name}/{identity}/"):
            assert (await ask(fake, path, token=fake.token_for(group))).status == 403


@pytest.mark.parametrize(
    "name",
    ["module", "worktype", "projectlabel", "taskpriority", "taskstatus", "paymenttype", "document"],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_for_reading_only(name: str, method: str) -> None:
    """What only has GET refuses the rest, on the list and on a record."""
    async with FakeIntervals(notes=0) as fake:
        identity = fake.rows(name)[0]["id"]
        for path in (f"{name}/", f"{name}/{identity}/"):
            reply = await ask(fake, path, method=method, body={"name": "x"})
            assert (reply.status, reply.code) == (400, 16)
