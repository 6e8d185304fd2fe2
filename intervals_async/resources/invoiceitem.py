"""``/invoiceitem/``: lines of invoices."""

from __future__ import annotations

from typing import Annotated, Literal, Required, TypedDict, Unpack

from .._schema.parameters import AsIs, AtMost, Number
from .._schema.record import Record, record
from .._schema.values import Money, Quantity
from .._streaming.listing import Listing
from ._base import MANAGERS, NO_RESOURCES, Deletable, Gettable, Permissions

__all__ = [
    "InvoiceItem",
    "InvoiceItemCreate",
    "InvoiceItemFilters",
    "InvoiceItemResource",
    "InvoiceItemUpdate",
]


@record
class InvoiceItem(Record):
    """An invoice line."""

    id: int
    """Identifier of the line. Inferred, not documented."""
    invoiceid: int | None = None
    """Invoice of the line. Inferred, not documented."""
    name: str | None = None
    """Name of the line. Inferred, not documented."""
    description: str | None = None
    """Description of the line. Inferred, not documented."""
    quantity: Quantity | None = None
    """Quantity. Inferred, not documented."""
    rate: Money | None = None
    """Rate. Inferred, not documented."""
    amount: Money | None = None
    """Amount. Inferred, not documented."""
    custom: bool | None = None
    """True for lines made by a user, false for generated ones."""


class InvoiceItemFilters(TypedDict, total=False):
    """Filters and sort order of a list of invoice lines."""

    invoiceid: Required[int]
    """Invoice whose lines are wanted."""
    sortfield: (
        Literal[
            "id",
            "invoiceid",
            "name",
            "description",
            "quantity",
            "rate",
            "amount",
        ]
        | AsIs
    )
    """Field to sort by."""
    sortdir: Literal["ASC", "DESC"]
    """Direction of the sort."""


class InvoiceItemCreate(TypedDict, total=False):
    """The fields of a new invoice line."""

    invoiceid: Required[int]
    """Invoice of the line; fixed for existing non-custom lines."""
    name: Required[Annotated[str, AtMost(255)]]
    """Name of the line, at most 255 characters."""
    description: str
    """Description of the line."""
    quantity: Number
    """Quantity; only for new or custom lines."""
    rate: Number
    """Rate; only for new or custom lines."""
    amount: Required[Number]
    """Amount; must equal quantity times rate when both are set; fixed for existing non-custom
    lines.
    """


class InvoiceItemUpdate(TypedDict, total=False):
    """The fields of an invoice line that may be changed; None clears one. `InvoiceItemCreate` describes them."""

    invoiceid: int
    name: Annotated[str, AtMost(255)]
    description: str | None
    quantity: Number | None
    rate: Number | None
    amount: Number


class InvoiceItemResource(Gettable[InvoiceItem], Deletable[InvoiceItem]):
    """Lines of invoices; Resource users have no access, Executives only read.

    They are listed for one invoice. A line that was generated from time cannot be deleted, and only
    its description can be changed.

    .. versionadded:: 0.2.0

    https://www.myintervals.com/api/resource?r=invoiceitem
    """

    __slots__ = ()
    name = "invoiceitem"
    record = InvoiceItem
    filters = InvoiceItemFilters
    creatable = InvoiceItemCreate
    updatable = InvoiceItemUpdate
    permissions: Permissions = {
        "list": NO_RESOURCES,
        "get": NO_RESOURCES,
        "create": MANAGERS,
        "update": MANAGERS,
        "delete": MANAGERS,
    }
    sorts_by_id = True

    def list(
        self, *, offset: int = 0, limit: int | None = None, **filters: Unpack[InvoiceItemFilters]
    ) -> Listing[InvoiceItem]:
        """List the matching invoice lines; `offset` and `limit` select a slice."""
        return self._list(filters, offset=offset, limit=limit)

    async def create(
        self, *, send_notifications: bool | None = None, **fields: Unpack[InvoiceItemCreate]
    ) -> InvoiceItem:
        """Create an invoice line and return it as stored.

        `send_notifications` overrides the client's setting.
        """
        return await self._create(fields, send_notifications=send_notifications)

    async def update(
        self,
        id: int,
        /,
        *,
        send_notifications: bool | None = None,
        **fields: Unpack[InvoiceItemUpdate],
    ) -> InvoiceItem:
        """Update fields of an invoice line and return the new record; options as in `create`."""
        return await self._update(id, fields, send_notifications=send_notifications)
