"""``/invoicenote/``: notes and logged events of invoices."""

from __future__ import annotations

from typing import Annotated, Required, TypedDict, Unpack

from .._schema.parameters import AtMost
from .._schema.record import Record, record
from .._schema.values import Html, UtcDatetime
from .._streaming.listing import Listing
from ._base import ADMINISTRATORS, MANAGERS, Deletable, Gettable, Permissions

__all__ = [
    "InvoiceNote",
    "InvoiceNoteCreate",
    "InvoiceNoteFilters",
    "InvoiceNoteResource",
    "InvoiceNoteUpdate",
]


@record
class InvoiceNote(Record):
    """An invoice note."""

    id: int
    """Identifier of the note."""
    invoiceid: int
    """Invoice of the note."""
    authorid: int
    """Person who wrote the note."""
    title: str
    """Short title or event label."""
    note: str | None = None
    """Body; may be empty for entries made by the system."""
    date: UtcDatetime
    """When the note was recorded, in UTC."""
    actions: Html | None = None
    """HTML summary of what happened (status changes, invoice events)."""


class InvoiceNoteFilters(TypedDict, total=False):
    """Filters of a list of invoice notes."""

    invoiceid: Required[int]
    """Invoice whose notes are wanted."""
    authorid: int
    """Notes written by this person."""


class InvoiceNoteCreate(TypedDict, total=False):
    """The fields of a new invoice note."""

    invoiceid: Required[int]
    """Invoice the note belongs to."""
    title: Required[Annotated[str, AtMost(255)]]
    """Title of the note, at most 255 characters."""
    note: str
    """Body of the note."""
    date: UtcDatetime
    """When the note is recorded."""


class InvoiceNoteUpdate(TypedDict, total=False):
    """The fields of an invoice note that may be changed; None clears one. `InvoiceNoteCreate` describes them."""

    invoiceid: int
    title: Annotated[str, AtMost(255)]
    note: str | None
    date: UtcDatetime | None


class InvoiceNoteResource(Gettable[InvoiceNote], Deletable[InvoiceNote]):
    """Notes and logged events of invoices, for Administrators and Managers.

    They are listed for one invoice. Both write notes; only Administrators change and delete them.

    .. versionadded:: 0.2.0

    https://www.myintervals.com/api/resource?r=invoicenote
    """

    __slots__ = ()
    name = "invoicenote"
    record = InvoiceNote
    filters = InvoiceNoteFilters
    creatable = InvoiceNoteCreate
    updatable = InvoiceNoteUpdate
    permissions: Permissions = {
        "list": MANAGERS,
        "get": MANAGERS,
        "create": MANAGERS,
        "update": ADMINISTRATORS,
        "delete": ADMINISTRATORS,
    }

    def list(
        self, *, offset: int = 0, limit: int | None = None, **filters: Unpack[InvoiceNoteFilters]
    ) -> Listing[InvoiceNote]:
        """List the matching invoice notes; `offset` and `limit` select a slice."""
        return self._list(filters, offset=offset, limit=limit)

    async def create(
        self, *, send_notifications: bool | None = None, **fields: Unpack[InvoiceNoteCreate]
    ) -> InvoiceNote:
        """Create an invoice note and return it as stored.

        `send_notifications` overrides the client's setting.
        """
        return await self._create(fields, send_notifications=send_notifications)

    async def update(
        self,
        id: int,
        /,
        *,
        send_notifications: bool | None = None,
        **fields: Unpack[InvoiceNoteUpdate],
    ) -> InvoiceNote:
        """Update fields of an invoice note and return the new record; options as in `create`."""
        return await self._update(id, fields, send_notifications=send_notifications)
