"""Passes events on to the log and to the hook ``on_event``."""

from __future__ import annotations

import logging
from collections.abc import Callable

from ..errors import CallError
from ..events import (
    DriftFound,
    Event,
    FieldUnreadable,
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
logger.addHandler(logging.NullHandler())  # silent unless the program sets up logging


class Reporter:
    """Passes events on to the log and the hook.

    Levels: DEBUG for each request, response and page; INFO for drift and for a wait for the rate
    limits; WARNING for failures that are retried and
    for fields that could not be read. Errors that are raised are not logged, because
    the caller handles them.
    """

    __slots__ = ("_hook",)

    def __init__(self, hook: Callable[[Event], None] | None = None) -> None:
        self._hook = hook

    def report(self, event: Event) -> None:
        """Report one event. An error of the hook is logged, and does not affect the call."""
        level = _LEVELS.get(type(event), logging.DEBUG)
        if logger.isEnabledFor(level):
            logger.log(level, _line(event))
        if self._hook is not None:
            try:
                self._hook(event)
            except Exception:
                logger.exception("on_event failed for %s", type(event).__name__)


class AttemptReport:
    """Reports the start and the end of one attempt of a call. Only the first end counts."""

    __slots__ = ("_ended", "_id", "_method", "_reporter", "_url")

    def __init__(self, reporter: Reporter, attempt_id: int, method: str, url: str) -> None:
        self._reporter = reporter
        self._id = attempt_id
        self._method = method
        self._url = url
        self._ended = False

    def sent(self, resource: str, attempt: int, body: bytes | None) -> None:
        """Report the start."""
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
        """Report a complete response, and the class name of its error if it is one."""
        self._end(
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

    def failed(self, error: BaseException, seconds: float) -> None:
        """Report an attempt without a complete response."""
        # Only messages of our own errors are shown: others may hold secrets.
        reason = error.message if isinstance(error, CallError) else "the call was cancelled"
        self._report_failure(type(error).__name__, reason, seconds)

    def closed_early(self, seconds: float) -> None:
        """Report a response that was closed before its end."""
        self._report_failure("CancelledError", "the response was closed before its end", seconds)

    def _report_failure(self, error: str, reason: str, seconds: float) -> None:
        self._end(
            RequestFailed(
                attempt_id=self._id,
                method=self._method,
                url=self._url,
                seconds=seconds,
                error=error,
                reason=reason,
            )
        )

    def _end(self, event: Event) -> None:
        if not self._ended:
            self._ended = True
            self._reporter.report(event)


_LEVELS: dict[type[Event], int] = {
    RetryScheduled: logging.WARNING,
    SnapshotBroken: logging.WARNING,
    FieldUnreadable: logging.WARNING,
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
            return f"{words}, retrying in {event.wait:.1f} s"
        case LimitWait():
            return f"waiting for the rate limits, {event.seconds:.1f} s or more"
        case PageReceived():
            words = f"{event.resource}: {event.records} records from offset {event.offset}"
            return f"{words}, of {event.listcount}"
        case DriftFound():
            words = f"{event.resource}: rows changed before offset {event.offset}"
            return f"{words}, the next record moved by {event.shift:+d}"
        case FieldUnreadable():
            record = "" if event.record_id is None else f" {event.record_id}"
            words = f"{event.resource}{record}: {event.field}: {event.reason}"
            return f"{words}; further ones are not reported"
        case SnapshotBroken():
            next_step = "restarting" if event.restarts else "continuing page by page"
            words = f"{event.resource}: snapshot broken after {event.delivered} records"
            return f"{words}, {next_step}: {event.reason}"
