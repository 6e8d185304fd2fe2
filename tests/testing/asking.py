"""How these tests speak to the server: plain aiohttp, one connection a question."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import aiohttp
from attrs import frozen

from intervals_async.resources import resource_class
from intervals_async.testing import FakeIntervals


@frozen
class Reply:
    """What came back."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def json(self) -> dict[str, Any]:
        """The body as JSON."""
        found: dict[str, Any] = json.loads(self.text)
        return found

    @property
    def code(self) -> object:
        """The API code of an error."""
        return self.json["error"]["code"]

    @property
    def verbose(self) -> object:
        """The details of an error."""
        return self.json["error"]["verbose"]


def credentials(token: str, password: str = "X") -> str:
    """Return an Authorization header's value."""
    return "Basic " + b64encode(f"{token}:{password}".encode()).decode()


async def ask(
    fake: FakeIntervals,
    path: str,
    query: Mapping[str, str] | None = None,
    *,
    method: str = "GET",
    token: str | None = None,
    body: object = None,
    raw: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Ask the server one thing, as an administrator unless a token is given."""
    sent = {
        "Accept": "application/json",
        "Authorization": credentials(fake.token if token is None else token),
    }
    content = raw
    if body is not None:
        content = json.dumps(body).encode()
    if content is not None:
        sent["Content-Type"] = "application/json"
    sent |= dict(headers or {})
    async with (
        aiohttp.ClientSession() as session,
        session.request(
            method, fake.url + path, params=query, data=content, headers=sent
        ) as response,
    ):
        return Reply(response.status, await response.text(errors="replace"), dict(response.headers))


async def rows(
    fake: FakeIntervals, resource: str, *, token: str | None = None, **query: str
) -> list[dict[str, Any]]:
    """Return the rows of one page, all of them unless a limit is given."""
    if resource_class(resource).paginated:
        query = {"limit": "100000"} | query
    reply = await ask(fake, f"{resource}/", query, token=token)
    assert reply.status == 200, reply.text
    found: list[dict[str, Any]] = reply.json[resource]
    return found


async def ids(
    fake: FakeIntervals, resource: str, *, token: str | None = None, **query: str
) -> list[int]:
    """Return the ids of one page."""
    return [int(row["id"]) for row in await rows(fake, resource, token=token, **query)]


async def alone(
    fake: FakeIntervals, resource: str, identity: object, *, token: str | None = None
) -> dict[str, Any]:
    """Return one record as it looks alone."""
    reply = await ask(fake, f"{resource}/{identity}/", token=token)
    assert reply.status == 200, reply.text
    found: dict[str, Any] = reply.json[resource]
    return found
