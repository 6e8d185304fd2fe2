"""Pure: the error that a call ends with when it is not retried."""

from __future__ import annotations

from datetime import datetime

from ..errors import (
    AmbiguousWriteError,
    CallError,
    ClientClosedError,
    ConnectError,
    DailyQuotaError,
    TransportError,
)
from ..retry import FailureKind, failure_kind
from .messages import Call, annotate

__all__ = ["closed_error", "daily_quota_error", "final_error"]


def final_error(call: Call, failure: CallError, *, maybe_done: bool) -> CallError:
    """Return the error that a call ends with: ambiguous for a write that may have been done.

    Args:
        call: The call.
        failure: Why its last attempt failed.
        maybe_done: Whether an earlier attempt may have been carried out. "Nothing was sent"
            or "too fast" would then be true of the last attempt only.
    """
    kind = failure_kind(failure)
    undecided = kind is not FailureKind.FINAL or isinstance(failure, DailyQuotaError)
    posted = call.method == "POST" and kind is FailureKind.FATE_UNKNOWN
    if call.method == "GET" or not (posted or (maybe_done and undecided)):
        return failure
    ambiguous = AmbiguousWriteError(
        f"whether it was carried out is unknown, and it was not sent again "
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
    words = f"{call.method} {call.path}: the client was closed meanwhile"
    if call.method != "GET" and not isinstance(failure, ConnectError):
        words += "; whether it was carried out is unknown"
    return ClientClosedError(words)


def daily_quota_error(reset: datetime | None) -> DailyQuotaError:
    """Return the error of a call that is not sent because the daily quota is used up."""
    error = DailyQuotaError("the account's requests of the day are used up", code=11)
    error.reset = reset
    return error
