"""quota: how many of the day's requests are used; one object, never counted against the day."""

from __future__ import annotations

from intervals_async.testing._fake.account import Account
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.wire import Row, encoder


def _read(account: Account, caller: int) -> bytes:
    day_limit = account.day_limit
    # The encoder wants an id; a quota has none, and no missing value that would depend on it.
    row: Row = {
        "id": 0,
        "quota": day_limit.quota,
        "used": day_limit.used,
        "next_reset": day_limit.next_reset,
    }
    return encoder(RESOURCE.columns).encode({**row, "exceeded": day_limit.exceeded})


RESOURCE = derive("quota", without=["business_day"], read=_read)
