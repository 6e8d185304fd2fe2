"""time: the hours that people have logged, on a task or on a project and a module.

A list also contains the date as ``dateiso``. The ids rise with ``datemodified``, as recorded.

The contract leaves these points open, so the fake assumes:

- Date ranges include both ends.
- ``active`` is the value of the project.
- ``ogmilestoneid`` equals ``milestoneid``, and general time has no milestone.
- New time entries are not approved.
- ``moduleid`` is the id of any ``module``, not only of one of the project.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from intervals_async.testing._fake import parsing
from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.clock import local_now, midnight, today
from intervals_async.testing._fake.contract import BodyField, Filter, Predicate, Write
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.hours import as_float
from intervals_async.testing._fake.refusals import RefusedError, not_valid
from intervals_async.testing._fake.resources.projectteam import people_with_access
from intervals_async.testing._fake.sample_text import title
from intervals_async.testing._fake.teams import modules_of, team, worktypes_of
from intervals_async.testing._fake.wire import Json, Row, Value, columns

_ENTRIES = 200
_DAYS = 120
_HOURS = (0.1, 0.25, 0.5, 0.7, 1, 1.1, 2.35, 3, 7.75, 8)


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    rng = sizes.rng("time")
    projects: Sequence[Value] = account.table("project").ids
    offered: dict[Value, list[Value]] = {
        each: list(worktypes_of(account, each)) for each in projects
    }
    tasks = [task for task in account.table("task") if offered.get(task["projectid"])]
    entries: list[Row] = []
    for index in range(_ENTRIES if tasks else 0):
        task = rng.choice(tasks)
        project = task["projectid"]
        day = today(account) - timedelta(days=rng.randrange(_DAYS))
        age = rng.randrange(max(1, (today(account) - day).days) * 86_400)
        is_general = rng.random() < 0.3
        entry: Row = {
            "projectid": project,
            "moduleid": rng.choice(modules_of(account, project)) if is_general else None,
            "taskid": None if is_general else task["id"],
            "worktypeid": rng.choice(offered[project]),
            "personid": rng.choice(team(account, project)),
            "date": day,
            "time": rng.choice(_HOURS),
            "description": rng.choice((None, "", title(index, index + 1))),
            "billable": rng.random() < 0.6,
            "datemodified": (midnight(account) - timedelta(seconds=age)).replace(tzinfo=None),
            "approved": rng.random() < 0.5,
        }
        entries.append(entry)
    yield from sorted(entries, key=lambda entry: str(entry["datemodified"]))


def _complete(account: Account, row: Row, caller: int) -> None:
    task = account.related("task", row.get("taskid"))
    if task:
        row |= {"projectid": task["projectid"], "moduleid": task["moduleid"]}
    row.setdefault("projectid", next(iter(account.table("project").ids), None))
    project = account.related("project", row["projectid"])
    row.setdefault("worktypeid", next(iter(worktypes_of(account, row["projectid"])), None))
    row.setdefault("personid", caller)
    row.setdefault("date", today(account))
    row.setdefault("time", 1.0)
    row.setdefault("billable", True)
    row.setdefault("approved", False)
    row["datemodified"] = row.get("datemodified") or local_now(account)
    person = account.related("person", row["personid"])
    client = account.related("client", project.get("clientid"))
    row |= {
        "dateiso": row["date"],
        "milestoneid": task.get("milestoneid"),
        "ogmilestoneid": task.get("milestoneid"),
        "tasklocalid": task.get("localid"),
        "statusid": task.get("statusid"),
        "firstname": person.get("firstname"),
        "lastname": person.get("lastname"),
        "active": project.get("active"),
        "client": client.get("name"),
        "clientid": client.get("id"),
        "clientactive": client.get("active"),
    }


def _check(account: Account, write: Write) -> None:
    row = write.row
    if row["taskid"] is None:
        values = write.body if write.old is None else row
        missing = [name for name in ("projectid", "moduleid") if values.get(name) is None]
        if missing:
            raise not_valid([], missing=missing)
    hours = as_float(row["time"])
    if round(hours, 2) != hours:
        raise RefusedError(
            400, 18, "Validation error has occurred (see verbose)", ["Time is too precise."]
        )
    project = row["projectid"]
    wrong: list[tuple[str, Json]] = []
    if row["worktypeid"] not in worktypes_of(account, project):
        wrong.append(("worktypeid", str(row["worktypeid"])))
    if row["personid"] not in people_with_access(account, project):
        wrong.append(("personid", str(row["personid"])))
    if wrong:
        raise not_valid(wrong)
    row["datemodified"] = write.body.get("datemodified") or local_now(account)


def _active_only(account: Account, text: str) -> Predicate:
    wanted = parsing.parse_boolean(text)

    def matches(row: Row) -> bool:
        person = account.related("person", row["personid"])
        project = account.related("project", row["projectid"])
        return not wanted or bool(person.get("active") and project.get("active"))

    return matches


RESOURCE = derive(
    "time",
    hidden=columns("approved:boolean"),
    nulls=["milestoneid", "ogmilestoneid"],
    filters=[Filter("activeonly", _active_only)],
    body_fields=[BodyField("time", parsing.body_decimal, required=True)],
    accepts_none=["clientid", "milestoneid"],
    list_only=[
        "clientid",
        "dateiso",
        "project",
        "tasklocalid",
        "task",
        "firstname",
        "lastname",
        "person",
        "active",
        "client",
        "clientactive",
        "statusid",
    ],
    member_only=["milestoneid", "ogmilestoneid"],
    after=("projectmodule", "projectteam", "projectworktype"),
    first_id=30_001,
    generate=_generate,
    complete=_complete,
    check=_check,
)
