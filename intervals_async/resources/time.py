"""``/time/``: time entries: the hours that people have logged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Required, TypedDict, Unpack

from .._schema.parameters import AsIs, Ids, Number, Places
from .._schema.record import Record, record
from .._schema.values import Day, Hours, ListDay, LocalDatetime
from .._streaming.listing import Listing
from ._base import EVERYBODY, NO_EXECUTIVES, Deletable, Gettable, Permissions

__all__ = ["Time", "TimeCreate", "TimeFilters", "TimeResource", "TimeUpdate"]


@record
class Time(Record):
    """A time entry."""

    id: int
    """Time entry id."""
    projectid: int
    """Project id."""
    moduleid: int | None = None
    """Module id."""
    taskid: int | None = None
    """Task id; empty for general time."""
    worktypeid: int
    """Work type id."""
    personid: int
    """Person id."""
    date: ListDay
    """Day of work. Lists have been seen to send it as ``MM/DD/YYYY``; both are read."""
    dateiso: Day | None = None
    """Day of work, a second time. In lists only; possibly no longer sent."""
    datemodified: LocalDatetime
    """Time of the last change. In the account's own time zone, as far as is known."""
    time: Hours
    """Number of hours."""
    description: str | None = None
    """Description."""
    billable: bool
    """Whether billable."""
    worktype: str | None = None
    """Work type name."""
    milestoneid: int | None = None
    """Milestone id. In a single record only."""
    ogmilestoneid: int | None = None
    """Second milestone id; meaning not documented. In a single record only."""
    module: str | None = None
    """Module name."""
    project: str | None = None
    """Project name. In lists only."""
    tasklocalid: int | None = None
    """Task number. In lists only."""
    task: str | None = None
    """Task title. In lists only."""
    firstname: str | None = None
    """Person's first name. In lists only."""
    lastname: str | None = None
    """Person's last name. In lists only."""
    person: str | None = None
    """Person's full name. In lists only."""
    active: bool | None = None
    """Whether the project or the person is active; which one is not documented. In lists only."""
    client: str | None = None
    """Client name. In lists only."""
    clientid: int | None = None
    """Client id of the entry, as two public API clients read it. In lists only."""
    clientactive: bool | None = None
    """Whether the client is active. In lists only."""
    statusid: int | None = None
    """Status id. In lists only; possibly no longer sent."""


class TimeFilters(TypedDict, total=False):
    """Filters and sort order of a list of time entries."""

    activeonly: bool
    """Only entries of active projects and people."""
    moduleid: Ids
    """Only entries with these modules."""
    taskid: Ids
    """Only entries on these tasks."""
    worktypeid: Ids
    """Only entries with these work types."""
    personid: Ids
    """Only entries of these people."""
    clientid: Ids
    """Only entries for these clients; -1 means projects without a client."""
    projectid: Ids
    """Only entries on these projects."""
    milestoneid: Ids
    """Only entries with these milestones; -1 means no milestone."""
    date: Day
    """Only entries of this date."""
    datebegin: Day
    """Only entries after this date; in practice, on it too."""
    dateend: Day
    """Only entries before this date; in practice, on it too."""
    datemodifiedbegin: LocalDatetime
    """Only entries modified after this time."""
    datemodifiedend: LocalDatetime
    """Only entries modified before this time."""
    billable: bool
    """Only billable, or only unbillable, entries."""
    approved: bool
    """Only entries on approved, or only on unapproved, timesheets."""
    sortfield: (
        Literal[
            "id",
            "t.date",
            "datemodified",
        ]
        | AsIs
    )
    """Field to sort by."""
    sortdir: Literal["ASC", "DESC"]
    """Direction of the sort."""


class TimeCreate(TypedDict, total=False):
    """The fields of a new time entry."""

    projectid: int
    """Project; needed with moduleid for general time, ignored if taskid is set."""
    moduleid: int
    """Module; needed with projectid for general time, ignored if taskid is set."""
    taskid: int
    """Task; needed for task time, blank for general time."""
    worktypeid: Required[int]
    """Work type, which must be valid for the project."""
    personid: Required[int]
    """Person, who must be on the project."""
    date: Required[Day]
    """Day of work."""
    time: Required[Annotated[Number, Places(2)]]
    """Hours, with at most 2 decimal places."""
    description: str
    """Description."""
    billable: Required[bool]
    """Whether billable."""
    datemodified: LocalDatetime
    """Time of the modification."""


class TimeUpdate(TypedDict, total=False):
    """The fields of a time entry that may be changed; None clears one. `TimeCreate` describes them."""

    projectid: int | None
    moduleid: int | None
    taskid: int | None
    worktypeid: int
    personid: int
    date: Day
    time: Annotated[Number, Places(2)]
    description: str | None
    billable: bool
    datemodified: LocalDatetime | None


class TimeResource(Gettable[Time], Deletable[Time]):
    """Time entries: the hours that people have logged; readable by everybody.

    Administrators, Managers and Resource users write them. Time on a task needs ``taskid``;
    general time needs ``projectid`` and ``moduleid``. The person and the work type must belong to
    the project. Hours have at most 2 decimal places. A `create` with an unknown outcome
    is not retried, because a duplicate looks like a second, intended entry.

    .. versionadded:: 0.2.0

    https://www.myintervals.com/api/resource?r=time
    """

    __slots__ = ()
    name = "time"
    record = Time
    filters = TimeFilters
    creatable = TimeCreate
    updatable = TimeUpdate
    permissions: Permissions = {
        "list": EVERYBODY,
        "get": EVERYBODY,
        "create": NO_EXECUTIVES,
        "update": NO_EXECUTIVES,
        "delete": NO_EXECUTIVES,
    }
    sorts_by_id = True

    def list(
        self, *, offset: int = 0, limit: int | None = None, **filters: Unpack[TimeFilters]
    ) -> Listing[Time]:
        """List the matching time entries; `offset` and `limit` select a slice."""
        return self._list(filters, offset=offset, limit=limit)

    async def create(
        self, *, send_notifications: bool | None = None, **fields: Unpack[TimeCreate]
    ) -> Time:
        """Create a time entry and return it as stored.

        `send_notifications` overrides the client's setting.
        """
        return await self._create(fields, send_notifications=send_notifications)

    async def update(
        self, id: int, /, *, send_notifications: bool | None = None, **fields: Unpack[TimeUpdate]
    ) -> Time:
        """Update fields of a time entry and return the new record; options as in `create`."""
        return await self._update(id, fields, send_notifications=send_notifications)

    def _check_create(self, fields: Mapping[str, object]) -> str | None:
        if "taskid" in fields or {"projectid", "moduleid"} <= fields.keys():
            return None
        return "taskid, or projectid and moduleid for general time"
