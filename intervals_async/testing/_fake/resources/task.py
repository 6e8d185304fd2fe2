"""task: the tasks of projects.

The estimate of a task without one is 0. Lists and members have different shapes. A list contains names as text, a rank as ``priority`` and
the sums of the logged time. A member contains arrays of people and a name as ``priority``.

The fields about the project and the status keep their values from the last write. The sums of the
logged time are always current.

The contract leaves these points open, so the fake assumes:

- Date ranges include both ends.
- A task is closed if it has a closing date or its status is named Closed.
- The objects in ``follower`` have the same kind of keys as those in ``assignee`` and ``owner``.
- Administrators have access to every project.
- Everybody may use any saved filter.
- The restriction of a Resource user to their own tasks applies in addition to the filters.
- Creating or changing a task adds a note by the system.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from urllib.parse import parse_qsl

from intervals_async.testing._fake import parsing
from intervals_async.testing._fake.account import Account
from intervals_async.testing._fake.clock import local_now, today
from intervals_async.testing._fake.contract import Filter, Predicate, ReadContext, Write
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.filters import checked_only, contains, flag, linked
from intervals_async.testing._fake.hours import total_hours
from intervals_async.testing._fake.notes import add_system_note
from intervals_async.testing._fake.references import full_name, ids_in
from intervals_async.testing._fake.refusals import not_valid
from intervals_async.testing._fake.resources.client import unpadded
from intervals_async.testing._fake.resources.projectteam import people_with_access
from intervals_async.testing._fake.resources.taskstatus import CLOSED
from intervals_async.testing._fake.sample_tasks import generate
from intervals_async.testing._fake.wire import Row, encode_entities, id_of

_PEOPLE = ("assignee", "follower", "owner")


def is_closed(task: Row) -> bool:
    """Return whether a task is closed."""
    return task["dateclosed"] is not None or task["status"] == CLOSED


def related_people(task: Row) -> set[int]:
    """Return the ids of the assignees, followers and owners of a task."""
    return {person for role in _PEOPLE for person in ids_in(task[f"{role}id"])}


def _complete(account: Account, row: Row, caller: int) -> None:
    if "localid" not in row:
        row["localid"] = account.next_number("task")
    for column, table in (
        ("projectid", "project"),
        ("moduleid", "module"),
        ("statusid", "taskstatus"),
        ("priorityid", "taskpriority"),
    ):
        row.setdefault(column, next(iter(account.table(table).ids), None))
    row.setdefault("title", f"Task {row['id']}")
    row.setdefault("ownerid", str(caller))
    row["summary"] = row.get("summary") or ""
    row["estimate"] = row.get("estimate") or 0.0
    row.setdefault("dateopen", today(account))
    row.setdefault("dateclosed", None)
    row.setdefault("datecreated", today(account))
    row.setdefault("datemodified", local_now(account))
    project = account.related("project", row["projectid"])
    label = account.related("projectlabel", project.get("labelid"))
    priority = account.related("taskpriority", row["priorityid"])
    milestone = account.related("milestone", row.get("milestoneid"))
    row |= {
        "clientid": project.get("clientid"),
        "clientlocalid": project.get("clientlocalid"),
        "projectlocalid": unpadded(project.get("localid")),
        "projectlabelid": label.get("id"),
        "projectlabel_order": label.get("priority"),
        "priority": priority.get("priority"),
        "severity": priority.get("name"),
        "color": str(priority.get("color") or "").removeprefix("#") or None,
        "status_order": account.related("taskstatus", row["statusid"]).get("priority"),
        "milestonelocalid": milestone.get("localid"),
    }
    for role in _PEOPLE:
        row[f"{role}id"] = row.get(f"{role}id") or ""
        people = [account.related("person", each) for each in ids_in(row[f"{role}id"])]
        row[f"{role}s"] = ", ".join(filter(None, map(full_name, people)))
        row[role] = json.dumps([_in_detail(role, person) for person in people if person])


def _in_detail(role: str, person: Row) -> dict[str, str]:
    return {
        role: encode_entities(full_name(person) or ""),
        f"{role}active": "t" if person["active"] else "f",
        "personid": str(person["id"]),
        "personlocalid": str(person["localid"]),
    }


def _show(account: Account, row: Row, context: ReadContext) -> Row:
    if context.member:
        return {**row, "priority": row["severity"]}
    identity = id_of(row)
    shown: Row = {
        **row,
        "billable": total_hours(account, "taskid", identity, billable=True),
        "unbillable": total_hours(account, "taskid", identity, billable=False),
        "actual": total_hours(account, "taskid", identity),
    }
    if "includetimerid" not in context.query:
        return {
            name: value for name, value in shown.items() if name not in ("timerid", "starttime")
        }
    person = int(context.query["includetimerid"])
    timers = (
        timer
        for timer in account.table("timer")
        if (timer["taskid"], timer["personid"]) == (identity, person)
    )
    timer = next(timers, {})
    return {**shown, "timerid": timer.get("id"), "starttime": timer.get("starttime")}


def _visible(account: Account, context: ReadContext) -> Predicate | None:
    if context.member or not context.person["restricttasks"]:
        return None
    return _related_to(account, frozenset((context.caller,)))


def _related_to(account: Account, people: frozenset[int]) -> Predicate:
    return lambda row: not people.isdisjoint(related_people(row))


def _accessible_to(account: Account, text: str) -> Predicate:
    person = parsing.parse_integer(text)
    projects = account.table("project").ids
    projects_with_access = {
        each for each in projects if person in people_with_access(account, each)
    }
    return lambda row: row["projectid"] in projects_with_access


def _is_overdue(account: Account, row: Row) -> bool:
    due = row["datedue"]
    return due is not None and str(due) < str(today(account)) and not is_closed(row)


def _without_closed(account: Account, text: str) -> Predicate:
    left_out = parsing.parse_boolean(text)
    return lambda row: not (left_out and is_closed(row))


def _by_search(account: Account, wanted: str) -> Predicate:
    def matches(row: Row) -> bool:
        request = account.related("request", row["queueid"])
        own = (row["title"], row["summary"], row["localid"])
        return contains(wanted, *own, request.get("title"), request.get("description"))

    return matches


def _saved(account: Account, text: str) -> Predicate:
    saved = account.related("tasklistfilter", parsing.parse_integer(text))
    if not saved:
        raise ValueError(text)
    nested = account.related("tasklistfilter", saved["subfilterid"])
    tests = [*_tests(account, saved), *_tests(account, nested)]
    return lambda row: all(test(row) for test in tests)


def _tests(account: Account, saved: Row) -> Iterable[Predicate]:
    by_name = {each.name: each for each in RESOURCE.filters}
    for name, value in parse_qsl(str(saved.get("params") or "")):
        yield by_name[name].test(account, value)


def _check(account: Account, write: Write) -> None:
    # Resource users own the tasks that they create, and cannot change the owners.
    if account.related("person", write.caller).get("group") == "Resource":
        before = write.old["ownerid"] if write.old else str(write.caller)
        if write.row["ownerid"] != before:
            raise not_valid([("ownerid", str(write.row["ownerid"]))])
    write.row["datemodified"] = local_now(account)


def _created(account: Account, write: Write) -> None:
    add_system_note(account, "task", write, "Task created")


def _changed(account: Account, write: Write) -> None:
    add_system_note(account, "task", write, "Task updated")


RESOURCE = derive(
    "task",
    nulls=["queueid"],
    filters=[
        Filter("personid", _accessible_to),
        checked_only("includetimerid", parsing.parse_integer),
        flag("hasduedate", lambda account, row: row["datedue"] is not None),
        Filter("tasklistfilterid", _saved),
        flag("overdue", _is_overdue),
        Filter("excludeclosed", _without_closed),
        linked("assignedorownedby", _related_to),
        linked("hastaskrelation", _related_to),
        Filter("search", _by_search),
    ],
    accepts_none=["assigneeid", "followerid", "clientid", "milestoneid"],
    sorts={
        "assignee": lambda account, row: row["assignees"],
        "projectabel_order": lambda account, row: row["projectlabel_order"],
    },
    list_only=[
        "queueid",
        "datemodified",
        "severity",
        "status_order",
        "clientlocalid",
        "projectlocalid",
        "assignees",
        "followers",
        "owners",
        "billable",
        "unbillable",
        "actual",
        "projectlabel",
        "projectlabel_order",
        "projectlabelid",
        "timerid",
        "starttime",
    ],
    member_only=["milestonelocalid", "assignee", "follower", "owner"],
    # A task shows a timer only on request; the column is no reference that needs to exist.
    points_to={"timerid": None},
    unnamed=["priority", "assignee", "follower", "owner"],
    after=("projectmodule", "projectteam"),
    first_id=2001,
    generate=generate,
    complete=_complete,
    check=_check,
    created=_created,
    changed=_changed,
    visible=_visible,
    show=_show,
)
