"""Pure: which fields of exported records could not be read, or were rounded, and in which records."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Self, TypeVar

import attrs

from .. import ColumnKind, Record, columns_of

__all__ = [
    "FieldCount",
    "RoundedField",
    "UnreadableField",
    "add_rounded",
    "add_unreadable",
    "replace_counted",
    "summarize",
]

# How many ids are named.
NAMED_IDS = 5

# One id, or the first and the last of a range; and several of these.
RANGE = re.compile(r"(-?\d{1,19})(?:-(-?\d{1,19}))?", re.ASCII)
RANGES = re.compile(rf"(?:{RANGE.pattern}(?:,(?!$)|$))*", re.ASCII)

# Kinds of columns that may hold records, whose fields may be unreadable, too.
NESTED = {ColumnKind.OBJECTS, ColumnKind.TEXT_OR_OBJECTS}


def _check_ranges(field: UnreadableField, _: object, ranges: str) -> None:
    """Raise ValueError unless ranges are in ascending order."""
    if not RANGES.fullmatch(ranges):
        raise ValueError(f"ranges: expected ids such as 17-19,23, got {ranges!r}")
    FieldCount.of(field)


def _check_bounds(_: object, attribute: object, bounds: Sequence[int]) -> None:
    """Raise ValueError unless ranges are in ascending order."""
    firsts, lasts = bounds[::2], bounds[1::2]
    ordered = all(first <= last for first, last in zip(firsts, lasts, strict=True))
    if not ordered or not all(last < first for last, first in zip(lasts, firsts[1:], strict=False)):
        raise ValueError(f"bounds: expected ids in ascending order, got {bounds[:9]}")


@attrs.frozen(kw_only=True)
class UnreadableField:
    """A field that could not be read in some of the exported records. It is null in the file.

    Attributes:
        records: The number of these records in the file.
        ids: The lowest of their ids, at most five; none if the records have no id.
        ranges: All of their ids, such as ``17-19,23``.

    .. versionadded:: 0.2.0
    """

    records: int
    ids: Sequence[int] = attrs.field(default=(), converter=tuple[int, ...])
    ranges: str = attrs.field(default="", validator=_check_ranges)


@attrs.frozen(kw_only=True)
class RoundedField(UnreadableField):
    """A field whose value was rounded in some of the exported records.

    The numbers of the format hold fewer digits than were sent. The attributes are those of
    `UnreadableField`.

    .. versionadded:: 0.2.0
    """


F = TypeVar("F", bound=UnreadableField)


@attrs.define(kw_only=True)
class FieldCount:
    """Counts the records in which a field could not be read, or was rounded.

    Attributes:
        records: The number of records.
        bounds: Their ids as ranges: the first and the last of each range, in ascending order.
    """

    records: int = 0
    bounds: list[int] = attrs.field(factory=list[int], validator=_check_bounds)

    @classmethod
    def of(cls, field: UnreadableField) -> Self:
        """Read a summary."""
        bounds: list[int] = []
        for first, last in RANGE.findall(field.ranges):
            bounds += int(first), int(last or first)
        return cls(records=field.records, bounds=bounds)

    def add(self, id: int | None) -> None:
        """Count a record."""
        self.records += 1
        if id is None:
            return
        bounds = self.bounds
        if bounds and id == bounds[-1] + 1:  # usually the ids rise
            bounds[-1] = id
            return
        after = bisect_left(bounds, id)
        if after % 2 or (after < len(bounds) and bounds[after] == id):
            return  # it is within a range
        joins_left = after > 0 and bounds[after - 1] == id - 1
        joins_right = after < len(bounds) and bounds[after] == id + 1
        match joins_left, joins_right:
            case True, True:
                del bounds[after - 1 : after + 1]
            case True, False:
                bounds[after - 1] = id
            case False, True:
                bounds[after] = id
            case _:
                bounds[after:after] = [id, id]

    def holds(self, id: int) -> bool:
        """Whether an id is within a range."""
        after = bisect_left(self.bounds, id)
        return after % 2 == 1 or (after < len(self.bounds) and self.bounds[after] == id)

    def discard(self, id: int) -> None:
        """Take back a record, if it was counted."""
        if not self.holds(id):
            return
        self.records -= 1
        bounds = self.bounds
        first = bisect_left(bounds, id) // 2 * 2
        parts = (bounds[first], id - 1), (id + 1, bounds[first + 1])
        bounds[first : first + 2] = [
            bound for part in parts if part[0] <= part[1] for bound in part
        ]

    def ids(self) -> Iterator[int]:
        """Yield the ids in ascending order."""
        for first, last in self._ranges():
            yield from range(first, last + 1)

    def summary(self, kind: type[F]) -> F:
        """Summarize it as an object of a class."""
        named = [id for id, _ in zip(self.ids(), range(NAMED_IDS), strict=False)]
        ranges = [
            str(first) if first == last else f"{first}-{last}" for first, last in self._ranges()
        ]
        return kind(records=self.records, ids=named, ranges=",".join(ranges))

    def _ranges(self) -> Iterator[tuple[int, int]]:
        return zip(self.bounds[::2], self.bounds[1::2], strict=True)


def add_unreadable(counts: dict[str, FieldCount], records: Iterable[Record]) -> None:
    """Count the unreadable fields of records, by name; those of objects as ``assignee.personid``."""
    record_class: type[Record] | None = None
    nested: Sequence[str] = ()
    for record in records:
        if type(record) is not record_class:
            record_class = type(record)
            nested = _nested_fields(record_class)
        if record.unreadable or (nested and _holds_records(record, nested)):
            id = getattr(record, "id", None)
            # Once for each record, also if several of its objects lack the field.
            for field in {*_fields_of(record)}:
                if field not in counts:
                    counts[field] = FieldCount()
                counts[field].add(id)


def add_rounded(counts: dict[str, FieldCount], field: str, records: Iterable[Record]) -> None:
    """Count the records in which the value of a field was rounded."""
    count = counts.setdefault(field, FieldCount())
    for record in records:
        count.add(getattr(record, "id", None))


def replace_counted(
    before: Mapping[str, UnreadableField], ids: Iterable[int], new: Mapping[str, FieldCount]
) -> dict[str, FieldCount]:
    """Return the counts after some records were replaced.

    Args:
        before: The fields that were unreadable before.
        ids: The ids of the replaced records, and of those that were added.
        new: The counts of these records now.
    """
    replaced = {*ids}
    counts: dict[str, FieldCount] = {}
    for field in {**before, **new}:
        count = FieldCount.of(before[field]) if field in before else FieldCount()
        for id in replaced:
            count.discard(id)
            if field in new and new[field].holds(id):
                count.add(id)
        if count.records > 0:
            counts[field] = count
    return counts


def summarize(counts: Mapping[str, FieldCount], kind: type[F]) -> dict[str, F]:
    """Summarize the counts of all fields, in alphabetical order."""
    return {field: counts[field].summary(kind) for field in sorted(counts)}


def _holds_records(record: Record, nested: Sequence[str]) -> bool:
    """Whether there are objects in a record, all of whose fields could be read."""
    return any(type(getattr(record, field)) is tuple for field in nested)


def _fields_of(record: Record, prefix: str = "") -> Iterator[str]:
    for field in record.unreadable:
        yield f"{prefix}{field}"
    for field in _nested_fields(type(record)):
        values = getattr(record, field, None)
        if isinstance(values, tuple):
            for each in values:
                yield from _fields_of(each, f"{prefix}{field}.")


def _nested_fields(record_class: Any) -> Sequence[str]:
    return _cached_nested_fields(record_class)


@cache
def _cached_nested_fields(record_class: Any) -> Sequence[str]:
    columns = columns_of(record_class)
    return [each.name for each in columns if each.kind in NESTED and each.name != "extra"]
