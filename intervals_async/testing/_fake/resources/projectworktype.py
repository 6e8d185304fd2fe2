"""projectworktype: the work types of projects, either default work types or a project's own ones.

Lists are sorted by the name of the work type, then by id. Resource users see only active work
types. Only Administrators receive the rates; the recorded
responses of other groups lack them.

The contract leaves these points open, so the fake assumes:

- The filter ``personid`` selects the projects to which the person has access.
- ``total`` is the estimated time multiplied by the rate.
- A default work type without a rate of its own has the default rate.
- A project's own work type is also stored as an inactive ``worktype``. Its ``worktypeid`` is the id
  of that work type, so that time entries can refer to it.
"""

from __future__ import annotations

from collections.abc import Iterator

from intervals_async.testing._fake import parsing
from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.contract import BodyField, Write
from intervals_async.testing._fake.conventions import order_by
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.references import name_of
from intervals_async.testing._fake.refusals import not_valid
from intervals_async.testing._fake.resources.projectteam import (
    accessible_to,
    only_active_for_resources,
)
from intervals_async.testing._fake.wire import Row, Value, columns, id_of

_RATES = ("hourlyrate", "esttime", "total")


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    rng = sizes.rng("projectworktype")
    defaults = [id_of(each) for each in account.table("worktype") if each["active"]]
    for index, project in enumerate(account.table("project")):
        for worktype in sorted(rng.sample(defaults, 3)):
            row: Row = {"projectid": project["id"], "worktypeid": worktype}
            hours = rng.choice((None, 12.5, rng.randrange(10**4) * 0.01))
            yield {**row, "esttime": hours, "active": rng.random() < 0.9}
        if index % 4 == 0:
            name = f"<{project['name']}> & more"
            own = _add_own(account, name, 77.7)
            row = {"projectid": project["id"], "worktypeid": own, "ownname": name}
            yield {**row, "hourlyrate": 77.7, "active": True}


def _add_own(account: Account, name: Value, rate: Value) -> int:
    table = account.table("worktype")
    row: Row = {"id": table.next_id, "name": name, "defaulthourlyrate": rate, "active": False}
    return table.add(row)


def _complete(account: Account, row: Row, caller: int) -> None:
    default = account.related("worktype", row.get("worktypeid"))
    row["worktype"] = row.get("ownname") or name_of(account, "worktype", row.get("worktypeid"))
    if row.get("hourlyrate") is None:
        row["hourlyrate"] = default.get("defaulthourlyrate")
    rate, hours = row["hourlyrate"], row.get("esttime")
    row["total"] = None
    if isinstance(rate, float) and isinstance(hours, float):
        row["total"] = rate * hours


def _check(account: Account, write: Write) -> None:
    row = write.row
    if write.old is not None and write.old["projectid"] != row["projectid"]:
        raise not_valid([("projectid", str(row["projectid"]))])
    if not row["worktypeid"]:
        missing = [name for name in ("worktype", "hourlyrate") if not write.body.get(name)]
        if missing:
            raise not_valid([], missing=["worktypeid", *missing])


def _created(account: Account, write: Write) -> None:
    if not write.row["worktypeid"]:
        own = _add_own(account, write.row["ownname"], write.row["hourlyrate"])
        account.table("projectworktype").change(id_of(write.row), {"worktypeid": own})


RESOURCE = derive(
    "projectworktype",
    hidden=columns("ownname"),
    optional=_RATES,
    unnamed=["worktype"],
    filters=[accessible_to("personid")],
    body_fields=[
        BodyField("worktypeid", parsing.body_id_or_none),
        BodyField("worktype", parsing.body_text(155), "ownname"),
    ],
    visible_to=dict.fromkeys(_RATES, ("Administrator",)),
    first_id=7001,
    generate=_generate,
    complete=_complete,
    check=_check,
    created=_created,
    order=order_by("worktype", "id"),
    visible=only_active_for_resources,
)
