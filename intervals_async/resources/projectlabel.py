"""``/projectlabel/``: coloured labels that projects are grouped by."""

from __future__ import annotations

from typing import TypedDict, Unpack

from .._schema.record import Record, record
from .._streaming.listing import Listing
from ._base import EVERYBODY, Gettable, Permissions

__all__ = ["ProjectLabel", "ProjectLabelFilters", "ProjectLabelResource"]


@record
class ProjectLabel(Record):
    """A project label."""

    id: int
    """Label ID."""
    name: str
    """Label name."""
    color: str
    """Display colour, usually 6 hex digits without '#', e.g. 44bb44."""
    priority: int
    """Rank used to order labels."""
    active: bool | None = None
    """Whether the label is active. Inferred, not documented."""


class ProjectLabelFilters(TypedDict, total=False):
    """Filters of a list of project labels."""

    active: bool
    """Only active, or only inactive, labels."""


class ProjectLabelResource(Gettable[ProjectLabel]):
    """Coloured labels that projects are grouped by, readable by everybody.

    The documentation lists settable fields, but allows only GET. It contradicts itself on which
    ``priority`` is first.

    .. versionadded:: 0.2.0

    https://www.myintervals.com/api/resource?r=projectlabel
    """

    __slots__ = ()
    name = "projectlabel"
    record = ProjectLabel
    filters = ProjectLabelFilters
    permissions: Permissions = {"list": EVERYBODY, "get": EVERYBODY}

    def list(
        self, *, offset: int = 0, limit: int | None = None, **filters: Unpack[ProjectLabelFilters]
    ) -> Listing[ProjectLabel]:
        """List the matching project labels; `offset` and `limit` select a slice."""
        return self._list(filters, offset=offset, limit=limit)
