"""``demo``: the main job, done against a stand-in, with a short account of it."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import attrs
import typer
from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from ..client import IntervalsClient
from .running import run
from .wording import counted, shown

if TYPE_CHECKING:
    from ..resources import ProjectNote
    from ..testing import FakeIntervals

__all__ = ["demo"]

FIRST = 5

NEXT = (
    ("intervals-async sandbox", "the stand-in, for your code"),
    ("export INTERVALS_TOKEN=…", "your API token"),
    ("intervals-async me", "whose token is it?"),
    ("intervals-async list project --limit 20", "your projects"),
    ("intervals-async export projectnote -o notes.csv", "all your notes"),
    ("intervals-async export --help", "what else there is"),
)


@attrs.frozen
class Part:
    """What one part of the job came to."""

    name: str
    records: int
    requests: int
    seconds: float


def demo(
    notes: Annotated[int, typer.Option(min=0, help="How many notes the stand-in has.")] = 5000,
) -> None:
    """Show what this does: stream all notes, and everybody's contact details.

    It runs against a stand-in on this computer, whose data are made up: it needs no token and
    reaches no network.
    """
    from ..testing import FakeIntervals  # noqa: PLC0415  a server, which no other command needs

    run(_demo(FakeIntervals(notes=notes, per_minute=None, per_day=None)))


async def _demo(fake: FakeIntervals) -> None:
    # The stand-in's limits are off and so are ours: the demo should not wait for a minute.
    async with fake, IntervalsClient(fake.token, base_url=fake.url, limits=()) as client:
        first, notes = await _all_notes(client)
        people, contacts = await _all_contacts(client, fake)
    _show(first, notes, people, contacts)


async def _all_notes(client: IntervalsClient) -> tuple[list[ProjectNote], Part]:
    began = time.monotonic()
    first: list[ProjectNote] = []
    async with client.projectnote.list().stream() as stream:
        async for note in stream:
            if len(first) < FIRST:
                first.append(note)
    took = time.monotonic() - began
    return first, Part("project notes", stream.delivered, stream.requests, took)


async def _all_contacts(client: IntervalsClient, fake: FakeIntervals) -> tuple[Part, Part]:
    began, asked = time.monotonic(), fake.requests
    people = await client.person.list().collect()
    listed, asked_then = time.monotonic(), fake.requests
    details = await asyncio.gather(
        *(client.personcontact.list(personid=person.id).collect() for person in people)
    )
    ended = time.monotonic()
    return (
        Part("people", len(people), asked_then - asked, listed - began),
        Part(
            "their contact details",
            sum(map(len, details)),
            fake.requests - asked_then,
            ended - listed,
        ),
    )


def _show(first: list[ProjectNote], *parts: Part) -> None:
    console = Console(markup=False, emoji=False, highlight=False)
    pieces: list[RenderableType] = [
        Text("This ran against a stand-in for the Intervals API, whose data are made up.")
    ]
    if first:
        notes = _table(console, f"The first {counted(len(first), 'note')}")
        for column in ("id", "date", "project", "author", "title"):
            notes.add_column(column, no_wrap=True, overflow="ellipsis")
        for note in first:
            row = (note.id, note.date.date(), note.projectid, note.author, note.title)
            notes.add_row(*map(shown, row))
        pieces.append(notes)
    totals = _table(console, "All that there is")
    totals.add_column("what")
    for column in ("records", "requests", "seconds"):
        totals.add_column(column, justify="right")
    for part in parts:
        totals.add_row(part.name, f"{part.records:,}", f"{part.requests:,}", f"{part.seconds:.2f}")
    hints = _table(console, "What to try next")
    hints.show_header = False
    hints.add_column(style="cyan", no_wrap=True)
    hints.add_column()
    here = _folder_of_the_command()
    for command, purpose in NEXT:
        hints.add_row(command.replace("intervals-async", f"{here}intervals-async"), purpose)
    for piece in (*pieces, totals, hints):
        console.print(piece)
        console.print()


def _folder_of_the_command() -> str:
    """Give what must stand before the command's name where the shell would not find it."""
    if shutil.which("intervals-async") is not None:
        return ""
    return f"{os.path.relpath(Path(sys.argv[0]).parent)}{os.sep}"


def _table(console: Console, title: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD if console.is_terminal else None,
        pad_edge=False,
    )
