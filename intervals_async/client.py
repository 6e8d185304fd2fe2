"""`IntervalsClient`: the session wrapper, one attribute a resource."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

import aiohttp
import attrs

from ._attempt import Connection
from ._transport import Settings, Timeouts, Transport
from ._wire import Credentials, checked_base_url
from .errors import ArgumentError
from .events import Event, LimitWait, Reporter
from .limits import Limit, Limiter, LimitStore
from .resources import (
    ContactDescriptorResource,
    ContactTypeResource,
    MeResource,
    PersonContactResource,
    PersonResource,
    ProjectNoteResource,
    ProjectResource,
    QuotaResource,
)
from .retry import RetryPolicy

__all__ = ["Budget", "IntervalsClient", "LimitUse"]

BASE_URL = "https://api.myintervals.com/"


@attrs.frozen
class LimitUse:
    """How much of one limit is used.

    Attributes:
        limit: The limit.
        used: How many of its places are taken now, by all who share its store.
    """

    limit: Limit
    used: int

    @property
    def left(self) -> int:
        """How many requests would pass at once."""
        return max(self.limit.requests - self.used, 0)


@attrs.frozen(kw_only=True)
class Budget:
    """What is left of the requests.

    Attributes:
        limits: The use of each limit of the client: by default that of the minute.
        day_quota: Requests that the account has a day.
        day_used: Requests that the account has used today, everybody's.
        next_reset: When the day starts anew, in UTC; None on older accounts.
        requests: How many requests this client has sent since it was made.
    """

    limits: tuple[LimitUse, ...]
    day_quota: int
    day_used: int
    next_reset: datetime | None
    requests: int

    @property
    def day_left(self) -> int:
        """Requests that the account has left today."""
        return max(self.day_quota - self.day_used, 0)


class IntervalsClient:
    """A client for one account, with the rights of the token's owner.

    Use it with ``async with``, or call `close` when done. It may live for weeks and be used
    by many tasks at once, all within one event loop; a service makes one and shares it.

    Example:
        ::

            async with IntervalsClient() as intervals:
                async for note in intervals.projectnote.list(search="invoice"):
                    print(note.title)

    Attributes:
        contactdescriptor: Labels of contact details: `ContactDescriptorResource`.
        contacttype: Kinds of contact details: `ContactTypeResource`.
        me: The token's owner: `MeResource`.
        person: People: `PersonResource`.
        personcontact: Contact details of people: `PersonContactResource`.
        project: Projects: `ProjectResource`.
        projectnote: Notes on projects: `ProjectNoteResource`.
        quota: The day's quota of requests: `QuotaResource`.

    Args:
        token: The person's API token; without it, the environment's ``INTERVALS_TOKEN``.
        base_url: The root of the API; without it, the environment's ``INTERVALS_BASE_URL``,
            else ``https://api.myintervals.com/``.
        session: An aiohttp session to send with. It is never closed and never changed.
            aiohttp lets the middlewares of a request replace those of its session, so a
            session's own client middlewares do not see this client's requests. A page of a
            stream that is half read holds its connection, so its connector must allow one
            more than the highest `concurrency`.
        trace_configs: aiohttp's trace configurations for the client's own session.
        timeout: Seconds for one attempt, from connecting to the last byte of the answer; of a
            large answer, for each MiB of it. The time for which a reader of a stream lets a
            page wait is not counted.
        connect_timeout: Seconds of these for the connection.
        call_timeout: Seconds for a call with all its attempts and the waits between them; for
            a page of a stream, until its answer begins. Waiting for the limits is in none of
            the three.
        limits: How many requests may be sent; 100 a minute by default, as the API allows an
            address. Empty for none: for tests, or a server of one's own.
        limit_store: Where the limits are kept: in this client, unless a store is given that
            several clients, processes or hosts share. It is never closed: that is its
            owner's to do.
        retry: What is sent again, and when.
        max_response_bytes: An answer larger than this is refused while it is being read. Of a
            page of a stream, which is decoded while it arrives, a single record.
        on_event: Called with each `Event` as it happens, in the task that it happens in. It
            must be quick; what it raises is logged and harms no call.
        show_bodies: Whether events hold the bodies of requests and answers. They may hold
            anything that the account holds, and those of pages are kept whole for it.

    Raises:
        ArgumentError: The token or the address cannot be used as it is.
    """

    __slots__ = (
        "__weakref__",
        "_transport",
        "contactdescriptor",
        "contacttype",
        "me",
        "person",
        "personcontact",
        "project",
        "projectnote",
        "quota",
    )

    def __init__(
        self,
        token: str | None = None,
        *,
        base_url: str | None = None,
        session: aiohttp.ClientSession | None = None,
        trace_configs: Sequence[aiohttp.TraceConfig] = (),
        timeout: float = 60.0,
        connect_timeout: float = 10.0,
        call_timeout: float = 300.0,
        limits: Iterable[Limit] = (Limit(100, per=60.0),),
        limit_store: LimitStore | None = None,
        retry: RetryPolicy | None = None,
        max_response_bytes: int = 2**28,
        on_event: Callable[[Event], None] | None = None,
        show_bodies: bool = False,
    ) -> None:
        try:
            credentials = Credentials.of(
                os.environ.get("INTERVALS_TOKEN", "") if token is None else token
            )
        except ArgumentError as error:
            raise error.with_traceback(None) from None
        finally:
            token = None  # a traceback may be shown with its variables
        if base_url is None:
            base_url = os.environ.get("INTERVALS_BASE_URL", BASE_URL)
        if session is not None and trace_configs:
            raise ArgumentError("trace_configs belong to the session that was handed in")
        if max_response_bytes < 1:
            raise ArgumentError("max_response_bytes is a number of bytes, above 0")
        timeouts = Timeouts(
            connect=_seconds("connect_timeout", connect_timeout),
            attempt=_seconds("timeout", timeout),
            call=_seconds("call_timeout", call_timeout),
        )
        reporter = Reporter(on_event)
        self._offer(
            Transport(
                Connection(
                    credentials,
                    base_url=checked_base_url(base_url),
                    session=session,
                    trace_configs=trace_configs,
                    max_response_bytes=max_response_bytes,
                ),
                Limiter(
                    limits,
                    limit_store,
                    on_wait=lambda seconds, bulk: reporter.report(
                        LimitWait(seconds=seconds, bulk=bulk)
                    ),
                ),
                Settings(timeouts=timeouts, retry=retry or RetryPolicy()),
                reporter=reporter,
                show_bodies=show_bodies,
            )
        )

    def _offer(self, transport: Transport) -> None:
        self._transport = transport
        self.contactdescriptor = ContactDescriptorResource(self._transport)
        self.contacttype = ContactTypeResource(self._transport)
        self.me = MeResource(self._transport)
        self.person = PersonResource(self._transport)
        self.personcontact = PersonContactResource(self._transport)
        self.project = ProjectResource(self._transport)
        self.projectnote = ProjectNoteResource(self._transport)
        self.quota = QuotaResource(self._transport)

    def with_options(
        self,
        *,
        retry: RetryPolicy | None = None,
        timeout: float | None = None,
        call_timeout: float | None = None,
    ) -> IntervalsClient:
        """Give a view of this client whose calls differ in what is named here.

        It shares everything else, the limits and the session too, and is closed with this
        client: ``await intervals.with_options(timeout=5).me.get()``.
        """
        old = self._transport.settings
        new = old.timeouts
        if timeout is not None:
            new = attrs.evolve(new, attempt=_seconds("timeout", timeout))
        if call_timeout is not None:
            new = attrs.evolve(new, call=_seconds("call_timeout", call_timeout))
        view = IntervalsClient.__new__(IntervalsClient)
        view._offer(self._transport.with_settings(Settings(timeouts=new, retry=retry or old.retry)))
        return view

    async def budget(self) -> Budget:
        """Ask what is left of the minute and of the day. It costs one small request.

        The vendor does not count it against the day; whether it counts against the minute
        is not documented, so here it does.
        """
        quota = await self.quota.get()
        limiter = self._transport.limiter
        used = await limiter.used()
        return Budget(
            limits=tuple(map(LimitUse, limiter.limits, used)),
            day_quota=quota.quota,
            day_used=quota.used,
            next_reset=quota.next_reset,
            requests=self._transport.requests,
        )

    def __repr__(self) -> str:
        """Show the address, and nothing of the token."""
        transport = getattr(self, "_transport", None)  # not there yet where making it failed
        return f"<IntervalsClient {transport.base_url if transport else 'unfinished'}>"

    @property
    def closed(self) -> bool:
        """Whether the client was closed."""
        return self._transport.closed

    async def close(self) -> None:
        """Close the client, and its session unless that was handed in.

        Calls that wait, or are under way on the client's own session, end with
        `ClientClosedError`. May be called again, and in any state.
        """
        await self._transport.close()

    async def __aenter__(self) -> Self:
        """Give itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        await self.close()


def _seconds(name: str, value: float) -> float:
    if not value > 0:
        raise ArgumentError(f"{name} is in seconds, above 0")
    return value
