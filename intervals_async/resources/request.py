"""``/request/``: work requests that people have submitted."""

from __future__ import annotations

from typing import Annotated, Literal, Required, TypedDict, Unpack

from .._schema.parameters import AsIs, AtMost
from .._schema.record import Record, record
from .._schema.values import Day, Html, LocalDatetime
from .._streaming.listing import Listing
from ._base import EVERYBODY, Deletable, Gettable, Permissions

__all__ = ["Request", "RequestCreate", "RequestFilters", "RequestResource", "RequestUpdate"]


@record
class Request(Record):
    """A work request."""

    id: int
    """Request id. Inferred, not documented."""
    title: str | None = None
    """Title. Inferred, not documented."""
    date: LocalDatetime | None = None
    """Submission date.

    In the account's own time zone, as far as is known. Inferred, not documented.
    """
    datedue: Day | None = None
    """Due date. Inferred, not documented."""
    personid: int | None = None
    """Submitter. Inferred, not documented."""
    person: str | None = None
    """Submitter's name. Inferred, not documented."""
    projectid: int | None = None
    """Project; requests without one exist. Inferred, not documented."""
    project: str | None = None
    """Project name. Inferred, not documented."""
    clientid: int | None = None
    """Client. Inferred, not documented."""
    client: str | None = None
    """Client name. Inferred, not documented."""
    email: str | None = None
    """E-mail. Inferred, not documented."""
    priorityid: int | None = None
    """Priority id. Inferred, not documented."""
    priority: str | None = None
    """Priority; whether it is a name or a rank is not shown.

    Inferred, not documented.
    """
    description: Html | None = None
    """Body text. Inferred, not documented."""


class RequestFilters(TypedDict, total=False):
    """Filters and sort order of a list of work requests."""

    priorityid: int
    """Only requests with this priority."""
    personid: int
    """Only requests submitted by this person."""
    projectid: int
    """Only requests of this project."""
    sortfield: (
        Literal[
            "id",
            "title",
            "date",
            "datedue",
            "personid",
            "person",
            "projectid",
            "project",
            "clientid",
            "client",
            "email",
            "priorityid",
            "priority",
        ]
        | AsIs
    )
    """Field to sort by."""
    sortdir: Literal["ASC", "DESC"]
    """Direction of the sort."""


class RequestCreate(TypedDict, total=False):
    """The fields of a new work request."""

    personid: Required[int]
    """Owner of the request."""
    projectid: int
    """Project the request belongs to; may be absent."""
    priorityid: Required[int]
    """Priority (taskpriority id)."""
    title: Required[Annotated[str, AtMost(255)]]
    """Title, at most 255 characters."""
    datedue: Day
    """Due date; blank means one week ahead."""
    description: str
    """Body text; HTML is accepted, some elements may be stripped."""


class RequestUpdate(TypedDict, total=False):
    """The fields of a work request that may be changed; None clears one. `RequestCreate` describes them."""

    personid: int
    projectid: int | None
    priorityid: int
    title: Annotated[str, AtMost(255)]
    datedue: Day | None
    description: str | None


class RequestResource(Gettable[Request], Deletable[Request]):
    """Work requests that people have submitted, for everybody.

    Administrators may do anything. Managers need access to the project, and cannot change the
    person. Resource users and Executives change and delete only their own. All fields of a record
    are inferred.

    .. versionadded:: 0.2.0

    https://www.myintervals.com/api/resource?r=request
    """

    __slots__ = ()
    name = "request"
    record = Request
    filters = RequestFilters
    creatable = RequestCreate
    updatable = RequestUpdate
    permissions: Permissions = {
        "list": EVERYBODY,
        "get": EVERYBODY,
        "create": EVERYBODY,
        "update": EVERYBODY,
        "delete": EVERYBODY,
    }
    sorts_by_id = True

    def list(
        self, *, offset: int = 0, limit: int | None = None, **filters: Unpack[RequestFilters]
    ) -> Listing[Request]:
        """List the matching work requests; `offset` and `limit` select a slice."""
        return self._list(filters, offset=offset, limit=limit)

    async def create(
        self, *, send_notifications: bool | None = None, **fields: Unpack[RequestCreate]
    ) -> Request:
        """Create a work request and return it as stored.

        `send_notifications` overrides the client's setting.
        """
        return await self._create(fields, send_notifications=send_notifications)

    async def update(
        self, id: int, /, *, send_notifications: bool | None = None, **fields: Unpack[RequestUpdate]
    ) -> Request:
        """Update fields of a work request and return the new record; options as in `create`."""
        return await self._update(id, fields, send_notifications=send_notifications)
