"""invoice: the invoices of projects, freeform or prefilled from the project's time.

An invoice created with ``datebegin`` or ``dateend`` is prefilled and stays so. Changing these dates
imports the time again and keeps the lines that people added. Totals are computed on each read.

The contract leaves these points open, so the fake assumes the rules in ``billing``, and:

- ``localid`` is padded like that of a client.
- Creating an invoice adds a note by the system; changing it does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from intervals_async.testing._fake import billing, parsing
from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.clock import today
from intervals_async.testing._fake.contract import Filter, Predicate, ReadContext, Write
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.filters import SINCE, UNTIL, dated, text
from intervals_async.testing._fake.refusals import not_valid
from intervals_async.testing._fake.resources.invoicenote import add_creation_note
from intervals_async.testing._fake.resources.invoiceterm import OTHER
from intervals_async.testing._fake.sample_text import title
from intervals_async.testing._fake.wire import Row, Value, columns

_INVOICES = 15
_DAYS = 150
_COMPUTED = ("subtotal", "total", "payments", "balance", "datepaid", "daysoverdue")


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    rng = sizes.rng("invoice")
    billed = sorted({row["projectid"] for row in account.table("time")}, key=str)
    terms = account.table("invoiceterm").ids
    for index in range(_INVOICES if billed else 0):
        day = today(account) - timedelta(days=rng.randrange(_DAYS))
        term = terms[index % len(terms)]
        has_taxes = rng.random() < 0.4
        is_prefilled = index % 2 == 0
        yield {
            "projectid": rng.choice(billed),
            "date": day,
            "termid": term,
            "termother": 'When "done" & paid' if term == OTHER else None,
            "termotherdatedue": day + timedelta(days=21) if term == OTHER else None,
            "title": title(index, index + 1),
            "description": rng.choice((None, "", "For our services & more")),
            "addressfrom": "1 Main Street\nSpringfield",
            "addressto": rng.choice((None, "Accounts <payable>\nZürich")),
            "purchaseorder": rng.choice((None, f"PO-{index:04}")),
            "tax": rng.choice((7.25, 20)) if has_taxes else None,
            "secondtax": 2.5 if has_taxes else None,
            "secondtaxcompound": rng.random() < 0.5 if has_taxes else False,
            "disclaimer": rng.choice((None, "No cheques, please.")),
            "datebegin": day - timedelta(days=60) if is_prefilled else None,
            "dateend": day if is_prefilled and rng.random() < 0.8 else None,
        }


def _complete(account: Account, row: Row, caller: int) -> None:
    if "localidunpadded" not in row:
        row["localidunpadded"] = account.next_number("invoice")
    row["localid"] = f"{row['localidunpadded']:05}"
    row.setdefault("projectid", next(iter(account.table("project").ids), None))
    row.setdefault("date", today(account))
    row.setdefault("termid", next(iter(account.table("invoiceterm").ids), None))
    row.setdefault("title", f"Invoice {row['id']}")
    row.setdefault("prefilled", _has_dates(row))
    row["datedue"] = billing.due_date(account, row)
    project = account.related("project", row["projectid"])
    row["client"] = account.related("client", project.get("clientid")).get("name")


def _has_dates(row: Row) -> bool:
    return row.get("datebegin") is not None or row.get("dateend") is not None


def _check(account: Account, write: Write) -> None:
    row = write.row
    if row["termid"] == OTHER and row["termotherdatedue"] is None:
        raise not_valid([], missing=["termotherdatedue"])
    if _has_dates(row) != row["prefilled"]:
        named = [name for name in ("datebegin", "dateend") if name in write.body]
        raise not_valid([(name, str(write.body[name])) for name in named])


def _created(account: Account, write: Write) -> None:
    add_creation_note(account, write)
    if write.row["prefilled"]:
        billing.import_time(account, write.row)


def _changed(account: Account, write: Write) -> None:
    dates = ("datebegin", "dateend")
    if write.old is not None and any(write.row[name] != write.old[name] for name in dates):
        billing.import_time(account, write.row)


def _show(account: Account, row: Row, context: ReadContext) -> Row:
    return {**row, **billing.totals(account, row)}


def _with_status(account: Account, wanted: str) -> Predicate:
    paid = parsing.body_choice(("outstanding", "paid"))(wanted) == "paid"
    return lambda row: (billing.totals(account, row)["datepaid"] is not None) == paid


def _computed(name: str) -> Callable[[Account, Row], Value]:
    return lambda account, row: billing.totals(account, row)[name]


_SEARCHED = ("title", "description", "localid", "purchaseorder", "addressfrom", "addressto")

RESOURCE = derive(
    "invoice",
    hidden=columns("localidunpadded:integer", "prefilled:boolean"),
    filters=[
        dated("datebegin", "date", SINCE),
        dated("dateend", "date", UNTIL),
        Filter("status", _with_status),
        text("search", *_SEARCHED),
    ],
    sorts={name: _computed(name) for name in _COMPUTED},
    after=("time",),
    first_id=601,
    generate=_generate,
    complete=_complete,
    check=_check,
    created=_created,
    changed=_changed,
    show=_show,
)
