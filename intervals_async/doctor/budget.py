"""`RequestBudget`: sends GET requests, counts them, and refuses those beyond its size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import attrs

from .. import (
    CallError,
    DailyQuotaError,
    IntervalsClient,
    Response,
    RetryPolicy,
    TooFastError,
    TransportError,
)

__all__ = ["MOST_REQUESTS", "NotTestedError", "RequestBudget"]

MOST_REQUESTS: Final = 60
"""The number of requests that an examination sends at most."""

# If the daily quota is used up, the client itself asks once for the time of its reset.
_RESERVED = 1

# So many connections in a row may fail before nothing else is sent.
_MOST_FAILURES = 3


class NotTestedError(Exception):
    """A check cannot be made; the text says why."""


class RequestBudget:
    """Sends the requests of an examination: GET only, one at a time, each one counted.

    Args:
        client: The client. It sends each request once; this class repeats and counts.
        size: The number of requests to send at most, those of the client's own included.
        retry: The waits and the number of attempts for a request that a rate limit refuses.
        on_request: Called before each request with the numbers of requests sent and allowed, and
            the path.
    """

    __slots__ = (
        "_client", "_failures", "_on_request", "_retry", "_size", "retry_after", "sent", "stopped",
    )  # fmt: skip

    def __init__(
        self,
        client: IntervalsClient,
        size: int,
        retry: RetryPolicy,
        on_request: Callable[[int, int, str], None],
    ) -> None:
        self._client = client
        self._size = size
        self._retry = retry
        self._on_request = on_request
        self._failures = 0
        self.sent: int = 0
        # Why nothing else is sent; None while requests are sent.
        self.stopped: str | None = None
        # Whether a refusal said how long to wait; None without a refusal.
        self.retry_after: bool | None = None

    @property
    def left(self) -> int:
        """The number of requests that may still be sent."""
        return 0 if self.stopped else max(self._size - _RESERVED - self.sent, 0)

    async def get(
        self, path: str, params: Mapping[str, object], *, raise_errors: bool = False
    ) -> Response:
        """Send a GET request, and return its response whatever its status is.

        Raises:
            NotTestedError: The budget is used up, or there is no response.
            CallError: The request failed, and `raise_errors` is set.
        """
        attempt = 1
        while True:
            try:
                response = await self._send(path, params, attempt, raise_errors=raise_errors)
            except CallError as error:
                if isinstance(error, TooFastError) and self._may_repeat(error, attempt):
                    attempt += 1
                    continue
                if raise_errors:
                    raise
                raise NotTestedError(self._note(error)) from None
            self._failures = 0
            return response

    def _may_repeat(self, error: TooFastError, attempt: int) -> bool:
        self.retry_after = error.retry_after is not None
        return attempt < self._retry.attempts and (error.retry_after or 0.0) <= self._retry.wait_max

    def _note(self, error: CallError) -> str:
        """Return why there is no response, and decide whether to stop."""
        match error:
            case TooFastError():
                self.stopped = "the rate limit refuses requests"
            case DailyQuotaError():
                self.sent += _RESERVED
                self.stopped = "the daily quota is used up"
            case TransportError():
                self._failures += 1
                if self._failures >= _MOST_FAILURES:
                    self.stopped = "the connection keeps failing"
            case _:
                pass
        return self.stopped or f"no usable response ({type(error).__name__})"

    async def _send(
        self, path: str, params: Mapping[str, object], attempt: int, *, raise_errors: bool
    ) -> Response:
        if self.stopped is not None:
            raise NotTestedError(self.stopped)
        if not self.left:
            raise NotTestedError(f"the budget of {self._size} requests is used up")
        self.sent += 1
        self._on_request(self.sent, self._size, path)
        # one request only, and a longer pause of the client after each refusal in a row
        pause = min(self._retry.wait_too_fast * 2.0 ** (attempt - 1), self._retry.wait_max)
        policy = attrs.evolve(self._retry, attempts=1, wait_too_fast=pause)
        return await self._client.with_options(retry=policy).raw_request(
            "GET", path, params=params, raise_errors=raise_errors
        )
