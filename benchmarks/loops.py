"""Typical hand-written loops over offset and limit, with aiohttp and with httpx."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from contestant import AUTHORIZATION, TOKEN, Contestant, Items, Open, Reading, peer


def aiohttp_loop(loads: Callable[[], Callable[[bytes], Any]]) -> Open:
    """Page until a page is short, with a JSON library that is imported at the start."""

    @asynccontextmanager
    async def opened(reading: Reading) -> AsyncGenerator[Items]:
        async with aiohttp.ClientSession(reading.url, headers=AUTHORIZATION) as session:
            yield _aiohttp_rows(session, reading.page_size, loads())

    return opened


async def _aiohttp_rows(
    session: aiohttp.ClientSession, page_size: int, loads: Callable[[bytes], Any]
) -> AsyncIterator[dict[str, Any]]:
    offset = 0
    while True:
        params = {"offset": offset, "limit": page_size}
        async with session.get("/projectnote/", params=params) as response:
            response.raise_for_status()
            page = loads(await response.read())["projectnote"]
        for row in page:
            yield row
        if len(page) < page_size:
            return
        offset += page_size


@asynccontextmanager
async def httpx_loop(reading: Reading) -> AsyncGenerator[Items]:
    """Page until a page is short."""
    httpx = peer("httpx")
    async with httpx.AsyncClient(base_url=reading.url, auth=(TOKEN, "X")) as client:
        yield _httpx_rows(client, reading.page_size)


async def _httpx_rows(client: Any, page_size: int) -> AsyncIterator[dict[str, Any]]:
    offset = 0
    while True:
        params = {"offset": offset, "limit": page_size}
        response = await client.get("/projectnote/", params=params)
        response.raise_for_status()
        page = response.json()["projectnote"]
        for row in page:
            yield row
        if len(page) < page_size:
            return
        offset += page_size


LOOPS = (
    Contestant(
        name="aiohttp-json",
        title="aiohttp loop, json",
        open=aiohttp_loop(lambda: json.loads),
        sequential=True,
        waits=False,
    ),
    Contestant(
        name="aiohttp-orjson",
        title="aiohttp loop, orjson",
        open=aiohttp_loop(lambda: peer("orjson").loads),
        sequential=True,
        reads_changes=True,
    ),
    Contestant(
        name="httpx",
        title="httpx loop",
        open=httpx_loop,
        sequential=True,
        reads_changes=True,
    ),
)
