"""``/taskpriority/``: priorities of tasks and work requests."""

from __future__ import annotations

from typing import TypedDict, Unpack

from .._schema.record import Record, record
from .._streaming.listing import Listing
from ._base import EVERYBODY, Gettable, Permissions

__all__ = ["TaskPriority", "TaskPriorityFilters", "TaskPriorityResource"]


@record
class TaskPriority(Record):
    """A priority."""

    id: int
    """Priority id."""
    name: str
    """Label."""
    color: str
    """Colour, six hex digits without #."""
    priority: int
    """Sort rank, lower first."""
    isdefault: bool
    """Whether new tasks get this priority by default."""
    active: bool
    """Whether in use; otherwise retired."""


class TaskPriorityFilters(TypedDict, total=False):
    """Filters of a list of priorities."""

    active: bool
    """Only active, or only retired, priorities."""


class TaskPriorityResource(Gettable[TaskPriority]):
    """Priorities of tasks and work requests, readable by everybody.

    The documentation lists settable fields, but allows only GET. It contradicts itself on which
    ``priority`` is first.

    .. versionadded:: 0.2.0

    https://www.myintervals.com/api/resource?r=taskpriority
    """

    __slots__ = ()
    name = "taskpriority"
    record = TaskPriority
    filters = TaskPriorityFilters
    permissions: Permissions = {"list": EVERYBODY, "get": EVERYBODY}

    def list(
        self, *, offset: int = 0, limit: int | None = None, **filters: Unpack[TaskPriorityFilters]
    ) -> Listing[TaskPriority]:
        """List the matching priorities; `offset` and `limit` select a slice."""
        return self._list(filters, offset=offset, limit=limit)
