"""tasklistfilter: the saved filters of the task list.

The filter ``tasklistfilterid`` of ``task`` applies one of them. The contents of a saved filter are
unknown. The fake stores a query of ``task``, which it never sends, and assumes that a nested filter
(``subfilterid``) applies too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.clock import midnight
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.wire import Row, columns

_FIRST_ID = 41
_SAVED = (
    ("Mine & open", "excludeclosed=t&hastaskrelation={person}", None),
    ("Overdue", "overdue=t", None),
    ('Without "due date"', "hasduedate=f", None),
    ("Unassigned", "assigneeid=-1", None),
    ("Open, without due date", "excludeclosed=t", _FIRST_ID + 2),
)


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    rng = sizes.rng("tasklistfilter")
    people = [row["id"] for row in account.table("person") if row["groupid"] is not None]
    for index, (title, params, nested) in enumerate(_SAVED):
        person = people[index % len(people)]
        sent = midnight(account) - timedelta(hours=rng.randrange(500))
        scheduled = index == 1
        yield {
            "filtertypeid": 1,
            "filtertype": "tasks",
            "personid": person,
            "title": title,
            "subfilterid": nested,
            "shared": rng.random() < 0.5,
            "scheduled": scheduled,
            "datesent": sent.replace(tzinfo=None) if scheduled else None,
            "params": params.format(person=person),
        }


def _complete(account: Account, row: Row, caller: int) -> None:
    row.setdefault("filtertypeid", 1)
    row.setdefault("filtertype", "tasks")
    row.setdefault("personid", caller)
    row.setdefault("title", f"Filter {row['id']}")
    row.setdefault("shared", False)
    row.setdefault("scheduled", False)


RESOURCE = derive(
    "tasklistfilter",
    hidden=columns("params"),
    first_id=_FIRST_ID,
    generate=_generate,
    complete=_complete,
)
