"""``export`` of several resources into a folder, and ``verify``, which checks it."""

from __future__ import annotations

import json
import sys
import time
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import attrs
import typer
from rich.console import Console
from rich.table import Table

from ..export import Estimate, Manifest, export_account, is_unfinished
from .connection import BaseUrl, Connection, TokenFile, connection
from .folder_filters import FolderFilters, Since, read_filters, read_since
from .folder_progress import Bars, Lines
from .progress import LimitNotice
from .running import run
from .wording import cost, counted

__all__ = ["export_many", "verify"]


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
    folder: Path
    what: dict[str, Any]
    wait_for_reset: bool
    dry_run: bool
    quiet: bool
    as_json: bool


def export_many(
    ctx: typer.Context,
    resource: Annotated[
        list[str] | None, typer.Argument(metavar="RESOURCE", help="What to export.")
    ] = None,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="The folder to write into.")
    ],
    everything: Annotated[
        bool, typer.Option("--all", help="Export all resources of the account.")
    ] = False,
    exclude: Annotated[str | None, typer.Option(metavar="NAME,…", help="Leave these out.")] = None,
    filter: FolderFilters = None,
    since: Since = None,
    incremental: Annotated[
        bool,
        typer.Option(
            "--incremental",
            help="Build upon the export that is in the folder: of tasks, times and notes of tasks "
            "read only what was changed since.",
        ),
    ] = False,
    format: Annotated[
        FolderFormat, typer.Option(help="The format of the files; sqlite makes one for all.")
    ] = FolderFormat.JSONL,
    jobs: Annotated[
        int, typer.Option(min=1, metavar="NUMBER", help="Resources that are read at once.")
    ] = 4,
    wait_for_reset: Annotated[
        bool,
        typer.Option(
            "--wait-for-reset",
            help="Begin although the day's requests do not suffice; go on when the day is over.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would cost, and write nothing.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")] = False,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print the manifest when all is written; with --dry-run, the cost."
        ),
    ] = False,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
) -> None:
    """Export several resources, or all, into a folder: a file each, and a manifest.

    Files appear when they are complete, and replace those of an earlier export. What is listed for
    one parent alone, such as the contact details of a person, is listed for each.

    Before it begins it asks how much there is, and what is left of the day. If that does not
    suffice it ends with exit code 3, unless --wait-for-reset is said.

    Broken off at any moment, the same command goes on where it stopped.
    """
    if bool(resource) == everything:
        raise typer.BadParameter("name some resources, or say --all")
    order = _Order(
        folder=output,
        what={
            "resources": None if everything else resource,
            "exclude": [name.strip() for name in (exclude or "").split(",") if name.strip()],
            "filters": read_filters(filter),
            "since": read_since(since),
            "incremental": incremental,
            "format": format.value,
            "jobs": jobs,
        },
        wait_for_reset=wait_for_reset,
        dry_run=dry_run,
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
    if is_unfinished(folder):
        typer.echo(
            f"{folder}: an export is unfinished; some files may be its own already", err=True
        )
    if flaws:
        raise typer.Exit(1)
    there = [*manifest.exported, *manifest.kept]
    files = {each.file.name for each in there}
    records = sum(each.records for each in there)
    typer.echo(f"{counted(len(files), 'file')}, {counted(records, 'record')}: as written")


class _EnoughError(Exception):
    """What it costs was all that was wanted."""


async def _export(account: Connection, order: _Order) -> None:
    began = time.monotonic()
    notice = LimitNotice()
    with ExitStack() as stack:
        seen: Bars | Lines | None = None
        if order.quiet:
            notice.say = lambda words: None
        else:
            seen = stack.enter_context(Bars(notice)) if sys.stderr.isatty() else Lines()

        def told(estimate: Estimate) -> None:
            if seen is not None:
                seen.say(cost(estimate))
            if order.dry_run:
                if order.as_json:
                    typer.echo(json.dumps(estimate.to_dict(), indent=1))
                raise _EnoughError

        async with account.client(notice) as client:
            try:
                manifest = await export_account(
                    client,
                    order.folder,
                    **order.what,
                    wait_for_reset=order.wait_for_reset,
                    on_estimate=told,
                    on_progress=seen,
                )
            except _EnoughError:
                return
    for name, reason in manifest.left_out.items():  # also where nothing but errors is said
        typer.echo(f"left out: {name}: {reason}", err=True)
    if order.as_json:
        typer.echo(json.dumps(manifest.to_dict(), indent=1, ensure_ascii=False))
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
    merged = [each.resource for each in manifest.exported if each.since is not None]
    if merged:
        typer.echo(f"only what was changed was read of: {', '.join(merged)}", err=True)
    typer.echo(
        f"{counted(manifest.records, 'record')}, {counted(manifest.requests, 'request')}, "
        f"{seconds:.1f} s → {folder}",
        err=True,
    )
