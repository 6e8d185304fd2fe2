"""What a client tells of its doings: to the log, and to the hook `on_event`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeAlias

import attrs

__all__ = [
    "AnswerReceived",
    "AttemptReport",
    "DriftFound",
    "Event",
    "LimitWait",
    "PageReceived",
    "Reporter",
    "RequestFailed",
    "RequestSent",
    "RetryScheduled",
    "SnapshotBroken",
]

logger = logging.getLogger("intervals_async")
logger.addHandler(logging.NullHandler())  # a program that sets up no logging sees none


@attrs.frozen(kw_only=True)
class RequestSent:
    """An attempt of a call begins; its place under the limits is taken.

    Attributes:
        attempt_id: Numbers the attempts of a client; the event that ends this one repeats it.
        method: The HTTP method.
        url: The whole address with the query; the token is not part of it.
        resource: The resource's name, such as ``projectnote``.
        attempt: Which attempt of the call this is, from 1.
        body: The body's bytes, if the client was told to show bodies; else None.
    """

    attempt_id: int
    method: str
    url: str
    resource: str
    attempt: int
    body: bytes | None = None


@attrs.frozen(kw_only=True)
class AnswerReceived:
    """An attempt ended with a whole answer, good or bad.

    Attributes:
        attempt_id: That of its `RequestSent`.
        method: The HTTP method.
        url: The whole address.
        status: The HTTP status.
        size: The length of the body in bytes.
        seconds: How long it took, from connecting to the last byte; of a page that is read
            while it arrives, the time that the network took, not that of the reader.
        error: The class name of the error that the answer means; None for a good one.
        body: The body's bytes, if the client was told to show bodies; else None.
    """

    attempt_id: int
    method: str
    url: str
    status: int
    size: int
    seconds: float
    error: str | None = None
    body: bytes | None = None


@attrs.frozen(kw_only=True)
class RequestFailed:
    """An attempt ended without a whole answer.

    Attributes:
        attempt_id: That of its `RequestSent`.
        method: The HTTP method.
        url: The whole address.
        seconds: How long it took.
        error: The class name of the error; ``CancelledError`` where the caller gave up, or
            left a stream in the middle of a page.
        reason: What happened, in words.
    """

    attempt_id: int
    method: str
    url: str
    seconds: float
    error: str
    reason: str


@attrs.frozen(kw_only=True)
class RetryScheduled:
    """A call will be sent again.

    Attributes:
        method: The HTTP method.
        path: The path of the call.
        attempt: Which attempt has just failed, from 1.
        wait: Seconds until the next one.
        error: The class name of the error that ended the last one.
    """

    method: str
    path: str
    attempt: int
    wait: float
    error: str


@attrs.frozen(kw_only=True)
class LimitWait:
    """A call waits for a place under the limits.

    It is told of the first in line, of the calls and of the pages of streams; whoever stands behind it
    waits as well.

    Attributes:
        seconds: How long at least, as far as is known; infinity until another one ends.
        bulk: Whether it is a page of a stream.
    """

    seconds: float
    bulk: bool


@attrs.frozen(kw_only=True)
class PageReceived:
    """A page of a stream was received and decoded.

    Attributes:
        resource: The resource's name.
        offset: The place of its first record in the whole.
        records: How many it holds.
        listcount: How many match in all, if the answer said so.
    """

    resource: str
    offset: int
    records: int
    listcount: int | None


@attrs.frozen(kw_only=True)
class DriftFound:
    """A page of a stream did not begin where the one before ended: others have changed rows.

    Attributes:
        resource: The resource's name.
        offset: The place of the page's first row.
        shift: How many places to the right of its own the next record stands now, to the
            left if below zero.
        listcount: How many records match in all, if the answer said so.
        growth: By how many there are more than with the page before, if both said so.
    """

    resource: str
    offset: int
    shift: int
    listcount: int | None
    growth: int | None


@attrs.frozen(kw_only=True)
class SnapshotBroken:
    """The one answer of a snapshot broke off, or did not hold all.

    Attributes:
        resource: The resource's name.
        delivered: How many of its records were given.
        reason: What happened, in words.
        restarts: Whether it starts again from the first record; else the rest is read page
            by page.
    """

    resource: str
    delivered: int
    reason: str
    restarts: bool


Event: TypeAlias = (
    RequestSent
    | AnswerReceived
    | RequestFailed
    | RetryScheduled
    | LimitWait
    | PageReceived
    | DriftFound
    | SnapshotBroken
)


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
        """Tell of one event. What the hook raises is logged, and harms no call."""
        level = _LEVELS.get(type(event), logging.DEBUG)
        if logger.isEnabledFor(level):
            logger.log(level, _line(event))
        if self._hook is not None:
            try:
                self._hook(event)
            except Exception:
                logger.exception("on_event failed for %s", type(event).__name__)


class AttemptReport:
    """Tells of one attempt of a call: its beginning, and in time its end."""

    __slots__ = ("_id", "_method", "_reporter", "_url")

    def __init__(self, reporter: Reporter, attempt_id: int, method: str, url: str) -> None:
        self._reporter = reporter
        self._id = attempt_id
        self._method = method
        self._url = url

    def sent(self, resource: str, attempt: int, body: bytes | None) -> None:
        """Tell that it begins."""
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

    def answered(
        self, status: int, *, size: int, seconds: float, error: str | None, body: bytes | None
    ) -> None:
        """Tell that a whole answer came."""
        self._reporter.report(
            AnswerReceived(
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

    def failed(self, error: str, reason: str, seconds: float) -> None:
        """Tell that no whole answer came."""
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
        case AnswerReceived():
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
