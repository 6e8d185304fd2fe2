"""``verify``: check the files of an export against its manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..export import Manifest, is_unfinished
from .humanize import describe_unreadable, one_line, plural
from .runner import fail, run

__all__ = ["verify"]


def verify(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of an export.")],
) -> None:
    """Check the sizes and contents of exported files against the manifest."""
    run(_verify(folder))


async def _verify(folder: Path) -> None:
    try:
        manifest = Manifest.read(folder)
    except FileNotFoundError:
        if is_unfinished(folder):
            fail(f"{folder}: the export is unfinished; repeat its command to resume")
        raise
    flaws = list(manifest.flaws(folder))
    for flaw in flaws:
        typer.echo(one_line(flaw), err=True)
    if is_unfinished(folder):
        typer.echo(
            one_line(f"{folder}: an export is unfinished; it may have replaced some files already"),
            err=True,
        )
    for name, reason in manifest.failed.items():
        typer.echo(one_line(f"failed: {name}: {reason}"), err=True)
    all_exported = [*manifest.exported, *manifest.kept]
    for each in all_exported:
        if each.unreadable:
            typer.echo(one_line(describe_unreadable(each.resource, each.unreadable)), err=True)
    if flaws:
        raise typer.Exit(1)
    files = {each.file.name for each in all_exported}
    records = sum(each.records for each in all_exported)
    typer.echo(f"{plural(len(files), 'file')}, {plural(records, 'record')} verified")
