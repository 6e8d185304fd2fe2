"""``sandbox``: serve a fake account on this computer until a signal stops it."""

from __future__ import annotations

import asyncio
import errno
import shlex
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from .humanize import plural
from .runner import fail, run

if TYPE_CHECKING:
    from ..testing import FakeIntervals

__all__ = ["sandbox"]


def sandbox(
    notes: Annotated[int, typer.Option(min=0, help="How many project notes it has.")] = 5000,
    people: Annotated[int, typer.Option(min=1, help="How many people it has.")] = 12,
    projects: Annotated[int, typer.Option(min=1, help="How many projects it has.")] = 8,
    seed: Annotated[int, typer.Option(help="Another seed makes other data.")] = 1,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")
    ] = 0,
    latency: Annotated[float, typer.Option(min=0, help="Seconds before each answer.")] = 0.0,
    limits: Annotated[
        bool, typer.Option(help="Keep the API's limits: 100 requests a minute, 6,000 a day.")
    ] = True,
) -> None:
    """Serve a stand-in for the Intervals API on this computer, until Ctrl-C.

    Its data are made up, and writing to it harms nobody. The line that it prints sets up a
    shell for this command and for your own programs.
    """
    from ..testing import FakeIntervals  # noqa: PLC0415  few commands need the server

    fake = FakeIntervals(
        notes=notes,
        people=people,
        projects=projects,
        seed=seed,
        port=port,
        latency=latency,
        per_minute=100 if limits else None,
        per_day=6000 if limits else None,
    )
    run(_serve(fake, f"{plural(notes, 'note')}, {people:,} people", port))


async def _serve(fake: FakeIntervals, contents: str, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # on Windows, where Ctrl-C still ends it
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        await fake.start()
    except OSError as error:
        fail(_describe(error, port))
    async with fake:
        typer.echo(f"# A stand-in for the Intervals API: {contents}. Ctrl-C stops it.", err=True)
        typer.echo(
            f"export INTERVALS_BASE_URL={fake.url} INTERVALS_TOKEN={shlex.quote(fake.token)}"
        )
        await stop.wait()


def _describe(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use; choose another with --port, or leave it out"
    return f"port {port} cannot be listened on: {error.strerror}"
