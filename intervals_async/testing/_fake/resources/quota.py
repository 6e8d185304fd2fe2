"""quota: the used requests of the daily quota, as one object. Reading it uses no quota."""

from __future__ import annotations

from intervals_async.testing._fake.account import Account
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.wire import Row, encoder


def _read(account: Account, caller: int) -> bytes:
    day_limit = account.day_limit
    # The encoder needs an id to encode missing values. A quota has neither an id nor such values.
    row: Row = {
        "id": 0,
        "quota": day_limit.quota,
        "used": day_limit.used,
        "next_reset": day_limit.next_reset,
    }
    return encoder(RESOURCE.columns).encode({**row, "exceeded": day_limit.exceeded})


RESOURCE = derive("quota", without=["business_day"], read=_read)
