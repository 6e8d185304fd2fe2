"""project: the projects with their client, managers, dates, budget and label.

``manager`` is a text in lists and an array of objects in members. Lists are sorted by name. The filter ``personid`` selects the projects to which the
person has access: members of the team have access, and Administrators have access to all projects.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from intervals_async.testing._fake import parsing
from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.contract import Filter, Predicate, Write
from intervals_async.testing._fake.conventions import order_by
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.references import full_name, ids_in
from intervals_async.testing._fake.refusals import not_valid
from intervals_async.testing._fake.resources.client import unpadded
from intervals_async.testing._fake.resources.projectteam import create_team, people_with_access
from intervals_async.testing._fake.sample_text import PROJECTS
from intervals_async.testing._fake.wire import Row, Value, encode_entities, id_of

_MANAGING = ("Administrator", "Manager")


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    rng = sizes.rng("project")
    clients = account.table("client").ids
    people = list(account.table("person"))
    managers = [row["id"] for row in people if row["group"] in _MANAGING]
    for index in range(sizes.projects):
        start = date(2023, 1, 2) + timedelta(days=rng.randrange(700))
        some = rng.sample(managers, min(len(managers), rng.choice((0, 1, 1, 2))))
        yield {
            "name": f"{PROJECTS[index % len(PROJECTS)]} {index + 1}",
            "description": rng.choice((None, "", "<p>Scope &amp; <b>budget</b></p>")),
            "datestart": start,
            "dateend": start + timedelta(days=90) if rng.random() < 0.6 else None,
            # Multiples of 0.01 have the floating-point noise that the real API shows.
            "budget": rng.choice((None, rng.randrange(10**7) * 0.01)),
            "alert_percent": rng.choice((None, 80.0, 100 * 0.55)),
            "active": index == 0 or rng.random() < 0.8,
            "billable": rng.random() < 0.7,
            "clientid": rng.choice(clients) if clients and rng.random() < 0.8 else None,
            "managerid": ",".join(map(str, some)) or None,
            "labelid": rng.choice((None, *account.table("projectlabel").ids)),
        }


def _complete(account: Account, row: Row, caller: int) -> None:
    if row.get("localidunpadded") is None:
        row["localidunpadded"] = account.next_number("project")
    row["localid"] = f"{row['localidunpadded']:05}"
    row.setdefault("name", f"Project {row['id']}")
    row.setdefault("datestart", account.utc_now().date())
    for name in ("active", "billable"):
        row.setdefault(name, True)
    row["clientlocalid"] = unpadded(account.related("client", row.get("clientid")).get("localid"))


def _check(account: Account, write: Write) -> None:
    for manager in ids_in(write.row["managerid"]):
        if account.related("person", manager).get("group") not in _MANAGING:
            raise not_valid([("managerid", str(manager))])


def _created(account: Account, write: Write) -> None:
    create_team(account, write.row)


def _raw_json(account: Account, row: Row) -> Mapping[str, str]:
    people = [account.related("person", found) for found in ids_in(row["managerid"])]
    return {"manager": json.dumps([_in_detail(person) for person in people if person])}


def _in_detail(person: Row) -> dict[str, str]:
    return {
        "managerid": str(person["id"]),
        "manager": encode_entities(full_name(person) or ""),
        "manageractive": "t" if person["active"] else "f",
        "managerlocalid": str(person["localid"]),
    }


def _accessible_to(account: Account, value: str) -> Predicate:
    person = parsing.parse_integer(value)
    return lambda row: person in people_with_access(account, id_of(row))


def _label_order(account: Account, row: Row) -> Value:
    return account.related("projectlabel", row["labelid"]).get("priority")


RESOURCE = derive(
    "project",
    nulls=["alert_date"],
    order=order_by("name"),
    accepts_none=["clientid", "managerid"],
    filters=[Filter("personid", _accessible_to)],
    sorts={"label_order": _label_order},
    first_id=301,
    generate=_generate,
    complete=_complete,
    check=_check,
    created=_created,
    raw_json=_raw_json,
)
