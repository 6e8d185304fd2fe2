"""Reading values as filters and bodies send them: a value of the wrong kind is a ValueError."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

from intervals_async.testing._fake.wire import Json, Value


def parse_integer(text: str) -> int:
    """Read an id or a number as a filter sends it."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError(text)
    return int(text)


def parse_integers(text: str) -> frozenset[int]:
    """Read a comma-separated list of ids."""
    return frozenset(parse_integer(part.strip()) for part in text.split(","))


def parse_boolean(text: str) -> bool:
    """Read ``t`` or ``f``."""
    if text not in ("t", "f"):
        raise ValueError(text)
    return text == "t"


def parse_date(text: str) -> date:
    """Read a date of the form YYYY-MM-DD, and no other."""
    found = date.fromisoformat(text)
    if found.isoformat() != text:
        raise ValueError(text)
    return found


def parse_datetime(text: str) -> datetime:
    """Read a moment of the form YYYY-MM-DD HH:MM:SS, with a fraction at most."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is not None or text[10:11] != " ":
        raise ValueError(text)
    return found


def parse_instant(text: str, *, with_time: bool) -> str:
    """Read a date or, with ``moments``, a moment too; give it as a text that sorts by time."""
    if with_time and len(text) > len("YYYY-MM-DD"):
        return parse_datetime(text).isoformat(" ", "seconds")
    return parse_date(text).isoformat()


def body_integer(value: Json) -> int:
    """Take an id or a whole number from a body, as JSON number or text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(value)
    return parse_integer(str(value))


def body_ids(value: Json) -> str:
    """Take one id or a comma-separated list of them from a body, and give back the list as text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(value)
    return ",".join(str(parse_integer(part.strip())) for part in str(value).split(","))


def body_id_or_none(value: Json) -> int | None:
    """Take an id from a body, and 0 for none."""
    return body_integer(value) or None


def body_decimal(value: Json) -> float:
    """Take a decimal from a body, as JSON number or text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(value)
    found = float(value)
    if not math.isfinite(found):
        raise ValueError(value)
    return found


def body_decimal_with_places(places: int) -> Callable[[Json], Value]:
    """Make a parser for decimals in a body that have at most ``places`` places."""

    def parse(value: Json) -> Value:
        found = body_decimal(value)
        if round(found, places) != found:
            raise ValueError(value)
        return found

    return parse


def body_choice(choices: Sequence[str]) -> Callable[[Json], Value]:
    """Make a parser for a text in a body that is one of these."""

    def parse(value: Json) -> Value:
        if value not in choices:
            raise ValueError(value)
        return str(value)

    return parse


def body_text(longest: int | None) -> Callable[[Json], Value]:
    """Make a parser for text in a body of at most ``longest`` characters (None: of any length)."""

    def parse(value: Json) -> Value:
        if not isinstance(value, str) or (longest is not None and len(value) > longest):
            raise ValueError(value)
        return value

    return parse


def body_boolean(value: Json) -> bool:
    """Take ``t`` or ``f`` from a body; JSON's true and false are refused."""
    return parse_boolean(str(value))


def body_date(value: Json) -> date:
    """Take a date of the form YYYY-MM-DD from a body."""
    return parse_date(str(value))


def body_datetime(value: Json) -> datetime:
    """Take a moment of the form YYYY-MM-DD HH:MM:SS from a body."""
    return parse_datetime(str(value))


def body_utc_datetime(value: Json) -> datetime:
    """Take a moment in UTC of the same form from a body."""
    return parse_datetime(str(value)).replace(tzinfo=UTC)
