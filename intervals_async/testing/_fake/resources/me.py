"""me: the caller's own record, as an array with one element."""

from __future__ import annotations

from collections.abc import Sequence

from intervals_async.testing._fake.account import Account
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.wire import encoder


def _read(account: Account, caller: int) -> Sequence[bytes]:
    return [encoder(RESOURCE.columns).encode(account.related("person", caller), member=True)]


RESOURCE = derive(
    "me",
    optional=["restricttasks"],
    nulls=["clientid", "client", "clientlocalid", "lastname"],
    read=_read,
)
