"""The options and arguments that several commands have in common."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from .output_formats import RecordFormat

__all__ = [
    "PAGING_OPTIONS",
    "AllFieldsOption",
    "AsIsOption",
    "DisableActionNotesOption",
    "IdArgument",
    "LimitOption",
    "OffsetOption",
    "RecordFormatOption",
    "SendNotificationsOption",
]

AllFieldsOption: TypeAlias = Annotated[
    bool, typer.Option("--all-fields", help="Show empty fields in a table, too.")
]

AsIsOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--as-is",
        help="Send undocumented values as typed, and let the server judge them.",
    ),
]

DisableActionNotesOption: TypeAlias = Annotated[
    bool,
    typer.Option("--disable-action-notes", help="Suppress the automatic action notes."),
]

IdArgument: TypeAlias = Annotated[
    int, typer.Argument(min=1, metavar="ID", help="ID of the record.")
]

LimitOption: TypeAlias = Annotated[
    int | None, typer.Option(min=0, metavar="NUMBER", help="Read at most this many records.")
]

OffsetOption: TypeAlias = Annotated[
    int, typer.Option(min=0, metavar="NUMBER", help="Skip this many records at the start.")
]

PAGING_OPTIONS = ("limit", "offset")
"""The parameters that the commands of unpaginated resources lack."""

RecordFormatOption: TypeAlias = Annotated[
    RecordFormat | None,
    typer.Option(
        "--format", help="Output format.", show_default="table on a terminal, otherwise json"
    ),
]

SendNotificationsOption: TypeAlias = Annotated[
    bool,
    typer.Option("--send-notifications", help="Send the e-mail notifications."),
]
