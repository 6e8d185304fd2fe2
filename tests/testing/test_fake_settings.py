"""The settings of the account: their records and who may see them."""

from __future__ import annotations

import pytest

from intervals_async.testing import FakeIntervals

from .raw_client import ids, member, rows, send


async def test_groups() -> None:
    """The groups are the access levels of all people, and a single group cannot be read."""
    async with FakeIntervals(notes=0) as fake:
        groups = {row["id"]: row["name"] for row in await rows(fake, "group")}
        assert list(groups.values()) == ["Administrator", "Manager", "Resource", "Executive"]
        for person in fake.wire_rows("person"):
            assert groups.get(str(person["groupid"] or "")) == (person["group"] or None)
        assert (await send(fake, "group/1/")).code == 16


async def test_payment_terms() -> None:
    """The term Other has the id 6 and no duration; Resource users cannot list terms."""
    async with FakeIntervals(notes=0) as fake:
        terms = {row["id"]: row for row in await rows(fake, "invoiceterm")}
        assert terms["1"]["duration"] == "0"
        assert (terms["6"]["name"], terms["6"]["duration"] or None) == ("Other", None)
        response = await send(fake, "invoiceterm/", token=fake.token_for("Resource"))
        assert (response.status, response.code) == (403, 10)


async def test_payment_types() -> None:
    """Everybody may list payment types and read a single one."""
    async with FakeIntervals(notes=0) as fake:
        records = await rows(fake, "paymenttype", token=fake.token_for("Executive"))
        assert await member(fake, "paymenttype", records[0]["id"]) == records[0]


async def test_more_statuses_than_a_page() -> None:
    """The default page does not hold all task statuses."""
    async with FakeIntervals(notes=0) as fake:
        response = await send(fake, "taskstatus/")
        assert len(response.json["taskstatus"]) == 10 < response.json["listcount"]


async def test_one_priority_is_the_default() -> None:
    """Exactly one task priority is the default, and the ranks count up from 1."""
    async with FakeIntervals(notes=0) as fake:
        records = await rows(fake, "taskpriority")
        assert [row["isdefault"] for row in records].count("t") == 1
        assert [int(row["priority"]) for row in records] == list(range(1, len(records) + 1))


@pytest.mark.parametrize(
    "name", ["module", "worktype", "projectlabel", "taskpriority", "taskstatus"]
)
async def test_active_and_retired(name: str) -> None:
    """Each setting has active and inactive records, and ``active`` selects them."""
    async with FakeIntervals(notes=0) as fake:
        records = fake.rows(name)
        for active in (True, False):
            expected = [row["id"] for row in records if row["active"] is active]
            assert expected
            assert await ids(fake, name, active="t" if active else "f") == expected


@pytest.mark.parametrize("name", ["module", "worktype"])
@pytest.mark.parametrize("group", ["Manager", "Resource", "Executive"])
async def test_default_modules_and_work_types_are_for_administrators(name: str, group: str) -> None:
    """Only Administrators list and read default modules and work types."""
    async with FakeIntervals(notes=0) as fake:
        identity = fake.rows(name)[0]["id"]
        assert (await member(fake, name, identity))["id"] == str(identity)
        for path in (f"{name}/", f"{name}/{identity}/"):
            assert (await send(fake, path, token=fake.token_for(group))).status == 403


@pytest.mark.parametrize(
    "name",
    ["module", "worktype", "projectlabel", "taskpriority", "taskstatus", "paymenttype", "document"],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_read_only_resources(name: str, method: str) -> None:
    """A read-only resource refuses POST, PUT and DELETE on lists and members."""
    async with FakeIntervals(notes=0) as fake:
        identity = fake.rows(name)[0]["id"]
        for path in (f"{name}/", f"{name}/{identity}/"):
            response = await send(fake, path, method=method, body={"name": "x"})
            assert (response.status, response.code) == (400, 16)
