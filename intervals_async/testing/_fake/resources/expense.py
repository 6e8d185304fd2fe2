"""expense: costs booked on projects, with the fee that is charged for them.

Executives are not told what something cost. The list is sorted by date, the latest first, unless
another order is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.moments import today
from intervals_async.testing._fake.teams import team
from intervals_async.testing._fake.wire import Row

_EXPENSES = 30
_DAYS = 120


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    dice = sizes.dice("expense")
    projects = account.table("project").order
    for _ in range(_EXPENSES if projects else 0):
        project = dice.choice(projects)
        cost = dice.randrange(100, 10**5) * 0.01
        yield {
            "projectid": project,
            "personid": dice.choice(team(account, project)),
            "date": today(account) - timedelta(days=dice.randrange(_DAYS)),
            "expense": cost,
            "fee": round(cost * dice.choice((1, 1, 1.2)), 2),
            "note": dice.choice((None, "", "Flight & hotel", "Stock <photos>")),
        }


def _complete(account: Account, row: Row, caller: int) -> None:
    row.setdefault("projectid", next(iter(account.table("project").order), None))
    row["personid"] = row.get("personid") or caller
    row.setdefault("date", today(account))
    row.setdefault("expense", 1.0)
    row.setdefault("fee", row["expense"])
    project = account.related("project", row["projectid"])
    row["client"] = account.related("client", project.get("clientid")).get("name")


RESOURCE = derive(
    "expense",
    order=("date", "DESC"),
    seen_by={"expense": ("Administrator", "Manager")},
    after=("projectteam",),
    first_id=901,
    generate=_generate,
    complete=_complete,
)
