"""project: projects with their client, managers, dates, budget and label.

``manager`` is text in the list and an array of objects in the member. What these objects hold is
not known: ``id`` and ``name`` are the fake's own assumption. Access (``personid``) is membership of
the project's team.
"""

from __future__ import annotations

import json
import operator
import random
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from intervals_async.testing import values
from intervals_async.testing.account import Account, Sizes
from intervals_async.testing.contract import (
    ADMINISTRATORS,
    EVERYBODY,
    Filter,
    Predicate,
    Resource,
    Setting,
    Write,
)
from intervals_async.testing.filters import (
    NONE_ID,
    dated,
    flag,
    ids,
    linked,
    text,
)
from intervals_async.testing.refusals import not_valid
from intervals_async.testing.resources.person import full_name
from intervals_async.testing.tables import Table
from intervals_async.testing.wire import Row, Value, columns, id_of
from intervals_async.testing.words import PROJECTS

_MANAGING = ("Administrator", "Manager")


def _generate(account: Account, sizes: Sizes) -> None:
    table = account.tables["project"] = Table(PROJECT.columns, 301)
    dice = sizes.dice("project")
    clients = account.table("client").order
    people = list(account.table("person"))
    managers = [row["id"] for row in people if row["group"] in _MANAGING]
    for place in range(sizes.projects):
        start = date(2023, 1, 2) + timedelta(days=dice.randrange(700))
        some = dice.sample(managers, min(len(managers), dice.choice((0, 1, 1, 2))))
        row: Row = {
            "id": table.next_id,
            "name": f"{PROJECTS[place % len(PROJECTS)]} {place + 1}",
            "description": dice.choice((None, "", "<p>Scope &amp; <b>budget</b></p>")),
            "datestart": start,
            "dateend": start + timedelta(days=90) if dice.random() < 0.6 else None,
            # Sums of cents carry the binary noise that the API is known for.
            "budget": dice.choice((None, dice.randrange(10**7) * 0.01)),
            "alert_percent": dice.choice((None, 80.0, 100 * 0.55)),
            "active": place == 0 or dice.random() < 0.8,
            "billable": dice.random() < 0.7,
            "clientid": dice.choice(clients) if clients and dice.random() < 0.8 else None,
            "managerid": ",".join(map(str, some)) or None,
            "labelid": dice.choice((None, *account.table("projectlabel").order)),
        }
        _complete(account, row, 0)
        identity = table.add(row)
        account.teams[identity] = _team(account, row) | _guests(people, dice)


def _guests(people: list[Row], dice: random.Random) -> set[int]:
    return {id_of(row) for row in dice.sample(people, min(3, len(people)))}


def _team(account: Account, row: Row) -> set[int]:
    everywhere = {id_of(row) for row in account.table("person") if row["allprojects"]}
    return everywhere | _managers(row)


def _managers(row: Row) -> set[int]:
    listed = row["managerid"]
    return {int(part) for part in str(listed).split(",")} if listed else set()


def _complete(account: Account, row: Row, caller: int) -> None:
    if "localidunpadded" not in row:
        row["localidunpadded"] = account.number("project")
    row["localid"] = f"{row['localidunpadded']:05}"
    row.setdefault("name", f"Project {row['id']}")
    row.setdefault("datestart", account.stamp().date())
    for name in ("active", "billable"):
        row.setdefault(name, True)
    for column in PROJECT.columns:
        row.setdefault(column.name, None)
    client = account.related("client", row["clientid"])
    row["client"], localid = client.get("name"), client.get("localid")
    row["clientlocalid"] = None if localid is None else int(str(localid))
    row["label"] = account.related("projectlabel", row["labelid"]).get("name")
    names = (full_name(account.related("person", found)) for found in sorted(_managers(row)))
    row["manager"] = ", ".join(name for name in names if name) or None


def _check(account: Account, write: Write) -> None:
    row = write.row
    for name, table in (("clientid", "client"), ("labelid", "projectlabel")):
        if row[name] is not None and account.table(table).get(row[name]) is None:
            raise not_valid([(name, str(row[name]))])
    for manager in _managers(row):
        if account.related("person", manager).get("group") not in _MANAGING:
            raise not_valid([("managerid", str(manager))])


def _created(account: Account, write: Write) -> None:
    account.teams[id_of(write.row)] = _team(account, write.row)


def _shapes(account: Account, row: Row) -> Mapping[str, str]:
    people = [account.related("person", found) for found in sorted(_managers(row))]
    shown = [{"id": str(person["id"]), "name": full_name(person)} for person in people if person]
    return {"manager": json.dumps(shown)}


def _managed_by(account: Account, people: frozenset[int]) -> Predicate:
    return lambda row: bool(
        _managers(row) & people or (NONE_ID in people and row["managerid"] is None)
    )


def _open_to(account: Account, value: str) -> Predicate:
    person = values.whole_number(value)
    return lambda row: person in account.teams.get(id_of(row), ())


def _by(column: str) -> Callable[[Account, Row], Value]:
    return lambda account, row: row[column]


def _label_place(account: Account, row: Row) -> Value:
    return account.related("projectlabel", row["labelid"]).get("place")


_SORTED_BY_COLUMN = "id localid clientid managerid name datestart dateend billable labelid label"

PROJECT = Resource(
    name="project",
    columns=columns(
        "id:integer",
        "localid",
        "localidunpadded:integer",
        "name",
        "description:html",
        "datestart:date",
        "dateend:date",
        "alert_percent:float",
        "alert_date:date",
        "active:boolean",
        "billable:boolean",
        "budget:float",
        "clientid:integer",
        "client",
        "clientlocalid:integer",
        "manager",
        "managerid",
        "labelid:integer",
        "label",
    ),
    collection={"GET": EVERYBODY},
    member={
        "GET": EVERYBODY,
        "DELETE": ADMINISTRATORS,
        "POST": ADMINISTRATORS,
        "PUT": ADMINISTRATORS,
    },
    paginated=True,
    filters=(
        ids("localid", "localidunpadded"),
        ids("clientid", none=True),
        linked("managerid", _managed_by),
        ids("labelid"),
        text("name"),
        dated("datestart", "datestart", operator.eq),
        dated("datestartbegin", "datestart", operator.ge),
        dated("datestartend", "datestart", operator.le),
        dated("dateend", "dateend", operator.eq),
        dated("dateendbegin", "dateend", operator.ge),
        dated("dateendend", "dateend", operator.le),
        text("search", "name", "description", "client", "localid"),
        flag("active"),
        flag("billable"),
        Filter("personid", _open_to),
    ),
    settings=(
        Setting("clientid", values.number),
        Setting("managerid", values.id_list),
        Setting("labelid", values.number),
        Setting("name", values.text_up_to(255), required=True),
        Setting("description", values.text_up_to(None)),
        Setting("datestart", values.day_of, required=True),
        Setting("dateend", values.day_of),
        Setting("budget", values.decimal),
        Setting("billable", values.flag, required=True),
        Setting("active", values.flag, required=True),
        Setting("alert_percent", values.decimal),
    ),
    sorts={name: _by(name) for name in _SORTED_BY_COLUMN.split()} | {"label_order": _label_place},
    generate=_generate,
    complete=_complete,
    check=_check,
    created=_created,
    shapes=_shapes,
)
