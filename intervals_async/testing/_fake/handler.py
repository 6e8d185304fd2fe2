"""The way of a request through the server: log, callbacks, fault, response."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from threading import RLock
from types import MappingProxyType

from aiohttp import web

from intervals_async.testing._fake.exchange import Exchange
from intervals_async.testing._fake.hooks import Hook
from intervals_async.testing._fake.injection import FaultQueue
from intervals_async.testing._fake.log import RequestLog, SeenRequest
from intervals_async.testing._fake.run import Run
from intervals_async.testing._fake.service import Service
from intervals_async.testing._fake.wire import Json, Response
from intervals_async.testing.faults._base import Fault


class RequestHandler:
    """A handler of requests with its log, its callbacks and its injected faults.

    ``lock`` protects whatever other threads can read or change, together with the account's data.
    """

    __slots__ = ("_clock", "_latency", "_now", "_service", "faults", "hooks", "lock", "log")

    def __init__(
        self,
        service: Service,
        latency: float,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        lock: RLock,
    ) -> None:
        self._service = service
        self._latency = latency
        self._clock = clock
        self._now = now
        self.lock = lock
        self.log = RequestLog()
        self.faults = FaultQueue()
        self.hooks: list[Hook] = []

    async def handle(self, request: web.Request, run: Run) -> web.StreamResponse:
        """Respond to a request."""
        seen = await self._read(request)
        if self.hooks:
            # Nothing may come between the callbacks of a request and its response.
            async with run.turn:
                number = self._record(seen)
                for hook in tuple(self.hooks):
                    await hook.run(seen, run)
                fault = self._take(seen)
        else:
            number, fault = self._record(seen), self._take(seen)
        exchange = Exchange(request, run, lambda: self._respond(seen), self._now)
        await exchange.pause(self._latency)
        response = await fault.answer(exchange)
        with self.lock:
            self.log.set_status(number, exchange.status)
        return response

    def _record(self, seen: SeenRequest) -> int:
        with self.lock:
            return self.log.add(seen)

    def _take(self, seen: SeenRequest) -> Fault:
        with self.lock:
            return self.faults.take(seen)

    def _respond(self, seen: SeenRequest) -> Response:
        with self.lock:
            return self._service.respond(seen)

    async def _read(self, request: web.Request) -> SeenRequest:
        raw = await request.read()
        try:
            body: Json = json.loads(raw)
        except ValueError:
            body = None
        return SeenRequest(
            method=request.method,
            path=request.path,
            query=MappingProxyType(dict(request.query.items())),
            headers=MappingProxyType(
                {name.lower(): each for name, each in request.headers.items()}
            ),
            body=body,
            at=self._clock(),
        )
