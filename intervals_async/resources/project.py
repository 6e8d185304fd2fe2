"""``/project/``: the projects of the account."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal, TypedDict, Unpack

from .._convert import Record, record
from .._parameters import Ids
from .._values import Html, IdList, TextOrObjects
from ..listing import Listing
from ._base import Resource

__all__ = ["Project", "ProjectFilters", "ProjectResource"]


@record
class Project(Record):
    """A project.

    The fields are known from public samples; none but the id is proven to be always there.
    """

    id: int
    """Project ID."""
    localid: str | None = None
    """Number shown in the application, padded with zeros (``00069``), so a text."""
    localidunpadded: int | None = None
    """The same number without padding."""
    name: str | None = None
    """Project name."""
    description: Html | None = None
    """Description; may hold HTML."""
    datestart: date | None = None
    """Start date."""
    dateend: date | None = None
    """End date."""
    alert_percent: Decimal | None = None
    """Budget alert threshold, in percent."""
    alert_date: str | None = None
    """Belongs to the budget alert. Its format was never seen, so it is kept as sent."""
    active: bool | None = None
    """Whether active."""
    billable: bool | None = None
    """Whether billable."""
    budget: Decimal | None = None
    """Budget."""
    clientid: int | None = None
    """Client ID."""
    client: str | None = None
    """Client name."""
    clientlocalid: int | None = None
    """Client's in-app number."""
    manager: TextOrObjects | None = None
    """Manager names as a text in a list; objects, as sent, from `get`."""
    managerid: IdList | None = None
    """Manager IDs. Several can be set; that several are sent so is probable, not proven."""
    labelid: int | None = None
    """Project label ID."""
    label: str | None = None
    """Project label name."""


class ProjectFilters(TypedDict, total=False):
    """Which projects to list, and in which order."""

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
    datestart: date
    """Starts on exactly this date."""
    datestartbegin: date
    """Starts on this date or later."""
    datestartend: date
    """Starts on this date or earlier."""
    dateend: date
    """Ends on exactly this date."""
    dateendbegin: date
    """Ends on this date or later."""
    dateendend: date
    """Ends on this date or earlier."""
    search: str
    """Text search over name, description, client and localid."""
    active: bool
    """Only active, or only inactive, projects."""
    billable: bool
    """Only billable, or only unbillable, projects."""
    personid: int
    """Only projects this person has access to. An old client found it faulty."""
    sortfield: Literal[
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
    """Field to sort by."""
    sortdir: Literal["ASC", "DESC"]
    """Direction of the sort."""


class ProjectResource(Resource[Project]):
    """Projects, read by all groups.

    https://www.myintervals.com/api/resource?r=project
    """

    __slots__ = ()
    name = "project"
    record = Project
    filters = ProjectFilters
    sorts_by_id = True

    def list(
        self, *, offset: int = 0, limit: int | None = None, **filters: Unpack[ProjectFilters]
    ) -> Listing[Project]:
        """List the projects that match; `offset` and `limit` cut a slice of the whole."""
        return self._list(filters, offset=offset, limit=limit)

    async def get(self, id: int, /) -> Project:
        """Get one project, or raise `NotFoundError`."""
        return await self._get(id)
