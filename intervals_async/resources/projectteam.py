"""``/projectteam/``: who is on a project."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Required, TypedDict, Unpack

from .._http.messages import Call
from .._schema.encoding import identifier
from .._schema.parameters import Ids
from .._schema.records import Record, record
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
    """The ids of all people on the project, in no order that is promised."""


class ProjectTeamFilters(TypedDict, total=False):
    """Which project teams to list."""

    projectid: Required[int]
    """Project whose team is wanted."""


class ProjectTeamResource(Resource[ProjectTeam]):
    """Who is on a project, besides Administrators, who are on all of them.

    Everybody reads it for a project, Administrators change it. The id of a team is that of its
    project. How PUT differs from POST is not documented, so there is `add` and no ``update``.

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
        """List the team of one project: one request."""
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
        """Add people to a project: all of them with one request.

        What the API answers is not documented, so nothing of it is given. Naming an
        Administrator has no effect.

        Args:
            projectid: The project.
            personid: The person, or several.
            securenotes: Whether they may read the project's secure notes.
            send_notifications: Stands for the client's own setting.

        Raises:
            AmbiguousWriteError: Whether it was carried out is not known.
        """
        more = {} if securenotes is None else {"securenotes": "t" if securenotes else "f"}
        await self._change("POST", "add", projectid, personid, more, send_notifications)

    async def remove(
        self, projectid: int, /, personid: Ids, *, send_notifications: bool | None = None
    ) -> None:
        """Remove people from a project: all of them with one request. See `add`."""
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
            raise ArgumentError(f"{what} was given nobody")
        headers = self._headers(send_notifications, None)
        body = people if len(people) > 1 else people[0]
        call = Call(
            method, self.name, projectid, body=body, extra_headers=headers, expects_record=False
        )
        await self._transport.send(call)
