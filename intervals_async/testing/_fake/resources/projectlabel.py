"""projectlabel: the coloured labels of projects.

The contract contradicts itself about the order of ``priority``; the fake sorts the lower value
first. The colours have no ``#``.
"""

from __future__ import annotations

from collections.abc import Iterator

from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.wire import Row

_LABELS = (
    ("On track", "00cc66", True),
    ("At risk & late", "ff9900", True),
    ("Archived", "999999", False),
)


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    for index, (name, color, active) in enumerate(_LABELS):
        # The order of the priorities differs from the order of the ids.
        priority = len(_LABELS) - index
        yield {"name": name, "color": color, "priority": priority, "active": active}


RESOURCE = derive("projectlabel", first_id=51, generate=_generate)
