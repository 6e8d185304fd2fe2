"""The sample tasks."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta

from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.clock import midnight, today
from intervals_async.testing._fake.resources.taskstatus import CLOSED
from intervals_async.testing._fake.sample_text import bodies, title
from intervals_async.testing._fake.teams import modules_of, team
from intervals_async.testing._fake.wire import Row, Value

_TASKS = 60
_DAYS = 150
_ESTIMATES = (None, 0.5, 2, 8.25, 40)


def generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    """Yield tasks on the projects that have modules."""
    rng = sizes.rng("task")
    modules = {each: modules_of(account, each) for each in account.table("project").ids}
    projects = [project for project, found in modules.items() if found]
    statuses = [row for row in account.table("taskstatus") if row["active"]]
    if not projects or not statuses:
        return
    summaries = bodies(rng, 12, 160)
    for index in range(_TASKS):
        project = rng.choice(projects)
        people = team(account, project)
        created = today(account) - timedelta(days=rng.randrange(_DAYS))
        opened = created + timedelta(days=rng.randrange(10))
        status = rng.choice(statuses)
        is_done = status["name"] == CLOSED or rng.random() < 0.1
        age = rng.randrange(max(1, (today(account) - created).days) * 86_400)
        modified = midnight(account) - timedelta(seconds=age)
        yield {
            "queueid": _one_of(account, rng, "request", project),
            "assigneeid": _some(rng, people, (0, 1, 1, 2)),
            "followerid": _some(rng, people, (0, 0, 1, 3)),
            "ownerid": _some(rng, people, (1, 1, 2)),
            "statusid": status["id"],
            "projectid": project,
            "moduleid": rng.choice(modules[project]),
            "milestoneid": _one_of(account, rng, "milestone", project),
            "title": title(index, index + 1),
            "summary": rng.choice(summaries),
            "dateopen": opened,
            "datedue": opened + timedelta(days=rng.randrange(60)) if rng.random() < 0.7 else None,
            "dateclosed": min(opened + timedelta(days=9), today(account)) if is_done else None,
            "estimate": rng.choice(_ESTIMATES),
            "priorityid": rng.choice(account.table("taskpriority").ids),
            "datecreated": created,
            "datemodified": modified.replace(tzinfo=None),
        }


def _some(rng: random.Random, people: list[int], counts: tuple[int, ...]) -> str:
    found = rng.sample(people, min(len(people), rng.choice(counts)))
    return ",".join(map(str, sorted(found)))


def _one_of(account: Account, rng: random.Random, table: str, project: int) -> Value:
    """Return the id of a random record of the same project, or sometimes None."""
    ids = [row["id"] for row in account.table(table) if row["projectid"] == project]
    return rng.choice(ids) if ids and rng.random() < 0.6 else None
