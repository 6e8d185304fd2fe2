"""Invoices with their lines and notes, payments and expenses: what is special on the server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest

from intervals_async.testing import FakeIntervals
from intervals_async.testing._fake.references import ids_in

from .asking import Reply, ask, ids, rows

Row = dict[str, Any]
Wanted = Callable[[Row], bool]

NOON = datetime(2026, 5, 6, 12, 30, 5, tzinfo=UTC)
MAY = date(2026, 5, 1)
ALL = {"limit": "1000"}


def _world() -> FakeIntervals:
    return FakeIntervals(notes=0, people=12, projects=8, now=lambda: NOON, per_minute=None)


async def _write(
    fake: FakeIntervals, path: str, token: str | None = None, method: str = "PUT", **body: object
) -> Reply:
    return await ask(fake, path, method=method, body=body, token=token)


async def _invoice(fake: FakeIntervals, **fields: object) -> Row:
    body = {"projectid": 301, "date": "2026-05-06", "termid": 3, "title": "New"} | fields
    reply = await ask(fake, "invoice/", method="POST", body=body)
    assert reply.status == 201, reply.text
    made: Row = reply.json["invoice"]
    return made


async def _lines(fake: FakeIntervals, invoice: Row) -> list[Row]:
    return await rows(fake, "invoiceitem", invoiceid=str(invoice["id"]), **ALL)


async def _read(fake: FakeIntervals, path: str) -> Row:
    found: Row = (await ask(fake, path)).json[path.split("/", maxsplit=1)[0]]
    return found


async def test_what_an_invoice_comes_to() -> None:
    """Its lines, two taxes on top of each other or side by side, less its payments."""
    async with _world() as fake:
        made = await _invoice(fake, tax=10, secondtax=5, secondtaxcompound="f")
        assert (float(made["subtotal"]), float(made["balance"])) == (0, 0)
        for amount in (80.0, 20.0):
            fake.insert("invoiceitem", invoiceid=int(made["id"]), amount=amount)
        path = f"invoice/{made['id']}/"
        found = await _read(fake, path)
        assert (float(found["subtotal"]), float(found["total"])) == (100, 115)
        await _write(fake, path, secondtaxcompound="t")
        assert float((await _read(fake, path))["total"]) == 115.5
        fake.insert("payment", invoiceid=int(made["id"]), amount=15.5, date=MAY)
        found = await _read(fake, path)
        assert (float(found["payments"]), float(found["balance"])) == (15.5, 100)
        assert found["datepaid"] in (None, "")
        fake.insert("payment", invoiceid=int(made["id"]), amount=100.0, date=date(2026, 5, 3))
        found = await _read(fake, path)
        assert (float(found["balance"]), found["datepaid"]) == (0, "2026-05-03")
        assert made["id"] in [
            row["id"] for row in await rows(fake, "invoice", status="paid", **ALL)
        ]


async def test_what_is_computed_is_seen_from_inside_too() -> None:
    """What a test looks up is what a client is told."""
    async with _world() as fake:
        told = await rows(fake, "invoice", **ALL)
        assert [str(row["total"]) for row in fake.rows("invoice")] == [r["total"] for r in told]


async def test_terms() -> None:
    """The term tells when an invoice is due; the term Other needs its own day."""
    async with _world() as fake:
        made = await _invoice(fake, date="2026-03-01")
        assert (made["datedue"], made["daysoverdue"]) == ("2026-03-31", "36")
        reply = await _write(fake, f"invoice/{made['id']}/", termid=6)
        assert (reply.status, reply.code) == (400, 18)
        assert reply.verbose == ["The following required field is missing: termotherdatedue"]
        changed = await _write(
            fake, f"invoice/{made['id']}/", termid=6, termotherdatedue="2026-06-01", termother="Ha"
        )
        assert changed.json["invoice"]["datedue"] == "2026-06-01"
        assert changed.json["invoice"]["daysoverdue"] == "0"


async def test_a_freeform_invoice() -> None:
    """Without a range it has no lines of its own, and never gets a range."""
    async with _world() as fake:
        made = await _invoice(fake)
        assert await _lines(fake, made) == []
        reply = await _write(fake, f"invoice/{made['id']}/", datebegin="2026-01-01")
        assert (reply.status, reply.code) == (400, 18)


async def test_a_prefilled_invoice() -> None:
    """With a range its lines are made of the project's time; another range makes them anew."""
    async with _world() as fake:
        project = fake.insert("project")
        fake.insert("projectworktype", projectid=project, worktypeid=701, hourlyrate=100.0)
        log = partial(fake.insert, "time", projectid=project, worktypeid=701)
        log(time=1.5, billable=True, date=date(2026, 4, 1))
        log(time=0.5, billable=True, date=date(2026, 4, 2))
        log(time=4.0, billable=True, date=date(2026, 4, 3))
        log(time=9.0, billable=False, date=date(2026, 4, 1))
        made = await _invoice(fake, projectid=project, datebegin="2026-04-01", dateend="2026-04-02")
        (line,) = await _lines(fake, made)
        assert (float(line["quantity"]), float(line["rate"])) == (2, 100)
        assert (float(line["amount"]), line["custom"]) == (200, "f")
        assert float(made["subtotal"]) == 200
        own = fake.insert("invoiceitem", invoiceid=int(made["id"]), amount=7.0)
        path = f"invoice/{made['id']}/"
        assert (await _write(fake, path, dateend=None)).status == 202
        lines = {row["custom"]: row for row in await _lines(fake, made)}
        assert float(lines["f"]["quantity"]) == 6
        assert lines["t"]["id"] == str(own)
        reply = await _write(fake, path, datebegin=None)
        assert (reply.status, reply.code) == (400, 18)


async def test_lines() -> None:
    """An amount is quantity times rate; of a line made from time only the description changes."""
    async with _world() as fake:
        made = await _invoice(fake)
        body = {"invoiceid": made["id"], "name": "Work", "quantity": 3, "rate": "1.1"}
        refused = await ask(fake, "invoiceitem/", method="POST", body={**body, "amount": 3})
        assert (refused.status, refused.code) == (400, 18)
        reply = await ask(fake, "invoiceitem/", method="POST", body={**body, "amount": 3.3})
        assert reply.json["invoiceitem"]["custom"] == "t"
        path = f"invoiceitem/{reply.json['invoiceitem']['id']}/"
        assert (await _write(fake, path, quantity=4, amount="4.4")).status == 202
        assert (await ask(fake, path, method="DELETE")).status == 200
        ours = fake.insert("invoiceitem", invoiceid=int(made["id"]), custom=False, amount=1.0)
        path = f"invoiceitem/{ours}/"
        assert (await _write(fake, path, description="Why & how")).status == 202
        for body in ({"name": "x"}, {"amount": 1}, {"quantity": 1}):
            assert (await ask(fake, path, method="PUT", body=body)).code == 18
        assert (await ask(fake, path, method="DELETE")).status == 403


async def test_lines_are_sorted() -> None:
    """By amount, of one invoice."""
    async with _world() as fake:
        invoice = fake.rows("invoice")[0]
        query = {"invoiceid": str(invoice["id"]), "sortfield": "amount", "sortdir": "DESC"}
        amounts = [float(row["amount"]) for row in await rows(fake, "invoiceitem", **query, **ALL)]
        assert amounts == sorted(amounts, reverse=True)
        assert len(amounts) > 1


async def test_notes_of_invoices() -> None:
    """Making an invoice is noted by the system; only Administrators change and delete notes."""
    async with _world() as fake:
        made = await _invoice(fake)
        (note,) = await rows(fake, "invoicenote", invoiceid=made["id"])
        assert note["date"] == "2026-05-06 12:30:05"
        assert made["localid"] in note["actions"]
        manager = fake.token_for("Manager")
        body = {"invoiceid": made["id"], "title": "Called", "date": "2026-05-01 10:00:00"}
        own = (await _write(fake, "invoicenote/", manager, "POST", **body)).json["invoicenote"]
        assert (own["authorid"], own["date"]) == ("202", "2026-05-01 10:00:00")
        found = await ids(fake, "invoicenote", invoiceid=made["id"], authorid="202")
        assert found == [int(own["id"])]
        path = f"invoicenote/{own['id']}/"
        assert (await _write(fake, path, manager, title="x")).status == 403
        assert (await _write(fake, path, title="x")).status == 202


INVOICES: list[tuple[dict[str, str], Wanted]] = [
    ({"localid": "1,3"}, lambda row: row["localid"] in ("00001", "00003")),
    ({"projectid": "301,302,303"}, lambda row: row["projectid"] in (301, 302, 303)),
    ({"datebegin": "2026-03-01"}, lambda row: row["date"] >= date(2026, 3, 1)),
    ({"dateend": "2026-03-01"}, lambda row: row["date"] <= date(2026, 3, 1)),
    ({"search": "po-0"}, lambda row: row["purchaseorder"] is not None),
    ({"search": "zürich"}, lambda row: "Zürich" in (row["addressto"] or "")),
]


@pytest.mark.parametrize(("query", "wanted"), INVOICES)
async def test_invoices_are_filtered(query: dict[str, str], wanted: Wanted) -> None:
    """The range of the filter is that of the invoice's own date, not of the time in it."""
    async with _world() as fake:
        expected = [row["id"] for row in fake.rows("invoice") if wanted(row)]
        assert expected
        assert await ids(fake, "invoice", **query, **ALL) == expected


async def test_paid_and_outstanding() -> None:
    """Each invoice is one of both, by its payments; there is no other status."""
    async with _world() as fake:
        every = await rows(fake, "invoice", **ALL)
        paid = [int(row["id"]) for row in every if row["datepaid"]]
        assert await ids(fake, "invoice", status="paid", **ALL) == paid != []
        open_ones = await ids(fake, "invoice", status="outstanding", **ALL)
        assert sorted([*paid, *open_ones]) == [int(row["id"]) for row in every]
        assert open_ones
        assert (await ask(fake, "invoice/", {"status": "sent"})).code == 18


@pytest.mark.parametrize("name", ["subtotal", "total", "payments", "balance", "daysoverdue"])
async def test_invoices_are_sorted_by_what_they_come_to(name: str) -> None:
    """What is computed sorts too."""
    async with _world() as fake:
        values = [float(row[name]) for row in await rows(fake, "invoice", sortfield=name, **ALL)]
        assert values == sorted(values)
        assert values[0] < values[-1]


async def test_clients_of_invoices_and_expenses() -> None:
    """The client is the project's."""
    async with _world() as fake:
        client = next(row["clientid"] for row in fake.rows("project") if row["clientid"])
        theirs = {row["id"] for row in fake.rows("project") if row["clientid"] == client}
        for name in ("invoice", "expense", "payment"):
            expected = {row["id"] for row in fake.rows(name) if row["projectid"] in theirs}
            assert {*await ids(fake, name, clientid=str(client), **ALL)} == expected != set()


PAYMENTS: list[tuple[dict[str, str], Wanted]] = [
    ({"projectid": "301"}, lambda row: row["projectid"] == 301),
    ({"personid": "201,202"}, lambda row: row["personid"] in (201, 202)),
    ({"typeid": "21"}, lambda row: row["typeid"] == 21),
    ({"invoiceid": "601"}, lambda row: row["invoiceid"] == 601),
]


@pytest.mark.parametrize(("query", "wanted"), PAYMENTS)
async def test_payments_are_filtered(query: dict[str, str], wanted: Wanted) -> None:
    """Also by who entered them, whom no answer names."""
    async with _world() as fake:
        fake.insert("payment", projectid=301)
        expected = [row["id"] for row in fake.rows("payment") if wanted(row)]
        assert expected
        assert await ids(fake, "payment", **query, **ALL) == expected
        assert "personid" not in fake.wire_rows("payment")[0]


async def test_payments_of_a_day_and_their_order() -> None:
    """The date is exact; type, project and client sort by names that are not told."""
    async with _world() as fake:
        every = fake.rows("payment")
        day = every[0]["date"]
        expected = [row["id"] for row in every if row["date"] == day]
        assert await ids(fake, "payment", date=str(day)) == expected
        names = {row["id"]: str(row["name"]) for row in fake.rows("paymenttype")}
        order = [
            names[int(r["typeid"])] for r in await rows(fake, "payment", sortfield="type", **ALL)
        ]
        assert order == sorted(order)
        labels = {row["id"]: str(row["name"]).casefold() for row in fake.rows("project")}
        found = await rows(fake, "payment", sortfield="project", **ALL)
        assert [labels[int(row["projectid"])] for row in found] == sorted(
            labels[row["projectid"]] for row in every
        )
        assert {*await ids(fake, "payment", sortfield="client", **ALL)} == {r["id"] for r in every}


EXPENSES: list[tuple[dict[str, str], Wanted]] = [
    ({"projectid": "301,302"}, lambda row: row["projectid"] in (301, 302)),
    ({"personid": "201,203"}, lambda row: row["personid"] in (201, 203)),
    ({"datebegin": "2026-03-15"}, lambda row: row["date"] >= date(2026, 3, 15)),
    ({"dateend": "2026-03-15"}, lambda row: row["date"] <= date(2026, 3, 15)),
]


@pytest.mark.parametrize(("query", "wanted"), EXPENSES)
async def test_expenses_are_filtered(query: dict[str, str], wanted: Wanted) -> None:
    """By project, person and date."""
    async with _world() as fake:
        expected = {row["id"] for row in fake.rows("expense") if wanted(row)}
        assert expected
        assert {*await ids(fake, "expense", **query, **ALL)} == expected


async def test_expenses_of_managers_and_their_order() -> None:
    """Managed projects are looked for at the project; the latest expense comes first."""
    async with _world() as fake:
        managed = {
            row["id"] for row in fake.rows("project") if 201 in ids_in(row["managerid"])
        } or {301}
        expected = {row["id"] for row in fake.rows("expense") if row["projectid"] in managed}
        assert {*await ids(fake, "expense", managerid="201", **ALL)} == expected
        days = [row["date"] for row in await rows(fake, "expense", **ALL)]
        assert days == sorted(days, reverse=True)
        costs = [
            float(r["expense"]) for r in await rows(fake, "expense", sortfield="expense", **ALL)
        ]
        assert costs in (sorted(costs), sorted(costs, reverse=True))


async def test_executives_are_not_told_what_things_cost() -> None:
    """They are told the fee, in the list and alone."""
    async with _world() as fake:
        token = fake.token_for("Executive")
        for path in ("expense/", f"expense/{fake.rows('expense')[0]['id']}/"):
            found = (await ask(fake, path, token=token)).json["expense"]
            row = found[0] if isinstance(found, list) else found
            assert "expense" not in row
            assert row["fee"]


async def test_the_caller_has_an_expense() -> None:
    """Without a person it is the caller's."""
    async with _world() as fake:
        body = {"projectid": 301, "date": "2026-05-01", "expense": 1.5, "fee": 2}
        manager = fake.token_for("Manager")
        made = (await _write(fake, "expense/", manager, "POST", **body)).json["expense"]
        assert made["personid"] == "202"
        assert (
            await _write(fake, "expense/", fake.token_for("Executive"), "POST", **body)
        ).status == 403


@pytest.mark.parametrize("name", ["invoice", "invoiceitem", "invoicenote", "payment", "expense"])
async def test_resource_users_have_no_access(name: str) -> None:
    """Money is none of their business."""
    async with _world() as fake:
        reply = await ask(fake, f"{name}/", {"invoiceid": "601"}, token=fake.token_for("Resource"))
        assert (reply.status, reply.code) == (403, 10)
