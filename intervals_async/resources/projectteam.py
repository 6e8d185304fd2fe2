"""``/projectteam/``: the people on a project."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Required, TypedDict, Unpack

from .._http.messages import Call
from .._schema.encoding import identifier
from .._schema.parameters import Ids
from .._schema.record import Record, record
from .._schema.values import IdList
from .._streaming.listing import Listing
from ..errors import ArgumentError
from ._base import ADMINISTRATORS, EVERYBODY, Permissions, Resource

__all__ = ["ProjectTeam", "ProjectTeamFilters", "ProjectTeamResource"]


@record
class ProjectTeam(Record):
    """The people of a project."""

    projectid: int
    """Project whose team is listed."""
    personid: IdList
    """The ids of all people on the project; their order is not documented."""


class ProjectTeamFilters(TypedDict, total=False):
    """Filters of a list of project teams."""

    projectid: Required[int]
    """Project whose team is wanted."""


class ProjectTeamResource(Resource[ProjectTeam]):
    """The people on a project, except for Administrators, who are on all projects.

    Everybody reads the team of a project; Administrators change it. The id of a team is the id of
    its project. The difference between PUT and POST is not documented, so there is `add` but no
    ``update``.

    .. versionadded:: 0.2.0

    https://www.myintervals.com/api/resource?r=projectteam
    """

    __slots__ = ()
    name = "projectteam"
    record = ProjectTeam
    filters = ProjectTeamFilters
    permissions: Permissions = {
        "list": EVERYBODY,
        "get": ADMINISTRATORS,
        "add": ADMINISTRATORS,
        "remove": ADMINISTRATORS,
    }
    paginated = False

    def list(self, **filters: Unpack[ProjectTeamFilters]) -> Listing[ProjectTeam]:
        """List the team of one project, with one request."""
        return self._list(filters)

    async def get(self, projectid: int, /) -> ProjectTeam:
        """Get the team of a project, or raise `NotFoundError`."""
        return await self._get(projectid)

    async def add(
        self,
        projectid: int,
        /,
        personid: Ids,
        *,
        securenotes: bool | None = None,
        send_notifications: bool | None = None,
    ) -> None:
        """Add one or more people to a project, with one request.

        The response is not documented, so nothing is returned. Adding an Administrator has no
        effect.

        Args:
            projectid: The project.
            personid: The id of the person, or several.
            securenotes: Whether they may read the project's secure notes.
            send_notifications: Overrides the client's setting.

        Raises:
            ArgumentError: There is no person, or a value is not an id.
            AmbiguousWriteError: The outcome of the write is unknown.
        """
        more = {} if securenotes is None else {"securenotes": "t" if securenotes else "f"}
        await self._change("POST", "add", projectid, personid, more, send_notifications)

    async def remove(
        self, projectid: int, /, personid: Ids, *, send_notifications: bool | None = None
    ) -> None:
        """Remove one or more people from a project, with one request; see `add`."""
        await self._change("DELETE", "remove", projectid, personid, {}, send_notifications)

    async def _change(
        self,
        method: str,
        verb: str,
        projectid: int,
        personid: Ids,
        more: dict[str, str],
        send_notifications: bool | None,
    ) -> None:
        what = f"projectteam.{verb}()"
        projectid = identifier(what, projectid)
        several = personid if isinstance(personid, Iterable) else [personid]
        people = [{"personid": str(identifier(what, each)), **more} for each in several]
        if not people:
            raise ArgumentError(f"{what}: expected at least one person, got none")
        headers = self._headers(send_notifications, None)
        body = people if len(people) > 1 else people[0]
        call = Call(
            method, self.name, projectid, body=body, extra_headers=headers, expects_record=False
        )
        await self._transport.send(call)
