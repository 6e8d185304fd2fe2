"""``/project/``: projects."""

from __future__ import annotations

from typing import Annotated, Literal, Required, TypedDict, Unpack

from .._schema.parameters import AsIs, AtMost, Ids, Number
from .._schema.record import Record, record
from .._schema.values import Day, Html, IdList, Money, Percent
from .._streaming.listing import Listing
from ._base import ADMINISTRATORS, EVERYBODY, Deletable, Gettable, Permissions

__all__ = [
    "Project",
    "ProjectCreate",
    "ProjectFilters",
    "ProjectManager",
    "ProjectResource",
    "ProjectUpdate",
]


@record
class ProjectManager(Record):
    """A manager of a project, in a single record.

    .. versionadded:: 0.2.0
    """

    managerid: int | None = None
    """Person ID."""
    manager: str | None = None
    """Full name."""
    manageractive: bool | None = None
    """Whether the person is active."""
    managerlocalid: int | None = None
    """Person's in-app number."""


@record
class Project(Record):
    """A project.

    .. versionchanged:: 0.2.0
       `manager` of a single project holds `ProjectManager` records.
    """

    id: int
    """Project ID."""
    localid: str | None = None
    """Number shown in the app."""
    localidunpadded: int | None = None
    """The same number without padding."""
    name: str | None = None
    """Project name."""
    description: Html | None = None
    """Description."""
    datestart: Day | None = None
    """Start date, YYYY-MM-DD."""
    dateend: Day | None = None
    """End date, YYYY-MM-DD."""
    alert_percent: Percent | None = None
    """Budget alert threshold, percent."""
    alert_date: str | None = None
    """Belongs to the budget alert; format not seen, always null in the sample."""
    active: bool | None = None
    """Whether active."""
    billable: bool | None = None
    """Whether billable."""
    budget: Money | None = None
    """Budget."""
    clientid: int | None = None
    """Client ID."""
    client: str | None = None
    """Client name."""
    clientlocalid: int | None = None
    """Client's in-app number."""
    manager: str | tuple[ProjectManager, ...] | None = None
    """Manager name(s) in lists; the managers in detail in a single record."""
    managerid: IdList | None = None
    """Manager IDs: probably several where several were set."""
    labelid: int | None = None
    """Project label ID."""
    label: str | None = None
    """Project label name."""


class ProjectFilters(TypedDict, total=False):
    """Filters and sort order of a list of projects."""

    localid: Ids
    """Only the projects with these in-app numbers."""
    clientid: Ids
    """Only projects of these clients; -1 means without a client."""
    managerid: Ids
    """Only projects managed by these people; -1 means without a manager."""
    labelid: Ids
    """Only projects with these labels."""
    name: str
    """Name matches this text."""
    datestart: Day
    """Starts on exactly this date."""
    datestartbegin: Day
    """Starts on this date or later."""
    datestartend: Day
    """Starts on this date or earlier."""
    dateend: Day
    """Ends on exactly this date."""
    dateendbegin: Day
    """Ends on this date or later."""
    dateendend: Day
    """Ends on this date or earlier."""
    search: str
    """Text search over name, description, client and localid."""
    active: bool
    """Only active, or only inactive, projects."""
    billable: bool
    """Only billable, or only unbillable, projects."""
    personid: int
    """Only projects this person has access to (single value)."""
    sortfield: (
        Literal[
            "id",
            "localid",
            "clientid",
            "managerid",
            "name",
            "datestart",
            "dateend",
            "billable",
            "labelid",
            "label",
            "label_order",
        ]
        | AsIs
    )
    """Field to sort by."""
    sortdir: Literal["ASC", "DESC"]
    """Direction of the sort."""


class ProjectCreate(TypedDict, total=False):
    """The fields of a new project.

    .. versionadded:: 0.2.0
    """

    clientid: int
    """Client the project belongs to."""
    managerid: Ids
    """Managing person, or several; Administrators and Managers only."""
    labelid: int
    """Project label ID."""
    name: Required[Annotated[str, AtMost(255)]]
    """Project name, at most 255 characters."""
    description: str
    """Short description; HTML is accepted, some elements may be stripped."""
    datestart: Required[Day]
    """Start date."""
    dateend: Day
    """End date."""
    budget: Number
    """Budget."""
    billable: Required[bool]
    """Whether billable; becomes the default for the project's time entries."""
    active: Required[bool]
    """Whether active; some plans cap the number of active projects."""
    alert_percent: Number
    """Share of the budget (percent) at which the manager is alerted."""


class ProjectUpdate(TypedDict, total=False):
    """The fields of a project that may be changed; None clears one. `ProjectCreate` describes them.

    .. versionadded:: 0.2.0
    """

    clientid: int | None
    managerid: Ids | None
    labelid: int | None
    name: Annotated[str, AtMost(255)]
    description: str | None
    datestart: Day
    dateend: Day | None
    budget: Number | None
    billable: bool
    active: bool
    alert_percent: Number | None


class ProjectResource(Gettable[Project], Deletable[Project]):
    """Projects, readable by everybody, writable by Administrators.

    `list` returns the managers' names as text, `get` returns objects.

    .. versionchanged:: 0.2.0
       Added `create`, `update` and `delete`.

    https://www.myintervals.com/api/resource?r=project
    """

    __slots__ = ()
    name = "project"
    record = Project
    filters = ProjectFilters
    creatable = ProjectCreate
    updatable = ProjectUpdate
    permissions: Permissions = {
        "list": EVERYBODY,
        "get": EVERYBODY,
        "create": ADMINISTRATORS,
        "update": ADMINISTRATORS,
        "delete": ADMINISTRATORS,
    }
    sorts_by_id = True

    def list(
        self, *, offset: int = 0, limit: int | None = None, **filters: Unpack[ProjectFilters]
    ) -> Listing[Project]:
        """List the matching projects; `offset` and `limit` select a slice."""
        return self._list(filters, offset=offset, limit=limit)

    async def create(
        self, *, send_notifications: bool | None = None, **fields: Unpack[ProjectCreate]
    ) -> Project:
        """Create a project and return it as stored.

        `send_notifications` overrides the client's setting.
        """
        return await self._create(fields, send_notifications=send_notifications)

    async def update(
        self, id: int, /, *, send_notifications: bool | None = None, **fields: Unpack[ProjectUpdate]
    ) -> Project:
        """Update fields of a project and return the new record; options as in `create`."""
        return await self._update(id, fields, send_notifications=send_notifications)
