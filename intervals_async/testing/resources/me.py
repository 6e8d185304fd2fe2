"""me: the caller's own record, an array of one."""

from __future__ import annotations

from collections.abc import Sequence

from intervals_async.testing.account import Account
from intervals_async.testing.contract import EVERYBODY, Resource
from intervals_async.testing.resources.person import PERSON
from intervals_async.testing.wire import RowEncoder

_COLUMNS = tuple(column for column in PERSON.columns if column.name != "active")
_ENCODER = RowEncoder(_COLUMNS)


def _read(account: Account, caller: int) -> Sequence[bytes]:
    return [_ENCODER.encode(account.related("person", caller), member=True)]


ME = Resource(name="me", columns=_COLUMNS, collection={"GET": EVERYBODY}, read=_read)
