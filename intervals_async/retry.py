"""Pure: which failures are retried, and after which wait."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto

import attrs

from .errors import (
    APIError,
    CallError,
    ConnectError,
    ConnectionLostError,
    DailyQuotaError,
    RequestTimeoutError,
    TooFastError,
)

__all__ = ["FailureKind", "RetryPolicy", "failure_kind", "retry_after"]


class FailureKind(Enum):
    """How an attempt failed, as far as a retry is concerned.

    Attributes:
        NEVER_SENT: No request was sent.
        REFUSED: The rate limit refused the request, which was not processed.
        FATE_UNKNOWN: The request was sent and may have been processed.
        SERVER_FAILED: The server reported a failure of its own.
        FINAL: A retry would fail in the same way.

    .. versionchanged:: 0.2.0
       Renamed from ``Outcome``.
    """

    NEVER_SENT = auto()
    REFUSED = auto()
    FATE_UNKNOWN = auto()
    SERVER_FAILED = auto()
    FINAL = auto()


def failure_kind(error: CallError) -> FailureKind:
    """Return how an attempt failed.

    .. versionchanged:: 0.2.0
       Renamed from ``outcome``.
    """
    if isinstance(error, ConnectError):
        return FailureKind.FINAL if error.permanent else FailureKind.NEVER_SENT
    if isinstance(error, ConnectionLostError | RequestTimeoutError):
        return FailureKind.FATE_UNKNOWN
    if isinstance(error, TooFastError):
        return FailureKind.REFUSED
    if isinstance(error, APIError) and not isinstance(error, DailyQuotaError):
        if error.status in (502, 504):
            return FailureKind.FATE_UNKNOWN
        # 503 with code 4 means that the account is suspended. Waiting does not help.
        if error.status == 500 or (error.status == 503 and error.code != 4):
            return FailureKind.SERVER_FAILED
    return FailureKind.FINAL


def retry_after(header: str | None, now: datetime) -> float | None:
    """Parse ``Retry-After``: seconds, or an HTTP date. Return seconds, or None for neither."""
    if header is None:
        return None
    header = header.strip()
    if header.isascii() and header.isdigit():
        return float(header[:12])
    try:
        moment = parsedate_to_datetime(header)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max((moment - now).total_seconds(), 0.0)
    except (ValueError, OverflowError):
        return None


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """How often a call is retried, and after which waits.

    Only safe retries are made:

    - A call that was never sent, or that the rate limit refused, is retried.
    - A GET, PUT or DELETE may be processed twice without harm. It is also retried after a lost
      connection, a timeout, and HTTP 500, 502, 503 and 504.
    - A POST whose outcome is unknown raises `AmbiguousWriteError`.

    The client's `call_timeout` limits the time of all attempts together.

    Attributes:
        attempts: The maximum number of requests for a call, including the first; 1 means no
            retries.
        wait_initial: The longest wait before the second attempt, in seconds. It doubles for each
            later attempt. The actual wait is random, from zero to that ("full jitter"), so that
            many clients do not retry at the same moment.
        wait_max: The longest wait in seconds. If the server asks for a longer one
            (``Retry-After``), the call fails at once and names the time.
        wait_too_fast: Seconds for which the whole client pauses after a `TooFastError`, doubled
            for each one in a row. The server names no time, and its minute is a sliding window,
            so some requests may be possible soon. Four attempts last longer than a minute.
        retry_posts: Whether to retry a POST like a PUT. The record may then be created twice.

    .. versionchanged:: 0.2.0
       Renamed ``first_wait`` to `wait_initial`, ``longest_wait`` to `wait_max`, ``too_fast_wait``
       to `wait_too_fast`, ``resend_posts`` to `retry_posts`, and ``again`` to `allows_retry`.
    """

    attempts: int = attrs.field(default=4, validator=attrs.validators.ge(1))
    wait_initial: float = attrs.field(default=0.5, validator=attrs.validators.ge(0))
    wait_max: float = attrs.field(default=60.0, validator=attrs.validators.ge(0))
    wait_too_fast: float = attrs.field(default=10.0, validator=attrs.validators.ge(0))
    retry_posts: bool = False

    def allows_retry(self, method: str, kind: FailureKind, attempts: int) -> bool:
        """Whether a call may be retried after a number of attempts."""
        if attempts >= self.attempts or kind is FailureKind.FINAL:
            return False
        if kind in (FailureKind.NEVER_SENT, FailureKind.REFUSED):
            return True
        return method != "POST" or self.retry_posts

    def wait(self, kind: FailureKind, attempts: int, jitter: float) -> float:
        """Return the seconds before the next attempt.

        Args:
            kind: How the last attempt failed.
            attempts: The number of attempts so far.
            jitter: A random number from 0 to 1.
        """
        factor = 2.0 ** min(attempts - 1, 64)
        if kind is FailureKind.REFUSED:
            return min(self.wait_too_fast * factor, self.wait_max)
        return jitter * min(self.wait_initial * factor, self.wait_max)
