"""``demo``: read all notes and contact details of a fake account, and print the totals."""

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
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from .. import IntervalsClient
from .humanize import one_line, plural
from .runner import run
from .table_sink import output_console, print_table, ruled_box

if TYPE_CHECKING:
    from ..resources import ProjectNote
    from ..testing import FakeIntervals

__all__ = ["demo"]

# The number of notes to print.
SHOWN_NOTES = 5

NEXT_COMMANDS = (
    ("intervals-async sandbox", "a fake API for your code"),
    ("export INTERVALS_TOKEN=…", "set your API token"),
    ("intervals-async me", "show its owner"),
    ("intervals-async list project --limit 20", "list your projects"),
    ("intervals-async export projectnote -o notes.csv", "export all your notes"),
    ("intervals-async export --help", "show more options"),
)


@attrs.frozen
class Measurement:
    """The result of reading one kind of record."""

    name: str
    records: int
    requests: int
    seconds: float


def demo(
    notes: Annotated[
        int, typer.Option(min=0, metavar="NUMBER", help="Number of notes in the fake account.")
    ] = 5000,
) -> None:
    """Stream the notes and contact details of a fake account, and print the totals.

    The demo runs on this computer and needs no token.
    """
    from ..testing import FakeIntervals  # noqa: PLC0415  few commands need the server

    run(_demo(FakeIntervals(notes=notes, per_minute=None, per_day=None)))


async def _demo(fake: FakeIntervals) -> None:
    # Neither the server nor the client limits requests: the demo should not wait for a minute.
    async with fake, IntervalsClient(fake.token, base_url=fake.url, limits=()) as client:
        first, notes = await _read_notes(client)
        people, contacts = await _read_contacts(client, fake)
    _print(first, notes, people, contacts)


async def _read_notes(client: IntervalsClient) -> tuple[list[ProjectNote], Measurement]:
    began = time.monotonic()
    first: list[ProjectNote] = []
    async with client.projectnote.list().stream() as stream:
        async for note in stream:
            if len(first) < SHOWN_NOTES:
                first.append(note)
    seconds = time.monotonic() - began
    return first, Measurement("project notes", stream.delivered, stream.requests, seconds)


async def _read_contacts(
    client: IntervalsClient, fake: FakeIntervals
) -> tuple[Measurement, Measurement]:
    began, requests_before = time.monotonic(), fake.requests
    people = await client.person.list().collect()
    listed, requests_then = time.monotonic(), fake.requests
    details = await asyncio.gather(
        *(client.personcontact.list(personid=person.id).collect() for person in people)
    )
    ended = time.monotonic()
    return (
        Measurement("people", len(people), requests_then - requests_before, listed - began),
        Measurement(
            "contact details",
            sum(map(len, details)),
            fake.requests - requests_then,
            ended - listed,
        ),
    )


def _print(first: list[ProjectNote], *measurements: Measurement) -> None:
    console = output_console()
    parts: list[RenderableType] = [
        Text("All data came from a fake Intervals API on this computer.")
    ]
    if first:
        parts.append(_table_of_notes(console, first))
    parts += (_table_of_totals(console, measurements), _table_of_commands(console))
    for part in parts:
        if isinstance(part, Table):
            print_table(console, part)
        else:
            console.print(part)
        console.print()


def _table_of_notes(console: Console, notes: list[ProjectNote]) -> Table:
    table = _new_table(console, f"The first {plural(len(notes), 'note')}")
    for column in ("id", "date", "project", "author", "title"):
        table.add_column(column, no_wrap=True, overflow="ellipsis")
    for note in notes:
        row = (note.id, note.date.date(), note.projectid, note.author, note.title)
        table.add_row(*map(one_line, row))
    return table


def _table_of_totals(console: Console, measurements: tuple[Measurement, ...]) -> Table:
    table = _new_table(console, "Totals")
    table.add_column("resource")
    for column in ("records", "requests", "seconds"):
        table.add_column(column, justify="right")
    for each in measurements:
        table.add_row(each.name, f"{each.records:,}", f"{each.requests:,}", f"{each.seconds:.2f}")
    return table


def _table_of_commands(console: Console) -> Table:
    table = _new_table(console, "What to try next")
    table.show_header = False
    table.add_column(style="cyan", no_wrap=True)
    table.add_column()
    program = f"{_path_prefix()}intervals-async"
    for command, purpose in NEXT_COMMANDS:
        table.add_row(command.replace("intervals-async", program), purpose)
    return table


def _path_prefix() -> str:
    """Return the folder to put before the program's name if it is not on the PATH."""
    if shutil.which("intervals-async") is not None:
        return ""
    return f"{os.path.relpath(Path(sys.argv[0]).parent)}{os.sep}"


def _new_table(console: Console, title: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=ruled_box(console),
        pad_edge=False,
    )
