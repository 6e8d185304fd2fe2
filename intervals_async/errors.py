"""The errors that a caller may meet, all of them under `IntervalsError`."""

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
    "GeneralServerError",
    "IncompleteListingError",
    "IntervalsError",
    "InvalidCredentialsError",
    "LimitStoreError",
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
    """The root of every error that this library raises on purpose."""


class ArgumentError(IntervalsError, ValueError):
    """An argument was refused before anything was sent: the message says which and why."""


class ClientClosedError(IntervalsError, RuntimeError):
    """The client was closed, before the call or while it was under way."""


class LimitStoreError(IntervalsError):
    """The store of the shared limits could not be asked, and is set to fail closed."""


class ResumeError(IntervalsError):
    """What was to be gone on from is gone, or is not what was left there: begin anew."""


class UnfitValueError(IntervalsError, ValueError):
    """A value does not fit the column that it is to be written to: the message says which."""


class BudgetError(IntervalsError):
    """The day's requests do not suffice for what was asked, so it was not begun.

    Attributes:
        requests: About how many it takes; None if too few were left to find out.
        day_left: How many the account has left today.
        next_reset: When the day starts anew, in UTC; None on older accounts.
    """

    requests: int | None = None
    day_left: int = 0
    next_reset: datetime | None = None


class CallError(IntervalsError):
    """A call failed. The attributes say which call and what is known of its end.

    Attributes:
        method: The HTTP method, or None where no single call is meant.
        path: The path of the call, such as ``/projectnote/9/``.
        filters: The query as it was sent: names and wire values.
        status: The HTTP status of the last answer; None when there was no answer.
        code: The API's own error code (1-20); None when the answer named none.
        message: What the server said, or what was found instead of an answer.
        verbose: The server's details, one sentence each; often empty.
        attempts: How many requests went over the wire for this call.
        retry_after: Seconds that the server asked to wait, if it did.
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
        """One line: the call, what happened, what the server added."""
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
        # The default would call the class with `args` alone and lose the keyword-only
        # arguments; this keeps pickle and copy exact for every subclass.
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__.copy()  # type: ignore[attr-defined]  # typeshed lacks the documented-by-use __newobj__


class TransportError(CallError):
    """No whole answer came back."""


class ConnectError(TransportError):
    """No connection could be made, so nothing was sent.

    Attributes:
        permanent: Whether trying again is in vain: the server's certificate was refused.
    """

    def __init__(self, message: str, *, permanent: bool = False, **details: Any) -> None:
        super().__init__(message, **details)
        self.permanent = permanent


class ConnectionLostError(TransportError):
    """The connection broke after the request had begun: its fate is unknown."""


class RequestTimeoutError(TransportError, TimeoutError):
    """No whole answer came within the time-out: whether it was carried out is unknown."""


class AmbiguousWriteError(CallError):
    """A write was sent and its fate is unknown; it was not sent again.

    The record may or may not have been written. List the resource to find out before you
    send it again. The error that ended the attempt is the ``__cause__``.

    Attributes:
        body: The fields as they were sent, wire values by name; several of such where several
            were sent at once.
    """

    body: Mapping[str, object] | Sequence[Mapping[str, object]] = {}


class ResponseError(CallError):
    """An answer came that cannot be understood: HTML, broken JSON, a wrong shape."""


class RecordError(ResponseError):
    """A record in an answer does not fit its documented type.

    Attributes:
        place: Where it stands, such as ``$.projectnote[3].date``.
    """

    def __init__(self, message: str, *, place: str = "$", **details: Any) -> None:
        super().__init__(message, **details)
        self.place = place


class ListingError(CallError):
    """A listing could not be read whole."""


class IncompleteListingError(ListingError):
    """The server promised more records than it gave, and asking again did not help.

    Raised instead of ending early. The same stream can be stepped again: it goes on
    where it stood.
    """


class DriftError(ListingError):
    """Others changed the rows while they were read, and something may be missing for it.

    Raised where a stream was told not to repair it (``on_drift="raise"``), where it could not
    be repaired, and at the end, where the records that were given do not account for those
    that the server counts.

    Attributes:
        position: The place of the record to give next, as the server counted.
        delivered: How many records were given.
        listcount: How many match in all, as last heard.
        listcount_before: How many did, as the page before said.
    """

    position: int = 0
    delivered: int = 0
    listcount: int | None = None
    listcount_before: int | None = None


class SnapshotBrokenError(ListingError):
    """The one answer of a snapshot broke off after some records were given.

    They are no snapshot any more. The next step of the same stream starts again from the
    first record, so throw away what you have.
    """


class APIError(CallError):
    """The API answered with an error."""


class AuthenticationError(APIError):
    """The caller is not let in (HTTP 401)."""


class AccountNotFoundError(AuthenticationError):
    """Code 2: the customer account was not found."""


class AccountInactiveError(AuthenticationError):
    """Code 3: the customer account is not active."""


class UserNotFoundError(AuthenticationError):
    """Code 7: the user was not found."""


class UserInactiveError(AuthenticationError):
    """Code 8: the user is not active."""


class InvalidCredentialsError(AuthenticationError):
    """Code 9: the token was not accepted."""


class AccountSuspendedError(APIError):
    """Code 4: the customer account is suspended. It comes as HTTP 503 and is not retried."""


class AccountBannedError(APIError):
    """Code 5: the customer account is banned (HTTP 418)."""


class PaymentRequiredError(APIError):
    """Code 6: the account is inactive for non-payment (HTTP 402)."""


class PermissionDeniedError(APIError):
    """Code 10: the token's owner may not do this (HTTP 403)."""


class RateLimitError(APIError):
    """One of the two request limits refused the call; it was not carried out."""


class DailyQuotaError(RateLimitError):
    """Code 11: the account's requests of the day are used up.

    Until `reset` every call of the client raises this at once, without being sent.

    Attributes:
        reset: When the count starts anew, in UTC, as ``/quota/`` says; None if it could
            not be asked.
    """

    reset: datetime | None = None


class TooFastError(RateLimitError):
    """Code 12 (or HTTP 429): too many requests in the last minute from this address."""


class BadRequestError(APIError):
    """The request was refused as wrong (HTTP 400, or another 4xx)."""


class UnknownResourceError(BadRequestError):
    """Code 13: the resource type does not exist."""


class NotFoundError(APIError):
    """Code 14: there is no such record (HTTP 404)."""


class ActionNotAvailableError(BadRequestError):
    """Code 15: the action is not available for the resource."""


class MethodNotAvailableError(BadRequestError):
    """Code 16: the HTTP method is not available for the resource."""


class UnknownParameterError(BadRequestError):
    """Code 17: a filter or field is not known to the resource."""


class ValidationError(BadRequestError):
    """Code 18: a value was refused; `verbose` names the fields."""


class ServerError(APIError):
    """The server failed (HTTP 5xx)."""


class GeneralServerError(ServerError):
    """Code 1: a general, unknown error."""


class DatabaseError(ServerError):
    """Code 19: a database error."""


class ServiceOfflineError(ServerError):
    """Code 20: the service is offline."""


_BY_CODE: dict[int, type[APIError]] = {
    1: GeneralServerError,
    2: AccountNotFoundError,
    3: AccountInactiveError,
    4: AccountSuspendedError,
    5: AccountBannedError,
    6: PaymentRequiredError,
    7: UserNotFoundError,
    8: UserInactiveError,
    9: InvalidCredentialsError,
    10: PermissionDeniedError,
    11: DailyQuotaError,
    12: TooFastError,
    13: UnknownResourceError,
    14: NotFoundError,
    15: ActionNotAvailableError,
    16: MethodNotAvailableError,
    17: UnknownParameterError,
    18: ValidationError,
    19: DatabaseError,
    20: ServiceOfflineError,
}

_BY_STATUS: dict[int, type[APIError]] = {
    401: AuthenticationError,
    402: PaymentRequiredError,
    403: PermissionDeniedError,
    404: NotFoundError,
    418: AccountBannedError,
    429: TooFastError,
}


def error_class(status: int, code: int | None) -> type[APIError]:
    """Choose the class for an API error: by its code, else by the HTTP status."""
    if code is not None and code in _BY_CODE:
        return _BY_CODE[code]
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return ServerError
    if 400 <= status < 500:
        return BadRequestError
    return APIError
