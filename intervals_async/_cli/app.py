"""The typer application: its global options and its commands."""

from __future__ import annotations

from typing import Annotated

import typer
from typer.core import TyperGroup

from .._version import __version__
from .connection import BaseUrlOption, Connection, TokenFileOption
from .demo import demo
from .download import DownloadGroup
from .export_command import ExportGroup, export_callback
from .export_many import FolderOptions
from .generated_options import declare_options, options_of_attrs
from .get_commands import GetGroup, make_command_without_id
from .list_command import ListGroup
from .projectteam import projectteam
from .resource_commands import ResourceGroup
from .sandbox import sandbox
from .timer import timer
from .verify import verify
from .write_commands import CreateGroup, DeleteGroup, UpdateGroup

__all__ = ["RESOURCE_GROUPS", "app"]

EPILOG = (
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the day's requests do not suffice, "
    "130 interrupted, 143 terminated."
)

RESOURCE_GROUPS: dict[str, tuple[type[ResourceGroup], str]] = {
    "list": (ListGroup, "List the records of a resource: a table on a terminal, else JSON Lines."),
    "get": (GetGroup, "Show one record: a table on a terminal, else JSON."),
    "create": (CreateGroup, "Write a new record."),
    "update": (UpdateGroup, "Change some fields of a record."),
    "delete": (DeleteGroup, "Delete records."),
    "export": (
        ExportGroup,
        "Write a resource to a file; or several, or --all, into a folder."
        "\n\n"
        "Of an export into a folder, files appear when they are complete, and replace those of an "
        "earlier export; a manifest tells of them. What is listed for one parent alone, such as "
        "the contact details of a person, is listed for each."
        "\n\n"
        "Before it begins it asks how much there is, and what is left of the day. If that does "
        "not suffice it ends with exit code 3, unless --wait-for-reset is said."
        "\n\n"
        "Broken off at any moment, the same command goes on where it stopped.",
    ),
    "download": (DownloadGroup, "Download a file."),
}

RECORDS_PANEL = "Records"
ACCOUNT_PANEL = "Who and how much"
TRIAL_PANEL = "Without an account"


class _PanelOrderGroup(TyperGroup):
    """A group that lists its commands in the order of their panels."""

    def list_commands(self, ctx: object) -> list[str]:
        panels = (RECORDS_PANEL, ACCOUNT_PANEL, TRIAL_PANEL)
        panel_of = {
            name: getattr(command, "rich_help_panel", "") for name, command in self.commands.items()
        }
        return sorted(panel_of, key=lambda name: panels.index(panel_of[name]))


app = typer.Typer(
    cls=_PanelOrderGroup,
    no_args_is_help=True,
    # A traceback that shows the values of variables would show the token.
    pretty_exceptions_enable=False,
    epilog=EPILOG,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"intervals-async {__version__}")
        raise typer.Exit


@app.callback()
def options(
    ctx: typer.Context,
    token_file: TokenFileOption = None,
    base_url: BaseUrlOption = None,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Read, write and export what Intervals (myintervals.com) has, or try it on a stand-in.

    New here? Start with: intervals-async demo
    """
    ctx.obj = Connection(token_file, base_url)


for _name, (_group, _help) in RESOURCE_GROUPS.items():
    _resource_commands = typer.Typer(
        cls=_group, no_args_is_help=True, help=_help, subcommand_metavar="RESOURCE [ARGS]..."
    )
    if _group is ExportGroup:
        _resource_commands.callback(invoke_without_command=True)(
            declare_options(export_callback, options_of_attrs(FolderOptions))
        )
    app.add_typer(_resource_commands, name=_name, rich_help_panel=RECORDS_PANEL)
app.add_typer(projectteam, name="projectteam", rich_help_panel=RECORDS_PANEL)
app.add_typer(timer, name="timer", rich_help_panel=RECORDS_PANEL)
app.command(rich_help_panel=RECORDS_PANEL)(verify)
app.command(
    "me",
    help="Show whose token it is: a table on a terminal, JSON in a pipe.",
    rich_help_panel=ACCOUNT_PANEL,
)(make_command_without_id("me"))
app.command(
    "quota",
    help="Show how much of the day's requests is used: a table on a terminal, JSON in a pipe.",
    rich_help_panel=ACCOUNT_PANEL,
)(make_command_without_id("quota"))
app.command(rich_help_panel=TRIAL_PANEL)(demo)
app.command(rich_help_panel=TRIAL_PANEL)(sandbox)
