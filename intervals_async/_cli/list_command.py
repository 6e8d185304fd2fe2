"""``list``: print the records of a resource as a table, JSON Lines or CSV."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import attrs
import typer

from .._schema.records import Record
from .._streaming.listing import Listing
from ..export import export
from .common_options import PAGING_OPTIONS, AsIsOption, LimitOption, OffsetOption
from .connection import BaseUrlOption, Connection, TokenFileOption, connection
from .generated_options import (
    FILTERS_PANEL,
    declare_options,
    name_list_option,
    options_note,
    options_of_typed_dict,
)
from .humanize import plural
from .option_values import check_required, read_names, read_options
from .output_formats import ListFormat, list_sink
from .progress import RateLimitNotice
from .resource_commands import ResourceClass, ResourceGroup, record_class_of
from .runner import run
from .table_columns import field_names

__all__ = ["ListGroup"]

COLUMNS_HELP = (
    "The fields to show; else a table has those that say most and fit, and the other formats "
    "have all."
)


@attrs.frozen
class Query:
    """The records to list."""

    resource: str
    filters: dict[str, Any]
    paging: dict[str, Any]
    checked: bool

    def listing(self, client: object) -> Listing[Record]:
        """Make the listing of a client."""
        resource: Any = getattr(client, self.resource)
        listing: Listing[Record] = resource.list(**self.filters, **self.paging)
        return listing


class ListGroup(ResourceGroup):
    """The commands ``list RESOURCE``."""

    method = "list"

    @staticmethod
    def make_epilog(resource_class: ResourceClass) -> str:
        """Write the note about the filters."""
        return options_note(resource_class.filters)

    @staticmethod
    def make_command(resource_class: ResourceClass) -> Callable[..., None]:
        """Make the function of ``list RESOURCE``."""
        record_class = record_class_of(resource_class)
        fields = field_names(record_class)

        def command(
            ctx: typer.Context,
            *,
            limit: LimitOption = None,
            offset: OffsetOption = 0,
            format: Annotated[
                ListFormat | None,
                typer.Option(help="The format; else a table on a terminal, and jsonl in a pipe."),
            ] = None,
            count: Annotated[
                bool, typer.Option("--count", help="Show nothing but how many there are.")
            ] = False,
            as_is: AsIsOption = False,
            token_file: TokenFileOption = None,
            base_url: BaseUrlOption = None,
            **options: Any,
        ) -> None:
            columns = read_names("--columns", fields, options.pop("columns"))
            filters = read_options(resource_class.filters, options, as_is=as_is)
            if not as_is:
                check_required(ctx, f"list {resource_class.name}", resource_class.filters, filters)
            paging = {"limit": limit, "offset": offset} if resource_class.paginated else {}
            query = Query(resource_class.name, filters, paging, checked=not as_is)
            account = connection(ctx, token_file, base_url)
            if count:
                run(_count(account, query))
            else:
                run(_list(account, query, format, record_class, columns or None))

        return declare_options(
            command,
            [
                name_list_option("columns", fields, COLUMNS_HELP),
                *options_of_typed_dict(resource_class.filters, FILTERS_PANEL),
            ],
            without=() if resource_class.paginated else PAGING_OPTIONS,
        )


async def _count(account: Connection, query: Query) -> None:
    async with account.client(RateLimitNotice(), checked=query.checked) as client:
        typer.echo(await query.listing(client).count())


async def _list(
    account: Connection,
    query: Query,
    format: ListFormat | None,
    record_class: type[Record],
    columns: Sequence[str] | None,
) -> None:
    began = time.monotonic()
    async with account.client(RateLimitNotice(), checked=query.checked) as client:
        stream = query.listing(client).stream()
        async with stream:
            count = await export(stream, list_sink(format, record_class, columns))
    if sys.stderr.isatty():
        total = stream.listcount
        of_total = f" of {total:,}" if total is not None and total > count else ""
        requests = plural(stream.requests, "request")
        seconds = time.monotonic() - began
        typer.echo(f"{plural(count, 'record')}{of_total}, {requests}, {seconds:.1f} s", err=True)
