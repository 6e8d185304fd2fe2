"""``get``, ``me`` and ``quota``: one record, for a reader or for a program."""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeAlias

import typer
from rich.table import Table

from .._schema.records import Record, to_dict
from ..client import IntervalsClient
from .columns import cell, field_names, value_of
from .connection import BaseUrl, Connection, TokenFile, connection
from .formats import RecordFormat
from .options import with_options
from .progress import LimitNotice
from .resource_commands import Kind, ResourceGroup
from .running import run
from .streams import standard_output
from .table import reader

__all__ = ["THE_ID", "GetGroup", "HowShown", "Id", "me", "quota", "show"]

Id: TypeAlias = Annotated[int, typer.Argument(min=1, metavar="ID", help="The id of the record.")]

HowShown: TypeAlias = Annotated[
    RecordFormat | None,
    typer.Option("--format", help="The format; else a table on a terminal, and json in a pipe."),
]

THE_ID = inspect.Parameter("id", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Id)


class GetGroup(ResourceGroup):
    """The resources of which one record can be read."""

    method = "get"

    @staticmethod
    def make(kind: Kind) -> Callable[..., None]:
        """Make ``get RESOURCE``."""

        def command(
            ctx: typer.Context,
            id: Annotated[
                int | None, typer.Argument(min=1, metavar="ID", help="The id of the record.")
            ] = None,
            *,
            localid: Annotated[
                int | None,
                typer.Option(
                    min=1, metavar="NUMBER", help="Instead of the id: the number that people see."
                ),
            ] = None,
            format: HowShown = None,
            token_file: TokenFile = None,
            base_url: BaseUrl = None,
            **_: Any,
        ) -> None:
            if takes_id and (id is None) == (localid is None):
                ctx.fail(f"Say which {kind.name}: either its ID or --localid.")
            get = _getter(kind.name, id, localid)
            run(_show(connection(ctx, token_file, base_url), get, format))

        takes_id = "list" in kind.methods()  # else there is one record only
        if "get_by_localid" in kind.methods():
            return with_options(command, ())
        options = [THE_ID] if takes_id else []
        return with_options(command, options, without=("id", "localid"))


def me(
    ctx: typer.Context,
    format: HowShown = None,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
) -> None:
    """Show whose token it is: a table on a terminal, JSON in a pipe."""
    run(_show(connection(ctx, token_file, base_url), _getter("me"), format))


def quota(
    ctx: typer.Context,
    format: HowShown = None,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
) -> None:
    """Show how much of the day's requests is used: a table on a terminal, JSON in a pipe."""
    run(_show(connection(ctx, token_file, base_url), _getter("quota"), format))


def show(record: Record, format: RecordFormat | None) -> None:
    """Put a record on standard output; OSError if it is closed."""
    if format is None:
        format = RecordFormat.TABLE if standard_output().isatty() else RecordFormat.JSON
    if format is RecordFormat.JSON:
        typer.echo(json.dumps(to_dict(record), indent=2, ensure_ascii=False))
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="cyan", no_wrap=True)
    table.add_column()
    # What the server sends beyond the known fields is shown like the rest.
    for name in [*field_names(type(record)), *record.extra]:
        if name != "extra":
            table.add_row(name, cell(value_of(record, name)))
    reader().print(table)


async def _show(
    account: Connection,
    get: Callable[[IntervalsClient], Awaitable[Record]],
    format: RecordFormat | None,
) -> None:
    async with account.client(LimitNotice()) as client:
        record = await get(client)
    show(record, format)


def _getter(
    name: str, id: int | None = None, localid: int | None = None
) -> Callable[[IntervalsClient], Awaitable[Record]]:
    def get(client: IntervalsClient) -> Awaitable[Record]:
        resource: Any = getattr(client, name)
        if localid is not None:
            found: Awaitable[Record] = resource.get_by_localid(localid)
        else:
            found = resource.get(*([] if id is None else [id]))
        return found

    return get
