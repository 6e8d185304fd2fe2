"""What can go wrong on demand: values that say how one request is mistreated.

Give one to ``FakeIntervals.inject``. A request is met by one fault at most. A fault that answers by
itself (Raw, Status, Html, TooFast, DayUsedUp, ErrorInside200) does not process the request and does
not count against the limits, unless ``processed=True`` says so.
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
