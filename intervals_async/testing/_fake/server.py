"""``FakeIntervals``, the server class that tests and demos use."""

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
"""A function that runs before each request, with the server and the request as arguments."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class FakeIntervals:
    """A real server on the loopback interface that follows the contract of the Intervals API.

    Use it as ``async with FakeIntervals() as fake``, or call ``start`` and ``stop``. The
    constructor generates the data, which survive a stop. The same seed always gives the same
    tokens, and the same data on the same date.

    Args:
        notes: The number of project notes.
        people: The number of people. The first four belong to one group each.
        projects: The number of projects. Without projects there are no project notes.
        clients: The number of clients.
        seed: The random seed of the data and tokens.
        host: The address to listen on.
        port: The port to listen on; 0 chooses a free port.
        token: The administrator's token; None derives it from the seed.
        latency: The seconds to wait before each response.
        per_minute: The number of requests allowed in any 60 seconds; None turns the limit off.
        per_day: The number of requests allowed per day in GMT; None turns the limit off.
        clock: Returns the time in seconds, for the rate limit and the request log.
        now: Returns the current time with a time zone, for the daily quota and creation times.

    Raises:
        ValueError: ``people`` is less than 1.
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
            raise ValueError(f"people: expected at least 1, got {people}")
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
        """Start listening; do nothing if the server is listening already."""
        await self._listener.start()

    async def stop(self) -> None:
        """Stop listening and end all requests, including held ones; do nothing if stopped."""
        await self._listener.stop()

    def refusing(self) -> AbstractAsyncContextManager[None]:
        """Refuse connections inside ``async with``, then listen on the same port again.

        The server closes idle connections, and still responds to requests in progress.
        """
        return self._listener.refusing()

    @property
    def url(self) -> str:
        """The root URL with a trailing slash.

        Raises:
            RuntimeError: The server is not listening.
        """
        return self._listener.url

    @property
    def token(self) -> str:
        """The API token of an administrator."""
        return self._token

    def token_for(self, group: str) -> str:
        """Return the API token of a person in a group.

        Args:
            group: Administrator, Manager, Resource or Executive.

        Raises:
            LookupError: The group has no active person.
        """
        return self._account.token_for(group)

    @property
    def log(self) -> tuple[SeenRequest, ...]:
        """The requests since the start or the last ``clear_log``, in the order of their arrival."""
        return self._log.entries()

    def clear_log(self) -> None:
        """Clear the log. The counter ``requests`` continues."""
        self._log.clear()

    @property
    def requests(self) -> int:
        """The number of requests that have reached the server since its creation."""
        return self._log.total

    def rows(self, resource: str) -> list[Row]:
        """Return copies of a resource's records as Python values, in the server's order.

        Computed fields, such as the total of an invoice, have their current value.

        Raises:
            LookupError: The resource has no table.
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
        """Return a resource's records as a list shows them to an administrator.

        Raises:
            LookupError: The resource has no table.
        """
        order = self._account.table(resource).ids
        rules = self._catalog[resource]
        sent = reading.rows(self._account, rules, order, self._administrator_context())
        return [json.loads(row) for row in sent]

    def _administrator_context(self) -> ReadContext:
        return ReadContext(self._account.related("person", self._administrator))

    def insert(self, resource: str, *, before: int | None = None, **fields: Value) -> int:
        """Add a record and return its id. Other fields receive default values.

        Args:
            resource: The name of the resource.
            before: The id of the record that will follow the new one; None appends the record.
            fields: Python values by the names of the response fields, including ``id``.

        Raises:
            LookupError: The resource has no table.
            TypeError: The resource does not have one of the fields.
            ValueError: The id exists already, or ``before`` does not exist.
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
        """Remove a record. Records that refer to it stay.

        Raises:
            LookupError: There is no such record.
        """
        self._account.table(resource).remove(identity)

    def touch(
        self, resource: str, identity: int, *, reorder: bool = False, **fields: Value
    ) -> None:
        """Set exactly these fields of a record.

        Args:
            resource: The name of the resource.
            identity: The id of the record.
            reorder: Whether the record moves to the end of the order.
            fields: Python values by the names of the response fields.

        Raises:
            LookupError: There is no such record.
            TypeError: The resource does not have one of the fields.
        """
        self._refuse_unknown(resource, fields)
        self._account.table(resource).change(identity, fields, reorder=reorder)

    def _refuse_unknown(self, resource: str, fields: Mapping[str, Value]) -> None:
        known = {column.name for column in self._account.table(resource).columns}
        unknown = sorted(fields.keys() - known)
        if unknown:
            expected = ", ".join(sorted(known))
            raise TypeError(
                f"{resource}: expected only the fields {expected}, got {', '.join(unknown)}"
            )

    def between(self, callback: Callback) -> Callable[[], None]:
        """Call ``callback(fake, seen)`` before each request, for example to change data.

        Returns:
            A function that removes the callback.
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
        """Inject a fault into the next matching requests, in the order of the calls.

        Args:
            fault: The fault; see ``intervals_async.testing.faults``.
            times: The number of requests that it affects; None affects all.
            method: The HTTP method to match; None matches any.
            path: The path pattern to match, as in ``/projectnote/*``; None matches any.
            skip: The number of matching requests to leave unaffected first.
        """
        self._faults.put(fault, times, method, path, skip)

    def heal(self) -> None:
        """Remove all faults."""
        self._faults.clear()

    async def _handle(self, request: web.Request, stopping: asyncio.Event) -> web.StreamResponse:
        seen_request = await self._read(request)
        number = self._log.add(seen_request)
        for callback in tuple(self._callbacks):
            callback(self, seen_request)
        fault = self._faults.take(seen_request)
        exchange = Exchange(request, stopping, lambda: self._service.respond(seen_request))
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
