"""The people, modules and work types of a project."""

from __future__ import annotations

from intervals_async.testing._fake.account import Account
from intervals_async.testing._fake.resources.projectteam import people_with_access
from intervals_async.testing._fake.wire import Row, Value


def team(account: Account, project: Value) -> list[int]:
    """Return the sorted ids of the people with access to a project."""
    people = account.table("person")
    members = [each for each in sorted(people_with_access(account, project)) if people.get(each)]
    return members or list(people.ids[:1])


def modules_of(account: Account, project: Value) -> list[Value]:
    """Return the ids of a project's modules, as tasks and time entries refer to them."""
    rows = account.table("projectmodule")
    return [row["moduleid"] for row in rows if row["projectid"] == project and row["moduleid"]]


def worktypes_of(account: Account, project: Value) -> dict[Value, Row]:
    """Return a project's work types by the ids that time entries refer to."""
    rows = account.table("projectworktype")
    return {row["worktypeid"]: row for row in rows if row["projectid"] == project}
