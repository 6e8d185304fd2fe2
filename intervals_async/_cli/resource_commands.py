"""A group of commands, one for each resource that has a method; made when it is asked for."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import typer
from rich.markup import escape
from typer.core import TyperCommand, TyperGroup

from .. import resources
from .._schema.records import Record
from ..resources import Resource

if TYPE_CHECKING:
    from typer._click import Command, Context

__all__ = ["Kind", "ResourceGroup", "record_of"]

Kind: TypeAlias = type[Resource[Any]]

PANEL = "Resources"

# What each command does to a resource, for the one that has no such method.
PASSIVE = {
    "list": "listed",
    "get": "read",
    "create": "created",
    "update": "changed",
    "delete": "deleted",
    "download": "downloaded",
}

INSTEAD = {
    "module": "projectmodule",
    "worktype": "projectworktype",
    "projectteam": "intervals-async projectteam",
    "me": "intervals-async get me",
    "quota": "intervals-async get quota",
}


def record_of(kind: Kind) -> type[Record]:
    """Give the class of a resource's records."""
    # to type checkers it depends on what the resource is generic of
    found: type[Record] = vars(kind)["record"]
    return found


class ResourceGroup(TyperGroup):
    """A group whose commands are the resources. A subclass says of which method."""

    method: ClassVar[str]
    """The method that a resource must have."""

    @staticmethod
    def make(kind: Kind) -> Callable[..., None]:
        """Make the function of a resource's command, whose signature has its options."""
        raise NotImplementedError

    @staticmethod
    def note(kind: Kind) -> str:
        """Give what stands below the help of a resource's command."""
        del kind
        return ""

    def list_commands(self, ctx: Context) -> list[str]:
        """Name the resources that have the method."""
        self._announce()
        return super().list_commands(ctx)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """Give a command's name and help, without its options: enough for a list of them."""
        self._announce()
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: Context, args: list[str]
    ) -> tuple[str | None, Command | None, list[str]]:
        """Make the command that is meant, and no other."""
        name, *rest = args
        if name in resources.names():
            kind = resources.resource_class(name)
            if self.method in kind.methods():
                return name, self._command(kind), rest
            if not ctx.resilient_parsing:
                ctx.fail(_lack(kind, self.method))
        return super().resolve_command(ctx, args)

    def _announce(self) -> None:
        if not self.commands:
            kinds = map(resources.resource_class, resources.names())
            for kind in (each for each in kinds if self.method in each.methods()):
                self.add_command(
                    TyperCommand(kind.name, help=_summary(kind), rich_help_panel=PANEL)
                )

    def _command(self, kind: Kind) -> Command:
        alone = typer.Typer(add_completion=False)
        alone.command(kind.name, help=_about(kind), epilog=self.note(kind))(self.make(kind))
        return typer.main.get_command(alone)


def _about(kind: Kind) -> str:
    """Give a resource's docstring as a terminal wraps it best: a line each paragraph."""
    paragraphs = (inspect.getdoc(kind) or "").replace("`", "").split("\n\n")
    lines = [" ".join(paragraph.split()) for paragraph in paragraphs]
    return escape("\n\n".join(lines).replace(" https://", "\n\nhttps://"))


def _summary(kind: Kind) -> str:
    return _about(kind).partition("\n\n")[0]


def _lack(kind: Kind, method: str) -> str:
    can = [PASSIVE[each] for each in kind.methods() if each in PASSIVE]
    listed = " and ".join(filter(None, (", ".join(can[:-1]), can[-1])))
    instead = INSTEAD.get(kind.name)
    see = f"; see {instead}" if instead else ""
    return f"{kind.name} cannot be {PASSIVE[method]}: the API only lets it be {listed}{see}"
