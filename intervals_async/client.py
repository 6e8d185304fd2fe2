"""`IntervalsClient`: wraps a session, with an attribute for each resource."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Literal, NoReturn, Self, cast

import aiohttp
import attrs

from . import resources
from ._http.connection import Connection
from ._http.credentials import Token, TokenSource, checked_base_url
from ._http.proxy import Proxy
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
            Or a function, which may be async, that returns the current token. It is called before
            the first request, and again if the server refuses the token (HTTP 401). The call is
            then retried once, if the token is another one.
        base_url: The root of the API; by default the environment variable ``INTERVALS_BASE_URL``,
            else ``https://api.myintervals.com/``.
        session: An aiohttp session to send with. It is never closed and never changed. Client
            middlewares of the session do not see the requests of this client, because the client
            sets its own for each request. A partly read page of a stream holds its connection, so
            the connector must allow one connection more than the highest `concurrency`.
        trace_configs: The trace configurations of aiohttp for the client's own session.
        timeout: Seconds for one attempt, from connecting to the last byte of the response. A large
            response gets this time for each MiB. The time that a slow reader of a stream takes does
            not count.
        connect_timeout: Seconds for connecting, within `timeout`.
        call_timeout: Seconds for a call with all its attempts and the waits between them. For a
            page of a stream, it ends when the response begins. Waiting for rate limits counts
            towards none of the three timeouts.
        limit_timeout: Seconds for one wait for a slot of the rate limits, after which
            `LimitTimeoutError` is raised. By default, calls wait as long as it takes.
        limits: The rate limits, by default 100 requests a minute, which the API allows for each IP
            address. Pass ``()`` for none, in tests or with a server of your own.
        limit_store: The store that counts the use of the limits, by default one in this client.
            Clients, processes or hosts that share a store share the limits. The client does not
            close it.
        proxy: The URL of an HTTP proxy, such as ``http://user:password@proxy.example.com:3128``.
            ``"env"`` reads ``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` when
            the client is created. By default, no proxy is used.
        retry: Which calls are retried, and when.
        max_response_bytes: The maximum size of a response; a larger one is refused while it is
            read. Pages of a stream are decoded while they arrive, so for them it is the maximum
            size of one record.
        on_event: Called with each `Event`, in the task in which the event happens. It must be
            quick. Its exceptions are logged and affect no call.
        checked: Whether to check filters and fields against the documentation before they are sent:
            names, required fields, lengths and values. With False, the server alone decides, which
            helps if it allows more than is documented.
        on_unreadable: What happens to a field whose value the server does not send as documented.
            With ``"unset"``, it is left unset: the record is returned, `Record.unreadable` shows
            what was sent, and reading the field raises `FieldUnreadableError`. With ``"raise"``,
            the call raises `RecordError`.
        send_notifications: Whether writes send their e-mail notifications, unless a call overrides
            it. As in the API, the default is False.
        disable_action_notes: Whether writes of tasks and milestones leave out their automatic
            action notes, unless a call overrides it.
        show_bodies: Whether events carry the bodies of requests and responses. Bodies may hold any
            data of the account, and the body of each page is then kept in memory.

    Raises:
        ArgumentError: The token, the URL or another argument cannot be used.

    .. versionchanged:: 0.2.0
       Added `proxy`, `limit_timeout`, `checked`, `on_unreadable`, `send_notifications` and
       `disable_action_notes`. `token` may be a function.
    """

    def __init__(
        self,
        token: Token | None = None,
        *,
        base_url: str | None = None,
        session: aiohttp.ClientSession | None = None,
        trace_configs: Sequence[aiohttp.TraceConfig] = (),
        proxy: str | None = None,
        timeout: float = 60.0,
        connect_timeout: float = 10.0,
        call_timeout: float = 300.0,
        limit_timeout: float | None = None,
        limits: Iterable[Limit] = (Limit(100, per=60.0),),
        limit_store: LimitStore | None = None,
        retry: RetryPolicy | None = None,
        max_response_bytes: int = 2**28,
        checked: bool = True,
        on_unreadable: Literal["unset", "raise"] = "unset",
        send_notifications: bool = False,
        disable_action_notes: bool = False,
        on_event: Callable[[Event], None] | None = None,
        show_bodies: bool = False,
    ) -> None:
        try:
            tokens = TokenSource(os.environ.get("INTERVALS_TOKEN", "") if token is None else token)
        except ArgumentError as error:
            raise error.with_traceback(None) from None
        finally:
            token = None  # a traceback may be shown with its variables
        if base_url is None:
            base_url = os.environ.get("INTERVALS_BASE_URL", "").strip() or BASE_URL
        if session is not None and trace_configs:
            raise ArgumentError(
                "trace_configs: expected none with session=, got some; pass them to that session"
            )
        if max_response_bytes < 1:
            raise ArgumentError(
                f"max_response_bytes: expected a number above 0, got {max_response_bytes!r}"
            )
        timeouts = Timeouts(
            connect=_seconds("connect_timeout", connect_timeout),
            attempt=_seconds("timeout", timeout),
            call=_seconds("call_timeout", call_timeout),
            limit=None if limit_timeout is None else _seconds("limit_timeout", limit_timeout),
        )
        reporter = Reporter(on_event)
        base_url = checked_base_url(base_url)
        self._transport = Transport(
            Connection(
                tokens,
                base_url=base_url,
                proxy=Proxy.resolve(proxy, base_url),
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
                strict=_is_strict(on_unreadable),
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
        limit_timeout: float | None = None,
        checked: bool | None = None,
        on_unreadable: Literal["unset", "raise"] | None = None,
        send_notifications: bool | None = None,
        disable_action_notes: bool | None = None,
    ) -> IntervalsClient:
        """Return a view of this client with other options.

        The view shares everything else, such as the rate limits and the session, and is closed with
        this client. It is an `IntervalsClient`, even if this client is of a subclass.

        Example:
            ::

                me = await intervals.with_options(timeout=5).me.get()

        Raises:
            ArgumentError: A timeout is not above 0, or `on_unreadable` is unknown.

        .. versionchanged:: 0.2.0
           Added `limit_timeout`, `checked`, `on_unreadable`, `send_notifications` and
           `disable_action_notes`.
        """
        old = self._transport.settings
        new = old.timeouts
        if timeout is not None:
            new = attrs.evolve(new, attempt=_seconds("timeout", timeout))
        if call_timeout is not None:
            new = attrs.evolve(new, call=_seconds("call_timeout", call_timeout))
        if limit_timeout is not None:
            new = attrs.evolve(new, limit=_seconds("limit_timeout", limit_timeout))
        view = IntervalsClient.__new__(IntervalsClient)
        settings = Settings(
            timeouts=new,
            retry=old.retry if retry is None else retry,
            checked=old.checked if checked is None else checked,
            strict=old.strict if on_unreadable is None else _is_strict(on_unreadable),
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

        .. versionadded:: 0.2.0
        """
        known = resources.names()
        if name not in known:
            import difflib  # noqa: PLC0415  rarely needed

            nearest = difflib.get_close_matches(name, known, n=3)
            hint = (
                f"did you mean {' or '.join(nearest)}?"
                if nearest
                else f"the API has {', '.join(known)}"
            )
            raise ArgumentError(f"name: expected a resource of the API, got {name!r}; {hint}")
        # The methods name their filters and fields, but the Protocol accepts any.
        return cast("AnyResource", getattr(self, name))

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The rate limits of the client.

        .. versionadded:: 0.2.0
        """
        return self._transport.limiter.limits

    def server_time(self) -> datetime:
        """Return the server's time in UTC, without a request.

        It follows the ``Date`` header of the latest response, so it is right even if this machine's
        clock is wrong. Before the first response, it is this machine's time.

        .. versionadded:: 0.2.0
        """
        return self._transport.server_clock.now()

    async def limit_use(self) -> tuple[LimitUse, ...]:
        """Return how much of each rate limit is used now. No request is sent.

        Raises:
            LimitStoreError: The limit store is unavailable.

        .. versionadded:: 0.2.0
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
        raise_errors: bool = True,
    ) -> Response:
        """Send a request that the resources do not cover.

        Rate limits, retries, timeouts, errors and events work as for every other call. A POST that
        the server may have processed is not retried. Redirects are not followed.

        Args:
            method: ``"GET"``, ``"POST"``, ``"PUT"`` or ``"DELETE"``.
            path: The percent-encoded path below the base URL, such as ``"/task/9/"``.
            params: The query. It takes the same values as filters, such as several ids, a `bool`
                or a `date`.
            body: The JSON to send, unchanged.
            headers: Additional headers, except those that the client sets.
            raise_errors: Whether to raise an error of the API. With False, its response is
                returned after the last attempt, with any HTTP status. A request that a rate limit
                refused still raises `RateLimitError`.

        Returns:
            The response. It is a success unless `raise_errors` is False.

        Raises:
            ArgumentError: An argument cannot be sent.
            APIError: The API refused the request or failed, even if the HTTP status is 200.
            CallError: The call failed after its last attempt.
            ClientClosedError: The client was closed before or during the call.

        Example:
            ::

                response = await intervals.raw_request("GET", "/task/", params={"limit": 1})
                print(response.json()["listcount"])

        .. versionadded:: 0.2.0
        """
        from ._http.raw_request import raw_call  # noqa: PLC0415  rarely needed

        call = raw_call(method, path, params=params, body=body, headers=headers)
        return await self._transport.send_raw(call, raise_errors=raise_errors)

    async def budget(self) -> Budget:
        """Request the use of the daily quota, and return it with the use of the rate limits.

        This takes one small request, which does not count towards the daily quota. Whether it
        counts towards the limit per minute is not documented, so the client counts it.
        """
        quota = await self.quota.get()
        return Budget(
            limits=await self.limit_use(),
            daily_quota=quota.quota,
            daily_used=quota.used,
            next_reset=quota.next_reset,
            requests=self._transport.requests,
        )

    def __reduce__(self) -> NoReturn:
        """Explain what to do instead of pickling."""
        raise TypeError(
            "a client cannot be pickled or copied: create one in each process, "
            "or use with_options() for other settings"
        )

    def __repr__(self) -> str:
        """Show the base URL, but not the token."""
        transport = getattr(self, "_transport", None)  # missing if __init__ failed
        return f"<IntervalsClient {transport.base_url if transport else 'unfinished'}>"

    @property
    def closed(self) -> bool:
        """Whether the client is closed."""
        return self._transport.closed

    async def close(self) -> None:
        """Close the client, and its session unless the session was passed in.

        Calls that wait, or that are in progress on the client's own session, raise
        `ClientClosedError`. Closing is allowed in any state, and more than once.
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


def _is_strict(on_unreadable: str) -> bool:
    if on_unreadable not in ("unset", "raise"):
        raise ArgumentError(f"on_unreadable: expected 'unset' or 'raise', got {on_unreadable!r}")
    return on_unreadable == "raise"


def _seconds(name: str, value: float) -> float:
    if not value > 0:
        raise ArgumentError(f"{name}: expected seconds above 0, got {value!r}")
    return value
