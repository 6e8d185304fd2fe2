"""``export`` of several resources into a folder, and ``verify``, which checks it."""

from __future__ import annotations

import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import attrs
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from ..export import AccountProgress, Manifest, export_account
from ..export.manifest import MANIFEST
from .connection import BaseUrl, Connection, TokenFile, connection
from .progress import LimitNotice
from .running import run
from .wording import counted

__all__ = ["several", "verify"]


class FolderFormat(StrEnum):
    """The formats of the files of an export of several resources."""

    JSONL = "jsonl"
    JSONL_GZ = "jsonl.gz"
    JSONL_ZST = "jsonl.zst"
    CSV = "csv"
    PARQUET = "parquet"
    SQLITE = "sqlite"


@attrs.frozen(kw_only=True)
class _Order:
    resources: list[str] | None
    exclude: list[str]
    folder: Path
    format: FolderFormat
    jobs: int
    wait_for_reset: bool
    quiet: bool
    as_json: bool


def several(
    ctx: typer.Context,
    resource: Annotated[
        list[str] | None, typer.Argument(metavar="RESOURCE...", help="What to export.")
    ] = None,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="The folder to write into.")
    ],
    everything: Annotated[
        bool, typer.Option("--all", help="Export all resources of the account.")
    ] = False,
    exclude: Annotated[str | None, typer.Option(metavar="NAME,…", help="Leave these out.")] = None,
    format: Annotated[
        FolderFormat, typer.Option(help="The format of the files; sqlite makes one for all.")
    ] = FolderFormat.JSONL,
    jobs: Annotated[
        int, typer.Option(min=1, metavar="NUMBER", help="Resources that are read at once.")
    ] = 4,
    wait_for_reset: Annotated[
        bool,
        typer.Option(
            "--wait-for-reset", help="When the day's requests are used up, go on when it is over."
        ),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the manifest when all is written.")
    ] = False,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
) -> None:
    """Export several resources, or all, into a folder: a file each, and a manifest.

    Files appear when they are complete, and replace those of an earlier export. What is listed for
    one parent alone, such as the contact details of a person, is listed for each.

    Broken off at any moment, the same command goes on where it stopped.
    """
    if bool(resource) == everything:
        raise typer.BadParameter("name some resources, or say --all")
    order = _Order(
        resources=None if everything else resource,
        exclude=[name.strip() for name in (exclude or "").split(",") if name.strip()],
        folder=output,
        format=format,
        jobs=jobs,
        wait_for_reset=wait_for_reset,
        quiet=quiet,
        as_json=as_json,
    )
    run(_export(connection(ctx, token_file, base_url), order))


def verify(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder of an export.")],
) -> None:
    """Check the files of an export against its manifest: their sizes and their content."""
    run(_verify(folder))


async def _verify(folder: Path) -> None:
    manifest = Manifest.read(folder)
    flaws = list(manifest.flaws(folder))
    for flaw in flaws:
        typer.echo(flaw, err=True)
    if flaws:
        raise typer.Exit(1)
    files = {each.file.name for each in manifest.exported}
    typer.echo(f"{counted(len(files), 'file')}, {counted(manifest.records, 'record')}: as written")


class _Bars:
    """A bar for each resource that is under way, on standard error; they go away at the end."""

    def __init__(self, bars: Progress, notice: LimitNotice) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        notice.say = self._wait

    def __call__(self, told: AccountProgress) -> None:
        """Show how far a resource has come."""
        if told.ended or told.left_out is not None:
            if told.resource in self._tasks:
                self._bars.remove_task(self._tasks.pop(told.resource))
            return
        if told.resource not in self._tasks:
            self._tasks[told.resource] = self._bars.add_task(
                told.resource, total=None, records="", requests=""
            )
        known = "" if told.listcount is None else f"/{told.listcount:,}"
        self._bars.update(
            self._tasks[told.resource],
            completed=told.records,
            total=told.listcount,
            records=f"{told.records:,}{known}",
            requests=counted(told.requests, "request"),
        )

    def _wait(self, words: str) -> None:
        for task in self._tasks.values():
            self._bars.update(task, requests=words)


async def _export(account: Connection, order: _Order) -> None:
    began = time.monotonic()
    notice = LimitNotice()
    watched = sys.stderr.isatty() and not order.quiet
    if order.quiet:
        notice.say = lambda words: None
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[records]}"),
        TextColumn("{task.fields[requests]}", style="dim"),
        TimeElapsedColumn(),
        console=Console(stderr=True, highlight=False),
        transient=True,
        disable=not watched,
    )
    with bars:
        async with account.client(notice) as client:
            manifest = await export_account(
                client,
                order.folder,
                resources=order.resources,
                exclude=order.exclude,
                format=order.format.value,
                jobs=order.jobs,
                wait_for_reset=order.wait_for_reset,
                on_progress=_Bars(bars, notice) if watched else None,
            )
    if order.as_json:
        typer.echo((order.folder / MANIFEST).read_text("utf-8"), nl=False)
    if not order.quiet:
        _tell(manifest, order.folder, time.monotonic() - began)


def _tell(manifest: Manifest, folder: Path, seconds: float) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("resource", style="cyan", no_wrap=True)
    for name in ("records", "requests", "bytes"):
        table.add_column(name, justify="right")
    sizes = {each.file.name: f"{each.file.size:,}" for each in manifest.exported}
    for each in manifest.exported:
        size = sizes.pop(each.file.name, "")  # once, where several share a file
        table.add_row(each.resource, f"{each.records:,}", f"{each.requests:,}", size)
    console = Console(stderr=True, markup=False, emoji=False, highlight=False)
    console.print(table)
    for name, reason in manifest.left_out.items():
        typer.echo(f"left out: {name}: {reason}", err=True)
    typer.echo(
        f"{counted(manifest.records, 'record')}, {counted(manifest.requests, 'request')}, "
        f"{seconds:.1f} s → {folder}",
        err=True,
    )
