"""invoicenote: notes and logged events of invoices, listed for one invoice.

Assumed where the contract says nothing: the words in which the system notes that an invoice was
made, and that a note by a person has no ``actions``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.contract import Write
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.wire import Row
from intervals_async.testing._fake.words import title

_CREATION = "Invoice created"


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    dice = sizes.dice("invoicenote")
    managing = ("Administrator", "Manager")
    people = [row["id"] for row in account.table("person") if row["group"] in managing]
    for place, invoice in enumerate(account.table("invoice")):
        made = datetime.fromisoformat(f"{invoice['date']} 09:00:00+00:00")
        yield {**_of_creation(invoice), "authorid": people[0], "date": made}
        for number in range(dice.choice((0, 1, 3))):
            yield {
                "invoiceid": invoice["id"],
                "authorid": dice.choice(people),
                "title": title(place, number),
                "note": dice.choice((None, "", "Called them & agreed on <this>")),
                "date": made + timedelta(hours=dice.randrange(1, 24)),
            }


def _of_creation(invoice: Row) -> Row:
    actions = f"<ul><li>Invoice <b>{invoice['localid']}</b> created</li></ul>"
    return {"invoiceid": invoice["id"], "title": _CREATION, "note": None, "actions": actions}


def note_creation(account: Account, write: Write) -> None:
    """Let the system note that an invoice was made."""
    table = account.table("invoicenote")
    note = {**_of_creation(write.row), "authorid": write.caller, "date": account.stamp()}
    table.add({"id": table.next_id, **note})


def _complete(account: Account, row: Row, caller: int) -> None:
    row.setdefault("invoiceid", next(iter(account.table("invoice").order), None))
    row.setdefault("authorid", caller)
    row.setdefault("title", f"Note {row['id']}")
    row["date"] = row.get("date") or account.stamp()


RESOURCE = derive(
    "invoicenote",
    first_id=7001,
    generate=_generate,
    complete=_complete,
)
