"""Decoding the values of the API: exactly, or not at all."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intervals_async import InvoiceItem, Project, Record, Time, Timer, WorkType, columns_of
from intervals_async._schema import values


@pytest.mark.parametrize(
    ("read", "wire", "value"),
    [
        (values.integer, "17", 17),
        (values.integer, 17, 17),
        (values.integer, "-1", -1),
        (values.integer, 17.0, 17),
        (values.integer, "00069", 69),
        (values.boolean, "t", True),
        (values.boolean, "f", False),
        (values.boolean, True, True),
        (values.boolean, False, False),
        (values.boolean, "1", True),
        (values.boolean, 0, False),
        (values.text, "a &amp; b &quot;c&quot; &#039;", 'a & b "c" \''),
        (values.text, "plain", "plain"),
        (values.text, 5, "5"),
        (values.html_text, "<p>a &amp; b</p>", "<p>a &amp; b</p>"),
        (values.decimal, "12.10", Decimal("12.10")),
        (values.decimal, 12.1, Decimal("12.1")),
        (values.decimal, "0.30000000000000004", Decimal("0.30000000000000004")),
        (values.day, "2024-02-29", date(2024, 2, 29)),
        (values.day, "2024-02-29 00:00:00", date(2024, 2, 29)),
        (values.day, "2024-02-29T00:00", date(2024, 2, 29)),
        (values.utc_moment, "2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
        (values.local_moment, "2024-02-29", datetime(2024, 2, 29)),  # noqa: DTZ001  naive is what it is to be
        (values.list_day, "02/29/2024", date(2024, 2, 29)),
        (values.list_day, "2024-02-29", date(2024, 2, 29)),
        (values.id_list, "", ()),
        (values.id_list, ["3", 5], (3, 5)),
        (values.rank_or_name, "3", 3),
        (values.rank_or_name, "High &amp; low", "High & low"),
        (values.rank_or_name, "007", "007"),
        (values.objects, {"a": 1}, [{"a": 1}]),
        (values.id_list, None, ()),
        (values.utc_moment, "2024-02-29 23:59:58", datetime(2024, 2, 29, 23, 59, 58, tzinfo=UTC)),
        (
            values.utc_moment,
            "2024-02-29 23:59:58.25",
            datetime(2024, 2, 29, 23, 59, 58, 250_000, tzinfo=UTC),
        ),
        (values.utc_moment, "2024-02-29T23:00:00+02:00", datetime(2024, 2, 29, 21, tzinfo=UTC)),
        (values.utc_moment, "2024-02-29T23:00:00Z", datetime(2024, 2, 29, 23, tzinfo=UTC)),
        (values.local_moment, "2024-02-29 23:59:58", datetime(2024, 2, 29, 23, 59, 58)),  # noqa: DTZ001  naive is what it is to be
        (values.id_list, "3, 5", (3, 5)),
        (values.id_list, 3, (3,)),
    ],
)
def test_values_are_decoded(read: Callable[[object], Any], wire: object, value: object) -> None:
    """Each kind of value is decoded as the API sends it."""
    assert read(wire) == value
    assert type(read(wire)) is type(value)


@pytest.mark.parametrize(
    ("read", "wires"),
    [
        (values.integer, ["", "x", "1_000", "1.5", 1.5, True, None, [], "9" * 30, 2**63, 1e300]),
        (values.boolean, ["", "yes", 2, None, []]),
        (values.text, [None, True, [], {}]),
        (values.decimal, [[], {}, "", "x", "NaN", "Infinity", float("nan"), "1_0", True, None, []]),
        (values.day, ["", "20240229", "2024-02-30", "2024-02-29 00:00:01", None, 5]),
        (
            values.utc_moment,
            ["", "0001-01-01 00:00:00+05:00", "2024-02-31", "2024-02-30 00:00:00", None, 5],
        ),
        (values.local_moment, ["", "2024-02", "nonsense of length", None, 5]),
        (values.id_list, ["3,", "x"]),
        (values.objects, ["x", None, [1]]),
    ],
)
def test_invalid_values_are_refused(read: Callable[[object], Any], wires: list[object]) -> None:
    """A value that does not fit raises ValueError, and is never guessed."""
    for wire in wires:
        with pytest.raises(ValueError):
            read(wire)


@pytest.mark.parametrize("kind", values.DECODERS)
def test_null_and_empty_text_are_none(kind: object) -> None:
    """Null and empty text become None in an optional field of any kind."""
    read = values.optional(values.DECODERS[kind])
    assert read(None, kind) is None
    assert read("", kind) is None


JSON = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.text("0123456789 -+_.٣", max_size=25),
    st.sampled_from(["t", "f", "true", "1", "&amp;", "2024-02-29", "2024-02-29 23:59:58", "3,5"]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(), st.integers(), max_size=2),
)


def outcome(read: Callable[[object], Any], wire: object) -> object:
    try:
        value = read(wire)
    except ValueError as error:
        return str(error)
    return type(value), value


@pytest.mark.parametrize("kind", values.DECODERS)
@given(wire=JSON)
def test_an_optional_value_is_read_as_a_required_one(kind: object, wire: object) -> None:
    """Apart from null and empty text, optional and required fields decode alike."""
    read = values.DECODERS[kind]
    optional = values.optional(read)
    if wire is None or wire == "":
        assert optional(wire, kind) is None
    else:
        assert outcome(lambda it: optional(it, kind), wire) == outcome(
            lambda it: read(it, kind), wire
        )


@given(st.text("0123456789 -+_.e٣", max_size=25) | st.integers().map(str))
def test_an_integer_is_what_python_reads(wire: str) -> None:
    """An integer of any length is read as Python does, without underscores and within 64 bits."""
    try:
        expected = int(wire)
    except ValueError:
        expected = 2**63
    if "_" in wire or not -(2**63) <= expected < 2**63:
        with pytest.raises(ValueError):
            values.integer(wire)
    else:
        assert values.integer(wire) == expected


def test_a_long_value_is_shortened_in_the_error() -> None:
    """An error shortens a long value, so that it stays one readable line."""
    with pytest.raises(ValueError, match="…") as caught:
        values.boolean("x" * 10_000)
    assert len(str(caught.value)) < 120


@given(
    st.lists(
        st.sampled_from(
            ["&", "amp;", "&amp;", "&lt;", "&#039;", "&quot;", "&gt;", "&eacute;", "x", ";"]
        )
    ).map("".join)
)
def test_entities_are_decoded_as_by_the_standard_library(plain: str) -> None:
    """Entities that end in a semicolon decode as html.unescape does, and no others."""
    parts = re.split("(&[^&;]*;)", plain)
    expected = [html.unescape(part) if part.endswith(";") else part for part in parts]
    assert values.unescaped(plain) == "".join(expected)


@pytest.mark.parametrize(
    ("plain", "expected"),
    [
        ("a?x=1&copy=2&lt=3", "a?x=1&copy=2&lt=3"),
        ("a?x=1&amp;copy=2", "a?x=1&copy=2"),
        ("&notit; &bogus; &eacute; &#x41; &#65 &#55357;", "&notit; &bogus; é A &#65 \ufffd"),
        ("&amp;lt;", "&lt;"),
    ],
)
def test_only_complete_entities_are_decoded(plain: str, expected: str) -> None:
    """An ampersand in a URL stays as it is, and an entity is decoded once."""
    assert values.text(plain) == expected


@given(st.integers(min_value=-(2**63), max_value=2**63 - 1))
def test_every_id_survives(number: int) -> None:
    """Every 64-bit id is decoded exactly, from text and from a number."""
    assert values.integer(str(number)) == values.integer(number) == number


@given(st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  Hypothesis wants it naive
def test_every_utc_datetime_survives(moment: datetime) -> None:
    """A UTC timestamp is decoded to the microsecond."""
    assert values.utc_moment(f"{moment.replace(tzinfo=None)}") == moment


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary()))
def test_decoding_raises_only_value_errors(wire: object) -> None:
    """Whatever the API sends, a decoder returns a value or raises ValueError."""
    for read in values.DECODERS.values():
        try:
            read(wire, None)
        except ValueError:
            pass


@pytest.mark.parametrize(
    ("record_class", "field", "digits"),
    [
        (Time, "time", (9, 2)),
        (WorkType, "defaulthourlyrate", (18, 4)),
        (Project, "alert_percent", (9, 4)),
        (InvoiceItem, "quantity", (15, 4)),
        (Timer, "totaltime", (12, 3)),
    ],
)
def test_the_digits_of_each_kind_of_number(
    record_class: type[Record], field: str, digits: tuple[int, int]
) -> None:
    """Hours, money, percentages, quantities and seconds have the digits that the guide states."""
    column = next(each for each in columns_of(record_class) if each.name == field)
    assert (column.precision, column.scale) == digits
