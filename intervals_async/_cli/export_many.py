"""Export several resources, or all of them, into a folder."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import attrs
import typer
from rich.console import Console
from rich.table import Table

from ..export import Estimate, IncompleteExportError, Manifest, export_account, is_unfinished
from .connection import Connection
from .export_many_progress import ProgressBars, ProgressLines
from .filter_values import complete_filter, read_filters, read_since
from .humanize import describe_estimate, describe_rounded, describe_unreadable, one_line, plural
from .output_formats import DecimalType, ExportFormat
from .progress import RateLimitNotice
from .runner import describe_error, fail, run
from .standard_streams import animates

__all__ = ["FolderOptions", "export_many"]

PANEL = "Export to a folder"


@attrs.frozen(kw_only=True)
class FolderOptions:
    """The options that only an export into a folder has, as the user typed them."""

    exclude: Annotated[
        str | None,
        typer.Option(metavar="NAME,…", rich_help_panel=PANEL, help="Skip these resources."),
    ] = None
    filter: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RESOURCE.NAME=VALUE",
            rich_help_panel=PANEL,
            help="Export only the matching records of a resource, such as task.projectid=3,5; "
            "repeatable.",
            autocompletion=complete_filter,
        ),
    ] = None
    since: Annotated[
        str | None,
        typer.Option(
            metavar="DATETIME",
            rich_help_panel=PANEL,
            help="Export only those tasks, times and task notes that changed since then, such as "
            "2026-05-01T09:30, in the account's time zone.",
        ),
    ] = None
    incremental: Annotated[
        bool,
        typer.Option(
            "--incremental",
            rich_help_panel=PANEL,
            help="Update the export in the folder: read only those tasks, times and task notes "
            "that changed since.",
        ),
    ] = False
    jobs: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="NUMBER",
            rich_help_panel=PANEL,
            help="Resources to read at once.",
        ),
    ] = 4
    wait_for_reset: Annotated[
        bool,
        typer.Option(
            "--wait-for-reset",
            rich_help_panel=PANEL,
            help="Start even if today's quota is too small, and wait for the reset.",
        ),
    ] = False
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            rich_help_panel=PANEL,
            help="Print the estimated cost, and write nothing.",
        ),
    ] = False
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", rich_help_panel=PANEL, help="Print only errors and skipped resources."
        ),
    ] = False
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            rich_help_panel=PANEL,
            help="Print the manifest at the end; with --dry-run, the estimate.",
        ),
    ] = False

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of `export_account`.

        Raises:
            BadParameter: The value of an option is invalid.
        """
        return {
            "exclude": [name.strip() for name in (self.exclude or "").split(",") if name.strip()],
            "filters": read_filters(self.filter),
            "since": read_since(self.since),
            "incremental": self.incremental,
            "jobs": self.jobs,
            "wait_for_reset": self.wait_for_reset,
        }


def export_many(
    account: Connection,
    resources: Sequence[str] | None,
    folder: Path,
    format: ExportFormat | None,
    options: FolderOptions,
    decimals: DecimalType = DecimalType.FLOAT,
) -> None:
    """Export several resources into a folder.

    Args:
        account: The account to connect to.
        resources: The names of the resources; None exports all.
        folder: The folder to write into.
        format: The format of the files; None is JSON Lines.
        options: The other options.
        decimals: The type of decimals.

    Raises:
        BadParameter: The value of an option is invalid.
    """
    arguments = options.arguments()
    arguments |= {
        "resources": resources,
        "format": (format or ExportFormat.JSONL).value,
        "decimals": decimals.value,
    }
    run(
        _export(account, folder, arguments, options),
        is_resumable=lambda: is_unfinished(folder),
    )


class _DryRunEnd(Exception):  # noqa: N818  it is not an error
    """Ends a dry run after the estimate, before anything is written."""


async def _export(
    account: Connection, folder: Path, arguments: dict[str, Any], options: FolderOptions
) -> None:
    began = time.monotonic()
    notice = RateLimitNotice()
    errors: Mapping[str, Exception] = {}
    with ExitStack() as stack:
        progress: ProgressBars | ProgressLines | None = None
        if options.quiet:
            notice.say = lambda words: None
        elif animates():
            progress = stack.enter_context(ProgressBars(notice))
        else:
            progress = ProgressLines()
        async with account.client(notice) as client:
            try:
                manifest = await export_account(
                    client,
                    folder,
                    **arguments,
                    on_estimate=_estimate_hook(progress, options),
                    on_progress=progress,
                )
            except IncompleteExportError as incomplete:
                manifest, errors = incomplete.manifest, incomplete.errors
            except _DryRunEnd:
                return
    for name, reason in manifest.left_out.items():  # --quiet does not hide this
        typer.echo(one_line(f"skipped: {name}: {reason}"), err=True)
    for name, error in errors.items():
        typer.echo(f"failed: {name}: {one_line(describe_error(error))}", err=True)
    if options.as_json:
        typer.echo(json.dumps(manifest.to_dict(), indent=1))
    if not options.quiet:
        _print_summary(manifest, folder, time.monotonic() - began)
    if errors:
        fail(
            f"{plural(len(errors), 'resource')} not exported; repeat the command to export the rest"
        )


def _estimate_hook(
    progress: ProgressBars | ProgressLines | None, options: FolderOptions
) -> Callable[[Estimate], None]:
    def report(estimate: Estimate) -> None:
        if progress is not None:
            progress.say(describe_estimate(estimate))
        if options.dry_run:
            if options.as_json:
                typer.echo(json.dumps(estimate.to_dict(), indent=1))
            for name, reason in estimate.failed.items():
                typer.echo(f"failed: {name}: {one_line(reason)}", err=True)
            if estimate.failed:
                raise typer.Exit(1)
            raise _DryRunEnd

    return report


def _print_summary(manifest: Manifest, folder: Path, seconds: float) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("resource", style="cyan", no_wrap=True)
    for name in ("records", "requests", "bytes"):
        table.add_column(name, justify="right")
    sizes = {each.file.name: f"{each.file.size:,}" for each in manifest.exported}
    for each in manifest.exported:
        size = sizes.pop(each.file.name, "")  # only once, if resources share a database
        table.add_row(each.resource, f"{each.records:,}", f"{each.requests:,}", size)
    console = Console(stderr=True, markup=False, emoji=False, highlight=False)
    console.print(table)
    merged = [each.resource for each in manifest.exported if each.since is not None]
    if merged:
        typer.echo(f"changed records only: {', '.join(merged)}", err=True)
    for each in manifest.exported:
        if each.rewritten is not None:
            typer.echo(f"rewritten: {each.resource}: {one_line(each.rewritten)}", err=True)
        if each.rounded:
            typer.echo(one_line(describe_rounded(each.resource, each.rounded)), err=True)
        if each.unreadable:
            typer.echo(one_line(describe_unreadable(each.resource, each.unreadable)), err=True)
    typer.echo(
        f"{plural(manifest.records, 'record')}, {plural(manifest.requests, 'request')}, "
        f"{seconds:.1f} s → {folder}",
        err=True,
    )
