"""``timer``: start, pause and resume timers."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from .. import IntervalsClient
from ..resources import Parameter
from .command_classes import App
from .common_options import IdArgument, RecordFormatOption
from .connection import BaseUrlOption, TokenFileOption, connection
from .examples import examples
from .option_values import read_option
from .print_record import run_and_print

if TYPE_CHECKING:
    from ..resources import Timer

__all__ = ["timer"]

AtOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="DATETIME", help="Time, in UTC unless it has an offset.", show_default="now"
    ),
]

timer = App(
    no_args_is_help=True,
    help="Start, pause or resume a timer.",
    epilog=examples("timer start --taskid 42", "timer pause 42"),
)


@timer.command(epilog=examples("timer start --taskid 42"))
def start(
    ctx: typer.Context,
    *,
    personid: Annotated[
        int | None,
        typer.Option(min=1, metavar="NUMBER", help="Owner of the timer.", show_default="you"),
    ] = None,
    taskid: Annotated[
        int | None,
        typer.Option(min=1, metavar="NUMBER", help="Task to time; none makes a general timer."),
    ] = None,
    name: Annotated[str | None, typer.Option(metavar="TEXT", help="Name of the timer.")] = None,
    at: AtOption = None,
    format: RecordFormatOption = None,
    token_file: TokenFileOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Start a new timer, and print it."""
    time = _read_time(at)

    async def call(client: IntervalsClient) -> Timer:
        owner = personid or (await client.me.get()).id
        return await client.timer.start(owner, taskid=taskid, name=name, at=time)

    run_and_print(connection(ctx, token_file, base_url), call, format)


@timer.command(epilog=examples("timer pause 42 --at 2026-05-01T09:30"))
def pause(
    ctx: typer.Context,
    id: IdArgument,
    *,
    at: AtOption = None,
    format: RecordFormatOption = None,
    token_file: TokenFileOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Pause a timer, which keeps its time, and print it."""
    time = _read_time(at)
    account = connection(ctx, token_file, base_url)
    run_and_print(account, lambda client: client.timer.pause(id, at=time), format)


@timer.command(epilog=examples("timer resume 42"))
def resume(
    ctx: typer.Context,
    id: IdArgument,
    *,
    at: AtOption = None,
    format: RecordFormatOption = None,
    token_file: TokenFileOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Resume a paused timer, and print it."""
    time = _read_time(at)
    account = connection(ctx, token_file, base_url)
    run_and_print(account, lambda client: client.timer.resume(id, at=time), format)


def _read_time(text: str | None) -> datetime | None:
    if text is None:
        return None
    time: datetime = read_option(Parameter("at", "utc"), text)
    return time
