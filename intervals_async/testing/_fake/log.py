"""The request log: one immutable ``SeenRequest`` per request."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve, field, frozen

from intervals_async.testing._fake.wire import Json


def _without_credentials(headers: Mapping[str, str]) -> str:
    shown = {name: "***" if name == "authorization" else value for name, value in headers.items()}
    return repr(shown)


@frozen
class SeenRequest:
    """A request that reached the server.

    Attributes:
        method: The HTTP method.
        path: The path, as in ``/projectnote/``.
        query: The query parameters.
        headers: The headers by lower-case name, including the credentials, which the repr hides.
        body: The parsed JSON body, or None.
        at: The time in seconds on the server's clock.
        status: The HTTP status of the response. It is None before the response is sent, and stays
            None if the connection was dropped.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=_without_credentials)
    body: Json
    at: float
    status: int | None = None


class RequestLog:
    """The requests in the order of their arrival, and their total number."""

    __slots__ = ("_requests", "total")

    def __init__(self) -> None:
        self.total = 0
        self._requests: dict[int, SeenRequest] = {}

    def add(self, request: SeenRequest) -> int:
        """Add a request and return its number."""
        self.total += 1
        self._requests[self.total] = request
        return self.total

    def set_status(self, number: int, status: int | None) -> None:
        """Set the status of a request, unless the log was cleared in the meantime."""
        if number in self._requests:
            self._requests[number] = evolve(self._requests[number], status=status)

    def entries(self) -> tuple[SeenRequest, ...]:
        """Return the requests since the start or since the last ``clear``."""
        return tuple(self._requests.values())

    def clear(self) -> None:
        """Remove all requests, but keep their total number."""
        self._requests.clear()
