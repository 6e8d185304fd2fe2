"""paymenttype: the payment types.

The contract states no response field except ``id``. The field ``name`` is assumed; do not rely on
it.
"""

from __future__ import annotations

from collections.abc import Iterator

from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.wire import Row, columns


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    for name in ("Cash", "Check", "Credit Card", "Other"):
        yield {"name": name}


RESOURCE = derive("paymenttype", columns=columns("name"), first_id=21, generate=_generate)
