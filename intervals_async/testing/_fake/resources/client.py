"""client: the companies that commission projects.

Resource users and Executives receive only five of the fields, as recorded responses show.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from intervals_async.testing._fake import parsing
from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.contract import Filter, Predicate
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.sample_text import CLIENTS
from intervals_async.testing._fake.wire import Row, Value

_MANAGING = ("Administrator", "Manager")
_RESTRICTED_FIELDS = ("datecreated", "description", "email", "website", "phone", "fax", "address")


def unpadded(localid: Value) -> int | None:
    """Return a padded ``localid`` as an integer, or None."""
    return None if localid is None else int(str(localid))


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    rng = sizes.rng("client")
    for index in range(sizes.clients):
        number = index + 1
        yield {
            "name": f"{CLIENTS[index % len(CLIENTS)]} {number}",
            "datecreated": date(2022, 3, 1) + timedelta(days=rng.randrange(600)),
            "description": rng.choice((None, "", "<p>A <b>good</b> &amp; loyal client</p>")),
            "email": rng.choice((None, f"office{number}@example.org")),
            "website": rng.choice((None, f"https://example.org/?client={number}&lang=en")),
            "phone": rng.choice((None, f"+1 (555) 20{number:02}")),
            "address": rng.choice((None, "1 O'Hare & Sons Street\r\n94100 Zürich")),
            "active": index == 0 or rng.random() < 0.8,
        }


def _complete(account: Account, row: Row, caller: int) -> None:
    if row.get("localidunpadded") is None:
        row["localidunpadded"] = account.next_number("client")
    row["localid"] = f"{row['localidunpadded']:05}"
    row.setdefault("name", f"Client {row['id']}")
    row.setdefault("datecreated", account.utc_now().date())
    row.setdefault("active", True)


def _with_projects(account: Account, wanted: str) -> Predicate:
    if not parsing.parse_boolean(wanted):
        return lambda row: True
    clients = {project["clientid"] for project in account.table("project") if project["active"]}
    return lambda row: row["id"] in clients


RESOURCE = derive(
    "client",
    filters=[Filter("projectsonly", _with_projects)],
    empties=["description", "email", "website", "phone", "fax", "address"],
    visible_to=dict.fromkeys(_RESTRICTED_FIELDS, _MANAGING),
    first_id=101,
    generate=_generate,
    complete=_complete,
)
