"""``/invoiceterm/``: the payment terms."""

from __future__ import annotations

from .._schema.record import Record, record
from .._streaming.listing import Listing
from ._base import NO_RESOURCES, Permissions, Resource

__all__ = ["InvoiceTerm", "InvoiceTermResource"]


@record
class InvoiceTerm(Record):
    """A payment term."""

    id: int
    """Identifier of the term."""
    name: str
    """Display name, e.g. Upon Receipt, Net 30, Other."""
    duration: int | None = None
    """Net days; 0 for Upon Receipt, empty for the custom term Other."""
    priority: int
    """Order in lists, lower first."""


class InvoiceTermResource(Resource[InvoiceTerm]):
    """The payment terms; Resource users have no access.

    The API documents no offset and limit, so a listing is one request. The term Other has the id 6.

    .. versionadded:: 0.2.0

    https://www.myintervals.com/api/resource?r=invoiceterm
    """

    __slots__ = ()
    name = "invoiceterm"
    record = InvoiceTerm
    permissions: Permissions = {"list": NO_RESOURCES}
    paginated = False

    def list(self) -> Listing[InvoiceTerm]:
        """List all payment terms, with one request."""
        return self._list({})
