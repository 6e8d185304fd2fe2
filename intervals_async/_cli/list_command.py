"""``list``: print the records of a resource as a table, JSON Lines or CSV."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeAlias

import typer

from .. import IntervalsClient, Listing
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
from .progress import Notices
from .resource_commands import (
    ResourceClass,
    ResourceGroup,
    list_example,
    make_listing,
    record_class_of,
)
from .runner import run
from .table_columns import field_names

__all__ = ["ListGroup"]

ListingCall: TypeAlias = Callable[[IntervalsClient], Listing[Any]]
"""A call of the client that returns a listing."""


class ListGroup(ResourceGroup):
    """The commands ``list RESOURCE``."""

    method = "list"
    group_examples = (
        "list task --projectid 3,5 --excludeclosed t --limit 20",
        "list task --overdue t --count",
        "list task --columns id,title,datedue --format csv",
    )

    @staticmethod
    def make_note(resource_class: ResourceClass) -> str:
        """Write the note about the filters."""
        return options_note(resource_class.filters)

    @staticmethod
    def make_examples(resource_class: ResourceClass) -> Sequence[str]:
        """Write the examples of ``list RESOURCE``."""
        command = list_example("list", resource_class)
        return f"{command} --count", f"{command} --format csv"

    @staticmethod
    def make_command(resource_class: ResourceClass) -> Callable[..., None]:
        """Make the function of ``list RESOURCE``."""
        fields = field_names(record_class_of(resource_class))

        def command(
            ctx: typer.Context,
            *,
            limit: LimitOption = None,
            offset: OffsetOption = 0,
            format: Annotated[
                ListFormat | None,
                typer.Option(
                    help="Output format.", show_default="table on a terminal, otherwise jsonl"
                ),
            ] = None,
            count: Annotated[
                bool, typer.Option("--count", help="Print only the number of records.")
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

            def listing(client: IntervalsClient) -> Listing[Any]:
                return make_listing(client, resource_class, filters, limit=limit, offset=offset)

            account = connection(ctx, token_file, base_url)
            if count:
                run(_count(account, listing, checked=not as_is))
            else:
                run(_list(account, listing, format, columns or None, checked=not as_is))

        return declare_options(
            command,
            [
                name_list_option(
                    "columns",
                    fields,
                    "Fields to print.",
                    default="all; in a table, the most important ones that fit",
                ),
                *options_of_typed_dict(resource_class.filters, FILTERS_PANEL),
            ],
            without=() if resource_class.paginated else PAGING_OPTIONS,
        )


async def _count(account: Connection, listing: ListingCall, *, checked: bool) -> None:
    async with account.client(Notices(), checked=checked) as client:
        typer.echo(await listing(client).count())


async def _list(
    account: Connection,
    listing: ListingCall,
    format: ListFormat | None,
    columns: Sequence[str] | None,
    *,
    checked: bool,
) -> None:
    began = time.monotonic()
    async with account.client(Notices(), checked=checked) as client:
        records = listing(client)
        stream = records.stream()
        async with stream:
            count = await export(stream, list_sink(format, records.record_class, columns))
    if sys.stderr.isatty():
        total = stream.listcount
        of_total = f" of {total:,}" if total is not None and total > count else ""
        requests = plural(stream.requests, "request")
        seconds = time.monotonic() - began
        typer.echo(f"{plural(count, 'record')}{of_total}, {requests}, {seconds:.1f} s", err=True)
