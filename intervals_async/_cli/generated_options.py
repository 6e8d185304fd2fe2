"""Options that are generated from a class, such as the filters and fields of a resource.

typer reads the options of a command from the signature of its function. The commands of the
resources have options that no source code spells out, so `declare_options` writes them into
the signature. Nothing else in this package sets a signature.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

import attrs
import typer
from rich.markup import escape

from ..resources import Parameter, descriptions, parameters
from .option_values import DAYS, is_hours

__all__ = [
    "FIELDS_PANEL",
    "FILTERS_PANEL",
    "declare_options",
    "name_list_option",
    "options_note",
    "options_of_attrs",
    "options_of_typed_dict",
]

FIELDS_PANEL = "Fields"
FILTERS_PANEL = "Filters"

METAVARS = {
    "boolean": "t|f",
    "choice": "NAME",
    "date": "YYYY-MM-DD",
    "decimal": "NUMBER",
    "integer": "NUMBER",
    "local": "DATETIME",
    "text": "TEXT",
    "utc": "DATETIME",
}

TIME_HINTS = {
    "local": "Example: 2026-05-01T09:30, in the account's time zone.",
    "utc": "Example: 2026-05-01T09:30, in UTC unless it has an offset.",
}

# The values that completion offers, besides those that the API names.
CHOICES = {"boolean": ("t", "f"), "date": (*DAYS,), "local": (*DAYS,), "utc": (*DAYS,)}

# Other users of the machine could read an option in the list of processes.
FROM_FILES_ONLY = "password"


def declare_options(
    command: Callable[..., None],
    options: Iterable[inspect.Parameter],
    *,
    without: Sequence[str] = (),
) -> Callable[..., None]:
    """Replace the ``**`` parameter of a command by options, which it receives through that.

    Args:
        command: The function of the command: the context, other parameters, and ``**``.
        options: The options; the help shows them before the command's own.
        without: Names of the command's own parameters that this command does not offer.
    """
    context, *own, _ = inspect.signature(command, eval_str=True).parameters.values()
    kept = [parameter for parameter in own if parameter.name not in without]
    # functions have no such attribute to type checkers, but inspect.signature() reads it
    function: Any = command
    function.__signature__ = inspect.Signature(
        sorted([context, *options, *kept], key=lambda parameter: parameter.kind)
    )
    return command


def options_of_typed_dict(
    typed_dict: type, panel: str, *described_by: type
) -> list[inspect.Parameter]:
    """Make an option for each filter or field of a resource.

    Args:
        typed_dict: The TypedDict of the filters or fields.
        panel: The panel of the help that shows the options.
        described_by: Further TypedDicts that describe what `typed_dict` does not.
    """
    helps = descriptions(typed_dict, *described_by)
    return [
        _parameter_option(parameter, helps.get(name, ""), panel)
        for name, parameter in parameters(typed_dict).items()
        if name != FROM_FILES_ONLY
    ]


def options_of_attrs(cls: type[attrs.AttrsInstance]) -> list[inspect.Parameter]:
    """Make an option for each attribute of an attrs class, as its annotation declares it."""
    return [
        _option(attribute.name, attribute.type, attribute.default)
        for attribute in attrs.fields(attrs.resolve_types(cls))
    ]


def options_note(typed_dict: type) -> str:
    """Write the note below the help that concerns all options of the filters or fields."""
    known = parameters(typed_dict)
    notes = {
        "Separate several ids with commas: 3,5.": any(each.multiple for each in known.values()),
        "A date may be today or yesterday.": any(
            each.kind in ("date", "local", "utc") for each in known.values()
        ),
        "Pass a password with --json: other users can read the arguments of a command.": (
            FROM_FILES_ONLY in known
        ),
    }
    return " ".join(note for note, applies in notes.items() if applies)


def name_list_option(
    name: str, known: Sequence[str], help: str, *, default: str | None = None
) -> inspect.Parameter:
    """Make an option that takes names of fields, and completes them.

    Args:
        name: The name of the option.
        known: The names that it takes.
        help: Its help.
        default: A description of its default.
    """
    option = typer.Option(
        metavar="NAME,…",
        help=help,
        show_default=default or False,
        autocompletion=_completion(known),
    )
    return _option(name, Annotated[list[str] | None, option], None)


def _parameter_option(parameter: Parameter, help_text: str, panel: str) -> inspect.Parameter:
    if parameter.choices:
        help_text = f"{help_text.rstrip('.')}: {', '.join(parameter.choices)}."
    elif is_hours(parameter):
        help_text = f"{help_text} Example: 1.5, 1:30 or 1h30m."
    elif hint := TIME_HINTS.get(parameter.kind):
        help_text = f"{help_text} {hint}"
    metavar = METAVARS[parameter.kind]
    python_type: Any = str
    if parameter.multiple:
        metavar, python_type = f"{metavar},…", list[str]
    markup = escape(help_text)
    if parameter.required:
        # typer's required options could not come from a file (--json) instead
        markup += r" [dim red]\[required][/]"
    choices = CHOICES.get(parameter.kind, parameter.choices)
    option = typer.Option(
        f"--{parameter.name}",
        metavar=metavar,
        help=markup,
        rich_help_panel=panel,
        autocompletion=_completion(choices) if choices else None,
    )
    return _option(parameter.name, Annotated[python_type | None, option], None)


def _option(name: str, annotation: Any, default: object) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default
    )


def _completion(known: Sequence[str]) -> Callable[[str], list[str]]:
    def complete(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",")
        return [f"{before}{comma}{name}" for name in known if name.startswith(last)]

    return complete
