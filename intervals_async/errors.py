"""All errors of the library. Their common base class is `IntervalsError`."""

from __future__ import annotations

import copyreg
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

__all__ = [
    "APIError",
    "AccountBannedError",
    "AccountInactiveError",
    "AccountNotFoundError",
    "AccountSuspendedError",
    "ActionNotAvailableError",
    "AmbiguousWriteError",
    "ArgumentError",
    "AuthenticationError",
    "BadRequestError",
    "BudgetError",
    "CallError",
    "ClientClosedError",
    "ConnectError",
    "ConnectionLostError",
    "DailyQuotaError",
    "DatabaseError",
    "DriftError",
    "FieldUnreadableError",
    "GeneralServerError",
    "IncompleteListingError",
    "IntervalsError",
    "InvalidCredentialsError",
    "LimitStoreError",
    "LimitTimeoutError",
    "ListingError",
    "MethodNotAvailableError",
    "NotFoundError",
    "PaymentRequiredError",
    "PermissionDeniedError",
    "RateLimitError",
    "RecordError",
    "RequestTimeoutError",
    "ResponseError",
    "ResumeError",
    "ServerError",
    "ServiceOfflineError",
    "SnapshotBrokenError",
    "TooFastError",
    "TransportError",
    "UnfitValueError",
    "UnknownParameterError",
    "UnknownResourceError",
    "UserInactiveError",
    "UserNotFoundError",
    "ValidationError",
]


class IntervalsError(Exception):
    """The base class of every error that this library raises on purpose."""


class ArgumentError(IntervalsError, ValueError):
    """An argument is not valid. No request was sent."""


class ClientClosedError(IntervalsError, RuntimeError):
    """The client is closed, or was closed during the call."""


class LimitStoreError(IntervalsError):
    """The shared limit store is unavailable, and is set to fail closed."""


class ResumeError(IntervalsError):
    """The position to resume from is lost, or has changed. Start again from the beginning.

    .. versionadded:: 0.2.0
    """


class UnfitValueError(IntervalsError, ValueError):
    """A value does not fit the column that it is written to. The message names both.

    .. versionadded:: 0.2.0
    """


class BudgetError(IntervalsError):
    """The daily quota is too small for the operation, which was not started.

    Attributes:
        requests: The estimated number of requests; None if the quota is too small to find out.
        daily_left: The number of requests that the account has left today.
        next_reset: When the quota is reset, in UTC; None on older accounts.

    .. versionadded:: 0.2.0
    """

    requests: int | None = None
    daily_left: int = 0
    next_reset: datetime | None = None


class FieldUnreadableError(IntervalsError, AttributeError):
    """A field of a record was read, but the server sent no value of its type.

    `Record.unreadable` holds what it sent. ``getattr(record, field, None)`` returns None instead.

    Attributes:
        resource: The name of the resource, such as ``projectnote``.
        record_id: The id of the record; None if it has none.
        field: The name of the field.
        reason: What was expected, and what was found.

    .. versionadded:: 0.2.0
    """

    def __init__(
        self, reason: str, *, resource: str, field: str, record_id: int | None = None
    ) -> None:
        # Python would suggest similar names of fields if it had to fill in the name itself.
        super().__init__(reason, name=field)
        self.reason = reason
        self.resource = resource
        self.field = field
        self.record_id = record_id

    def __str__(self) -> str:
        """Return one line: the record, the field and the reason."""
        record = "" if self.record_id is None else f" {self.record_id}"
        return f"{self.resource}{record}: {self.field}: {self.reason}"

    def __reduce__(self) -> tuple[Any, ...]:
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__.copy()  # type: ignore[attr-defined]  # as for CallError


class CallError(IntervalsError):
    """A call failed.

    Attributes:
        method: The HTTP method; None if the error is about no single call.
        path: The path of the call, such as ``/projectnote/9/``.
        filters: The query as it was sent: names and wire values.
        status: The HTTP status of the last response; None without a response.
        code: The API's error code (1-20); None if the response has none.
        message: The server's message, or what was wrong.
        verbose: The server's details, one sentence each; often empty.
        attempts: The number of requests that were sent for this call.
        retry_after: The seconds that the server asked to wait; None if it did not.
    """

    retry_after: float | None = None

    def __init__(
        self,
        message: str,
        *,
        method: str | None = None,
        path: str | None = None,
        filters: Mapping[str, str] | None = None,
        status: int | None = None,
        code: int | None = None,
        verbose: Sequence[str] = (),
        attempts: int = 0,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.method = method
        self.path = path
        self.filters: dict[str, str] = dict(filters or {})
        self.status = status
        self.code = code
        self.verbose: tuple[str, ...] = tuple(verbose)
        self.attempts = attempts

    def __str__(self) -> str:
        """Return one line: the call, the status, the message and the server's details."""
        parts: list[str] = []
        if self.method and self.path:
            parts.append(f"{self.method} {self.path}: ")
        if self.status is not None:
            code = "" if self.code is None else f", code {self.code}"
            parts.append(f"HTTP {self.status}{code}: ")
        parts.append(self.message)
        if self.verbose:
            parts.append(f" ({'; '.join(self.verbose)})")
        if self.attempts > 1:
            parts.append(f" [after {self.attempts} attempts]")
        return "".join(parts)

    def __reduce__(self) -> tuple[Any, ...]:
        # The default passes only `args` to the class, and so loses the keyword-only arguments.
        # This keeps pickle and copy exact for every subclass.
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__.copy()  # type: ignore[attr-defined]  # typeshed lacks the documented-by-use __newobj__


class TransportError(CallError):
    """No complete response was received."""


class ConnectError(TransportError):
    """No connection could be made, so no request was sent.

    Attributes:
        permanent: Whether a retry is useless, because the certificate was rejected for instance.
    """

    def __init__(self, message: str, *, permanent: bool = False, **details: Any) -> None:
        super().__init__(message, **details)
        self.permanent = permanent


class ConnectionLostError(TransportError):
    """The connection was lost after the request was started. Its outcome is unknown."""


class RequestTimeoutError(TransportError, TimeoutError):
    """No complete response was received within the timeout. The outcome is unknown."""


class LimitTimeoutError(CallError, TimeoutError):
    """No slot of the rate limits was free within `limit_timeout`. Nothing was sent.

    .. versionadded:: 0.2.0
    """


class AmbiguousWriteError(CallError):
    """A write was sent and its outcome is unknown. It was not retried.

    The record may have been written or not. List the resource to find out before you repeat the
    write. The error of the last attempt is the ``__cause__``.

    Attributes:
        body: The fields as they were sent: wire values by name, or a list of such mappings if
            several records were written at once.
    """

    body: Mapping[str, object] | Sequence[Mapping[str, object]] = {}


class ResponseError(CallError):
    """The response is not what the API documents: HTML, invalid JSON or another shape.

    .. versionchanged:: 0.2.0
       Renamed from ``AnswerError``.
    """


class RecordError(ResponseError):
    """A row of a response is no record, or a field is unreadable with ``on_unreadable="raise"``.

    Attributes:
        json_path: The JSON path of the value in the response, such as ``$.projectnote[3].date``.
        offset: The offset of the row in the complete listing; None if it is from no listing.
        record_id: The id of the row; None if it has none.

    .. versionchanged:: 0.2.0
       Added `offset` and `record_id`. Renamed ``place`` to `json_path`.
    """

    def __init__(
        self,
        message: str,
        *,
        json_path: str = "$",
        offset: int | None = None,
        record_id: int | None = None,
        **details: Any,
    ) -> None:
        super().__init__(message, **details)
        self.json_path = json_path
        self.offset = offset
        self.record_id = record_id


class ListingError(CallError):
    """A listing could not be read completely."""


class IncompleteListingError(ListingError):
    """The server announced more records than it returned, even after retries, or repeats pages.

    A stream raises this instead of ending early. Iterate the same stream again to retry: it
    resumes from its position.
    """


class DriftError(ListingError):
    """The rows changed while they were read, so records may be missing.

    A stream raises this with ``on_drift="raise"``, or if it cannot repair the drift. It is also
    raised at the end, if the yielded records do not account for the server's count.

    Attributes:
        position: The server's offset of the next record.
        delivered: The number of records that were yielded.
        listcount: The server's count of matching records in the last response.
        listcount_before: The count in the response before.
    """

    position: int = 0
    delivered: int = 0
    listcount: int | None = None
    listcount_before: int | None = None


class SnapshotBrokenError(ListingError):
    """The single response of a snapshot ended early, after some records were yielded.

    Discard these records: they are no consistent snapshot. The next step of the same stream
    starts again from the first record.
    """


class APIError(CallError):
    """The API returned an error."""


class AuthenticationError(APIError):
    """The credentials were rejected (HTTP 401)."""


class AccountNotFoundError(AuthenticationError):
    """Code 2: the customer account was not found."""


class AccountInactiveError(AuthenticationError):
    """Code 3: the customer account is not active."""


class UserNotFoundError(AuthenticationError):
    """Code 7: the user was not found."""


class UserInactiveError(AuthenticationError):
    """Code 8: the user is not active."""


class InvalidCredentialsError(AuthenticationError):
    """Code 9: the token is not valid."""


class AccountSuspendedError(APIError):
    """Code 4: the customer account is suspended (HTTP 503). Not retried."""


class AccountBannedError(APIError):
    """Code 5: the customer account is banned (HTTP 418)."""


class PaymentRequiredError(APIError):
    """Code 6: the account is inactive for non-payment (HTTP 402)."""


class PermissionDeniedError(APIError):
    """Code 10: the owner of the token lacks the permission (HTTP 403)."""


class RateLimitError(APIError):
    """The rate limit or the daily quota is exceeded. The call was not processed."""


class DailyQuotaError(RateLimitError):
    """Code 11: the account's daily quota is used up.

    Until `reset`, every call of the client raises this error at once and sends no request.

    Attributes:
        reset: When the quota is reset, in UTC, from ``/quota/``; None if that is unknown.
    """

    reset: datetime | None = None


class TooFastError(RateLimitError):
    """Code 12 (or HTTP 429): too many requests in the last minute from this IP address."""


class BadRequestError(APIError):
    """The request was rejected (HTTP 400, or another 4xx)."""


class UnknownResourceError(BadRequestError):
    """Code 13: the resource type does not exist."""


class NotFoundError(APIError):
    """Code 14: the record does not exist (HTTP 404)."""


class ActionNotAvailableError(BadRequestError):
    """Code 15: the action is not available for the resource."""


class MethodNotAvailableError(BadRequestError):
    """Code 16: the HTTP method is not available for the resource."""


class UnknownParameterError(BadRequestError):
    """Code 17: the resource has no such filter or field."""


class ValidationError(BadRequestError):
    """Code 18: a value was rejected; `verbose` names the fields."""


class ServerError(APIError):
    """The server failed (HTTP 5xx)."""


class GeneralServerError(ServerError):
    """Code 1: a general, unknown error."""


class DatabaseError(ServerError):
    """Code 19: a database error."""


class ServiceOfflineError(ServerError):
    """Code 20: the service is offline."""
