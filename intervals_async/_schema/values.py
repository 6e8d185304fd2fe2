"""The kinds of values that the API sends, and how each becomes a Python value."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import lru_cache
from html.entities import html5
from typing import Annotated, Any, TypeAlias

import attrs

__all__ = [
    "DECIMALS",
    "DECODERS",
    "Day",
    "Decode",
    "Digits",
    "Hours",
    "Html",
    "IdList",
    "ListDay",
    "LocalDatetime",
    "Meaning",
    "Money",
    "Percent",
    "Quantity",
    "RankOrName",
    "Seconds",
    "UtcDatetime",
    "abridged",
    "expected_value",
    "html_text",
    "objects",
    "optional",
    "text",
]


class Meaning(Enum):
    """What a Python type alone does not express about a field."""

    HTML = "html"
    UTC = "UTC"
    LOCAL = "local"
    COMMAS = "commas"
    RANK_OR_NAME = "rank or name"
    LIST_DAY = "day of a list"


Day: TypeAlias = date
"""A calendar date. Unlike ``date``, this name never clashes with that of a field."""

Html: TypeAlias = Annotated[str, Meaning.HTML]
"""HTML, kept exactly as it was sent."""

UtcDatetime: TypeAlias = Annotated[datetime, Meaning.UTC]
"""A time in UTC: an aware datetime."""

LocalDatetime: TypeAlias = Annotated[datetime, Meaning.LOCAL]
"""A time in the account's own time zone, which the API does not state: a naive datetime."""

IdList: TypeAlias = Annotated[tuple[int, ...], Meaning.COMMAS]
"""Ids, sent as one text separated by commas, or as a list."""

RankOrName: TypeAlias = Annotated[int | str, Meaning.RANK_OR_NAME]
"""A number in one form of the record, text in the other."""

ListDay: TypeAlias = Annotated[date, Meaning.LIST_DAY]
"""A calendar date that some lists send as ``MM/DD/YYYY``."""


@attrs.frozen
class Digits:
    """How many digits a column of decimals holds.

    Attributes:
        precision: In total.
        scale: After the decimal point.
    """

    precision: int
    scale: int


Hours: TypeAlias = Annotated[Decimal, Digits(9, 2)]
"""A number of hours. Those of a time entry have at most two decimal places."""

Money: TypeAlias = Annotated[Decimal, Digits(18, 4)]
"""An amount of money, or a rate."""

Percent: TypeAlias = Annotated[Decimal, Digits(9, 4)]
"""A percentage."""

Quantity: TypeAlias = Annotated[Decimal, Digits(15, 4)]
"""How many of something."""

Seconds: TypeAlias = Annotated[Decimal, Digits(12, 3)]
"""A number of seconds."""

DECIMALS: tuple[Any, ...] = (Hours, Money, Percent, Quantity, Seconds)
"""The types of all fields that hold a `Decimal`."""

# The API's numbers come from a database: no id or count is longer than a 64-bit integer. The bound
# also avoids longer numbers, which orjson and the standard library read differently.
_MOST = 2**63
# A text shorter than this is within the bound, whatever its digits are.
_SURE = len(str(_MOST))

_ENTITY = re.compile(r"&(?:(#)(?:[0-9]+|[xX][0-9a-fA-F]+);|([A-Za-z][A-Za-z0-9]*;))")

# Looking up the class method for each value would take as long as the parsing.
_moment = datetime.fromisoformat

# The readers below first try the form that the API really sends, with as few tests as possible.
# They take two thirds of the decoding time.


def integer(value: object, _: object = None) -> int:
    """Read ``"17"`` or ``17``."""
    if type(value) is str and len(value) < _SURE and "_" not in value:
        return int(value)
    if type(value) is str and "_" not in value:
        number = int(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, float) and value.is_integer():
        number = int(value)
    else:
        raise ValueError(_found(value, "an integer"))
    if not -_MOST <= number < _MOST:
        raise ValueError(_found(value, "an integer of at most 64 bits"))
    return number


def boolean(value: object, _: object = None) -> bool:
    """Read ``"t"`` and ``"f"``, and also JSON booleans and 0/1."""
    if value == "t":
        return True
    if value == "f":
        return False
    if isinstance(value, bool):
        return value
    if value in ("1", 1, "true"):
        return True
    if value in ("0", 0, "false"):
        return False
    raise ValueError(_found(value, '"t" or "f"'))


def html_text(value: object, _: object = None) -> str:
    """Read text without changing it."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise ValueError(_found(value, "text"))


def text(value: object, _: object = None) -> str:
    """Read plain text, and decode its HTML entities (``&amp;``)."""
    if isinstance(value, str) and "&" not in value:
        return value
    return unescaped(html_text(value))


@lru_cache(maxsize=1024)  # names and labels repeat
def unescaped(plain: str) -> str:
    """Decode the HTML entities that end in a semicolon.

    `html.unescape` also decodes some that do not, such as ``&copy=2`` in a URL.
    """
    some = plain.replace("&#039;", "'").replace("&quot;", '"')
    some = some.replace("&lt;", "<").replace("&gt;", ">")
    if some.count("&") == some.count("&amp;"):
        return some.replace("&amp;", "&")
    return _ENTITY.sub(_decoded_entity, plain)


def _decoded_entity(entity: re.Match[str]) -> str:
    return html.unescape(entity[0]) if entity[1] == "#" else html5.get(entity[2], entity[0])


def decimal(value: object, _: object = None) -> Decimal:
    """Read a decimal exactly as it was sent."""
    number = Decimal("NaN")
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        with suppress(InvalidOperation):
            # str() of a float is its shortest exact form, so 12.1 stays 12.1
            number = Decimal(str(value))
    if not number.is_finite() or (isinstance(value, str) and "_" in value):
        raise ValueError(_found(value, "a decimal number"))
    return number


def day(value: object, _: object = None) -> date:
    """Read ``YYYY-MM-DD``, or a midnight: some resources may send one."""
    if isinstance(value, str) and len(value) == 10:
        return date.fromisoformat(value)
    if isinstance(value, str) and value[10:].lstrip(" T") in ("00:00:00", "00:00"):
        return date.fromisoformat(value[:10])
    raise ValueError(_found(value, "a date, YYYY-MM-DD"))


def list_day(value: object, _: object = None) -> date:
    """Read ``YYYY-MM-DD``, or ``MM/DD/YYYY``."""
    if isinstance(value, str) and len(value) == 10 and value[2] == value[5] == "/":
        return date.fromisoformat(f"{value[6:]}-{value[:2]}-{value[3:5]}")
    return day(value)


def utc_moment(value: object, _: object = None) -> datetime:
    """Read ``YYYY-MM-DD HH:MM:SS`` as UTC."""
    if not isinstance(value, str) or len(value) < 10:
        raise ValueError(_found(value, "a timestamp, YYYY-MM-DD HH:MM:SS"))
    if len(value) == 10:
        return local_moment(value).replace(tzinfo=UTC)
    try:
        # ten times quicker than .replace(tzinfo=UTC) afterwards
        return _moment(value + "+00:00")
    except ValueError:
        moment = local_moment(value)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(_found(value, "a timestamp between the years 1 and 9999")) from None


def local_moment(value: object, _: object = None) -> datetime:
    """Read ``YYYY-MM-DD HH:MM:SS``, with or without a fraction, without a time zone.

    A date alone is read as its midnight, because the format of some fields is unknown.
    """
    if isinstance(value, str) and len(value) >= 10:
        return _moment(value)
    raise ValueError(_found(value, "a timestamp, YYYY-MM-DD HH:MM:SS"))


def id_list(value: object, _: object = None) -> tuple[int, ...]:
    """Read ``"3,5"``, a list of ids, or one id as a number; ``""`` and null hold no ids."""
    if isinstance(value, str):
        return tuple(integer(one.strip()) for one in value.split(",")) if value else ()
    if value is None:
        return ()
    if isinstance(value, list):
        return tuple(map(integer, value))
    return (integer(value),)


def objects(value: object) -> Sequence[Mapping[str, object]]:
    """Read a list of objects, or one object alone."""
    several: list[Any] = value if isinstance(value, list) else [value]
    for one in several:
        if not isinstance(one, dict):
            raise ValueError(_found(one, "an object"))
    return several


def rank_or_name(value: object, _: object = None) -> int | str:
    """Read a number, or text that is not one."""
    if isinstance(value, str) and not (
        value.isascii() and value.isdigit() and value == str(int(value))
    ):
        return text(value)
    return integer(value)


def abridged(value: object) -> str:
    """Show a value with its type, in at most 40 characters and on one line."""
    if isinstance(value, list | dict):  # may be nested too deeply to show
        return f"a {type(value).__name__}"
    if value is None:
        return "null"
    shown = repr(value)
    if len(shown) > 40:
        shown = f"{shown[:40]}…"
    return f"{shown} ({type(value).__name__})"


def _found(value: object, expected: str) -> str:
    return f"expected {expected}, got {abridged(value)}"


# cattrs passes the wanted type to every hook. The readers accept and ignore it, which saves
# a wrapper, and so one call for each field.
Decode: TypeAlias = Callable[[object, object], Any]

DECODERS: dict[Any, Decode] = {
    int: integer,
    bool: boolean,
    str: text,
    Html: html_text,
    **dict.fromkeys(DECIMALS, decimal),
    date: day,
    UtcDatetime: utc_moment,
    LocalDatetime: local_moment,
    IdList: id_list,
    RankOrName: rank_or_name,
    ListDay: list_day,
}
"""How each type of a record's field is read from the wire."""


_EXPECTED: dict[Any, str] = {
    int: "an integer",
    bool: '"t" or "f"',
    str: "text",
    Html: "text",
    **dict.fromkeys(DECIMALS, "a decimal number"),
    date: "a date, YYYY-MM-DD",
    UtcDatetime: "a timestamp, YYYY-MM-DD HH:MM:SS",
    LocalDatetime: "a timestamp, YYYY-MM-DD HH:MM:SS",
    IdList: "ids separated by commas",
    RankOrName: "a number or text",
    ListDay: "a date, YYYY-MM-DD or MM/DD/YYYY",
}


def expected_value(kind: Any) -> str:
    """Describe the values that a field of this type takes, for an error message."""
    wanted = (words for one, words in _EXPECTED.items() if kind in (one, one | None))
    return next(wanted, "a list of objects")


def optional(decode: Decode) -> Decode:
    """Make a reader that reads null and the empty text as None."""

    def decode_optional(value: object, wanted: object = None) -> Any:
        return None if value is None or value == "" else decode(value, wanted)

    return _WRITTEN_OUT.get(decode, decode_optional)


def _optional_integer(value: object, _: object = None) -> int | None:
    if value is None or value == "":
        return None
    if type(value) is str and len(value) < _SURE and "_" not in value:
        return int(value)
    return integer(value)


def _optional_boolean(value: object, _: object = None) -> bool | None:
    if value == "t":
        return True
    if value == "f":
        return False
    return None if value is None or value == "" else boolean(value)


def _optional_html_text(value: object, _: object = None) -> str | None:
    if isinstance(value, str):
        return value or None
    return None if value is None else html_text(value)


def _optional_text(value: object, _: object = None) -> str | None:
    if isinstance(value, str) and "&" not in value:
        return value or None
    return None if value is None else text(value)


# The most frequent kinds have a reader of their own here, which saves one call for each value.
_WRITTEN_OUT: dict[Decode, Decode] = {
    integer: _optional_integer,
    boolean: _optional_boolean,
    html_text: _optional_html_text,
    text: _optional_text,
}
