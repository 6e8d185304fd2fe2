"""What holds for every resource: credentials, envelopes, wire strings, errors, groups."""

from __future__ import annotations

import pytest

from intervals_async.testing import FakeIntervals

from .asking import ask, credentials, rows


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
    """Missing, broken and unknown credentials are answered with the recorded 401."""
    async with FakeIntervals(notes=0) as fake:
        reply = await ask(fake, "me/", headers={"Authorization": authorization})
        assert reply.status == 401
        assert reply.json == {
            "personid": None,
            "status": "Unauthorized",
            "code": 401,
            "error": {"code": 9, "message": "User bad auth", "verbose": []},
        }


async def test_the_colon_and_the_scheme() -> None:
    """The token needs its colon and the Basic scheme, in whatever case; any password will do."""
    async with FakeIntervals(notes=0) as fake:
        good = credentials(fake.token, "anything: at all")
        for value, status in ((good, 200), (good.replace("Basic", "basic"), 200)):
            assert (await ask(fake, "me/", headers={"Authorization": value})).status == status
        bearer = good.replace("Basic", "Bearer")
        assert (await ask(fake, "me/", headers={"Authorization": bearer})).status == 401


async def test_people_who_may_not_call_any_more() -> None:
    """An inactive caller gets code 8, a removed one code 7."""
    async with FakeIntervals(notes=0) as fake:
        manager = fake.token_for("Manager")
        identity = fake.rows("person")[1]["id"]
        assert isinstance(identity, int)
        fake.touch("person", identity, active=False)
        reply = await ask(fake, "me/", token=manager)
        assert (reply.status, reply.code) == (401, 8)
        fake.remove("person", identity)
        reply = await ask(fake, "me/", token=manager)
        assert (reply.status, reply.code) == (401, 7)


async def test_list_envelope() -> None:
    """A list carries personid, status, code, listcount and the rows, ten unless asked otherwise."""
    async with FakeIntervals(notes=25) as fake:
        envelope = (await ask(fake, "projectnote/")).json
        assert list(envelope) == ["personid", "status", "code", "listcount", "projectnote"]
        assert envelope["personid"] == str(fake.rows("person")[0]["id"])
        assert (envelope["status"], envelope["code"], envelope["listcount"]) == ("OK", 200, 25)
        assert envelope["projectnote"] == fake.wire_rows("projectnote")[:10]


async def test_limit_and_offset() -> None:
    """There is no cap on limit; beyond the end the page is empty and the count still true."""
    async with FakeIntervals(notes=25) as fake:
        everything = fake.wire_rows("projectnote")
        for query, wanted in (
            ({"limit": "1000000"}, everything),
            ({"limit": "3", "offset": "0"}, everything[:3]),
            ({"limit": "3", "offset": "23"}, everything[23:]),
            ({"offset": "20"}, everything[20:]),
            ({"offset": "25"}, []),
            ({"offset": "900", "limit": "5"}, []),
        ):
            envelope = (await ask(fake, "projectnote/", query)).json
            assert envelope["projectnote"] == wanted
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
async def test_paging_that_will_not_do(name: str, value: str) -> None:
    """A limit or offset that is no count is a validation error."""
    async with FakeIntervals(notes=1) as fake:
        reply = await ask(fake, "projectnote/", {name: value})
        assert (reply.status, reply.code) == (400, 18)
        assert reply.verbose == [
            f"Validation failed for the value ({value}) passed to the following field: {name}"
        ]


async def test_member_envelope() -> None:
    """A member is one object without a listcount."""
    async with FakeIntervals(notes=2) as fake:
        row = fake.wire_rows("projectnote")[0]
        envelope = (await ask(fake, f"projectnote/{row['id']}/")).json
        assert list(envelope) == ["personid", "status", "code", "projectnote"]
        assert envelope["projectnote"]["id"] == row["id"]


async def test_wire_strings() -> None:
    """Numbers and booleans are strings, plain text has entities, HTML and nothing else is raw."""
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


async def test_missing_values_are_null_or_empty() -> None:
    """Missing values come as null and as empty text, the other way round in the member."""
    async with FakeIntervals(notes=60) as fake:
        found = await rows(fake, "projectnote")
        assert {row["projectlabel"] for row in found} >= {None, ""}
        row = next(row for row in found if row["mod_authorlocalid"] is None)
        alone = (await ask(fake, f"projectnote/{row['id']}/")).json["projectnote"]
        assert alone["mod_authorlocalid"] == ""


async def test_without_accepting_json() -> None:
    """Who does not accept JSON gets XML, with the same status."""
    async with FakeIntervals(notes=0) as fake:
        for path, status in (("me/", 200), ("nothing/", 400)):
            reply = await ask(fake, path, headers={"Accept": "*/*"})
            assert reply.status == status
            assert reply.headers["Content-Type"].startswith("text/xml")
            assert "<intervals/>" in reply.text


@pytest.mark.parametrize("path", ["nothing/", "", "projectnote", "//", "x/y/z/"])
async def test_unknown_resource(path: str) -> None:
    """What is no resource, or lacks the slash at its end, is code 13."""
    async with FakeIntervals(notes=0) as fake:
        reply = await ask(fake, path)
        assert (reply.status, reply.code) == (400, 13)


async def test_unknown_action() -> None:
    """A path that goes on after the id is code 15."""
    async with FakeIntervals(notes=1) as fake:
        reply = await ask(fake, "projectnote/1/download/")
        assert (reply.status, reply.code) == (400, 15)


@pytest.mark.parametrize("identity", ["1", "abc", "-1", "²"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_unknown_id(identity: str, method: str) -> None:
    """An id that nobody has is code 14, whatever is asked of it."""
    async with FakeIntervals(notes=1) as fake:
        reply = await ask(fake, f"projectnote/{identity}/", method=method)
        assert (reply.status, reply.code) == (404, 14)


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
    """A method that the resource does not have is code 16."""
    async with FakeIntervals(notes=1) as fake:
        reply = await ask(fake, path, method=method)
        assert (reply.status, reply.code) == (400, 16)


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
    """Who is in none of a method's groups gets 403 and code 10; no list means everybody."""
    async with FakeIntervals(notes=1) as fake:
        reply = await ask(fake, path, method=method, token=fake.token_for(group))
        assert reply.status == status
        if status == 403:
            assert reply.code == 10


async def test_unknown_filter() -> None:
    """A filter that is not documented is refused with the recorded words, never ignored."""
    async with FakeIntervals(notes=1) as fake:
        reply = await ask(fake, "projectnote/", {"i_person": "1", "title": "x", "type": "2"})
        assert (reply.status, reply.code) == (400, 17)
        assert reply.json["error"]["message"] == "Parameter not recognized"
        assert reply.verbose == [
            "You supplied a field/filter that isn't available for this resource: i_person, type"
        ]


@pytest.mark.parametrize(
    "path", ["personcontact/?personid=201", "me/?", "quota/?", "contacttype/?", "person/201/?"]
)
@pytest.mark.parametrize("name", ["limit", "offset"])
async def test_no_paging_where_there_is_none(path: str, name: str) -> None:
    """Resources without offset and limit, and members, refuse both as unknown."""
    async with FakeIntervals(notes=0) as fake:
        reply = await ask(fake, f"{path}&{name}=1")
        assert (reply.status, reply.code) == (400, 17)


async def test_the_last_of_a_repeated_parameter() -> None:
    """Of a parameter given twice, the last one counts."""
    async with FakeIntervals(notes=9) as fake:
        reply = await ask(fake, "projectnote/?limit=1&limit=2")
        assert len(reply.json["projectnote"]) == 2
