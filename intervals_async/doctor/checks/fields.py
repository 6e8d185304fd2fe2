"""Checks of the fields of records: absent, null, unreadable and unknown ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from ... import Column
from ...resources import names
from ..budget import NotTestedError
from ..examination import Examination
from ..formats import EMPTY, NULL, PLACEHOLDERS, is_readable
from ..playback import merged
from ..report import FieldShape, Status
from ..samples import MEMBER, Sample, columns_by_name, shapes_of, unnamed_fields
from ._base import Check, Outcome, check, counted

__all__ = ["CHECKS", "MEMBERS", "MORE_MEMBERS"]

# Resources whose single records are known to have another shape than the rows of lists.
_TWO_SHAPES = ("task", "project", "document")
# The other ones that are read with what is left of the requests.
_OTHERS = ("time", "projectnote")

# Fields that are sent if a filter asks for them, or to older clients.
_ON_REQUEST = (
    ("me", "restricttasks"),
    ("quota", "business_day"),
    ("quota", "next_reset"),
    ("task", "starttime"),
    ("task", "timerid"),
)


@attrs.frozen
class Flaw:
    """What is wrong with a field, and the quirks that reproduce it."""

    words: str
    quirks: Mapping[str, Any]


def _flaw(shape: FieldShape, column: Column | None) -> Flaw | None:
    """Return what is wrong with the shape of a field; None if nothing is."""
    resource, field = shape.resource, shape.field
    if column is None:
        value = PLACEHOLDERS[max(shape.formats, key=lambda each: shape.formats[each])]
        return Flaw(f"{field} is unknown", {"unknown_fields": {resource: {field: value}}})
    if shape.absent and not column.nullable:
        where = "" if shape.absent == shape.rows else f" in {shape.absent} of {shape.rows} rows"
        return Flaw(f"{field} is absent{where}", {})
    unreadable = [
        each
        for each in shape.formats
        if not is_readable(
            each,
            column.kind,
            nullable=column.nullable,
            us_dates=(resource, field) == ("time", "date"),
        )
    ]
    if not unreadable:
        return None
    rows = sum(shape.formats[each] for each in unreadable)
    where = "" if rows == shape.rows else f" in {rows} of {shape.rows} rows"
    value = PLACEHOLDERS[unreadable[0]]
    verb = "is" if {*unreadable} <= {NULL, EMPTY} else "is unreadable:"
    return Flaw(
        f"{field} {verb} {', '.join(unreadable)}{where}",
        {"field_values": {resource: {field: value}}},
    )


def _outcome(examination: Examination, sample: Sample) -> Outcome:
    known = columns_by_name(sample.resource)
    shapes = [each for each in shapes_of(sample, examination.seen) if "[]" not in each.field]
    flaws = [flaw for each in shapes if (flaw := _flaw(each, known.get(each.field))) is not None]
    absent = [each.field for each in shapes if each.absent == each.rows]
    if not known.keys() - {"id"}:
        sent = [each.field for each in shapes if not each.known]
        return Outcome(
            found=f"sent: {', '.join(sent) or 'none that may be named'}",
            subject=sample.resource,
            documented="its fields are not documented",
        )
    words = "; ".join(each.words for each in flaws)
    unnamed = unnamed_fields(sample, examination.seen)
    if unnamed:
        words += f"; {counted(unnamed, 'unknown field')} whose names are left out"
    if not words:
        there = len(known) - len(absent)
        words = f"{there} of {counted(len(known), 'field')} in {counted(len(sample.rows), 'row')}"
    if absent and not flaws:
        words += f"; never sent: {', '.join(absent)}"
    return Outcome(
        found=words.removeprefix("; "),
        status=Status.DIFFERS if flaws or unnamed else Status.AS_DOCUMENTED,
        subject=sample.resource,
        quirks=merged([*(each.quirks for each in flaws), _missing(examination, sample)]),
    )


def _missing(examination: Examination, sample: Sample) -> Mapping[str, Any]:
    """Return the quirk for fields that neither a list nor a single record has.

    An optional field counts only if both were read, because many fields are in one of them only.
    """
    samples = [examination.lists[sample.resource]]
    if sample.resource in examination.members:
        samples.append(examination.members[sample.resource])
    samples = [each for each in samples if each.problem is None]
    both = len(samples) == 2 or sample.form == MEMBER
    absent = [
        name
        for name, column in columns_by_name(sample.resource).items()
        if (both or not column.nullable)
        and (sample.resource, name) not in _ON_REQUEST
        and not any(name in row for each in samples for row in each.rows)
    ]
    return {"missing_fields": {sample.resource: absent}} if absent else {}


@check("fields.list", "lists", "all fields are known, and can be read")
async def lists(examination: Examination) -> Iterable[Outcome]:
    """Examine the fields of each sample."""
    return [_field_outcome(examination, examination.lists[name]) for name in names()]


@check("fields.member", "single records", "all fields are known, and can be read")
async def members(examination: Examination) -> Iterable[Outcome]:
    """Examine the fields of each single record."""
    return [_field_outcome(examination, each) for each in examination.members.values()]


def _field_outcome(examination: Examination, sample: Sample) -> Outcome:
    if sample.problem is not None:
        return Outcome(found=sample.problem, status=Status.NOT_TESTED, subject=sample.resource)
    return _outcome(examination, sample)


@check("fields.two_shapes", "single records", "fields differ from those of lists in some resources")
async def two_shapes(examination: Examination) -> Iterable[Outcome]:
    """Compare single records with the rows of lists."""
    outcomes: list[Outcome] = []
    for name, member in examination.members.items():
        row = next(iter(member.rows), None)
        if row is None:
            continue
        listed = {field for each in examination.lists[name].rows for field in each}
        common = listed & {*row}
        outcomes.append(
            Outcome(
                found=f"{counted(len(common), 'common field')}, "
                f"{len(listed - common)} in lists only, {len({*row} - common)} in it only",
                subject=name,
            )
        )
    if not outcomes:
        raise NotTestedError("no single record could be read")
    return outcomes


def _member_check(name: str) -> Check:
    async def run(examination: Examination) -> Outcome:
        sample = await examination.member(name)
        if not sample.is_success:
            if sample.status == 403:
                raise NotTestedError(sample.problem or "")
            return Outcome.of(f"HTTP {sample.status}", differs=True)
        return Outcome.of(
            f"{sample.container} with {counted(len(sample.rows), 'record')}",
            differs=sample.container != "object",
        )

    return Check("fields.member_form", name, "a single record is one object", run)


MEMBERS: tuple[Check, ...] = tuple(map(_member_check, _TWO_SHAPES))
MORE_MEMBERS: tuple[Check, ...] = tuple(_member_check(name) for name in _OTHERS)
CHECKS: tuple[Check, ...] = (lists, members, two_shapes)
