"""A server in the process: a list of ids that answers pages at once, and misbehaves on request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, TypeAlias, cast

import aiohttp
import attrs
from yarl import URL

from intervals_async import IntervalsClient

from ..conftest import AT_ONCE

__all__ = ["Server", "client_of", "wire_row"]

Answer: TypeAlias = "tuple[list[int], int | None]"
"""The ids of a page, and its listcount; None leaves the listcount out."""


def wire_row(id: int) -> str:
    """Return a module as the server sends it."""
    return f'{{"id":"{id}","name":"m","description":"","active":"t"}}'


@attrs.define
class Server:
    """A server of modules. It runs in the process, so that a request takes microseconds.

    Attributes:
        ids: The ids of the rows, in the server's order.
        cap: How many rows a page has at most; None for as many as requested.
        counts: Whether responses have a listcount.
        before: Called before each request with its number, counted from 1.
        answer: Answers an offset and a limit instead of the rows.
        log: The offset and limit of each request.
        most: The number of requests after which the server stops: an endless reader fails.
    """

    ids: list[int]
    cap: int | None = None
    counts: bool = True
    before: Callable[[int], object] | None = None
    answer: Callable[[int, int], Answer] | None = None
    log: list[tuple[int, int]] = attrs.field(factory=list)
    most: int = 5000
    next_id: int = 10**6

    def page(self, offset: int, limit: int) -> Answer:
        """Return the ids of a page, and the listcount."""
        limit = limit if self.cap is None else min(limit, self.cap)
        return self.ids[offset : offset + limit], len(self.ids) if self.counts else None

    def insert(self, at: int, rows: int = 1) -> None:
        """Insert new rows before the one at an offset."""
        self.ids[at:at] = range(self.next_id, self.next_id + rows)
        self.next_id += rows

    async def request(self, method: str, url: URL, **options: object) -> Any:
        """Answer a request, as a session of aiohttp does."""
        del method, options
        await asyncio.sleep(0)
        offset, limit = int(url.query["offset"]), int(url.query["limit"])
        self.log.append((offset, limit))
        if len(self.log) > self.most:
            raise AssertionError(f"more than {self.most} requests")
        if self.before is not None:
            self.before(len(self.log))
        ids, listcount = (self.answer or self.page)(offset, limit)
        count = "" if listcount is None else f'"listcount":{json.dumps(listcount)},'
        body = f'{{"status":"OK","code":200,{count}"module":[{",".join(map(wire_row, ids))}]}}'
        return _Response(body.encode())


class _Response:
    """What the client uses of a response of aiohttp."""

    status = 200
    content_type = "application/json"

    def __init__(self, body: bytes) -> None:
        self.headers: dict[str, str] = {}
        self.content_length = len(body)
        self.content = self
        self._body = body

    def read_nowait(self, size: int) -> bytes:
        data, self._body = self._body[:size], self._body[size:]
        return data

    def at_eof(self) -> bool:
        return not self._body

    def close(self) -> None:
        """Do nothing: there is no connection."""


@asynccontextmanager
async def client_of(server: Server) -> AsyncGenerator[IntervalsClient]:
    """Return a client whose session is the server itself."""
    session = cast("aiohttp.ClientSession", SimpleNamespace(request=server.request, closed=False))
    async with IntervalsClient("x" * 11, session=session, limits=(), retry=AT_ONCE) as client:
        yield client
