"""projectmodule: the modules of projects, either default modules or a project's own ones.

Resource users see only active modules. Only Administrators receive the description; the recorded
responses of other groups lack it.

The contract leaves these points open, so the fake assumes:

- The filter ``personid`` selects the projects to which the person has access.
- A project's own module is also stored as an inactive ``module``. Its ``moduleid`` is the id of
  that module, so that tasks can refer to it.
- A name in the request replaces the name of a default module within this project.
"""

from __future__ import annotations

from collections.abc import Iterator

from intervals_async.testing._fake import parsing
from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.contract import BodyField, Write
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.references import name_of
from intervals_async.testing._fake.refusals import not_valid
from intervals_async.testing._fake.resources.projectteam import (
    accessible_to,
    only_active_for_resources,
)
from intervals_async.testing._fake.wire import Row, columns, id_of


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    rng = sizes.rng("projectmodule")
    modules = account.table("module")
    defaults = [id_of(module) for module in modules if module["active"]]
    for index, project in enumerate(account.table("project")):
        for module in sorted(rng.sample(defaults, 4)):
            yield {"projectid": project["id"], "moduleid": module, "active": rng.random() < 0.9}
        if index % 3 == 0:
            name = f"{project['name']}'s own"
            own = _add_own(account, name, "Made for <this> project")
            row: Row = {"projectid": project["id"], "moduleid": own, "ownname": name}
            yield {**row, "description": "Made for <this> project", "active": True}


def _add_own(account: Account, name: object, description: object) -> int:
    modules = account.table("module")
    row: Row = {"id": modules.next_id, "name": str(name), "active": False}
    return modules.add({**row, "description": None if description is None else str(description)})


def _complete(account: Account, row: Row, caller: int) -> None:
    row["module"] = row.get("ownname") or name_of(account, "module", row.get("moduleid"))
    row["modulename"] = row["module"]


def _check(account: Account, write: Write) -> None:
    if write.old is not None and write.old["projectid"] != write.row["projectid"]:
        raise not_valid([("projectid", str(write.row["projectid"]))])
    if not write.row["moduleid"] and not write.row["ownname"]:
        raise not_valid([], missing=["moduleid", "module"])


def _created(account: Account, write: Write) -> None:
    if not write.row["moduleid"]:
        own = _add_own(account, write.row["ownname"], write.row["description"])
        account.table("projectmodule").change(id_of(write.row), {"moduleid": own})


RESOURCE = derive(
    "projectmodule",
    hidden=columns("ownname"),
    unnamed=["module"],
    filters=[accessible_to("personid")],
    body_fields=[
        BodyField("moduleid", parsing.body_id_or_none),
        BodyField("module", parsing.body_text(155), "ownname"),
    ],
    first_id=6001,
    generate=_generate,
    complete=_complete,
    check=_check,
    created=_created,
    visible_to={"description": ("Administrator",)},
    visible=only_active_for_resources,
)
