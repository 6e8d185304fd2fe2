"""projectnote: the notes on projects, which may be secure.

Secure notes are visible to Administrators, to their authors, and to people with access to the
project's secure notes (see ``projectteam``). The fake assumes that other people do not see them at
all. The meaning of the filter ``noteid`` is unknown; the fake compares the id. The fields about the
project, the client and the author keep their values from the last write: changing a project does
not change its notes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.contract import Filter, Predicate, ReadContext, Write
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.filters import contains, one_id
from intervals_async.testing._fake.references import full_name, ids_in
from intervals_async.testing._fake.refusals import not_valid
from intervals_async.testing._fake.sample_text import bodies, title
from intervals_async.testing._fake.wire import Row

_EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
_BODY_LENGTH = 520
_BODIES = 60
_FIRST_ID = 100_001
_WRITING = ("Administrator", "Manager", "Resource")


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    rng = sizes.rng("projectnote")
    contents = bodies(rng, _BODIES, _BODY_LENGTH)
    projects = [_of_project(account, row) for row in account.table("project")]
    writing = (row for row in account.table("person") if row["group"] in _WRITING)
    authors: list[Row] = [{"authorid": row["id"], "author": full_name(row)} for row in writing]
    modifiers = [None, None, None, *(row["localid"] for row in account.table("person"))]
    written = _EPOCH
    identity = _FIRST_ID
    for index in range(sizes.notes if projects else 0):
        # The ids have some gaps, as if notes had been deleted.
        identity += 1 + (rng.random() < 0.05)
        written += timedelta(seconds=int(rng.random() * 600))
        of_project = projects[int(rng.random() * len(projects))]
        author = authors[int(rng.random() * len(authors))]
        yield {
            **of_project,
            **author,
            "id": identity,
            "title": title(index, identity),
            "note": contents[int(rng.random() * _BODIES)],
            "date": written,
            "secure": rng.random() < 0.1,
            "localid": account.next_number("projectnote", of_project["projectid"]),
            "mod_authorlocalid": modifiers[int(rng.random() * len(modifiers))],
        }


def _of_project(account: Account, project: Row) -> Row:
    label = account.related("projectlabel", project.get("labelid"))
    return {
        "projectid": project.get("id"),
        "projectactive": project.get("active", False),
        "projectlocalid": project.get("localidunpadded"),
        "clientlocalid": project.get("clientlocalid"),
        "projectlabel": label.get("name"),
        "projectlabelcolor": label.get("color"),
        "projectlabelactive": label.get("active"),
    }


def _complete(account: Account, row: Row, caller: int) -> None:
    if "projectid" not in row:
        row["projectid"] = next(iter(account.table("project").ids), None)
    row.setdefault("authorid", caller)
    row.setdefault("title", f"Note {row['id']}")
    row.setdefault("note", None)
    row.setdefault("date", account.utc_now())
    row.setdefault("secure", False)
    if "localid" not in row:
        row["localid"] = account.next_number("projectnote", row["projectid"])
    row["mod_authorlocalid"] = None
    if caller != row["authorid"]:
        row["mod_authorlocalid"] = account.related("person", caller).get("localid")
    project = account.related("project", row["projectid"])
    row.update(_of_project(account, project) | {"projectid": row["projectid"]})


def _check(account: Account, write: Write) -> None:
    project = account.table("project").get(write.row["projectid"])
    if write.old is None and project is not None and not project["active"]:
        raise not_valid([("projectid", str(write.row["projectid"]))])


def _by_search(account: Account, wanted: str) -> Predicate:
    return lambda row: contains(wanted, row["title"], None if row["secure"] else row["note"])


def _visible(account: Account, context: ReadContext) -> Predicate | None:
    if context.group == "Administrator":
        return None
    caller = context.caller
    trusting = {
        team["projectid"]
        for team in account.table("projectteam")
        if caller in ids_in(team["securenotes"])
    }
    return lambda row: (
        not row["secure"] or row["authorid"] == caller or row["projectid"] in trusting
    )


RESOURCE = derive(
    "projectnote",
    filters=[Filter("search", _by_search), one_id("noteid", "id")],
    first_id=_FIRST_ID,
    generate=_generate,
    complete=_complete,
    check=_check,
    visible=_visible,
)
