"""``/timer/``: timers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal, Required, TypedDict, Unpack

from .._http.server_clock import ServerClock
from .._schema.encoding import identifier
from .._schema.parameters import AsIs, AtMost, Number
from .._schema.record import Record, record
from .._schema.values import Day, Seconds, UtcDatetime
from .._streaming.listing import Listing
from ..errors import ArgumentError
from ._base import NO_EXECUTIVES, Deletable, Gettable, Permissions

__all__ = ["Timer", "TimerCreate", "TimerFilters", "TimerResource", "TimerUpdate"]

SECONDS = "%Y-%m-%d %H:%M:%S"


@record
class Timer(Record):
    """A timer."""

    id: int
    """Timer id."""
    starttime: UtcDatetime | None = None
    """Start of the current run, in UTC; blank when the timer is paused."""
    time: Seconds | None = None
    """Seconds recorded before the current run."""
    isrunning: bool
    """Whether the timer is running; otherwise it is paused."""
    totaltime: Seconds | None = None
    """Total number of seconds."""
    tasklocalid: int | None = None
    """Task number; only task timers have one."""
    task: str | None = None
    """Task title, which may hold markup; only task timers have one."""
    timelapsed: Seconds | None = None
    """Seconds since the start; documented as read-only."""
    personid: int | None = None
    """Owner's person id. Inferred, not documented."""
    taskid: int | None = None
    """Task id; blank for general timers. Inferred, not documented."""
    name: str | None = None
    """Text on the timer. Inferred, not documented."""
    lastupdate: UtcDatetime | None = None
    """Time of the last start or stop. Inferred, not documented."""


class TimerFilters(TypedDict, total=False):
    """Filters and sort order of a list of timers."""

    generaltimers: bool
    """Return general timers instead of task timers."""
    gettimerinfo: bool
    """Return general and task timers together, with extra task data."""
    taskid: int
    """Only timers of this task."""
    personid: int
    """Only timers of this person."""
    projectid: int
    """Only timers of this project."""
    clientid: int
    """Only timers of this client."""
    sortfield: Literal["lastupdate",] | AsIs
    """Field to sort by."""
    sortdir: Literal["ASC", "DESC"]
    """Direction of the sort."""


class TimerCreate(TypedDict, total=False):
    """The fields of a new timer."""

    taskid: int
    """Task; leave blank for a general timer."""
    personid: Required[int]
    """Owner."""
    starttime: UtcDatetime
    """Start of the current run, in UTC; needed if the field time is blank. If it is missing on
    create, the server uses its current time.
    """
    time: Number
    """Seconds already recorded; needed if the field starttime is blank."""
    timelapsed: Number
    """Seconds since the start. Documented as read-only, though among the settable fields."""
    name: Annotated[str, AtMost(255)]
    """Text on the timer, at most 255 characters."""
    lastupdate: Day
    """Date of the last start or stop."""


class TimerUpdate(TypedDict, total=False):
    """The fields of a timer that may be changed; None clears one. `TimerCreate` describes them."""

    taskid: int | None
    personid: int
    starttime: UtcDatetime | None
    time: Number | None
    timelapsed: Number | None
    name: Annotated[str, AtMost(255)] | None
    lastupdate: Day | None


class TimerResource(Gettable[Timer], Deletable[Timer]):
    """Timers, running and paused; Executives have no access. All datetimes are in UTC.

    A running timer has a ``starttime``. A paused timer has none, and its ``time`` holds the seconds
    so far. The API has no calls to start and pause a timer: `start`, `pause` and `resume` write
    these two fields. To bill a timer, pause it and create a ``time`` entry with its seconds / 3600 as
    hours.
    A person has at most one timer per task. Without a filter, the list holds only task timers.

    .. versionadded:: 0.2.0

    https://www.myintervals.com/api/resource?r=timer
    """

    __slots__ = ()
    name = "timer"
    record = Timer
    filters = TimerFilters
    creatable = TimerCreate
    updatable = TimerUpdate
    permissions: Permissions = {
        "list": NO_EXECUTIVES,
        "get": NO_EXECUTIVES,
        "create": NO_EXECUTIVES,
        "update": NO_EXECUTIVES,
        "delete": NO_EXECUTIVES,
        "start": NO_EXECUTIVES,
        "pause": NO_EXECUTIVES,
        "resume": NO_EXECUTIVES,
    }

    def list(
        self, *, offset: int = 0, limit: int | None = None, **filters: Unpack[TimerFilters]
    ) -> Listing[Timer]:
        """List the matching timers; `offset` and `limit` select a slice."""
        return self._list(filters, offset=offset, limit=limit)

    async def create(
        self, *, send_notifications: bool | None = None, **fields: Unpack[TimerCreate]
    ) -> Timer:
        """Create a timer and return it as stored.

        `send_notifications` overrides the client's setting.
        """
        return await self._create(fields, send_notifications=send_notifications)

    async def update(
        self, id: int, /, *, send_notifications: bool | None = None, **fields: Unpack[TimerUpdate]
    ) -> Timer:
        """Update fields of a timer and return the new record; options as in `create`."""
        return await self._update(id, fields, send_notifications=send_notifications)

    async def start(
        self,
        personid: int,
        *,
        taskid: int | None = None,
        name: str | None = None,
        at: datetime | None = None,
    ) -> Timer:
        """Create a running timer, for a task or a general one.

        Args:
            personid: The owner of the timer.
            taskid: The task; None for a general timer.
            name: The text on the timer.
            at: The start of the timer, with a time zone; by default now, as
                `IntervalsClient.server_time` tells it.

        Raises:
            ArgumentError: `at` has no time zone.
            ValidationError: The server refuses the timer, for example because the person already
                has one for the task.
        """
        _check("start", at)
        fields: TimerCreate = {
            "personid": personid,
            "starttime": _moment(at, self._transport.server_clock),
        }
        if taskid is not None:
            fields["taskid"] = identifier("timer.start()", taskid)
        if name is not None:
            fields["name"] = name
        return await self._create(fields)

    async def pause(self, id: int, /, *, at: datetime | None = None) -> Timer:
        """Pause a running timer and keep its seconds; leave a paused timer unchanged.

        The timer is read first to keep its seconds, so this takes two requests. `at` is the end of
        the current run, with a time zone; by default now, as `IntervalsClient.server_time` tells
        it.

        Raises:
            ArgumentError: The timer was started after `at`, or `at` has no time zone.
        """
        _check("pause", at)
        timer = await self._get(id)
        moment = _moment(at, self._transport.server_clock)
        if timer.starttime is None:
            return timer
        stretch = int((moment - timer.starttime).total_seconds())
        if stretch < 0:
            raise ArgumentError(
                f"timer.pause(): at: expected the timer's start, {timer.starttime:{SECONDS}} UTC, "
                f"or later, got {moment:{SECONDS}} UTC"
            )
        return await self._update(id, {"starttime": None, "time": (timer.time or 0) + stretch})

    async def resume(self, id: int, /, *, at: datetime | None = None) -> Timer:
        """Resume a paused timer; leave a running timer unchanged.

        The timer is read first to keep its seconds, so this takes two requests. `at` is as in
        `start`.

        Raises:
            ArgumentError: `at` has no time zone.
        """
        _check("resume", at)
        timer = await self._get(id)
        moment = _moment(at, self._transport.server_clock)
        if timer.starttime is not None:
            return timer
        return await self._update(id, {"starttime": moment, "time": timer.time or 0})


def _check(verb: str, at: datetime | None) -> None:
    if at is not None and at.tzinfo is None:
        raise ArgumentError(
            f"timer.{verb}(): at: expected a datetime with a time zone, got one without a time zone"
        )


def _moment(at: datetime | None, clock: ServerClock) -> datetime:
    return (clock.now() if at is None else at.astimezone(UTC)).replace(microsecond=0)
