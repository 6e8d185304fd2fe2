"""One request on the server: how to process it, delay it, send its response or drop it."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterable, Callable
from datetime import datetime
from email.utils import format_datetime

from aiohttp import web

from intervals_async.testing._fake.run import Run, Settable
from intervals_async.testing._fake.wire import Response


class Exchange:
    """The operations on one request that a fault can use.

    Every wait ends with ``DroppedError`` when the server stops, so that a hanging client never
    blocks the stop. ``status`` is the HTTP status for the request log.
    """

    __slots__ = ("_now", "_process", "_request", "_run", "status")

    def __init__(
        self,
        request: web.BaseRequest,
        run: Run,
        process: Callable[[], Response],
        now: Callable[[], datetime],
    ) -> None:
        self._request = request
        self._now = now
        self._run = run
        self._process = process
        self.status: int | None = None

    def process(self) -> Response:
        """Carry out the request and return the response without sending it."""
        return self._process()

    async def pause(self, seconds: float) -> None:
        """Wait for some seconds."""
        await self._run.pause(seconds)

    async def wait(self, event: Settable) -> None:
        """Wait until the event is set."""
        await self._run.wait(event)

    def send(self, response: Response) -> web.StreamResponse:
        """Send the response at once."""
        self.status = response.status
        headers = self._headers(response)
        body = response.body
        if response.compressed:
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body)
        return web.Response(status=response.status, body=body, headers=headers)

    async def stream(
        self, response: Response, chunks: AsyncIterable[bytes], size: int | None = None
    ) -> web.StreamResponse:
        """Send the response in chunks.

        Content-Length is ``size``, or the length of the response's body.
        """
        sent = web.StreamResponse(status=response.status, headers=self._headers(response))
        sent.content_length = len(response.body) if size is None else size
        await sent.prepare(self._request)
        async for chunk in chunks:
            await sent.write(chunk)
        self.status = response.status
        return sent

    def _headers(self, response: Response) -> dict[str, str]:
        # By the account's clock, which a test may have set.
        date = format_datetime(self._now(), usegmt=True)
        return {"Date": date, **response.headers, "Content-Type": response.content_type}
