"""The typer application: its global options and its commands."""

from __future__ import annotations

from typing import Annotated

import typer

from .._version import __version__
from .connection import BaseUrl, Connection, TokenFile
from .demo import demo
from .exporting import export_commands
from .records import me, quota
from .sandbox import sandbox

__all__ = ["app"]

EPILOG = "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted, 143 terminated."

app = typer.Typer(
    no_args_is_help=True,
    # A traceback with the values of variables would show the token.
    pretty_exceptions_enable=False,
    epilog=EPILOG,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"intervals-async {__version__}")
        raise typer.Exit


@app.callback()
def options(
    ctx: typer.Context,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Export everything from Intervals (myintervals.com), or try it on a stand-in.

    New here? Start with: intervals-async demo
    """
    ctx.obj = Connection(token_file, base_url)


app.command()(demo)
app.command()(sandbox)
app.add_typer(export_commands(), name="export")
app.command()(me)
app.command()(quota)
