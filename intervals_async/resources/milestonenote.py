"""``/milestonenote/``: notes and events of milestones."""

from __future__ import annotations

from typing import Required, TypedDict, Unpack

from .._schema.record import Record, record
from .._schema.values import Html, UtcDatetime
from .._streaming.listing import Listing
from ._base import ADMINISTRATORS, EVERYBODY, Deletable, Gettable, Permissions

__all__ = [
    "MilestoneNote",
    "MilestoneNoteCreate",
    "MilestoneNoteFilters",
    "MilestoneNoteResource",
    "MilestoneNoteUpdate",
]


@record
class MilestoneNote(Record):
    """A milestone note."""

    id: int
    """Note ID."""
    milestoneid: int
    """Parent milestone ID."""
    title: str
    """Short event label, e.g. 'Milestone updated'; not settable."""
    date: UtcDatetime
    """When it was recorded, in UTC."""
    authorid: int
    """ID of the person who wrote it."""
    note: Html | None = None
    """Body; can be empty on rows the system wrote."""
    public: bool
    """Whether executives may see it."""


class MilestoneNoteFilters(TypedDict, total=False):
    """Filters of a list of milestone notes."""

    milestoneid: Required[int]
    """Milestone whose notes to list."""


class MilestoneNoteCreate(TypedDict, total=False):
    """The fields of a new milestone note."""

    milestoneid: Required[int]
    """Milestone the note belongs to."""
    note: Required[str]
    """Note body; HTML is accepted, some elements may be stripped."""
    public: Required[bool]
    """Whether executives can see the note; notes by executives are always public; by default
    False.
    """


class MilestoneNoteUpdate(TypedDict, total=False):
    """The fields of a milestone note that may be changed; None clears one. `MilestoneNoteCreate` describes them."""

    milestoneid: int
    note: str
    public: bool
    """Whether executives can see the note; notes by executives are always public."""


class MilestoneNoteResource(Gettable[MilestoneNote], Deletable[MilestoneNote]):
    """Notes and events of milestones, for everybody.

    They are listed for one milestone. Everybody writes notes; only Administrators change and
    delete them. Notes by Executives are always public.

    .. versionadded:: 0.2.0

    https://www.myintervals.com/api/resource?r=milestonenote
    """

    __slots__ = ()
    name = "milestonenote"
    record = MilestoneNote
    filters = MilestoneNoteFilters
    creatable = MilestoneNoteCreate
    updatable = MilestoneNoteUpdate
    permissions: Permissions = {
        "list": EVERYBODY,
        "get": EVERYBODY,
        "create": EVERYBODY,
        "update": ADMINISTRATORS,
        "delete": ADMINISTRATORS,
    }

    def list(
        self, *, offset: int = 0, limit: int | None = None, **filters: Unpack[MilestoneNoteFilters]
    ) -> Listing[MilestoneNote]:
        """List the matching milestone notes; `offset` and `limit` select a slice."""
        return self._list(filters, offset=offset, limit=limit)

    async def create(
        self, *, send_notifications: bool | None = None, **fields: Unpack[MilestoneNoteCreate]
    ) -> MilestoneNote:
        """Create a milestone note and return it as stored.

        `send_notifications` overrides the client's setting.
        """
        return await self._create(fields, send_notifications=send_notifications)

    async def update(
        self,
        id: int,
        /,
        *,
        send_notifications: bool | None = None,
        **fields: Unpack[MilestoneNoteUpdate],
    ) -> MilestoneNote:
        """Update fields of a milestone note and return the new record; options as in `create`."""
        return await self._update(id, fields, send_notifications=send_notifications)
