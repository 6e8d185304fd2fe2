"""``FakeIntervals``, the server class that tests and demos use."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import RLock
from types import TracebackType
from typing import Self, TypeAlias

from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.generation import populate
from intervals_async.testing._fake.handler import RequestHandler
from intervals_async.testing._fake.hooks import Hook
from intervals_async.testing._fake.lifecycle import Lifecycle, Refusing
from intervals_async.testing._fake.limits import DayLimit, MinuteLimit
from intervals_async.testing._fake.log import SeenRequest
from intervals_async.testing._fake.records import Records
from intervals_async.testing._fake.resources import catalog
from intervals_async.testing._fake.service import Service
from intervals_async.testing._fake.variants import Variants
from intervals_async.testing._fake.wire import Given, Json, Row
from intervals_async.testing.faults._base import Fault
from intervals_async.testing.quirks import Quirks, load

Callback: TypeAlias = Callable[["FakeIntervals", SeenRequest], None]
"""A function that runs before each request, with the server and the request as arguments."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class FakeIntervals:
    """A real server on the loopback interface that follows the contract of the Intervals API.

    Use it as ``with FakeIntervals() as fake`` or ``async with FakeIntervals() as fake``, or call
    ``start`` and ``stop``. The constructor generates the data, which survive a stop. The same seed
    always gives the same tokens, and the same data on the same date.

    The server runs in a thread of its own. It therefore responds even if the test blocks its event
    loop, has another event loop or none, or uses another library than asyncio. All methods can be
    called from any thread.

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
        now: Returns the current time with a time zone, for the daily quota, creation times and the
            ``Date`` header.
        in_thread: Whether the server runs in a thread of its own. With False it runs in the event
            loop that starts it, and only ``async with`` works. Then the steps of test and server
            have a reproducible order, and a loop with a clock of its own drives both.
        quirks: Uncertain variants of the real server; see ``intervals_async.testing.quirks``. They
            change responses, but neither ``rows`` nor ``wire_rows``, except for their order.

    Raises:
        ValueError: ``people`` is less than 1, or a quirk is unknown.

    .. versionchanged:: 0.2.0
       Added `in_thread`, `quirks` and plain ``with``. The server runs in a thread of its own.
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
        in_thread: bool = True,
        quirks: Quirks = (),
    ) -> None:
        if people < 1:
            raise ValueError(f"people: expected at least 1, got {people}")
        self._account = Account(seed, token, DayLimit(per_day, now), now)
        populate(self._account, Sizes(notes, people, projects, clients, seed))
        self._token = self._account.token_for("Administrator")
        lock = RLock()
        variants = Variants(load(quirks), self._account, catalog())
        self._records = Records(self._account, variants.catalog, lock)
        service = Service(self._account, variants, MinuteLimit(per_minute, clock))
        self._handler = RequestHandler(service, latency, clock, self._account.utc_now, lock)
        self._lifecycle = Lifecycle(host, port, self._handler.handle, in_thread=in_thread)

    def __enter__(self) -> Self:
        self._lifecycle.start_thread()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lifecycle.stop_thread()

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
        await self._lifecycle.start()

    async def stop(self) -> None:
        """Stop listening and end all requests, including held ones; do nothing if stopped."""
        await self._lifecycle.stop()

    def refusing(self) -> Refusing:
        """Refuse connections inside ``with`` or ``async with``, then listen on the port again.

        The server closes idle connections, and still responds to requests in progress.
        """
        return self._lifecycle.refusing()

    @property
    def url(self) -> str:
        """The root URL with a trailing slash.

        Raises:
            RuntimeError: The server is not listening.
        """
        return self._lifecycle.url

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
        with self._handler.lock:
            return self._account.token_for(group)

    @property
    def log(self) -> tuple[SeenRequest, ...]:
        """The requests since the start or the last ``clear_log``, in the order of their arrival."""
        with self._handler.lock:
            return self._handler.log.entries()

    def clear_log(self) -> None:
        """Clear the log. The counter ``requests`` continues."""
        with self._handler.lock:
            self._handler.log.clear()

    @property
    def requests(self) -> int:
        """The number of requests that have reached the server since its creation."""
        return self._handler.log.total

    def rows(self, resource: str) -> list[Row]:
        """Return copies of a resource's records as Python values, in the default order of a list.

        Computed fields, such as the total of an invoice, have their current value.

        Raises:
            LookupError: The resource has no table.
        """
        return self._records.rows(resource)

    def wire_rows(self, resource: str) -> list[dict[str, Json]]:
        """Return a resource's records as a list shows them to an administrator.

        Raises:
            LookupError: The resource has no table.
        """
        return self._records.wire_rows(resource)

    def insert(self, resource: str, *, before: int | None = None, **fields: Given) -> int:
        """Add a record and return its id. Other fields receive default values.

        Args:
            resource: The name of the resource.
            before: The id of the record that will follow the new one; None appends the record. The
                server sorts the lists of some resources, such as project, by other fields.
            fields: Python values by the names of the response fields, including ``id``.

        Raises:
            LookupError: The resource has no table.
            TypeError: The resource does not have one of the fields.
            ValueError: The id exists already, or ``before`` does not exist.
        """
        return self._records.insert(resource, before, fields)

    def remove(self, resource: str, identity: int) -> None:
        """Remove a record. Records that refer to it stay.

        Raises:
            LookupError: There is no such record.
        """
        self._records.remove(resource, identity)

    def touch(
        self, resource: str, identity: int, *, reorder: bool = False, **fields: Given
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
        self._records.touch(resource, identity, fields, reorder=reorder)

    def between(self, callback: Callback) -> Callable[[], None]:
        """Call ``callback(fake, seen)`` before each request, for example to change data.

        The callback runs in the event loop that runs when you call this method, between two steps
        of the test. Without such a loop, or if the loop is blocked for two seconds, the callback
        runs in the server's thread.

        Returns:
            A function that removes the callback.
        """
        hook = Hook(lambda seen: callback(self, seen))
        self._handler.hooks.append(hook)
        return lambda: self._handler.hooks.remove(hook)

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
        with self._handler.lock:
            self._handler.faults.put(fault, times, method, path, skip)

    def heal(self) -> None:
        """Remove all faults."""
        with self._handler.lock:
            self._handler.faults.clear()
