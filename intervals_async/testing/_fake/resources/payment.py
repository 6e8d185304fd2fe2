"""payment: payments received for projects, some of them for an invoice.

Who has entered a payment can be filtered by (``personid``) but is in no answer. Whether the invoice
has to be of the same project is not known, and not looked at. Sorting by ``type`` goes by the
type's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.billing import totals
from intervals_async.testing._fake.contract import Sort
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.hours import number
from intervals_async.testing._fake.moments import today
from intervals_async.testing._fake.references import name_of
from intervals_async.testing._fake.wire import Row, columns

_PAYMENTS = 30
_DAYS = 150


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    dice = sizes.dice("payment")
    invoices = list(account.table("invoice"))
    projects = account.table("project").order
    managing = ("Administrator", "Manager")
    people = [row["id"] for row in account.table("person") if row["group"] in managing]
    for place in range(_PAYMENTS if projects else 0):
        # The first few are paid in full, the others in part, and some payments are for no invoice.
        invoice = invoices[place % len(invoices)] if invoices and place % 4 < 3 else {}
        came_to = number(totals(account, invoice)["balance"]) if invoice else 0.0
        share = 1.0 if place < 6 else dice.choice((0.1, 0.25))
        amount = round(came_to * share, 2) if invoice else dice.randrange(1, 10**5) * 0.01
        day = invoice.get("date")
        days = dice.randrange((today(account) - day).days + 1) if isinstance(day, date) else 0
        yield {
            "projectid": invoice.get("projectid") or dice.choice(projects),
            "date": day + timedelta(days=days)
            if isinstance(day, date)
            else today(account) - timedelta(days=dice.randrange(_DAYS)),
            "amount": amount,
            "typeid": dice.choice(account.table("paymenttype").order),
            "reference": dice.choice((None, "", f"#{place:04}")),
            "note": dice.choice((None, "Thanks & regards", "2nd <part>")),
            "invoiceid": invoice.get("id"),
            "personid": dice.choice(people),
        }


def _complete(account: Account, row: Row, caller: int) -> None:
    row.setdefault("projectid", next(iter(account.table("project").order), None))
    row.setdefault("date", today(account))
    row.setdefault("amount", 1.0)
    row.setdefault("typeid", next(iter(account.table("paymenttype").order), None))
    row.setdefault("personid", caller)


def _by_name(table: str) -> Sort:
    def name(account: Account, row: Row) -> str | None:
        project = account.related("project", row["projectid"])
        ids = {"client": project.get("clientid"), "project": project.get("id")}
        return name_of(account, table, ids.get(table, row["typeid"]))

    return name


RESOURCE = derive(
    "payment",
    kept=columns("personid:integer"),
    sorts={
        "type": _by_name("paymenttype"),
        "project": _by_name("project"),
        "client": _by_name("client"),
    },
    after=("invoiceitem",),
    first_id=801,
    generate=_generate,
    complete=_complete,
)
