"""``list``: the records of a resource, as a table, JSON Lines or CSV."""

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
from .columns import field_names
from .connection import BaseUrl, Connection, TokenFile, connection
from .formats import ListFormat, list_sink
from .options import (
    FILTERS,
    SLICE,
    AsTyped,
    Limit,
    Offset,
    demand,
    names_option,
    note_on,
    options_of,
    read_names,
    read_options,
    with_options,
)
from .progress import LimitNotice
from .resource_commands import Kind, ResourceGroup, record_of
from .running import run
from .wording import counted

__all__ = ["ListGroup"]

COLUMNS = (
    "The fields to show; else a table has those that say most and fit, and the other formats "
    "have all."
)


@attrs.frozen
class Question:
    """Which records are wanted."""

    resource: str
    filters: dict[str, Any]
    slice: dict[str, Any]
    checked: bool

    def listing(self, client: object) -> Listing[Record]:
        """Ask a client."""
        resource: Any = getattr(client, self.resource)
        listing: Listing[Record] = resource.list(**self.filters, **self.slice)
        return listing


class ListGroup(ResourceGroup):
    """The resources that can be listed."""

    method = "list"

    @staticmethod
    def note(kind: Kind) -> str:
        """Say how several ids are given."""
        return note_on(kind.filters)

    @staticmethod
    def make(kind: Kind) -> Callable[..., None]:
        """Make ``list RESOURCE``."""

        def command(
            ctx: typer.Context,
            *,
            limit: Limit = None,
            offset: Offset = 0,
            format: Annotated[
                ListFormat | None,
                typer.Option(help="The format; else a table on a terminal, and jsonl in a pipe."),
            ] = None,
            count: Annotated[
                bool, typer.Option("--count", help="Show nothing but how many there are.")
            ] = False,
            as_is: AsTyped = False,
            token_file: TokenFile = None,
            base_url: BaseUrl = None,
            **given: Any,
        ) -> None:
            names = read_names("--columns", fields, given.pop("columns"))
            chosen = read_options(kind.filters, given, as_is=as_is)
            if not as_is:
                demand(ctx, f"list {kind.name}", kind.filters, chosen)
            part = {"limit": limit, "offset": offset} if kind.paginated else {}
            question = Question(kind.name, chosen, part, checked=not as_is)
            account = connection(ctx, token_file, base_url)
            if count:
                run(_count(account, question))
            else:
                run(_list(account, question, format, record_of(kind), names or None))

        fields = field_names(record_of(kind))
        options = [names_option("columns", fields, COLUMNS), *options_of(kind.filters, FILTERS)]
        return with_options(command, options, without=() if kind.paginated else SLICE)


async def _count(account: Connection, question: Question) -> None:
    async with account.client(LimitNotice(), checked=question.checked) as client:
        typer.echo(await question.listing(client).count())


async def _list(
    account: Connection,
    question: Question,
    format: ListFormat | None,
    record_class: type[Record],
    names: Sequence[str] | None,
) -> None:
    began = time.monotonic()
    async with account.client(LimitNotice(), checked=question.checked) as client:
        stream = question.listing(client).stream()
        async with stream:
            count = await export(stream, list_sink(format, record_class, names))
    if sys.stderr.isatty():
        there = stream.listcount
        of = f" of {there:,}" if there is not None and there > count else ""
        requests = counted(stream.requests, "request")
        took = time.monotonic() - began
        typer.echo(f"{counted(count, 'record')}{of}, {requests}, {took:.1f} s", err=True)
