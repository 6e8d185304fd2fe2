"""``/worktype/``: the account's default work types."""

from __future__ import annotations

from typing import TypedDict, Unpack

from .._schema.record import Record, record
from .._schema.values import Money
from .._streaming.listing import Listing
from ._base import ADMINISTRATORS, Gettable, Permissions

__all__ = ["WorkType", "WorkTypeFilters", "WorkTypeResource"]


@record
class WorkType(Record):
    """A work type."""

    id: int
    """Work type id."""
    name: str
    """Name."""
    defaulthourlyrate: Money
    """Default hourly rate in account currency."""
    active: bool
    """Whether active."""


class WorkTypeFilters(TypedDict, total=False):
    """Filters of a list of work types."""

    active: bool
    """Only active, or only inactive, work types."""


class WorkTypeResource(Gettable[WorkType]):
    """The account's default work types, readable by Administrators.

    All others read ``projectworktype``. The documentation lists settable fields, but allows
    only GET.

    .. versionadded:: 0.2.0

    https://www.myintervals.com/api/resource?r=worktype
    """

    __slots__ = ()
    name = "worktype"
    record = WorkType
    filters = WorkTypeFilters
    permissions: Permissions = {"list": ADMINISTRATORS, "get": ADMINISTRATORS}

    def list(
        self, *, offset: int = 0, limit: int | None = None, **filters: Unpack[WorkTypeFilters]
    ) -> Listing[WorkType]:
        """List the matching work types; `offset` and `limit` select a slice."""
        return self._list(filters, offset=offset, limit=limit)
