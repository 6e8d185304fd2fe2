"""`IntervalsClient`: the session wrapper, one attribute a resource."""

from __future__ import annotations

import os
from collections.abc import Iterable
from types import TracebackType
from typing import Self

import aiohttp

from ._transport import Transport
from ._wire import checked_base_url, checked_token
from .errors import ArgumentError
from .limits import Limit, Limiter
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

__all__ = ["IntervalsClient"]

BASE_URL = "https://api.myintervals.com/"


class IntervalsClient:
    """A client for one account, with the rights of the token's owner.

    Use it with ``async with``, or call `close` when done. It may live for weeks and be used
    by many tasks at once, all within one event loop; a service makes one and shares it.

    Args:
        token: The person's API token; without it, the environment's ``INTERVALS_TOKEN``.
        base_url: The root of the API; without it, the environment's ``INTERVALS_BASE_URL``,
            else ``https://api.myintervals.com/``.
        session: An aiohttp session to send with. It is never closed and never changed.
            aiohttp lets the middlewares of a request replace those of its session, so a
            session's own client middlewares do not see this client's requests.
        timeout: Seconds for one attempt, from connecting to the last byte of the answer.
            Waiting for the limits is not in it.
        connect_timeout: Seconds of these for the connection.
        limits: How many requests may be sent; 100 a minute by default, as the API allows an
            address. Empty for none: for tests, or a server of one's own.
        retry: What is sent again, and when.

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
        timeout: float = 60.0,
        connect_timeout: float = 10.0,
        limits: Iterable[Limit] = (Limit(100, per=60.0),),
        retry: RetryPolicy | None = None,
    ) -> None:
        if token is None:
            token = os.environ.get("INTERVALS_TOKEN", "")
        if base_url is None:
            base_url = os.environ.get("INTERVALS_BASE_URL") or BASE_URL
        self._transport = Transport(
            checked_token(token),
            base_url=checked_base_url(base_url),
            session=session,
            timeout=aiohttp.ClientTimeout(
                total=_seconds("timeout", timeout),
                connect=_seconds("connect_timeout", connect_timeout),
            ),
            limiter=Limiter(limits),
            retry=retry or RetryPolicy(),
        )
        self.contactdescriptor = ContactDescriptorResource(self._transport)
        """Labels of contact details."""
        self.contacttype = ContactTypeResource(self._transport)
        """Kinds of contact details."""
        self.me = MeResource(self._transport)
        """The token's owner."""
        self.person = PersonResource(self._transport)
        """People."""
        self.personcontact = PersonContactResource(self._transport)
        """Contact details of people."""
        self.project = ProjectResource(self._transport)
        """Projects."""
        self.projectnote = ProjectNoteResource(self._transport)
        """Notes on projects."""
        self.quota = QuotaResource(self._transport)
        """The day's quota of requests."""

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
