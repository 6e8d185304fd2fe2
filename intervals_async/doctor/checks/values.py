"""Checks of values: numbers, missing values, timestamps, dates and texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from ... import Column, ColumnKind
from ..budget import NotTestedError
from ..examination import Examination
from ..formats import (
    EMPTY,
    ENTITIES,
    FRACTIONS,
    FROM_NUMBERS,
    FROM_TEXTS,
    MARKUP,
    MIDNIGHT,
    NULL,
    RAW_TEXT,
    STAMPS,
    T_STAMPS,
    US_DATE,
)
from ..report import FieldShape
from ..samples import columns_by_name, shapes_of
from ._base import Check, Outcome, check, counted

__all__ = ["CHECKS"]

# Fewer missing values, or fields, prove nothing.
_ENOUGH = 5


def _shapes(
    examination: Examination, fits: Callable[[Column], bool]
) -> Iterable[tuple[Column, FieldShape]]:
    for sample in (*examination.lists.values(), *examination.members.values()):
        known = columns_by_name(sample.resource)
        for shape in shapes_of(sample, examination.seen):
            column = known.get(shape.field)
            if column is not None and fits(column):
                yield column, shape


def _formats(examination: Examination, *kinds: ColumnKind) -> Counter[str]:
    found: Counter[str] = Counter()
    for _, shape in _shapes(examination, lambda column: column.kind in kinds):
        found.update(shape.formats)
    return found


def _some(formats: Counter[str], names: Iterable[str]) -> int:
    return sum(formats[name] for name in names)


@check("values.numbers", "records", "numbers are texts, sometimes JSON numbers")
async def numbers(examination: Examination) -> Outcome:
    """Examine the types of numbers in records."""
    formats = _formats(examination, ColumnKind.INTEGER, ColumnKind.DECIMAL)
    texts, numbers = _some(formats, FROM_TEXTS), _some(formats, FROM_NUMBERS)
    if not texts + numbers:
        raise NotTestedError("no record has a number")
    return Outcome.of(
        f"{texts} as text, {counted(numbers, 'JSON number')}",
        differs=not texts,
        quirks={"json_numbers": True},
    )


@check(
    "values.missing", "records", "a missing value is null in some fields, an empty text in others"
)
async def missing(examination: Examination) -> Outcome:
    """Examine how missing values are sent."""
    null: set[tuple[str, str]] = set()
    empty: set[tuple[str, str]] = set()
    absent: set[tuple[str, str]] = set()
    for _, shape in _shapes(examination, lambda column: column.nullable):
        place = (shape.resource, shape.field)
        null |= {place} if shape.formats.get(NULL) else set()
        empty |= {place} if shape.formats.get(EMPTY) else set()
        absent |= {place} if 0 < shape.absent < shape.rows else set()
    if len(null | empty | absent) < _ENOUGH:
        raise NotTestedError("too few values are missing")
    forms = {"null_for_empty": null, "empty_for_null": empty, "absent_when_missing": absent}
    found = [name for name, places in forms.items() if places]
    words = (
        f"null in {counted(len(null), 'field')}, an empty text in {len(empty)}, "
        f"absent in {len(absent)}"
    )
    only = found[0] if len(found) == 1 else None
    if {*found} == {"null_for_empty", "absent_when_missing"}:
        only = "null_for_empty"
    if {*found} == {"empty_for_null", "absent_when_missing"}:
        only = "empty_for_null"
    return Outcome.of(words, differs=only is not None, quirks={} if only is None else {only: True})


@check("values.timestamps", "records", "YYYY-MM-DD HH:MM:SS, sometimes with a fraction")
async def timestamps(examination: Examination) -> Outcome:
    """Examine the format of timestamps."""
    formats = _formats(examination, ColumnKind.UTC_DATETIME, ColumnKind.LOCAL_DATETIME)
    total = _some(formats, STAMPS)
    if not total:
        raise NotTestedError("no record has a timestamp")
    with_t, fractions = _some(formats, T_STAMPS), _some(formats, FRACTIONS)
    # a fraction of midnight would not be a midnight
    all_fractions = fractions == total and fractions >= _ENOUGH
    quirks = {"iso_timestamps": True} if with_t and with_t >= total - formats[MIDNIGHT] else {}
    if all_fractions:
        quirks["fractional_seconds"] = True
    return Outcome.of(
        f"{fractions} of {total} with a fraction, {with_t} with a T",
        differs=all_fractions or bool(with_t),
        quirks=quirks,
    )


@check("values.time_dates", "time", "the date in lists is YYYY-MM-DD")
async def time_dates(examination: Examination) -> Outcome:
    """Examine the date of time entries in a list."""
    examination.rows("time")
    for shape in shapes_of(examination.lists["time"], examination.seen):
        if shape.field == "date":
            if not shape.formats:
                raise NotTestedError("no record has a date")
            return Outcome.of(
                ", ".join(shape.formats),
                differs=US_DATE in shape.formats,
                quirks={"us_dates": True},
            )
    raise NotTestedError("no record has a date")


@check("values.task_created", "task", "rows of a list have datecreated")
async def task_created(examination: Examination) -> Outcome:
    """Look for the field that a client of 2025 does not read."""
    rows = examination.rows("task")
    there = sum("datecreated" in row for row in rows)
    return Outcome.of(
        f"{there} of {counted(len(rows), 'row')} {'has' if there == 1 else 'have'} it",
        differs=there < len(rows),
        quirks={"task_rows_2025": True},
    )


@check("values.entities", "records", "plain text is encoded with HTML entities")
async def entities(examination: Examination) -> Outcome:
    """Examine the encoding of plain texts."""
    formats = _formats(examination, ColumnKind.TEXT)
    encoded, raw = formats[ENTITIES], formats[RAW_TEXT] + formats[MARKUP]
    if not encoded + raw:
        raise NotTestedError("no text has a special character")
    return Outcome.of(
        f"{counted(encoded, 'text')} encoded, {raw} not",
        differs=bool(raw),
        # a text may be about entities
        quirks={"unencoded_text": True} if raw > 9 * encoded else {},
    )


CHECKS: tuple[Check, ...] = (
    numbers,
    missing,
    timestamps,
    time_dates,
    task_created,
    entities,
)
