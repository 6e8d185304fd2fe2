"""One request in the hands of the server: how it is processed, answered, held up or dropped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable

from aiohttp import web

from intervals_async.testing._fake.wire import Response


class DroppedError(Exception):
    """The connection is to be closed without another byte."""


class Exchange:
    """What a fault may do with a request.

    Every wait ends with ``DroppedError`` when the server stops: a hanging client holds up nothing.
    ``status`` is what the log will say.
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
        """Do what the request asks for and return the answer, which is not sent yet."""
        return self._process()

    async def pause(self, seconds: float) -> None:
        """Let some time go by."""
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

    def send(self, answer: Response) -> web.StreamResponse:
        """Answer in one go."""
        self.status = answer.status
        headers = {**answer.headers, "Content-Type": answer.content_type}
        return web.Response(status=answer.status, body=answer.body, headers=headers)

    async def stream(
        self, answer: Response, chunks: AsyncIterable[bytes], size: int | None = None
    ) -> web.StreamResponse:
        """Answer piece by piece; Content-Length says ``size``, or the whole body's length."""
        headers = {**answer.headers, "Content-Type": answer.content_type}
        response = web.StreamResponse(status=answer.status, headers=headers)
        response.content_length = len(answer.body) if size is None else size
        await response.prepare(self._request)
        async for chunk in chunks:
            await response.write(chunk)
        self.status = answer.status
        return response
