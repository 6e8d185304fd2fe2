"""Read the values of options: check them, and turn texts into Python values."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NoReturn

import typer

from .. import ArgumentError
from ..resources import Parameter, parameters

__all__ = [
    "DAYS",
    "check_required",
    "is_hours",
    "message_of",
    "read_names",
    "read_option",
    "read_options",
    "refuse_name",
]


DAYS = {"today": timedelta(0), "yesterday": timedelta(1)}

# 1:30, 1h30m, 1h, 90m
CLOCK = re.compile(r"(?P<hours>\d{1,9}):(?P<minutes>[0-5]\d)", re.ASCII)
UNITS = re.compile(
    r"(?=\d)(?:(?P<hours>\d{1,9})h)? ?(?:(?P<minutes>\d{1,9})m)?", re.ASCII | re.IGNORECASE
)


def read_options(
    typed_dict: type, typed: Mapping[str, str | list[str] | None], *, as_is: bool = False
) -> dict[str, Any]:
    """Read the values of options that `options_of_typed_dict` made; unused ones are left out.

    Args:
        typed_dict: The TypedDict of the options.
        typed: The texts that the user typed, by option name.
        as_is: Whether a text that cannot be read is passed on unchanged.

    Raises:
        BadParameter: A value is invalid.
    """
    known = parameters(typed_dict)
    values: dict[str, Any] = {}
    for name, words in typed.items():
        if not words and words != "":
            continue
        # an option that takes several values may also be repeated
        text = words if isinstance(words, str) else ",".join(words or ())
        values[name] = read_option(known[name], text, as_is=as_is)
    return values


def read_option(parameter: Parameter, text: str, *, as_is: bool = False) -> Any:
    """Read the value of one option, as `read_options` does."""
    text = _without_shorthand(parameter, text)
    if as_is:
        with suppress(ArgumentError):
            return parameter.parse(text)
        return text
    hint = f"--{parameter.name}"
    try:
        value = parameter.parse(text)
    except ArgumentError as error:
        reason = message_of(error, parameter.name)
        if is_hours(parameter):
            reason = f"expected hours such as 1.5, 1:30 or 1h30m, got {text!r}"
        raise typer.BadParameter(reason, param_hint=hint) from None
    if parameter.choices and value not in parameter.choices:
        refuse_name(hint, "a known value", text, parameter.choices)
    return value


def is_hours(parameter: Parameter) -> bool:
    """Return whether a field or filter is a number of hours."""
    if parameter.name == "time":
        return parameter.places is not None  # the time of a timer is in seconds
    return parameter.name in ("estimate", "esttime")


def _without_shorthand(parameter: Parameter, text: str) -> str:
    """Write ``1:30`` as a number of hours, and ``today`` as a date; return other texts unchanged."""
    if parameter.kind in ("date", "local", "utc") and text.lower() in DAYS:
        return (_today() - DAYS[text.lower()]).isoformat()
    found = CLOCK.fullmatch(text) or UNITS.fullmatch(text)
    if found is None or not is_hours(parameter):
        return text
    hours, minutes = (Decimal(found[name] or 0) for name in ("hours", "minutes"))
    # the API takes hundredths of an hour
    return f"{(hours + minutes / 60).quantize(Decimal('0.01')).normalize():f}"


def _today() -> date:
    """Return the date in the time zone of this computer."""
    return datetime.now().astimezone().date()


def read_names(option: str, known: Sequence[str], typed: Sequence[str] | None) -> list[str]:
    """Read the names of an option that `name_list_option` made.

    Raises:
        BadParameter: A name is unknown.
    """
    names = [name.strip() for text in typed or () for name in text.split(",")]
    for name in names:
        if name not in known:
            refuse_name(option, "a field", name, known)
    return list(dict.fromkeys(names))


def check_required(
    ctx: typer.Context, action: str, typed_dict: type, values: Mapping[str, object]
) -> None:
    """End with a usage error if a filter or field that the API requires is missing.

    Args:
        ctx: The context of the command.
        action: The command and the resource, for the message.
        typed_dict: The TypedDict of the filters or fields.
        values: The values by name.
    """
    required = [each.name for each in parameters(typed_dict).values() if each.required]
    missing = [f"--{name}" for name in required if name not in values]
    if missing:
        ctx.fail(f"{action} requires {', '.join(missing)}.")


def message_of(error: ArgumentError, name: str) -> str:
    """Return the message of an error without the name of the option, which typer prints."""
    return str(error).removeprefix(f"{name}: ")


def refuse_name(option: str, kind: str, name: str, known: Iterable[str]) -> NoReturn:
    """Refuse an unknown name, and suggest a similar one or list all of them.

    Raises:
        BadParameter: Always.
    """
    nearest = difflib.get_close_matches(name, known := list(known), n=1)
    if nearest:
        reason = f"expected {kind}, got {name!r}; did you mean {nearest[0]!r}?"
    else:
        reason = f"expected one of {', '.join(known)}, got {name!r}"
    raise typer.BadParameter(reason, param_hint=option)
