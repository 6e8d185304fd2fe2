"""Filters and fields are checked and encoded before a request is sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NotRequired, Required, TypedDict

import pytest

from intervals_async import ArgumentError
from intervals_async._schema.encoding import identifier
from intervals_async._schema.parameters import (
    AsIs,
    AtMost,
    Ids,
    Number,
    Parameter,
    Places,
    encode_body,
    encode_query,
    parameters,
)
from intervals_async._schema.values import LocalDatetime, UtcDatetime

EAST = timezone(timedelta(hours=2))
WEST = timezone(timedelta(hours=-2))


class Direction(str, Enum):  # noqa: UP042  StrEnum's members are their values anyway
    """A member that is also text."""

    UP = "ASC"


class Place(int, Enum):
    """A member that is also a number."""

    THIRD = 3


class Sample(TypedDict, total=False):
    """One parameter of each kind."""

    number: Required[int]
    ids: Ids
    text: str
    flag: bool
    day: date
    amount: Decimal | None
    order: Literal["ASC", "DESC"]
    sort: Literal["id"] | AsIs
    name: Annotated[str, AtMost(5)]
    hours: Annotated[Number, Places(2)]
    utc: UtcDatetime
    local: LocalDatetime | None


class Strict(TypedDict):
    """One required parameter and one optional one."""

    must: Annotated[int, "doc"]
    may: NotRequired[str]


KNOWN = parameters(Sample)


def test_parameters_are_read_from_annotations() -> None:
    """The annotations define kind, multiple values, required, None and choices."""
    assert list(KNOWN.values()) == [
        Parameter("number", "integer", required=True),
        Parameter("ids", "integer", multiple=True),
        Parameter("text", "text"),
        Parameter("flag", "boolean"),
        Parameter("day", "date"),
        Parameter("amount", "decimal", nullable=True),
        Parameter("order", "choice", choices=("ASC", "DESC")),
        Parameter("sort", "choice", choices=("id",), open=True),
        Parameter("name", "text", longest=5),
        Parameter("hours", "decimal", places=2),
        Parameter("utc", "utc"),
        Parameter("local", "local", nullable=True),
    ]
    assert [p.required for p in parameters(Strict).values()] == [True, False]


def test_an_unsupported_type_is_refused() -> None:
    """A parameter of an unsupported type is found when the parameters are first read."""
    untyped = TypedDict("untyped", {"x": None})  # noqa: UP013  a class would not do for None alone
    with pytest.raises(TypeError, match="expected one supported type"):
        parameters(untyped)


@pytest.mark.parametrize(
    ("given", "query"),
    [
        ({"ids": 3}, "3"),
        ({"ids": [3, 5]}, "3,5"),
        ({"ids": (n for n in (3, -1))}, "3,-1"),
        ({"ids": {3}}, "3"),
        ({"text": "a, b & c"}, "a, b & c"),
        ({"text": ""}, ""),
        ({"flag": True}, "t"),
        ({"flag": False}, "f"),
        ({"day": date(2024, 1, 2)}, "2024-01-02"),
        ({"amount": Decimal("1E+2")}, "100"),
        ({"amount": 5}, "5"),
        ({"order": "ASC"}, "ASC"),
        ({"sort": "id"}, "id"),
        ({"sort": AsIs("label_order")}, "label_order"),
        ({"name": "äöüß€"}, "äöüß€"),
        ({"hours": Decimal("1.25")}, "1.25"),
        ({"hours": Decimal("1.500")}, "1.500"),
        ({"order": Direction.UP}, "ASC"),
        ({"ids": [Place.THIRD]}, "3"),
        ({"hours": 100}, "100"),
        ({"utc": datetime(2024, 1, 2, 3, 4, 5, 999, UTC)}, "2024-01-02 03:04:05"),
        ({"utc": datetime(2024, 1, 2, 3, tzinfo=EAST)}, "2024-01-02 01:00:00"),
        ({"local": datetime(2024, 1, 2, 3, 4)}, "2024-01-02 03:04:00"),  # noqa: DTZ001  as meant
    ],
)
def test_values_are_encoded_for_a_query(given: dict[str, Any], query: str) -> None:
    """Several ids become a comma list, booleans t and f, dates ISO 8601."""
    assert encode_query("x.list()", KNOWN, {"number": 1, **given})[1:] == (
        (next(iter(given)), query),
    )


def test_values_are_encoded_for_a_body() -> None:
    """In a body ids stay numbers, decimals become text, and None becomes null."""
    given = {"number": 1, "flag": True, "amount": None, "text": "ä"}
    assert encode_body("x.create()", KNOWN, given) == {
        "number": 1,
        "flag": "t",
        "amount": None,
        "text": "ä",
    }
    assert encode_body("x", KNOWN, {"number": 1, "amount": Decimal("0.10")})["amount"] == "0.10"


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (
            {"nubmer": 1},
            "x.list(): unknown filter 'nubmer'; did you mean 'number'? Expected one of: number, ",
        ),
        ({"zzz": 1}, "x.list(): unknown filter 'zzz'. Expected one of: number, "),
        ({"page": 2}, "use limit and offset for a slice"),
        ({}, "x.list(): missing required filter 'number'"),
        ({"number": "1"}, "x.list(): number: expected an integer, got str"),
        ({"number": True}, "number: expected an integer, got bool"),
        ({"number": None}, "number: expected an integer, got NoneType"),
        ({"number": [1]}, "number: expected an integer, got list"),
        ({"number": 1, "ids": "3,5"}, "ids: expected one id or several, such as [3, 5], got str"),
        ({"number": 1, "ids": []}, "ids: expected at least one id, got none"),
        ({"number": 1, "ids": [3, "5"]}, "ids: expected an integer, got str"),
        ({"number": 1, "ids": 1.5}, "ids: expected one id or several"),
        ({"number": 1, "text": 5}, "text: expected text, got int"),
        ({"number": 1, "text": "\ud800"}, "got a lone surrogate"),
        ({"number": 1, "flag": "t"}, "flag: expected True or False, got str"),
        ({"number": 1, "day": "2024-01-01"}, "day: expected a date (YYYY-MM-DD), got str"),
        ({"number": 1, "day": datetime(2024, 1, 1)}, "got datetime"),  # noqa: DTZ001  refused anyway
        ({"number": 1, "amount": 0.1}, "amount: expected a Decimal or an integer, got float"),
        ({"number": 1, "amount": Decimal("NaN")}, "amount: expected a finite number, got NaN"),
        ({"number": 1, "order": "UP"}, "order: expected one of ASC, DESC, got str"),
        ({"number": 1, "order": AsIs("UP")}, "order: expected one of ASC, DESC, got AsIs"),
        ({"number": 1, "sort": "colour"}, "sort: expected one of id, got str"),
        ({"number": 1, "name": "abcdef"}, "name: expected at most 5 characters, got 6"),
        ({"number": 1, "hours": Decimal("0.333")}, "at most 2 decimal places, got 3"),
        ({"number": 1, "hours": Decimal("0." + "1" * 31)}, "got 31"),
        ({"number": 2**63}, "number: expected an integer of at most 64 bits"),
        ({"number": 1, "utc": datetime.max.replace(tzinfo=WEST)}, "between the years 1 and 9999"),
        (
            {"number": 1, "utc": datetime(2024, 1, 1)},  # noqa: DTZ001  refused
            "with a time zone, got one without a time zone",
        ),
        (
            {"number": 1, "utc": date(2024, 1, 1)},
            "utc: expected a datetime with a time zone, got date",
        ),
        (
            {"number": 1, "local": datetime(2024, 1, 1, tzinfo=UTC)},
            "without a time zone, got one with a time zone",
        ),
    ],
)
def test_a_wrong_argument_is_refused(given: dict[str, Any], complaint: str) -> None:
    """The error names the argument, what it expects, and what it got."""
    with pytest.raises(ArgumentError) as caught:
        encode_query("x.list()", KNOWN, given)
    assert complaint in str(caught.value)


def test_values_stay_out_of_messages() -> None:
    """An error does not show a refused value, which may be a secret."""
    with pytest.raises(ArgumentError) as caught:
        encode_body("person.update()", KNOWN, {"number": 1, "flag": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_unchecked_values_are_sent() -> None:
    """Without checks, only values that cannot be encoded are refused."""
    given = {
        "name": "x" * 300,
        "order": "SIDEWAYS",
        "unheard_of": [1, None, "a"],
        "flag": True,
        "day": date(2024, 1, 2),
        "utc": datetime(2024, 1, 2, tzinfo=UTC),
        "hours": Decimal("0.333"),
        "amount": None,
    }
    assert encode_body("x.create()", KNOWN, given, checked=False) == {
        "name": "x" * 300,
        "order": "SIDEWAYS",
        "unheard_of": "1,,a",
        "flag": "t",
        "day": "2024-01-02",
        "utc": "2024-01-02 00:00:00",
        "hours": "0.333",
        "amount": None,
    }
    assert encode_query("x.list()", KNOWN, {"amount": None}, checked=False) == (("amount", ""),)
    for wrong in (0.5, b"x", {"a": 1}, object()):
        with pytest.raises(ArgumentError, match="name: expected text, a number, a date"):
            encode_body("x.create()", KNOWN, {"name": wrong}, checked=False)


def test_a_resource_without_filters_says_so() -> None:
    """The error about a filter of a resource without filters suggests none."""
    with pytest.raises(ArgumentError, match="expected no filters, got 'a'"):
        encode_query("me.list()", {}, {"a": 1})


@pytest.mark.parametrize(
    ("name", "words", "value"),
    [
        ("number", "5", 5),
        ("ids", "3, 5", [3, 5]),
        ("text", "a,b", "a,b"),
        ("flag", "t", True),
        ("flag", "False", False),
        ("day", "2024-01-02", date(2024, 1, 2)),
        ("amount", "1.50", Decimal("1.50")),
        ("order", "ASC", "ASC"),
        ("utc", "2024-01-02 03:04", datetime(2024, 1, 2, 3, 4, tzinfo=UTC)),
        ("utc", "2024-01-02T03:04+02:00", datetime(2024, 1, 2, 3, 4, tzinfo=EAST)),
        ("local", "2024-01-02", datetime(2024, 1, 2)),  # noqa: DTZ001  as meant
    ],
)
def test_typed_values_are_parsed(name: str, words: str, value: object) -> None:
    """A value typed on the command line is parsed by the kind of its parameter."""
    assert KNOWN[name].parse(words) == value


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("number", "x"),
        ("ids", "3,"),
        ("flag", "perhaps"),
        ("day", "1.1.2024"),
        ("amount", "x"),
        ("utc", "x"),
    ],
)
def test_invalid_typed_values_are_refused(name: str, words: str) -> None:
    """The error repeats what was typed and says what is expected."""
    with pytest.raises(ArgumentError, match=rf"{name}: expected .*, got '"):
        KNOWN[name].parse(words)


@pytest.mark.parametrize("wrong", [0, -1, True, "9", 9.0, None])
def test_an_id_is_an_integer_above_zero(wrong: object) -> None:
    """A wrong id is refused, because it would request a wrong address."""
    with pytest.raises(ArgumentError, match="expected an id, an integer above 0, got"):
        identifier("x.get()", wrong)


def test_multiple_values_may_be_any_iterable() -> None:
    """A view of a dict's keys is accepted like a list of ids."""
    ids: Iterable[int] = {3: "a", 5: "b"}.keys()
    assert encode_query("x", KNOWN, {"number": 1, "ids": ids})[1] == ("ids", "3,5")
