"""Command groups with one command per resource, such as ``list`` with ``list task``."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NoReturn, TypeAlias

import typer
from rich.markup import escape

from .. import IntervalsClient, Listing, Record, resources
from ..resources import Resource, parameters
from .command_classes import App, Command, Group
from .examples import example_options, examples

__all__ = [
    "ResourceClass",
    "ResourceGroup",
    "list_example",
    "make_listing",
    "record_class_of",
    "refuse_resource",
]

ResourceClass: TypeAlias = type[Resource[Any]]

PANEL = "Resources"

# The participle of each method, for the message about a resource that lacks the method.
PARTICIPLES = {
    "list": "listed",
    "get": "read",
    "create": "created",
    "update": "changed",
    "delete": "deleted",
    "download": "downloaded",
}

# The resource or command to use instead of a resource that lacks a method.
ALTERNATIVES = {
    "module": "projectmodule",
    "worktype": "projectworktype",
    "projectteam": "intervals-async projectteam",
    "me": "intervals-async get me",
    "quota": "intervals-async get quota",
}


def record_class_of(resource_class: ResourceClass) -> type[Record]:
    """Return the class of a resource's records."""
    # type checkers do not know the type argument of this resource
    found: type[Record] = vars(resource_class)["record"]
    return found


def list_example(command: str, resource_class: ResourceClass) -> str:
    """Write an example of a command that lists a resource, with the required filters."""
    required = [each for each in parameters(resource_class.filters).values() if each.required]
    return f"{command} {resource_class.name} {example_options(required)}".rstrip()


def make_listing(
    client: IntervalsClient,
    resource_class: ResourceClass,
    filters: Mapping[str, Any],
    *,
    limit: int | None,
    offset: int,
) -> Listing[Any]:
    """Make a listing of a resource; an unpaginated one has no limit and offset."""
    paging: dict[str, Any] = {"limit": limit, "offset": offset} if resource_class.paginated else {}
    return client.resource(resource_class.name).list(**filters, **paging)


class ResourceGroup(Group):
    """A group with a command for each resource that offers one method of the API.

    Only the command that runs is built with its options. Help and completion of the group
    need just names and summaries, and get them from placeholders: building all commands would
    take ten times as long.
    """

    method: ClassVar[str]
    """The method that a resource must offer."""

    group_examples: ClassVar[tuple[str, ...]]
    """The examples in the help of the group."""

    @staticmethod
    def make_command(resource_class: ResourceClass) -> Callable[..., None]:
        """Make the function of a resource's command; its signature declares the options."""
        raise NotImplementedError

    @staticmethod
    def make_note(resource_class: ResourceClass) -> str:
        """Write the note below the help of a resource's command."""
        del resource_class
        return ""

    @staticmethod
    def make_examples(resource_class: ResourceClass) -> Sequence[str]:
        """Write the examples in the help of a resource's command."""
        raise NotImplementedError

    def list_commands(self, ctx: object) -> list[str]:
        """Name the resources that offer the method."""
        self._add_placeholders()
        return list(self.commands)

    # Any stands for two classes that typer uses here but does not export.
    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Build the command of the named resource, or explain why it has none."""
        name, *rest = args
        if name in resources.names():
            resource_class = resources.resource_class(name)
            if self.method in resource_class.methods():
                return name, self._build(resource_class), rest
            if not ctx.resilient_parsing:
                ctx.fail(_explain_missing(resource_class, self.method))
        if not ctx.resilient_parsing and not name.startswith("-"):
            refuse_resource(ctx, name, self.list_commands(ctx))
        return super().resolve_command(ctx, args)

    def _add_placeholders(self) -> None:
        for name in resources.names() if not self.commands else ():
            resource_class = resources.resource_class(name)
            if self.method in resource_class.methods():
                summary = _description(resource_class).partition("\n\n")[0]
                self.add_command(Command(name, help=summary, rich_help_panel=PANEL))

    def _build(self, resource_class: ResourceClass) -> Any:
        single = App(add_completion=False)
        note = self.make_note(resource_class)
        shown = examples(*self.make_examples(resource_class))
        single.command(
            resource_class.name,
            help=_description(resource_class),
            epilog=f"{note}\n\n{shown}" if note else shown,
        )(self.make_command(resource_class))
        return typer.main.get_command(single)


def refuse_resource(ctx: typer.Context, name: str, known: Sequence[str]) -> NoReturn:
    """End with a usage error about an unknown resource, and suggest similar ones.

    Args:
        ctx: The context of the command.
        name: What the user typed.
        known: The resources that the command takes.
    """
    singular = name.lower().rstrip("s")
    similar = [each for each in known if len(singular) > 2 and singular in each]
    if singular in known:
        similar = [singular]
    nearest = dict.fromkeys([*similar, *difflib.get_close_matches(name, known)])
    hint = f" Did you mean {', '.join(map(repr, nearest))}?" if nearest else ""
    ctx.fail(f"No such resource {name!r}.{hint}")


def _description(resource_class: ResourceClass) -> str:
    """Format a resource's docstring for a terminal, which wraps each paragraph by itself."""
    paragraphs = (inspect.getdoc(resource_class) or "").replace("`", "").split("\n\n")
    words = [each for each in paragraphs if not each.startswith(".. version")]
    lines = [" ".join(paragraph.split()) for paragraph in words]
    return escape("\n\n".join(lines).replace(" https://", "\n\nhttps://"))


def _explain_missing(resource_class: ResourceClass, method: str) -> str:
    can = [PARTICIPLES[each] for each in resource_class.methods() if each in PARTICIPLES]
    listed = " and ".join(filter(None, (", ".join(can[:-1]), can[-1])))
    alternative = ALTERNATIVES.get(resource_class.name)
    see = f"; see {alternative}" if alternative else ""
    return f"{resource_class.name} cannot be {PARTICIPLES[method]}: it can only be {listed}{see}"
