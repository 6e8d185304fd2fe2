"""``/tasknote/``: notes on tasks."""

from __future__ import annotations

from typing import Literal, Required, TypedDict, Unpack

from .._convert import Record, record
from .._parameters import AsIs, Ids
from .._values import Html, LocalDatetime, UtcDatetime
from ..listing import Listing
from ._base import ADMINISTRATORS, EVERYBODY, Resource, who

__all__ = ["TaskNote", "TaskNoteCreate", "TaskNoteFilters", "TaskNoteResource", "TaskNoteUpdate"]


@record
class TaskNote(Record):
    """A task note."""

    id: int
    """Note id (documented sort field). Inferred, not documented."""
    taskid: int | None = None
    """Task id. Inferred, not documented."""
    title: str | None = None
    """Title (documented filter). Inferred, not documented."""
    note: Html | None = None
    """Body. Inferred, not documented."""
    public: bool | None = None
    """Visible to executives. Inferred, not documented."""
    authorid: int | None = None
    """Author. Inferred, not documented."""
    date: UtcDatetime | None = None
    """Creation moment, 'YYYY-MM-DD HH:MM:SS' (a 2017 client splits it at the space); UTC by the
    page's rule for the date filters.
    """


class TaskNoteFilters(TypedDict, total=False):
    """Which task notes to list, and in which order."""

    taskid: Ids
    """Tasks; without it only the last 7 days of notes are returned."""
    title: str
    """Title (no text in the docs)."""
    date: UtcDatetime
    """Created on this date (UTC)."""
    datebegin: UtcDatetime
    """Created on or after (UTC)."""
    dateend: UtcDatetime
    """Created on or before (UTC)."""
    datemodifiedbegin: LocalDatetime
    """Modified on or after."""
    datemodifiedend: LocalDatetime
    """Modified on or before."""
    authorid: Ids
    """Authors."""
    public: bool
    """Public or private notes."""
    sortfield: (
        Literal[
            "id",
            "taskid",
            "authorid",
            "date",
        ]
        | AsIs
    )
    """Field to sort by; another one as `AsIs`."""
    sortdir: Literal["ASC", "DESC"]
    """Direction of the sort."""


class TaskNoteCreate(TypedDict, total=False):
    """The fields of a new task note."""

    taskid: Required[int]
    """Task the note belongs to."""
    note: Required[str]
    """Body; HTML is accepted, some elements may be stripped."""
    public: Required[bool]
    """Visible to executive users; always true for notes by executives; by default f."""


class TaskNoteUpdate(TypedDict, total=False):
    """The fields of a task note that may be changed; None clears one."""

    taskid: int
    """Task the note belongs to."""
    note: str
    """Body; HTML is accepted, some elements may be stripped."""
    public: bool
    """Visible to executive users; always true for notes by executives."""


class TaskNoteResource(Resource[TaskNote]):
    """Notes on tasks, the automatic action notes among them, for everybody.

    Everybody writes notes; only Administrators change and delete them.
    https://www.myintervals.com/api/resource?r=tasknote
    """

    __slots__ = ()
    name = "tasknote"
    record = TaskNote
    filters = TaskNoteFilters
    creatable = TaskNoteCreate
    updatable = TaskNoteUpdate
    groups = who(
        list=EVERYBODY,
        get=EVERYBODY,
        create=EVERYBODY,
        update=ADMINISTRATORS,
        delete=ADMINISTRATORS,
    )
    sorts_by_id = True

    def list(
        self, *, offset: int = 0, limit: int | None = None, **filters: Unpack[TaskNoteFilters]
    ) -> Listing[TaskNote]:
        """List the task notes that match; `offset` and `limit` cut a slice of the whole."""
        return self._list(filters, offset=offset, limit=limit)

    async def get(self, id: int, /) -> TaskNote:
        """Get a task note, or raise `NotFoundError`."""
        return await self._get(id)

    async def create(
        self, *, send_notifications: bool | None = None, **fields: Unpack[TaskNoteCreate]
    ) -> TaskNote:
        """Write a new task note and give it as it was stored.

        `send_notifications` stands for the client's own setting.
        """
        return await self._create(fields, send_notifications=send_notifications)

    async def update(
        self,
        id: int,
        /,
        *,
        send_notifications: bool | None = None,
        **fields: Unpack[TaskNoteUpdate],
    ) -> TaskNote:
        """Change some fields of a task note and give the whole of it; headers as with `create`."""
        return await self._update(id, fields, send_notifications=send_notifications)

    async def delete(self, id: int, /, *, send_notifications: bool | None = None) -> None:
        """Delete a task note, or raise `NotFoundError`."""
        await self._delete(id, send_notifications=send_notifications)
