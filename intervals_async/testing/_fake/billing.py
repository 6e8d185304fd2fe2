"""What an invoice comes to: its lines and the time they are made of, taxes, payments, dates.

Assumed where the contract says nothing: taxes are percentages; amounts are rounded to cents; the
billable time of the project is imported, a line for each work type at the project's rate; of a
range with one end only the other is open; an invoice is paid when payments have come in and nothing
is left to pay; what is paid is not overdue.
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
    """Return the day on which an invoice is due by its term."""
    if invoice["termid"] == OTHER:
        return invoice.get("termotherdatedue")
    days = account.related("invoiceterm", invoice["termid"]).get("duration")
    start = invoice["date"]
    return start + timedelta(days=as_float(days)) if isinstance(start, date) else None


def totals(account: Account, invoice: Row) -> Row:
    """Return what follows from an invoice's lines, its payments and the present day."""
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
    """Make the lines of a prefilled invoice out of its project's time."""
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
    """Make the lines from the project's time anew; those that people have made stay."""
    table = account.table("invoiceitem")
    for line in list(_rows_of(account, "invoiceitem", invoice)):
        if not line["custom"]:
            table.remove(id_of(line))
    for line in imported_lines(account, invoice):
        table.add({"id": table.next_id, **line})
