"""What was asked of the server: one frozen record a request."""

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

    Header names are lower-case; ``headers`` holds the credentials as they came, but they are not in
    the repr. ``body`` is the parsed JSON, or None. ``at`` is what the server's clock showed.
    ``status`` is None until the request is answered, and for ever if its connection was dropped.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=_without_credentials)
    body: Json
    at: float
    status: int | None = None


class RequestLog:
    """The requests in the order in which they came, and how many there were ever."""

    __slots__ = ("_requests", "total")

    def __init__(self) -> None:
        self.total = 0
        self._requests: dict[int, SeenRequest] = {}

    def add(self, request: SeenRequest) -> int:
        """Enter a request and return its number."""
        self.total += 1
        self._requests[self.total] = request
        return self.total

    def set_status(self, number: int, status: int | None) -> None:
        """Enter how a request was answered, unless the log was cleared in the meantime."""
        if number in self._requests:
            self._requests[number] = evolve(self._requests[number], status=status)

    def entries(self) -> tuple[SeenRequest, ...]:
        """Return the requests seen since the start or since the last ``clear``."""
        return tuple(self._requests.values())

    def clear(self) -> None:
        """Forget the requests, not how many they were."""
        self._requests.clear()
