"""group: the access levels. Administrator is 2, Manager 3 and Resource 4, as recorded."""

from __future__ import annotations

from collections.abc import Iterator

from intervals_async.testing._fake.account import FIRST_GROUP, GROUPS, Account, Sizes
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.wire import Row


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    for name in GROUPS:
        yield {"name": name}


RESOURCE = derive("group", first_id=FIRST_GROUP, generate=_generate)
