"""module: the default modules of the account, and the projects' own modules as inactive ones."""

from __future__ import annotations

from collections.abc import Iterator

from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.wire import Row

_MODULES = (
    ("Planning", "Goals, scope & budget", True),
    ("Design", None, True),
    ("Development", 'All that is "code"', True),
    ("Testing & QA", "", True),
    ("Documentation", None, True),
    ("Support", "After the launch", True),
    ("Print", "Nobody prints any more", False),
)


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    for name, description, active in _MODULES:
        yield {"name": name, "description": description, "active": active}


RESOURCE = derive("module", first_id=601, generate=_generate)
