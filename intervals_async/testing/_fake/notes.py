"""Notes on tasks and milestones, written by people or added by the system."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime

from intervals_async.testing._fake.account import Account
from intervals_async.testing._fake.clock import local_now
from intervals_async.testing._fake.contract import Predicate, ReadContext, Write
from intervals_async.testing._fake.sample_text import bodies
from intervals_async.testing._fake.teams import team
from intervals_async.testing._fake.wire import Row, Value

DEFAULT_TITLE = "Note added"
"""The title of a note by a person. Requests cannot set it, and the real title is unknown."""

_BODIES = 20
_BODY_LENGTH = 200


def generate(
    account: Account,
    rng: random.Random,
    parent: str,
    times: Sequence[datetime],
) -> Iterator[Row]:
    """Yield a note for each of the times, on a random record of the resource ``parent``."""
    contents = bodies(rng, _BODIES, _BODY_LENGTH)
    parents = list(account.table(parent))
    for time in times if parents else ():
        about = rng.choice(parents)
        by_system = rng.random() < 0.25
        yield {
            f"{parent}id": about["id"],
            "title": f"{parent.capitalize()} updated" if by_system else DEFAULT_TITLE,
            "note": None if by_system else rng.choice(contents[1:]),
            "public": rng.random() < 0.4,
            "authorid": rng.choice(team(account, about["projectid"])),
            "date": time,
        }


def complete(account: Account, row: Row, caller: int, parent: str) -> None:
    """Set the missing columns of a note. A note by an Executive is always public."""
    row.setdefault(f"{parent}id", next(iter(account.table(parent).ids), None))
    row["authorid"] = row.get("authorid") or caller
    row["title"] = row.get("title") or DEFAULT_TITLE
    row["date"] = row.get("date") or account.utc_now()
    author = account.related("person", row["authorid"])
    row["author"] = f"{author.get('firstname', '')} {author.get('lastname') or ''}".strip() or None
    row["public"] = bool(row.get("public")) or author.get("group") == "Executive"


def add_system_note(account: Account, parent: str, write: Write, title: Value) -> None:
    """Add the system's note about a write, unless the request suppresses action notes."""
    if write.quiet:
        return
    table = account.table(f"{parent}note")
    empty: Row = {column.name: None for column in table.columns}
    row = {**empty, "id": table.next_id, f"{parent}id": write.row["id"], "title": title}
    complete(account, row, write.caller, parent)
    if "datemodified" in row:
        row["datemodified"] = local_now(account)
    table.add(row)


def only_public_for_executives(account: Account, context: ReadContext) -> Predicate | None:
    """Restrict Executives to public notes; all other groups see every note."""
    return (lambda row: bool(row["public"])) if context.group == "Executive" else None
