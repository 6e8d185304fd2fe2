"""``/contacttype/``: the kinds of contact information."""

from __future__ import annotations

from .._schema.record import Record, record
from .._streaming.listing import Listing
from ._base import UNSTATED, Permissions, Resource

__all__ = ["ContactType", "ContactTypeResource"]


@record
class ContactType(Record):
    """A kind of contact information: phone, e-mail and so on.

    No documentation names its fields, so all that the server sends is in `extra`.
    """


class ContactTypeResource(Resource[ContactType]):
    """The kinds of contact information. Who may read them is not documented.

    https://www.myintervals.com/api/resource?r=contacttype
    """

    __slots__ = ()
    name = "contacttype"
    record = ContactType
    permissions: Permissions = {"list": UNSTATED}
    paginated = False

    def list(self) -> Listing[ContactType]:
        """List all contact types, with one request."""
        return self._list({})
