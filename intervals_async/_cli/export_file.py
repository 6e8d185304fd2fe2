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
from .file_format import FileFormat
from .humanize import describe_rounded, describe_unreadable, one_line, plural
from .output_formats import DecimalType, Dialect, ExportFormat
from .progress import RateLimitNotice, progress_bar
from .resource_commands import ResourceClass, make_listing
from .runner import run
from .standard_streams import STANDARD_OUTPUT

__all__ = ["FileOptions", "export_file"]


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
        csv_dialect: The dialect of CSV.
    """

    filters: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
    limit: int | None = None
    offset: int = 0
    force: bool = False
    page_size: int | None = None
    concurrency: int = 1
    csv_dialect: Dialect | None = None


def export_file(
    account: Connection,
    resource_class: ResourceClass,
    output: str | None,
    format: ExportFormat | None,
    options: FileOptions,
    decimals: DecimalType = DecimalType.FLOAT,
) -> None:
    """Export a resource.

    Args:
        account: The account to connect to.
        resource_class: The resource.
        output: The path of the file; None, ``-`` and ``/dev/stdout`` are standard output.
        format: The format; by default it follows from the suffix of the file.
        options: The other options.
        decimals: The type of decimals, if the format has two.

    Raises:
        BadParameter: The options do not fit each other or the name of the file.
    """
    path = None if output is None or output in STANDARD_OUTPUT else Path(output)
    chosen = FileFormat.of(path, format)
    chosen.check_dialect(options.csv_dialect)
    chosen.check_decimals(decimals)
    run(_export(account, resource_class, path, chosen, options, decimals))


async def _export(
    account: Connection,
    resource_class: ResourceClass,
    path: Path | None,
    format: FileFormat,
    options: FileOptions,
    decimals: DecimalType,
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
            sink = format.make_sink(
                path,
                listing.record_class,
                resource=resource_class.name,
                force=options.force,
                dialect=options.csv_dialect,
                decimals=decimals,
            )
            count = await export(stream, sink, progress=show)
    if count.unreadable:
        typer.echo(describe_unreadable(resource_class.name, count.unreadable), err=True)
    if count.rounded:
        typer.echo(describe_rounded(resource_class.name, count.rounded), err=True)
    if path is not None or sys.stderr.isatty():
        summary = f"{plural(count, 'record')}, {plural(stream.requests, 'request')}"
        target = f" → {one_line(path)}" if path is not None else ""
        typer.echo(f"{summary}, {time.monotonic() - began:.1f} s{target}", err=True)
