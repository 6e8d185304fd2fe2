"""``/payment/``: payments received for projects."""

from __future__ import annotations

from typing import Annotated, Literal, Required, TypedDict, Unpack

from .._schema.parameters import AsIs, AtMost, Ids, Number
from .._schema.record import Record, record
from .._schema.values import Day, Money
from .._streaming.listing import Listing
from ._base import ADMINISTRATORS, MANAGERS, NO_RESOURCES, Deletable, Gettable, Permissions

__all__ = ["Payment", "PaymentCreate", "PaymentFilters", "PaymentResource", "PaymentUpdate"]


@record
class Payment(Record):
    """A payment."""

    id: int
    """Payment ID. Inferred, not documented."""
    projectid: int | None = None
    """Project ID. Inferred, not documented."""
    date: Day | None = None
    """Payment date. Inferred, not documented."""
    amount: Money | None = None
    """Amount paid. Inferred, not documented."""
    typeid: int | None = None
    """Payment type ID. Inferred, not documented."""
    reference: str | None = None
    """Free descriptor. Inferred, not documented."""
    note: str | None = None
    """Description. Inferred, not documented."""
    invoiceid: int | None = None
    """Invoice ID. Inferred, not documented."""


class PaymentFilters(TypedDict, total=False):
    """Filters and sort order of a list of payments."""

    clientid: int
    """Only payments of this client."""
    projectid: int
    """Only payments of this project."""
    personid: Ids
    """Only payments entered by these people."""
    date: Day
    """Only payments of this date."""
    typeid: int
    """Only payments of this payment type (see paymenttype)."""
    invoiceid: int
    """Only payments of this invoice."""
    sortfield: (
        Literal[
            "id",
            "projectid",
            "date",
            "amount",
            "typeid",
            "reference",
            "note",
            "invoiceid",
            "type",
            "project",
            "client",
        ]
        | AsIs
    )
    """Field to sort by."""
    sortdir: Literal["ASC", "DESC"]
    """Direction of the sort."""


class PaymentCreate(TypedDict, total=False):
    """The fields of a new payment."""

    projectid: Required[int]
    """Project the payment is for."""
    date: Required[Day]
    """Payment date."""
    amount: Required[Number]
    """Amount paid."""
    typeid: Required[int]
    """Payment type ID."""
    reference: Annotated[str, AtMost(35)]
    """Free descriptor, e.g. for payment type Other, at most 35 characters."""
    note: Annotated[str, AtMost(255)]
    """Description of the payment, at most 255 characters."""
    invoiceid: int
    """Invoice the payment is applied to."""


class PaymentUpdate(TypedDict, total=False):
    """The fields of a payment that may be changed; None clears one. `PaymentCreate` describes them."""

    projectid: int
    date: Day
    amount: Number
    typeid: int
    reference: Annotated[str, AtMost(35)] | None
    note: Annotated[str, AtMost(255)] | None
    invoiceid: int | None


class PaymentResource(Gettable[Payment], Deletable[Payment]):
    """Payments received for projects; Resource users have no access, Executives only read.

    Administrators and Managers write them, Administrators delete.

    .. versionadded:: 0.2.0

    https://www.myintervals.com/api/resource?r=payment
    """

    __slots__ = ()
    name = "payment"
    record = Payment
    filters = PaymentFilters
    creatable = PaymentCreate
    updatable = PaymentUpdate
    permissions: Permissions = {
        "list": NO_RESOURCES,
        "get": NO_RESOURCES,
        "create": MANAGERS,
        "update": MANAGERS,
        "delete": ADMINISTRATORS,
    }
    sorts_by_id = True

    def list(
        self, *, offset: int = 0, limit: int | None = None, **filters: Unpack[PaymentFilters]
    ) -> Listing[Payment]:
        """List the matching payments; `offset` and `limit` select a slice."""
        return self._list(filters, offset=offset, limit=limit)

    async def create(
        self, *, send_notifications: bool | None = None, **fields: Unpack[PaymentCreate]
    ) -> Payment:
        """Create a payment and return it as stored.

        `send_notifications` overrides the client's setting.
        """
        return await self._create(fields, send_notifications=send_notifications)

    async def update(
        self, id: int, /, *, send_notifications: bool | None = None, **fields: Unpack[PaymentUpdate]
    ) -> Payment:
        """Update fields of a payment and return the new record; options as in `create`."""
        return await self._update(id, fields, send_notifications=send_notifications)
