"""contacttype: the types of contact details.

The contract does not state the response fields. The fields ``id`` and ``contacttype`` are assumed;
do not rely on them.
"""

from __future__ import annotations

from collections.abc import Iterator

from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.wire import Row, columns

EMAIL = 1
"""The id of the contact type for e-mail addresses."""

KINDS = ("E-mail", "Phone", "Address", "Web site")


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    for kind in KINDS:
        yield {"contacttype": kind}


RESOURCE = derive(
    "contacttype",
    columns=columns("id:integer", "contacttype"),
    first_id=EMAIL,
    generate=_generate,
)
