"""``projectteam``: add people to a project, and remove them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeAlias

import typer

from .. import IntervalsClient
from ..resources import Parameter
from .command_classes import App
from .common_options import SendNotificationsOption
from .connection import BaseUrlOption, Connection, TokenFileOption, connection
from .examples import examples
from .option_values import read_option
from .progress import RateLimitNotice
from .runner import run

__all__ = ["projectteam"]

ProjectIdArgument: TypeAlias = Annotated[
    int, typer.Argument(min=1, metavar="PROJECTID", help="ID of the project.")
]
PeopleOption: TypeAlias = Annotated[
    list[str],
    typer.Option("--personid", metavar="NUMBER,…", help="IDs of the people, such as 17,18."),
]

projectteam = App(
    no_args_is_help=True,
    help="Add people to a project, or remove them.",
    epilog=examples("projectteam add 3 --personid 17,18"),
)


@projectteam.command(epilog=examples("projectteam add 3 --personid 17,18"))
def add(
    ctx: typer.Context,
    projectid: ProjectIdArgument,
    *,
    personid: PeopleOption,
    securenotes: Annotated[
        bool | None,
        typer.Option(help="Let them read the project's secure notes."),
    ] = None,
    send_notifications: SendNotificationsOption = False,
    token_file: TokenFileOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Add people to a project."""
    people = _read_people(personid)
    run(
        _call(
            connection(ctx, token_file, base_url),
            lambda client: client.projectteam.add(
                projectid,
                people,
                securenotes=securenotes,
                send_notifications=send_notifications or None,
            ),
        )
    )


@projectteam.command(epilog=examples("projectteam remove 3 --personid 17"))
def remove(
    ctx: typer.Context,
    projectid: ProjectIdArgument,
    *,
    personid: PeopleOption,
    send_notifications: SendNotificationsOption = False,
    token_file: TokenFileOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Remove people from a project."""
    people = _read_people(personid)
    run(
        _call(
            connection(ctx, token_file, base_url),
            lambda client: client.projectteam.remove(
                projectid, people, send_notifications=send_notifications or None
            ),
        )
    )


async def _call(account: Connection, call: Callable[[IntervalsClient], Awaitable[None]]) -> None:
    async with account.client(RateLimitNotice()) as client:
        await call(client)


def _read_people(texts: list[str]) -> list[int]:
    parameter = Parameter("personid", "integer", multiple=True)
    people: list[int] = read_option(parameter, ",".join(texts))
    return people
