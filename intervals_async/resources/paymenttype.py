"""``/paymenttype/``: the payment types."""

from __future__ import annotations

from .._schema.record import Record, record
from .._streaming.listing import Listing
from ._base import UNSTATED, Gettable, Permissions

__all__ = ["PaymentType", "PaymentTypeResource"]


@record
class PaymentType(Record):
    """A payment type."""

    id: int
    """Payment type ID, used as payment.typeid. Inferred, not documented."""


class PaymentTypeResource(Gettable[PaymentType]):
    """The payment types; who may read them is not documented.

    The API documents no offset and limit, so a listing is one request. No documentation names the
    fields beyond the id, so the name is in `extra`. Prefer `list` to `get`, which may not work for
    payment types.

    .. versionadded:: 0.2.0

    https://www.myintervals.com/api/resource?r=paymenttype
    """

    __slots__ = ()
    name = "paymenttype"
    record = PaymentType
    permissions: Permissions = {"list": UNSTATED, "get": UNSTATED}
    paginated = False

    def list(self) -> Listing[PaymentType]:
        """List all payment types, with one request."""
        return self._list({})
