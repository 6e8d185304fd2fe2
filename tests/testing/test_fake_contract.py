"""Rules for every resource: credentials, envelopes, wire format, errors and permissions."""

from __future__ import annotations

import pytest

from intervals_async.testing import FakeIntervals

from .raw_client import credentials, rows, send


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic !!!",
        credentials("nobody"),
        "Basic dG9rZW4=",
        "Bearer x",
        "Basic /zpY",
        "Basic é",
    ],
)
async def test_wrong_credentials(authorization: str) -> None:
    """Missing, malformed and unknown credentials receive the recorded 401 response."""
    async with FakeIntervals(notes=0) as fake:
        response = await send(fake, "me/", headers={"Authorization": authorization})
        assert response.status == 401
        assert response.json == {
            "personid": None,
            "status": "Unauthorized",
            "code": 401,
            "error": {"code": 9, "message": "User bad auth", "verbose": []},
        }


async def test_form_of_credentials() -> None:
    """Credentials need the Basic scheme in any case and a colon; the password is ignored."""
    async with FakeIntervals(notes=0) as fake:
        good = credentials(fake.token, "anything: at all")
        for value, status in ((good, 200), (good.replace("Basic", "basic"), 200)):
            assert (await send(fake, "me/", headers={"Authorization": value})).status == status
        bearer = good.replace("Basic", "Bearer")
        assert (await send(fake, "me/", headers={"Authorization": bearer})).status == 401


async def test_inactive_and_deleted_callers() -> None:
    """An inactive caller receives code 8, and a deleted caller code 7."""
    async with FakeIntervals(notes=0) as fake:
        manager = fake.token_for("Manager")
        identity = 202
        fake.touch("person", identity, active=False)
        response = await send(fake, "me/", token=manager)
        assert (response.status, response.code) == (401, 8)
        fake.remove("person", identity)
        response = await send(fake, "me/", token=manager)
        assert (response.status, response.code) == (401, 7)


async def test_list_envelope() -> None:
    """A list has personid, status, code, listcount and by default ten rows."""
    async with FakeIntervals(notes=25) as fake:
        envelope = (await send(fake, "projectnote/")).json
        assert list(envelope) == ["personid", "status", "code", "listcount", "projectnote"]
        assert envelope["personid"] == 201
        assert (envelope["status"], envelope["code"], envelope["listcount"]) == ("OK", 200, 25)
        assert envelope["projectnote"] == fake.wire_rows("projectnote")[:10]


async def test_limit_and_offset() -> None:
    """``limit`` has no maximum; a page past the end is empty, with the correct listcount."""
    async with FakeIntervals(notes=25) as fake:
        everything = fake.wire_rows("projectnote")
        for query, expected in (
            ({"limit": "1000000"}, everything),
            ({"limit": "3", "offset": "0"}, everything[:3]),
            ({"limit": "3", "offset": "23"}, everything[23:]),
            ({"offset": "20"}, everything[20:]),
            ({"offset": "25"}, []),
            ({"offset": "900", "limit": "5"}, []),
        ):
            envelope = (await send(fake, "projectnote/", query)).json
            assert envelope["projectnote"] == expected
            assert envelope["listcount"] == 25


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "all"),
        ("limit", "-1"),
        ("offset", "-1"),
        ("offset", ""),
        ("limit", "²"),
    ],
)
async def test_invalid_paging_is_refused(name: str, value: str) -> None:
    """A limit or offset that is not a valid number is refused with code 18."""
    async with FakeIntervals(notes=1) as fake:
        response = await send(fake, "projectnote/", {name: value})
        assert (response.status, response.code) == (400, 18)
        assert response.verbose == [
            f"Validation failed for the value ({value}) passed to the following field: {name}"
        ]


async def test_member_envelope() -> None:
    """A member is one object without a listcount."""
    async with FakeIntervals(notes=2) as fake:
        row = fake.wire_rows("projectnote")[0]
        envelope = (await send(fake, f"projectnote/{row['id']}/")).json
        assert list(envelope) == ["personid", "status", "code", "projectnote"]
        assert envelope["projectnote"]["id"] == row["id"]


async def test_wire_strings() -> None:
    """Numbers and booleans are strings, plain text has HTML entities, and HTML is unchanged."""
    async with FakeIntervals(notes=0) as fake:
        fake.insert(
            "projectnote",
            title="""<a> & "b" 'c' 🎉""",
            note="<p>&amp; \"x\" 'y' 🎉</p>",
            secure=True,
        )
        row = (await rows(fake, "projectnote"))[0]
        assert row["title"] == "&lt;a&gt; &amp; &quot;b&quot; &#039;c&#039; 🎉"
        assert row["note"] == "<p>&amp; \"x\" 'y' 🎉</p>"
        assert row["secure"] == "t"
        assert isinstance(row["id"], str)
        assert len(row["date"]) == len("2026-01-01 00:00:00")


@pytest.mark.parametrize("path", ["nothing/", "nothing", "", "/", "x/y/z/"])
async def test_unknown_resource(path: str) -> None:
    """An unknown resource is refused with code 13."""
    async with FakeIntervals(notes=0) as fake:
        response = await send(fake, path)
        assert (response.status, response.code) == (400, 13)


async def test_unknown_action() -> None:
    """An unknown path below a member is refused with code 15."""
    async with FakeIntervals(notes=1) as fake:
        response = await send(fake, "projectnote/1/download/")
        assert (response.status, response.code) == (400, 15)


@pytest.mark.parametrize("identity", ["1", "abc", "-1", "²"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_unknown_id(identity: str, method: str) -> None:
    """An unknown id is refused with code 14 for every method."""
    async with FakeIntervals(notes=1) as fake:
        response = await send(fake, f"projectnote/{identity}/", method=method)
        assert (response.status, response.code) == (404, 14)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "projectnote/1/"),
        ("DELETE", "projectnote/"),
        ("POST", "me/"),
        ("PUT", "quota/"),
        ("GET", "me/1/"),
        ("GET", "contacttype/1/"),
        ("POST", "contactdescriptor/"),
    ],
)
async def test_method_not_offered(method: str, path: str) -> None:
    """A method that the resource does not offer is refused with code 16."""
    async with FakeIntervals(notes=1) as fake:
        response = await send(fake, path, method=method)
        assert (response.status, response.code) == (400, 16)


@pytest.mark.parametrize(
    ("group", "method", "path", "status"),
    [
        ("Executive", "GET", "projectnote/", 403),
        ("Executive", "GET", "project/", 200),
        ("Executive", "GET", "person/", 403),
        ("Manager", "POST", "person/", 403),
        ("Resource", "DELETE", "project/301/", 403),
        ("Resource", "GET", "projectnote/", 200),
        ("Executive", "GET", "contacttype/", 200),
    ],
)
async def test_groups(group: str, method: str, path: str, status: int) -> None:
    """A method refuses other groups with 403 and code 10; without stated groups it admits all."""
    async with FakeIntervals(notes=1) as fake:
        response = await send(fake, path, method=method, token=fake.token_for(group))
        assert response.status == status
        if status == 403:
            assert response.code == 10


async def test_unknown_filter() -> None:
    """A filter of an unknown name is refused with code 17 and the recorded message."""
    async with FakeIntervals(notes=1) as fake:
        response = await send(fake, "projectnote/", {"i_person": "1", "title": "x", "type": "2"})
        assert (response.status, response.code) == (400, 17)
        assert response.json["error"]["message"] == "Parameter not recognized"
        assert response.verbose == [
            "You supplied a field/filter that isn't available for this resource: i_person, type"
        ]


@pytest.mark.parametrize(
    "path",
    ["personcontact/?personid=201", "me/?", "quota/?", "contacttype/?", "personcontact/5001/?"],
)
@pytest.mark.parametrize("name", ["limit", "offset"])
async def test_paging_is_refused_without_pages(path: str, name: str) -> None:
    """Lists and members of resources without paging refuse ``limit`` and ``offset`` with code 17."""
    async with FakeIntervals(notes=0) as fake:
        response = await send(fake, f"{path}&{name}=1")
        assert (response.status, response.code) == (400, 17)


async def test_repeated_parameters() -> None:
    """The last value of a repeated query parameter counts."""
    async with FakeIntervals(notes=9) as fake:
        response = await send(fake, "projectnote/?limit=1&limit=2")
        assert len(response.json["projectnote"]) == 2
