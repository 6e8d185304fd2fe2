"""projectteam: who is on a project.

A team's id is its project's. ``POST`` adds people and ``DELETE`` removes them, one object or an
array of them; naming an Administrator has no effect, since they are on all projects. Assumed where
the contract says nothing: the list of a team names its own people and no Administrators, the
managers of a project are on its team, both writes answer with the team as it then is (201 and 200),
an array is carried out whole or not at all, and PUT, of which nothing is known, does what POST does.
"""

from __future__ import annotations

from collections.abc import Iterator

from intervals_async.testing.account import Account, Sizes
from intervals_async.testing.derive import derive
from intervals_async.testing.references import ids_in
from intervals_async.testing.wire import Row, Value, columns, id_of

_ADMINISTRATORS = ("Administrator",)


def people_with_access(account: Account, project: Value) -> set[int]:
    """Return the people who have access to a project: its team and all Administrators."""
    team = account.related("projectteam", project)
    return {*ids_in(team.get("personid")), *_administrators(account)}


def found_team(account: Account, project: Row, *more: int) -> None:
    """Make the team of a new project: its managers, and who is on all projects."""
    everywhere = (id_of(row) for row in account.table("person") if row["allprojects"])
    people = {*everywhere, *ids_in(project["managerid"]), *more} - _administrators(account)
    table = account.table("projectteam")
    if table.get(project["id"]) is None:
        table.add({"id": project["id"], "projectid": project["id"], **_written(people)})


def may_read_secure_notes(account: Account, project: Value, person: int) -> bool:
    """Tell whether somebody on the team was given access to the project's secure notes."""
    return person in ids_in(account.related("projectteam", project).get("securenotes"))


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    dice = sizes.dice("projectteam")
    people = list(account.table("person"))
    administrators = _administrators(account)
    for project in account.table("project"):
        guests = (id_of(row) for row in dice.sample(people, min(4, len(people))))
        everywhere = (id_of(row) for row in people if row["allprojects"])
        team = {*guests, *everywhere, *ids_in(project["managerid"])} - administrators
        trusted = {person for person in sorted(team) if dice.random() < 0.5}
        yield {
            "id": project["id"],
            "projectid": project["id"],
            **_written(team),
            "securenotes": _written(trusted)["personid"],
        }


def _administrators(account: Account) -> set[int]:
    return {id_of(row) for row in account.table("person") if row["group"] == "Administrator"}


def _written(people: set[int]) -> Row:
    return {"personid": ",".join(map(str, sorted(people))) or None}


RESOURCE = derive(
    "projectteam",
    kept=columns("securenotes:ids"),
    generate=_generate,
)
