"""What a client tells of its doings: to the log, and to the hook `on_event`."""

from __future__ import annotations

from typing import TypeAlias

import attrs

__all__ = [
    "DriftFound",
    "Event",
    "LimitWait",
    "PageReceived",
    "RequestFailed",
    "RequestSent",
    "ResponseReceived",
    "RetryScheduled",
    "SnapshotBroken",
]


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
class ResponseReceived:
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
    | ResponseReceived
    | RequestFailed
    | RetryScheduled
    | LimitWait
    | PageReceived
    | DriftFound
    | SnapshotBroken
)
