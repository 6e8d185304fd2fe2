"""Faults to inject into the fake server, one per request.

Pass a fault to ``FakeIntervals.inject``. At most one fault affects a request. A fault with a
response of its own (Raw, Status, Html, TooFast, DayUsedUp, ErrorInside200) does not process the
request and does not count against the limits, unless you set ``processed=True``.
"""

from intervals_async.testing.faults._base import Fault
from intervals_async.testing.faults._bodies import (
    Capped,
    DuplicateKeys,
    EmptyBody,
    EmptyPage,
    MissingKey,
    NullPage,
    Truncated,
    WrongContentType,
)
from intervals_async.testing.faults._connection import (
    Delay,
    DropAfter,
    DropBefore,
    DropInBody,
    Hold,
    Huge,
    SlowBody,
)
from intervals_async.testing.faults._replies import (
    DayUsedUp,
    ErrorInside200,
    Html,
    Raw,
    Status,
    TooFast,
)

__all__ = [
    "Capped",
    "DayUsedUp",
    "Delay",
    "DropAfter",
    "DropBefore",
    "DropInBody",
    "DuplicateKeys",
    "EmptyBody",
    "EmptyPage",
    "ErrorInside200",
    "Fault",
    "Hold",
    "Html",
    "Huge",
    "MissingKey",
    "NullPage",
    "Raw",
    "SlowBody",
    "Status",
    "TooFast",
    "Truncated",
    "WrongContentType",
]
