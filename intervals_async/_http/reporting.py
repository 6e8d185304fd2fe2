"""Passes events on to the log and to the hook ``on_event``."""

from __future__ import annotations

import logging
from collections.abc import Callable

from ..errors import CallError
from ..events import (
    DriftFound,
    Event,
    LimitWait,
    PageReceived,
    RequestFailed,
    RequestSent,
    ResponseReceived,
    RetryScheduled,
    SnapshotBroken,
)

__all__ = ["AttemptReport", "Reporter"]


logger = logging.getLogger("intervals_async")
logger.addHandler(logging.NullHandler())  # a program that sets up no logging sees none


class Reporter:
    """Passes events on to the log and the hook.

    The levels: DEBUG for each request, answer and page; INFO for a wait for the limits;
    WARNING for what goes wrong and is tried again. An error that a caller gets is not
    logged: it is the caller's to tell.
    """

    __slots__ = ("_hook",)

    def __init__(self, hook: Callable[[Event], None] | None = None) -> None:
        self._hook = hook

    def report(self, event: Event) -> None:
        """Report one event. What the hook raises is logged, and does not affect the call."""
        level = _LEVELS.get(type(event), logging.DEBUG)
        if logger.isEnabledFor(level):
            logger.log(level, _line(event))
        if self._hook is not None:
            try:
                self._hook(event)
            except Exception:
                logger.exception("on_event failed for %s", type(event).__name__)


class AttemptReport:
    """Reports one attempt of a call: its beginning, and its end."""

    __slots__ = ("_id", "_method", "_reporter", "_url")

    def __init__(self, reporter: Reporter, attempt_id: int, method: str, url: str) -> None:
        self._reporter = reporter
        self._id = attempt_id
        self._method = method
        self._url = url

    def sent(self, resource: str, attempt: int, body: bytes | None) -> None:
        """Report that it begins."""
        self._reporter.report(
            RequestSent(
                attempt_id=self._id,
                method=self._method,
                url=self._url,
                resource=resource,
                attempt=attempt,
                body=body,
            )
        )

    def ended(
        self, status: int, size: int, seconds: float, error: str | None, body: bytes | None
    ) -> None:
        """Report a complete response, and the error that it means."""
        self._reporter.report(
            ResponseReceived(
                attempt_id=self._id,
                method=self._method,
                url=self._url,
                status=status,
                size=size,
                seconds=seconds,
                error=error,
                body=body,
            )
        )

    def broke_off(self, error: BaseException, seconds: float) -> None:
        """Report an attempt without a complete response."""
        # Only our own errors may show their message: any other may hold anything.
        reason = error.message if isinstance(error, CallError) else "it was given up"
        self._failed(type(error).__name__, reason, seconds)

    def left(self, seconds: float) -> None:
        """Report a response whose rest nobody wanted."""
        self._failed("CancelledError", "it was left", seconds)

    def _failed(self, error: str, reason: str, seconds: float) -> None:
        self._reporter.report(
            RequestFailed(
                attempt_id=self._id,
                method=self._method,
                url=self._url,
                seconds=seconds,
                error=error,
                reason=reason,
            )
        )


_LEVELS: dict[type[Event], int] = {
    RetryScheduled: logging.WARNING,
    SnapshotBroken: logging.WARNING,
    DriftFound: logging.INFO,
    LimitWait: logging.INFO,
}


def _line(event: Event) -> str:
    match event:
        case RequestSent():
            return f"{event.method} {event.url} (attempt {event.attempt})"
        case ResponseReceived():
            words = f"{event.method} {event.url}: HTTP {event.status}"
            return f"{words}, {event.size} bytes in {event.seconds:.3f} s"
        case RequestFailed():
            return f"{event.method} {event.url}: {event.error}: {event.reason}"
        case RetryScheduled():
            words = f"{event.method} {event.path}: {event.error} in attempt {event.attempt}"
            return f"{words}, again in {event.wait:.1f} s"
        case LimitWait():
            return f"waiting for the limits, {event.seconds:.1f} s or more"
        case PageReceived():
            words = f"{event.resource}: {event.records} records from {event.offset} on"
            return f"{words}, of {event.listcount}"
        case DriftFound():
            words = f"{event.resource}: others have changed rows before offset {event.offset}"
            return f"{words}, the next one has moved by {event.shift:+d}"
        case SnapshotBroken():
            then = "from the first record again" if event.restarts else "on page by page"
            words = f"{event.resource}: snapshot broken after {event.delivered} records"
            return f"{words}, {then}: {event.reason}"
