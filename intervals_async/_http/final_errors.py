"""Pure: the error that a call raises if it is not retried."""

from __future__ import annotations

from datetime import datetime

from ..errors import (
    AmbiguousWriteError,
    CallError,
    ClientClosedError,
    ConnectError,
    DailyQuotaError,
    LimitTimeoutError,
    TransportError,
)
from ..retry import FailureKind, failure_kind
from .messages import Call, annotate

__all__ = ["closed_error", "daily_quota_error", "final_error"]


def final_error(call: Call, failure: CallError, *, maybe_done: bool) -> CallError:
    """Return the error that a call raises: ambiguous for a write that may have been processed.

    Args:
        call: The call.
        failure: Why its last attempt failed.
        maybe_done: Whether an earlier attempt may have been processed. An error such as "not
            sent" is true of the last attempt only then.
    """
    kind = failure_kind(failure)
    undecided = kind is not FailureKind.FINAL or isinstance(
        failure, DailyQuotaError | LimitTimeoutError
    )
    posted = call.method == "POST" and kind is FailureKind.FATE_UNKNOWN
    if call.method == "GET" or not (posted or (maybe_done and undecided)):
        return failure
    ambiguous = AmbiguousWriteError(
        f"the outcome of the write is unknown, and it was not retried "
        f"({failure.message}); list /{call.resource}/ to find out",
        status=failure.status,
        code=failure.code,
        verbose=failure.verbose,
        attempts=failure.attempts,
    )
    ambiguous.body = call.body or {}
    ambiguous.retry_after = failure.retry_after
    return annotate(ambiguous, call)


def closed_error(call: Call, failure: TransportError) -> ClientClosedError:
    """Return the error of a call whose connection ended because the client was closed."""
    message = f"{call.method} {call.path}: the client was closed during the call"
    if call.method != "GET" and not isinstance(failure, ConnectError):
        message += f"; the outcome of the write is unknown; list /{call.resource}/ to find out"
    return ClientClosedError(message)


def daily_quota_error(reset: datetime | None) -> DailyQuotaError:
    """Return the error of a call that is not sent because the daily quota is used up."""
    error = DailyQuotaError("the account's daily quota is used up", code=11)
    error.reset = reset
    return error
