"""The classes of all commands and groups: they lay out the help."""

from __future__ import annotations

import inspect
import os
import shutil
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

__all__ = ["App", "Command", "Group"]

Function = TypeVar("Function", bound=Callable[..., Any])


def _hide_types_of_flags(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        if isinstance(parameter, TyperOption) and parameter.is_flag and parameter.metavar is None:
            parameter.metavar = ""  # typer would show <bool>
    return parameters


# Narrower tables of options would break each word; click has the same minimum.
LEAST_HELP_WIDTH = 50


@contextmanager
def _wide_enough() -> Generator[None]:
    """Let rich, which reads the variable, format a help that the terminal wraps if need be."""
    before = os.environ.get("COLUMNS")
    if shutil.get_terminal_size().columns < LEAST_HELP_WIDTH:
        os.environ["COLUMNS"] = str(LEAST_HELP_WIDTH)
    try:
        yield
    finally:
        os.environ.pop("COLUMNS", None)
        if before is not None:
            os.environ["COLUMNS"] = before


@contextmanager
def _plain_errors() -> Generator[None]:
    """Describe an invalid argument for people; typer passes on how pydantic describes it."""
    try:
        yield
    except typer.BadParameter as error:
        flaws = getattr(error.__cause__, "errors", None)
        if flaws is not None:
            error.message = _describe_flaw(flaws()[0])
        raise


def _describe_flaw(flaw: Mapping[str, Any]) -> str:
    details = flaw.get("ctx", {})
    match flaw["type"]:
        case "greater_than_equal":
            expected = f"at least {details['ge']}"
        case "less_than_equal":
            expected = f"at most {details['le']}"
        case "value_error":  # 'x' is not one of 'table', 'json'.
            names = str(details["error"]).rpartition(" is not one of ")[2]
            names = names.replace("'", "").rstrip(".")
            expected = f"one of {names}"
        case "int_parsing":
            expected = "a whole number"
        case _:
            expected = "a number"
    return f"expected {expected}, got {flaw['input']!r}"


# typer does not export the common base of commands and groups. Any stands for its other classes.
if TYPE_CHECKING:
    _Base = TyperCommand
else:
    _Base = object


class _PlainWords(_Base):
    """Words the help and the errors for people."""

    def get_params(self, ctx: Any) -> list[Any]:
        """List the options and arguments, with ``--help``."""
        return _hide_types_of_flags(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the options and arguments."""
        with _plain_errors():
            return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help."""
        with _wide_enough():
            super().format_help(ctx, formatter)


class Command(_PlainWords, TyperCommand):
    """A command; the terminal wraps the paragraphs of its help."""

    def __init__(self, *arguments: Any, help: str | None = None, **options: Any) -> None:
        if help is not None:  # typer keeps the line breaks of the source code
            paragraphs = inspect.cleandoc(help).split("\n\n")
            help = "\n\n".join(" ".join(each.split()) for each in paragraphs)
        super().__init__(*arguments, help=help, **options)


class Group(_PlainWords, TyperGroup):
    """A group of commands."""


class App(typer.Typer):
    """An application whose commands are of the class `Command`."""

    def __init__(self, *, cls: type[TyperGroup] = Group, **options: Any) -> None:
        super().__init__(cls=cls, **options)

    def command(
        self,
        name: str | None = None,
        *,
        cls: type[TyperCommand] | None = Command,
        **options: Any,
    ) -> Callable[[Function], Function]:
        """Register a function as a command."""
        return super().command(name, cls=cls, **options)
