"""Reading values as filters and bodies send them: a value of the wrong kind is a ValueError."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

from intervals_async.testing._fake.wire import Json, Value


def whole_number(text: str) -> int:
    """Read an id or a number as a filter sends it."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError(text)
    return int(text)


def whole_numbers(text: str) -> frozenset[int]:
    """Read a comma-separated list of ids."""
    return frozenset(whole_number(part.strip()) for part in text.split(","))


def truth(text: str) -> bool:
    """Read ``t`` or ``f``."""
    if text not in ("t", "f"):
        raise ValueError(text)
    return text == "t"


def day(text: str) -> date:
    """Read a date of the form YYYY-MM-DD, and no other."""
    found = date.fromisoformat(text)
    if found.isoformat() != text:
        raise ValueError(text)
    return found


def moment(text: str) -> datetime:
    """Read a moment of the form YYYY-MM-DD HH:MM:SS, with a fraction at most."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is not None or text[10:11] != " ":
        raise ValueError(text)
    return found


def instant(text: str, *, moments: bool) -> str:
    """Read a date or, with ``moments``, a moment too; give it as a text that sorts by time."""
    if moments and len(text) > len("YYYY-MM-DD"):
        return moment(text).isoformat(" ", "seconds")
    return day(text).isoformat()


def number(given: Json) -> int:
    """Take an id or a whole number from a body, as JSON number or text."""
    if isinstance(given, bool) or not isinstance(given, int | str):
        raise ValueError(given)
    return whole_number(str(given))


def id_list(given: Json) -> str:
    """Take one id or a comma-separated list of them from a body, and give back the list as text."""
    if isinstance(given, bool) or not isinstance(given, int | str):
        raise ValueError(given)
    return ",".join(str(whole_number(part.strip())) for part in str(given).split(","))


def id_or_none(given: Json) -> int | None:
    """Take an id from a body, and 0 for none."""
    return number(given) or None


def decimal(given: Json) -> float:
    """Take a decimal from a body, as JSON number or text."""
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise ValueError(given)
    found = float(given)
    if not math.isfinite(found):
        raise ValueError(given)
    return found


def decimal_of(places: int) -> Callable[[Json], Value]:
    """Make a parser for decimals in a body that have at most ``places`` places."""

    def parse(given: Json) -> Value:
        found = decimal(given)
        if round(found, places) != found:
            raise ValueError(given)
        return found

    return parse


def one_of(choices: Sequence[str]) -> Callable[[Json], Value]:
    """Make a parser for a text in a body that is one of these."""

    def parse(given: Json) -> Value:
        if given not in choices:
            raise ValueError(given)
        return str(given)

    return parse


def text_up_to(longest: int | None) -> Callable[[Json], Value]:
    """Make a parser for text in a body of at most ``longest`` characters (None: of any length)."""

    def parse(given: Json) -> Value:
        if not isinstance(given, str) or (longest is not None and len(given) > longest):
            raise ValueError(given)
        return given

    return parse


def flag(given: Json) -> bool:
    """Take ``t`` or ``f`` from a body; JSON's true and false are refused."""
    return truth(str(given))


def day_of(given: Json) -> date:
    """Take a date of the form YYYY-MM-DD from a body."""
    return day(str(given))


def moment_of(given: Json) -> datetime:
    """Take a moment of the form YYYY-MM-DD HH:MM:SS from a body."""
    return moment(str(given))


def utc_moment_of(given: Json) -> datetime:
    """Take a moment in UTC of the same form from a body."""
    return moment(str(given)).replace(tzinfo=UTC)
