"""Quirks: what the server does with each of them, and their form in JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from intervals_async.resources import names
from intervals_async.testing import FakeIntervals, quirks
from intervals_async.testing._fake.resources import catalog
from intervals_async.testing._fake.wire import Json
from intervals_async.testing.quirks import Quirk

from .raw_client import credentials, ids, member, rows, send
from .servers import ALL_ROWS, NOON

PARAMETERS: dict[str, Json] = {
    "capped_limit": 5,
    "field_values": {"task": {"assigneeid": None}, "projectnote": {"date": "2024-05-06 24:00:00"}},
    "forbidden": ["expense", "payment"],
    "missing_fields": {"me": ["localid"], "task": ["datecreated", "assigneeid"]},
    "utc_offset": -480,
}
"""The parameters of the quirks that need one."""

NOTE = {"projectid": 301, "title": "t", "note": "n", "secure": "f"}


def with_quirk(*found: Quirk | str) -> FakeIntervals:
    """Return a server with quirks, whose clock stands at noon."""
    return FakeIntervals(notes=30, now=lambda: NOON, per_minute=None, quirks=found)


def plain() -> FakeIntervals:
    """Return the same server without quirks."""
    return with_quirk()


# Loading


@pytest.mark.parametrize("name", quirks.NAMES)
def test_json_describes_every_quirk(name: str) -> None:
    """Each quirk becomes plain JSON and back, and has a docstring of its own."""
    data = {name: PARAMETERS.get(name, True)}
    (quirk,) = quirks.from_json(data)
    assert (quirk.name, type(quirk).__name__ in quirks.__all__) == (name, True)
    sent = json.loads(json.dumps(quirks.to_json([quirk])))
    assert quirks.from_json(sent) == (quirk,)
    assert hash(quirk) == hash(quirks.from_json(sent)[0])
    assert (type(quirk).__doc__ or "").count("\n") <= 9
    assert type(quirk).__doc__ != Quirk.__doc__


def test_every_form_of_quirks() -> None:
    """Quirks are given as names, objects, both, or a mapping of JSON; false leaves one out."""
    expected = quirks.load([quirks.CappedLimit(5), quirks.NoListcount()])
    assert [each.name for each in expected] == ["capped_limit", "no_listcount"]
    assert quirks.load({"no_listcount", quirks.CappedLimit(5)}) == expected
    assert quirks.load({"no_listcount": True, "capped_limit": 5, "us_dates": False}) == expected
    assert quirks.load("no_listcount") == (quirks.NoListcount(),)
    assert quirks.load(()) == ()
    assert quirks.to_json(expected) == {"capped_limit": 5, "no_listcount": True}
    assert quirks.to_json({"unknown_fields"}) == {
        "unknown_fields": quirks.UnknownFields().parameter()
    }


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({"no_listcout": True}, "no_listcount"),
        (["string_envelope"], "string_envelopes"),
        ({"zzz": True}, "no_listcount"),
        (["capped_limit"], "capped_limit"),
        ({"capped_limit": 0}, "capped_limit"),
        ({"capped_limit": True}, "capped_limit"),
        ({"no_listcount": 1}, "no_listcount"),
        ({"missing_fields": {"taks": ["id"]}}, "'task'"),
        ({"missing_fields": {"task": ["datecreate"]}}, "'datecreated'"),
        ({"missing_fields": {"task": "id"}}, "missing_fields"),
        ({"missing_fields": ["id"]}, "missing_fields"),
        ({"field_values": {"task": {"titel": 1}}}, "'title'"),
        ({"field_values": {"task": 1}}, "field_values"),
        ({"unknown_fields": {"taks": {"x": 1}}}, "'task'"),
        ({"forbidden": ["expenses"]}, "'expense'"),
        ({"forbidden": [1]}, "forbidden"),
        ({"error_verbose": "list"}, "object"),
        ({"id_order": "up"}, "ascending"),
        ({"paged_lookups": "all"}, "paged_lookups"),
        ({"utc_offset": 2000}, "utc_offset"),
        ({"utc_offset": "PST"}, "utc_offset"),
        (["no_listcount", quirks.NoListcount()], "no_listcount"),
    ],
)
def test_invalid_quirks(data: Any, named: str) -> None:
    """An unknown name or parameter raises ValueError, which names the nearest known one."""
    with pytest.raises(ValueError, match=named):
        FakeIntervals(notes=0, quirks=data)


def test_parameters_of_classes() -> None:
    """The classes check their parameters themselves."""
    with pytest.raises(ValueError):
        quirks.CappedLimit(0)
    with pytest.raises(ValueError):
        quirks.UtcOffset(2000)
    with pytest.raises(ValueError):
        quirks.IdOrder("up")  # type: ignore[arg-type]  # as a user might
    with pytest.raises(ValueError):
        quirks.ErrorVerbose("list")  # type: ignore[arg-type]  # as a user might
    assert quirks.MissingFields({"task": ["id"]}) == quirks.MissingFields({"task": ("id",)})


def test_quirks_change_neither_data_nor_other_servers() -> None:
    """Quirks change responses, but not the records of this or another server."""
    fake = with_quirk(*(quirks.from_json({each: PARAMETERS.get(each, True)})[0] for each in ALL))
    for name in names():
        if catalog()[name].read is None:
            for found, expected in (
                (fake.rows(name), plain().rows(name)),
                (fake.wire_rows(name), plain().wire_rows(name)),
            ):
                assert sorted(map(str, found)) == sorted(map(str, expected))


ALL = quirks.NAMES


# Rows


async def test_missing_fields() -> None:
    """Missing fields are absent from lists, members and the responses to writes."""
    async with with_quirk(quirks.MissingFields({"projectnote": ["author", "date"]})) as fake:
        expected = {*plain().wire_rows("projectnote")[0]} - {"author", "date"}
        assert {*(await rows(fake, "projectnote"))[0]} == expected
        created = await send(fake, "projectnote/", method="POST", body=NOTE)
        assert {*created.json["projectnote"]} == expected
        assert {*await member(fake, "projectnote", created.json["projectnote"]["id"])} == expected


async def test_field_values() -> None:
    """A field has the stated value in all rows that have the field."""
    values: dict[str, dict[str, Json]] = {"task": {"assigneeid": None, "datemodified": "soon"}}
    async with with_quirk(quirks.FieldValues(values)) as fake:
        for row in await rows(fake, "task"):
            assert (row["assigneeid"], row["datemodified"]) == (None, "soon")
        single = await member(fake, "task", 2001)
        assert single["assigneeid"] is None
        assert "datemodified" not in single


async def test_unknown_fields() -> None:
    """Unknown fields are at the end of the rows of every resource, or of some."""
    async with with_quirk("unknown_fields") as fake:
        row = (await rows(fake, "projectnote"))[0]
        assert [*row][-4:] == ["unknown_text", "unknown_number", "unknown_null", "unknown_objects"]
        assert "unknown_text" in (await send(fake, "me/")).json["me"][0]
        assert "unknown_text" in (await send(fake, "quota/")).json["quota"]
    async with with_quirk(quirks.UnknownFields({"time": {"hourlyrate": "95"}})) as fake:
        assert (await rows(fake, "time"))[0]["hourlyrate"] == "95"
        assert "hourlyrate" not in (await rows(fake, "projectnote"))[0]


@pytest.mark.parametrize(
    ("name", "gone"),
    [("empty_for_null", (None,)), ("null_for_empty", ("",)), ("absent_when_missing", (None, ""))],
)
async def test_missing_values(name: str, gone: tuple[object, ...]) -> None:
    """A missing value is never null, never empty, or never present."""
    async with with_quirk(name) as fake, plain() as other:
        found: list[object] = []
        for resource in ("client", "projectnote", "task"):
            sent = await rows(fake, resource)
            single = await member(fake, resource, sent[0]["id"])
            assert not any(value in gone for row in (*sent, single) for value in row.values())
            found += [value for row in await rows(other, resource) for value in row.values()]
        assert all(value in found for value in gone)


async def test_json_numbers() -> None:
    """Ids and decimals are numbers; padded numbers, booleans and dates stay text."""
    async with with_quirk("json_numbers") as fake:
        row = (await rows(fake, "project"))[0]
        assert isinstance(row["id"], int)
        assert isinstance(row["localid"], str)
        assert {type(each["budget"]) for each in await rows(fake, "project")} <= {
            float,
            int,
            str,
            type(None),
        }
        assert any(isinstance(each["budget"], float) for each in await rows(fake, "project"))
        assert (row["active"], row["datestart"][:2]) in (("t", "20"), ("f", "20"))
        team = (await rows(fake, "projectteam", projectid="302"))[0]["personid"]
        assert all(isinstance(each, int) for each in team)
        assert (await send(fake, "quota/")).json["quota"]["quota"] == 6000


async def test_unencoded_text() -> None:
    """Plain text has no HTML entities, also in nested objects; HTML stays as it is."""
    async with with_quirk("unencoded_text") as fake:
        note = fake.insert("projectnote", title="A & <B>", note="<p>&amp;</p>")
        sent = await member(fake, "projectnote", note)
        assert (sent["title"], sent["note"]) == ("A & <B>", "<p>&amp;</p>")
        document = (await rows(fake, "document", id="9001"))[0]
        assert document["versions"][0]["filename"] == "1 Offer & terms.pdf"


@pytest.mark.parametrize(
    ("name", "example"),
    [("fractional_seconds", "%Y-%m-%d %H:%M:%S.123456"), ("iso_timestamps", "%Y-%m-%dT%H:%M:%S")],
)
async def test_timestamps(name: str, example: str) -> None:
    """Timestamps have a fraction, or a ``T`` between date and time; dates stay as they are."""
    async with with_quirk(name) as fake:
        stored = {str(row["id"]): row["date"] for row in fake.rows("projectnote")}
        for row in await rows(fake, "projectnote"):
            moment: Any = stored[row["id"]]
            assert row["date"] == f"{moment:{example}}"
        reset = (await send(fake, "quota/")).json["quota"]["next_reset"]
        assert reset == f"{datetime(2026, 5, 7, tzinfo=UTC):{example}}"
        assert len((await rows(fake, "project"))[0]["datestart"]) == 10


async def test_utc_offset() -> None:
    """Timestamps of the account are in its time zone, in rows, filters and bodies; others in UTC."""
    async with with_quirk(quirks.UtcOffset(-480)) as fake, plain() as other:
        early, late = await rows(fake, "task"), await rows(other, "task")
        for shifted, row in zip(early, late, strict=True):
            moment = datetime.fromisoformat(shifted["datemodified"])
            assert datetime.fromisoformat(row["datemodified"]) - moment == timedelta(hours=8)
        assert await rows(fake, "projectnote") == await rows(other, "projectnote")
        assert (await send(fake, "me/")).json["me"] == (await send(other, "me/")).json["me"]
        edge = max(row["datemodified"] for row in early)
        found = await rows(fake, "task", datemodifiedbegin=edge)
        assert {row["datemodified"] for row in found} == {edge}
        entry = (await rows(fake, "time"))[0]["id"]
        path, stamp = f"time/{entry}/", "2026-05-01 01:02:03"
        body = {"datemodified": stamp}
        changed = (await send(fake, path, method="PUT", body=body)).json["time"]
        assert changed["datemodified"] == stamp
        changed = (await send(fake, path, method="PUT", body={"description": "x"})).json["time"]
        assert changed["datemodified"] == "2026-05-06 04:30:05"


async def test_us_dates() -> None:
    """The date of a time list is MM/DD/YYYY beside ``dateiso``; members keep the other form."""
    async with with_quirk("us_dates") as fake:
        row = (await rows(fake, "time"))[0]
        single = await member(fake, "time", row["id"])
        year, month, day = row["dateiso"].split("-")
        assert (row["date"], single["date"]) == (f"{month}/{day}/{year}", row["dateiso"])


async def test_task_rows_of_2025() -> None:
    """Task lists lack ``datecreated``, and members contain it."""
    async with with_quirk("task_rows_2025") as fake:
        assert "datecreated" not in (await rows(fake, "task"))[0]
        assert "datecreated" in await member(fake, "task", 2001)


async def test_business_day() -> None:
    """The quota has the older name of its reset."""
    async with with_quirk("business_day") as fake:
        quota = (await send(fake, "quota/")).json["quota"]
        assert [*quota] == ["quota", "used", "business_day", "exceeded"]


# Paths, paging, filters and order


async def test_capped_limit() -> None:
    """A larger limit is reduced; the default and smaller limits, and offsets, stay."""
    async with with_quirk(quirks.CappedLimit(12)) as fake:
        everything = [row["id"] for row in fake.wire_rows("projectnote")]
        for query, expected in (
            ({"limit": "1000"}, everything[:12]),
            ({"limit": "1000", "offset": "25"}, everything[25:]),
            ({"limit": "3"}, everything[:3]),
            ({}, everything[:10]),
        ):
            response = await send(fake, "projectnote/", query)
            assert [row["id"] for row in response.json["projectnote"]] == expected
            assert response.json["listcount"] == 30
        assert (await send(fake, "projectnote/", {"limit": "x"})).code == 18
        assert (await send(fake, "contacttype/", {"limit": "99"})).code == 17


async def test_paged_lookups() -> None:
    """Resources without documented paging take ``limit`` and ``offset``, and default to ten."""
    async with with_quirk("paged_lookups") as fake:
        for _ in range(25):
            fake.insert("personcontact", personid=201)
        everything = [
            row["id"] for row in fake.wire_rows("personcontact") if row["personid"] == "201"
        ]
        for query, expected in (
            ({}, everything[:10]),
            ({"limit": "20", "offset": "5"}, everything[5:25]),
        ):
            response = await send(fake, "personcontact/", {"personid": "201", **query})
            assert [row["id"] for row in response.json["personcontact"]] == expected
            assert response.json["listcount"] == len(everything)
        assert (await send(fake, "me/", {"limit": "1"})).code == 17
    async with with_quirk(quirks.PagedLookups(None)) as fake:
        for _ in range(25):
            fake.insert("personcontact", personid=201)
        assert len((await send(fake, "personcontact/?personid=201")).json["personcontact"]) > 25


async def test_lookup_members() -> None:
    """Single groups and invoice terms can be read by the groups that may list them."""
    async with with_quirk("lookup_members") as fake:
        assert await member(fake, "group", 2) == {"id": "2", "name": "Administrator"}
        assert (await member(fake, "invoiceterm", 6))["name"] == "Other"
        response = await send(fake, "invoiceterm/6", token=fake.token_for("Resource"))
        assert response.status == 403
        assert (await send(fake, "contacttype/1/")).code == 16


async def test_exclusive_dates() -> None:
    """A date range excludes both ends, and a filter by one date still selects it."""
    async with with_quirk("exclusive_dates") as fake:
        day = str(fake.rows("time")[0]["date"])
        assert await ids(fake, "time", date=day)
        assert await ids(fake, "time", datebegin=day, dateend=day) == []
        inside = [str(row["date"]) for row in await rows(fake, "time", datebegin=day)]
        assert min(inside) > day
        assert max(str(r["date"]) for r in await rows(fake, "time", dateend=day)) < day


async def test_exact_text() -> None:
    """Filters by a text field compare the complete text; ``search`` still finds a part."""
    async with with_quirk("exact_text") as fake:
        assert await ids(fake, "project", name="website") == []
        assert await ids(fake, "project", name="WEBSITE 1") == [301]
        assert 301 in await ids(fake, "project", search="website")


@pytest.mark.parametrize("direction", ["ascending", "descending"])
async def test_id_order(direction: Any) -> None:
    """Lists have the order of the ids, and a stated order counts more."""
    async with with_quirk(quirks.IdOrder(direction)) as fake:
        for name in ("person", "project", "projectnote", "expense"):
            found = await ids(fake, name)
            assert found == sorted(found, reverse=direction == "descending")
            assert found == [row["id"] for row in fake.rows(name)]
        found = await ids(fake, "project", sortfield="name", **ALL_ROWS)
        assert found == [row["id"] for row in plain().rows("project")]


async def test_forbidden() -> None:
    """A forbidden resource refuses every method with code 10, and all others work."""
    async with with_quirk(quirks.Forbidden(frozenset({"expense"}))) as fake:
        for method in ("GET", "POST"):
            response = await send(fake, "expense/", method=method, body={})
            assert (response.status, response.code) == (403, 10)
        assert (await send(fake, "payment/")).status == 200


# Envelopes and responses


async def test_string_envelopes() -> None:
    """All numbers of a success's envelope are texts."""
    async with with_quirk("string_envelopes") as fake:
        envelope = (await send(fake, "projectnote/")).json
        assert (envelope["personid"], envelope["code"], envelope["listcount"]) == (
            "201",
            "200",
            "30",
        )
        created = (await send(fake, "projectnote/", method="POST", body=NOTE)).json
        assert (created["personid"], created["code"]) == ("201", "201")


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("no_listcount", ["personid", "status", "code", "projectnote"]),
        ("listcount_last", ["personid", "status", "code", "projectnote", "listcount"]),
    ],
)
async def test_listcount(name: str, keys: list[str]) -> None:
    """A list has no ``listcount``, or has it after the rows."""
    async with with_quirk(name) as fake:
        assert [*(await send(fake, "projectnote/")).json] == keys


async def test_missing_key() -> None:
    """A list without matches lacks the key of its resource; an empty page has it."""
    async with with_quirk("missing_key") as fake:
        envelope = (await send(fake, "projectnote/", {"search": "no such text"})).json
        assert [*envelope] == ["personid", "status", "code", "listcount"]
        assert (await send(fake, "projectnote/", {"offset": "99"})).json["projectnote"] == []
        path = f"projectnote/{fake.rows('projectnote')[0]['id']}/"
        assert (await send(fake, path, method="DELETE")).json["projectnote"] == []


async def test_missing_key_without_listcount() -> None:
    """Quirks combine: neither the key nor ``listcount`` is in a list without matches."""
    async with with_quirk("no_listcount", "missing_key") as fake:
        envelope = (await send(fake, "projectnote/", {"search": "no such text"})).json
        assert [*envelope] == ["personid", "status", "code"]


async def test_object_for_one() -> None:
    """A page with one row has an object, and every other page has an array."""
    async with with_quirk("object_for_one") as fake:
        assert isinstance((await send(fake, "projectnote/?limit=1")).json["projectnote"], dict)
        assert isinstance((await send(fake, "projectnote/?limit=2")).json["projectnote"], list)
        assert isinstance((await send(fake, "me/")).json["me"], list)


async def test_me_object() -> None:
    """``/me/`` has an object, and lists have arrays."""
    async with with_quirk("me_object") as fake:
        assert (await send(fake, "me/")).json["me"]["id"] == "201"
        assert isinstance((await send(fake, "projectnote/?limit=1")).json["projectnote"], list)


async def test_empty_delete() -> None:
    """A successful DELETE has an empty body, and a refused one has its error."""
    async with with_quirk("empty_delete") as fake:
        path = f"projectnote/{fake.rows('projectnote')[0]['id']}/"
        response = await send(fake, path, method="DELETE")
        assert (response.status, response.text) == (200, "")
        assert (await send(fake, path, method="DELETE")).code == 14


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("object", {"value": "The following required field is missing: personid"}),
        ("text", "The following required field is missing: personid"),
        ("absent", None),
    ],
)
async def test_verbose_errors(form: Any, expected: object) -> None:
    """The ``verbose`` of an error is an object, a text, or absent."""
    async with with_quirk(quirks.ErrorVerbose(form)) as fake:
        error = (await send(fake, "personcontact/")).json["error"]
        assert error.get("verbose") == expected
        assert ("verbose" in error) == (form != "absent")
        assert (await send(fake, "nothing/")).code == 13


async def test_compressed() -> None:
    """A response is compressed if the request accepts it."""
    async with with_quirk("compressed") as fake:
        response = await send(fake, "projectnote/")
        assert response.headers["Content-Encoding"] == "gzip"
        assert len(response.json["projectnote"]) == 10
        headers = {"Accept-Encoding": "identity", "Authorization": credentials(fake.token)}
        response = await send(fake, "projectnote/", headers=headers)
        assert "Content-Encoding" not in response.headers
