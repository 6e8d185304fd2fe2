"""``doctor``: compare the server of an account with its documentation."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .._atomic_file import AtomicFile, file_path
from .._device_file import is_device
from .._in_thread import run_in_thread
from .connection import BaseUrlOption, Connection, TokenFileOption, connection
from .humanize import one_line, plural
from .progress import RateLimitNotice
from .runner import fail, run
from .standard_streams import STANDARD_OUTPUT, animates, standard_input, standard_output
from .table_sink import output_console, print_table, ruled_box
from .terminal import clean_json

if TYPE_CHECKING:
    from ..doctor import Finding, Report

__all__ = ["doctor"]

PLAN = """\
This sends at most {requests} GET requests to the API, one at a time.
It changes nothing in the account, and sends nothing of it anywhere.
The report holds names of the API, formats and counts, but no value of the account."""

# The title and the color of the table of each status.
TITLES = {
    "differs": ("Differ", "yellow"),
    "not tested": ("Not tested", "dim"),
    "as documented": ("As documented", "green"),
}

PIPE_WIDTH = 1000


def doctor(
    ctx: typer.Context,
    *,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Show the report, and save it to this file; - is standard output.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    yes: Annotated[
        bool,
        typer.Option("--yes", "-y", help="Do not ask before the start and before saving."),
    ] = False,
    token_file: TokenFileOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Compare the server with the API's documentation, and print where it differs.

    The developers of this library have no account. Your report shows them what the real server
    does: attach it to an issue of the project.

    The command only reads, with at most 60 requests. The report holds names of the API, formats and
    counts, but no value of the account. You see it before it is saved.
    """
    from ..doctor import MOST_REQUESTS  # noqa: PLC0415  few commands need it

    if output is not None:
        run(_check_output(output, force=force))
    if not yes:
        if not standard_input().isatty():
            ctx.fail("stdin is not a terminal; pass --yes to start.")
        typer.echo(PLAN.format(requests=MOST_REQUESTS), err=True)
        if not _agrees("Start?"):
            fail("nothing was sent")
    reports: list[Report] = []
    tables = output_console()
    tables.stderr = output in STANDARD_OUTPUT  # which is for the report then
    run(_examine(connection(ctx, token_file, base_url), reports.append, tables))
    if output is not None:
        _offer(reports[0], output, force=force, yes=yes)
    if not reports[0].complete:
        fail("a limit or the connection ended the examination early; some checks were not made")


async def _check_output(output: str, *, force: bool) -> None:
    """Find what prevents writing before the first request."""
    if output in STANDARD_OUTPUT:
        standard_output()
        return
    path = file_path(output)
    if not is_device(path):  # a pipe is opened once, because its reader takes its end for all
        with AtomicFile(path, force=force):
            pass


async def _examine(account: Connection, keep: Callable[[Report], None], tables: Console) -> None:
    from ..doctor import examine  # noqa: PLC0415  few commands need it

    notice = RateLimitNotice()
    async with account.client(notice) as client:
        with _progress(notice) as show:
            report = await examine(client, on_request=show)
    _print(report, tables)
    keep(report)


def _offer(report: Report, output: str, *, force: bool, yes: bool) -> None:
    """Show the report, and save it if the user agrees."""
    if not yes:
        typer.echo(clean_json(report.to_json()), err=True)
    if yes or _agrees(f"Save this report to {one_line(output)}?"):
        run(_save(report, output, force=force))
    else:
        typer.echo("the report was not saved", err=True)


async def _save(report: Report, output: str, *, force: bool) -> None:
    if output in STANDARD_OUTPUT:
        standard_output().write(report.to_json().encode())
        standard_output().flush()
    else:
        # A pipe waits for its reader, but a signal must end that.
        await run_in_thread(report.save, output, force=force)
        typer.echo(f"{one_line(output)}: report saved", err=True)


@contextmanager
def _progress(notice: RateLimitNotice) -> Generator[Callable[[int, int, str], None]]:
    """Show the current request on a terminal, on a line that disappears at the end."""
    console = Console(stderr=True, highlight=False)
    if not animates():
        yield lambda sent, allowed, path: None
        return
    spinner = "line" if console.options.ascii_only else "dots"
    with console.status("starting", spinner=spinner) as status:
        notice.say = status.update
        yield lambda sent, allowed, path: status.update(f"request {sent} of {allowed}")


def _print(report: Report, console: Console) -> None:
    """Print a table for each status, the differences first."""
    if not console.is_terminal:
        console.width = PIPE_WIDTH  # lines in a pipe are not wrapped
    counts = report.counts()
    for status, number in counts.items():
        title, style = TITLES[status.value]
        if number:
            found = [each for each in report.findings if each.status is status]
            print_table(
                console, _table(console, title, style, found, in_full=status.value == "differs")
            )
            console.print()
    totals = ", ".join(
        f"{number} {TITLES[status.value][0].lower()}" for status, number in counts.items()
    )
    console.print(f"{plural(report.requests, 'request')}: {totals}")


def _table(
    console: Console, title: str, style: str, findings: Sequence[Finding], *, in_full: bool
) -> Table:
    table = Table(
        title=title,
        title_justify="left",
        title_style=f"bold {style}",
        box=ruled_box(console),
        pad_edge=False,
        show_edge=False,
    )
    columns = ("check", "subject", *(("documented",) if in_full else ()), "found")
    for column in columns:
        table.add_column(column, overflow="fold")
    for each in findings:
        table.add_row(*(Text(one_line(getattr(each, column))) for column in columns))
    return table


def _agrees(question: str) -> bool:
    try:
        typer.echo(f"{question} [y/N] ", nl=False, err=True)
        reply = standard_input().readline()
    except KeyboardInterrupt:
        fail("interrupted", code=130)
    return reply.strip().lower() in ("y", "yes")
