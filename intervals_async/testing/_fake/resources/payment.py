"""payment: the payments received for projects, with or without an invoice.

The filter ``personid`` selects by the person who entered a payment, but no response contains this
person. It is unknown whether the invoice must belong to the same project; the fake does not check
it. The sort field ``type`` sorts by the name of the payment type.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.billing import totals
from intervals_async.testing._fake.clock import today
from intervals_async.testing._fake.contract import Sort
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.hours import as_float
from intervals_async.testing._fake.references import name_of
from intervals_async.testing._fake.wire import Row, columns

_PAYMENTS = 30
_DAYS = 150


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    rng = sizes.rng("payment")
    invoices = list(account.table("invoice"))
    projects = account.table("project").ids
    managing = ("Administrator", "Manager")
    people = [row["id"] for row in account.table("person") if row["group"] in managing]
    for index in range(_PAYMENTS if projects else 0):
        # The first payments pay an invoice in full and the others in part. Some have no invoice.
        invoice = invoices[index % len(invoices)] if invoices and index % 4 < 3 else {}
        amount_due = as_float(totals(account, invoice)["balance"]) if invoice else 0.0
        share = 1.0 if index < 6 else rng.choice((0.1, 0.25))
        amount = round(amount_due * share, 2) if invoice else rng.randrange(1, 10**5) * 0.01
        day = invoice.get("date")
        days = rng.randrange((today(account) - day).days + 1) if isinstance(day, date) else 0
        yield {
            "projectid": invoice.get("projectid") or rng.choice(projects),
            "date": day + timedelta(days=days)
            if isinstance(day, date)
            else today(account) - timedelta(days=rng.randrange(_DAYS)),
            "amount": amount,
            "typeid": rng.choice(account.table("paymenttype").ids),
            "reference": rng.choice((None, "", f"#{index:04}")),
            "note": rng.choice((None, "Thanks & regards", "2nd <part>")),
            "invoiceid": invoice.get("id"),
            "personid": rng.choice(people),
        }


def _complete(account: Account, row: Row, caller: int) -> None:
    row.setdefault("projectid", next(iter(account.table("project").ids), None))
    row.setdefault("date", today(account))
    row.setdefault("amount", 1.0)
    row.setdefault("typeid", next(iter(account.table("paymenttype").ids), None))
    row.setdefault("personid", caller)


def _by_name(table: str) -> Sort:
    def name(account: Account, row: Row) -> str | None:
        project = account.related("project", row["projectid"])
        ids = {"client": project.get("clientid"), "project": project.get("id")}
        return name_of(account, table, ids.get(table, row["typeid"]))

    return name


RESOURCE = derive(
    "payment",
    hidden=columns("personid:integer"),
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
