"""Pure: the filters and settable fields of a resource, their rules and their encoding.

The TypedDicts of a resource are the only definition of its parameters. Type checkers read them.
This module reads them at run time, and refuses a wrong argument before a request is sent.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
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

from ..errors import ArgumentError
from .encoding import JSONScalar, written
from .values import Meaning

__all__ = [
    "AsIs",
    "AtMost",
    "Ids",
    "Number",
    "Parameter",
    "Places",
    "encode_body",
    "encode_query",
    "parameters",
]

Ids: TypeAlias = int | Iterable[int]
"""One id, or several."""

Number: TypeAlias = Decimal | int
"""A decimal number. Floats are refused, because 0.1 is not exactly a tenth."""


class AsIs(str):
    """Text to send although it is not among the documented values.

    ``list(sortfield=AsIs("projectlabel_order"))`` leaves the decision to the server.

    .. versionadded:: 0.2.0
    """

    __slots__ = ()


@attrs.frozen
class AtMost:
    """The maximum length of a text, in characters."""

    length: int


@attrs.frozen
class Places:
    """The maximum number of decimal places."""

    most: int


_KINDS: dict[object, str] = {
    int: "integer",
    str: "text",
    bool: "boolean",
    date: "date",
    Decimal: "decimal",
    Meaning.UTC: "utc",
    Meaning.LOCAL: "local",
}

# What a person types for each kind of value that cannot be any text.
_TYPED = {
    "integer": "a whole number",
    "boolean": "t or f",
    "date": "a date (YYYY-MM-DD)",
    "utc": "a time such as 2026-05-01T09:30",
    "local": "a time such as 2026-05-01T09:30",
    "decimal": "a number such as 1.5",
}
_BOOLEANS = {
    **dict.fromkeys(("t", "true", "yes"), True),
    **dict.fromkeys(("f", "false", "no"), False),
}


@attrs.frozen
class Parameter:
    """One filter or settable field of a resource.

    Attributes:
        name: The name in the API.
        kind: The kind of value: ``integer``, ``text``, ``boolean``, ``date``, ``decimal``,
            ``choice``, or a datetime: ``utc`` or ``local``.
        multiple: Whether it takes several values.
        required: Whether it is required.
        nullable: Whether it takes None, which clears the field.
        choices: The values that a ``choice`` takes.
        open: Whether a ``choice`` takes other values too, marked as `AsIs`.
        longest: The maximum length of a text, in characters; None for no limit.
        places: The maximum number of decimal places; None for no limit.

    .. versionadded:: 0.2.0
    """

    name: str
    kind: str
    multiple: bool = False
    required: bool = False
    nullable: bool = False
    choices: tuple[str, ...] = ()
    open: bool = False
    longest: int | None = None
    places: int | None = None

    def write(self, value: object) -> JSONScalar:
        """Encode a value for a request body: as text or a number, never as a JSON boolean.

        Raises:
            ArgumentError: The value has a wrong type, or breaks a rule.
        """
        if value is None and self.nullable:
            return None
        if self.multiple and not isinstance(value, int):
            return self._write_several(value)
        return self._write_one(value)

    def parse(self, words: str) -> Any:
        """Parse a value that a person typed, several values separated by commas.

        Raises:
            ArgumentError: The text is not such a value.
        """
        if self.multiple:
            return [self._parse_one(word.strip()) for word in words.split(",")]
        return self._parse_one(words)

    def _write_several(self, value: object) -> str:
        if not isinstance(value, Iterable) or isinstance(value, str | bytes | Mapping):
            raise self._refusal(value, "one id or several, such as [3, 5]")
        several = [str(self._write_one(one)) for one in value]
        if not several:
            remedy = "pass None to clear it" if self.nullable else "leave it out to select all"
            raise ArgumentError(f"{self.name}: expected at least one id, got none; {remedy}")
        return ",".join(several)

    def _write_one(self, value: object) -> JSONScalar:
        match self.kind, value:
            case "boolean", bool():
                pass
            case "integer", int() if not isinstance(value, bool):
                pass
            case "text", str():
                if self.longest is not None and len(value) > self.longest:
                    raise ArgumentError(
                        f"{self.name}: expected at most {self.longest} characters, got {len(value)}"
                    )
            case "choice", str() if value in self.choices or (
                self.open and isinstance(value, AsIs)
            ):
                pass
            case "date", date() if not isinstance(value, datetime):
                pass
            case "utc", datetime(tzinfo=zone) if zone is not None:
                pass
            case "local", datetime(tzinfo=None):
                pass
            case "decimal", Decimal() | int() if not isinstance(value, bool):
                self._check_number(Decimal(value))
            case _:
                raise self._refusal(value, self._expected())
        return written(self.name, value)

    def _check_number(self, number: Decimal) -> None:
        if not number.is_finite():
            raise ArgumentError(f"{self.name}: expected a finite number, got {number}")
        # as text, because the caller's decimal context does not round it
        places = len(f"{number:f}".partition(".")[2].rstrip("0"))
        if self.places is not None and places > self.places:
            raise ArgumentError(
                f"{self.name}: expected at most {self.places} decimal places, got {places}; "
                "round it first"
            )

    def _parse_one(self, word: str) -> Any:
        try:
            match self.kind:
                case "integer":
                    return int(word)
                case "boolean":
                    return _BOOLEANS[word.lower()]
                case "date":
                    return date.fromisoformat(word)
                case "utc":
                    moment = datetime.fromisoformat(word)
                    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
                case "local":
                    return datetime.fromisoformat(word)
                case "decimal":
                    return Decimal(word)
                case _:
                    return word
        except (ValueError, KeyError, ArithmeticError):
            raise ArgumentError(
                f"{self.name}: expected {_TYPED[self.kind]}, got {word!r}"
            ) from None

    def _expected(self) -> str:
        return {
            "integer": "an integer",
            "text": "text",
            "boolean": "True or False",
            "date": "a date (YYYY-MM-DD)",
            "utc": "a datetime with a time zone",
            "local": "a datetime without a time zone",
            "decimal": "a Decimal or an integer",
            "choice": "one of " + ", ".join(self.choices),
        }[self.kind]

    def _refusal(self, value: object, expected: str) -> ArgumentError:
        # The value itself stays out of the message: a field may hold a password.
        kind = type(value).__name__
        if isinstance(value, datetime) and self.kind in ("utc", "local"):
            kind = f"one {'with' if value.tzinfo else 'without'} a time zone"
        return ArgumentError(f"{self.name}: expected {expected}, got {kind}")


@cache
def parameters(typed_dict: type) -> Mapping[str, Parameter]:
    """Read the parameters of a TypedDict, such as `TaskFilters`.

    Returns:
        The parameters by name, in the order of their definition.

    .. versionadded:: 0.2.0
    """
    total: bool = getattr(typed_dict, "__total__", True)
    return {
        name: _parameter(name, hint, required=total)
        for name, hint in get_type_hints(typed_dict, include_extras=True).items()
    }


def encode_query(
    what: str,
    known: Mapping[str, Parameter],
    arguments: Mapping[str, object],
    *,
    checked: bool = True,
) -> tuple[tuple[str, str], ...]:
    """Encode filters as a query.

    Args:
        what: The call, for error messages.
        known: The parameters that it takes.
        arguments: Their values by name.
        checked: Whether to refuse what the documentation does not allow. Otherwise everything that
            can be encoded is sent, and the server decides.

    Raises:
        ArgumentError: A filter is unknown, is missing, or its value breaks a rule.
    """
    pairs = _encode(what, "filter", known, arguments, checked=checked)
    return tuple((name, "" if value is None else str(value)) for name, value in pairs)


def encode_body(
    what: str,
    known: Mapping[str, Parameter],
    arguments: Mapping[str, object],
    *,
    checked: bool = True,
) -> dict[str, JSONScalar]:
    """Encode fields as a body: see `encode_query`."""
    return dict(_encode(what, "field", known, arguments, checked=checked))


def _encode(
    what: str,
    noun: str,
    known: Mapping[str, Parameter],
    arguments: Mapping[str, object],
    *,
    checked: bool,
) -> Iterable[tuple[str, JSONScalar]]:
    if checked:
        for name in arguments:
            if name not in known:
                raise ArgumentError(_unknown(what, noun, name, known))
        for parameter in known.values():
            if parameter.required and parameter.name not in arguments:
                raise ArgumentError(f"{what}: missing required {noun} {parameter.name!r}")
    for name, value in arguments.items():
        try:
            yield name, known[name].write(value) if checked else written(name, value)
        except ArgumentError as error:
            raise ArgumentError(f"{what}: {error}") from None


def _unknown(what: str, noun: str, name: str, known: Mapping[str, Parameter]) -> str:
    if not known:
        return f"{what}: expected no {noun}s, got {name!r}"
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else "."
    if name == "page":
        hint = "; listings page automatically, use limit and offset for a slice."
    return f"{what}: unknown {noun} {name!r}{hint} Expected one of: {', '.join(known)}"


def _parameter(name: str, hint: Any, *, required: bool) -> Parameter:
    kinds: set[str] = set()
    found: dict[str, Any] = {}
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
            first, *more = get_args(part)
            pending += more if isinstance(more[0], Meaning) and first is datetime else [first]
            for rule in more:
                if isinstance(rule, AtMost):
                    found["longest"] = rule.length
                elif isinstance(rule, Places):
                    found["places"] = rule.most
        elif origin is Iterable:
            found["multiple"] = True
        elif origin is Literal:
            kinds.add("choice")
            found["choices"] = get_args(part)
        elif part is AsIs:
            found["open"] = True
        elif part is NoneType:
            found["nullable"] = True
        else:
            kinds.add(_KINDS[part])
    if kinds == {"decimal", "integer"}:
        kinds = {"decimal"}
    if len(kinds) != 1:
        raise TypeError(f"{name}: expected one supported type, got {hint}")
    return Parameter(name, kinds.pop(), required=required, **found)
