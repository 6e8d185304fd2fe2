"""``me`` and ``quota``: one record, for a reader or for a program."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable

import typer
from rich.console import Console
from rich.table import Table

from .._convert import Record, to_dict
from ..client import IntervalsClient
from .connection import BaseUrl, Connection, TokenFile, connection
from .running import run
from .wording import shown

__all__ = ["me", "quota"]


def me(ctx: typer.Context, token_file: TokenFile = None, base_url: BaseUrl = None) -> None:
    """Show whose token it is: a table on a terminal, JSON in a pipe."""
    run(_show(connection(ctx, token_file, base_url), lambda client: client.me.get()))


def quota(ctx: typer.Context, token_file: TokenFile = None, base_url: BaseUrl = None) -> None:
    """Show how much of the day's requests is used: a table on a terminal, JSON in a pipe."""
    run(_show(connection(ctx, token_file, base_url), lambda client: client.quota.get()))


async def _show(account: Connection, get: Callable[[IntervalsClient], Awaitable[Record]]) -> None:
    async with account.client() as client:
        record = await get(client)
    plain = to_dict(record)
    if not sys.stdout.isatty():
        typer.echo(json.dumps(plain, indent=2, ensure_ascii=False))
        return
    # What the server sends beyond the known fields is shown like the rest.
    fields = plain | plain.pop("extra")
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="cyan", no_wrap=True)
    table.add_column()
    for name, value in fields.items():
        table.add_row(name, shown(value))
    Console(markup=False, emoji=False, highlight=False).print(table)
