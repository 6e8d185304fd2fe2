"""``/projectworktype/``: work types of projects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Required, TypedDict, Unpack

from .._schema.parameters import AtMost, Ids, Number
from .._schema.record import Record, record
from .._schema.values import Hours, Money
from .._streaming.listing import Listing
from ._base import ADMINISTRATORS, EVERYBODY, Deletable, Gettable, Permissions

__all__ = [
    "ProjectWorkType",
    "ProjectWorkTypeCreate",
    "ProjectWorkTypeFilters",
    "ProjectWorkTypeResource",
    "ProjectWorkTypeUpdate",
]


@record
class ProjectWorkType(Record):
    """A project's work type."""

    id: int
    """Row id of this project/work-type pair."""
    projectid: int
    """Owning project."""
    worktypeid: int
    """Id of the default work type; this is what time.worktypeid expects."""
    worktype: str
    """Work type name."""
    active: bool
    """Active on this project."""
    hourlyrate: Money | None = None
    """Hourly rate; may be absent, it seems to be shown to few."""
    esttime: Hours | None = None
    """Estimated hours; may be absent."""
    total: Money | None = None
    """Total; may be absent."""


class ProjectWorkTypeFilters(TypedDict, total=False):
    """Filters of a list of project work types."""

    projectid: Ids
    """Only work types of these projects."""
    active: bool
    """Active or inactive only; forced to active for Resource users."""
    personid: int
    """A person. Its meaning is not documented."""


class ProjectWorkTypeCreate(TypedDict, total=False):
    """The fields of a new project's work type."""

    projectid: Required[int]
    """Owning project; fixed once set (delete and re-create to move)."""
    worktypeid: int
    """Default work type to attach; needed when adding from defaults, not when editing; by default
    0.
    """
    hourlyrate: Number
    """Hourly rate; needed when adding a custom work type."""
    esttime: Number
    """Estimated hours."""
    active: Required[bool]
    """Whether the work type is usable on the project."""
    worktype: Annotated[str, AtMost(155)]
    """Name; needed when adding a custom work type, at most 155 characters."""


class ProjectWorkTypeUpdate(TypedDict, total=False):
    """The fields of a project's work type that may be changed; None clears one. `ProjectWorkTypeCreate` describes them."""

    projectid: int
    worktypeid: int | None
    """Default work type to attach; needed when adding from defaults, not when editing."""
    hourlyrate: Number
    esttime: Number | None
    active: bool
    worktype: Annotated[str, AtMost(155)] | None


class ProjectWorkTypeResource(Gettable[ProjectWorkType], Deletable[ProjectWorkType]):
    """Work types of projects: copies of default work types, and a project's own.

    Everybody reads them (Resource users only active ones; few groups seem to see the rates),
    Administrators write. ``id`` identifies the project's work type; time entries take its
    ``worktypeid``. A new one needs ``worktypeid`` of a default work type, or ``worktype`` and
    ``hourlyrate`` of a new one. Its project cannot be changed.

    .. versionadded:: 0.2.0

    https://www.myintervals.com/api/resource?r=projectworktype
    """

    __slots__ = ()
    name = "projectworktype"
    record = ProjectWorkType
    filters = ProjectWorkTypeFilters
    creatable = ProjectWorkTypeCreate
    updatable = ProjectWorkTypeUpdate
    permissions: Permissions = {
        "list": EVERYBODY,
        "get": EVERYBODY,
        "create": ADMINISTRATORS,
        "update": ADMINISTRATORS,
        "delete": ADMINISTRATORS,
    }

    def list(
        self,
        *,
        offset: int = 0,
        limit: int | None = None,
        **filters: Unpack[ProjectWorkTypeFilters],
    ) -> Listing[ProjectWorkType]:
        """List the matching projects' work types; `offset` and `limit` select a slice."""
        return self._list(filters, offset=offset, limit=limit)

    async def create(
        self, *, send_notifications: bool | None = None, **fields: Unpack[ProjectWorkTypeCreate]
    ) -> ProjectWorkType:
        """Create a project's work type and return it as stored.

        `send_notifications` overrides the client's setting.
        """
        return await self._create(fields, send_notifications=send_notifications)

    async def update(
        self,
        id: int,
        /,
        *,
        send_notifications: bool | None = None,
        **fields: Unpack[ProjectWorkTypeUpdate],
    ) -> ProjectWorkType:
        """Update fields of a project's work type and return the new record; options as in `create`."""
        return await self._update(id, fields, send_notifications=send_notifications)

    def _check_create(self, fields: Mapping[str, object]) -> str | None:
        if fields.get("worktypeid") or {"worktype", "hourlyrate"} <= fields.keys():
            return None
        return "worktypeid of a default work type, or worktype and hourlyrate of a new one"
