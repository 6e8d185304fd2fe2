"""Checks of the account's time zone against timestamps in UTC."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from ..budget import NotTestedError
from ..examination import Examination
from ..formats import STAMPS, format_of
from ._base import Check, Outcome, check, counted

__all__ = ["CHECKS"]

# The fields that are in UTC: stated, except for the login.
_UTC_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "invoicenote": "date",
        "me": "lastlogin",
        "milestonenote": "date",
        "projectnote": "date",
        "tasknote": "date",
        "timer": "starttime",
    }
)
_TOLERANCE = timedelta(minutes=5)
_STEP = timedelta(minutes=15)
# Two stamps of one event may differ by so much, besides the offset of a time zone.
_SAME_EVENT = timedelta(seconds=2)


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str) or format_of(value) not in STAMPS:
        return None
    moment = datetime.fromisoformat(value)
    try:
        return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        return None


@check("clock.utc", "timestamps", "those in UTC are not in the future")
async def utc(examination: Examination) -> Outcome:
    """Compare timestamps with the time of the server."""
    now = _server_time(examination)
    moments = [
        (name, moment)
        for name, field in _UTC_FIELDS.items()
        for row in examination.lists[name].rows
        if (moment := _moment(row.get(field))) is not None
    ]
    if not moments:
        raise NotTestedError("no record has a timestamp in UTC")
    late = sorted({name for name, moment in moments if moment > now + _TOLERANCE})
    return Outcome.of(
        f"later than the server's clock: {', '.join(late)}"
        if late
        else f"none of {counted(len(moments), 'timestamp')} is in the future",
        differs=bool(late),
    )


def _server_time(examination: Examination) -> datetime:
    for response in reversed(examination.responses):
        try:
            found = parsedate_to_datetime(response.headers.get("date", ""))
            return found.astimezone(UTC).replace(tzinfo=None)
        except (ValueError, OverflowError):
            continue
    raise NotTestedError("no response has a Date header")


@check("clock.zone", "me", "timezone is the name of a time zone")
async def zone(examination: Examination) -> Outcome:
    """Examine the time zone of the token's owner."""
    zone = _zone(examination)
    return Outcome.of(
        "it is one" if zone is not None else "it is none that this computer knows",
        differs=zone is None,
    )


def _zone(examination: Examination) -> ZoneInfo | None:
    rows = examination.rows("me")
    name = rows[0].get("timezone")
    if not isinstance(name, str) or not name:
        raise NotTestedError("there is no such field")
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        return None


@check("clock.local", "task", "datemodified is in the account's time zone")
async def local(examination: Examination) -> Outcome:
    """Compare changes of tasks with their notes, whose date is in UTC."""
    shifts = Counter(_shifts(examination))
    if not shifts:
        raise NotTestedError("no task was changed together with a note")
    shift = shifts.most_common(1)[0][0]
    zone = _zone(examination)
    if zone is None:
        raise NotTestedError("the time zone of the token's owner is not known")
    year = datetime.now(UTC).year
    offsets = {
        datetime(year, month, 1, tzinfo=UTC).astimezone(zone).utcoffset() for month in (1, 7)
    }
    if not shift and offsets == {timedelta(0)}:
        raise NotTestedError("local times cannot be told from UTC")
    if shift in offsets:
        return Outcome(found="shifted from UTC by the offset of the owner's time zone")
    return Outcome.of(
        "not shifted from UTC" if not shift else "shifted from UTC by another offset",
        differs=True,
    )


def _shifts(examination: Examination) -> Iterable[timedelta]:
    changed: dict[Any, datetime] = {}
    for row in examination.rows("task"):
        moment = _moment(row.get("datemodified"))
        if moment is not None:
            changed[str(row.get("id"))] = moment
    for row in examination.rows("tasknote"):
        written, task = _moment(row.get("date")), changed.get(str(row.get("taskid")))
        if written is None or task is None or abs(task - written) > timedelta(hours=15):
            continue
        steps = round((task - written) / _STEP)
        if abs(task - written - steps * _STEP) <= _SAME_EVENT:
            yield steps * _STEP


CHECKS: tuple[Check, ...] = (utc, zone, local)
