"""Reading values as filters and bodies send them: a value of the wrong kind is a ValueError."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date

from intervals_async.testing.wire import Json, Value


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


def decimal(given: Json) -> float:
    """Take a decimal from a body, as JSON number or text."""
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise ValueError(given)
    found = float(given)
    if not math.isfinite(found):
        raise ValueError(given)
    return found


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
