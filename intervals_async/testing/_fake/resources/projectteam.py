"""projectteam: who is on a project.

A team's id is its project's. ``POST`` adds people and ``DELETE`` removes them, one object or an
array of them; naming an Administrator has no effect, since they are on all projects. Assumed where
the contract says nothing: the list of a team names its own people and no Administrators, the
managers of a project are on its team, both writes answer with the team as it then is (201 and 200),
an array is carried out whole or not at all, and PUT, of which nothing is known, does what POST does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from intervals_async.testing._fake import refusals, values
from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.contract import Asking, Filter, Predicate
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.log import SeenRequest
from intervals_async.testing._fake.references import ids_in
from intervals_async.testing._fake.wire import (
    Envelope,
    Json,
    Row,
    Value,
    columns,
    encoder,
    id_of,
    phrase,
)

_ADMINISTRATORS = ("Administrator",)


def people_with_access(account: Account, project: Value) -> set[int]:
    """Return the people who have access to a project: its team and all Administrators."""
    team = account.related("projectteam", project)
    return {*ids_in(team.get("personid")), *_administrators(account)}


def found_team(account: Account, project: Row) -> None:
    """Make the team of a new project: its managers, and who is on all projects."""
    everywhere = (id_of(row) for row in account.table("person") if row["allprojects"])
    people = {*everywhere, *ids_in(project["managerid"])} - _administrators(account)
    table = account.table("projectteam")
    if table.get(project["id"]) is None:
        row: Row = {"id": project["id"], "projectid": project["id"], "securenotes": ""}
        table.add({**row, "personid": _written(people)})


def accessible_to(name: str) -> Filter:
    """Filter by the projects to which one person has access."""

    def test(account: Account, wanted: str) -> Predicate:
        person = values.whole_number(wanted)
        return lambda row: person in people_with_access(account, row["projectid"])

    return Filter(name, test)


def active_ones_to_resources(account: Account, asking: Asking) -> Predicate | None:
    """Give Resource users what is active on a project, everybody else all of it."""
    if asking.group != "Resource":
        return None
    return lambda row: bool(row["active"])


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
            "personid": _written(team),
            "securenotes": _written(trusted),
        }


def _administrators(account: Account) -> set[int]:
    return {id_of(row) for row in account.table("person") if row["group"] == "Administrator"}


def _written(people: set[int]) -> str:
    return ",".join(map(str, sorted(people)))


def _add(account: Account, seen: SeenRequest, row: Row, caller: int) -> Envelope:
    told = _read_body(account, seen, securenotes=True)
    people = {*told} - _administrators(account)
    trusted = {person for person, trust in told.items() if trust} & people
    known = {*ids_in(row["securenotes"])} - {p for p, trust in told.items() if trust is False}
    return _changed(account, row, caller, {*ids_in(row["personid"])} | people, known | trusted, 201)


def _remove(account: Account, seen: SeenRequest, row: Row, caller: int) -> Envelope:
    people = _read_body(account, seen, securenotes=False).keys()
    team = {*ids_in(row["personid"])} - people
    return _changed(account, row, caller, team, {*ids_in(row["securenotes"])} - people, 200)


def _changed(
    account: Account, row: Row, caller: int, team: set[int], trusted: set[int], code: int
) -> Envelope:
    changed = {"personid": _written(team), "securenotes": _written(trusted)}
    account.table("projectteam").change(id_of(row), changed)
    sent = tuple(column for column in RESOURCE.columns if column.member)
    payload = encoder(sent).encode({**row, **changed}, member=True)
    return Envelope(caller, "projectteam", payload, code=code, status=phrase(code))


def _read_body(account: Account, seen: SeenRequest, *, securenotes: bool) -> dict[int, bool | None]:
    """Return the people that a body names, and what it says of their access to secure notes."""
    several = seen.body if isinstance(seen.body, list) else [seen.body]
    told: dict[int, bool | None] = {}
    for each in several:
        if not isinstance(each, dict):
            raise refusals.unreadable_body("The body is neither an object nor an array of objects")
        names = ("personid", "securenotes") if securenotes else ("personid",)
        unknown = [name for name in each if name not in names]
        if unknown:
            raise refusals.not_recognized(unknown)
        person = _valid(each, "personid", values.number)
        if account.table("person").get(person) is None:
            raise refusals.not_valid([("personid", each["personid"])])
        told[int(str(person))] = (
            bool(_valid(each, "securenotes", values.flag)) if "securenotes" in each else None
        )
    if not told:
        raise refusals.not_valid([], missing=["personid"])
    return told


def _valid(body: dict[str, Json], name: str, parse: Callable[[Json], Value]) -> Value:
    if name not in body:
        raise refusals.not_valid([], missing=[name])
    try:
        return parse(body[name])
    except ValueError:
        raise refusals.not_valid([(name, body[name])]) from None


RESOURCE = derive(
    "projectteam",
    columns=columns("personid:array"),
    kept=columns("securenotes:ids"),
    points_to={"securenotes": "person"},
    after=("project",),
    member=dict.fromkeys(("GET", "POST", "PUT", "DELETE"), _ADMINISTRATORS),
    generate=_generate,
    acts={"POST": _add, "PUT": _add, "DELETE": _remove},
)
