"""taskpriority: the priorities of tasks and work requests.

The contract contradicts itself about the order of ``priority``; the fake sorts the lower value
first.
"""

from __future__ import annotations

from collections.abc import Iterator

from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.wire import Row

_PRIORITIES = (
    ("Showstopper!", "cc0000", True),
    ("High", "ff9900", True),
    ("Medium", "ffcc00", True),
    ("Low & slow", "44bb44", True),
    ("Someday", "999999", False),
)
_DEFAULT = "Medium"


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    for rank, (name, color, active) in enumerate(_PRIORITIES, 1):
        row: Row = {"name": name, "color": color, "priority": rank}
        yield {**row, "isdefault": name == _DEFAULT, "active": active}


RESOURCE = derive("taskpriority", first_id=801, generate=_generate)
