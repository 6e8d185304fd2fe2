"""contactdescriptor: the labels of contact details, for each contact type.

The contract does not state the response fields. The fields ``id``, ``contacttypeid`` and
``contactdescriptor`` are assumed; do not rely on them.
"""

from __future__ import annotations

from collections.abc import Iterator

from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.wire import Row, columns

_LABELS = (("Work", "Home"), ("Work", "Mobile", "Fax"), ("Office & mail", "Home"), ("Main",))


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    for kind, labels in zip(account.table("contacttype"), _LABELS, strict=True):
        for label in labels:
            yield {"contacttypeid": kind["id"], "contactdescriptor": label}


RESOURCE = derive(
    "contactdescriptor",
    columns=columns("id:integer", "contacttypeid:integer", "contactdescriptor"),
    first_id=11,
    generate=_generate,
)
