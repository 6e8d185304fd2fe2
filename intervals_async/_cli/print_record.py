"""Print one record: a table for people, or JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from rich.table import Table

from .. import IntervalsClient, Record, to_dict
from .connection import Connection
from .humanize import one_line
from .output_formats import RecordFormat, record_output
from .progress import Notices
from .runner import run
from .standard_streams import standard_output
from .table_columns import cell_text, field_names, value_of
from .table_sink import output_console

__all__ = ["RecordCall", "run_and_print"]

RecordCall: TypeAlias = Callable[[IntervalsClient], Awaitable[Record]]
"""A call of the client that returns a record."""


def run_and_print(
    account: Connection,
    call: RecordCall,
    format: RecordFormat | None,
    *,
    all_fields: bool = False,
    checked: bool = True,
) -> None:
    """Call the API, and print the record that it returns.

    Args:
        account: The account to connect to.
        call: The call.
        format: The format; None is a table on a terminal, and JSON elsewhere.
        all_fields: Whether the table shows empty fields; JSON has all fields always.
        checked: Whether the client refuses arguments that the API does not document.
    """
    run(_call_and_print(account, call, format, all_fields=all_fields, checked=checked))


async def _call_and_print(
    account: Connection,
    call: RecordCall,
    format: RecordFormat | None,
    *,
    all_fields: bool,
    checked: bool,
) -> None:
    async with account.client(Notices(), checked=checked) as client:
        record = await call(client)
    _print(record, format, all_fields=all_fields)


def _print(record: Record, format: RecordFormat | None, *, all_fields: bool) -> None:
    if format is None:
        format = RecordFormat.TABLE if standard_output().isatty() else RecordFormat.JSON
    if format is RecordFormat.JSON:
        text = json.dumps(to_dict(record), indent=2, ensure_ascii=False)
        stream = record_output(format.value)
        # The escape of a lone surrogate, which UTF-8 cannot encode, is the same in JSON.
        stream.write(f"{text}\n".encode(errors="backslashreplace"))
        stream.flush()
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="cyan", no_wrap=True)
    table.add_column()
    # `extra` holds undocumented fields, which are printed like the others.
    for name in [*field_names(type(record)), *record.extra]:
        text = cell_text(value_of(record, name))
        if name != "extra" and (text or all_fields):
            table.add_row(one_line(name), text)
    output_console().print(table)
