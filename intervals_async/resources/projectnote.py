"""``/projectnote/``: notes on projects."""

from __future__ import annotations

from typing import Annotated, Required, TypedDict, Unpack

from .._schema.parameters import AtMost, Ids
from .._schema.record import Record, record
from .._schema.values import Html, UtcDatetime
from .._streaming.listing import Listing
from ._base import NO_EXECUTIVES, Deletable, Gettable, Permissions

__all__ = [
    "ProjectNote",
    "ProjectNoteCreate",
    "ProjectNoteFilters",
    "ProjectNoteResource",
    "ProjectNoteUpdate",
]


@record
class ProjectNote(Record):
    """A note on a project."""

    id: int
    """Note ID."""
    projectid: int
    """Parent project ID."""
    authorid: int
    """ID of the person who wrote it."""
    title: str
    """Note title."""
    note: Html | None = None
    """Note body; may hold HTML."""
    date: UtcDatetime
    """When it was created, in UTC."""
    secure: bool
    """Whether the note is secure."""
    localid: int
    """Note number within the project."""
    projectactive: bool
    """Whether the parent project is active."""
    author: str
    """Author's full name."""
    projectlocalid: int
    """Parent project's in-app number."""
    clientlocalid: int | None = None
    """Client's in-app number; None when the project has no client."""
    mod_authorlocalid: int | None = None
    """In-app number of the last modifier when not the author; often None."""
    projectlabel: str | None = None
    """Project label name."""
    projectlabelcolor: str | None = None
    """Project label colour, hex for instance."""
    projectlabelactive: bool | None = None
    """Whether the project label is active."""


class ProjectNoteFilters(TypedDict, total=False):
    """Filters of a list of notes."""

    localid: Ids
    """Only the notes with these in-app numbers."""
    clientid: Ids
    """Only notes of projects of these clients."""
    projectid: Ids
    """Only notes of these projects."""
    authorid: Ids
    """Only notes written by these people."""
    title: str
    """Title filter. How it matches (exactly or in part) is not documented."""
    search: str
    """Text search over the title, and over the note when it is not secure."""
    noteid: int
    """Note filter. Its meaning is not documented."""


class ProjectNoteCreate(TypedDict, total=False):
    """The fields of a new note."""

    projectid: Required[int]
    """Project of the note, which must be active."""
    title: Required[Annotated[str, AtMost(255)]]
    """Note title, at most 255 characters."""
    note: Required[str]
    """Note body; HTML is accepted, some elements may be stripped."""
    secure: Required[bool]
    """Store encoded, and show only to people with access to the project's secure notes; by
    default False.
    """


class ProjectNoteUpdate(TypedDict, total=False):
    """The fields of a note that may be changed. `ProjectNoteCreate` describes them."""

    projectid: int
    """Project of the note."""
    title: Annotated[str, AtMost(255)]
    note: str
    secure: bool
    """Store encoded, and show only to people with access to the project's secure notes."""


class ProjectNoteResource(Gettable[ProjectNote], Deletable[ProjectNote]):
    """Notes on projects, for Administrators, Managers and Resources; not for Executives.

    Callers see only the secure notes that they may read.

    .. versionchanged:: 0.2.0
       Added `send_notifications` to `create`, `update` and `delete`.

    https://www.myintervals.com/api/resource?r=projectnote
    """

    __slots__ = ()
    name = "projectnote"
    record = ProjectNote
    filters = ProjectNoteFilters
    creatable = ProjectNoteCreate
    updatable = ProjectNoteUpdate
    permissions: Permissions = {
        "list": NO_EXECUTIVES,
        "get": NO_EXECUTIVES,
        "create": NO_EXECUTIVES,
        "update": NO_EXECUTIVES,
        "delete": NO_EXECUTIVES,
    }

    def list(
        self, *, offset: int = 0, limit: int | None = None, **filters: Unpack[ProjectNoteFilters]
    ) -> Listing[ProjectNote]:
        """List the matching notes; `offset` and `limit` select a slice."""
        return self._list(filters, offset=offset, limit=limit)

    async def create(
        self, *, send_notifications: bool | None = None, **fields: Unpack[ProjectNoteCreate]
    ) -> ProjectNote:
        """Create a note and return it as stored.

        `send_notifications` overrides the client's setting.
        """
        return await self._create(fields, send_notifications=send_notifications)

    async def update(
        self,
        id: int,
        /,
        *,
        send_notifications: bool | None = None,
        **fields: Unpack[ProjectNoteUpdate],
    ) -> ProjectNote:
        """Update fields of a note and return the new record; options as in `create`."""
        return await self._update(id, fields, send_notifications=send_notifications)
