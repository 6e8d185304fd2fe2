"""document: read-only files of projects, tasks, milestones and work requests.

Executives see only public documents. Lists contain more fields than members, such as ``versions``.

The contract leaves these points open, so the fake assumes:

- A version has ``versionid``, ``filename`` and ``size``, and the newest version comes last.
- Everybody who may read a document may download it, as ``application/octet-stream``.
- ``datebegin`` and ``dateend`` filter by the date of the first upload.
- A document that belongs only to a work request has no project.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from intervals_async.testing._fake import parsing
from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.contract import Filter, Predicate, ReadContext
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.filters import flag, text
from intervals_async.testing._fake.references import ids_in
from intervals_async.testing._fake.wire import Response, Row, columns, encode_entities, id_of

_COUNT = 24
_EPOCH = datetime(2025, 3, 4, 10)  # noqa: DTZ001 - the API does not tell the zone
_NAMES = ("Offer & terms.pdf", "logo (final).svg", "Zürich.jpg", 'the "plan".docx', "日本語.txt")
_BIG = 400_000
"""The size of the first document in bytes. All others are small."""


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    rng = sizes.rng("document")
    people = account.table("person").ids
    owners = [
        (column, identity)
        for column, table in (
            ("projectid", "project"),
            ("taskid", "task"),
            ("milestoneid", "milestone"),
            ("queueid", "request"),
        )
        for identity in account.table(table).ids[:20]
    ]
    for index in range(_COUNT if owners else 0):
        uploaded = _EPOCH + timedelta(hours=7 * index)
        column, identity = rng.choice(owners)
        name = _NAMES[index % len(_NAMES)]
        yield {
            column: identity,
            "personid": rng.choice(people),
            "title": f"{name.partition('.')[0]} {index + 1}",
            "public": rng.random() < 0.5,
            "date": uploaded.date(),
            "datecreated": uploaded,
            "datemodified": uploaded + timedelta(days=rng.randrange(9)),
            "active": rng.random() < 0.9,
            "notes": rng.choice((None, "From the client's <desk>")),
            "tags": rng.choice((None, "contract", "contract,signed")),
            "filename": f"{index + 1} {name}",
            "size": _BIG if index == 0 else rng.randrange(3000),
            "uploads": rng.choice((1, 1, 2)),
        }


def _complete(account: Account, row: Row, caller: int) -> None:
    identity = id_of(row)
    row.setdefault("personid", caller)
    row.setdefault("title", f"Document {identity}")
    row.setdefault("public", False)
    row.setdefault("active", True)
    row.setdefault("datemodified", account.utc_now().replace(tzinfo=None))
    row.setdefault("date", account.utc_now().date())
    row.setdefault("filename", f"{identity}.bin")
    row.setdefault("size", 100)
    row["filesize"] = row["size"]
    row["datecreated"] = row.get("datecreated") or row["datemodified"]
    uploads = row.setdefault("uploads", 1)
    if row.get("versions") is None and isinstance(uploads, int):
        version = {"filename": encode_entities(str(row["filename"])), "size": str(row["size"])}
        ids = (identity * 10 + index for index in range(uploads))
        row["versions"] = json.dumps([{"versionid": str(each), **version} for each in ids])
    task = account.related("task", row.get("taskid"))
    if row.get("milestoneid") is None:
        row["milestoneid"] = task.get("milestoneid")
    milestone = account.related("milestone", row["milestoneid"])
    row["moduleid"] = task.get("moduleid")
    for parent in (milestone, task, account.related("request", row.get("queueid"))):
        row["projectid"] = row.get("projectid") or parent.get("projectid")


def _download(account: Account, row: Row, caller: int) -> Response:
    size = row["size"]
    content = random.Random(f"{account.seed}:document:{row['id']}")
    body = content.randbytes(size if isinstance(size, int) else 0)
    return Response(200, body, "application/octet-stream")


def _visible(account: Account, context: ReadContext) -> Predicate | None:
    if context.group != "Executive":
        return None
    return lambda row: bool(row["public"])


def _without_tasks_of_others(account: Account, wanted: str) -> Predicate:
    person = parsing.parse_integer(wanted)

    def matches(row: Row) -> bool:
        task = account.table("task").get(row["taskid"])
        roles = ("assigneeid", "ownerid", "followerid")
        return task is None or any(person in ids_in(task[role]) for role in roles)

    return matches


def _tagged(account: Account, wanted: str) -> Predicate:
    return lambda row: wanted.casefold() in str(row["tags"] or "").casefold().split(",")


def _of_active_project(account: Account, row: Row) -> object:
    return account.related("project", row["projectid"]).get("active")


RESOURCE = derive(
    "document",
    list_only=["versions", "filename", "filesize", "datecreated", "projectid", "notes"],
    hidden=columns(
        "taskid:integer",
        "milestoneid:integer",
        "moduleid:integer",
        "queueid:integer",
        "date:date",
        "tags",
        "size:integer",
        "uploads:integer",
    ),
    filters=[
        text("search", "title", "notes", "filename", "tags"),
        Filter("taskassignedorownedby", _without_tasks_of_others),
        Filter("tag", _tagged),
        flag("projectactive", _of_active_project),
    ],
    first_id=9001,
    generate=_generate,
    complete=_complete,
    visible=_visible,
    actions={"download": _download},
)
