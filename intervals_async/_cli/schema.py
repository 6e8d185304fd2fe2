"""``schema``: the JSON Schema of the records of a resource."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from .. import json_schema
from ..resources import names, resource_class
from .option_values import refuse_name
from .runner import fail, run

__all__ = ["schema"]


def _complete(incomplete: str) -> list[str]:
    return [name for name in names() if name.startswith(incomplete)]


def schema(
    resource: Annotated[
        str,
        typer.Argument(
            metavar="RESOURCE", help="Resource of the records.", autocompletion=_complete
        ),
    ],
) -> None:
    """Print the JSON Schema of a resource's records, as exports to JSON Lines write them.

    Requires pydantic and no account.
    """
    if resource not in names():
        refuse_name("RESOURCE", "a resource", resource, names())
    run(_print(resource))


async def _print(resource: str) -> None:
    try:
        found = json_schema(vars(resource_class(resource))["record"])
    except ImportError as error:
        fail(str(error))
    typer.echo(json.dumps(found, indent=2))
