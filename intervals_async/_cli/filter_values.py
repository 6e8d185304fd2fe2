"""``--filter RESOURCE.NAME=VALUE`` and ``--since``: the filters of an export into a folder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import typer

from .. import ArgumentError, resources
from ..resources import Parameter, parameters
from .option_values import message_of, read_option, refuse_name

__all__ = ["complete_filter", "read_filters", "read_since"]

OPTION = "--filter"


def complete_filter(incomplete: str) -> list[str]:
    """Complete the name of a resource, and then of one of its filters."""
    name, dot, begun = incomplete.partition(".")
    listed = [each for each in resources.names() if _filters_of(each)]
    if not dot:
        return [f"{each}." for each in listed if each.startswith(name)]
    known = _filters_of(name) if name in listed else {}
    return [f"{name}.{each}=" for each in known if each.startswith(begun)]


def read_filters(texts: Sequence[str] | None) -> dict[str, dict[str, Any]]:
    """Read the values of ``--filter``.

    Returns:
        The filters by resource and name.

    Raises:
        BadParameter: A resource, name or value is invalid.
    """
    found: dict[str, dict[str, Any]] = {}
    for text in texts or ():
        path, equals, value = text.partition("=")
        resource, dot, name = path.partition(".")
        if not (equals and dot):
            raise typer.BadParameter(
                f"expected RESOURCE.NAME=VALUE, such as task.projectid=3,5, got {text!r}",
                param_hint=OPTION,
            )
        if resource not in resources.names():
            refuse_name(OPTION, "a resource", resource, resources.names())
        known = _filters_of(resource)
        if not known:
            raise typer.BadParameter(
                f"expected a resource with filters, got {resource!r}", param_hint=OPTION
            )
        if name not in known:
            refuse_name(OPTION, f"a filter of {resource}", name, known)
        of_resource = found.setdefault(resource, {})
        try:
            parsed = read_option(known[name], value)
        except typer.BadParameter as error:
            error.param_hint = f"{OPTION} {path}"
            raise
        if isinstance(parsed, list):  # a filter that takes several values may be repeated
            parsed = [*of_resource.get(name, ()), *parsed]
        of_resource[name] = parsed
    return found


def read_since(text: str | None) -> datetime | None:
    """Read the value of ``--since``, a time in the account's time zone.

    Raises:
        BadParameter: It is invalid.
    """
    if text is None:
        return None
    since = Parameter("since", "local")
    value: datetime = read_option(since, text)
    try:
        since.write(value)
    except ArgumentError as error:
        raise typer.BadParameter(message_of(error, "since"), param_hint="--since") from None
    return value


def _filters_of(name: str) -> dict[str, Parameter]:
    resource_class = resources.resource_class(name)
    listed = "list" in resource_class.methods()
    return dict(parameters(resource_class.filters)) if listed else {}
