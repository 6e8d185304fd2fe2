"""`IntervalsClient`: wraps a session, with an attribute for each resource."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
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
from .limits import Budget, Limit, Limiter, LimitStore, LimitUse
from .resources._attributes import ResourceAttributes
from .retry import RetryPolicy

if TYPE_CHECKING:
    from ._http.response import Response
    from .resources import AnyResource

__all__ = ["IntervalsClient"]

BASE_URL = "https://api.myintervals.com/"


class IntervalsClient(ResourceAttributes):
    """A client for one account, with the permissions of the token's owner.

    Use it with ``async with``, or call `close` when done. It may live for weeks and be used by many
    tasks at once, all within one event loop. A service makes one client and shares it.

    Example:
        ::

            async with IntervalsClient() as intervals:
                async for note in intervals.projectnote.list(search="invoice"):
                    print(note.title)

    Each resource is an attribute with its name in the API: ``intervals.task``. It is imported when
    it is first used. See `intervals_async.resources`.

    Args:
        token: The API token of a person; by default the environment variable ``INTERVALS_TOKEN``.
        base_url: The root of the API; by default the environment variable ``INTERVALS_BASE_URL``,
            else ``https://api.myintervals.com/``.
        session: An aiohttp session to send with. It is never closed and never changed. Client
            middlewares of the session do not see the requests of this client, since aiohttp lets
            those of a request replace them. A page of a stream that is only partly read holds its
            connection, so the connector must allow one connection more than the highest
            `concurrency`.
        trace_configs: The trace configurations of aiohttp for the client's own session.
        timeout: Seconds for one attempt, from connecting to the last byte of the response; for a
            large response, for each MiB of it. Time that a slow reader of a stream takes does not
            count.
        connect_timeout: Seconds of these for connecting.
        call_timeout: Seconds for a call with all its attempts and the waits between them; for a
            page of a stream, until its response begins. Waiting for rate limits counts in none of
            the three timeouts.
        limits: The rate limits, by default 100 requests a minute, which is what the API allows an
            IP address. Pass ``()`` for none: in tests, or with a server of your own.
        limit_store: Where the use of the limits is kept, by default in this client. Clients,
            processes or hosts that share a store share the limits. The client does not close it.
        retry: What is retried, and when.
        max_response_bytes: The maximum size of a response; a larger one is refused while it is
            read. For a page of a stream, which is decoded while it arrives, the maximum size of one
            record.
        on_event: Called with each `Event` when it happens, in the task in which it happens. It must
            be quick. What it raises is logged and affects no call.
        checked: Whether to check filters and fields against the documentation before they are sent:
            names, required ones, lengths, values. Set it to False where the server allows more;
            then it decides about everything that can be encoded.
        send_notifications: Whether writes send the e-mails that go with them, unless a call
            overrides it. They do not by default, as in the API.
        disable_action_notes: Whether writes of tasks and milestones leave out their automatic
            action notes, unless a call overrides it.
        show_bodies: Whether events carry the bodies of requests and responses. They may hold any
            data of the account, and the bodies of pages are kept in memory for it.

    Raises:
        ArgumentError: The token or the URL cannot be used.
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
        """Return a view of this client with other options.

        The view shares everything else, rate limits and session included, and is closed with this
        client: ``await intervals.with_options(timeout=5).me.get()``. It is an `IntervalsClient`,
        even if this client is of a subclass.
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
        """Return how much of each rate limit is used now. No request is sent.

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
        """Ask how many requests are left under the rate limits and the daily quota.

        It takes one small request. The vendor does not count that against the daily quota; whether
        it counts against the minute is not documented, so here it does.
        """
        quota = await self.quota.get()
        return Budget(
            limits=await self.limit_use(),
            daily_quota=quota.quota,
            daily_used=quota.used,
            next_reset=quota.next_reset,
            requests=self._transport.requests,
        )

    def __repr__(self) -> str:
        """Show the base URL, and nothing of the token."""
        transport = getattr(self, "_transport", None)  # not there yet where making it failed
        return f"<IntervalsClient {transport.base_url if transport else 'unfinished'}>"

    @property
    def closed(self) -> bool:
        """Whether the client is closed."""
        return self._transport.closed

    async def close(self) -> None:
        """Close the client, and its session unless that was passed in.

        Calls that wait, or that are under way on the client's own session, raise
        `ClientClosedError`. `close` may be called again, and in any state.
        """
        await self._transport.close()

    async def __aenter__(self) -> Self:
        """Return the client."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the client."""
        await self.close()


def _seconds(name: str, value: float) -> float:
    if not value > 0:
        raise ArgumentError(f"{name} is in seconds, above 0")
    return value
