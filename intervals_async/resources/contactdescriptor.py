"""``/contactdescriptor/``: the labels of contact information."""

from __future__ import annotations

from typing import Required, TypedDict, Unpack

from .._schema.record import Record, record
from .._streaming.listing import Listing
from ._base import UNSTATED, Permissions, Resource

__all__ = ["ContactDescriptor", "ContactDescriptorFilters", "ContactDescriptorResource"]


@record
class ContactDescriptor(Record):
    """A label that a piece of contact information can carry: home, work and so on.

    No documentation names its fields, so all that the server sends is in `extra`.
    """


class ContactDescriptorFilters(TypedDict, total=False):
    """Filters of a list of descriptors."""

    contacttypeid: Required[int]
    """Contact type whose descriptors are wanted; every contact type has its own."""


class ContactDescriptorResource(Resource[ContactDescriptor]):
    """The labels within one contact type. Who may read them is not documented.

    https://www.myintervals.com/api/resource?r=contactdescriptor
    """

    __slots__ = ()
    name = "contactdescriptor"
    record = ContactDescriptor
    filters = ContactDescriptorFilters
    permissions: Permissions = {"list": UNSTATED}
    paginated = False

    def list(self, **filters: Unpack[ContactDescriptorFilters]) -> Listing[ContactDescriptor]:
        """List the descriptors of one contact type, with one request."""
        return self._list(filters)
