"""The typer application: its global options and its commands."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from .._version import __version__
from .api_command import api
from .command_classes import App, Group
from .connection import BaseUrlOption, Connection, TokenFileOption
from .demo import demo
from .doctor import doctor
from .download import DownloadGroup
from .examples import examples
from .export_command import ExportGroup, export_callback
from .export_many import FolderOptions
from .generated_options import declare_options, options_of_attrs
from .get_commands import GetGroup, make_command_without_id
from .list_command import ListGroup
from .projectteam import projectteam
from .resource_commands import ResourceGroup
from .sandbox import sandbox
from .schema import schema
from .timer import timer
from .verify import verify
from .write_commands import CreateGroup, DeleteGroup, UpdateGroup

__all__ = ["RESOURCE_GROUPS", "app"]

EPILOG = (
    "Exit codes: 0 success, 1 failure, 2 wrong usage, 3 daily quota too small, "
    "130 interrupted, 143 terminated."
)

RESOURCE_GROUPS: dict[str, tuple[type[ResourceGroup], str]] = {
    "list": (ListGroup, "Print records: a table on a terminal, otherwise JSON Lines."),
    "get": (GetGroup, "Print one record: a table on a terminal, otherwise JSON."),
    "create": (CreateGroup, "Create a record, and print it."),
    "update": (UpdateGroup, "Change fields of a record, and print it."),
    "delete": (DeleteGroup, "Delete records."),
    "export": (
        ExportGroup,
        "Export a resource to a file, or several resources to a folder."
        "\n\n"
        "In a folder, each file replaces that of an earlier export once it is complete, and "
        "manifest.json describes all files. Child resources, such as the contact details of a "
        "person, are read for each parent."
        "\n\n"
        "The command first estimates the number of requests. If today's quota is too small, it "
        "ends with exit code 3, unless --wait-for-reset is set."
        "\n\n"
        "After an interruption, the same command resumes the export.",
    ),
    "download": (DownloadGroup, "Download a document to a file."),
}

RECORDS_PANEL = "Records"
ACCOUNT_PANEL = "Token and quota"
TRIAL_PANEL = "Without an account"


class _PanelOrderGroup(Group):
    """A group that lists its commands by panel, and groups of commands before single ones.

    ``help list`` is the same as ``list --help``.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the options and arguments."""
        if args[:1] == ["help"]:
            args = [*args[1:], "--help"]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: object) -> list[str]:
        panels = (RECORDS_PANEL, ACCOUNT_PANEL, TRIAL_PANEL)

        def position(name: str) -> tuple[int, bool]:
            command = self.commands[name]
            panel = getattr(command, "rich_help_panel", "")
            return panels.index(panel), not isinstance(command, TyperGroup)

        return sorted(self.commands, key=position)


app = App(
    cls=_PanelOrderGroup,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    # A traceback that shows the values of variables would show the token.
    pretty_exceptions_enable=False,
    epilog=f"{EPILOG}\n\n{examples('demo', 'list --help', 'list task --limit 20')}",
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
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Read, write and export the records of an Intervals account (myintervals.com)."""
    ctx.obj = Connection(token_file, base_url)


for _name, (_group, _help) in RESOURCE_GROUPS.items():
    _resource_commands = App(
        cls=_group,
        no_args_is_help=True,
        help=_help,
        epilog=examples(*_group.group_examples),
        subcommand_metavar="RESOURCE [ARGS]...",
    )
    if _group is ExportGroup:
        _resource_commands.callback(invoke_without_command=True)(
            declare_options(export_callback, options_of_attrs(FolderOptions))
        )
    app.add_typer(_resource_commands, name=_name, rich_help_panel=RECORDS_PANEL)
app.command(
    epilog=examples(
        "api GET /task/ --query projectid=3 --query limit=5",
        'api PUT /task/42/ --data \'{"title": "New title"}\'',
        "api DELETE /task/42/ --yes",
    ),
    rich_help_panel=RECORDS_PANEL,
)(api)
app.add_typer(projectteam, name="projectteam", rich_help_panel=RECORDS_PANEL)
app.add_typer(timer, name="timer", rich_help_panel=RECORDS_PANEL)
app.command(epilog=examples("verify backup"), rich_help_panel=RECORDS_PANEL)(verify)
app.command(epilog=examples("schema task"), rich_help_panel=RECORDS_PANEL)(schema)
app.command(
    "me",
    help="Print the owner of the token: a table on a terminal, otherwise JSON.",
    epilog=examples("me --format json"),
    rich_help_panel=ACCOUNT_PANEL,
)(make_command_without_id("me"))
app.command(
    "quota",
    help="Print the daily quota and its use: a table on a terminal, otherwise JSON.",
    epilog=examples("quota --format json"),
    rich_help_panel=ACCOUNT_PANEL,
)(make_command_without_id("quota"))
app.command(
    epilog=examples("doctor", "doctor --output report.json", "doctor --yes -o report.json"),
    rich_help_panel=ACCOUNT_PANEL,
)(doctor)
app.command(epilog=examples("demo --notes 1000"), rich_help_panel=TRIAL_PANEL)(demo)
app.command(epilog=examples("sandbox --notes 200 --no-limits"), rich_help_panel=TRIAL_PANEL)(
    sandbox
)
