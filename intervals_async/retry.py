"""Pure: what is sent again after what happened, and how long is waited before it."""

from __future__ import annotations

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

__all__ = ["Outcome", "RetryPolicy", "outcome"]


class Outcome(Enum):
    """How an attempt failed, as far as sending it again is concerned."""

    NEVER_SENT = auto()
    REFUSED = auto()
    FATE_UNKNOWN = auto()
    SERVER_FAILED = auto()
    FINAL = auto()


def outcome(error: CallError) -> Outcome:
    """Judge a failed attempt."""
    if isinstance(error, ConnectError):
        return Outcome.NEVER_SENT
    if isinstance(error, ConnectionLostError | RequestTimeoutError):
        return Outcome.FATE_UNKNOWN
    if isinstance(error, TooFastError):
        return Outcome.REFUSED
    if isinstance(error, APIError) and not isinstance(error, DailyQuotaError):
        if error.status in (502, 504):
            return Outcome.FATE_UNKNOWN
        # 503 with code 4 means that the account is suspended, and waiting does not end that
        if error.status == 500 or (error.status == 503 and error.code != 4):
            return Outcome.SERVER_FAILED
    return Outcome.FINAL


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """How often a call is sent again, and how long is waited between.

    Only what is safe is sent again: a GET after a broken connection, a time-out, a 500,
    502, 503 or 504; any call that was never sent, or was refused as too fast and so not
    carried out.

    Attributes:
        attempts: How many requests a call may cost, the first one included.
        first_wait: Seconds; the second attempt waits up to this long, and each later one
            up to twice as long as the one before. The wait is drawn evenly from zero to
            that ("full jitter"), so that many clients do not come back together.
        longest_wait: Seconds; no wait is drawn longer than this.
        too_fast_wait: Seconds that the whole client pauses after the server said "too
            fast", doubled each time in a row. It names no time itself, and its minute
            slides, so some places may be free again much sooner than in a minute.
    """

    attempts: int = attrs.field(default=4, validator=attrs.validators.ge(1))
    first_wait: float = attrs.field(default=0.5, validator=attrs.validators.ge(0))
    longest_wait: float = attrs.field(default=30.0, validator=attrs.validators.ge(0))
    too_fast_wait: float = attrs.field(default=5.0, validator=attrs.validators.ge(0))

    def again(self, method: str, what: Outcome, attempts: int) -> bool:
        """Whether a call that has cost so many attempts may be sent once more."""
        if attempts >= self.attempts or what is Outcome.FINAL:
            return False
        return method == "GET" or what in (Outcome.NEVER_SENT, Outcome.REFUSED)

    def wait(self, what: Outcome, attempts: int, share: float) -> float:
        """Seconds before the next attempt; `share`, 0 to 1, is what chance has drawn."""
        doubled = 2.0 ** (attempts - 1)
        if what is Outcome.REFUSED:
            return min(self.too_fast_wait * doubled, 60.0)
        return share * min(self.first_wait * doubled, self.longest_wait)
