"""Parsers for the values of filters (``parse_…``) and body fields (``body_…``).

Each raises ValueError for an invalid value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

from intervals_async.testing._fake.wire import Json, Value

_BOOLEANS = {"t": True, "true": True, "1": True, "f": False, "false": False, "0": False}


def parse_integer(text: str) -> int:
    """Parse an id or an integer in a filter."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError(text)
    return int(text)


def parse_integers(text: str) -> frozenset[int]:
    """Parse a comma-separated list of ids in a filter."""
    return frozenset(parse_integer(part.strip()) for part in text.split(","))


def parse_boolean(text: str) -> bool:
    """Parse ``t`` or ``f``, or the ``true``, ``false``, ``1`` or ``0`` of public clients."""
    if text not in _BOOLEANS:
        raise ValueError(text)
    return _BOOLEANS[text]


def parse_date(text: str) -> date:
    """Parse a date in the form YYYY-MM-DD."""
    found = date.fromisoformat(text)
    if found.isoformat() != text:
        raise ValueError(text)
    return found


def parse_datetime(text: str) -> datetime:
    """Parse a datetime in the form YYYY-MM-DD HH:MM:SS, with an optional fraction."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is not None or text[10:11] != " ":
        raise ValueError(text)
    return found


def parse_instant(text: str, *, with_time: bool) -> str:
    """Parse a date, or with ``with_time`` also a datetime, as text that sorts by time."""
    if with_time and len(text) > len("YYYY-MM-DD"):
        return parse_datetime(text).isoformat(" ", "seconds")
    return parse_date(text).isoformat()


def body_integer(value: Json) -> int:
    """Parse an id or an integer in a body, given as a JSON number or text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(value)
    return parse_integer(str(value))


def body_ids(value: Json) -> str:
    """Parse one id or a comma-separated list of ids in a body, and return the list as text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(value)
    return ",".join(str(parse_integer(part.strip())) for part in str(value).split(","))


def body_id_or_none(value: Json) -> int | None:
    """Parse an id in a body. The value 0 means None."""
    return body_integer(value) or None


def body_decimal(value: Json) -> float:
    """Parse a finite decimal in a body, given as a JSON number or text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(value)
    found = float(value)
    if not math.isfinite(found):
        raise ValueError(value)
    return found


def body_decimal_with_places(places: int) -> Callable[[Json], Value]:
    """Return a parser for body fields with at most ``places`` decimal places."""

    def parse(value: Json) -> Value:
        found = body_decimal(value)
        if round(found, places) != found:
            raise ValueError(value)
        return found

    return parse


def body_choice(choices: Sequence[str]) -> Callable[[Json], Value]:
    """Return a parser for body fields that accepts only these choices."""

    def parse(value: Json) -> Value:
        if value not in choices:
            raise ValueError(value)
        return str(value)

    return parse


def body_text(longest: int | None) -> Callable[[Json], Value]:
    """Return a parser for text of at most ``longest`` characters, or of any length with None."""

    def parse(value: Json) -> Value:
        if not isinstance(value, str) or (longest is not None and len(value) > longest):
            raise ValueError(value)
        return value

    return parse


def body_boolean(value: Json) -> bool:
    """Parse a boolean in a body, as in a filter or as JSON's true and false."""
    return value if isinstance(value, bool) else parse_boolean(str(value))


def body_date(value: Json) -> date:
    """Parse a date in the form YYYY-MM-DD in a body."""
    return parse_date(str(value))


def body_datetime(value: Json) -> datetime:
    """Parse a datetime in the form YYYY-MM-DD HH:MM:SS in a body."""
    return parse_datetime(str(value))


def body_utc_datetime(value: Json) -> datetime:
    """Parse a datetime in UTC in the form YYYY-MM-DD HH:MM:SS in a body."""
    return parse_datetime(str(value)).replace(tzinfo=UTC)
