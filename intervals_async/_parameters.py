"""Pure: what a resource's filters and settable fields take, and how they are written.

The TypedDicts of a resource are the one statement of its parameters: type checkers read
them, and here they are read at run time, so that a wrong argument is refused before a
request is spent on it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Required,
    TypeAlias,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import attrs

from .errors import ArgumentError

__all__ = ["Ids", "Parameter", "encode_body", "encode_query", "identifier", "parameters"]

Ids: TypeAlias = int | Iterable[int]
"""One id, or several."""

JSONScalar: TypeAlias = str | int | None

_KINDS: dict[object, str] = {
    int: "integer",
    str: "text",
    bool: "boolean",
    date: "date",
    Decimal: "decimal",
}


@attrs.frozen
class Parameter:
    """One filter or settable field.

    Attributes:
        name: Its name in the API.
        kind: ``integer``, ``text``, ``boolean``, ``date``, ``decimal`` or ``choice``.
        multiple: Whether several values may be given.
        required: Whether it must be given.
        nullable: Whether None, which clears the field, may be given.
        choices: The values that a ``choice`` takes.
    """

    name: str
    kind: str
    multiple: bool = False
    required: bool = False
    nullable: bool = False
    choices: tuple[str, ...] = ()

    def write(self, value: object) -> JSONScalar:
        """Write a value as a body carries it: text and number, never a JSON boolean."""
        if value is None and self.nullable:
            return None
        if self.multiple and not isinstance(value, int):
            return self._write_several(value)
        return self._write_one(value)

    def parse(self, words: str) -> Any:
        """Read a value that a person typed, commas between several."""
        if self.multiple:
            return [self._parse_one(word.strip()) for word in words.split(",")]
        return self._parse_one(words)

    def _write_several(self, value: object) -> str:
        if not isinstance(value, Iterable) or isinstance(value, str | bytes | Mapping):
            raise self._refusal(value, "one id or several, such as [3, 5]")
        several = [str(self._write_one(one)) for one in value]
        if not several:
            raise ArgumentError(
                f"{self.name} is empty, and the API has no way to say 'none of them': "
                "leave it out to ask for all, or do not ask"
            )
        return ",".join(several)

    def _write_one(self, value: object) -> str | int:
        match self.kind, value:
            case "boolean", bool():
                return "t" if value else "f"
            case "integer", int() if not isinstance(value, bool):
                return value
            case "text", str():
                return self._encodable(value)
            case "choice", str() if value in self.choices:
                return value
            case "date", date() if not isinstance(value, datetime):
                return value.isoformat()
            case "decimal", Decimal() | int() if not isinstance(value, bool):
                if Decimal(value).is_finite():
                    return f"{Decimal(value):f}"
            case _:
                pass
        raise self._refusal(value, self._expected())

    def _parse_one(self, word: str) -> Any:
        try:
            match self.kind:
                case "integer":
                    return int(word)
                case "boolean":
                    return {"t": True, "f": False, "true": True, "false": False}[word.lower()]
                case "date":
                    return date.fromisoformat(word)
                case "decimal":
                    return Decimal(word)
                case _:
                    return word
        except (ValueError, KeyError, ArithmeticError):
            raise ArgumentError(
                f"{self.name} takes {self._expected()}, and {word!r} is none"
            ) from None

    def _encodable(self, value: str) -> str:
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ArgumentError(
                f"{self.name} holds half a surrogate pair, which UTF-8 cannot carry"
            ) from None
        return value

    def _expected(self) -> str:
        return {
            "integer": "a whole number",
            "text": "a text",
            "boolean": "True or False",
            "date": "a date (YYYY-MM-DD)",
            "decimal": "a Decimal or a whole number",
            "choice": "one of " + ", ".join(self.choices),
        }[self.kind]

    def _refusal(self, value: object, expected: str) -> ArgumentError:
        # The value itself stays out of the message: a field may hold a password.
        return ArgumentError(f"{self.name} takes {expected}, not {type(value).__name__}")


@cache
def parameters(typed_dict: type) -> Mapping[str, Parameter]:
    """Read a TypedDict: its parameters by name, in the order in which it states them."""
    total: bool = getattr(typed_dict, "__total__", True)
    return {
        name: _parameter(name, hint, required=total)
        for name, hint in get_type_hints(typed_dict, include_extras=True).items()
    }


def encode_query(
    what: str, known: Mapping[str, Parameter], given: Mapping[str, object]
) -> tuple[tuple[str, str], ...]:
    """Write filters as a query; `what` is the call, for the message of a refusal.

    Raises:
        ArgumentError: A filter is not known, is missing, or has a value of a wrong type.
    """
    return tuple((name, str(value)) for name, value in _encode(what, "filter", known, given))


def encode_body(
    what: str, known: Mapping[str, Parameter], given: Mapping[str, object]
) -> dict[str, JSONScalar]:
    """Write fields as a body; raises as `encode_query` does."""
    return dict(_encode(what, "field", known, given))


def identifier(what: str, value: object) -> int:
    """Check the id of a record.

    Raises:
        ArgumentError: It is not a whole number above zero.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        shown = value if isinstance(value, int) else type(value).__name__
        raise ArgumentError(f"{what}: an id is a whole number above 0, not {shown}")
    return value


def _encode(
    what: str, noun: str, known: Mapping[str, Parameter], given: Mapping[str, object]
) -> Iterable[tuple[str, JSONScalar]]:
    for name in given:
        if name not in known:
            raise ArgumentError(_unknown(what, noun, name, known))
    for parameter in known.values():
        if parameter.required and parameter.name not in given:
            raise ArgumentError(f"{what} needs the {noun} {parameter.name!r}")
    for name, value in given.items():
        try:
            yield name, known[name].write(value)
        except ArgumentError as error:
            raise ArgumentError(f"{what}: {error}") from None


def _unknown(what: str, noun: str, name: str, known: Mapping[str, Parameter]) -> str:
    if not known:
        return f"{what} takes no {noun}s, so not {name!r} either"
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else "."
    if name == "page":
        hint = ": a listing pages by itself; use limit and offset for a slice of the whole."
    return f"{what} has no {noun} {name!r}{hint} It has: {', '.join(known)}"


def _parameter(name: str, hint: Any, *, required: bool) -> Parameter:
    nullable = multiple = False
    choices: tuple[str, ...] = ()
    kind: str | None = None
    pending = [hint]
    while pending:
        part = pending.pop()
        origin = get_origin(part)
        if origin in (Required, NotRequired):
            required = origin is Required
            pending += get_args(part)
        elif origin in (Union, UnionType):
            pending += get_args(part)
        elif origin is Annotated:
            pending.append(get_args(part)[0])
        elif origin is Iterable:
            multiple = True
        elif origin is Literal:
            kind, choices = "choice", get_args(part)
        elif part is NoneType:
            nullable = True
        else:
            kind = _KINDS[part]
    if kind is None:
        raise TypeError(f"{name}: {hint} says no type that is known here")
    return Parameter(name, kind, multiple, required, nullable, choices)
