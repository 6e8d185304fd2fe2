"""Pure: which fields of exported records could not be read, in how many records, and in which."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Self

import attrs

from .. import ColumnKind, Record, columns_of

__all__ = [
    "FieldCount",
    "UnreadableField",
    "add_unreadable",
    "replace_counted",
    "summarize",
    "unreadable_fields",
]

# How many ids are named.
NAMED_IDS = 5

# One id, or the first and the last of a range.
RANGE = re.compile(r"(-?\d+)(?:-(-?\d+))?", re.ASCII)

# Kinds of columns that may hold records, whose fields may be unreadable, too.
NESTED = {ColumnKind.OBJECTS, ColumnKind.TEXT_OR_OBJECTS}


@attrs.frozen(kw_only=True)
class UnreadableField:
    """A field that could not be read in some of the exported records. It is null in the file.

    Attributes:
        records: The number of these records in the file.
        ids: The lowest of their ids, at most five; none if the records have no id.
        ranges: All of their ids, such as ``17-19,23``.
    """

    records: int
    ids: Sequence[int] = attrs.field(default=(), converter=tuple[int, ...])
    ranges: str = ""


@attrs.define(kw_only=True)
class FieldCount:
    """Counts the records in which a field could not be read.

    Attributes:
        records: The number of records.
        bounds: Their ids as ranges: the first and the last of each range, in ascending order.
    """

    records: int = 0
    bounds: list[int] = attrs.field(factory=list[int])

    @classmethod
    def of(cls, field: UnreadableField) -> Self:
        """Read a summary."""
        count = cls(records=field.records)
        for first, last in RANGE.findall(field.ranges):
            count.bounds += int(first), int(last or first)
        return count

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

    def ids(self) -> Iterator[int]:
        """Yield the ids in ascending order."""
        for first, last in self._ranges():
            yield from range(first, last + 1)

    def summary(self) -> UnreadableField:
        """Summarize it."""
        named = [id for id, _ in zip(self.ids(), range(NAMED_IDS), strict=False)]
        ranges = [
            str(first) if first == last else f"{first}-{last}" for first, last in self._ranges()
        ]
        return UnreadableField(records=self.records, ids=named, ranges=",".join(ranges))

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
        old = FieldCount.of(before[field]).ids() if field in before else ()
        count = FieldCount()
        for id in sorted({id for id in old if id not in replaced}.union(_ids_in(new.get(field)))):
            count.add(id)
        if count.records:
            counts[field] = count
    return counts


def _ids_in(count: FieldCount | None) -> Iterable[int]:
    return () if count is None else count.ids()


def summarize(counts: Mapping[str, FieldCount]) -> dict[str, UnreadableField]:
    """Summarize the counts of all fields, in alphabetical order."""
    return {field: counts[field].summary() for field in sorted(counts)}


def unreadable_fields(plain: Mapping[str, Mapping[str, Any]]) -> dict[str, UnreadableField]:
    """Read summaries out of their plain form."""
    return {field: UnreadableField(**values) for field, values in plain.items()}


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
