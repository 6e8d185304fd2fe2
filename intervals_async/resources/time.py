"""``/time/``: time entries: the hours that people have logged."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal, Required, TypedDict, Unpack

from .._schema.parameters import AsIs, Ids, Number, Places
from .._schema.record import Record, record
from .._schema.values import Day, ListDay, LocalDatetime
from .._streaming.listing import Listing
from ._base import EVERYBODY, NO_EXECUTIVES, Deletable, Gettable, Permissions

__all__ = ["Time", "TimeCreate", "TimeFilters", "TimeResource", "TimeUpdate"]


@record
class Time(Record):
    """A time entry."""

    id: int
    """Entry id."""
    projectid: int
    """Project."""
    moduleid: int | None = None
    """Module."""
    taskid: int | None = None
    """Task; empty for general time."""
    worktypeid: int
    """Work type."""
    personid: int
    """Person."""
    date: ListDay
    """Day of work. Lists have been seen to send it as ``MM/DD/YYYY``; both are read."""
    dateiso: Day | None = None
    """Day of work again. In lists only; possibly no longer sent."""
    datemodified: LocalDatetime
    """Last change. In the account's own time zone, as far as is known."""
    time: Decimal
    """Hours, in decimals."""
    description: str | None = None
    """Text."""
    billable: bool
    """Billable."""
    worktype: str | None = None
    """Work type name."""
    milestoneid: int | None = None
    """Milestone. In a single record only."""
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
    """Project or person active (not documented which). In lists only."""
    client: str | None = None
    """Client name. In lists only."""
    clientid: int | None = None
    """Client of the entry, as two public clients read it. In lists only."""
    clientactive: bool | None = None
    """Client active. In lists only."""
    statusid: int | None = None
    """Status id. In lists only; possibly no longer sent."""


class TimeFilters(TypedDict, total=False):
    """Which time entries to list, and in which order."""

    activeonly: bool
    """Only active projects and people."""
    moduleid: Ids
    """Modules."""
    taskid: Ids
    """Tasks."""
    worktypeid: Ids
    """Work types."""
    personid: Ids
    """People."""
    clientid: Ids
    """Clients; -1 means projects without one."""
    projectid: Ids
    """Projects."""
    milestoneid: Ids
    """Milestones; -1 means none."""
    date: Day
    """On this date."""
    datebegin: Day
    """After this date; in practice on it too."""
    dateend: Day
    """Before this date; in practice on it too."""
    datemodifiedbegin: LocalDatetime
    """Modified after this moment."""
    datemodifiedend: LocalDatetime
    """Modified before this moment."""
    billable: bool
    """Billable or unbillable."""
    approved: bool
    """On approved timesheets, or on those that are not."""
    sortfield: (
        Literal[
            "id",
            "t.date",
            "datemodified",
        ]
        | AsIs
    )
    """Field to sort by; another one as `AsIs`."""
    sortdir: Literal["ASC", "DESC"]
    """Direction of the sort."""


class TimeCreate(TypedDict, total=False):
    """The fields of a new time entry."""

    projectid: int
    """Needed with moduleid for general time; ignored when taskid is set."""
    moduleid: int
    """Needed with projectid for general time; ignored when taskid is set."""
    taskid: int
    """Needed for task time; leave blank for general time."""
    worktypeid: Required[int]
    """Work type valid for the project."""
    personid: Required[int]
    """Person; must belong to the project."""
    date: Required[Day]
    """Day of the work."""
    time: Required[Annotated[Number, Places(2)]]
    """Hours, with at most 2 decimal places."""
    description: str
    """Text."""
    billable: Required[bool]
    """Billable."""
    datemodified: LocalDatetime
    """Modification moment."""


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
