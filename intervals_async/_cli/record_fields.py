"""The fields of a record to write, from options and from a JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from .. import ArgumentError
from ..resources import Parameter, parameters
from .option_values import read_names, read_options
from .standard_streams import standard_input

__all__ = ["JsonFileOption", "read_cleared_fields", "read_fields"]

OPTION = "--json"

JsonFileOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        OPTION,
        metavar="FILE",
        help="Read fields from a JSON object; - is standard input. Options override it.",
    ),
]


def read_fields(
    typed_dict: type,
    typed: Mapping[str, str | list[str] | None],
    json_file: Path | None,
    *,
    as_is: bool,
) -> dict[str, Any]:
    """Read the fields of a record; options override the JSON file.

    Args:
        typed_dict: The TypedDict of the fields.
        typed: The texts that the user typed, by option name.
        json_file: The file with the JSON object; ``-`` is standard input.
        as_is: Whether a text that cannot be read is passed on unchanged.

    Raises:
        BadParameter: The file or a value is invalid.
    """
    fields = {} if json_file is None else _read_json(typed_dict, json_file, as_is=as_is)
    return fields | read_options(typed_dict, typed, as_is=as_is)


def read_cleared_fields(
    typed_dict: type, typed: Sequence[str] | None, *, as_is: bool
) -> dict[str, None]:
    """Read the names of ``--clear``.

    Raises:
        BadParameter: A name is unknown, or the API requires a value for the field.
    """
    known = parameters(typed_dict)
    names = read_names("--clear", list(known), typed)
    for name in () if as_is else names:
        if not known[name].nullable:
            raise typer.BadParameter(
                f"expected a field that may be empty, got {name!r}", param_hint="--clear"
            )
    return dict.fromkeys(names)


def _read_json(typed_dict: type, path: Path, *, as_is: bool) -> dict[str, Any]:
    try:
        text = standard_input().read() if path == Path("-") else path.read_text("utf-8-sig")
        fields = json.loads(text, parse_float=Decimal)
    except ValueError as error:
        raise typer.BadParameter(
            f"{path}: expected a JSON object, got invalid JSON: {error}", param_hint=OPTION
        ) from None
    if not isinstance(fields, dict):
        raise typer.BadParameter(
            f'{path}: expected a JSON object, such as {{"title": "…"}}, got '
            f"{type(fields).__name__}",
            param_hint=OPTION,
        )
    known = parameters(typed_dict)
    return {name: _parse(known.get(name), value, as_is=as_is) for name, value in fields.items()}


def _parse(parameter: Parameter | None, value: object, *, as_is: bool) -> object:
    """Parse a JSON string like the value of an option; return other JSON values unchanged."""
    if isinstance(value, list):
        return [_parse(parameter, each, as_is=as_is) for each in value]
    if not isinstance(value, str) or parameter is None:
        return value
    try:
        return parameter.parse(value)
    except ArgumentError as error:
        if as_is:
            return value
        raise typer.BadParameter(str(error), param_hint=OPTION) from None
