"""projectteam: the people on a project.

The id of a team is the id of its project. ``POST`` adds people and ``DELETE`` removes them; the
body is one object or an array of objects. Adding or removing an Administrator has no effect,
because Administrators are on all projects.

The contract leaves these points open, so the fake assumes:

- A team does not list Administrators, and the managers of a project are on its team.
- ``POST`` responds with 201, ``DELETE`` with 200, and both with the resulting team.
- An array with one invalid object changes nobody.
- ``PUT`` does the same as ``POST``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from intervals_async.testing._fake import parsing, refusals
from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.contract import Filter, Predicate, ReadContext
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
    reason_phrase,
)

_ADMINISTRATORS = ("Administrator",)


def people_with_access(account: Account, project: Value) -> set[int]:
    """Return the people with access to a project: its team and all Administrators."""
    team = account.related("projectteam", project)
    return {*ids_in(team.get("personid")), *_administrators(account)}


def create_team(account: Account, project: Row) -> None:
    """Create the team of a new project: its managers, and the people on all projects."""
    everywhere = (id_of(row) for row in account.table("person") if row["allprojects"])
    people = {*everywhere, *ids_in(project["managerid"])} - _administrators(account)
    table = account.table("projectteam")
    if table.get(project["id"]) is None:
        row: Row = {"id": project["id"], "projectid": project["id"], "securenotes": ""}
        table.add({**row, "personid": _joined(people)})


def accessible_to(name: str) -> Filter:
    """Return a filter for the projects to which a person has access."""

    def test(account: Account, wanted: str) -> Predicate:
        person = parsing.parse_integer(wanted)
        return lambda row: person in people_with_access(account, row["projectid"])

    return Filter(name, test)


def only_active_for_resources(account: Account, context: ReadContext) -> Predicate | None:
    """Restrict Resource users to active rows; all other groups see every row."""
    if context.group != "Resource":
        return None
    return lambda row: bool(row["active"])


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    rng = sizes.rng("projectteam")
    people = list(account.table("person"))
    administrators = _administrators(account)
    for project in account.table("project"):
        guests = (id_of(row) for row in rng.sample(people, min(4, len(people))))
        everywhere = (id_of(row) for row in people if row["allprojects"])
        team = {*guests, *everywhere, *ids_in(project["managerid"])} - administrators
        trusted = {person for person in sorted(team) if rng.random() < 0.5}
        yield {
            "id": project["id"],
            "projectid": project["id"],
            "personid": _joined(team),
            "securenotes": _joined(trusted),
        }


def _administrators(account: Account) -> set[int]:
    return {id_of(row) for row in account.table("person") if row["group"] == "Administrator"}


def _joined(people: set[int]) -> str:
    return ",".join(map(str, sorted(people)))


def _add(account: Account, request: SeenRequest, row: Row, caller: int) -> Envelope:
    access = _read_body(account, request, securenotes=True)
    people = {*access} - _administrators(account)
    trusted = {person for person, trust in access.items() if trust} & people
    known = {*ids_in(row["securenotes"])} - {p for p, trust in access.items() if trust is False}
    return _changed(account, row, caller, {*ids_in(row["personid"])} | people, known | trusted, 201)


def _remove(account: Account, request: SeenRequest, row: Row, caller: int) -> Envelope:
    people = _read_body(account, request, securenotes=False).keys()
    team = {*ids_in(row["personid"])} - people
    return _changed(account, row, caller, team, {*ids_in(row["securenotes"])} - people, 200)


def _changed(
    account: Account, row: Row, caller: int, team: set[int], trusted: set[int], code: int
) -> Envelope:
    changed = {"personid": _joined(team), "securenotes": _joined(trusted)}
    account.table("projectteam").change(id_of(row), changed)
    sent = tuple(column for column in RESOURCE.columns if column.member)
    payload = encoder(sent).encode({**row, **changed}, member=True)
    return Envelope(caller, "projectteam", payload, code=code, status=reason_phrase(code))


def _read_body(
    account: Account, request: SeenRequest, *, securenotes: bool
) -> dict[int, bool | None]:
    """Return the people in a body, each with the requested access to secure notes or None."""
    objects = request.body if isinstance(request.body, list) else [request.body]
    access: dict[int, bool | None] = {}
    for entry in objects:
        if not isinstance(entry, dict):
            raise refusals.unreadable_body("The body is neither an object nor an array of objects")
        names = ("personid", "securenotes") if securenotes else ("personid",)
        unknown = [name for name in entry if name not in names]
        if unknown:
            raise refusals.not_recognized(unknown)
        person = _valid(entry, "personid", parsing.body_integer)
        if account.table("person").get(person) is None:
            raise refusals.not_valid([("personid", entry["personid"])])
        access[int(str(person))] = (
            bool(_valid(entry, "securenotes", parsing.body_boolean))
            if "securenotes" in entry
            else None
        )
    if not access:
        raise refusals.not_valid([], missing=["personid"])
    return access


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
    hidden=columns("securenotes:ids"),
    points_to={"securenotes": "person"},
    after=("project",),
    member=dict.fromkeys(("GET", "POST", "PUT", "DELETE"), _ADMINISTRATORS),
    generate=_generate,
    method_handlers={"POST": _add, "PUT": _add, "DELETE": _remove},
)
