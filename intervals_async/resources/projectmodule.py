"""``/projectmodule/``: modules of projects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Required, TypedDict, Unpack

from .._schema.parameters import AtMost, Ids
from .._schema.record import Record, record
from .._streaming.listing import Listing
from ._base import ADMINISTRATORS, EVERYBODY, Deletable, Gettable, Permissions

__all__ = [
    "ProjectModule",
    "ProjectModuleCreate",
    "ProjectModuleFilters",
    "ProjectModuleResource",
    "ProjectModuleUpdate",
]


@record
class ProjectModule(Record):
    """A project module."""

    id: int
    """Project module ID."""
    projectid: int | None = None
    """Project ID."""
    moduleid: int | None = None
    """ID of the default module."""
    active: bool | None = None
    """Whether active in the project."""
    modulename: str | None = None
    """Module name."""
    module: str | None = None
    """Module name again, under the name of the settable field."""
    description: str | None = None
    """Description. Inferred, not documented."""


class ProjectModuleFilters(TypedDict, total=False):
    """Filters of a list of project modules."""

    projectid: Ids
    """Only modules of these projects."""
    active: bool
    """Only active, or only inactive, modules; always applied for resource users, who cannot see
    inactive modules.
    """
    personid: int
    """A person. Its meaning is not documented."""


class ProjectModuleCreate(TypedDict, total=False):
    """The fields of a new project module."""

    projectid: Required[int]
    """Project of the module; it cannot be changed (delete and create again instead)."""
    moduleid: int
    """ID of the default module; needed only when adding one to the project; by default 0."""
    description: str
    """Description."""
    active: Required[bool]
    """Whether active in the project."""
    module: Annotated[str, AtMost(155)]
    """Module name; needed when adding a custom module, or when turning a default module into a
    custom one, at most 155 characters.
    """


class ProjectModuleUpdate(TypedDict, total=False):
    """The fields of a project module that may be changed; None clears one. `ProjectModuleCreate` describes them."""

    projectid: int
    moduleid: int | None
    """ID of the default module; needed only when adding one to the project."""
    description: str | None
    active: bool
    module: Annotated[str, AtMost(155)] | None


class ProjectModuleResource(Gettable[ProjectModule], Deletable[ProjectModule]):
    """Modules of projects: default modules added to a project, and custom modules of one project.

    All groups can read them; Resource users see only active ones. Only Administrators can write
    them. To create one, pass the ``moduleid`` of a default module, or ``module`` as the name of a
    custom one. The project of an existing project module cannot be changed.

    .. versionadded:: 0.2.0

    https://www.myintervals.com/api/resource?r=projectmodule
    """

    __slots__ = ()
    name = "projectmodule"
    record = ProjectModule
    filters = ProjectModuleFilters
    creatable = ProjectModuleCreate
    updatable = ProjectModuleUpdate
    permissions: Permissions = {
        "list": EVERYBODY,
        "get": EVERYBODY,
        "create": ADMINISTRATORS,
        "update": ADMINISTRATORS,
        "delete": ADMINISTRATORS,
    }

    def list(
        self, *, offset: int = 0, limit: int | None = None, **filters: Unpack[ProjectModuleFilters]
    ) -> Listing[ProjectModule]:
        """List the matching project modules; `offset` and `limit` select a slice."""
        return self._list(filters, offset=offset, limit=limit)

    async def create(
        self, *, send_notifications: bool | None = None, **fields: Unpack[ProjectModuleCreate]
    ) -> ProjectModule:
        """Create a project module and return it as stored.

        `send_notifications` overrides the client's setting.
        """
        return await self._create(fields, send_notifications=send_notifications)

    async def update(
        self,
        id: int,
        /,
        *,
        send_notifications: bool | None = None,
        **fields: Unpack[ProjectModuleUpdate],
    ) -> ProjectModule:
        """Update fields of a project module and return the new record; options as in `create`."""
        return await self._update(id, fields, send_notifications=send_notifications)

    def _check_create(self, fields: Mapping[str, object]) -> str | None:
        if fields.get("moduleid") or fields.get("module"):
            return None
        return "moduleid (a default module) or module (the name of a custom one)"
