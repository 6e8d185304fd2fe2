"""``/client/``: companies that projects are done for."""

from __future__ import annotations

from typing import Annotated, Literal, Required, TypedDict, Unpack

from .._schema.parameters import AsIs, AtMost, Ids
from .._schema.record import Record, record
from .._schema.values import Day, Html
from .._streaming.listing import Listing
from ._base import ADMINISTRATORS, EVERYBODY, Deletable, Gettable, Permissions

__all__ = ["Client", "ClientCreate", "ClientFilters", "ClientResource", "ClientUpdate"]


@record
class Client(Record):
    """A client."""

    id: int
    """Identifier of the client."""
    name: str
    """Client name."""
    datecreated: Day | None = None
    """Creation date (YYYY-MM-DD)."""
    description: Html | None = None
    """Description."""
    email: str | None = None
    """Main e-mail address."""
    website: str | None = None
    """Website."""
    phone: str | None = None
    """Phone number."""
    fax: str | None = None
    """Fax number."""
    address: str | None = None
    """Postal address with CRLF line breaks."""
    active: bool
    """Whether the client is active."""
    localidunpadded: int
    """Application number without padding, e.g. ``15``."""
    localid: str
    """Application number padded with zeros to five digits, e.g. ``00015``."""


class ClientFilters(TypedDict, total=False):
    """Filters and sort order of a list of clients."""

    localid: Ids
    """Match the number shown for the client in the web application."""
    active: bool
    """Only active or only inactive clients."""
    search: str
    """Text search over client name, description and localid."""
    projectsonly: bool
    """Only clients having active projects; by default False."""
    sortfield: (
        Literal[
            "id",
            "localid",
            "name",
            "datecreated",
        ]
        | AsIs
    )
    """Field to sort by."""
    sortdir: Literal["ASC", "DESC"]
    """Direction of the sort."""


class ClientCreate(TypedDict, total=False):
    """The fields of a new client."""

    name: Required[Annotated[str, AtMost(255)]]
    """Client name, at most 255 characters."""
    datecreated: Required[Day]
    """Creation date of the client."""
    description: str
    """Description / notes area of the client; HTML is accepted, some elements may be stripped."""
    email: Annotated[str, AtMost(255)]
    """Main e-mail address; may also belong to a contact person without login, at most 255
    characters.
    """
    website: Annotated[str, AtMost(255)]
    """Website address, at most 255 characters."""
    phone: Annotated[str, AtMost(50)]
    """Phone number, at most 50 characters."""
    fax: Annotated[str, AtMost(50)]
    """Fax number, at most 50 characters."""
    address: str
    """Postal address (free text, may hold line breaks)."""
    active: Required[bool]
    """Whether the client is active; by default True."""


class ClientUpdate(TypedDict, total=False):
    """The fields of a client that may be changed; None clears one. `ClientCreate` describes them."""

    name: Annotated[str, AtMost(255)]
    datecreated: Day
    description: str | None
    email: Annotated[str, AtMost(255)] | None
    website: Annotated[str, AtMost(255)] | None
    phone: Annotated[str, AtMost(50)] | None
    fax: Annotated[str, AtMost(50)] | None
    address: str | None
    active: bool
    """Whether the client is active."""


class ClientResource(Gettable[Client], Deletable[Client]):
    """Companies that projects are done for.

    Everybody reads them, Administrators write them. Responses to Resource users and Executives have
    been seen with five fields only, so all other fields may be missing. The ``localid`` of a record
    is text padded with zeros; the filter takes the number.

    .. versionadded:: 0.2.0

    https://www.myintervals.com/api/resource?r=client
    """

    __slots__ = ()
    name = "client"
    record = Client
    filters = ClientFilters
    creatable = ClientCreate
    updatable = ClientUpdate
    permissions: Permissions = {
        "list": EVERYBODY,
        "get": EVERYBODY,
        "create": ADMINISTRATORS,
        "update": ADMINISTRATORS,
        "delete": ADMINISTRATORS,
    }
    sorts_by_id = True

    def list(
        self, *, offset: int = 0, limit: int | None = None, **filters: Unpack[ClientFilters]
    ) -> Listing[Client]:
        """List the matching clients; `offset` and `limit` select a slice."""
        return self._list(filters, offset=offset, limit=limit)

    async def create(
        self, *, send_notifications: bool | None = None, **fields: Unpack[ClientCreate]
    ) -> Client:
        """Create a client and return it as stored.

        `send_notifications` overrides the client's setting.
        """
        return await self._create(fields, send_notifications=send_notifications)

    async def update(
        self, id: int, /, *, send_notifications: bool | None = None, **fields: Unpack[ClientUpdate]
    ) -> Client:
        """Update fields of a client and return the new record; options as in `create`."""
        return await self._update(id, fields, send_notifications=send_notifications)
