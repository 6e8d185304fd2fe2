"""invoicenote: the notes and logged events of an invoice.

The contract does not state the text of the system's note about a new invoice; it is assumed. The
fake also assumes that a note by a person has no ``actions``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.contract import Write
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.sample_text import title
from intervals_async.testing._fake.wire import Row

_CREATION = "Invoice created"


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    rng = sizes.rng("invoicenote")
    managing = ("Administrator", "Manager")
    people = [row["id"] for row in account.table("person") if row["group"] in managing]
    for index, invoice in enumerate(account.table("invoice")):
        made = datetime.fromisoformat(f"{invoice['date']} 09:00:00+00:00")
        yield {**_of_creation(invoice), "authorid": people[0], "date": made}
        for number in range(rng.choice((0, 1, 3))):
            yield {
                "invoiceid": invoice["id"],
                "authorid": rng.choice(people),
                "title": title(index, number),
                "note": rng.choice((None, "", "Called them & agreed on <this>")),
                "date": made + timedelta(hours=rng.randrange(1, 24)),
            }


def _of_creation(invoice: Row) -> Row:
    actions = f"<ul><li>Invoice <b>{invoice['localid']}</b> created</li></ul>"
    return {"invoiceid": invoice["id"], "title": _CREATION, "note": None, "actions": actions}


def add_creation_note(account: Account, write: Write) -> None:
    """Add the system's note about a new invoice."""
    table = account.table("invoicenote")
    note = {**_of_creation(write.row), "authorid": write.caller, "date": account.utc_now()}
    table.add({"id": table.next_id, **note})


def _complete(account: Account, row: Row, caller: int) -> None:
    row.setdefault("invoiceid", next(iter(account.table("invoice").ids), None))
    row.setdefault("authorid", caller)
    row.setdefault("title", f"Note {row['id']}")
    row["date"] = row.get("date") or account.utc_now()


RESOURCE = derive(
    "invoicenote",
    first_id=7001,
    generate=_generate,
    complete=_complete,
)
