"""One request on the server: how to process it, delay it, send its response or drop it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable

from aiohttp import web

from intervals_async.testing._fake.wire import Response


class DroppedError(Exception):
    """Closes the connection without sending another byte."""


class Exchange:
    """The operations on one request that a fault can use.

    Every wait ends with ``DroppedError`` when the server stops, so that a hanging client never
    blocks the stop. ``status`` is the HTTP status for the request log.
    """

    __slots__ = ("_process", "_request", "_stopping", "status")

    def __init__(
        self, request: web.BaseRequest, stopping: asyncio.Event, process: Callable[[], Response]
    ) -> None:
        self._request = request
        self._stopping = stopping
        self._process = process
        self.status: int | None = None

    def process(self) -> Response:
        """Carry out the request and return the response without sending it."""
        return self._process()

    async def pause(self, seconds: float) -> None:
        """Wait for some seconds."""
        if seconds > 0:
            try:
                await asyncio.wait_for(self._stopping.wait(), seconds)
            except TimeoutError:
                return
            raise DroppedError

    async def wait(self, event: asyncio.Event) -> None:
        """Wait until the event is set."""
        waiting = [asyncio.ensure_future(each.wait()) for each in (event, self._stopping)]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waiting:
                each.cancel()
        if self._stopping.is_set():
            raise DroppedError

    def send(self, response: Response) -> web.StreamResponse:
        """Send the response at once."""
        self.status = response.status
        headers = {**response.headers, "Content-Type": response.content_type}
        return web.Response(status=response.status, body=response.body, headers=headers)

    async def stream(
        self, response: Response, chunks: AsyncIterable[bytes], size: int | None = None
    ) -> web.StreamResponse:
        """Send the response in chunks.

        Content-Length is ``size``, or the length of the response's body.
        """
        headers = {**response.headers, "Content-Type": response.content_type}
        sent = web.StreamResponse(status=response.status, headers=headers)
        sent.content_length = len(response.body) if size is None else size
        await sent.prepare(self._request)
        async for chunk in chunks:
            await sent.write(chunk)
        self.status = response.status
        return sent
