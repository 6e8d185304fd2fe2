"""Pure: what is sent again after what happened, and how long is waited before it."""

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
    """How an attempt failed, as far as sending it again is concerned."""

    NEVER_SENT = auto()
    REFUSED = auto()
    FATE_UNKNOWN = auto()
    SERVER_FAILED = auto()
    FINAL = auto()


def failure_kind(error: CallError) -> FailureKind:
    """Judge a failed attempt."""
    if isinstance(error, ConnectError):
        return FailureKind.FINAL if error.permanent else FailureKind.NEVER_SENT
    if isinstance(error, ConnectionLostError | RequestTimeoutError):
        return FailureKind.FATE_UNKNOWN
    if isinstance(error, TooFastError):
        return FailureKind.REFUSED
    if isinstance(error, APIError) and not isinstance(error, DailyQuotaError):
        if error.status in (502, 504):
            return FailureKind.FATE_UNKNOWN
        # 503 with code 4 means that the account is suspended, and waiting does not end that
        if error.status == 500 or (error.status == 503 and error.code != 4):
            return FailureKind.SERVER_FAILED
    return FailureKind.FINAL


def retry_after(header: str | None, now: datetime) -> float | None:
    """Read ``Retry-After``: seconds, or an HTTP date; None where it says neither."""
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
    """How often a call is sent again, and how long is waited between.

    Only what is safe is sent again: any call that was never sent, or was refused as too fast
    and so not carried out; a GET, PUT or DELETE, which may be carried out twice without
    harm, also after a broken connection, a time-out, a 500, 502, 503 or 504. A POST of
    unknown fate is an `AmbiguousWriteError`. How long a call may take in all is the client's
    `call_timeout`.

    Attributes:
        attempts: How many requests a call may cost, the first one included; 1 for no retry.
        wait_initial: Seconds; the second attempt waits up to this long, and each later one
            up to twice as long as the one before. The wait is drawn evenly from zero to
            that ("full jitter"), so that many clients do not come back together.
        wait_max: Seconds; no wait is longer than this. Where the server asks for a
            longer one (``Retry-After``), the call fails at once and says until when.
        wait_too_fast: Seconds that the whole client pauses after the server said "too
            fast", doubled each time in a row. It names no time itself. Its minute slides, so
            some places may be free again soon; four attempts last beyond a whole minute.
        retry_posts: Whether a POST is treated like a PUT. It may then be carried out
            twice: say so only where a record that is there twice does no harm.
    """

    attempts: int = attrs.field(default=4, validator=attrs.validators.ge(1))
    wait_initial: float = attrs.field(default=0.5, validator=attrs.validators.ge(0))
    wait_max: float = attrs.field(default=60.0, validator=attrs.validators.ge(0))
    wait_too_fast: float = attrs.field(default=10.0, validator=attrs.validators.ge(0))
    retry_posts: bool = False

    def allows_retry(self, method: str, kind: FailureKind, attempts: int) -> bool:
        """Whether a call that has cost so many attempts may be sent once more."""
        if attempts >= self.attempts or kind is FailureKind.FINAL:
            return False
        if kind in (FailureKind.NEVER_SENT, FailureKind.REFUSED):
            return True
        return method != "POST" or self.retry_posts

    def wait(self, kind: FailureKind, attempts: int, share: float) -> float:
        """Seconds before the next attempt; `share`, 0 to 1, is what chance has drawn."""
        doubled = 2.0 ** min(attempts - 1, 64)
        if kind is FailureKind.REFUSED:
            return min(self.wait_too_fast * doubled, self.wait_max)
        return share * min(self.wait_initial * doubled, self.wait_max)
