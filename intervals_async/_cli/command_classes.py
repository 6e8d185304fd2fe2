"""The classes of all commands and groups: their help shows no type of flags."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

__all__ = ["App", "Command", "Group"]


def _hide_types_of_flags(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        if isinstance(parameter, TyperOption) and parameter.is_flag and parameter.metavar is None:
            parameter.metavar = ""  # typer would show <bool>
    return parameters


# Any stands for classes that typer uses here but does not export.
class Command(TyperCommand):
    """A command."""

    def get_params(self, ctx: Any) -> list[Any]:
        """List the options and arguments, with ``--help``."""
        return _hide_types_of_flags(super().get_params(ctx))


class Group(TyperGroup):
    """A group of commands."""

    def get_params(self, ctx: Any) -> list[Any]:
        """List the options and arguments, with ``--help``."""
        return _hide_types_of_flags(super().get_params(ctx))


class App(typer.Typer):
    """An application whose commands are of the class `Command`."""

    def __init__(self, *, cls: type[TyperGroup] = Group, **options: Any) -> None:
        super().__init__(cls=cls, **options)

    def command(self, name: str | None = None, **options: Any) -> Any:
        """Register a function as a command."""
        return super().command(name, **{"cls": Command, **options})
