"""A resource's filters as options of its command: their names, help and values."""

from __future__ import annotations

import ast
import difflib
import inspect
import textwrap
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.markup import escape

from .._parameters import Parameter, parameters
from ..errors import ArgumentError

__all__ = ["filter_options", "read_filters"]

METAVARS = {
    "boolean": "t|f",
    "choice": "NAME",
    "date": "YYYY-MM-DD",
    "decimal": "NUMBER",
    "integer": "NUMBER",
    "local": "MOMENT",
    "text": "TEXT",
    "utc": "MOMENT",
}


def filter_options(filters: type) -> list[inspect.Parameter]:
    """Make typer's parameters of the TypedDict of a resource's filters."""
    helps = _docstrings(filters)
    return [
        _option(parameter, helps.get(name, "")) for name, parameter in parameters(filters).items()
    ]


def read_filters(filters: type, given: Mapping[str, str | list[str] | None]) -> dict[str, Any]:
    """Read what was typed for the filters; those that were not given stay out.

    Raises:
        BadParameter: A value cannot be meant.
    """
    known = parameters(filters)
    chosen: dict[str, Any] = {}
    for name, words in given.items():
        if not words and words != "":
            continue
        # an option that takes several values may also be given several times
        text = words if isinstance(words, str) else ",".join(words or ())
        chosen[name] = _value(known[name], text)
    return chosen


def _option(parameter: Parameter, help_text: str) -> inspect.Parameter:
    if parameter.choices:
        help_text = f"{help_text.rstrip('.')}: {', '.join(parameter.choices)}."
    metavar = METAVARS[parameter.kind]
    kind: Any = str
    if parameter.multiple:
        metavar, kind = f"{metavar},…", list[str]
    if not parameter.required:
        kind = kind | None
    option = typer.Option(
        f"--{parameter.name}", metavar=metavar, help=escape(help_text), rich_help_panel="Filters"
    )
    return inspect.Parameter(
        parameter.name,
        inspect.Parameter.KEYWORD_ONLY,
        annotation=Annotated[kind, option],
        default=inspect.Parameter.empty if parameter.required else None,
    )


def _value(parameter: Parameter, words: str) -> Any:
    hint = f"--{parameter.name}"
    try:
        value = parameter.parse(words)
    except ArgumentError as error:
        raise typer.BadParameter(str(error), param_hint=hint) from None
    if parameter.choices and value not in parameter.choices:
        nearest = difflib.get_close_matches(words, parameter.choices, n=1)
        better = (
            f"did you mean {nearest[0]!r}?"
            if nearest
            else "it takes one of " + ", ".join(parameter.choices)
        )
        raise typer.BadParameter(f"{words!r} is none; {better}", param_hint=hint)
    return value


def _docstrings(filters: type) -> dict[str, str]:
    """Read the docstrings under the attributes; none where the source is not there."""
    try:
        source = textwrap.dedent(inspect.getsource(filters))
    except (OSError, TypeError):
        return {}
    definition = ast.parse(source).body[0]
    found: dict[str, str] = {}
    name = ""
    for statement in getattr(definition, "body", ()):
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)):
                pass
            case ast.Expr(value=ast.Constant(value=str(words))) if name:
                found[name] = inspect.cleandoc(words)
            case _:
                pass
    return found
