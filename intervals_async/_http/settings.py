"""How calls are made: timeouts, retries, and the state of a call that is retried."""

from __future__ import annotations

from typing import TypeVar

import attrs

from ..retry import RetryPolicy

__all__ = ["RetryState", "Settings", "Tally", "Timeouts"]

T = TypeVar("T")


@attrs.define
class Tally:
    """Counts the requests that went over the wire on somebody's behalf."""

    requests: int = 0


@attrs.frozen(kw_only=True)
class Timeouts:
    """Seconds: for connecting, for one attempt, and for a call with all its attempts.

    Waiting for the limits is in none of them.
    """

    connect: float
    attempt: float
    call: float


@attrs.frozen(kw_only=True)
class Settings:
    """How calls are made; two views of one client may differ in it.

    Attributes:
        timeouts: How long they may take.
        retry: What is sent again, and when.
        checked: Whether arguments are held against the documentation before they are sent.
        send_notifications: Whether writes send the e-mails that go with them.
        disable_action_notes: Whether writes leave out their automatic action notes.
    """

    timeouts: Timeouts
    retry: RetryPolicy
    checked: bool = True
    send_notifications: bool = False
    disable_action_notes: bool = False


@attrs.define
class RetryState:
    """How far a call has come."""

    attempts: int = 0
    # Seconds, waiting for the limits apart.
    spent: float = 0.0
    # Whether an attempt may have been carried out without our knowing.
    maybe_done: bool = False
