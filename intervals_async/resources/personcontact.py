"""``/personcontact/``: contact details of people."""

from __future__ import annotations

from typing import Required, TypedDict, Unpack

import attrs

from .._schema.record import Record, record
from .._streaming.listing import Listing
from ._base import EVERYBODY, Deletable, Gettable, Permissions

__all__ = [
    "PersonContact",
    "PersonContactCreate",
    "PersonContactFilters",
    "PersonContactResource",
    "PersonContactUpdate",
]


@record
class PersonContact(Record):
    """One contact detail of a person: a phone number, an address and the like.

    The API is known to send one more field that no documentation names; it is in `extra`.
    """

    id: int
    """Contact detail ID."""
    personid: int
    """Owning person's ID."""
    contact_type_id: int = attrs.field(metadata={"aliases": ("contacttypeid",)})
    """Contact type ID. Requests spell it ``contacttypeid``; both are read."""
    contact_descriptor_id: int = attrs.field(metadata={"aliases": ("contactdescriptorid",)})
    """Contact descriptor ID. Requests spell it ``contactdescriptorid``; both are read."""
    value: str
    """The phone number, address, URL or other value."""


class PersonContactFilters(TypedDict, total=False):
    """Filters of a list of contact details."""

    personid: Required[int]
    """Person whose contact details to list."""
    contacttypeid: int
    """Only details of this contact type."""
    contactdescriptorid: int
    """Only details with this descriptor."""


class PersonContactCreate(TypedDict, total=False):
    """The fields of a new contact detail."""

    personid: Required[int]
    """Person the detail belongs to; only Administrators may edit other people's."""
    value: Required[str]
    """The phone number, address, URL or other value."""
    contacttypeid: Required[int]
    """Contact type ID (see ``contacttype``)."""
    contactdescriptorid: Required[int]
    """Contact descriptor ID (see ``contactdescriptor``)."""


class PersonContactUpdate(TypedDict, total=False):
    """The fields of a contact detail that may be changed. `PersonContactCreate` describes them."""

    personid: int
    value: str
    contacttypeid: int
    contactdescriptorid: int


class PersonContactResource(Gettable[PersonContact], Deletable[PersonContact]):
    """Contact details of people, for all groups.

    The API documents no offset and limit, so a listing is one request. A response that counts more
    records than it holds raises `IncompleteListingError`.

    .. versionchanged:: 0.2.0
       Added `send_notifications` to `create`, `update` and `delete`.

    https://www.myintervals.com/api/resource?r=personcontact
    """

    __slots__ = ()
    name = "personcontact"
    record = PersonContact
    filters = PersonContactFilters
    creatable = PersonContactCreate
    updatable = PersonContactUpdate
    permissions: Permissions = {
        "list": EVERYBODY,
        "get": EVERYBODY,
        "create": EVERYBODY,
        "update": EVERYBODY,
        "delete": EVERYBODY,
    }
    paginated = False

    def list(self, **filters: Unpack[PersonContactFilters]) -> Listing[PersonContact]:
        """List the contact details of one person."""
        return self._list(filters)

    async def create(
        self, *, send_notifications: bool | None = None, **fields: Unpack[PersonContactCreate]
    ) -> PersonContact:
        """Create a contact detail and return it as stored.

        `send_notifications` overrides the client's setting.
        """
        return await self._create(fields, send_notifications=send_notifications)

    async def update(
        self,
        id: int,
        /,
        *,
        send_notifications: bool | None = None,
        **fields: Unpack[PersonContactUpdate],
    ) -> PersonContact:
        """Update fields of a contact detail and return the new record; options as in `create`."""
        return await self._update(id, fields, send_notifications=send_notifications)
