"""milestone: the dated goals of projects, with one or more owners.

The contract leaves these points open, so the fake assumes:

- The sort field ``progress`` is the fraction of the milestone's tasks that are closed. ``estimate``
  and ``actual`` are the sums over its tasks.
- Creating or changing a milestone adds a note by the system. Its title says what happened, and its
  body is empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.clock import today
from intervals_async.testing._fake.contract import Filter, Predicate, ReadContext, Write
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.filters import contains, linked
from intervals_async.testing._fake.hours import as_float, total_hours
from intervals_async.testing._fake.notes import add_system_note
from intervals_async.testing._fake.references import full_name, ids_in
from intervals_async.testing._fake.resources.task import is_closed, related_people
from intervals_async.testing._fake.sample_text import title
from intervals_async.testing._fake.teams import team
from intervals_async.testing._fake.wire import Row, Value, id_of

_MILESTONES = 14
_SPAN = 90


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    rng = sizes.rng("milestone")
    projects = list(account.table("project"))
    for index in range(_MILESTONES if projects else 0):
        project = rng.choice(projects)
        people = team(account, project["id"])
        owners = rng.sample(people, min(len(people), rng.choice((1, 1, 2))))
        due = today(account) + timedelta(days=rng.randrange(-_SPAN, _SPAN))
        yield {
            "projectid": project["id"],
            "ownerid": ",".join(map(str, sorted(owners))),
            "title": title(index, index + 1),
            "description": rng.choice((None, "", "<p>All of <b>it</b> &amp; more</p>")),
            "datedue": due,
            "complete": due < today(account) and rng.random() < 0.6,
        }


def _complete(account: Account, row: Row, caller: int) -> None:
    if "localid" not in row:
        row["localid"] = account.next_number("milestone")
    row.setdefault("projectid", next(iter(account.table("project").ids), None))
    row.setdefault("ownerid", str(caller))
    row.setdefault("title", f"Milestone {row['id']}")
    row.setdefault("datedue", today(account))
    row.setdefault("complete", False)


def _tasks(account: Account, row: Row) -> list[Row]:
    return [task for task in account.table("task") if task["milestoneid"] == row["id"]]


def _related_to(account: Account, people: frozenset[int]) -> Predicate:
    tasks = account.table("task")
    theirs = {task["milestoneid"] for task in tasks if related_people(task) & people}
    return lambda row: row["id"] in theirs or not people.isdisjoint(ids_in(row["ownerid"]))


def _visible(account: Account, context: ReadContext) -> Predicate | None:
    if context.member or not context.person["restricttasks"]:
        return None
    return _related_to(account, frozenset((context.caller,)))


def _by_search(account: Account, wanted: str) -> Predicate:
    notes = account.table("milestonenote")
    noted = {note["milestoneid"] for note in notes if contains(wanted, note["note"])}
    searched = ("title", "description", "localid")
    return lambda row: row["id"] in noted or contains(wanted, *(row[name] for name in searched))


def _project(account: Account, row: Row) -> Row:
    return account.related("project", row["projectid"])


def _client(account: Account, row: Row) -> Value:
    return _project(account, row).get("clientid")


def _label(account: Account, row: Row) -> Row:
    return account.related("projectlabel", _project(account, row).get("labelid"))


def _progress(account: Account, row: Row) -> Value:
    tasks = _tasks(account, row)
    return sum(map(is_closed, tasks)) / len(tasks) if tasks else 0.0


def _estimate(account: Account, row: Row) -> Value:
    return sum(as_float(task["estimate"]) for task in _tasks(account, row))


def _actual(account: Account, row: Row) -> Value:
    return sum(total_hours(account, "taskid", id_of(task)) for task in _tasks(account, row))


def _owner(account: Account, row: Row) -> Value:
    people = (account.related("person", each) for each in ids_in(row["ownerid"]))
    return ", ".join(filter(None, map(full_name, people)))


def _created(account: Account, write: Write) -> None:
    add_system_note(account, "milestone", write, "Milestone created")


def _changed(account: Account, write: Write) -> None:
    add_system_note(account, "milestone", write, "Milestone updated")


RESOURCE = derive(
    "milestone",
    filters=[
        Filter("search", _by_search),
        linked("hasmilestonerelation", _related_to),
    ],
    accepts_none=["clientid"],
    sorts={
        "clientid": _client,
        "progress": _progress,
        "estimate": _estimate,
        "actual": _actual,
        "owner": _owner,
        "projectlabelid": lambda account, row: _label(account, row).get("id"),
        "projectlabel": lambda account, row: _label(account, row).get("name"),
        "projectabel_order": lambda account, row: _label(account, row).get("priority"),
    },
    first_id=401,
    generate=_generate,
    complete=_complete,
    created=_created,
    changed=_changed,
    visible=_visible,
)
