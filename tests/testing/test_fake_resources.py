"""What is special about each resource."""

from __future__ import annotations

from datetime import UTC, datetime

from intervals_async.testing import FakeIntervals

from .asking import ask, rows


async def test_contacts_answer_under_other_names() -> None:
    """Contacts are asked for with contacttypeid and answer with contact_type_id."""
    async with FakeIntervals(notes=0) as fake:
        every = fake.wire_rows("personcontact")
        assert list(every[0]) == [
            "id",
            "personid",
            "contact_type_id",
            "contact_descriptor_id",
            "value",
        ]
        own = [row for row in every if row["personid"] == "203"]
        assert await rows(fake, "personcontact", personid="203") == own
        for sent, came in (
            ("contacttypeid", "contact_type_id"),
            ("contactdescriptorid", "contact_descriptor_id"),
        ):
            found = await rows(fake, "personcontact", personid="203", **{sent: str(own[0][came])})
            assert found == [row for row in own if row[came] == own[0][came]]


async def test_contacts_come_all_at_once() -> None:
    """A resource without paging gives more than ten rows in one answer."""
    async with FakeIntervals(notes=0) as fake:
        for _ in range(30):
            fake.insert("personcontact", personid=201)
        assert len(await rows(fake, "personcontact", personid="201")) > 30


async def test_contact_types_and_descriptors() -> None:
    """Every contact type has its own descriptors."""
    async with FakeIntervals(notes=0) as fake:
        types = await rows(fake, "contacttype")
        assert types[0] == {"id": "1", "contacttype": "E-mail"}
        labels = [
            row["id"]
            for kind in types
            for row in await rows(fake, "contactdescriptor", contacttypeid=kind["id"])
        ]
        assert labels == [row["id"] for row in fake.wire_rows("contactdescriptor")]


async def test_me() -> None:
    """The answer is an array of one, the caller; restricttasks is left out for administrators."""
    async with FakeIntervals(notes=0) as fake:
        envelope = (await ask(fake, "me/")).json
        assert envelope["me"][0]["id"] == envelope["personid"]
        assert "active" not in envelope["me"][0]
        assert "restricttasks" not in envelope["me"][0]
        other = (await ask(fake, "me/", token=fake.token_for("Resource"))).json["me"][0]
        assert (other["group"], other["restricttasks"]) == ("Resource", "t")
        assert other["editordisabled"] == "0"


async def test_last_logins_with_and_without_a_fraction() -> None:
    """A last login has been seen in both forms."""
    async with FakeIntervals(notes=0, people=30) as fake:
        logins = {len(row["lastlogin"] or "") for row in await rows(fake, "person")}
        assert logins == {0, 19, 26}


async def test_quota() -> None:
    """The answer is one object of strings, without listcount, and next_reset is the next midnight."""
    moment = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    async with FakeIntervals(notes=0, per_day=2, now=lambda: moment) as fake:
        await ask(fake, "me/")
        envelope = (await ask(fake, "quota/")).json
        assert list(envelope) == ["personid", "status", "code", "quota"]
        assert envelope["quota"] == {
            "quota": "2",
            "used": "1",
            "next_reset": "2027-01-01 00:00:00",
            "exceeded": "f",
        }


async def test_a_project_alone() -> None:
    """A project's manager is text in the list and an array of objects in the member."""
    async with FakeIntervals(notes=0, projects=20) as fake:
        listed = await rows(fake, "project")
        shared = next(row for row in listed if "," in (row["managerid"] or ""))
        alone = (await ask(fake, f"project/{shared['id']}/")).json["project"]
        assert {each["id"] for each in alone["manager"]} == set(shared["managerid"].split(","))
        nobody = next(row for row in listed if not row["managerid"])
        assert (await ask(fake, f"project/{nobody['id']}/")).json["project"]["manager"] == []


async def test_project_numbers() -> None:
    """A localid is padded text, localidunpadded the number, budgets carry binary noise."""
    async with FakeIntervals(notes=0, projects=60) as fake:
        listed = await rows(fake, "project")
        assert (listed[0]["localid"], listed[0]["localidunpadded"]) == ("00001", "1")
        assert any(len(row["budget"] or "") >= 16 for row in listed)
        assert any(row["alert_percent"] == "55.00000000000001" for row in listed)
