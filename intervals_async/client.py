"""`IntervalsClient`: the session wrapper, one attribute a resource."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self, cast

import aiohttp
import attrs

from . import resources
from ._http.connection import Connection
from ._http.credentials import Credentials, checked_base_url
from ._http.reporting import Reporter
from ._http.settings import Settings, Timeouts
from ._http.transport import Transport
from .errors import ArgumentError
from .events import Event, LimitWait
from .limits import Limit, Limiter, LimitStore
from .resources._attributes import ResourceAttributes
from .retry import RetryPolicy

if TYPE_CHECKING:
    from ._http.response import Response
    from .resources import AnyResource

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


class IntervalsClient(ResourceAttributes):
    """A client for one account, with the rights of the token's owner.

    Use it with ``async with``, or call `close` when done. It may live for weeks and be used
    by many tasks at once, all within one event loop; a service makes one and shares it.

    Example:
        ::

            async with IntervalsClient() as intervals:
                async for note in intervals.projectnote.list(search="invoice"):
                    print(note.title)

    Each resource is an attribute with its name in the API: ``intervals.task``. It is imported when
    it is first used. See `intervals_async.resources`.

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
        checked: Whether filters and fields are held against the documentation before they are
            sent: names, required ones, lengths, values. The server may be more lenient;
            without it, all that can be written at all is left to the server.
        send_notifications: Whether writes send the e-mails that go with them, unless a call
            says otherwise. The API's default, and so this one, is that they send none.
        disable_action_notes: Whether writes of tasks and milestones leave out their automatic
            action notes, unless a call says otherwise.
        show_bodies: Whether events hold the bodies of requests and answers. They may hold
            anything that the account holds, and those of pages are kept whole for it.

    Raises:
        ArgumentError: The token or the address cannot be used as it is.
    """

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
        checked: bool = True,
        send_notifications: bool = False,
        disable_action_notes: bool = False,
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
        self._transport = Transport(
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
            Settings(
                timeouts=timeouts,
                retry=retry or RetryPolicy(),
                checked=checked,
                send_notifications=send_notifications,
                disable_action_notes=disable_action_notes,
            ),
            reporter=reporter,
            show_bodies=show_bodies,
        )

    def with_options(
        self,
        *,
        retry: RetryPolicy | None = None,
        timeout: float | None = None,
        call_timeout: float | None = None,
        checked: bool | None = None,
        send_notifications: bool | None = None,
        disable_action_notes: bool | None = None,
    ) -> IntervalsClient:
        """Give a view of this client whose calls differ in what is named here.

        It shares everything else, the limits and the session too, and is closed with this
        client: ``await intervals.with_options(timeout=5).me.get()``. It is an `IntervalsClient`,
        also where this one is of a subclass.
        """
        old = self._transport.settings
        new = old.timeouts
        if timeout is not None:
            new = attrs.evolve(new, attempt=_seconds("timeout", timeout))
        if call_timeout is not None:
            new = attrs.evolve(new, call=_seconds("call_timeout", call_timeout))
        view = IntervalsClient.__new__(IntervalsClient)
        settings = Settings(
            timeouts=new,
            retry=old.retry if retry is None else retry,
            checked=old.checked if checked is None else checked,
            send_notifications=(
                old.send_notifications if send_notifications is None else send_notifications
            ),
            disable_action_notes=(
                old.disable_action_notes if disable_action_notes is None else disable_action_notes
            ),
        )
        view._transport = self._transport.with_settings(settings)
        return view

    def resource(self, name: str) -> AnyResource:
        """Get a resource by its name, for callers who know the name only at run time.

        Args:
            name: The name in the API, such as ``"task"``; `intervals_async.resources.names` lists
                all of them.

        Returns:
            The same object as the attribute of that name, typed without its filters and fields.

        Raises:
            ArgumentError: There is no such resource.
        """
        known = resources.names()
        if name not in known:
            import difflib  # noqa: PLC0415  rarely needed

            nearest = difflib.get_close_matches(name, known, n=3)
            hint = (
                f"did you mean {' or '.join(nearest)}?"
                if nearest
                else f"it has: {', '.join(known)}"
            )
            raise ArgumentError(f"the API has no resource {name!r}; {hint}")
        # its methods name their filters and fields, which the Protocol leaves open
        return cast("AnyResource", getattr(self, name))

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The rate limits of the client."""
        return self._transport.limiter.limits

    async def limit_use(self) -> tuple[LimitUse, ...]:
        """Tell how much of each limit is used now. No request is sent.

        Raises:
            LimitStoreError: The store of the limits could not be reached.
        """
        limiter = self._transport.limiter
        return tuple(map(LimitUse, limiter.limits, await limiter.used()))

    async def raw_request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, object] | None = None,
        body: Mapping[str, object] | Sequence[Mapping[str, object]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a raw request, for what the resources do not cover.

        Rate limits, retries, timeouts, errors and events are those of every other call. A POST is
        not retried if it may have been carried out. Redirects are not followed.

        Args:
            method: ``"GET"``, ``"POST"``, ``"PUT"`` or ``"DELETE"``.
            path: The percent-encoded path below the base URL, such as ``"/task/9/"``.
            params: The query, values as for filters: several ids, a `bool`, a `date`.
            body: The JSON to send, as it stands.
            headers: Further headers, except for ``Authorization``.

        Returns:
            The successful response.

        Raises:
            ArgumentError: An argument cannot be sent.
            APIError: The API refused or failed, also if it says so in a successful response.
            CallError: The call failed for good.
            ClientClosedError: The client is closed, or was closed meanwhile.

        Example:
            ::

                response = await intervals.raw_request("GET", "/task/", params={"limit": 1})
                print(response.json()["listcount"])
        """
        from ._http.raw_request import raw_call  # noqa: PLC0415  rarely needed

        call = raw_call(method, path, params=params, body=body, headers=headers)
        return await self._transport.send_raw(call)

    async def budget(self) -> Budget:
        """Ask what is left of the minute and of the day. It costs one small request.

        The vendor does not count it against the day; whether it counts against the minute
        is not documented, so here it does.
        """
        quota = await self.quota.get()
        return Budget(
            limits=await self.limit_use(),
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
