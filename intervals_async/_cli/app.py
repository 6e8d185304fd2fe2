"""The typer application: its global options and its commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from .._version import __version__
from .accounts import verify
from .actions import DownloadGroup, projectteam, timer
from .connection import BaseUrl, Connection, TokenFile
from .demo import demo
from .exporting import ExportGroup
from .listing import ListGroup
from .records import GetGroup, me, quota
from .resource_commands import ResourceGroup
from .sandbox import sandbox
from .writing import CreateGroup, DeleteGroup, UpdateGroup

if TYPE_CHECKING:
    from typer._click import Context

__all__ = ["app"]

EPILOG = (
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the day's requests do not suffice, "
    "130 interrupted, 143 terminated."
)

VERBS: dict[str, tuple[type[ResourceGroup], str]] = {
    "list": (ListGroup, "List the records of a resource: a table on a terminal, else JSON Lines."),
    "get": (GetGroup, "Show one record: a table on a terminal, else JSON."),
    "create": (CreateGroup, "Write a new record."),
    "update": (UpdateGroup, "Change some fields of a record."),
    "delete": (DeleteGroup, "Delete records."),
    "export": (
        ExportGroup,
        "Write a resource to a file; or several, or --all, into a folder: see export --all --help.",
    ),
    "download": (DownloadGroup, "Download a file."),
}

RECORDS = "Records"
OWNER = "Who and how much"
TRIAL = "Without an account"


class _InOrder(TyperGroup):
    def list_commands(self, ctx: Context) -> list[str]:
        panels = (RECORDS, OWNER, TRIAL)
        panel_of = {name: getattr(it, "rich_help_panel", "") for name, it in self.commands.items()}
        return sorted(panel_of, key=lambda name: panels.index(panel_of[name]))


app = typer.Typer(
    cls=_InOrder,
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
    """Read, write and export what Intervals (myintervals.com) has, or try it on a stand-in.

    New here? Start with: intervals-async demo
    """
    ctx.obj = Connection(token_file, base_url)


for _name, (_group, _help) in VERBS.items():
    app.add_typer(
        typer.Typer(
            cls=_group, no_args_is_help=True, help=_help, subcommand_metavar="RESOURCE [ARGS]..."
        ),
        name=_name,
        rich_help_panel=RECORDS,
    )
app.add_typer(projectteam, name="projectteam", rich_help_panel=RECORDS)
app.add_typer(timer, name="timer", rich_help_panel=RECORDS)
app.command(rich_help_panel=RECORDS)(verify)
app.command(rich_help_panel=OWNER)(me)
app.command(rich_help_panel=OWNER)(quota)
app.command(rich_help_panel=TRIAL)(demo)
app.command(rich_help_panel=TRIAL)(sandbox)
