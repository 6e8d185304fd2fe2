"""``/tasknote/``: notes on tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Literal, Required, TypedDict, Unpack

import attrs

from .._schema.encoding import written
from .._schema.parameters import AsIs, Ids
from .._schema.record import Record, record
from .._schema.values import Html, LocalDatetime, UtcDatetime
from .._streaming.listing import Listing
from .._streaming.partitioned import Partition, PartitionedListing
from .._streaming.source import PageSource
from ..errors import ArgumentError
from ._base import ADMINISTRATORS, EVERYBODY, Deletable, Gettable, Permissions
from ._weeks import range_to_cut

__all__ = ["TaskNote", "TaskNoteCreate", "TaskNoteFilters", "TaskNoteResource", "TaskNoteUpdate"]

RANGES = (("datebegin", "dateend"), ("datemodifiedbegin", "datemodifiedend"))


@record
class TaskNote(Record):
    """A task note."""

    id: int
    """Note id (documented sort field). Inferred, not documented."""
    taskid: int | None = None
    """Task id. Inferred, not documented."""
    title: str | None = None
    """Title, as an API client of 2011 reads it."""
    note: Html | None = None
    """Body, as an API client of 2011 reads it; may hold HTML."""
    public: bool | None = None
    """Whether executives can see the note. Inferred, not documented."""
    author: str | None = None
    """Author's name, as an API client of 2011 reads it."""
    authorid: int | None = None
    """Author's person id. Inferred, not documented."""
    date: UtcDatetime | None = None
    """When it was created, in UTC."""


class TaskNoteFilters(TypedDict, total=False):
    """Filters and sort order of a list of task notes."""

    taskid: Ids
    """Only notes on these tasks. Without it and without a range of dates, only the last 7 days are
    returned.
    """
    title: str
    """Filter by title. How it matches is not documented."""
    date: UtcDatetime
    """Created on this date (UTC)."""
    datebegin: UtcDatetime
    """Created at this time or later (UTC)."""
    dateend: UtcDatetime
    """Created at this time or earlier (UTC)."""
    datemodifiedbegin: LocalDatetime
    """Modified at this time or later."""
    datemodifiedend: LocalDatetime
    """Modified at this time or earlier."""
    authorid: Ids
    """Only notes by these people."""
    public: bool
    """Only public, or only private, notes."""
    sortfield: (
        Literal[
            "id",
            "taskid",
            "authorid",
            "date",
        ]
        | AsIs
    )
    """Field to sort by."""
    sortdir: Literal["ASC", "DESC"]
    """Direction of the sort."""


class TaskNoteCreate(TypedDict, total=False):
    """The fields of a new task note."""

    taskid: Required[int]
    """Task the note belongs to."""
    note: Required[str]
    """Body; HTML is accepted, some elements may be stripped."""
    public: Required[bool]
    """Visible to executive users; always true for notes by executives; by default False."""


class TaskNoteUpdate(TypedDict, total=False):
    """The fields of a task note that may be changed; None clears one. `TaskNoteCreate` describes them."""

    taskid: int
    note: str
    public: bool
    """Visible to executive users; always true for notes by executives."""


class TaskNoteResource(Gettable[TaskNote], Deletable[TaskNote]):
    """Notes on tasks, including automatic action notes, for everybody.

    Everybody writes notes; only Administrators change and delete them. Without ``taskid``, the API
    accepts ranges of at most 7 days, and returns the last 7 days if there is no range. The library
    splits a longer or open range into weeks and streams them as one listing, with at least one
    request per week. The notes of a few tasks, however old, cost fewer requests with ``taskid``.

    .. versionadded:: 0.2.0

    https://www.myintervals.com/api/resource?r=tasknote
    """

    __slots__ = ()
    name = "tasknote"
    record = TaskNote
    filters = TaskNoteFilters
    creatable = TaskNoteCreate
    updatable = TaskNoteUpdate
    permissions: Permissions = {
        "list": EVERYBODY,
        "get": EVERYBODY,
        "create": EVERYBODY,
        "update": ADMINISTRATORS,
        "delete": ADMINISTRATORS,
    }
    sorts_by_id = True

    def list(
        self, *, offset: int = 0, limit: int | None = None, **filters: Unpack[TaskNoteFilters]
    ) -> Listing[TaskNote]:
        """List the matching task notes; `offset` and `limit` select a slice.

        With neither ``taskid`` nor a range, the API returns only the notes of the last 7 days. A
        longer or open range is read week by week.

        Raises:
            ArgumentError: `offset` is combined with a range of several weeks, a range has no
                start, or two ranges are longer than 7 days.
        """
        source = self._source(filters)
        range = None
        if "taskid" not in filters:
            range = range_to_cut("tasknote.list()", RANGES, filters)
        if range is None:
            return Listing(source, offset=offset, limit=limit)
        if offset:
            raise ArgumentError(
                "tasknote.list(): offset: expected 0 for a range of more than 7 days without "
                f"taskid, got {offset}; use limit alone, or a shorter range"
            )

        def spans(now: datetime) -> Sequence[Partition[TaskNote]]:
            weeks = range.weeks(now, backwards=("sortdir", "DESC") in source.query)
            shared = [part_of(range.common(*neighbours)) for neighbours in pairwise(weeks)]
            return list(map(Partition, map(part_of, weeks), [None, *shared]))

        def part_of(bounds: Mapping[str, object]) -> PageSource[TaskNote]:
            own = tuple((name, str(written(name, bounds[name]))) for name in bounds)
            rest = (pair for pair in source.query if pair[0] not in bounds)
            return attrs.evolve(source, query=(*own, *rest))

        return PartitionedListing(source, spans, limit=limit)

    async def create(
        self, *, send_notifications: bool | None = None, **fields: Unpack[TaskNoteCreate]
    ) -> TaskNote:
        """Create a task note and return it as stored.

        `send_notifications` overrides the client's setting.
        """
        return await self._create(fields, send_notifications=send_notifications)

    async def update(
        self,
        id: int,
        /,
        *,
        send_notifications: bool | None = None,
        **fields: Unpack[TaskNoteUpdate],
    ) -> TaskNote:
        """Update fields of a task note and return the new record; options as in `create`."""
        return await self._update(id, fields, send_notifications=send_notifications)
