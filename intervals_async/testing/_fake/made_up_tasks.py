"""The tasks that there are to begin with."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta

from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.moments import midnight, today
from intervals_async.testing._fake.resources.taskstatus import CLOSED
from intervals_async.testing._fake.teams import modules_of, team
from intervals_async.testing._fake.wire import Row, Value
from intervals_async.testing._fake.words import bodies, title

_TASKS = 60
_DAYS = 150
_ESTIMATES = (None, 0.5, 2, 8.25, 40)


def generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    """Make tasks on the projects that have modules."""
    dice = sizes.dice("task")
    modules = {each: modules_of(account, each) for each in account.table("project").order}
    projects = [project for project, found in modules.items() if found]
    statuses = [row for row in account.table("taskstatus") if row["active"]]
    if not projects or not statuses:
        return
    summaries = bodies(dice, 12, 160)
    for place in range(_TASKS):
        project = dice.choice(projects)
        people = team(account, project)
        created = today(account) - timedelta(days=dice.randrange(_DAYS))
        opened = created + timedelta(days=dice.randrange(10))
        status = dice.choice(statuses)
        is_done = status["name"] == CLOSED or dice.random() < 0.1
        age = dice.randrange(max(1, (today(account) - created).days) * 86_400)
        modified = midnight(account) - timedelta(seconds=age)
        yield {
            "queueid": _one_of(account, dice, "request", project),
            "assigneeid": _some(dice, people, (0, 1, 1, 2)),
            "followerid": _some(dice, people, (0, 0, 1, 3)),
            "ownerid": _some(dice, people, (1, 1, 2)),
            "statusid": status["id"],
            "projectid": project,
            "moduleid": dice.choice(modules[project]),
            "milestoneid": _one_of(account, dice, "milestone", project),
            "title": title(place, place + 1),
            "summary": dice.choice(summaries),
            "dateopen": opened,
            "datedue": opened + timedelta(days=dice.randrange(60)) if dice.random() < 0.7 else None,
            "dateclosed": min(opened + timedelta(days=9), today(account)) if is_done else None,
            "estimate": dice.choice(_ESTIMATES),
            "priorityid": dice.choice(account.table("taskpriority").order),
            "datecreated": created,
            "datemodified": modified.replace(tzinfo=None),
        }


def _some(dice: random.Random, people: list[int], counts: tuple[int, ...]) -> str:
    found = dice.sample(people, min(len(people), dice.choice(counts)))
    return ",".join(map(str, sorted(found)))


def _one_of(account: Account, dice: random.Random, table: str, project: int) -> Value:
    """Return the id of something on the same project, or None at times."""
    there = [row["id"] for row in account.table(table) if row["projectid"] == project]
    return dice.choice(there) if there and dice.random() < 0.6 else None
