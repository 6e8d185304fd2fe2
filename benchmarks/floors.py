"""Floors: reading the same pages with less work than any client does."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import aiohttp
from contestant import AUTHORIZATION, Contestant, Items, Open, Reading, peer

from intervals_async.resources.projectnote import ProjectNote


def undecoded(at_once: int) -> Open:
    """Read a known number of pages without decoding them."""

    @asynccontextmanager
    async def opened(reading: Reading) -> AsyncGenerator[Items]:
        async with aiohttp.ClientSession(reading.url, headers=AUTHORIZATION) as session:
            yield _pages(session, reading, at_once)

    return opened


async def _pages(
    session: aiohttp.ClientSession, reading: Reading, at_once: int
) -> AsyncIterator[bytes]:
    under_way: deque[asyncio.Task[bytes]] = deque()
    for offset in range(0, reading.rows, reading.page_size):
        under_way.append(asyncio.create_task(_page(session, offset, reading.page_size)))
        if len(under_way) == at_once:
            yield await under_way.popleft()
    while under_way:
        yield await under_way.popleft()


async def _page(session: aiohttp.ClientSession, offset: int, limit: int) -> bytes:
    params = {"offset": offset, "limit": limit}
    async with session.get("/projectnote/", params=params) as response:
        response.raise_for_status()
        return await response.read()


@asynccontextmanager
async def structs(reading: Reading) -> AsyncGenerator[Items]:
    """Page with aiohttp, and decode with msgspec into frozen structs of text."""
    async with aiohttp.ClientSession(reading.url, headers=AUTHORIZATION) as session:
        yield _structs(session, reading.page_size)


async def _structs(session: aiohttp.ClientSession, page_size: int) -> AsyncIterator[Any]:
    decoder = struct_decoder()
    offset = 0
    while True:
        page = decoder.decode(await _page(session, offset, page_size)).projectnote
        for row in page:
            yield row
        if len(page) < page_size:
            return
        offset += page_size


@cache
def struct_decoder() -> Any:
    """Return a msgspec decoder of complete responses, with rows as frozen structs of text."""
    msgspec = peer("msgspec")
    names = [name for name in ProjectNote.__annotations__ if name != "extra"]
    fields = [(name, str | None, None) for name in names]
    note: Any = msgspec.defstruct("Note", fields, frozen=True)
    envelope: Any = msgspec.defstruct("Envelope", [("projectnote", list[note])])
    return msgspec.json.Decoder(envelope)


FLOORS = (
    Contestant(
        name="bytes",
        title="floor: aiohttp, undecoded",
        open=undecoded(1),
        yields="pages",
        sequential=True,
        waits=False,
    ),
    Contestant(
        name="bytes-8",
        title="floor: aiohttp, undecoded, 8 concurrently",
        open=undecoded(8),
        yields="pages",
    ),
    Contestant(
        name="msgspec",
        title="floor: aiohttp, msgspec structs of texts",
        open=structs,
        sequential=True,
        waits=False,
    ),
)
