"""worktype: the default work types of the account, and the projects' own ones as inactive ones."""

from __future__ import annotations

from collections.abc import Iterator

from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.wire import Row

_WORK_TYPES = (
    ("Consulting", 150.0, True),
    ("Design & UX", 110.0, True),
    ("Programming", 95.5, True),
    # A sum with the floating-point noise that the real API shows.
    ('"Rush" work', 0.1 + 180.1, True),
    ("Travel", 0.0, True),
    ("Typesetting", 60.0, False),
)


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    for name, rate, active in _WORK_TYPES:
        yield {"name": name, "defaulthourlyrate": rate, "active": active}


RESOURCE = derive("worktype", first_id=701, generate=_generate)
