"""Print one record: a table for people, or JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import typer
from rich.table import Table

from .. import IntervalsClient, Record, to_dict
from .connection import Connection
from .output_formats import RecordFormat
from .progress import Notices
from .runner import run
from .standard_streams import standard_output
from .table_columns import cell_text, field_names, value_of
from .table_sink import output_console

__all__ = ["RecordCall", "run_and_print"]

RecordCall: TypeAlias = Callable[[IntervalsClient], Awaitable[Record]]
"""A call of the client that returns a record."""


def run_and_print(
    account: Connection, call: RecordCall, format: RecordFormat | None, *, checked: bool = True
) -> None:
    """Call the API, and print the record that it returns.

    Args:
        account: The account to connect to.
        call: The call.
        format: The format; None is a table on a terminal, and JSON elsewhere.
        checked: Whether the client refuses arguments that the API does not document.
    """
    run(_call_and_print(account, call, format, checked=checked))


async def _call_and_print(
    account: Connection, call: RecordCall, format: RecordFormat | None, *, checked: bool
) -> None:
    async with account.client(Notices(), checked=checked) as client:
        record = await call(client)
    _print(record, format)


def _print(record: Record, format: RecordFormat | None) -> None:
    if format is None:
        format = RecordFormat.TABLE if standard_output().isatty() else RecordFormat.JSON
    if format is RecordFormat.JSON:
        typer.echo(json.dumps(to_dict(record), indent=2, ensure_ascii=False))
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="cyan", no_wrap=True)
    table.add_column()
    # `extra` holds undocumented fields, which are printed like the others.
    for name in [*field_names(type(record)), *record.extra]:
        if name != "extra":
            table.add_row(name, cell_text(value_of(record, name)))
    output_console().print(table)
