"""`Listener`: start and stop the listening socket, and refuse connections for a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

from aiohttp import web

from intervals_async.testing._fake.exchange import DroppedError

Handler: TypeAlias = Callable[[web.Request, asyncio.Event], Awaitable[web.StreamResponse]]
"""A function that responds to a request. The event is set when the server stops."""

_MAX_BODY = 64 * 2**20
_SHUTDOWN_SECONDS = 1.0


class Listener:
    """A server on a host and a port that passes every request to ``handler``.

    With port 0, the system chooses a free port.
    """

    __slots__ = (
        "_bound_port",
        "_busy",
        "_handler",
        "_host",
        "_port",
        "_runner",
        "_site",
        "_stopping",
    )

    def __init__(self, host: str, port: int, handler: Handler) -> None:
        self._host = host
        self._port = port
        self._handler = handler
        self._bound_port = port
        self._busy: set[asyncio.Transport | None] = set()
        self._stopping = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None

    @property
    def url(self) -> str:
        """The root URL with a trailing slash.

        Raises:
            RuntimeError: The server is not listening.
        """
        host = f"[{self._host}]" if ":" in self._host else self._host
        self._running()
        return f"http://{host}:{self._bound_port}/"

    async def start(self) -> None:
        """Start listening; do nothing if the server is listening already."""
        if self._runner is not None:
            return
        self._stopping = asyncio.Event()
        app = web.Application(client_max_size=_MAX_BODY)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS
        )
        await runner.setup()
        try:
            self._site = await self._listen(runner, self._port)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close all sockets and end all requests; do nothing if the server has stopped."""
        runner, self._runner, self._site = self._runner, None, None
        if runner is None:
            return
        self._stopping.set()
        for connection in runner.server.connections if runner.server else ():
            if connection.transport is not None:
                # A graceful close would wait for a client that does not read its response.
                connection.transport.abort()
        await runner.cleanup()

    @asynccontextmanager
    async def refusing(self) -> AsyncGenerator[None, None]:
        """Close the listening socket and idle connections, then listen on the same port again."""
        runner, site = self._running()
        await site.stop()
        for connection in runner.server.connections if runner.server else ():
            # close() lets a running request finish, but leaves an idle socket open.
            connection.close()
            if connection.transport is not None and connection.transport not in self._busy:
                connection.transport.close()
        try:
            yield
        finally:
            if self._runner is runner:
                self._site = await self._listen(runner, self._bound_port)

    async def _listen(self, runner: web.AppRunner, port: int) -> web.TCPSite:
        site = web.TCPSite(runner, self._host, port, reuse_address=True)
        await site.start()
        self._bound_port = int(runner.addresses[0][1])
        return site

    def _running(self) -> tuple[web.AppRunner, web.TCPSite]:
        if self._runner is None or self._site is None:
            raise RuntimeError(
                "FakeIntervals: expected a listening server, got a stopped one; "
                "use `async with` or `await start()`"
            )
        return self._runner, self._site

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        # The transport is None if the client has disconnected already; None can be tracked too.
        transport = request.transport
        self._busy.add(transport)
        try:
            return await self._handler(request, self._stopping)
        except (DroppedError, ConnectionError):
            if request.transport is not None:
                request.transport.close()
            return web.Response()
        finally:
            self._busy.discard(transport)
