"""The server itself: its life, its sockets, and the face that tests and demos work with."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from types import MappingProxyType, TracebackType
from typing import Self, TypeAlias

from aiohttp import web

from intervals_async.testing._fake import reading
from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.contract import ReadContext, Write
from intervals_async.testing._fake.exchange import Exchange
from intervals_async.testing._fake.generation import populate
from intervals_async.testing._fake.injection import FaultQueue
from intervals_async.testing._fake.limits import DayLimit, MinuteLimit
from intervals_async.testing._fake.listener import Listener
from intervals_async.testing._fake.log import RequestLog, SeenRequest
from intervals_async.testing._fake.resources import catalog
from intervals_async.testing._fake.service import Service
from intervals_async.testing._fake.wire import Json, Row, Value
from intervals_async.testing._fake.writing import complete_row
from intervals_async.testing.faults._base import Fault

Callback: TypeAlias = Callable[["FakeIntervals", SeenRequest], None]
"""What runs between two requests: it gets the server and the request that is about to be met."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class FakeIntervals:
    """A real server on loopback that keeps the contract of the Intervals API.

    Use it as ``async with FakeIntervals() as fake``, or ``start`` and ``stop`` it. The data are
    generated when it is made and outlive a stop; the same seed gives the same tokens and, on one
    day, the same data.

    Args:
        notes: How many project notes there are.
        people: How many people; the first four are one of each group.
        projects: How many projects; without one there are no notes either.
        clients: How many clients.
        seed: What the data and tokens are generated from.
        host: The address to listen on.
        port: The port; 0 takes a free one.
        token: The administrator's token; None takes one from the seed.
        latency: Seconds before each answer.
        per_minute: Requests allowed in any 60 seconds; None is no limit.
        per_day: Requests allowed in a day of GMT; None is no limit.
        clock: Seconds, for the limit of the minute and the log.
        now: The present time with a zone, for the limit of the day and for creation times.

    Raises:
        ValueError: There are to be no people: nobody could call then.
    """

    def __init__(
        self,
        *,
        notes: int = 100,
        people: int = 12,
        projects: int = 8,
        clients: int = 5,
        seed: int = 1,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
        latency: float = 0.0,
        per_minute: int | None = 100,
        per_day: int | None = 6000,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        if people < 1:
            raise ValueError("people must be at least 1: somebody has to own the token")
        self._account = Account(seed, token, DayLimit(per_day, now), now)
        self._catalog = catalog()
        populate(self._account, Sizes(notes, people, projects, clients, seed))
        self._token = self._account.token_for("Administrator")
        self._administrator = self._account.table("person").ids[0]
        self._service = Service(self._account, self._catalog, MinuteLimit(per_minute, clock))
        self._latency = latency
        self._clock = clock
        self._log = RequestLog()
        self._faults = FaultQueue()
        self._callbacks: list[Callback] = []
        self._listener = Listener(host, port, self._handle)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Begin to listen; nothing happens if the server listens already."""
        await self._listener.start()

    async def stop(self) -> None:
        """End all that is under way, held requests too; nothing happens if it does not listen."""
        await self._listener.stop()

    def refusing(self) -> AbstractAsyncContextManager[None]:
        """Refuse connections inside ``async with``, and listen on the same port again after it.

        Idle connections are closed; a request under way is still answered.
        """
        return self._listener.refusing()

    @property
    def url(self) -> str:
        """The root address with a slash at its end; RuntimeError unless the server listens."""
        return self._listener.url

    @property
    def token(self) -> str:
        """The token of an administrator."""
        return self._token

    def token_for(self, group: str) -> str:
        """Return the token of somebody in a group: Administrator, Manager, Resource, Executive.

        Raises:
            LookupError: Nobody active is in that group.
        """
        return self._account.token_for(group)

    @property
    def log(self) -> tuple[SeenRequest, ...]:
        """The requests that came, in their order, since the start or the last ``clear_log``."""
        return self._log.entries()

    def clear_log(self) -> None:
        """Empty the log; ``requests`` goes on counting."""
        self._log.clear()

    @property
    def requests(self) -> int:
        """How many requests reached the server since it was made."""
        return self._log.total

    def rows(self, resource: str) -> list[Row]:
        """Return copies of a resource's records, in the server's order, with Python's values.

        What is computed when it is asked for (the total of an invoice) is of this moment.

        Raises:
            LookupError: The resource has no records of its own.
        """
        table = self._account.table(resource)
        rules, context = self._catalog[resource], self._administrator_context()
        found: list[Row] = []
        for row in table:
            shown = rules.show(self._account, dict(row), context) if rules.show else {}
            computed = {name: value for name, value in shown.items() if row[name] is None}
            full_row = {**row, **computed}
            found.append({column.name: full_row[column.name] for column in table.columns})
        return found

    def wire_rows(self, resource: str) -> list[dict[str, Json]]:
        """Return a resource's records as an administrator's list shows them.

        Raises:
            LookupError: The resource has no records of its own.
        """
        order = self._account.table(resource).ids
        rules = self._catalog[resource]
        sent = reading.rows(self._account, rules, order, self._administrator_context())
        return [json.loads(row) for row in sent]

    def _administrator_context(self) -> ReadContext:
        return ReadContext(self._account.related("person", self._administrator))

    def insert(self, resource: str, *, before: int | None = None, **fields: Value) -> int:
        """Add a record and return its id; fields that are not given are made up.

        Args:
            resource: The resource's name.
            before: The id of the record to stand before; None is the end of the order.
            fields: Python's values by the names of the response fields, ``id`` too.

        Raises:
            LookupError: The resource has no records of its own.
            TypeError: A field is not one of the resource's.
            ValueError: The id is taken, or ``before`` is not there.
        """
        table = self._account.table(resource)
        self._refuse_unknown(resource, fields)
        rules = self._catalog[resource]
        row: Row = {"id": table.next_id, **fields}
        complete_row(self._account, rules, row, self._administrator)
        row |= fields
        identity = table.add(row, before)
        rules.created(self._account, Write(row, self._administrator, fields, quiet=True))
        return identity

    def remove(self, resource: str, identity: int) -> None:
        """Take out a record; LookupError if it is not there. What points to it stays."""
        self._account.table(resource).remove(identity)

    def touch(
        self, resource: str, identity: int, *, reorder: bool = False, **fields: Value
    ) -> None:
        """Set exactly these fields of a record; ``reorder`` moves it to the end of the order.

        Raises:
            LookupError: There is no such record.
            TypeError: A field is not one of the resource's.
        """
        self._refuse_unknown(resource, fields)
        self._account.table(resource).change(identity, fields, reorder=reorder)

    def _refuse_unknown(self, resource: str, fields: Mapping[str, Value]) -> None:
        known = {column.name for column in self._account.table(resource).columns}
        unknown = sorted(fields.keys() - known)
        if unknown:
            raise TypeError(f"{resource} has no field {', '.join(unknown)}")

    def between(self, callback: Callback) -> Callable[[], None]:
        """Call ``callback(fake, seen)`` before each request is processed, to change data there.

        Return a function that takes the callback off again.
        """
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def inject(
        self,
        fault: Fault,
        times: int | None = 1,
        method: str | None = None,
        path: str | None = None,
        skip: int = 0,
    ) -> None:
        """Let something go wrong with the next requests that fit; first put in, first met.

        Args:
            fault: What is to happen; see ``intervals_async.testing.faults``.
            times: With how many requests; None is for ever.
            method: Only with this HTTP method.
            path: Only with paths of this shape, as ``/projectnote/*``.
            skip: How many fitting requests pass unharmed first.
        """
        self._faults.put(fault, times, method, path, skip)

    def heal(self) -> None:
        """Take out all faults."""
        self._faults.clear()

    async def _handle(self, request: web.Request, stopping: asyncio.Event) -> web.StreamResponse:
        seen_request = await self._read(request)
        number = self._log.add(seen_request)
        for callback in tuple(self._callbacks):
            callback(self, seen_request)
        fault = self._faults.take(seen_request)
        exchange = Exchange(request, stopping, lambda: self._service.answer(seen_request))
        await exchange.pause(self._latency)
        response = await fault.answer(exchange)
        self._log.set_status(number, exchange.status)
        return response

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
