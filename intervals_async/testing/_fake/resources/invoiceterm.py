"""invoiceterm: the payment terms. The documentation of ``invoice`` states the id of ``Other``."""

from __future__ import annotations

from collections.abc import Iterator

from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.wire import Row

OTHER = 6
"""The id of the term ``Other``, with which an invoice states its own term and due date."""

_TERMS = (
    ("Upon Receipt", 0),
    ("Net 15", 15),
    ("Net 30", 30),
    ("Net 45", 45),
    ("Net 60", 60),
    ("Other", None),
)


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    for index, (name, duration) in enumerate(_TERMS, 1):
        yield {"name": name, "duration": duration, "priority": index}


RESOURCE = derive("invoiceterm", first_id=1, generate=_generate)
