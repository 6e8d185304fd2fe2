"""Special behaviour of single resources."""

from __future__ import annotations

from datetime import UTC, datetime

from intervals_async.testing import FakeIntervals

from .raw_client import rows, send


async def test_contact_fields_have_two_names() -> None:
    """Contacts are filtered by ``contacttypeid``, but contain ``contact_type_id``."""
    async with FakeIntervals(notes=0) as fake:
        records = fake.wire_rows("personcontact")
        assert list(records[0]) == [
            "id",
            "personid",
            "contact_type_id",
            "contact_descriptor_id",
            "value",
        ]
        own = [row for row in records if row["personid"] == "203"]
        assert await rows(fake, "personcontact", personid="203") == own
        for sent, came in (
            ("contacttypeid", "contact_type_id"),
            ("contactdescriptorid", "contact_descriptor_id"),
        ):
            found = await rows(fake, "personcontact", personid="203", **{sent: str(own[0][came])})
            assert found == [row for row in own if row[came] == own[0][came]]


async def test_contacts_are_not_paginated() -> None:
    """A resource without paging returns more than ten rows in one response."""
    async with FakeIntervals(notes=0) as fake:
        for _ in range(30):
            fake.insert("personcontact", personid=201)
        assert len(await rows(fake, "personcontact", personid="201")) > 30


async def test_contact_types_and_descriptors() -> None:
    """Each contact type has its own contact descriptors."""
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
    """``/me/`` is an array with the caller, without ``restricttasks`` for Administrators."""
    async with FakeIntervals(notes=0) as fake:
        envelope = (await send(fake, "me/")).json
        assert envelope["me"][0]["id"] == str(envelope["personid"])
        assert envelope["listcount"] == 1
        assert "active" not in envelope["me"][0]
        assert "restricttasks" not in envelope["me"][0]
        other = (await send(fake, "me/", token=fake.token_for("Resource"))).json["me"][0]
        assert (other["group"], other["restricttasks"]) == ("Resource", "t")
        assert other["editordisabled"] == "0"


async def test_last_logins_with_and_without_a_fraction() -> None:
    """Last logins appear with and without a fraction of a second."""
    async with FakeIntervals(notes=0, people=30) as fake:
        logins = {len(row["lastlogin"] or "") for row in await rows(fake, "person")}
        assert logins == {0, 19, 26}


async def test_quota() -> None:
    """``/quota/`` is one object of strings without listcount, and resets at the next midnight."""
    moment = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    async with FakeIntervals(notes=0, per_day=2, now=lambda: moment) as fake:
        await send(fake, "me/")
        envelope = (await send(fake, "quota/")).json
        assert list(envelope) == ["personid", "status", "code", "quota"]
        assert envelope["quota"] == {
            "quota": "2",
            "used": "1",
            "next_reset": "2027-01-01 00:00:00",
            "exceeded": "f",
        }


async def test_managers_of_a_project() -> None:
    """A project's manager is text in lists and an array of objects in members."""
    async with FakeIntervals(notes=0, projects=20) as fake:
        listed = await rows(fake, "project")
        shared = next(row for row in listed if "," in (row["managerid"] or ""))
        member = (await send(fake, f"project/{shared['id']}/")).json["project"]
        people = {row["id"]: row for row in fake.wire_rows("person")}
        for each in member["manager"]:
            person = people[each["managerid"]]
            assert each == {
                "managerid": person["id"],
                "manager": f"{person['firstname']} {person['lastname']}",
                "manageractive": person["active"],
                "managerlocalid": person["localid"],
            }
        found = [each["managerid"] for each in member["manager"]]
        assert found == shared["managerid"].split(",")
        nobody = next(row for row in listed if not row["managerid"])
        assert (await send(fake, f"project/{nobody['id']}/")).json["project"]["manager"] == []


async def test_project_numbers() -> None:
    """``localid`` is padded, ``localidunpadded`` is not, and budgets have floating-point noise."""
    async with FakeIntervals(notes=0, projects=60) as fake:
        listed = await rows(fake, "project")
        numbers = {row["localid"]: row["localidunpadded"] for row in listed}
        assert (numbers["00001"], numbers["00060"]) == ("1", "60")
        assert any(len(row["budget"] or "") >= 16 for row in listed)
        assert any(row["alert_percent"] == "55.00000000000001" for row in listed)
