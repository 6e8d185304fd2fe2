"""person: the people of the account: users who can log in, and contacts who cannot.

Lists are sorted by first name. A Resource user does not receive ten of the fields. Deleting a person
deletes their time and timers too, as the vendor's help says.

The contract leaves these points open, so the fake assumes:

- The members of a project's team and all Administrators have access to the project. The filters
  ``projectid`` and ``projectclientid`` select by this access.
- A Resource user does not receive these fields in a member either; only lists are recorded.
- ``timezone_offset`` is a label, not a number. Its form is inferred; no value of it is recorded.
- The field ``email`` of a new person becomes a personcontact. A change only validates it, because
  the documentation says that it is "later changed through personcontact".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from intervals_async.testing._fake.account import FIRST_GROUP, GROUPS, Account, Sizes
from intervals_async.testing._fake.contract import Filter, Predicate, Write
from intervals_async.testing._fake.conventions import order_by
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.filters import contains, linked
from intervals_async.testing._fake.refusals import not_valid
from intervals_async.testing._fake.resources.client import unpadded
from intervals_async.testing._fake.resources.contacttype import EMAIL
from intervals_async.testing._fake.resources.projectteam import people_with_access
from intervals_async.testing._fake.sample_text import FIRST_NAMES, JOBS, LAST_NAMES
from intervals_async.testing._fake.wire import Row, Value, id_of

_ADMINISTRATOR, _, _RESOURCE, _ = range(FIRST_GROUP, FIRST_GROUP + len(GROUPS))
_MANAGING = ("Administrator", "Manager")
_HIDDEN_FROM_RESOURCES = (
    "primaryaccount",
    "notes",
    "allprojects",
    "private",
    "username",
    "numlogins",
    "lastlogin",
    "timezone",
    "timezone_offset",
    "restricttasks",
)
_EPOCH = datetime(2024, 1, 1, 8)  # noqa: DTZ001 - the API does not tell lastlogin's zone


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    rng = sizes.rng("person")
    clients = account.table("client").ids
    for index in range(sizes.people):
        # The first four people belong to one group each, so that tests can check every permission.
        can_call = index < len(GROUPS) or rng.random() < 0.8
        first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
        login = _EPOCH + timedelta(minutes=rng.randrange(500_000))
        yield {
            "clientid": rng.choice(clients) if clients and rng.random() < 0.3 else None,
            "title": rng.choice(JOBS),
            "firstname": first,
            # Most recorded people have no last name; here the first four, one per group, have one.
            "lastname": None if index >= len(GROUPS) and index % 3 == 1 else last,
            "primaryaccount": index == 0,
            "notes": rng.choice((None, "<p>Prefers <em>e-mail</em> &amp; calls.</p>", "")),
            "allprojects": rng.random() < 0.3,
            "active": can_call or rng.random() < 0.5,
            "private": rng.random() < 0.2,
            "username": f"user{index + 1}@example.org" if can_call else None,
            "groupid": index % len(GROUPS) + FIRST_GROUP if can_call else None,
            "numlogins": rng.randrange(500) if can_call else 0,
            "lastlogin": login.replace(microsecond=rng.choice((0, 123_456))) if can_call else None,
        }


def _complete(account: Account, row: Row, caller: int) -> None:
    if "localid" not in row:
        row["localid"] = account.next_number("person")
    row.setdefault("firstname", f"Person {row['id']}")
    for name in ("primaryaccount", "allprojects", "private"):
        row.setdefault(name, False)
    for name, value in (("active", True), ("tips", True), ("numlogins", 0)):
        row.setdefault(name, value)
    row.setdefault("timezone", "America/Los_Angeles")
    row.setdefault("timezone_offset", "(GMT-08:00) Pacific Time (US & Canada)")
    row.setdefault("calendarorientation", 1)
    row.setdefault("editordisabled", 0)
    group = row.get("groupid")
    # Recorded responses contain this field for a Resource user, but not for an Administrator.
    row["restricttasks"] = None if group in (None, _ADMINISTRATOR) else group == _RESOURCE
    row["clientlocalid"] = unpadded(account.related("client", row.get("clientid")).get("localid"))


def _check(account: Account, write: Write) -> None:
    if write.old is None and write.row["username"]:
        needed = [name for name in ("email", "groupid") if write.body.get(name) in (None, "")]
        if needed:
            raise not_valid([], missing=needed)


def _created(account: Account, write: Write) -> None:
    email = write.body.get("email")
    if email:
        contacts = account.table("personcontact")
        descriptors = account.table("contactdescriptor")
        first = next(row["id"] for row in descriptors if row["contacttypeid"] == EMAIL)
        kind: Row = {"contact_type_id": EMAIL, "contact_descriptor_id": first}
        contacts.add({"id": contacts.next_id, "personid": write.row["id"], "value": email, **kind})


def _without_groups(account: Account, groups: frozenset[int]) -> Predicate:
    return lambda row: row["groupid"] not in groups


def _on_projects(account: Account, projects: frozenset[int]) -> Predicate:
    team = {person for project in projects for person in people_with_access(account, project)}
    return lambda row: row["id"] in team


def _on_projects_of(account: Account, clients: frozenset[int]) -> Predicate:
    projects = account.table("project")
    return _on_projects(
        account,
        frozenset(id_of(row) for row in projects if row["clientid"] in clients),
    )


def _owners(account: Account, wanted: str, kind: int | None) -> set[Value]:
    return {
        contact["personid"]
        for contact in account.table("personcontact")
        if kind in (None, contact["contact_type_id"]) and contains(wanted, contact["value"])
    }


def _by_email(account: Account, wanted: str) -> Predicate:
    owners = _owners(account, wanted, EMAIL)
    return lambda row: row["id"] in owners


def _by_search(account: Account, wanted: str) -> Predicate:
    owners = _owners(account, wanted, None)
    names = ("firstname", "lastname", "client", "username", "notes")
    return lambda row: row["id"] in owners or contains(wanted, *(row[name] for name in names))


def _removed(account: Account, person: Row) -> None:
    for name in ("time", "timer"):
        table = account.table(name)
        for row in [row for row in table if row["personid"] == person["id"]]:
            table.remove(id_of(row))


RESOURCE = derive(
    "person",
    optional=["restricttasks"],
    nulls=["lastname"],
    visible_to=dict.fromkeys(_HIDDEN_FROM_RESOURCES, _MANAGING),
    order=order_by("firstname"),
    removed=_removed,
    filters=[
        Filter("email", _by_email),
        linked("excludegroupids", _without_groups),
        linked("projectid", _on_projects),
        linked("projectclientid", _on_projects_of),
        Filter("search", _by_search),
    ],
    first_id=201,
    generate=_generate,
    complete=_complete,
    check=_check,
    created=_created,
)
