"""``export``: one command for each resource that can be listed."""

from __future__ import annotations

import errno
import inspect
import os
import sys
import time
from contextlib import AsyncExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import attrs
import typer
from rich.markup import escape

from .. import resources
from .._convert import Record
from ..export import CsvSink, JsonLinesSink, Sink, export
from ..listing import Listing
from ..resources import Resource
from .connection import BaseUrl, Connection, TokenFile, connection
from .filters import filter_options, read_filters
from .progress import LimitNotice, progress_bar
from .running import run
from .wording import counted

__all__ = ["export_commands"]

EPILOG = (
    "Several ids are given as 3,5. A file is written whole or not at all: it appears under "
    "its name when it is complete."
)


class Format(StrEnum):
    """The formats of an exported file."""

    JSONL = "jsonl"
    CSV = "csv"


FORMATS = {".csv": Format.CSV, ".jsonl": Format.JSONL, ".ndjson": Format.JSONL}


@attrs.frozen
class Order:
    """What is to be exported, and where to."""

    resource: type[Resource[Any]]
    filters: dict[str, Any]
    slice: dict[str, Any]
    output: Path | None
    format: Format
    force: bool
    page_size: int | None
    concurrency: int

    def sink(self, record_class: type[Record]) -> Sink:
        """Make the sink that it names."""
        target = _standard_output() if self.output is None else self.output
        if self.format is Format.CSV:
            return CsvSink(target, record_class, force=self.force)
        return JsonLinesSink(target, force=self.force)


def export_commands() -> typer.Typer:
    """Make the group of commands, one for each class in `resources` that has ``list``."""
    group = typer.Typer(
        no_args_is_help=True,
        help="Export all records of a resource that match, as JSON Lines or CSV.",
        epilog=EPILOG,
    )
    known = [resources.resource_class(name) for name in resources.names()]
    for resource in [each for each in known if "list" in each.methods()]:
        group.command(resource.name, help=_about(resource), epilog=EPILOG)(_command(resource))
    return group


def _about(resource: type[Resource[Any]]) -> str:
    """Give a resource's docstring as a terminal wraps it best: a line each paragraph."""
    paragraphs = (inspect.getdoc(resource) or "").replace("`", "").split("\n\n")
    lines = [" ".join(paragraph.split()) for paragraph in paragraphs]
    return escape("\n\n".join(lines).replace(" https://", "\n\nhttps://"))


def _command(resource: type[Resource[Any]]) -> Any:
    def command(
        ctx: typer.Context,
        *,
        output: Annotated[
            Path | None,
            typer.Option(
                "--output", "-o", metavar="FILE", help="The file to write; else standard output."
            ),
        ] = None,
        format: Annotated[
            Format | None,
            typer.Option(
                help="The format; else the file's suffix says it; standard output gets jsonl."
            ),
        ] = None,
        force: Annotated[
            bool, typer.Option("--force", help="Replace the file if it exists.")
        ] = False,
        page_size: Annotated[
            int | None,
            typer.Option(
                min=1, metavar="NUMBER", help="Records a request; else few at first, then more."
            ),
        ] = None,
        concurrency: Annotated[
            int, typer.Option(min=1, metavar="NUMBER", help="Pages under way at once.")
        ] = 1,
        limit: Annotated[
            int | None,
            typer.Option(min=0, metavar="NUMBER", help="Export no more records than this."),
        ] = None,
        offset: Annotated[
            int, typer.Option(min=0, metavar="NUMBER", help="Leave out so many at the start.")
        ] = 0,
        token_file: TokenFile = None,
        base_url: BaseUrl = None,
        **filters: Any,
    ) -> None:
        if output == Path("-"):
            output = None
        order = Order(
            resource,
            read_filters(resource.filters, filters),
            {"limit": limit, "offset": offset} if resource.paginated else {},
            output,
            format or _format_of(output),
            force,
            page_size,
            concurrency,
        )
        run(_export(connection(ctx, token_file, base_url), order))

    # typer reads options from a signature: this one's, with a parameter for each filter in
    # place of `**filters`.
    options = list(inspect.signature(command, eval_str=True).parameters.values())[:-1]
    if not resource.paginated:
        options = [option for option in options if option.name not in ("limit", "offset")]
    options[1:1] = filter_options(resource.filters)
    typed: Any = command
    typed.__signature__ = inspect.Signature(options)
    return command


def _standard_output() -> BinaryIO:
    output: BinaryIO | None = getattr(sys.stdout, "buffer", None)
    if output is None:  # it was closed by whoever started us
        raise OSError(errno.EBADF, os.strerror(errno.EBADF), "standard output")
    return output


def _format_of(output: Path | None) -> Format:
    if output is None:
        return Format.JSONL
    suffix = output.suffix.lower()
    if suffix in FORMATS:
        return FORMATS[suffix]
    if output.exists() and not output.is_file():  # a device has no suffix
        return Format.JSONL
    raise typer.BadParameter(
        f"{output} does not say a format: end it in .jsonl or .csv, or say --format",
        param_hint="--output",
    )


async def _export(account: Connection, order: Order) -> None:
    began = time.monotonic()
    name = order.resource.name
    to_file = order.output is not None
    notice = LimitNotice()
    async with account.client(notice) as client:
        resource: Any = getattr(client, name)
        listing: Listing[Record] = resource.list(**order.filters, **order.slice)
        stream = listing.stream(page_size=order.page_size, concurrency=order.concurrency)
        async with stream, AsyncExitStack() as stack:
            show = None
            if to_file and sys.stderr.isatty():
                show = stack.enter_context(
                    progress_bar(
                        name,
                        stream,
                        notice,
                        offset=order.slice.get("offset", 0),
                        limit=order.slice.get("limit"),
                    )
                )
            count = await export(stream, order.sink(resource.record), progress=show)
    if to_file or sys.stderr.isatty():
        took = time.monotonic() - began
        account_of_it = f"{counted(count, 'record')}, {counted(stream.requests, 'request')}"
        arrow = f" → {order.output}" if to_file else ""
        typer.echo(f"{account_of_it}, {took:.1f} s{arrow}", err=True)
