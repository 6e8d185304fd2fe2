"""POST, PUT and DELETE: created, changed and refused records."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from intervals_async.testing import FakeIntervals

from .raw_client import Response, ids, rows, send

NOTE = {"projectid": 301, "title": "A & B", "note": "<p>x</p>", "secure": "f"}
PROJECT = {"name": "New", "datestart": "2026-01-02", "billable": "t", "active": "t"}
PERSON = {"firstname": "New", "private": "f", "active": "t"}
CONTACT = {"personid": 202, "value": "x", "contacttypeid": 2, "contactdescriptorid": 13}


async def post(fake: FakeIntervals, resource: str, body: object, **more: Any) -> Response:
    """Send a POST."""
    return await send(fake, f"{resource}/", method="POST", body=body, **more)


async def test_create_a_note() -> None:
    """POST responds with 201 and the new object, including id, author and date."""
    moment = datetime(2026, 5, 6, 7, 8, 9, 999, tzinfo=UTC)
    async with FakeIntervals(notes=3, now=lambda: moment) as fake:
        response = await post(fake, "projectnote", NOTE, token=fake.token_for("Resource"))
        assert (response.status, response.json["status"], response.json["code"]) == (
            201,
            "Created",
            201,
        )
        note = response.json["projectnote"]
        assert (note["title"], note["note"], note["secure"]) == ("A &amp; B", "<p>x</p>", "f")
        assert (note["date"], note["authorid"]) == ("2026-05-06 07:08:09", "203")
        assert note["projectlocalid"] == "1"
        assert int(note["id"]) == fake.rows("projectnote")[-1]["id"]
        assert (await send(fake, f"projectnote/{note['id']}/")).json["projectnote"] == note


async def test_localids_are_never_reused() -> None:
    """A new localid follows the last one of its parent, even after a deletion."""
    async with FakeIntervals(notes=30) as fake:
        last = max(
            int(str(row["localid"])) for row in fake.rows("projectnote") if row["projectid"] == 301
        )
        first = (await post(fake, "projectnote", NOTE)).json["projectnote"]
        await send(fake, f"projectnote/{first['id']}/", method="DELETE")
        second = (await post(fake, "projectnote", NOTE)).json["projectnote"]
        assert [first["localid"], second["localid"]] == [str(last + 1), str(last + 2)]
        assert int(second["id"]) == int(first["id"]) + 1


async def test_change_a_note() -> None:
    """PUT responds with 202 and the complete object, and keeps all other fields."""
    async with FakeIntervals(notes=2) as fake:
        before = fake.rows("projectnote")[0]
        path = f"projectnote/{before['id']}/"
        response = await send(fake, path, method="PUT", body={"title": "new", "projectid": "302"})
        assert (response.status, response.json["status"]) == (202, "Accepted")
        assert response.json["projectnote"]["title"] == "new"
        assert response.json["projectnote"]["projectlocalid"] == "2"
        after = fake.rows("projectnote")[0]
        assert after["note"] == before["note"]
        assert after["date"] == before["date"]
        author = fake.rows("person")[0]["id"] == before["authorid"]
        assert (after["mod_authorlocalid"] is None) == author


async def test_mod_authorlocalid() -> None:
    """``mod_authorlocalid`` is the last person who changed a note, unless it is the author."""
    async with FakeIntervals(notes=0) as fake:
        note = (await post(fake, "projectnote", NOTE)).json["projectnote"]
        path, body = f"projectnote/{note['id']}/", {"title": "x"}
        await send(fake, path, method="PUT", body=body, token=fake.token_for("Manager"))
        assert fake.rows("projectnote")[0]["mod_authorlocalid"] == 2
        await send(fake, path, method="PUT", body=body)
        assert fake.rows("projectnote")[0]["mod_authorlocalid"] is None


async def test_delete() -> None:
    """DELETE responds with 200 and an empty array, and removes the record."""
    async with FakeIntervals(notes=2) as fake:
        path = f"projectnote/{fake.rows('projectnote')[0]['id']}/"
        response = await send(fake, path, method="DELETE")
        assert (response.status, response.json["projectnote"]) == (200, [])
        assert "listcount" not in response.json
        assert (await send(fake, path, method="DELETE")).status == 404
        assert len(fake.rows("projectnote")) == 1


async def test_put_and_post_are_interchangeable() -> None:
    """PUT without an id creates a record, and POST with an id changes one."""
    async with FakeIntervals(notes=1) as fake:
        assert (await send(fake, "projectnote/", method="PUT", body=NOTE)).status == 201
        path = f"projectnote/{fake.rows('projectnote')[0]['id']}/"
        assert (await send(fake, path, method="POST", body={"title": "x"})).status == 202


async def test_clearing_a_field() -> None:
    """Null and the empty text clear a field in a change."""
    async with FakeIntervals(notes=1) as fake:
        path = f"projectnote/{fake.rows('projectnote')[0]['id']}/"
        for nothing in (None, ""):
            await send(fake, path, method="PUT", body={"note": "x"})
            assert fake.rows("projectnote")[0]["note"] == "x"
            assert (await send(fake, path, method="PUT", body={"note": nothing})).status == 202
            assert fake.rows("projectnote")[0]["note"] is None


@pytest.mark.parametrize("missing", list(NOTE))
@pytest.mark.parametrize("empty", [True, False])
async def test_missing_fields(missing: str, empty: bool) -> None:
    """A new record without a required field, or with an empty one, is refused."""
    async with FakeIntervals(notes=0) as fake:
        body = {name: value for name, value in NOTE.items() if name != missing}
        response = await post(fake, "projectnote", body | ({missing: ""} if empty else {}))
        assert (response.status, response.code) == (400, 18)
        assert response.verbose == [f"The following required field is missing: {missing}"]
        assert fake.rows("projectnote") == []


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_unknown_fields(method: str) -> None:
    """A body with an unknown or a read-only field is refused with code 17."""
    async with FakeIntervals(notes=1) as fake:
        path = "projectnote/"
        if method == "PUT":
            path += f"{fake.rows('projectnote')[0]['id']}/"
        response = await send(fake, path, method=method, body=NOTE | {"id": 1, "colour": "red"})
        assert (response.status, response.code) == (400, 17)
        assert "id, colour" in response.text


@pytest.mark.parametrize(
    ("resource", "body", "field"),
    [
        ("projectnote", NOTE | {"projectid": "x"}, "projectid"),
        ("projectnote", NOTE | {"projectid": True}, "projectid"),
        ("projectnote", NOTE | {"projectid": 1.5}, "projectid"),
        ("projectnote", NOTE | {"projectid": 9}, "projectid"),
        ("projectnote", NOTE | {"secure": "yes"}, "secure"),
        ("projectnote", NOTE | {"secure": 2}, "secure"),
        ("projectnote", NOTE | {"title": "x" * 256}, "title"),
        ("projectnote", NOTE | {"title": 5}, "title"),
        ("project", PROJECT | {"datestart": "2026-1-2"}, "datestart"),
        ("project", PROJECT | {"budget": "much"}, "budget"),
        ("project", PROJECT | {"budget": "nan"}, "budget"),
        ("project", PROJECT | {"budget": True}, "budget"),
        ("project", PROJECT | {"clientid": 9}, "clientid"),
        ("project", PROJECT | {"labelid": 9}, "labelid"),
        ("project", PROJECT | {"managerid": "201,203"}, "managerid"),
        ("project", PROJECT | {"managerid": 9.5}, "managerid"),
        ("project", PROJECT | {"managerid": "201,"}, "managerid"),
        ("person", PERSON | {"firstname": "x" * 66}, "firstname"),
        ("person", PERSON | {"groupid": 1}, "groupid"),
        ("person", PERSON | {"clientid": 9}, "clientid"),
        ("personcontact", CONTACT | {"personid": 9}, "personid"),
        ("personcontact", CONTACT | {"contacttypeid": 9}, "contacttypeid"),
        ("personcontact", CONTACT | {"contactdescriptorid": 11}, "contactdescriptorid"),
    ],
)
async def test_invalid_values_are_refused(resource: str, body: object, field: str) -> None:
    """An invalid value or an unknown id is refused with the name of its field."""
    async with FakeIntervals(notes=0) as fake:
        response = await post(fake, resource, body)
        assert (response.status, response.code) == (400, 18)
        assert f"passed to the following field: {field}" in response.text


async def test_notes_of_an_inactive_project() -> None:
    """A new note needs an active project, but an existing note can be changed."""
    async with FakeIntervals(notes=0) as fake:
        note = fake.insert("projectnote", projectid=301)
        fake.touch("project", 301, active=False)
        assert (await post(fake, "projectnote", NOTE)).code == 18
        path = f"projectnote/{note}/"
        assert (await send(fake, path, method="PUT", body={"title": "x"})).status == 202


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"x"', b'{"title":["x"]}', b'{"title":{}}'])
async def test_bodies_must_be_flat_objects(raw: bytes) -> None:
    """A body that is not a flat JSON object is refused with code 18."""
    async with FakeIntervals(notes=0) as fake:
        response = await send(fake, "projectnote/", method="POST", raw=raw)
        assert (response.status, response.code) == (400, 18)


async def test_content_type_of_a_body() -> None:
    """A body that is not declared as JSON is refused with code 18."""
    async with FakeIntervals(notes=0) as fake:
        response = await post(fake, "projectnote", NOTE, headers={"Content-Type": "text/plain"})
        assert (response.status, response.code) == (400, 18)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_no_filters_on_writes(method: str) -> None:
    """A write with a query string is refused with code 17."""
    async with FakeIntervals(notes=1) as fake:
        path = f"projectnote/{fake.rows('projectnote')[0]['id']}/?title=x"
        response = await send(fake, path, method=method, body=NOTE)
        assert (response.status, response.code) == (400, 17)


async def test_create_a_project() -> None:
    """A new project has the names of its client and managers, and the managers on its team."""
    async with FakeIntervals(notes=0, people=8) as fake:
        body = PROJECT | {"clientid": "101", "managerid": "201, 202", "budget": 10, "labelid": 51}
        project = (await post(fake, "project", body)).json["project"]
        assert project["localid"] == "00009"
        assert project["budget"] == "10"
        assert [each["managerid"] for each in project["manager"]] == ["201", "202"]
        listed = next(r for r in fake.wire_rows("project") if r["id"] == project["id"])
        assert (listed["managerid"], listed["label"]) == ("201,202", "On track")
        assert int(project["id"]) in await ids(fake, "project", personid="202")


async def test_create_a_person() -> None:
    """A new person with a login has a group and an e-mail address among the contacts."""
    async with FakeIntervals(notes=0) as fake:
        plain = (await post(fake, "person", PERSON)).json["person"]
        assert await rows(fake, "personcontact", personid=plain["id"]) == []
        login = {"username": "n@example.org", "password": "secret", "email": "n@example.org"}
        person = (await post(fake, "person", PERSON | login | {"groupid": 4})).json["person"]
        assert (person["group"], person["localid"]) == ("Resource", "14")
        assert "password" not in person
        contacts = await rows(fake, "personcontact", personid=person["id"])
        assert [each["value"] for each in contacts] == ["n@example.org"]


async def test_change_a_project_and_a_person() -> None:
    """A change keeps the localid and updates the names that follow from ids."""
    async with FakeIntervals(notes=0, people=3, projects=1) as fake:
        body = {"clientid": 102, "managerid": 202, "labelid": None}
        project = (await send(fake, "project/301/", method="PUT", body=body)).json["project"]
        assert project["localid"] == "00001"
        assert project["client"] == "Zeta 2"
        assert [each["managerid"] for each in project["manager"]] == ["202"]
        assert fake.rows("project")[0]["label"] is None
        person = await send(fake, "person/203/", method="PUT", body={"groupid": 3})
        assert person.json["person"]["group"] == "Manager"
        assert person.json["person"]["localid"] == "3"


async def test_required_fields_of_a_login() -> None:
    """A person with a username needs an e-mail address and a group."""
    async with FakeIntervals(notes=0) as fake:
        response = await post(fake, "person", PERSON | {"username": "n", "email": ""})
        assert (response.status, response.code) == (400, 18)
        assert response.verbose == [
            "The following required field is missing: email",
            "The following required field is missing: groupid",
        ]


async def test_contacts_of_others() -> None:
    """Everybody writes their own contacts, and only Administrators those of others."""
    async with FakeIntervals(notes=0) as fake:
        manager = fake.token_for("Manager")
        own = await post(fake, "personcontact", CONTACT, token=manager)
        assert own.status == 201
        assert own.json["personcontact"]["contact_type_id"] == "2"
        other = await post(fake, "personcontact", CONTACT | {"personid": 203}, token=manager)
        assert (other.status, other.code) == (403, 10)
        created = await post(fake, "personcontact", CONTACT | {"personid": 203})
        path = f"personcontact/{created.json['personcontact']['id']}/"
        body = {"personid": 202}
        assert (await send(fake, path, method="PUT", body=body, token=manager)).status == 403
        assert (await send(fake, path, method="DELETE", token=manager)).status == 403
        assert (await send(fake, path, method="DELETE")).status == 200
        path = f"personcontact/{own.json['personcontact']['id']}/"
        assert (await send(fake, path, method="DELETE", token=manager)).status == 200
