"""Invoices, invoice lines, invoice notes, payments and expenses."""

from __future__ import annotations

from datetime import date
from functools import partial

import pytest

from intervals_async.testing import FakeIntervals
from intervals_async.testing._fake.references import ids_in

from .raw_client import Response, ids, rows, send
from .servers import ALL_ROWS, Matches, Row, server_at_noon

MAY = date(2026, 5, 1)


async def _write(
    fake: FakeIntervals, path: str, token: str | None = None, method: str = "PUT", **body: object
) -> Response:
    return await send(fake, path, method=method, body=body, token=token)


async def _invoice(fake: FakeIntervals, **fields: object) -> Row:
    body = {"projectid": 301, "date": "2026-05-06", "termid": 3, "title": "New"} | fields
    response = await send(fake, "invoice/", method="POST", body=body)
    assert response.status == 201, response.text
    created: Row = response.json["invoice"]
    return created


async def _lines(fake: FakeIntervals, invoice: Row) -> list[Row]:
    return await rows(fake, "invoiceitem", invoiceid=str(invoice["id"]), **ALL_ROWS)


async def _read(fake: FakeIntervals, path: str) -> Row:
    found: Row = (await send(fake, path)).json[path.split("/", maxsplit=1)[0]]
    return found


async def test_totals_of_an_invoice() -> None:
    """An invoice's balance is the sum of its lines and two taxes, less its payments."""
    async with server_at_noon() as fake:
        created = await _invoice(fake, tax=10, secondtax=5, secondtaxcompound="f")
        assert (float(created["subtotal"]), float(created["balance"])) == (0, 0)
        for amount in (80.0, 20.0):
            fake.insert("invoiceitem", invoiceid=int(created["id"]), amount=amount)
        path = f"invoice/{created['id']}/"
        found = await _read(fake, path)
        assert (float(found["subtotal"]), float(found["total"])) == (100, 115)
        await _write(fake, path, secondtaxcompound="t")
        assert float((await _read(fake, path))["total"]) == 115.5
        fake.insert("payment", invoiceid=int(created["id"]), amount=15.5, date=MAY)
        found = await _read(fake, path)
        assert (float(found["payments"]), float(found["balance"])) == (15.5, 100)
        assert found["datepaid"] in (None, "")
        fake.insert("payment", invoiceid=int(created["id"]), amount=100.0, date=date(2026, 5, 3))
        found = await _read(fake, path)
        assert (float(found["balance"]), found["datepaid"]) == (0, "2026-05-03")
        assert created["id"] in [
            row["id"] for row in await rows(fake, "invoice", status="paid", **ALL_ROWS)
        ]


async def test_rows_contain_computed_fields() -> None:
    """``fake.rows`` contains the same computed totals as the responses."""
    async with server_at_noon() as fake:
        listed = await rows(fake, "invoice", **ALL_ROWS)
        assert [str(row["total"]) for row in fake.rows("invoice")] == [r["total"] for r in listed]


async def test_payment_terms_set_the_due_date() -> None:
    """The payment term sets the due date, and the term Other needs a date of its own."""
    async with server_at_noon() as fake:
        created = await _invoice(fake, date="2026-03-01")
        assert (created["datedue"], created["daysoverdue"]) == ("2026-03-31", "36")
        response = await _write(fake, f"invoice/{created['id']}/", termid=6)
        assert (response.status, response.code) == (400, 18)
        assert response.verbose == ["The following required field is missing: termotherdatedue"]
        changed = await _write(
            fake,
            f"invoice/{created['id']}/",
            termid=6,
            termotherdatedue="2026-06-01",
            termother="Ha",
        )
        assert changed.json["invoice"]["datedue"] == "2026-06-01"
        assert changed.json["invoice"]["daysoverdue"] == "0"


async def test_freeform_invoices() -> None:
    """An invoice without a date range has no imported lines, and a range is refused later."""
    async with server_at_noon() as fake:
        created = await _invoice(fake)
        assert await _lines(fake, created) == []
        response = await _write(fake, f"invoice/{created['id']}/", datebegin="2026-01-01")
        assert (response.status, response.code) == (400, 18)


async def test_prefilled_invoices() -> None:
    """A date range imports lines from time; another range imports them again."""
    async with server_at_noon() as fake:
        project = fake.insert("project")
        fake.insert("projectworktype", projectid=project, worktypeid=701, hourlyrate=100.0)
        log = partial(fake.insert, "time", projectid=project, worktypeid=701)
        log(time=1.5, billable=True, date=date(2026, 4, 1))
        log(time=0.5, billable=True, date=date(2026, 4, 2))
        log(time=4.0, billable=True, date=date(2026, 4, 3))
        log(time=9.0, billable=False, date=date(2026, 4, 1))
        created = await _invoice(
            fake, projectid=project, datebegin="2026-04-01", dateend="2026-04-02"
        )
        (line,) = await _lines(fake, created)
        assert (float(line["quantity"]), float(line["rate"])) == (2, 100)
        assert (float(line["amount"]), line["custom"]) == (200, "f")
        assert float(created["subtotal"]) == 200
        own = fake.insert("invoiceitem", invoiceid=int(created["id"]), amount=7.0)
        path = f"invoice/{created['id']}/"
        assert (await _write(fake, path, dateend=None)).status == 202
        lines = {row["custom"]: row for row in await _lines(fake, created)}
        assert float(lines["f"]["quantity"]) == 6
        assert lines["t"]["id"] == str(own)
        response = await _write(fake, path, datebegin=None)
        assert (response.status, response.code) == (400, 18)


async def test_writing_lines() -> None:
    """A line's amount is quantity times rate; an imported line accepts only a description."""
    async with server_at_noon() as fake:
        created = await _invoice(fake)
        body = {"invoiceid": created["id"], "name": "Work", "quantity": 3, "rate": "1.1"}
        refused = await send(fake, "invoiceitem/", method="POST", body={**body, "amount": 3})
        assert (refused.status, refused.code) == (400, 18)
        response = await send(fake, "invoiceitem/", method="POST", body={**body, "amount": 3.3})
        assert response.json["invoiceitem"]["custom"] == "t"
        path = f"invoiceitem/{response.json['invoiceitem']['id']}/"
        assert (await _write(fake, path, quantity=4, amount="4.4")).status == 202
        assert (await send(fake, path, method="DELETE")).status == 200
        ours = fake.insert("invoiceitem", invoiceid=int(created["id"]), custom=False, amount=1.0)
        path = f"invoiceitem/{ours}/"
        assert (await _write(fake, path, description="Why & how")).status == 202
        for body in ({"name": "x"}, {"amount": 1}, {"quantity": 1}):
            assert (await send(fake, path, method="PUT", body=body)).code == 18
        assert (await send(fake, path, method="DELETE")).status == 403


async def test_lines_are_sorted() -> None:
    """The lines of an invoice are sorted by amount."""
    async with server_at_noon() as fake:
        invoice = fake.rows("invoice")[0]
        query = {"invoiceid": str(invoice["id"]), "sortfield": "amount", "sortdir": "DESC"}
        amounts = [
            float(row["amount"]) for row in await rows(fake, "invoiceitem", **query, **ALL_ROWS)
        ]
        assert amounts == sorted(amounts, reverse=True)
        assert len(amounts) > 1


async def test_notes_of_invoices() -> None:
    """A new invoice has a note by the system, and only Administrators change notes."""
    async with server_at_noon() as fake:
        created = await _invoice(fake)
        (note,) = await rows(fake, "invoicenote", invoiceid=created["id"])
        assert note["date"] == "2026-05-06 12:30:05"
        assert created["localid"] in note["actions"]
        manager = fake.token_for("Manager")
        body = {"invoiceid": created["id"], "title": "Called", "date": "2026-05-01 10:00:00"}
        own = (await _write(fake, "invoicenote/", manager, "POST", **body)).json["invoicenote"]
        assert (own["authorid"], own["date"]) == ("202", "2026-05-01 10:00:00")
        found = await ids(fake, "invoicenote", invoiceid=created["id"], authorid="202")
        assert found == [int(own["id"])]
        path = f"invoicenote/{own['id']}/"
        assert (await _write(fake, path, manager, title="x")).status == 403
        assert (await _write(fake, path, title="x")).status == 202


INVOICES: list[tuple[dict[str, str], Matches]] = [
    ({"localid": "1,3"}, lambda row: row["localid"] in ("00001", "00003")),
    ({"projectid": "301,302,303"}, lambda row: row["projectid"] in (301, 302, 303)),
    ({"datebegin": "2026-03-01"}, lambda row: row["date"] >= date(2026, 3, 1)),
    ({"dateend": "2026-03-01"}, lambda row: row["date"] <= date(2026, 3, 1)),
    ({"search": "po-0"}, lambda row: row["purchaseorder"] is not None),
    ({"search": "zürich"}, lambda row: "Zürich" in (row["addressto"] or "")),
]


@pytest.mark.parametrize(("query", "matches"), INVOICES)
async def test_invoices_are_filtered(query: dict[str, str], matches: Matches) -> None:
    """Invoices are filtered by their fields; the date range applies to the invoice's own date."""
    async with server_at_noon() as fake:
        expected = [row["id"] for row in fake.rows("invoice") if matches(row)]
        assert expected
        assert await ids(fake, "invoice", **query, **ALL_ROWS) == expected


async def test_paid_and_outstanding() -> None:
    """Each invoice is either paid or outstanding, and any other status is refused."""
    async with server_at_noon() as fake:
        records = await rows(fake, "invoice", **ALL_ROWS)
        paid = [int(row["id"]) for row in records if row["datepaid"]]
        assert await ids(fake, "invoice", status="paid", **ALL_ROWS) == paid != []
        outstanding = await ids(fake, "invoice", status="outstanding", **ALL_ROWS)
        assert sorted([*paid, *outstanding]) == [int(row["id"]) for row in records]
        assert outstanding
        assert (await send(fake, "invoice/", {"status": "sent"})).code == 18


@pytest.mark.parametrize("name", ["subtotal", "total", "payments", "balance", "daysoverdue"])
async def test_invoices_are_sorted_by_computed_fields(name: str) -> None:
    """Invoices are sorted by computed fields too."""
    async with server_at_noon() as fake:
        values = [
            float(row[name]) for row in await rows(fake, "invoice", sortfield=name, **ALL_ROWS)
        ]
        assert values == sorted(values)
        assert values[0] < values[-1]


async def test_filter_by_client() -> None:
    """``clientid`` selects invoices, expenses and payments by the client of the project."""
    async with server_at_noon() as fake:
        client = next(row["clientid"] for row in fake.rows("project") if row["clientid"])
        theirs = {row["id"] for row in fake.rows("project") if row["clientid"] == client}
        for name in ("invoice", "expense", "payment"):
            expected = {row["id"] for row in fake.rows(name) if row["projectid"] in theirs}
            assert {*await ids(fake, name, clientid=str(client), **ALL_ROWS)} == expected != set()


PAYMENTS: list[tuple[dict[str, str], Matches]] = [
    ({"projectid": "301"}, lambda row: row["projectid"] == 301),
    ({"personid": "201,202"}, lambda row: row["personid"] in (201, 202)),
    ({"typeid": "21"}, lambda row: row["typeid"] == 21),
    ({"invoiceid": "601"}, lambda row: row["invoiceid"] == 601),
]


@pytest.mark.parametrize(("query", "matches"), PAYMENTS)
async def test_payments_are_filtered(query: dict[str, str], matches: Matches) -> None:
    """Payments are filtered by fields, and by the person who entered them, who is not sent."""
    async with server_at_noon() as fake:
        fake.insert("payment", projectid=301)
        expected = [row["id"] for row in fake.rows("payment") if matches(row)]
        assert expected
        assert await ids(fake, "payment", **query, **ALL_ROWS) == expected
        assert "personid" not in fake.wire_rows("payment")[0]


async def test_payments_by_date_and_their_order() -> None:
    """``date`` selects one date; type, project and client sort by name."""
    async with server_at_noon() as fake:
        records = fake.rows("payment")
        day = records[0]["date"]
        expected = [row["id"] for row in records if row["date"] == day]
        assert await ids(fake, "payment", date=str(day)) == expected
        names = {row["id"]: str(row["name"]) for row in fake.rows("paymenttype")}
        order = [
            names[int(r["typeid"])]
            for r in await rows(fake, "payment", sortfield="type", **ALL_ROWS)
        ]
        assert order == sorted(order)
        labels = {row["id"]: str(row["name"]).casefold() for row in fake.rows("project")}
        found = await rows(fake, "payment", sortfield="project", **ALL_ROWS)
        assert [labels[int(row["projectid"])] for row in found] == sorted(
            labels[row["projectid"]] for row in records
        )
        assert {*await ids(fake, "payment", sortfield="client", **ALL_ROWS)} == {
            r["id"] for r in records
        }


EXPENSES: list[tuple[dict[str, str], Matches]] = [
    ({"projectid": "301,302"}, lambda row: row["projectid"] in (301, 302)),
    ({"personid": "201,203"}, lambda row: row["personid"] in (201, 203)),
    ({"datebegin": "2026-03-15"}, lambda row: row["date"] >= date(2026, 3, 15)),
    ({"dateend": "2026-03-15"}, lambda row: row["date"] <= date(2026, 3, 15)),
]


@pytest.mark.parametrize(("query", "matches"), EXPENSES)
async def test_expenses_are_filtered(query: dict[str, str], matches: Matches) -> None:
    """Expenses are filtered by project, person and date."""
    async with server_at_noon() as fake:
        expected = {row["id"] for row in fake.rows("expense") if matches(row)}
        assert expected
        assert {*await ids(fake, "expense", **query, **ALL_ROWS)} == expected


async def test_expenses_by_manager_and_their_order() -> None:
    """``managerid`` compares the project's managers, and the latest expense comes first."""
    async with server_at_noon() as fake:
        managed = {
            row["id"] for row in fake.rows("project") if 201 in ids_in(row["managerid"])
        } or {301}
        expected = {row["id"] for row in fake.rows("expense") if row["projectid"] in managed}
        assert {*await ids(fake, "expense", managerid="201", **ALL_ROWS)} == expected
        days = [row["date"] for row in await rows(fake, "expense", **ALL_ROWS)]
        assert days == sorted(days, reverse=True)
        costs = [
            float(r["expense"])
            for r in await rows(fake, "expense", sortfield="expense", **ALL_ROWS)
        ]
        assert costs in (sorted(costs), sorted(costs, reverse=True))


async def test_executives_see_no_costs() -> None:
    """Executives receive the fee of an expense, but not its cost."""
    async with server_at_noon() as fake:
        token = fake.token_for("Executive")
        for path in ("expense/", f"expense/{fake.rows('expense')[0]['id']}/"):
            found = (await send(fake, path, token=token)).json["expense"]
            row = found[0] if isinstance(found, list) else found
            assert "expense" not in row
            assert row["fee"]


async def test_expenses_belong_to_the_caller() -> None:
    """An expense without a person belongs to the caller, and Executives create none."""
    async with server_at_noon() as fake:
        body = {"projectid": 301, "date": "2026-05-01", "expense": 1.5, "fee": 2}
        manager = fake.token_for("Manager")
        created = (await _write(fake, "expense/", manager, "POST", **body)).json["expense"]
        assert created["personid"] == "202"
        assert (
            await _write(fake, "expense/", fake.token_for("Executive"), "POST", **body)
        ).status == 403


@pytest.mark.parametrize("name", ["invoice", "invoiceitem", "invoicenote", "payment", "expense"])
async def test_resource_users_have_no_access(name: str) -> None:
    """Resource users have no access to invoices, payments and expenses."""
    async with server_at_noon() as fake:
        response = await send(
            fake, f"{name}/", {"invoiceid": "601"}, token=fake.token_for("Resource")
        )
        assert (response.status, response.code) == (403, 10)
