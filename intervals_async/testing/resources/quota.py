"""quota: how many of the day's requests are used; one object, never counted against the day."""

from __future__ import annotations

from intervals_async.testing.account import Account
from intervals_async.testing.contract import EVERYBODY, Resource
from intervals_async.testing.wire import Row, RowEncoder, columns

_COLUMNS = columns("quota:integer", "used:integer", "next_reset:datetime", "exceeded:boolean")
_ENCODER = RowEncoder(_COLUMNS)


def _read(account: Account, caller: int) -> bytes:
    day = account.day
    # The encoder wants an id; a quota has none, and no missing value that would depend on it.
    row: Row = {"id": 0, "quota": day.quota, "used": day.used, "next_reset": day.next_reset}
    return _ENCODER.encode({**row, "exceeded": day.exceeded})


QUOTA = Resource(name="quota", columns=_COLUMNS, collection={"GET": EVERYBODY}, read=_read)
