"""Faults of time and connection: late, held up, slow, dropped, endless."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Literal

from aiohttp import web
from attrs import frozen

from intervals_async.testing._fake.exchange import DroppedError, Exchange
from intervals_async.testing._fake.wire import Response
from intervals_async.testing.faults._base import Fault

_CHUNK_SIZE = 65_536


@frozen
class Delay(Fault):
    """Wait some seconds before the request is processed."""

    seconds: float

    async def answer(self, exchange: Exchange) -> web.StreamResponse:
        """Wait, then answer."""
        await exchange.pause(self.seconds)
        return exchange.send(exchange.process())


@frozen
class Hold(Fault):
    """Wait until the event is set: before or after processing, or in the middle of the body."""

    event: asyncio.Event
    where: Literal["before", "after", "body"] = "before"

    async def answer(self, exchange: Exchange) -> web.StreamResponse:
        """Answer in so far as the event lets it through."""
        if self.where == "before":
            await exchange.wait(self.event)
        answer = exchange.process()
        if self.where == "body":
            return await exchange.stream(answer, self._halves(exchange, answer.body))
        if self.where == "after":
            await exchange.wait(self.event)
        return exchange.send(answer)

    async def _halves(self, exchange: Exchange, body: bytes) -> AsyncIterator[bytes]:
        middle = len(body) // 2
        yield body[:middle]
        await exchange.wait(self.event)
        yield body[middle:]


@frozen
class SlowBody(Fault):
    """Send the body in pieces of ``chunk`` bytes with a pause, in seconds, before each."""

    chunk: int
    pause: float = 0.0

    async def answer(self, exchange: Exchange) -> web.StreamResponse:
        """Process the request and send the answer slowly."""
        answer = exchange.process()
        return await exchange.stream(answer, self._chunks(exchange, answer.body))

    async def _chunks(self, exchange: Exchange, body: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(body), self.chunk):
            await exchange.pause(self.pause)
            yield body[start : start + self.chunk]


@frozen
class DropBefore(Fault):
    """Close the connection without processing the request."""

    async def answer(self, exchange: Exchange) -> web.StreamResponse:
        """Drop the connection."""
        raise DroppedError


@frozen
class DropAfter(Fault):
    """Process the request, then close the connection without an answer."""

    async def answer(self, exchange: Exchange) -> web.StreamResponse:
        """Process the request and drop the connection."""
        exchange.process()
        raise DroppedError


@frozen
class DropInBody(Fault):
    """Close the connection after a share of the body that Content-Length promises."""

    at: float = 0.5

    async def answer(self, exchange: Exchange) -> web.StreamResponse:
        """Process the request, begin to answer and drop the connection."""
        answer = exchange.process()
        return await exchange.stream(answer, self._part(answer.body))

    async def _part(self, body: bytes) -> AsyncIterator[bytes]:
        yield body[: int(len(body) * self.at)]
        raise DroppedError


@frozen
class Huge(Fault):
    """Answer with valid JSON of ``size`` bytes, which are never in memory all at once."""

    size: int

    async def answer(self, exchange: Exchange) -> web.StreamResponse:
        """Send the filler without processing the request."""
        return await exchange.stream(Response(200, b""), self._chunks(), self.size)

    async def _chunks(self) -> AsyncIterator[bytes]:
        head, tail = b'{"filler":"', b'"}'
        filler = self.size - len(head) - len(tail)
        yield head
        for start in range(0, filler, _CHUNK_SIZE):
            yield b"x" * min(_CHUNK_SIZE, filler - start)
        yield tail
