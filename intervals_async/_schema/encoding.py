"""Pure: encode Python values as the API expects them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeAlias

from ..errors import ArgumentError

__all__ = ["JSONScalar", "identifier", "written"]

JSONScalar: TypeAlias = str | int | None

# The API stores its numbers in a database, as 64-bit integers.
MOST = 2**63


def written(name: str, value: object) -> JSONScalar:
    """Encode a value.

    Raises:
        ArgumentError: The API has no representation of it.
    """
    match value:
        case None:
            return None
        case bool():
            return "t" if value else "f"
        case int():
            if not -MOST <= value < MOST:
                raise ArgumentError(
                    f"{name}: expected an integer of at most 64 bits, got a longer one"
                )
            return int.__int__(value)  # of an enum's member, too
        case str():
            return _encodable(name, value)
        case Decimal():
            return f"{value:f}"
        case datetime():
            try:
                moment = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
            except OverflowError:
                raise ArgumentError(
                    f"{name}: expected a datetime between the years 1 and 9999 in UTC, got one outside"
                ) from None
            return moment.isoformat(" ", "seconds")
        case date():
            return value.isoformat()
        case Iterable() if not isinstance(value, bytes | Mapping):
            return ",".join("" if one is None else str(written(name, one)) for one in value)
        case _:
            raise ArgumentError(
                f"{name}: expected text, a number, a date, or a list of them, "
                f"got {type(value).__name__}"
            )


def identifier(what: str, value: object) -> int:
    """Check the id of a record.

    Raises:
        ArgumentError: It is not an integer above zero.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        shown = value if isinstance(value, int) else type(value).__name__
        raise ArgumentError(f"{what}: expected an id, an integer above 0, got {shown}")
    return value


def _encodable(name: str, value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ArgumentError(
            f"{name}: expected text that UTF-8 can encode, got a lone surrogate"
        ) from None
    return str.__str__(value)  # of an enum's member, too
