"""taskstatus: the statuses of tasks. There are more of them than a page holds by default."""

from __future__ import annotations

from collections.abc import Iterator

from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.wire import Row

CLOSED = "Closed"
"""The name of the status of closed tasks."""

_STATUSES = (
    "Open",
    "In Progress",
    "Q&A",
    "Waiting for client",
    "Waiting for us",
    "In Review",
    "Approved",
    '"Done"',
    "Deployed",
    "On Hold",
    CLOSED,
    "Rejected",
)
_FROZEN = ("Open", CLOSED)
_RETIRED = ("Rejected",)


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    for rank, name in enumerate(_STATUSES, 1):
        row: Row = {"name": name, "priority": rank, "frozen": name in _FROZEN}
        yield {**row, "active": name not in _RETIRED}


RESOURCE = derive("taskstatus", first_id=901, generate=_generate)
