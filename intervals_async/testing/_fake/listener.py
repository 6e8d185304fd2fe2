"""`Listener`: start and stop the listening socket, and refuse connections for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aiohttp import web

from intervals_async.testing._fake.run import DroppedError, Run

Handler: TypeAlias = Callable[[web.Request, Run], Awaitable[web.StreamResponse]]
"""A function that responds to a request in one run of the server."""

_MAX_BODY = 64 * 2**20
_SHUTDOWN_SECONDS = 1.0
_TURNS = 3
"""The steps in which an event loop opens an accepted connection, or closes an aborted one."""


async def _take_turns() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)


class Listener:
    """A server on a host and a port that passes every request to ``handler``.

    With port 0, the system chooses a free port.
    """

    __slots__ = (
        "_bound_port",
        "_busy",
        "_handler",
        "_host",
        "_in_thread",
        "_port",
        "_run",
        "_runner",
        "_site",
    )

    def __init__(self, host: str, port: int, handler: Handler, *, in_thread: bool) -> None:
        self._host = host
        self._port = port
        self._in_thread = in_thread
        self._handler = handler
        self._bound_port = port
        self._busy: set[asyncio.Transport | None] = set()
        self._run = Run(in_thread=in_thread)
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
        self._run = Run(in_thread=self._in_thread)
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
        runner, site, self._runner, self._site = self._runner, self._site, None, None
        if runner is None:
            return
        self._run.stop()
        # asyncio leaks a connection that it has accepted, but not opened before the server closes.
        await _take_turns()
        if site in runner.sites:
            await site.stop()
        for connection in runner.server.connections if runner.server else ():
            if connection.transport is not None:
                # A graceful close would wait for a client that does not read its response.
                connection.transport.abort()
        await runner.cleanup()
        await _take_turns()

    async def refuse(self) -> None:
        """Close the listening socket and idle connections, and refuse new ones."""
        runner, site = self._running()
        await site.stop()
        for connection in runner.server.connections if runner.server else ():
            # close() lets a running request finish, but leaves an idle socket open.
            connection.close()
            if connection.transport is not None and connection.transport not in self._busy:
                connection.transport.close()

    async def accept(self) -> None:
        """Listen again on the same port after ``refuse``; do nothing if the server has stopped."""
        if self._runner is not None and self._site not in self._runner.sites:
            self._site = await self._listen(self._runner, self._bound_port)

    async def _listen(self, runner: web.AppRunner, port: int) -> web.TCPSite:
        site = web.TCPSite(runner, self._host, port, reuse_address=True)
        await site.start()
        self._bound_port = int(runner.addresses[0][1])
        return site

    def _running(self) -> tuple[web.AppRunner, web.TCPSite]:
        if self._runner is None or self._site is None:
            raise RuntimeError(
                "FakeIntervals: expected a listening server, got a stopped one; "
                "use `with`, `async with` or `await start()`"
            )
        return self._runner, self._site

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        # The transport is None if the client has disconnected already; None can be tracked too.
        transport = request.transport
        self._busy.add(transport)
        try:
            return await self._handler(request, self._run)
        except (DroppedError, ConnectionError):
            if request.transport is not None:
                request.transport.close()
            return web.Response()
        finally:
            self._busy.discard(transport)
