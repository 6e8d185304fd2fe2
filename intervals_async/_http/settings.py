"""How calls are made, and how far the attempts of one call have come."""

from __future__ import annotations

import attrs

from ..errors import CallError
from ..retry import RetryPolicy

__all__ = ["RetryState", "Settings", "Timeouts"]


@attrs.frozen(kw_only=True)
class Timeouts:
    """Timeouts in seconds. Waiting for the rate limits counts towards none of them.

    Attributes:
        connect: For connecting.
        attempt: For one attempt, connecting included.
        call: For a call with all its attempts and the waits between them.
    """

    connect: float
    attempt: float
    call: float


@attrs.frozen(kw_only=True)
class Settings:
    """How calls are made. Two views of one client may differ in it.

    Attributes:
        timeouts: How long calls may take.
        retry: Which calls are retried, and when.
        checked: Whether arguments are checked against the documentation before they are sent.
        send_notifications: Whether writes send notification e-mails.
        disable_action_notes: Whether writes leave out their automatic action notes.
    """

    timeouts: Timeouts
    retry: RetryPolicy
    checked: bool = True
    send_notifications: bool = False
    disable_action_notes: bool = False


@attrs.define
class RetryState:
    """How far the attempts of one call have come.

    A page that breaks off hands its state, with the failure in it, to the request for the
    remaining rows: both count as attempts of one call.

    Attributes:
        attempts: How many attempts were made.
        elapsed: Seconds spent so far, waiting for the rate limits excluded.
        maybe_done: Whether an attempt may have been carried out without our knowing.
        failure: Why the last attempt failed, if nothing was decided about it yet: the next
            attempt waits first, or the failure is raised.
    """

    attempts: int = 0
    elapsed: float = 0.0
    maybe_done: bool = False
    failure: CallError | None = None
