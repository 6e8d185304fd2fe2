"""The request of each kind of call, and each error code, with aioresponses."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from aioresponses import aioresponses
from yarl import URL

from intervals_async import CallError, IntervalsClient, RetryPolicy
from intervals_async._http.error_classes import error_class

ROOT = "https://api.myintervals.com"
TOKEN = "abc12345678"
NOTE = {
    "id": "9",
    "projectid": "3",
    "authorid": "4",
    "title": "Hi",
    "note": "<p>Hi</p>",
    "date": "2024-05-06 07:08:09",
    "secure": "f",
    "localid": "1",
    "projectactive": "t",
    "author": "Jo",
    "projectlocalid": "12",
}
CONTACT = {
    "id": "1",
    "personid": "17",
    "contact_type_id": "3",
    "contact_descriptor_id": "4",
    "value": "jo@example.org",
}


@pytest.fixture
def api() -> Iterator[aioresponses]:
    """Return the mocked API."""
    with aioresponses() as mocked:
        yield mocked


@pytest.fixture
async def client(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[IntervalsClient]:
    """Return a client of the real base URL, with its token from the environment."""
    monkeypatch.setenv("INTERVALS_TOKEN", TOKEN)
    monkeypatch.delenv("INTERVALS_BASE_URL", raising=False)
    async with IntervalsClient() as intervals:
        yield intervals


def the_request(api: aioresponses) -> tuple[str, URL, dict[str, str], Any]:
    """Return the method, URL, headers and body of the only request."""
    (((method, url), (call,)),) = api.requests.items()
    body = call.kwargs["data"]
    assert call.kwargs["allow_redirects"] is False
    return method, url, call.kwargs["headers"], None if body is None else json.loads(body)


async def test_headers_of_every_request(api: aioresponses, client: IntervalsClient) -> None:
    """Every request has HTTP Basic with the token, Accept: application/json and a User-Agent."""
    api.get(f"{ROOT}/projectnote/9/", payload={"projectnote": NOTE})
    await client.projectnote.get(9)
    _, _, headers, _ = the_request(api)
    secret = base64.b64encode(f"{TOKEN}:X".encode()).decode()
    assert headers["Authorization"] == f"Basic {secret}"
    assert headers["Accept"] == "application/json"
    assert headers["User-Agent"].startswith("intervals_async/")
    assert "Content-Type" not in headers


async def test_list(api: aioresponses, client: IntervalsClient) -> None:
    """A listing is a GET on the collection, with filters, offset and limit in the query."""
    url = f"{ROOT}/projectnote/?projectid=3,5&search=a%20b&offset=0&limit=100"
    api.get(url, payload={"listcount": 1, "projectnote": [NOTE]})
    notes = await client.projectnote.list(projectid=[3, 5], search="a b").collect()
    assert [note.id for note in notes] == [9]
    _, sent, _, body = the_request(api)
    assert dict(sent.query) == {"projectid": "3,5", "search": "a b", "offset": "0", "limit": "100"}
    assert body is None


async def test_list_without_pages(api: aioresponses, client: IntervalsClient) -> None:
    """A listing of a resource without pages has no offset and limit in its query."""
    api.get(f"{ROOT}/personcontact/?personid=17", payload={"personcontact": [CONTACT]})
    contacts = await client.personcontact.list(personid=17).collect()
    assert [contact.value for contact in contacts] == ["jo@example.org"]


async def test_count(api: aioresponses, client: IntervalsClient) -> None:
    """Counting requests a page of one record, because limit=0 is not documented."""
    url = f"{ROOT}/projectnote/?offset=0&limit=1"
    api.get(url, payload={"listcount": "4321", "projectnote": [NOTE]})
    assert await client.projectnote.list().count() == 4321


async def test_get(api: aioresponses, client: IntervalsClient) -> None:
    """Getting a record is a GET on the member, with a trailing slash."""
    api.get(f"{ROOT}/personcontact/1/", payload={"personcontact": CONTACT})
    assert (await client.personcontact.get(1)).personid == 17


async def test_create(api: aioresponses, client: IntervalsClient) -> None:
    """Creating a record is a POST on the collection with a flat JSON object."""
    api.post(f"{ROOT}/projectnote/", status=201, payload={"projectnote": NOTE})
    note = await client.projectnote.create(projectid=3, title="Hi", note="<p>Hi</p>", secure=False)
    assert note.id == 9
    method, _, headers, body = the_request(api)
    assert method == "POST"
    assert headers["Content-Type"] == "application/json"
    assert body == {"projectid": 3, "title": "Hi", "note": "<p>Hi</p>", "secure": "f"}


async def test_update(api: aioresponses, client: IntervalsClient) -> None:
    """Updating a record is a PUT on the member with the changed fields only."""
    api.put(f"{ROOT}/projectnote/9/", status=202, payload={"projectnote": NOTE})
    await client.projectnote.update(9, secure=True)
    method, _, _, body = the_request(api)
    assert (method, body) == ("PUT", {"secure": "t"})


@pytest.mark.parametrize("response", [{"payload": {"projectnote": []}}, {"body": b""}])
async def test_delete(api: aioresponses, client: IntervalsClient, response: dict[str, Any]) -> None:
    """Deleting a record is a DELETE on the member without a body; the response may be empty."""
    api.delete(f"{ROOT}/projectnote/9/", **response)
    await client.projectnote.delete(9)
    method, _, _, body = the_request(api)
    assert (method, body) == ("DELETE", None)


@pytest.mark.parametrize(
    ("read", "path"),
    [
        (lambda client: client.contacttype.list().collect(), "contacttype/"),
        (
            lambda client: client.contactdescriptor.list(contacttypeid=3).collect(),
            "contactdescriptor/?contacttypeid=3",
        ),
    ],
)
async def test_look_ups(
    api: aioresponses,
    client: IntervalsClient,
    read: Callable[[IntervalsClient], Awaitable[list[Any]]],
    path: str,
) -> None:
    """Undocumented fields of a lookup are in its `extra`."""
    key = path.partition("/")[0]
    api.get(f"{ROOT}/{path}", payload={key: [{"id": "1", "what": "ever"}]})
    (row,) = await read(client)
    assert row.extra == {"id": "1", "what": "ever"}


async def test_me(api: aioresponses, client: IntervalsClient) -> None:
    """The response of /me/ is a list of one object."""
    me = {
        "id": "424758",
        "localid": "7",
        "clientid": None,
        "firstname": "Jo",
        "lastname": "Doe",
        "primaryaccount": "t",
        "allprojects": "f",
        "private": "f",
        "tips": "t",
        "username": "jo",
        "groupid": "2",
        "group": "Administrator",
        "numlogins": "12",
        "lastlogin": "2022-03-04 05:06:07.891011",
        "timezone": "America/Los_Angeles",
        "timezone_offset": "Pacific",
        "editordisabled": "0",
    }
    api.get(f"{ROOT}/me/", payload={"personid": "424758", "me": [me]})
    caller = await client.me.get()
    assert (caller.id, caller.group, caller.editordisabled) == (424758, "Administrator", 0)
    assert caller.lastlogin is not None
    assert caller.lastlogin.tzinfo is None


@pytest.mark.parametrize(
    ("row", "moment"),
    [
        ({"quota": "6000", "used": "12", "next_reset": "2026-01-02 00:00:00"}, "next_reset"),
        ({"quota": 6000, "used": 12, "business_day": "2022-01-02 00:00:00"}, "business_day"),
    ],
)
async def test_quota(
    api: aioresponses, client: IntervalsClient, row: dict[str, Any], moment: str
) -> None:
    """The numbers of /quota/ may be strings, and its reset is in UTC, with its old or new name."""
    api.get(f"{ROOT}/quota/", payload={"code": "200", "quota": {**row, "exceeded": "f"}})
    quota = await client.quota.get()
    assert (quota.quota, quota.used, quota.exceeded) == (6000, 12, False)
    assert str(getattr(quota, moment)) == row[moment] + "+00:00"


@pytest.mark.parametrize("code", range(1, 21))
async def test_every_code_is_raised_as_its_class(api: aioresponses, code: int) -> None:
    """Each error code is raised as its class, with call, code and details."""
    error = {"code": code, "message": "No", "verbose": ["because"]}
    api.post(f"{ROOT}/projectnote/", status=418, payload={"code": 418, "error": error})
    kind = error_class(418, code)
    async with IntervalsClient(TOKEN, retry=RetryPolicy(attempts=1)) as once:
        with pytest.raises(kind) as caught:
            await once.projectnote.create(projectid=3, title="x", note="", secure=True)
    assert type(caught.value) is kind
    assert isinstance(caught.value, CallError)
    assert (caught.value.code, caught.value.status) == (code, 418)
    assert (caught.value.method, caught.value.path) == ("POST", "/projectnote/")
    assert (caught.value.verbose, caught.value.attempts) == (("because",), 1)
