"""The formats of values are exhaustive, and agree with what the client can read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intervals_async import ABSENT, Column, ColumnKind, IntervalsClient, columns_of
from intervals_async.doctor.formats import PLACEHOLDERS, format_of, is_readable
from intervals_async.resources import names, resource_class
from intervals_async.testing import FakeIntervals, faults

FORMATS = [*PLACEHOLDERS]


@pytest.mark.parametrize("format", FORMATS)
def test_a_placeholder_has_its_format(format: str) -> None:
    """The invented value of each format has that format."""
    assert format_of(PLACEHOLDERS[format]) == format


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values | st.from_regex(r"[0-9TZ:/.+ -]{0,30}", fullmatch=True))
def test_every_value_has_a_known_format(value: Any) -> None:
    """Every JSON value has one of the known formats, which holds nothing of the value."""
    assert format_of(value) in PLACEHOLDERS


def _fields() -> dict[tuple[ColumnKind, bool], tuple[str, Column]]:
    found: dict[tuple[ColumnKind, bool], tuple[str, Column]] = {}
    for name in names():
        cls = resource_class(name)
        if not cls.paginated or name == "time":  # the date of which has another form, too
            continue
        for column in columns_of(vars(cls)["record"]):
            if column.name not in ("id", "extra"):
                found.setdefault((column.kind, column.nullable), (name, column))
    return found


FIELDS = _fields()


@pytest.mark.parametrize("kind", FIELDS, ids=lambda each: f"{each[0].name}-{each[1]}")
async def test_what_the_client_reads_is_called_readable(
    fake: FakeIntervals, intervals: IntervalsClient, kind: tuple[ColumnKind, bool]
) -> None:
    """A format is called readable for a kind of field if the client reads such a value."""
    name, column = FIELDS[kind]
    rows = [{"id": str(at), column.name: PLACEHOLDERS[each]} for at, each in enumerate(FORMATS)]
    body = json.dumps({"code": 200, "listcount": len(rows), name: rows}).encode()
    fake.inject(faults.Raw(body), times=None)
    client = intervals.with_options(checked=False)  # some lists require a filter
    records = await client.resource(name).list().collect()
    for format, record in zip(FORMATS, records, strict=True):
        was_read = record.unreadable.get(column.name, ABSENT) is ABSENT
        stated = is_readable(format, column.kind, nullable=column.nullable)
        assert was_read == stated, (format, column)
