"""The events of a client, for the log and for the hook `on_event`."""

from __future__ import annotations

from typing import TypeAlias

import attrs

__all__ = [
    "DriftFound",
    "Event",
    "FieldUnreadable",
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
    """An attempt of a call starts. It holds a slot of the rate limits.

    Attributes:
        attempt_id: The number of the attempt, unique within the client. The event that ends the
            attempt has the same number.
        method: The HTTP method.
        url: The complete URL with the query. It never holds the token.
        resource: The name of the resource, such as ``projectnote``.
        attempt: The number of the attempt within its call, from 1.
        body: The bytes of the body if the client has ``show_bodies=True``, else None.
    """

    attempt_id: int
    method: str
    url: str
    resource: str
    attempt: int
    body: bytes | None = None


@attrs.frozen(kw_only=True)
class ResponseReceived:
    """An attempt ended with a complete response, which may be an error.

    Attributes:
        attempt_id: The number of its `RequestSent`.
        method: The HTTP method.
        url: The complete URL.
        status: The HTTP status.
        size: The length of the body in bytes.
        seconds: The time from connecting to the last byte. A page that is decoded while it
            arrives counts the time of the network only.
        error: The class name of the error in the response; None for a success.
        body: The bytes of the body if the client has ``show_bodies=True``, else None.

    .. versionchanged:: 0.2.0
       Renamed from ``AnswerReceived``.
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
    """An attempt ended without a complete response.

    Attributes:
        attempt_id: The number of its `RequestSent`.
        method: The HTTP method.
        url: The complete URL.
        seconds: The time that the attempt took.
        error: The class name of the error. It is ``CancelledError`` if the call was cancelled,
            or if a stream was closed in the middle of a page.
        reason: A description of the failure.
    """

    attempt_id: int
    method: str
    url: str
    seconds: float
    error: str
    reason: str


@attrs.frozen(kw_only=True)
class RetryScheduled:
    """A failed call will be retried.

    Attributes:
        method: The HTTP method.
        path: The path of the call.
        attempt: The number of the failed attempt, from 1.
        wait: Seconds until the next attempt.
        error: The class name of the error of the failed attempt.
    """

    method: str
    path: str
    attempt: int
    wait: float
    error: str


@attrs.frozen(kw_only=True)
class LimitWait:
    """A call waits for a slot of the rate limits.

    Only the first call and the first page of a stream in the queue are reported. The calls
    behind them wait too.

    Attributes:
        seconds: The expected minimum wait in seconds; infinity until another request ends.
        bulk: Whether the call is a page of a stream.
    """

    seconds: float
    bulk: bool


@attrs.frozen(kw_only=True)
class PageReceived:
    """A page of a stream was received and decoded.

    Attributes:
        resource: The name of the resource.
        offset: The offset of its first record in the listing.
        records: The number of records in the page.
        listcount: The server's count of matching records; None if the response has none.
    """

    resource: str
    offset: int
    records: int
    listcount: int | None


@attrs.frozen(kw_only=True)
class DriftFound:
    """A page of a stream does not start where the page before ended, because rows changed.

    Attributes:
        resource: The name of the resource.
        offset: The offset of the page's first row.
        shift: By how many rows the next record has moved to the right; negative to the left.
        listcount: The server's count of matching records; None if the response has none.
        growth: The change of that count since the page before; None if it is unknown.
    """

    resource: str
    offset: int
    shift: int
    listcount: int | None
    growth: int | None


@attrs.frozen(kw_only=True)
class FieldUnreadable:
    """A field of a record could not be read, and was left unset.

    It is reported once for each resource and field in the life of a client. `Record.unreadable`
    shows the fields of each record.

    Attributes:
        resource: The name of the resource.
        field: The name of the field.
        record_id: The id of the record; None if it has none.
        reason: What was expected, and what was found.

    .. versionadded:: 0.2.0
    """

    resource: str
    field: str
    record_id: int | None
    reason: str


@attrs.frozen(kw_only=True)
class SnapshotBroken:
    """The single response of a snapshot ended early, or is not complete.

    Attributes:
        resource: The name of the resource.
        delivered: The number of records that were yielded.
        reason: A description of the failure.
        restarts: Whether the stream starts again from the first record. Otherwise it reads the
            rest page by page.
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
    | FieldUnreadable
    | SnapshotBroken
)
