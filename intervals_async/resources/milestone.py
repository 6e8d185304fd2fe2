"""``/milestone/``: milestones of projects."""

from __future__ import annotations

from typing import Annotated, Literal, Required, TypedDict, Unpack

from .._schema.parameters import AsIs, AtMost, Ids
from .._schema.record import Record, record
from .._schema.values import Day, Html, IdList
from .._streaming.listing import Listing
from ._base import EVERYBODY, MANAGERS, NO_EXECUTIVES, Deletable, Gettable, Permissions

__all__ = [
    "Milestone",
    "MilestoneCreate",
    "MilestoneFilters",
    "MilestoneResource",
    "MilestoneUpdate",
]


@record
class Milestone(Record):
    """A milestone."""

    id: int
    """Milestone ID."""
    localid: int | None = None
    """Number shown in the app."""
    projectid: int | None = None
    """Parent project ID."""
    project: str | None = None
    """Parent project name."""
    title: str | None = None
    """Milestone title."""
    description: Html | None = None
    """Description."""
    complete: bool | None = None
    """Whether it is done."""
    ownerid: IdList | None = None
    """Owner IDs: probably several where several were set.

    Inferred, not documented.
    """
    datedue: Day | None = None
    """Due date. Inferred, not documented."""


class MilestoneFilters(TypedDict, total=False):
    """Filters and sort order of a list of milestones."""

    localid: Ids
    """Only the milestones with these in-app numbers."""
    search: str
    """Text search over title, description, notes and localid."""
    clientid: Ids
    """Only milestones of these clients; -1 means projects without a client."""
    projectid: Ids
    """Only milestones of these projects."""
    ownerid: Ids
    """Only milestones owned by these people."""
    hasmilestonerelation: Ids
    """Only milestones these people own, or that hold a task they are assigned to, own or follow;
    forced to the caller for restricted resource users.
    """
    complete: bool
    """Only complete, or only incomplete, milestones."""
    dateduebegin: Day
    """Due on this date or later."""
    datedueend: Day
    """Due on this date or earlier."""
    title: str
    """Title contains this text."""
    sortfield: (
        Literal[
            "id",
            "localid",
            "projectid",
            "clientid",
            "datedue",
            "title",
            "description",
            "progress",
            "estimate",
            "actual",
            "owner",
            "projectlabelid",
            "projectlabel",
            "projectabel_order",
        ]
        | AsIs
    )
    """Field to sort by."""
    sortdir: Literal["ASC", "DESC"]
    """Direction of the sort."""


class MilestoneCreate(TypedDict, total=False):
    """The fields of a new milestone."""

    projectid: Required[int]
    """Project the milestone belongs to."""
    ownerid: Required[Ids]
    """Person who owns it, or several."""
    title: Required[Annotated[str, AtMost(255)]]
    """Milestone title, at most 255 characters."""
    datedue: Required[Day]
    """Due date; incomplete with a past date counts as overdue, complete with a future date as in
    progress.
    """
    description: str
    """Longer description; HTML is accepted, some elements may be stripped."""
    complete: Required[bool]
    """Whether the milestone is done."""


class MilestoneUpdate(TypedDict, total=False):
    """The fields of a milestone that may be changed; None clears one. `MilestoneCreate` describes them."""

    projectid: int
    ownerid: Ids
    title: Annotated[str, AtMost(255)]
    datedue: Day
    description: str | None
    complete: bool


class MilestoneResource(Gettable[Milestone], Deletable[Milestone]):
    """Milestones of projects, readable by everybody.

    Administrators and Managers write them. The documentation does not name Executives among the
    readers of a single milestone. A write adds action notes unless ``disable_action_notes`` is set.

    .. versionadded:: 0.2.0

    https://www.myintervals.com/api/resource?r=milestone
    """

    __slots__ = ()
    name = "milestone"
    record = Milestone
    filters = MilestoneFilters
    creatable = MilestoneCreate
    updatable = MilestoneUpdate
    permissions: Permissions = {
        "list": EVERYBODY,
        "get": NO_EXECUTIVES,
        "create": MANAGERS,
        "update": MANAGERS,
        "delete": MANAGERS,
    }
    sorts_by_id = True
    has_action_notes = True

    def list(
        self, *, offset: int = 0, limit: int | None = None, **filters: Unpack[MilestoneFilters]
    ) -> Listing[Milestone]:
        """List the matching milestones; `offset` and `limit` select a slice."""
        return self._list(filters, offset=offset, limit=limit)

    async def create(
        self,
        *,
        send_notifications: bool | None = None,
        disable_action_notes: bool | None = None,
        **fields: Unpack[MilestoneCreate],
    ) -> Milestone:
        """Create a milestone and return it as stored.

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
        **fields: Unpack[MilestoneUpdate],
    ) -> Milestone:
        """Update fields of a milestone and return the new record; options as in `create`."""
        return await self._update(
            id,
            fields,
            send_notifications=send_notifications,
            disable_action_notes=disable_action_notes,
        )
