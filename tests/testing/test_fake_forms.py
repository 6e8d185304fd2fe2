"""The forms of requests and responses that public clients and recordings show."""

from __future__ import annotations

from html import unescape
from typing import Any
from xml.etree import ElementTree

import aiohttp
import pytest

from intervals_async.resources import names
from intervals_async.testing import FakeIntervals
from intervals_async.testing._fake.resources import catalog

from .raw_client import credentials, member, rows, send
from .servers import NOON, server_at_noon

NOTE = {"projectid": 301, "title": "t", "note": "n", "secure": "f"}
WITH_ROWS = [name for name in names() if catalog()[name].read is None]


async def send_plainly(
    fake: FakeIntervals, path: str, headers: dict[str, str] | None = None
) -> tuple[str, str]:
    """Send a request as aiohttp does by itself, and return the type and text of the response."""
    headers = {"Authorization": credentials(fake.token)} | (headers or {})
    async with (
        aiohttp.ClientSession() as session,
        session.get(fake.url + path, headers=headers) as response,
    ):
        return response.content_type, await response.text()


# Paths


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("me", {}),
        ("quota", {}),
        ("task", {"excludeclosed": "true", "limit": "3"}),
        ("project/301", {}),
        ("document/9001/download", {}),
        ("personcontact", {"personid": "201"}),
    ],
)
async def test_the_trailing_slash_is_optional(path: str, query: dict[str, str]) -> None:
    """A path without the trailing slash receives the same response."""
    async with server_at_noon() as fake:
        response = await send(fake, path, query)
        assert response.status == 200, response.text
        if path != "quota":  # it counts the requests
            assert response.text == (await send(fake, f"{path}/", query)).text
        assert fake.log[0].path == f"/{path}"


async def test_writes_without_the_trailing_slash() -> None:
    """A record can be created, changed and deleted without the trailing slash."""
    async with FakeIntervals(notes=0) as fake:
        created = await send(fake, "projectnote", method="POST", body=NOTE)
        path = f"projectnote/{created.json['projectnote']['id']}"
        changed = await send(fake, path, method="PUT", body={"title": "x"})
        deleted = await send(fake, path, method="DELETE")
        assert (created.status, changed.status, deleted.status) == (201, 202, 200)


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("task/2001", {"limit": "500"}, 200),
        ("task/2001/", {"projectid": "1", "sortfield": "id"}, 200),
        ("person/201/", {"limit": "x"}, 200),
        ("task/2001", {"nothing": "1"}, 400),
        ("personcontact/5001/", {"limit": "1"}, 400),
        ("task/1", {"limit": "500"}, 404),
    ],
)
async def test_a_member_ignores_filters_of_the_list(
    path: str, query: dict[str, str], status: int
) -> None:
    """A GET of a member ignores documented filters of the list, and refuses all others."""
    async with FakeIntervals(notes=0) as fake:
        assert (await send(fake, path, query)).status == status


# JSON and XML


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/json, text/plain, */*",
        "application/*;q=0.5",
        "text/html,application/xml;q=0.9,*/*;q=0.8",
    ],
)
async def test_json(accept: str) -> None:
    """A request that accepts JSON or anything receives JSON."""
    async with FakeIntervals(notes=0) as fake:
        content_type, _ = await send_plainly(fake, "me", {"Accept": accept})
        assert content_type == "application/json"


async def test_json_by_default_of_aiohttp() -> None:
    """aiohttp, like curl and requests, sends ``Accept: */*`` by itself and receives JSON."""
    async with FakeIntervals(notes=0) as fake:
        content_type, _ = await send_plainly(fake, "me")
        assert content_type == "application/json"
        assert fake.log[0].headers["accept"] == "*/*"


async def xml(fake: FakeIntervals, path: str, accept: str | None = None) -> ElementTree.Element:
    """Send a request without ``Accept``, and return the root element of its XML response."""
    headers = {"Authorization": credentials(fake.token)}
    if accept is not None:
        headers["Accept"] = accept
    async with (
        aiohttp.ClientSession(skip_auto_headers=["Accept"]) as session,
        session.get(fake.url + path, headers=headers) as response,
    ):
        assert response.content_type == "text/xml"
        return ElementTree.fromstring(await response.text())


@pytest.mark.parametrize("accept", [None, "application/xml", "text/xml"])
async def test_xml_of_a_list(accept: str | None) -> None:
    """A request that does not accept JSON receives the items of a list as XML."""
    async with FakeIntervals(notes=7) as fake:
        root = await xml(fake, "projectnote/?limit=5", accept)
        assert root.tag == "intervals"
        assert (root.findtext("code"), root.findtext("listcount")) == ("200", "7")
        items = root.findall("projectnote/item")
        assert len(items) == 5
        for item, row in zip(items, fake.wire_rows("projectnote"), strict=False):
            assert [each.tag for each in item] == list(row)
            assert item.findtext("id") == row["id"]
            assert item.findtext("title") == unescape(str(row["title"]))
            sent = str(row["note"] or "")
            assert (item.findtext("note") or "") == sent.replace("\r\n", "\n")


@pytest.mark.parametrize("name", names())
async def test_xml_of_every_resource(name: str) -> None:
    """Every resource has well-formed XML with as many items as the JSON."""
    async with FakeIntervals(notes=20, per_minute=None) as fake:
        rules = catalog()[name]
        query = "&".join(
            f"{each.name}={fake.rows(name)[0][each.name]}"
            for each in rules.filters
            if each.required
        )
        root = await xml(fake, f"{name}/?{query}")
        assert root.findtext("code") == "200"
        found: Any = (await send(fake, f"{name}/?{query}")).json[name]
        count = 0 if isinstance(found, dict) else len(found)
        assert len(root.findall(f"{name}/item")) == count
        assert count or root.find(f"{name}/quota") is not None


async def test_xml_of_nested_objects() -> None:
    """The versions of a document are nested items."""
    async with FakeIntervals(notes=0) as fake:
        root = await xml(fake, "document?id=9001")
        version = root.find("document/item/versions/item")
        assert version is not None
        assert version.findtext("filename") == "1 Offer & terms.pdf"
        assert version.findtext("versionid")


async def test_xml_of_an_error() -> None:
    """An error has its codes, its message and one child of ``verbose`` per sentence."""
    async with FakeIntervals(notes=0) as fake:
        root = await xml(fake, "time/?datebegin=x&dateend=%3Cy%3E")
        error = root.find("error")
        assert error is not None
        assert (root.findtext("code"), error.findtext("code")) == ("400", "18")
        assert error.findtext("message") == "Validation error has occurred (see verbose)"
        sentences = error.find("verbose")
        assert sentences is not None
        assert [each.text for each in sentences] == [
            "Validation failed for the value (x) passed to the following field: datebegin",
            "Validation failed for the value (<y>) passed to the following field: dateend",
        ]


# Values in requests


@pytest.mark.parametrize(("yes", "no"), [("t", "f"), ("true", "false"), ("1", "0")])
async def test_booleans_in_filters(yes: str, no: str) -> None:
    """A boolean filter takes ``t``, ``true`` and ``1`` alike."""
    async with server_at_noon() as fake:
        for name in ("task", "client", "timer"):
            flag = {"task": "excludeclosed", "client": "active", "timer": "generaltimers"}[name]
            for sent, known in ((yes, "t"), (no, "f")):
                expected = await rows(fake, name, **{flag: known})
                assert await rows(fake, name, **{flag: sent}) == expected


@pytest.mark.parametrize(("yes", "no"), [("t", "f"), ("true", "false"), ("1", "0"), (True, False)])
async def test_booleans_in_bodies(yes: object, no: object) -> None:
    """A boolean in a body is ``t``, ``true``, ``1`` or JSON's true."""
    async with FakeIntervals(notes=0) as fake:
        for sent, stored in ((yes, "t"), (no, "f")):
            body = {"name": "x", "datecreated": "2026-01-02", "active": sent}
            response = await send(fake, "client", method="POST", body=body)
            assert (response.status, response.json["client"]["active"]) == (201, stored)
            team = {"personid": 203, "securenotes": sent}
            assert (await send(fake, "projectteam/302", method="POST", body=team)).status == 201


@pytest.mark.parametrize("direction", ["desc", "Desc", "DESC"])
async def test_sort_directions(direction: str) -> None:
    """``sortdir`` is accepted in any case."""
    async with server_at_noon() as fake:
        found = await rows(fake, "task", sortfield="id", sortdir=direction)
        numbers = [int(row["id"]) for row in found]
        assert numbers == sorted(numbers, reverse=True)


# Values in responses


async def test_integers_in_envelopes() -> None:
    """A success has integers in its envelope; an error has ``personid`` as text."""
    async with FakeIntervals(notes=1) as fake:
        envelopes = [
            (await send(fake, path)).json
            for path in ("projectnote/", "project/301/", "me/", "quota/", "projectteam/302/")
        ]
        envelopes.append((await send(fake, "projectnote/", method="POST", body=NOTE)).json)
        for envelope in envelopes:
            assert envelope["personid"] == 201
            assert envelope["code"] in (200, 201)
            assert isinstance(envelope.get("listcount", 0), int)
        error = (await send(fake, "projectnote/", {"x": "1"})).json
        assert (error["personid"], error["code"], error["error"]["code"]) == ("201", 400, 17)


@pytest.mark.parametrize("name", WITH_ROWS)
def test_a_missing_value_has_one_form_within_a_list(name: str) -> None:
    """A field of a list is either null or an empty text where it is missing, in all rows."""
    found = FakeIntervals(notes=60).wire_rows(name)
    stored = {row.get("id"): row for row in FakeIntervals(notes=60).rows(name)}
    for column in catalog()[name].columns:
        if column.kind in ("html", "string", "ids"):
            continue  # an empty text may also be the value
        missing = {
            repr(row[column.name]) for row in found if row.get(column.name, "-") in (None, "")
        }
        assert len(missing) <= 1, column.name
    assert len(stored) == len(found) or name == "projectteam"


async def test_a_missing_value_differs_between_list_and_member() -> None:
    """A field without a recorded form is missing in one way in lists, and another in members."""
    async with FakeIntervals(notes=60) as fake:
        row = next(row for row in await rows(fake, "projectnote") if not row["mod_authorlocalid"])
        single = await member(fake, "projectnote", row["id"])
        assert {row["mod_authorlocalid"], single["mod_authorlocalid"]} == {None, ""}


@pytest.mark.parametrize(
    ("name", "field", "missing"),
    [
        ("client", "phone", ""),
        ("client", "fax", ""),
        ("client", "description", ""),
        ("person", "lastname", None),
        ("project", "alert_date", None),
        ("task", "queueid", None),
        ("task", "summary", ""),
        ("time", "milestoneid", None),
    ],
)
async def test_recorded_forms_of_missing_values(name: str, field: str, missing: str | None) -> None:
    """A field whose missing form is recorded has this form in lists and members."""
    async with FakeIntervals(notes=0) as fake:
        identity = fake.insert(name)
        if field != "summary":  # the server stores an empty text
            empty: dict[str, Any] = {field: None}
            fake.touch(name, identity, **empty)
        assert (await member(fake, name, identity)).get(field, missing) == missing
        listed = {row["id"]: row for row in fake.wire_rows(name)}[str(identity)]
        assert listed.get(field, missing) == missing


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("2", "2"),
        (2, "2"),
        ("2.50", "2.5"),
        ("95.0", "95"),
        (1e16, "10000000000000000"),
        ("0.1", "0.1"),
        (5e-05, "0.00005"),
        (0.1 + 0.2, "0.30000000000000004"),
    ],
)
async def test_decimals(sent: object, stored: str) -> None:
    """A decimal has no superfluous zeros and no exponent, and keeps floating-point noise."""
    async with FakeIntervals(notes=0) as fake:
        body = {"budget": sent}
        changed = await send(fake, "project/301/", method="PUT", body=body)
        assert changed.json["project"]["budget"] == stored


async def test_rates() -> None:
    """A rate of 95 per hour is sent as ``95``."""
    async with FakeIntervals(notes=0) as fake:
        body = {"projectid": 301, "active": "t", "worktype": "Own", "hourlyrate": 95}
        created = await send(fake, "projectworktype/", method="POST", body=body)
        assert created.json["projectworktype"]["hourlyrate"] == "95"
        assert "150" in [row["defaulthourlyrate"] for row in await rows(fake, "worktype")]


async def test_recorded_groups() -> None:
    """Administrators have the group 2, Managers 3 and Resource users 4."""
    async with FakeIntervals(notes=0) as fake:
        for group, number in (("Administrator", "2"), ("Manager", "3"), ("Resource", "4")):
            own = (await send(fake, "me", token=fake.token_for(group))).json["me"][0]
            assert (own["group"], own["groupid"]) == (group, number)
            assert {"id": number, "name": group} in await rows(fake, "group")


async def test_estimates_are_never_missing() -> None:
    """The estimate of a task without one is ``0``, also after it was cleared."""
    async with server_at_noon() as fake:
        found = await rows(fake, "task")
        assert "0" in {row["estimate"] for row in found}
        assert not {None, ""} & {row["estimate"] for row in found}
        row = next(row for row in found if row["estimate"] != "0")
        path = f"task/{row['id']}/"
        changed = await send(fake, path, method="PUT", body={"estimate": None})
        assert changed.json["task"]["estimate"] == "0"


async def test_zone_labels() -> None:
    """``timezone_offset`` is a readable label, not a number, beside the IANA name."""
    async with FakeIntervals(notes=0) as fake:
        own = (await send(fake, "me")).json["me"][0]
        assert own["timezone"] == "America/Los_Angeles"
        assert own["timezone_offset"] == "(GMT-08:00) Pacific Time (US &amp; Canada)"


async def test_padded_numbers() -> None:
    """``localid`` of clients and projects is padded; tasks show the numbers unpadded."""
    async with server_at_noon() as fake:
        for name in ("client", "project"):
            for row in await rows(fake, name):
                assert row["localid"] == row["localidunpadded"].zfill(5)
        clients = {row["id"]: row["localidunpadded"] for row in await rows(fake, "client")}
        projects = {row["id"]: row["localidunpadded"] for row in await rows(fake, "project")}
        for row in await rows(fake, "task"):
            assert row["projectlocalid"] == projects[row["projectid"]]
            assert (row["clientlocalid"] or "") == clients.get(row["clientid"], "")


async def test_people_as_a_resource_user_sees_them() -> None:
    """A Resource user receives 14 of the fields of a person."""
    async with FakeIntervals(notes=0) as fake:
        token = fake.token_for("Resource")
        few = {
            *("id", "localid", "clientid", "title", "firstname", "lastname", "active", "tips"),
            *("groupid", "group", "client", "clientlocalid", "calendarorientation"),
            "editordisabled",
        }
        found = await rows(fake, "person", token=token)
        assert len(found) == 12
        assert all({*row} == few for row in found)
        assert {*await member(fake, "person", 201, token=token)} == few
        for group in ("Administrator", "Manager"):
            full = await rows(fake, "person", token=fake.token_for(group))
            assert {*full[0]} >= few | {"username", "timezone_offset", "private"}


async def test_modules_as_others_see_them() -> None:
    """Only Administrators receive the description of a project's module."""
    async with FakeIntervals(notes=0) as fake:
        assert "description" in (await rows(fake, "projectmodule"))[0]
        token = fake.token_for("Manager")
        assert "description" not in (await rows(fake, "projectmodule", token=token))[0]


# Orders and consequences


@pytest.mark.parametrize(
    ("name", "columns", "descending"),
    [
        ("person", ["firstname"], False),
        ("project", ["name"], False),
        ("projectworktype", ["worktype", "id"], False),
        ("tasknote", ["date"], True),
        ("expense", ["date"], True),
    ],
)
async def test_recorded_orders(name: str, columns: list[str], descending: bool) -> None:
    """Lists have the recorded default order, and ``rows`` and ``wire_rows`` have it too."""
    async with FakeIntervals(notes=0, people=40, projects=40, now=lambda: NOON) as fake:
        stored = fake.rows(name)
        query = {"taskid": "2001,2002,2003,2004,2005,2006,2007"} if name == "tasknote" else {}
        found = await rows(fake, name, **query)
        order = [row["id"] for row in found]
        assert order == [str(row["id"]) for row in stored if str(row["id"]) in order]
        assert order == [row["id"] for row in fake.wire_rows(name) if row["id"] in order]
        values = [
            tuple(
                each.casefold() if isinstance(each := row[column], str) else each
                for column in columns
            )
            for row in stored
        ]
        assert values == sorted(values, reverse=descending)
        assert order != sorted(order, key=int)


async def test_a_renamed_project_moves() -> None:
    """A new name moves a project within the list, and the pages follow."""
    async with FakeIntervals(notes=0) as fake:
        first = (await rows(fake, "project"))[0]["id"]
        await send(fake, f"project/{first}/", method="PUT", body={"name": "zzz"})
        assert (await rows(fake, "project"))[-1]["id"] == first
        assert (await rows(fake, "project", limit="1", offset="7"))[0]["id"] == first


async def test_deleting_a_person_deletes_their_time_and_timers() -> None:
    """A deleted person's time entries and timers are deleted too."""
    async with server_at_noon() as fake:
        person = fake.rows("time")[0]["personid"]
        fake.insert("timer", personid=person)
        counts = {name: len(fake.rows(name)) for name in ("time", "timer")}
        own = {name: sum(row["personid"] == person for row in fake.rows(name)) for name in counts}
        assert all(own.values())
        assert (await send(fake, f"person/{person}/", method="DELETE")).status == 200
        for name, count in counts.items():
            assert len(fake.rows(name)) == count - own[name]


def test_ids_of_time_rise_with_their_modification() -> None:
    """Time entries sorted by id have modification times that never decrease."""
    found = [str(row["datemodified"]) for row in server_at_noon().rows("time")]
    assert found == sorted(found)


async def test_a_timer_of_an_old_client() -> None:
    """A timer with a time and no start runs; a POST with an empty start pauses it."""
    async with server_at_noon() as fake:
        body = {"personid": 201, "time": 30, "name": "x"}
        timer = (await send(fake, "timer", method="POST", body=body)).json["timer"]
        assert timer["isrunning"] == "t"
        body = {"time": 40, "starttime": ""}
        paused = await send(fake, f"timer/{timer['id']}", method="POST", body=body)
        assert (paused.status, paused.json["timer"]["isrunning"]) == (202, "f")
