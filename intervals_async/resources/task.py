"""``/task/``: tasks."""

from __future__ import annotations

from typing import Annotated, Literal, Required, TypedDict, Unpack

from .._schema.encoding import identifier
from .._schema.parameters import AsIs, AtMost, Ids, Number
from .._schema.record import Record, record
from .._schema.values import Day, Hours, Html, IdList, LocalDatetime, RankOrName, UtcDatetime
from .._streaming.listing import Listing
from ._base import EVERYBODY, MANAGERS, NO_EXECUTIVES, Deletable, Gettable, Permissions

__all__ = [
    "Task",
    "TaskAssignee",
    "TaskCreate",
    "TaskFilters",
    "TaskFollower",
    "TaskOwner",
    "TaskResource",
    "TaskUpdate",
]


@record
class TaskAssignee(Record):
    """An assignee of a task, in a single record."""

    assignee: str | None = None
    """Full name."""
    assigneeactive: bool | None = None
    """Whether the person is active."""
    personid: int | None = None
    """Person ID."""
    personlocalid: int | None = None
    """Person's in-app number."""


@record
class TaskFollower(Record):
    """A follower of a task, in a single record.

    Only empty lists were recorded. The fields are inferred from those of assignees and owners.
    """

    follower: str | None = None
    """Full name. Inferred, not documented."""
    followeractive: bool | None = None
    """Whether the person is active. Inferred, not documented."""
    personid: int | None = None
    """Person ID. Inferred, not documented."""
    personlocalid: int | None = None
    """Person's in-app number. Inferred, not documented."""


@record
class TaskOwner(Record):
    """An owner of a task, in a single record."""

    owner: str | None = None
    """Full name."""
    owneractive: bool | None = None
    """Whether the person is active."""
    personid: int | None = None
    """Person ID."""
    personlocalid: int | None = None
    """Person's in-app number."""


@record
class Task(Record):
    """A task."""

    id: int
    """Internal task id."""
    localid: int
    """Number shown in the web application."""
    queueid: int | None = None
    """Work request the task came from. In lists only."""
    assigneeid: IdList
    """Assignee ids; empty if there are none."""
    statusid: int
    """Status id."""
    projectid: int
    """Project id."""
    moduleid: int
    """Module id."""
    title: str
    """Title."""
    summary: Html
    """Body; empty if there is none."""
    dateopen: Day
    """Start date."""
    datedue: Day | None = None
    """Due date."""
    dateclosed: Day | None = None
    """Closing date."""
    estimate: Hours | None = None
    """Estimated hours."""
    ownerid: IdList
    """Owner ids."""
    priorityid: int
    """Priority id."""
    datemodified: LocalDatetime | None = None
    """Last change.

    In lists only. In the account's own time zone, as far as is known.
    """
    color: str | None = None
    """Priority colour, six hex digits without #."""
    priority: RankOrName
    """The rank, a number, in lists; the name in a single record."""
    severity: str | None = None
    """Priority name. In lists only."""
    status: str
    """Status name."""
    status_order: int | None = None
    """Workflow rank of the status. In lists only."""
    project: str
    """Project name."""
    clientid: int | None = None
    """Client id."""
    clientlocalid: int | None = None
    """Client's local id. In lists only."""
    client: str | None = None
    """Client name."""
    milestoneid: int | None = None
    """Milestone id."""
    milestone: str | None = None
    """Milestone title."""
    milestonelocalid: int | None = None
    """Milestone's local id. In a single record only."""
    module: str | None = None
    """Module name."""
    projectlocalid: int | None = None
    """Project's local id. In lists only."""
    assignees: str | None = None
    """Assignee names, separated by commas. In lists only."""
    followers: str | None = None
    """Follower names, separated by commas. In lists only."""
    followerid: IdList
    """Follower ids; empty if there are none."""
    owners: str | None = None
    """Owner names, separated by commas. In lists only."""
    billable: Hours | None = None
    """Billable hours logged (a sum, not a flag). In lists only."""
    unbillable: Hours | None = None
    """Unbillable hours logged. In lists only."""
    actual: Hours | None = None
    """Hours logged; may show binary rounding errors (16-17 digits). In lists only."""
    datecreated: Day | None = None
    """Creation date. Lists that lack it have been seen (2025)."""
    projectlabel: str | None = None
    """Project label name. In lists only."""
    projectlabel_order: int | None = None
    """Rank of the label. In lists only."""
    projectlabelid: int | None = None
    """Label id. In lists only."""
    assignee: tuple[TaskAssignee, ...] | None = None
    """Assignees in detail. In a single record only."""
    follower: tuple[TaskFollower, ...] | None = None
    """Followers in detail. In a single record only."""
    owner: tuple[TaskOwner, ...] | None = None
    """Owners in detail. In a single record only."""
    timerid: int | None = None
    """Timer of the person in the filter includetimerid, if there is one. In lists only."""
    starttime: UtcDatetime | None = None
    """Start of that timer (UTC). In lists only."""


class TaskFilters(TypedDict, total=False):
    """Filters and sort order of a list of tasks."""

    localid: Ids
    """Only tasks with these numbers, as shown in the web application."""
    personid: int
    """Only tasks in projects that this person can access.

    For the tasks of a person, use assigneeid.
    """
    includetimerid: int
    """Add timerid and starttime of this person's timer to each task."""
    assigneeid: Ids
    """Only tasks assigned to these people; -1 means unassigned."""
    followerid: Ids
    """Only tasks with these followers; -1 means no follower."""
    statusid: Ids
    """Only tasks with these statuses."""
    clientid: Ids
    """Only tasks for these clients; -1 means no client."""
    projectid: Ids
    """Only tasks in these projects."""
    moduleid: Ids
    """Only tasks with these modules."""
    milestoneid: Ids
    """Only tasks with these milestones; -1 means no milestone."""
    title: str
    """Only tasks with this text in the title."""
    datecreated: Day
    """Created on this date."""
    datecreatedbegin: Day
    """Created after this date."""
    datecreatedend: Day
    """Created before this date."""
    dateopen: Day
    """Starting on this date."""
    dateopenbegin: Day
    """Starting on or after this date."""
    dateopenend: Day
    """Starting on or before this date."""
    datedue: Day
    """Due on this date."""
    dateduebegin: Day
    """Due on or after this date."""
    datedueend: Day
    """Due on or before this date."""
    dateclosed: Day
    """Closed on this date."""
    dateclosedbegin: Day
    """Closed after this date."""
    dateclosedend: Day
    """Closed before this date."""
    datemodifiedbegin: LocalDatetime
    """Modified after this time."""
    datemodifiedend: LocalDatetime
    """Modified before this time."""
    hasduedate: bool
    """Only tasks with, or only without, a due date."""
    ownerid: Ids
    """Only tasks with these owners."""
    priorityid: Ids
    """Only tasks with these priorities."""
    tasklistfilterid: int
    """Apply this saved task list filter."""
    overdue: bool
    """Presumably only overdue tasks. Its meaning is not documented."""
    excludeclosed: bool
    """Leave out closed tasks; by default False. What counts as closed is not documented."""
    assignedorownedby: Ids
    """Deprecated; now behaves like hastaskrelation."""
    hastaskrelation: Ids
    """Assigned to, followed or owned by any of these people; forced to the caller for restricted
    resources.
    """
    search: str
    """Full-text search over title, summary, request queue title and description, and localid."""
    sortfield: (
        Literal[
            "id",
            "localid",
            "queueid",
            "assigneeid",
            "statusid",
            "projectid",
            "module",
            "moduleid",
            "title",
            "summary",
            "datecreated",
            "dateopen",
            "datedue",
            "dateclosed",
            "estimate",
            "ownerid",
            "priorityid",
            "sev.priority",
            "severity",
            "status",
            "status_order",
            "project",
            "client",
            "assignee",
            "milestoneid",
            "milestone",
            "owners",
            "projectlabelid",
            "projectlabel",
            "projectabel_order",
        ]
        | AsIs
    )
    """Field to sort by."""
    sortdir: Literal["ASC", "DESC"]
    """Direction of the sort."""


class TaskCreate(TypedDict, total=False):
    """The fields of a new task."""

    assigneeid: Ids
    """Assignees."""
    followerid: Ids
    """Followers."""
    milestoneid: int
    """Milestone."""
    statusid: Required[int]
    """Status."""
    projectid: Required[int]
    """Project."""
    moduleid: Required[int]
    """Module."""
    title: Required[Annotated[str, AtMost(255)]]
    """Title, at most 255 characters."""
    summary: str
    """Body; HTML is accepted, some elements may be stripped."""
    dateopen: Required[Day]
    """Start date."""
    datedue: Day
    """Due date."""
    dateclosed: Day
    """Closing date."""
    estimate: Number
    """Estimated hours."""
    ownerid: Required[Ids]
    """Owners; Resource users may only name themselves and may not change it later."""
    priorityid: Required[int]
    """Priority."""


class TaskUpdate(TypedDict, total=False):
    """The fields of a task that may be changed; None clears one. `TaskCreate` describes them."""

    assigneeid: Ids | None
    followerid: Ids | None
    milestoneid: int | None
    statusid: int
    projectid: int
    moduleid: int
    title: Annotated[str, AtMost(255)]
    summary: str | None
    dateopen: Day
    datedue: Day | None
    dateclosed: Day | None
    estimate: Number | None
    ownerid: Ids
    priorityid: int


class TaskResource(Gettable[Task], Deletable[Task]):
    """Tasks, readable by everybody.

    Administrators, Managers and Resource users write them, Administrators and Managers delete. A
    task in the list and a single task have different fields: a field that only one of them has is
    None in the other, and ``priority`` is a rank in the list but a name in a single task. By
    default, a write adds action notes and sends no e-mails.

    .. versionadded:: 0.2.0

    https://www.myintervals.com/api/resource?r=task
    """

    __slots__ = ()
    name = "task"
    record = Task
    filters = TaskFilters
    creatable = TaskCreate
    updatable = TaskUpdate
    permissions: Permissions = {
        "list": EVERYBODY,
        "get": EVERYBODY,
        "get_by_localid": EVERYBODY,
        "create": NO_EXECUTIVES,
        "update": NO_EXECUTIVES,
        "delete": MANAGERS,
    }
    sorts_by_id = True
    has_action_notes = True

    def list(
        self, *, offset: int = 0, limit: int | None = None, **filters: Unpack[TaskFilters]
    ) -> Listing[Task]:
        """List the matching tasks; `offset` and `limit` select a slice."""
        return self._list(filters, offset=offset, limit=limit)

    async def get_by_localid(self, localid: int, /) -> Task:
        """Get one task by the number that the application shows, or raise `NotFoundError`.

        The list is searched for it, so the record has the fields of the list.
        """
        localid = identifier("task.get_by_localid()", localid)
        source = self._source({"localid": localid})
        return await source.only(f"there is no task with localid {localid}")

    async def create(
        self,
        *,
        send_notifications: bool | None = None,
        disable_action_notes: bool | None = None,
        **fields: Unpack[TaskCreate],
    ) -> Task:
        """Create a task and return it as stored.

        `send_notifications` and `disable_action_notes` override the client's settings.
        """
        return await self._create(
            fields, send_notifications=send_notifications, disable_action_notes=disable_action_notes
        )

    async def update(
        self,
        id: int,
        /,
        *,
        send_notifications: bool | None = None,
        disable_action_notes: bool | None = None,
        **fields: Unpack[TaskUpdate],
    ) -> Task:
        """Update fields of a task and return the new record; options as in `create`."""
        return await self._update(
            id,
            fields,
            send_notifications=send_notifications,
            disable_action_notes=disable_action_notes,
        )
