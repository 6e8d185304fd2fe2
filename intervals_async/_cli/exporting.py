"""``export``: one command for each resource that can be listed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import attrs
import typer

from .. import resources
from .._schema.records import Record
from .._streaming.listing import Listing
from ..export import export
from .accounts import export_many
from .connection import BaseUrl, Connection, TokenFile, connection
from .formats import FileFormat, file_sink
from .options import (
    FILTERS,
    SLICE,
    Limit,
    Offset,
    demand,
    note_on,
    options_of,
    read_options,
    with_options,
)
from .progress import LimitNotice, progress_bar
from .resource_commands import Kind, ResourceGroup, record_of
from .running import run
from .wording import counted

if TYPE_CHECKING:
    from typer._click import Command, Context

__all__ = ["ExportGroup"]

# What only an export into a folder has.
FOLDER_OPTIONS = frozenset({
    "--all", "--dry-run", "--exclude", "--filter", "--incremental", "--jobs", "--json", "--quiet",
    "--since", "--wait-for-reset",
})  # fmt: skip

FORMATS = {".csv": FileFormat.CSV, ".jsonl": FileFormat.JSONL, ".ndjson": FileFormat.JSONL}


@attrs.frozen
class ExportOptions:
    """What is to be exported, and where to."""

    resource: Kind
    filters: dict[str, Any]
    slice: dict[str, Any]
    output: Path | None
    format: FileFormat
    force: bool
    page_size: int | None
    concurrency: int


class ExportGroup(ResourceGroup):
    """The resources that can be listed, and so exported; several at once, too."""

    method = "list"

    def resolve_command(
        self, ctx: Context, args: list[str]
    ) -> tuple[str | None, Command | None, list[str]]:
        """Give the command of the resource that is named, or that of several."""
        if _into_folder(args):
            alone = typer.Typer(add_completion=False)
            alone.command("several")(export_many)
            return "--all", typer.main.get_command(alone), args
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Leave the options of the command of several to it, where no resource is named first."""
        first = args[0] if args else ""
        if first[:1] == "-" and first != "--help" and _into_folder(args):
            args = ["--", *args]
        return super().parse_args(ctx, args)

    @staticmethod
    def note(kind: Kind) -> str:
        """Say how several ids are given, and when a file appears."""
        whole = "A file is written whole or not at all: it appears under its name when complete."
        return f"{note_on(kind.filters)} {whole}"

    @staticmethod
    def make(kind: Kind) -> Callable[..., None]:
        """Make ``export RESOURCE``."""

        def command(
            ctx: typer.Context,
            *,
            output: Annotated[
                Path | None,
                typer.Option(
                    "--output",
                    "-o",
                    metavar="FILE",
                    help="The file to write; else standard output.",
                ),
            ] = None,
            format: Annotated[
                FileFormat | None,
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
                    min=1,
                    metavar="NUMBER",
                    help="Records a request; else few at first, then more.",
                ),
            ] = None,
            concurrency: Annotated[
                int, typer.Option(min=1, metavar="NUMBER", help="Pages under way at once.")
            ] = 1,
            limit: Limit = None,
            offset: Offset = 0,
            token_file: TokenFile = None,
            base_url: BaseUrl = None,
            **filters: Any,
        ) -> None:
            if output == Path("-"):
                output = None
            chosen = read_options(kind.filters, filters)
            demand(ctx, f"list {kind.name}", kind.filters, chosen)
            options = ExportOptions(
                kind,
                chosen,
                {"limit": limit, "offset": offset} if kind.paginated else {},
                output,
                format or _format_of(output),
                force,
                page_size,
                concurrency,
            )
            run(_export(connection(ctx, token_file, base_url), options))

        options = options_of(kind.filters, FILTERS)
        return with_options(command, options, without=() if kind.paginated else SLICE)


def _into_folder(args: list[str]) -> bool:
    """Whether several resources are meant, or one as a part of an export into a folder."""
    words = args[: next((n for n, word in enumerate(args) if word[:1] == "-"), len(args))]
    if words[:1] and words[0] not in resources.names():
        return False
    # Behind a resource such a word may be a value: --search task.
    named = words or [word for word in args if word in resources.names()]
    if len(named) > 1 or FOLDER_OPTIONS & {word.partition("=")[0] for word in args}:
        return True
    targets = [name for word, name in pairwise(args) if word in {"-o", "--output"}]
    return any(name.endswith("/") or Path(name).is_dir() for name in targets)


def _format_of(output: Path | None) -> FileFormat:
    if output is None:
        return FileFormat.JSONL
    suffix = output.suffix.lower()
    if suffix in FORMATS:
        return FORMATS[suffix]
    if output.exists() and not output.is_file():  # a device has no suffix
        return FileFormat.JSONL
    raise typer.BadParameter(
        f"{output} does not say a format: end it in .jsonl or .csv, or say --format; others, such "
        "as Parquet, are written into a folder: -o FOLDER/ --format parquet",
        param_hint="--output",
    )


async def _export(account: Connection, options: ExportOptions) -> None:
    began = time.monotonic()
    name = options.resource.name
    to_file = options.output is not None
    notice = LimitNotice()
    async with account.client(notice) as client:
        resource: Any = getattr(client, name)
        listing: Listing[Record] = resource.list(**options.filters, **options.slice)
        stream = listing.stream(page_size=options.page_size, concurrency=options.concurrency)
        async with stream, AsyncExitStack() as stack:
            show = None
            if to_file and sys.stderr.isatty():
                show = stack.enter_context(
                    progress_bar(
                        name,
                        stream,
                        notice,
                        offset=options.slice.get("offset", 0),
                        limit=options.slice.get("limit"),
                    )
                )
            sink = file_sink(
                options.format, options.output, record_of(options.resource), force=options.force
            )
            count = await export(stream, sink, progress=show)
    if to_file or sys.stderr.isatty():
        took = time.monotonic() - began
        account_of_it = f"{counted(count, 'record')}, {counted(stream.requests, 'request')}"
        arrow = f" → {options.output}" if to_file else ""
        typer.echo(f"{account_of_it}, {took:.1f} s{arrow}", err=True)
