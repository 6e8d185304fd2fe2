"""``timer``: start, pause and resume timers."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from .. import IntervalsClient
from ..resources import Parameter
from .common_options import IdArgument, RecordFormatOption
from .connection import BaseUrlOption, TokenFileOption, connection
from .option_values import read_option
from .print_record import run_and_print

if TYPE_CHECKING:
    from ..resources import Timer

__all__ = ["timer"]

AtOption: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="MOMENT", help="When: in UTC, unless it says another zone. Else now."),
]

timer = typer.Typer(no_args_is_help=True, help="Start, pause or resume a timer.")


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
    at: AtOption = None,
    format: RecordFormatOption = None,
    token_file: TokenFileOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Make a timer that runs."""
    time = _read_time(at)

    async def call(client: IntervalsClient) -> Timer:
        owner = personid or (await client.me.get()).id
        return await client.timer.start(owner, taskid=taskid, name=name, at=time)

    run_and_print(connection(ctx, token_file, base_url), call, format)


@timer.command()
def pause(
    ctx: typer.Context,
    id: IdArgument,
    *,
    at: AtOption = None,
    format: RecordFormatOption = None,
    token_file: TokenFileOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Stop a timer, and keep its seconds."""
    time = _read_time(at)
    account = connection(ctx, token_file, base_url)
    run_and_print(account, lambda client: client.timer.pause(id, at=time), format)


@timer.command()
def resume(
    ctx: typer.Context,
    id: IdArgument,
    *,
    at: AtOption = None,
    format: RecordFormatOption = None,
    token_file: TokenFileOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Let a paused timer run again."""
    time = _read_time(at)
    account = connection(ctx, token_file, base_url)
    run_and_print(account, lambda client: client.timer.resume(id, at=time), format)


def _read_time(text: str | None) -> datetime | None:
    if text is None:
        return None
    time: datetime = read_option(Parameter("at", "utc"), text)
    return time
