"""Checks of filters: the edges of date ranges, and how texts are compared."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any

from ..budget import NotTestedError
from ..examination import SAMPLE_ROWS, Examination
from ..formats import STAMPS, US_DATE, format_of
from ..samples import Sample
from ._base import Check, Outcome, check

__all__ = ["CHECKS", "MORE_CHECKS"]

_INCLUSIVE = "both ends are included"


def _day(value: object) -> date | None:
    """Return a date that a response holds in one of its two forms, and that has neighbours."""
    if not isinstance(value, str):
        return None
    if format_of(value) == US_DATE:
        value = f"{value[6:]}-{value[:2]}-{value[3:5]}"
    try:
        day = date.fromisoformat(value[:10])
    except ValueError:
        return None
    return day if date.min.year < day.year < date.max.year else None


async def _page(examination: Examination, name: str, **params: object) -> Sample:
    page = await examination.page(name, **params, limit=SAMPLE_ROWS)
    if not page.is_success:
        raise NotTestedError(page.problem or "no list came")
    return page


async def _range(examination: Examination, name: str, field: str) -> Outcome:
    """Filter by a range that begins and ends on the day of a record."""
    days = Counter(filter(None, (_day(row.get(field)) for row in examination.rows(name))))
    if not days:
        raise NotTestedError("no record has such a date")
    day = min(days, key=lambda each: (days[each], each))
    # a field may be named like one of its own filters, such as `date` and `datebegin`
    begin, end = f"{field}begin", f"{field}end"
    page = await _page(examination, name, **{begin: day, end: day})
    found = {_day(row.get(field)) for row in page.rows}
    if found - {day}:
        return Outcome.of("records of other days came", differs=True)
    if found:
        return Outcome(found=_INCLUSIVE)
    with_begin = await _page(examination, name, **{begin: day, end: day + timedelta(days=1)})
    if any(_day(row.get(field)) == day for row in with_begin.rows):
        return Outcome.of("the beginning is included, the end is not", differs=True)
    wider = await _page(
        examination, name, **{begin: day - timedelta(days=1), end: day + timedelta(days=1)}
    )
    if any(_day(row.get(field)) == day for row in wider.rows):
        return Outcome.of(
            "the beginning is not included", differs=True, quirks={"exclusive_dates": True}
        )
    return Outcome.of("the record of that day did not come", differs=True)


def _range_check(name: str, field: str, said: str) -> Check:
    async def run(examination: Examination) -> Outcome:
        return await _range(examination, name, field)

    documented = f"{_INCLUSIVE} ({said})"
    return Check(f"filters.range.{field}", name, documented, run)


_STATED = "stated"
_AFTER = "stated as after and before; public clients rely on it"

time_range: Check = _range_check("time", "date", _AFTER)
task_due: Check = _range_check("task", "datedue", _STATED)
task_created: Check = _range_check("task", "datecreated", "stated as after and before")
expense_range: Check = _range_check("expense", "date", _STATED)
milestone_due: Check = _range_check("milestone", "datedue", _STATED)
project_start: Check = _range_check("project", "datestart", _STATED)


@check("filters.moment", "tasknote", f"{_INCLUSIVE}, in UTC like the date of a record")
async def moment(examination: Examination) -> Outcome:
    """Filter by the moment of a record, as the record shows it."""
    row, stamp = _stamped(examination.rows("tasknote"))
    page = await _page(examination, "tasknote", datebegin=stamp, dateend=stamp)
    if _has(page, row):
        return Outcome(found=f"{_INCLUSIVE}, in the time zone of the records")
    second = timedelta(seconds=1)
    page = await _page(examination, "tasknote", datebegin=stamp - second, dateend=stamp + second)
    if _has(page, row):
        fraction = format_of(row.get("date")) != format_of(f"{stamp:%Y-%m-%d %H:%M:%S}")
        return Outcome.of(
            "an end is not included, or seconds have fractions",
            differs=not fraction,
            quirks={"exclusive_dates": True},
        )
    return Outcome.of("the filter has another time zone than the records", differs=True)


def _stamped(rows: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], datetime]:
    for row in rows:
        value = row.get("date")
        if isinstance(value, str) and format_of(value) in STAMPS and _day(value) is not None:
            return row, datetime.fromisoformat(value).replace(microsecond=0, tzinfo=None)
    raise NotTestedError("no record has a timestamp")


def _has(page: Sample, row: Mapping[str, Any]) -> bool:
    return any(each.get("id") == row.get("id") for each in page.rows)


def _text_check(name: str, field: str, said: str) -> Check:
    async def run(examination: Examination) -> Outcome:
        return await _text(examination, name, field)

    return Check(f"filters.text.{field}", name, f"a part of the text matches ({said})", run)


async def _text(examination: Examination, name: str, field: str) -> Outcome:
    """Filter by a word of a text, and by the complete text if nothing comes."""
    text, word = _word(examination.rows(name), field)
    page = await _page(examination, name, **{field: word})
    found = [_plain(row.get(field)) for row in page.rows]
    if any(word.casefold() not in each for each in found):
        return Outcome.of("records with other texts came", differs=True)
    if text.casefold() in found:
        return Outcome(found="a part of the text matches")
    page = await _page(examination, name, **{field: text})
    if text.casefold() in (_plain(row.get(field)) for row in page.rows):
        return Outcome.of(
            "only the complete text matches", differs=True, quirks={"exact_text": True}
        )
    return Outcome.of("neither a part nor the complete text matches", differs=True)


def _plain(value: object) -> str:
    return unescape(value).casefold() if isinstance(value, str) else ""


def _word(rows: Sequence[Mapping[str, Any]], field: str) -> tuple[str, str]:
    for row in rows:
        value = row.get(field)
        if not isinstance(value, str):
            continue
        text = unescape(value).strip()
        words = [each for each in re.findall(r"[A-Za-z0-9]{3,}", text) if each != text]
        if words:
            return text, max(words[1:] or words, key=len)
    raise NotTestedError("no record has a text of several words")


note_title: Check = _text_check("projectnote", "title", "not stated")
task_title: Check = _text_check("task", "title", _STATED)
milestone_title: Check = _text_check("milestone", "title", _STATED)

CHECKS: tuple[Check, ...] = (time_range, task_due, note_title, moment)

# These are made last, with what is left of the requests.
MORE_CHECKS: tuple[Check, ...] = (
    task_created,
    task_title,
    expense_range,
    milestone_due,
    project_start,
    milestone_title,
)
