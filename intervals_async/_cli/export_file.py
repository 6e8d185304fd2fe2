"""Export one resource to a file or to standard output."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import attrs
import typer

from ..export import export
from .connection import Connection
from .humanize import describe_unreadable, plural
from .output_formats import ExportFormat, file_sink
from .progress import RateLimitNotice, progress_bar
from .resource_commands import ResourceClass, make_listing
from .runner import run

__all__ = ["FileOptions", "export_file"]

FORMATS_BY_SUFFIX = {
    ".csv": ExportFormat.CSV,
    ".jsonl": ExportFormat.JSONL,
    ".ndjson": ExportFormat.JSONL,
}


@attrs.frozen(kw_only=True)
class FileOptions:
    """The options that only an export to a file has.

    Attributes:
        filters: The filters of the listing.
        limit: The limit of the listing.
        offset: The offset of the listing.
        force: Whether an existing file is replaced.
        page_size: The records per request; None lets the pages grow.
        concurrency: The number of pages to read at once.
    """

    filters: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
    limit: int | None = None
    offset: int = 0
    force: bool = False
    page_size: int | None = None
    concurrency: int = 1


def export_file(
    account: Connection,
    resource_class: ResourceClass,
    output: str | None,
    format: ExportFormat | None,
    options: FileOptions,
) -> None:
    """Export a resource.

    Args:
        account: The account to connect to.
        resource_class: The resource.
        output: The path of the file; None and ``-`` are standard output.
        format: The format; by default it follows from the suffix of the file.
        options: The other options.

    Raises:
        BadParameter: The format cannot be written to a single file, or is unknown.
    """
    path = None if output is None or output == "-" else Path(output)
    format = _format_of(path) if format is None else format
    if format not in FORMATS_BY_SUFFIX.values():
        raise typer.BadParameter(
            f"expected jsonl or csv for a file, got {format.value!r}; write to a folder instead: "
            "-o FOLDER/",
            param_hint="--format",
        )
    run(_export(account, resource_class, path, format, options))


def _format_of(path: Path | None) -> ExportFormat:
    if path is None:
        return ExportFormat.JSONL
    suffix = path.suffix.lower()
    if suffix in FORMATS_BY_SUFFIX:
        return FORMATS_BY_SUFFIX[suffix]
    if path.exists() and not path.is_file():  # a device has no suffix
        return ExportFormat.JSONL
    raise typer.BadParameter(
        f"expected a name that ends in .jsonl or .csv, got {path.name!r}; pass --format, or write "
        "to a folder: -o FOLDER/ --format parquet",
        param_hint="--output",
    )


async def _export(
    account: Connection,
    resource_class: ResourceClass,
    path: Path | None,
    format: ExportFormat,
    options: FileOptions,
) -> None:
    began = time.monotonic()
    notice = RateLimitNotice()
    async with account.client(notice) as client:
        listing = make_listing(
            client, resource_class, options.filters, limit=options.limit, offset=options.offset
        )
        stream = listing.stream(page_size=options.page_size, concurrency=options.concurrency)
        async with stream, AsyncExitStack() as stack:
            show = None
            if path is not None and sys.stderr.isatty():
                bar = progress_bar(
                    resource_class.name,
                    stream,
                    notice,
                    offset=options.offset,
                    limit=options.limit,
                )
                show = stack.enter_context(bar)
            sink = file_sink(format, path, listing.record_class, force=options.force)
            count = await export(stream, sink, progress=show)
    if count.unreadable:
        typer.echo(describe_unreadable(resource_class.name, count.unreadable), err=True)
    if path is not None or sys.stderr.isatty():
        summary = f"{plural(count, 'record')}, {plural(stream.requests, 'request')}"
        target = f" → {path}" if path is not None else ""
        typer.echo(f"{summary}, {time.monotonic() - began:.1f} s{target}", err=True)
