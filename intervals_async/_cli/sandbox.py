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
    notes: Annotated[
        int, typer.Option(min=0, metavar="NUMBER", help="Number of project notes.")
    ] = 5000,
    people: Annotated[int, typer.Option(min=1, metavar="NUMBER", help="Number of people.")] = 12,
    projects: Annotated[int, typer.Option(min=1, metavar="NUMBER", help="Number of projects.")] = 8,
    seed: Annotated[int, typer.Option(metavar="NUMBER", help="Seed of the generated records.")] = 1,
    port: Annotated[
        int,
        typer.Option(
            min=0, max=65535, metavar="NUMBER", help="Port to listen on; 0 picks a free one."
        ),
    ] = 0,
    latency: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Delay of each response.")
    ] = 0.0,
    limits: Annotated[
        bool, typer.Option(help="Enforce the API's limits: 100 requests a minute, 6,000 a day.")
    ] = True,
) -> None:
    """Serve a fake Intervals API on this computer until Ctrl-C.

    Paste the line that it prints into a shell, to use the fake account there.
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
    run(_serve(fake, f"{plural(notes, 'note')} and {people:,} people", port))


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
        # A command that does nothing: zsh takes no comments from a keyboard.
        typer.echo(f": A fake Intervals API with {contents}. Press Ctrl-C to stop it.", err=True)
        typer.echo(
            f"export INTERVALS_BASE_URL={fake.url} INTERVALS_TOKEN={shlex.quote(fake.token)}"
        )
        await stop.wait()


def _describe(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"--port: expected a free port, got {port}; choose another one, or 0"
    return f"--port: cannot listen on {port}: {error.strerror}"
