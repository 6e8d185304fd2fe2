"""``/invoice/``: invoices of projects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Required, TypedDict, Unpack

from .._schema.parameters import AsIs, AtMost, Ids, Number
from .._schema.record import Record, record
from .._schema.values import Day, Money
from .._streaming.listing import Listing
from ._base import MANAGERS, NO_RESOURCES, Deletable, Gettable, Permissions

__all__ = ["Invoice", "InvoiceCreate", "InvoiceFilters", "InvoiceResource", "InvoiceUpdate"]


# The payment term Other, which needs a due date of its own.
OTHER_TERM = 6


@record
class Invoice(Record):
    """An invoice."""

    id: int
    """Identifier of the invoice. Inferred, not documented."""
    projectid: int | None = None
    """Project of the invoice. Inferred, not documented."""
    date: Day | None = None
    """Invoice date. Inferred, not documented."""
    title: str | None = None
    """Invoice title. Inferred, not documented."""
    description: str | None = None
    """Invoice description. Inferred, not documented."""
    localid: str | None = None
    """Invoice number of the web application (may be zero-padded as for client).

    Inferred, not documented.
    """
    purchaseorder: str | None = None
    """Purchase order number. Inferred, not documented."""
    project: str | None = None
    """Project name. Inferred, not documented."""
    client: str | None = None
    """Client name. Inferred, not documented."""
    datepaid: Day | None = None
    """When it was paid. Inferred, not documented."""
    subtotal: Money | None = None
    """Total before tax. Inferred, not documented."""
    total: Money | None = None
    """Total. Inferred, not documented."""
    payments: Money | None = None
    """Sum of payments received. Inferred, not documented."""
    balance: Money | None = None
    """Amount still due. Inferred, not documented."""
    datedue: Day | None = None
    """Due date. Inferred, not documented."""
    daysoverdue: int | None = None
    """Days past the due date. Inferred, not documented."""
    termid: int | None = None
    """Payment term. Inferred, not documented."""
    termother: str | None = None
    """Custom term name. Inferred, not documented."""
    termotherdatedue: Day | None = None
    """Due date of a custom term. Inferred, not documented."""
    addressfrom: str | None = None
    """Sender address. Inferred, not documented."""
    addressto: str | None = None
    """Recipient address. Inferred, not documented."""
    tax: Money | None = None
    """Tax value. Inferred, not documented."""
    secondtax: Money | None = None
    """Second tax value. Inferred, not documented."""
    secondtaxcompound: bool | None = None
    """Whether the second tax compounds. Inferred, not documented."""
    disclaimer: str | None = None
    """Disclaimer text. Inferred, not documented."""
    datebegin: Day | None = None
    """First day of imported time (prefilled invoices). Inferred, not documented."""
    dateend: Day | None = None
    """Last day of imported time (prefilled invoices). Inferred, not documented."""


class InvoiceFilters(TypedDict, total=False):
    """Filters and sort order of a list of invoices."""

    localid: Ids
    """Match the invoice number shown in the web application."""
    clientid: Ids
    """Invoices of these clients."""
    projectid: Ids
    """Invoices of these projects."""
    datebegin: Day
    """Dated on or after this date."""
    dateend: Day
    """Dated on or before this date."""
    status: Literal["outstanding", "paid"]
    """Only outstanding or only paid invoices."""
    search: str
    """Text search over title, description, localid, purchase order and address fields."""
    sortfield: (
        Literal[
            "id",
            "projectid",
            "date",
            "title",
            "description",
            "localid",
            "purchaseorder",
            "project",
            "client",
            "datepaid",
            "subtotal",
            "total",
            "payments",
            "balance",
            "datedue",
            "daysoverdue",
        ]
        | AsIs
    )
    """Field to sort by."""
    sortdir: Literal["ASC", "DESC"]
    """Direction of the sort."""


class InvoiceCreate(TypedDict, total=False):
    """The fields of a new invoice."""

    projectid: Required[int]
    """Project being invoiced."""
    date: Required[Day]
    """Invoice date."""
    termid: Required[int]
    """Payment term, an id of /invoiceterm/."""
    termother: Annotated[str, AtMost(255)]
    """Name of a custom term, for the term Other (id 6), at most 255 characters."""
    termotherdatedue: Day
    """Due date of a custom term; needed when the term is Other (id 6)."""
    title: Required[Annotated[str, AtMost(255)]]
    """Invoice title, at most 255 characters."""
    description: str
    """Invoice description."""
    addressfrom: str
    """Sender address."""
    addressto: str
    """Recipient address."""
    purchaseorder: Annotated[str, AtMost(55)]
    """Purchase order number, at most 55 characters."""
    tax: Number
    """Tax value."""
    secondtax: Number
    """Second tax value, for places with two levels of tax."""
    secondtaxcompound: bool
    """True: the second tax is compounded; false: it is added."""
    disclaimer: str
    """Disclaimer text."""
    datebegin: Day
    """First day of the time entries to import; makes the invoice prefilled."""
    dateend: Day
    """Last day of the time entries to import; makes the invoice prefilled."""


class InvoiceUpdate(TypedDict, total=False):
    """The fields of an invoice that may be changed; None clears one. `InvoiceCreate` describes them."""

    projectid: int
    date: Day
    termid: int
    termother: Annotated[str, AtMost(255)] | None
    termotherdatedue: Day | None
    title: Annotated[str, AtMost(255)]
    description: str | None
    addressfrom: str | None
    addressto: str | None
    purchaseorder: Annotated[str, AtMost(55)] | None
    tax: Number | None
    secondtax: Number | None
    secondtaxcompound: bool | None
    disclaimer: str | None
    datebegin: Day | None
    dateend: Day | None


class InvoiceResource(Gettable[Invoice], Deletable[Invoice]):
    """Invoices of projects; Resource users have no access, Executives only read.

    An invoice created without ``datebegin`` and ``dateend`` is freeform: add its lines through
    ``invoiceitem``. With either date, it is prefilled from the project's time entries. This cannot
    be changed later, and changing the two dates imports the time again. The payment term Other has
    the id 6 and requires ``termotherdatedue``.

    .. versionadded:: 0.2.0

    https://www.myintervals.com/api/resource?r=invoice
    """

    __slots__ = ()
    name = "invoice"
    record = Invoice
    filters = InvoiceFilters
    creatable = InvoiceCreate
    updatable = InvoiceUpdate
    permissions: Permissions = {
        "list": NO_RESOURCES,
        "get": NO_RESOURCES,
        "create": MANAGERS,
        "update": MANAGERS,
        "delete": MANAGERS,
    }
    sorts_by_id = True

    def list(
        self, *, offset: int = 0, limit: int | None = None, **filters: Unpack[InvoiceFilters]
    ) -> Listing[Invoice]:
        """List the matching invoices; `offset` and `limit` select a slice."""
        return self._list(filters, offset=offset, limit=limit)

    async def create(
        self, *, send_notifications: bool | None = None, **fields: Unpack[InvoiceCreate]
    ) -> Invoice:
        """Create an invoice and return it as stored.

        `send_notifications` overrides the client's setting.
        """
        return await self._create(fields, send_notifications=send_notifications)

    async def update(
        self, id: int, /, *, send_notifications: bool | None = None, **fields: Unpack[InvoiceUpdate]
    ) -> Invoice:
        """Update fields of an invoice and return the new record; options as in `create`."""
        return await self._update(id, fields, send_notifications=send_notifications)

    def _check_create(self, fields: Mapping[str, object]) -> str | None:
        if fields.get("termid") != OTHER_TERM or "termotherdatedue" in fields:
            return None
        return "termotherdatedue with the payment term Other"
