"""The examples below the help of a command."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..resources import Parameter

__all__ = ["example_options", "examples"]

PROGRAM = "intervals-async"

# Longer examples continue on the next line, so that a terminal of 80 columns does not wrap them.
WIDTH = 76

VALUES = {
    "boolean": "t",
    "date": "2026-05-01",
    "decimal": "1.5",
    "integer": "42",
    "local": "2026-05-01T09:30",
    "utc": "2026-05-01T09:30",
}


def examples(*commands: str) -> str:
    """Format examples for the end of a help text.

    Args:
        commands: The arguments of the program, as a user types them.
    """
    title = "Example:" if len(commands) == 1 else "Examples:"
    return "\n".join([title, *map(_continue_lines, commands)])


def example_options(parameters: Iterable[Parameter]) -> str:
    """Write the options of parameters with values of their kinds."""
    return " ".join(f"--{each.name} {_value(each)}" for each in parameters)


def _value(parameter: Parameter) -> str:
    if parameter.choices:
        return parameter.choices[0]
    return VALUES.get(parameter.kind, f'"New {parameter.name}"')


def _continue_lines(command: str) -> str:
    first, *options = re.split(" (?=--)", f"{PROGRAM} {command}")
    lines = [first]
    for option in options:
        if len(lines[-1]) + len(option) >= WIDTH:
            lines[-1] += " \\"
            lines.append(f"    {option}")
        else:
            lines[-1] += f" {option}"
    return "\n".join(lines)
