"""``/tasklistfilter/``: saved filters of task lists."""

from __future__ import annotations

from .._schema.record import Record, record
from .._schema.values import LocalDatetime
from .._streaming.listing import Listing
from ._base import EVERYBODY, Gettable, Permissions

__all__ = ["TaskListFilter", "TaskListFilterResource"]


@record
class TaskListFilter(Record):
    """A saved filter."""

    id: int
    """Filter id."""
    filtertypeid: int
    """Kind of list the filter is for."""
    personid: int
    """Owner's person id."""
    title: str
    """Name."""
    subfilterid: int | None = None
    """Nested filter; empty when unused."""
    shared: bool
    """Whether shared with other people."""
    scheduled: bool
    """Whether used on a schedule."""
    filtertype: str
    """Kind key or label, e.g. tasks."""
    person: str
    """Owner's name."""
    datesent: LocalDatetime | None = None
    """When a scheduled report last went out; empty when never.

    In the account's own time zone, as far as is known.
    """


class TaskListFilterResource(Gettable[TaskListFilter]):
    """Saved filters of task lists, readable by everybody.

    The filter ``tasklistfilterid`` of ``task`` takes the id. The documentation lists settable
    fields, but allows only GET.

    .. versionadded:: 0.2.0

    https://www.myintervals.com/api/resource?r=tasklistfilter
    """

    __slots__ = ()
    name = "tasklistfilter"
    record = TaskListFilter
    permissions: Permissions = {"list": EVERYBODY, "get": EVERYBODY}

    def list(
        self,
        *,
        offset: int = 0,
        limit: int | None = None,
    ) -> Listing[TaskListFilter]:
        """List all saved filters; `offset` and `limit` select a slice."""
        return self._list({}, offset=offset, limit=limit)
