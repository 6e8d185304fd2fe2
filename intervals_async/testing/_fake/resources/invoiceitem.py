"""invoiceitem: the lines of an invoice.

Lines imported from time are not ``custom``: a change may only set their description, and they
cannot be deleted.

The contract leaves these points open, so the fake assumes:

- Changing another field of an imported line is a validation error; deleting it is a 403.
- An amount may differ from quantity times rate by less than half a cent.
"""

from __future__ import annotations

from collections.abc import Iterator

from intervals_async.testing._fake import refusals
from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.billing import imported_lines
from intervals_async.testing._fake.contract import Write
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.hours import as_float
from intervals_async.testing._fake.wire import Row

_HALF_A_CENT = 0.005
_LINES = (("Hosting & domain", 12, 9.95), ("Licence", 1, 249.0), ('The "rest"', None, None))


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    rng = sizes.rng("invoiceitem")
    for invoice in account.table("invoice"):
        if invoice["prefilled"]:
            yield from imported_lines(account, invoice)
        for name, quantity, rate in rng.sample(_LINES, 1 if invoice["prefilled"] else 2):
            amount = 100.5 if quantity is None or rate is None else round(quantity * rate, 2)
            yield {
                "invoiceid": invoice["id"],
                "name": name,
                "description": rng.choice((None, "", "As agreed <on the phone>")),
                "quantity": quantity,
                "rate": rate,
                "amount": amount,
                "custom": True,
            }


def _complete(account: Account, row: Row, caller: int) -> None:
    row.setdefault("invoiceid", next(iter(account.table("invoice").ids), None))
    row.setdefault("name", f"Line {row['id']}")
    row.setdefault("custom", True)


def _check(account: Account, write: Write) -> None:
    row = write.row
    if not row["custom"]:
        fixed = [name for name in write.body if name != "description"]
        if fixed:
            raise refusals.not_valid([(name, str(write.body[name])) for name in fixed])
        return
    has_product = row["quantity"] is not None and row["rate"] is not None
    product = as_float(row["quantity"]) * as_float(row["rate"])
    if has_product and abs(product - as_float(row["amount"])) > _HALF_A_CENT:
        raise refusals.not_valid([("amount", str(row["amount"]))])


def _removable(account: Account, row: Row, caller: int) -> None:
    if not row["custom"]:
        raise refusals.no_permission()


RESOURCE = derive(
    "invoiceitem",
    after=("projectworktype", "time"),
    first_id=6001,
    generate=_generate,
    complete=_complete,
    check=_check,
    removable=_removable,
)
