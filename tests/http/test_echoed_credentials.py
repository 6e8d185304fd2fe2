"""A server that echoes the request's headers does not make an error show the token."""

from __future__ import annotations

import asyncio
import base64
import json
import pickle
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from intervals_async import CallError, IntervalsClient

from ..conftest import AT_ONCE
from .reading import read_download

TOKEN = "s3cr3t-t0k3n"
SECRETS = (TOKEN, base64.b64encode(f"{TOKEN}:X".encode()).decode())

# Status and body of the response; %s becomes what the server echoes.
RESPONSES = {
    "error": (400, '{"error":{"code":18,"message":"%s","verbose":["a %s","%s"]}}'),
    "error in a success": (200, '{"error":{"code":18,"message":"%s","verbose":["%s"]}}'),
    "error after rows": (
        200,
        '{"listcount":1,"projectnote":[],"error":{"code":18,"message":"%s"}}',
    ),
    "HTML": (502, "<html><title>Bad</title><p>%s</p></html>"),
    "text": (404, "no: %s"),
    "unauthorized": (401, "%s"),
}


CALLS: dict[str, Callable[[IntervalsClient], Awaitable[object]]] = {
    "get": lambda client: client.projectnote.get(1),
    "list": lambda client: client.projectnote.list().collect(),
    "snapshot": lambda client: anext(client.projectnote.list().stream(snapshot=True)),
    "create": lambda client: client.projectnote.create(
        projectid=1, title="a", note="b", secure=False
    ),
    "delete": lambda client: client.projectnote.delete(1),
    "download": read_download,
    "raw": lambda client: client.raw_request("GET", "/projectnote/"),
}


@pytest.fixture(params=RESPONSES.values(), ids=[*RESPONSES])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[IntervalsClient]:
    """Yield a client of a server that echoes the Authorization header and the token."""
    status, body = request.param

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        header = next(line for line in lines if line.lower().startswith("authorization"))
        echoed = body.replace("%s", f"{header} {TOKEN}").encode()
        kind = b"application/json" if body.startswith("{") else b"text/html"
        writer.write(
            b"HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %d\r\n"
            b"Connection: close\r\n\r\n%s" % (status, kind, len(echoed), echoed)
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, IntervalsClient(TOKEN, base_url=url, limits=(), retry=AT_ONCE) as client:
        yield client


@pytest.mark.parametrize("call", CALLS.values(), ids=[*CALLS])
async def test_an_echoed_token_is_in_no_error(
    client: IntervalsClient, call: Callable[[IntervalsClient], Awaitable[object]]
) -> None:
    """Neither the message, the details nor a pickle of the error holds it."""
    try:
        await call(client)
    except CallError as error:
        copied = pickle.loads(pickle.dumps(error))
        for one in (error, copied, error.__cause__, error.__context__):
            shown = f"{one} {one!r} {json.dumps(getattr(one, 'verbose', ()))} {vars(one or Exception())}"
            assert not any(secret in shown for secret in SECRETS)
        assert not any(secret.encode() in pickle.dumps(error) for secret in SECRETS)
    else:
        assert (
            call is CALLS["download"] or call is CALLS["delete"]
        )  # the body is a file, or ignored
