"""A minimal HTTP client for these tests: plain aiohttp, one connection per request."""

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
class Response:
    """A response of the server."""

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
    """Return the value of the Authorization header for a token."""
    return "Basic " + b64encode(f"{token}:{password}".encode()).decode()


async def send(
    fake: FakeIntervals,
    path: str,
    query: Mapping[str, str] | None = None,
    *,
    method: str = "GET",
    token: str | None = None,
    body: object = None,
    raw: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Send one request, by default as an administrator.

    ``body`` is sent as JSON, and ``raw`` as it is.
    """
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
        return Response(
            response.status, await response.text(errors="replace"), dict(response.headers)
        )


async def rows(
    fake: FakeIntervals, resource: str, *, token: str | None = None, **query: str
) -> list[dict[str, Any]]:
    """Return the rows of a list, all of them by default."""
    if resource_class(resource).paginated:
        query = {"limit": "100000"} | query
    response = await send(fake, f"{resource}/", query, token=token)
    assert response.status == 200, response.text
    found: list[dict[str, Any]] = response.json[resource]
    return found


async def ids(
    fake: FakeIntervals, resource: str, *, token: str | None = None, **query: str
) -> list[int]:
    """Return the ids of the rows of a list."""
    return [int(row["id"]) for row in await rows(fake, resource, token=token, **query)]


async def member(
    fake: FakeIntervals, resource: str, identity: object, *, token: str | None = None
) -> dict[str, Any]:
    """Return one member of a resource."""
    response = await send(fake, f"{resource}/{identity}/", token=token)
    assert response.status == 200, response.text
    found: dict[str, Any] = response.json[resource]
    return found
