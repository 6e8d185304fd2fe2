"""What only some resources can: download, start and pause, add people and remove them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from .._http.download import Download
from .._schema.parameters import Parameter
from ..client import IntervalsClient
from .connection import BaseUrl, Connection, TokenFile, connection
from .formats import RecordFormat
from .options import read_option, with_options
from .progress import LimitNotice
from .records import THE_ID, HowShown, Id, show
from .resource_commands import Kind, ResourceGroup
from .running import run
from .streams import standard_output
from .writing import Mails

if TYPE_CHECKING:
    from ..resources import Timer

__all__ = ["DownloadGroup", "projectteam", "timer"]

At: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="MOMENT", help="When: in UTC, unless it says another zone. Else now."),
]
Project: TypeAlias = Annotated[
    int, typer.Argument(min=1, metavar="PROJECTID", help="The id of the project.")
]
People: TypeAlias = Annotated[
    list[str],
    typer.Option("--personid", metavar="NUMBER,…", help="The person, or several, as 17,18."),
]

timer = typer.Typer(no_args_is_help=True, help="Start, pause or resume a timer.")
projectteam = typer.Typer(no_args_is_help=True, help="Add people to a project, or remove them.")


class DownloadGroup(ResourceGroup):
    """The resources that are files."""

    method = "download"

    @staticmethod
    def make(kind: Kind) -> Callable[..., None]:
        """Make ``download RESOURCE``."""

        def command(
            ctx: typer.Context,
            *,
            output: Annotated[
                Path,
                typer.Option(
                    "--output",
                    "-o",
                    metavar="FILE",
                    help="The file to write; - is standard output.",
                ),
            ],
            force: Annotated[
                bool, typer.Option("--force", help="Replace the file if it exists.")
            ] = False,
            token_file: TokenFile = None,
            base_url: BaseUrl = None,
            **given: Any,
        ) -> None:
            account = connection(ctx, token_file, base_url)
            run(_download(account, kind.name, given["id"], output, force=force))

        return with_options(command, [THE_ID])


@timer.command()
def start(
    ctx: typer.Context,
    *,
    personid: Annotated[
        int | None,
        typer.Option(min=1, metavar="NUMBER", help="Whose timer; else the token's owner's."),
    ] = None,
    taskid: Annotated[
        int | None,
        typer.Option(min=1, metavar="NUMBER", help="The task; else it is a general timer."),
    ] = None,
    name: Annotated[str | None, typer.Option(metavar="TEXT", help="The text on it.")] = None,
    at: At = None,
    format: HowShown = None,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
) -> None:
    """Make a timer that runs."""
    moment = _moment(at)

    async def act(client: IntervalsClient) -> Timer:
        whose = personid or (await client.me.get()).id
        return await client.timer.start(whose, taskid=taskid, name=name, at=moment)

    run(_timer(connection(ctx, token_file, base_url), act, format))


@timer.command()
def pause(
    ctx: typer.Context,
    id: Id,
    *,
    at: At = None,
    format: HowShown = None,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
) -> None:
    """Stop a timer, and keep its seconds."""
    moment = _moment(at)
    account = connection(ctx, token_file, base_url)
    run(_timer(account, lambda client: client.timer.pause(id, at=moment), format))


@timer.command()
def resume(
    ctx: typer.Context,
    id: Id,
    *,
    at: At = None,
    format: HowShown = None,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
) -> None:
    """Let a paused timer run again."""
    moment = _moment(at)
    account = connection(ctx, token_file, base_url)
    run(_timer(account, lambda client: client.timer.resume(id, at=moment), format))


@projectteam.command()
def add(
    ctx: typer.Context,
    projectid: Project,
    *,
    personid: People,
    securenotes: Annotated[
        bool | None,
        typer.Option(help="Whether they may read the project's secure notes."),
    ] = None,
    send_notifications: Mails = False,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
) -> None:
    """Add people to a project."""
    people = _people(personid)
    run(
        _team(
            connection(ctx, token_file, base_url),
            lambda client: client.projectteam.add(
                projectid,
                people,
                securenotes=securenotes,
                send_notifications=send_notifications or None,
            ),
        )
    )


@projectteam.command()
def remove(
    ctx: typer.Context,
    projectid: Project,
    *,
    personid: People,
    send_notifications: Mails = False,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
) -> None:
    """Remove people from a project."""
    people = _people(personid)
    run(
        _team(
            connection(ctx, token_file, base_url),
            lambda client: client.projectteam.remove(
                projectid, people, send_notifications=send_notifications or None
            ),
        )
    )


async def _download(account: Connection, name: str, id: int, output: Path, *, force: bool) -> None:
    async with account.client(LimitNotice()) as client:
        resource: Any = getattr(client, name)
        download: Download = resource.download(id)
        if output != Path("-"):
            size = await download.save(output, force=force)
            typer.echo(f"{size:,} bytes → {output}", err=True)
            return
        stream = standard_output()
        async with download.open() as pieces:
            async for piece in pieces:
                stream.write(piece)
        stream.flush()


async def _timer(
    account: Connection,
    act: Callable[[IntervalsClient], Awaitable[Timer]],
    format: RecordFormat | None,
) -> None:
    async with account.client(LimitNotice()) as client:
        record = await act(client)
    show(record, format)


async def _team(account: Connection, act: Callable[[IntervalsClient], Awaitable[None]]) -> None:
    async with account.client(LimitNotice()) as client:
        await act(client)


def _moment(words: str | None) -> datetime | None:
    if words is None:
        return None
    moment: datetime = read_option(Parameter("at", "utc"), words)
    return moment


def _people(words: list[str]) -> list[int]:
    parameter = Parameter("personid", "integer", multiple=True)
    people: list[int] = read_option(parameter, ",".join(words))
    return people
