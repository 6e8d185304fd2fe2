"""``/group/``: the access levels."""

from __future__ import annotations

from .._schema.record import Record, record
from .._streaming.listing import Listing
from ._base import EVERYBODY, Permissions, Resource

__all__ = ["Group", "GroupResource"]


@record
class Group(Record):
    """A group."""

    id: int
    """Identifier of the group."""
    name: str
    """Name of the access level."""


class GroupResource(Resource[Group]):
    """The access levels, readable by everybody; a person's ``groupid`` is one of them.

    The API documents no offset and limit, so a listing is one request.

    .. versionadded:: 0.2.0

    https://www.myintervals.com/api/resource?r=group
    """

    __slots__ = ()
    name = "group"
    record = Group
    permissions: Permissions = {"list": EVERYBODY}
    paginated = False

    def list(self) -> Listing[Group]:
        """List all groups, with one request."""
        return self._list({})
