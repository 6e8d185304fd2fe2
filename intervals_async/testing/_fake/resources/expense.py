"""expense: the costs of projects, with the fee that is charged for them.

Executives do not receive the cost. Lists are sorted by date, the latest first, by default.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.clock import today
from intervals_async.testing._fake.conventions import order_by
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.teams import team
from intervals_async.testing._fake.wire import Row

_EXPENSES = 30
_DAYS = 120


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    rng = sizes.rng("expense")
    projects = account.table("project").ids
    for _ in range(_EXPENSES if projects else 0):
        project = rng.choice(projects)
        cost = rng.randrange(100, 10**5) * 0.01
        yield {
            "projectid": project,
            "personid": rng.choice(team(account, project)),
            "date": today(account) - timedelta(days=rng.randrange(_DAYS)),
            "expense": cost,
            "fee": round(cost * rng.choice((1, 1, 1.2)), 2),
            "note": rng.choice((None, "", "Flight & hotel", "Stock <photos>")),
        }


def _complete(account: Account, row: Row, caller: int) -> None:
    row.setdefault("projectid", next(iter(account.table("project").ids), None))
    row["personid"] = row.get("personid") or caller
    row.setdefault("date", today(account))
    row.setdefault("expense", 1.0)
    row.setdefault("fee", row["expense"])
    project = account.related("project", row["projectid"])
    row["client"] = account.related("client", project.get("clientid")).get("name")


RESOURCE = derive(
    "expense",
    order=order_by("date", descending=True),
    visible_to={"expense": ("Administrator", "Manager")},
    after=("projectteam",),
    first_id=901,
    generate=_generate,
    complete=_complete,
)
