"""A resource's filters and fields as options of its commands: their names, help and values."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any, NoReturn, TypeAlias

import typer
from rich.markup import escape

from .._schema.parameters import Parameter, parameters
from ..errors import ArgumentError
from .meanings import meanings

__all__ = [
    "FIELDS",
    "FILTERS",
    "SLICE",
    "AsTyped",
    "Limit",
    "Offset",
    "demand",
    "names_option",
    "note_on",
    "options_of",
    "read_names",
    "read_option",
    "read_options",
    "with_options",
]

FIELDS = "Fields"
FILTERS = "Filters"

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

MOMENTS = {
    "local": "such as 2026-05-01T09:30, in the account's own time zone",
    "utc": "such as 2026-05-01T09:30, in UTC unless it says another zone",
}

# Other users of the machine could read it in the list of processes.
FROM_FILES_ONLY = "password"

AsTyped: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--as-is",
        help="Send what was typed although the documentation does not allow it, and leave it to "
        "the server to judge.",
    ),
]

Limit: TypeAlias = Annotated[
    int | None, typer.Option(min=0, metavar="NUMBER", help="Take no more records than this.")
]
Offset: TypeAlias = Annotated[
    int, typer.Option(min=0, metavar="NUMBER", help="Leave out so many at the start.")
]

SLICE = ("limit", "offset")
"""The names of the two, which a resource without pages has not."""


def options_of(typed_dict: type, panel: str) -> list[inspect.Parameter]:
    """Make typer's parameters of the TypedDict of a resource's filters or fields."""
    helps = meanings(typed_dict)
    return [
        _option(parameter, helps.get(name, ""), panel)
        for name, parameter in parameters(typed_dict).items()
        if name != FROM_FILES_ONLY
    ]


def with_options(
    command: Callable[..., None],
    options: Iterable[inspect.Parameter],
    *,
    without: Sequence[str] = (),
) -> Callable[..., None]:
    """Give a command the options that stand in place of its ``**``, and take some others.

    typer reads from a function's signature what its command takes.

    Args:
        command: The function: the context, its own options, and ``**``.
        options: The options to put before its own.
        without: The names of its own that it is not to have.
    """
    first, *own, _ = inspect.signature(command, eval_str=True).parameters.values()
    kept = [each for each in own if each.name not in without]
    typed: Any = command
    typed.__signature__ = inspect.Signature(
        sorted([first, *options, *kept], key=lambda each: each.kind)
    )
    return command


def read_options(
    typed_dict: type, given: Mapping[str, str | list[str] | None], *, as_is: bool = False
) -> dict[str, Any]:
    """Read what was typed for the options; those that were not given stay out.

    Args:
        typed_dict: The TypedDict that the options come from.
        given: What was typed, by name.
        as_is: Whether what cannot be read is taken as it stands.

    Raises:
        BadParameter: A value cannot be meant.
    """
    known = parameters(typed_dict)
    chosen: dict[str, Any] = {}
    for name, words in given.items():
        if not words and words != "":
            continue
        # an option that takes several values may also be given several times
        text = words if isinstance(words, str) else ",".join(words or ())
        chosen[name] = read_option(known[name], text, as_is=as_is)
    return chosen


def demand(ctx: typer.Context, what: str, typed_dict: type, given: Mapping[str, object]) -> None:
    """End with a usage error where something is missing that the API requires."""
    required = [each.name for each in parameters(typed_dict).values() if each.required]
    missing = [f"--{name}" for name in required if name not in given]
    if missing:
        ctx.fail(f"The API cannot {what} without {', '.join(missing)}.")


def note_on(typed_dict: type) -> str:
    """Give what there is to know of the options as a whole."""
    known = parameters(typed_dict)
    notes = {
        "Several ids are given as 3,5.": any(each.multiple for each in known.values()),
        "The password is taken from --json alone: what stands in a command, others can read.": (
            FROM_FILES_ONLY in known
        ),
    }
    return " ".join(note for note, applies in notes.items() if applies)


def names_option(name: str, known: Sequence[str], help: str) -> inspect.Parameter:
    """Make an option that takes names of fields."""
    option = typer.Option(metavar="NAME,…", help=help, autocompletion=_completion(known))
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        annotation=Annotated[list[str] | None, option],
        default=None,
    )


def read_names(option: str, known: Sequence[str], words: Sequence[str] | None) -> list[str]:
    """Read what was typed for such an option.

    Raises:
        BadParameter: One of the names is not known.
    """
    names = [name.strip() for each in words or () for name in each.split(",")]
    for name in names:
        if name not in known:
            _refuse(option, name, known)
    return list(dict.fromkeys(names))


def _completion(known: Sequence[str]) -> Callable[[str], list[str]]:
    def complete(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",")
        return [f"{before}{comma}{name}" for name in known if name.startswith(last)]

    return complete


def _refuse(option: str, word: str, known: Iterable[str]) -> NoReturn:
    """Refuse a name that is not known, with the nearest that is."""
    known = list(known)
    nearest = difflib.get_close_matches(word, known, n=1)
    better = f"did you mean {nearest[0]!r}?" if nearest else "it takes one of " + ", ".join(known)
    raise typer.BadParameter(f"{word!r} is none; {better}", param_hint=option)


def _option(parameter: Parameter, help_text: str, panel: str) -> inspect.Parameter:
    if more := ", ".join(parameter.choices) or MOMENTS.get(parameter.kind):
        help_text = f"{help_text.rstrip('.')}: {more}."
    metavar = METAVARS[parameter.kind]
    kind: Any = str
    if parameter.multiple:
        metavar, kind = f"{metavar},…", list[str]
    words = escape(help_text)
    if parameter.required:
        # typer's own way to say so would also demand it where a file may give it
        words += r" [dim red]\[required][/]"
    choices = ("t", "f") if parameter.kind == "boolean" else parameter.choices
    option = typer.Option(
        f"--{parameter.name}",
        metavar=metavar,
        help=words,
        rich_help_panel=panel,
        autocompletion=_completion(choices) if choices else None,
    )
    return inspect.Parameter(
        parameter.name,
        inspect.Parameter.KEYWORD_ONLY,
        annotation=Annotated[kind | None, option],
        default=None,
    )


def read_option(parameter: Parameter, words: str, *, as_is: bool = False) -> Any:
    """Read what was typed for one option; as `read_options` does."""
    if as_is:
        with suppress(ArgumentError):
            return parameter.parse(words)
        return words
    hint = f"--{parameter.name}"
    try:
        value = parameter.parse(words)
    except ArgumentError as error:
        raise typer.BadParameter(str(error), param_hint=hint) from None
    if parameter.choices and value not in parameter.choices:
        _refuse(hint, words, parameter.choices)
    return value
