"""The fields of a record that is to be written: from options, and from JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from .._schema.parameters import Parameter, parameters
from ..errors import ArgumentError
from .options import read_names, read_options
from .streams import standard_input

__all__ = ["FromJson", "cleared", "read_fields"]

OPTION = "--json"

FromJson: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        OPTION,
        metavar="FILE",
        help="Take fields from a JSON object too, under the API's names; - is standard input. "
        "Options come before it.",
    ),
]


def read_fields(
    typed_dict: type,
    given: Mapping[str, str | list[str] | None],
    source: Path | None,
    *,
    as_is: bool,
) -> dict[str, Any]:
    """Read the fields of a record.

    Args:
        typed_dict: The TypedDict of the fields.
        given: What was typed for the options.
        source: The file of the JSON object.
        as_is: Whether what cannot be read is taken as it stands.

    Raises:
        BadParameter: A value cannot be meant.
    """
    fields = {} if source is None else _from_json(typed_dict, source, as_is=as_is)
    return fields | read_options(typed_dict, given, as_is=as_is)


def cleared(typed_dict: type, names: Sequence[str] | None, *, as_is: bool) -> dict[str, None]:
    """Read which fields are to be cleared.

    Raises:
        BadParameter: One of them cannot be cleared.
    """
    known = parameters(typed_dict)
    wanted = read_names("--clear", list(known), names)
    for name in () if as_is else wanted:
        if not known[name].nullable:
            raise typer.BadParameter(f"the API needs a value for {name}", param_hint="--clear")
    return dict.fromkeys(wanted)


def _from_json(typed_dict: type, source: Path, *, as_is: bool) -> dict[str, Any]:
    try:
        words = standard_input().read() if source == Path("-") else source.read_text("utf-8-sig")
        fields = json.loads(words, parse_float=Decimal)
    except ValueError as error:
        raise typer.BadParameter(f"{source} is no JSON: {error}", param_hint=OPTION) from None
    if not isinstance(fields, dict):
        raise typer.BadParameter(
            f'{source} holds no object of fields, such as {{"title": "…"}}', param_hint=OPTION
        )
    known = parameters(typed_dict)
    return {name: _meant(known.get(name), value, as_is=as_is) for name, value in fields.items()}


def _meant(parameter: Parameter | None, value: object, *, as_is: bool) -> object:
    """Make of a text what it stands for; the rest is what JSON made of it."""
    if isinstance(value, list):
        return [_meant(parameter, each, as_is=as_is) for each in value]
    if not isinstance(value, str) or parameter is None:
        return value
    try:
        return parameter.parse(value)
    except ArgumentError as error:
        if as_is:
            return value
        raise typer.BadParameter(str(error), param_hint=OPTION) from None
