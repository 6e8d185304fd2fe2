"""Faults of timing and connection: delayed, held, slow, dropped and huge responses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

from aiohttp import web
from attrs import frozen

from intervals_async.testing._fake.exchange import Exchange
from intervals_async.testing._fake.run import DroppedError, Settable
from intervals_async.testing._fake.wire import Response
from intervals_async.testing.faults._base import Fault

_CHUNK_SIZE = 65_536


@frozen
class Delay(Fault):
    """Wait for ``seconds`` before processing the request."""

    seconds: float

    async def answer(self, exchange: Exchange) -> web.StreamResponse:
        """Wait, then process the request and send the response."""
        await exchange.pause(self.seconds)
        return exchange.send(exchange.process())


@frozen
class Hold(Fault):
    """Wait for an event before or after processing the request, or halfway through the body.

    The event is one of any library that has ``is_set``, such as ``asyncio.Event`` and
    ``threading.Event``.
    """

    event: Settable
    where: Literal["before", "after", "body"] = "before"

    async def answer(self, exchange: Exchange) -> web.StreamResponse:
        """Process the request and send the response, with a wait for the event."""
        if self.where == "before":
            await exchange.wait(self.event)
        response = exchange.process()
        if self.where == "body":
            return await exchange.stream(response, self._halves(exchange, response.body))
        if self.where == "after":
            await exchange.wait(self.event)
        return exchange.send(response)

    async def _halves(self, exchange: Exchange, body: bytes) -> AsyncIterator[bytes]:
        middle = len(body) // 2
        yield body[:middle]
        await exchange.wait(self.event)
        yield body[middle:]


@frozen
class SlowBody(Fault):
    """Send the body in chunks of ``chunk`` bytes, with a pause in seconds before each chunk."""

    chunk: int
    pause: float = 0.0

    async def answer(self, exchange: Exchange) -> web.StreamResponse:
        """Process the request and send the response slowly."""
        response = exchange.process()
        return await exchange.stream(response, self._chunks(exchange, response.body))

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
    """Process the request, then close the connection without a response."""

    async def answer(self, exchange: Exchange) -> web.StreamResponse:
        """Process the request, then drop the connection."""
        exchange.process()
        raise DroppedError


@frozen
class DropInBody(Fault):
    """Close the connection before the body is as long as Content-Length states.

    ``at`` is the fraction of the body to send.
    """

    at: float = 0.5

    async def answer(self, exchange: Exchange) -> web.StreamResponse:
        """Process the request, send a part of the response and drop the connection."""
        response = exchange.process()
        return await exchange.stream(response, self._part(response.body))

    async def _part(self, body: bytes) -> AsyncIterator[bytes]:
        yield body[: int(len(body) * self.at)]
        raise DroppedError


@frozen
class Huge(Fault):
    """Respond with valid JSON of ``size`` bytes, generated in chunks to save memory."""

    size: int

    async def answer(self, exchange: Exchange) -> web.StreamResponse:
        """Send the JSON without processing the request."""
        return await exchange.stream(Response(200, b""), self._chunks(), self.size)

    async def _chunks(self) -> AsyncIterator[bytes]:
        head, tail = b'{"filler":"', b'"}'
        filler = self.size - len(head) - len(tail)
        yield head
        for start in range(0, filler, _CHUNK_SIZE):
            yield b"x" * min(_CHUNK_SIZE, filler - start)
        yield tail
