"""``--filter RESOURCE.NAME=VALUE``: filters of the resources that are exported into a folder."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, TypeAlias

import typer

from .. import resources
from .._schema.parameters import Parameter, parameters
from ..errors import ArgumentError
from .options import read_option

__all__ = ["FolderFilters", "Since", "read_filters", "read_since"]

OPTION = "--filter"


def _complete(incomplete: str) -> list[str]:
    name, dot, begun = incomplete.partition(".")
    listed = [each for each in resources.names() if _filters_of(each)]
    if not dot:
        return [f"{each}." for each in listed if each.startswith(name)]
    known = _filters_of(name) if name in listed else {}
    return [f"{name}.{each}=" for each in known if each.startswith(begun)]


FolderFilters: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        OPTION,
        metavar="RESOURCE.NAME=VALUE",
        help="Export of a resource only what matches, such as task.projectid=3,5; several times, "
        "if need be.",
        autocompletion=_complete,
    ),
]

Since: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="MOMENT",
        help="Export of tasks, times and notes of tasks only what was changed since then, such as "
        "2026-05-01T09:30, in the account's own time zone.",
    ),
]


def read_filters(words: Sequence[str] | None) -> dict[str, dict[str, Any]]:
    """Read what was typed, by resource.

    Raises:
        BadParameter: It cannot be meant.
    """
    found: dict[str, dict[str, Any]] = {}
    for each in words or ():
        place, equals, value = each.partition("=")
        name, dot, filter = place.partition(".")
        if not (equals and dot):
            raise typer.BadParameter(
                f"{each!r} is no filter; write RESOURCE.NAME=VALUE, as in task.projectid=3,5",
                param_hint=OPTION,
            )
        if name not in resources.names():
            raise _unknown(f"there is no resource {name!r}", name, resources.names())
        known = _filters_of(name)
        if filter not in known:
            raise _unknown(f"{name} has no filter {filter!r}", filter, known)
        of_resource = found.setdefault(name, {})
        try:
            meant = read_option(known[filter], value)
        except typer.BadParameter as error:
            error.param_hint = f"{OPTION} {place}"
            raise
        if isinstance(meant, list):  # several may also be given one by one
            meant = [*of_resource.get(filter, ()), *meant]
        of_resource[filter] = meant
    return found


def read_since(words: str | None) -> Any:
    """Read a moment in the account's own time zone.

    Raises:
        BadParameter: It is none.
    """
    if words is None:
        return None
    since = Parameter("since", "local")
    value = read_option(since, words)
    try:
        since.write(value)
    except ArgumentError as error:
        raise typer.BadParameter(str(error), param_hint="--since") from None
    return value


def _filters_of(name: str) -> dict[str, Parameter]:
    kind = resources.resource_class(name)
    return dict(parameters(kind.filters)) if "list" in kind.methods() else {}


def _unknown(complaint: str, word: str, known: Iterable[str]) -> typer.BadParameter:
    nearest = difflib.get_close_matches(word, known := list(known), n=1)
    better = f"did you mean {nearest[0]!r}?" if nearest else f"there are {', '.join(known)}"
    return typer.BadParameter(f"{complaint}; {better}", param_hint=OPTION)
