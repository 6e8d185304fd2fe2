"""A body that breaks its framing or its encoding raises one of our errors."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from intervals_async import (
    AmbiguousWriteError,
    ConnectionLostError,
    IntervalsClient,
    ResponseError,
    RetryPolicy,
)

from .reading import read_download

BODY = b'{"listcount":2,"projectnote":[{"id":"1","note":"' + b"x" * 300_000 + b'"}]}'


@asynccontextmanager
async def server_of(response: bytes) -> AsyncGenerator[IntervalsClient]:
    """Yield a client of a server that sends these bytes and keeps the connection open."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(response)
            await writer.drain()
            await reader.read()
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    policy = RetryPolicy(attempts=1)
    async with server, IntervalsClient("t", base_url=url, limits=(), retry=policy) as client:
        yield client


def chunked(body: bytes, last: bytes, encoding: str = "") -> bytes:
    """Return a chunked response of several chunks, and what comes after them."""
    coding = f"Content-Encoding: {encoding}\r\n" if encoding else ""
    chunks = (body[start : start + 50_000] for start in range(0, len(body), 50_000))
    head = f"HTTP/1.1 200 OK\r\n{coding}Transfer-Encoding: chunked\r\n\r\n".encode()
    return head + b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in chunks) + last


CALLS: dict[str, Callable[[IntervalsClient], Awaitable[object]]] = {
    "get": lambda client: client.projectnote.get(1),
    "list": lambda client: client.projectnote.list().collect(),
    "update": lambda client: client.projectnote.update(1, title="a"),
    "delete": lambda client: client.projectnote.delete(1),
    "download": read_download,
    "raw": lambda client: client.raw_request("GET", "/projectnote/"),
}
LATE = {
    "bad chunk size": chunked(BODY, b"zz\r\n"),
    "cut deflate": chunked(zlib.compress(BODY, 0)[:-100], b"0\r\n\r\n", "deflate"),
    "bad chunk of gzip": chunked(gzip.compress(BODY, 0), b"zz\r\n", "gzip"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=[*CALLS])
@pytest.mark.parametrize("response", LATE.values(), ids=[*LATE])
async def test_a_body_that_breaks_late_is_our_error(
    response: bytes, call: Callable[[IntervalsClient], Awaitable[object]]
) -> None:
    """More than the buffer was decoded on a kept-alive connection before the framing breaks."""
    async with server_of(response) as client:
        with pytest.raises((ConnectionLostError, ResponseError)):
            await call(client)


async def test_a_write_whose_response_breaks_is_ambiguous() -> None:
    """A POST is not retried, and its error says that the outcome is unknown."""
    async with server_of(LATE["bad chunk size"]) as client:
        with pytest.raises(AmbiguousWriteError):
            await client.projectnote.create(projectid=1, title="a", note="b", secure=False)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
async def test_a_plain_body_that_claims_an_encoding(encoding: str) -> None:
    """The error has one line, and no status that the server never sent."""
    async with server_of(chunked(b'{"projectnote":{"id":"1"}}', b"0\r\n\r\n", encoding)) as client:
        with pytest.raises(ResponseError) as caught:
            await client.projectnote.get(1)
    assert caught.value.status is None
    assert "\n" not in str(caught.value)
    assert "400" not in str(caught.value)
