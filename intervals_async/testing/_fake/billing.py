"""Invoice calculations: line items imported from time, taxes, payments and due dates.

The contract leaves these points open, so the fake assumes:

- Taxes are percentages, and amounts are rounded to cents.
- Importing time creates one line per work type from the project's billable time, at the project's
  hourly rate. A date range may be open at either end.
- An invoice is paid when it has payments and its balance is zero or less.
- A paid invoice is never overdue.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from intervals_async.testing._fake.account import Account
from intervals_async.testing._fake.clock import today
from intervals_async.testing._fake.hours import as_float, time_entries
from intervals_async.testing._fake.resources.invoiceterm import OTHER
from intervals_async.testing._fake.teams import worktypes_of
from intervals_async.testing._fake.wire import Row, Value, id_of

_CENTS = 2


def due_date(account: Account, invoice: Row) -> Value:
    """Return the due date of an invoice according to its payment term."""
    if invoice["termid"] == OTHER:
        return invoice.get("termotherdatedue")
    days = account.related("invoiceterm", invoice["termid"]).get("duration")
    start = invoice["date"]
    return start + timedelta(days=as_float(days)) if isinstance(start, date) else None


def totals(account: Account, invoice: Row) -> Row:
    """Return the computed fields of an invoice, from its lines, its payments and today's date."""
    subtotal = round(_sum_of(account, "invoiceitem", invoice), _CENTS)
    first_tax = subtotal * as_float(invoice["tax"]) / 100
    second_tax_base = subtotal + first_tax if invoice["secondtaxcompound"] else subtotal
    total = round(
        subtotal + first_tax + second_tax_base * as_float(invoice["secondtax"]) / 100, _CENTS
    )
    payments = round(_sum_of(account, "payment", invoice), _CENTS)
    balance = round(total - payments, _CENTS)
    is_paid = payments > 0 and balance <= 0
    days_late = (
        today(account) - invoice["datedue"] if isinstance(invoice["datedue"], date) else None
    )
    return {
        "subtotal": subtotal,
        "total": total,
        "payments": payments,
        "balance": balance,
        "datepaid": max(_days_of_payment(account, invoice)) if is_paid else None,
        "daysoverdue": 0 if is_paid or days_late is None else max(days_late.days, 0),
    }


def _sum_of(account: Account, table: str, invoice: Row) -> float:
    return sum(as_float(row["amount"]) for row in _rows_of(account, table, invoice))


def _days_of_payment(account: Account, invoice: Row) -> Iterable[date]:
    days = (row["date"] for row in _rows_of(account, "payment", invoice))
    return (day for day in days if isinstance(day, date))


def _rows_of(account: Account, table: str, invoice: Row) -> Iterator[Row]:
    return (row for row in account.table(table) if row["invoiceid"] == invoice["id"])


def imported_lines(account: Account, invoice: Row) -> Iterator[Row]:
    """Yield the lines of a prefilled invoice, made from the time of its project."""
    hours: defaultdict[Value, float] = defaultdict(float)
    for entry in time_entries(account, "projectid", invoice["projectid"]):
        if entry["billable"] and _is_within(entry["date"], invoice):
            hours[entry["worktypeid"]] += as_float(entry["time"])
    work_types = worktypes_of(account, invoice["projectid"])
    for worktype, quantity in hours.items():
        rate = as_float(work_types.get(worktype, {}).get("hourlyrate"))
        yield {
            "invoiceid": invoice["id"],
            "name": account.related("worktype", worktype).get("name"),
            "description": None,
            "quantity": round(quantity, _CENTS),
            "rate": rate,
            "amount": round(round(quantity, _CENTS) * rate, _CENTS),
            "custom": False,
        }


def _is_within(day: Value, invoice: Row) -> bool:
    begin, end = invoice["datebegin"], invoice["dateend"]
    return (begin is None or str(day) >= str(begin)) and (end is None or str(day) <= str(end))


def import_time(account: Account, invoice: Row) -> None:
    """Replace the lines imported from time, and keep the lines that people added."""
    table = account.table("invoiceitem")
    for line in list(_rows_of(account, "invoiceitem", invoice)):
        if not line["custom"]:
            table.remove(id_of(line))
    for line in imported_lines(account, invoice):
        table.add({"id": table.next_id, **line})
