"""``/taskstatus/``: statuses of tasks."""

from __future__ import annotations

from typing import TypedDict, Unpack

from .._schema.record import Record, record
from .._streaming.listing import Listing
from ._base import EVERYBODY, Gettable, Permissions

__all__ = ["TaskStatus", "TaskStatusFilters", "TaskStatusResource"]


@record
class TaskStatus(Record):
    """A status."""

    id: int
    """Status id."""
    name: str
    """Name, e.g. Open."""
    priority: int
    """Workflow rank, lower first."""
    frozen: bool
    """Whether it cannot be edited or reordered in the application."""
    active: bool
    """Whether in use; otherwise retired."""


class TaskStatusFilters(TypedDict, total=False):
    """Filters of a list of statuses."""

    active: bool
    """Only active, or only retired, statuses."""


class TaskStatusResource(Gettable[TaskStatus]):
    """Statuses of tasks, readable by everybody.

    The documentation lists settable fields, but allows only GET.

    .. versionadded:: 0.2.0

    https://www.myintervals.com/api/resource?r=taskstatus
    """

    __slots__ = ()
    name = "taskstatus"
    record = TaskStatus
    filters = TaskStatusFilters
    permissions: Permissions = {"list": EVERYBODY, "get": EVERYBODY}

    def list(
        self, *, offset: int = 0, limit: int | None = None, **filters: Unpack[TaskStatusFilters]
    ) -> Listing[TaskStatus]:
        """List the matching statuses; `offset` and `limit` select a slice."""
        return self._list(filters, offset=offset, limit=limit)
