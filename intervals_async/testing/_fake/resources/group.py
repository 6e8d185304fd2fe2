"""group: the access levels. Their ids are assumed."""

from __future__ import annotations

from collections.abc import Iterator

from intervals_async.testing._fake.account import GROUPS, Account, Sizes
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.wire import Row


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    for name in GROUPS:
        yield {"name": name}


RESOURCE = derive("group", first_id=1, generate=_generate)
