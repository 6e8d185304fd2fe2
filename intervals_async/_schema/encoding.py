"""Pure: Python values as the wire carries them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeAlias

from ..errors import ArgumentError

__all__ = ["JSONScalar", "identifier", "written"]

JSONScalar: TypeAlias = str | int | None

# Numbers of the API are a database's.
MOST = 2**63


def written(name: str, value: object) -> JSONScalar:
    """Encode a value.

    Raises:
        ArgumentError: The wire has no form for it.
    """
    match value:
        case None:
            return None
        case bool():
            return "t" if value else "f"
        case int():
            if not -MOST <= value < MOST:
                raise ArgumentError(f"{name} takes a whole number of at most 64 bits")
            return int.__int__(value)  # of an enum's member, too
        case str():
            return _encodable(name, value)
        case Decimal():
            return f"{value:f}"
        case datetime():
            try:
                moment = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
            except OverflowError:
                raise ArgumentError(f"{name} is beyond the years 1 to 9999 in UTC") from None
            return moment.isoformat(" ", "seconds")
        case date():
            return value.isoformat()
        case Iterable() if not isinstance(value, bytes | Mapping):
            return ",".join("" if one is None else str(written(name, one)) for one in value)
        case _:
            raise ArgumentError(f"{name} cannot be sent as a {type(value).__name__}")


def identifier(what: str, value: object) -> int:
    """Check the id of a record.

    Raises:
        ArgumentError: It is not an integer above zero.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        shown = value if isinstance(value, int) else type(value).__name__
        raise ArgumentError(f"{what}: an id is a whole number above 0, not {shown}")
    return value


def _encodable(name: str, value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ArgumentError(
            f"{name} holds half a surrogate pair, which UTF-8 cannot carry"
        ) from None
    return str.__str__(value)  # of an enum's member, too
