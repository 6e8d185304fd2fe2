"""The settings of calls, and the state of the attempts of one call."""

from __future__ import annotations

import attrs

from ..errors import CallError
from ..retry import RetryPolicy

__all__ = ["RetryState", "Settings", "Timeouts"]


@attrs.frozen(kw_only=True)
class Timeouts:
    """Timeouts in seconds. Waiting for the rate limits counts towards `limit` only.

    Attributes:
        connect: For connecting.
        attempt: For one attempt, connecting included.
        call: For a call with all its attempts and the waits between them.
        limit: For one wait for a slot of the rate limits; None for any.
    """

    connect: float
    attempt: float
    call: float
    limit: float | None = None


@attrs.frozen(kw_only=True)
class Settings:
    """How calls are made. Two views of one client may have different settings.

    Attributes:
        timeouts: How long calls may take.
        retry: Which calls are retried, and when.
        checked: Whether arguments are checked against the documentation before they are sent.
        send_notifications: Whether writes send notification e-mails.
        disable_action_notes: Whether writes leave out their automatic action notes.
        strict: Whether a field that cannot be read raises an error.
    """

    timeouts: Timeouts
    retry: RetryPolicy
    checked: bool = True
    send_notifications: bool = False
    disable_action_notes: bool = False
    strict: bool = False


@attrs.define
class RetryState:
    """The state of the attempts of one call.

    A page that ends early passes its state, with the failure in it, to the request for the
    remaining rows. Both count as attempts of one call.

    Attributes:
        attempts: The number of attempts so far.
        elapsed: Seconds spent so far, without the waits for the rate limits.
        maybe_done: Whether a failed attempt may have been processed.
        renewed: Whether a new token was asked for, because the server refused the last one.
        failure: Why the last attempt failed, until it is decided whether to retry it.
    """

    attempts: int = 0
    elapsed: float = 0.0
    maybe_done: bool = False
    renewed: bool = False
    failure: CallError | None = None
