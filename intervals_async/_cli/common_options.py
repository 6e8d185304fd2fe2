"""The options and arguments that several commands have in common."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from .output_formats import RecordFormat

__all__ = [
    "PAGING_OPTIONS",
    "AsIsOption",
    "DisableActionNotesOption",
    "IdArgument",
    "LimitOption",
    "OffsetOption",
    "RecordFormatOption",
    "SendNotificationsOption",
]

AsIsOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--as-is",
        help="Send what was typed although the documentation does not allow it, and leave it to "
        "the server to judge.",
    ),
]

DisableActionNotesOption: TypeAlias = Annotated[
    bool,
    typer.Option("--disable-action-notes", help="Leave out the automatic action notes."),
]

IdArgument: TypeAlias = Annotated[
    int, typer.Argument(min=1, metavar="ID", help="The id of the record.")
]

LimitOption: TypeAlias = Annotated[
    int | None, typer.Option(min=0, metavar="NUMBER", help="Take no more records than this.")
]

OffsetOption: TypeAlias = Annotated[
    int, typer.Option(min=0, metavar="NUMBER", help="Leave out so many at the start.")
]

PAGING_OPTIONS = ("limit", "offset")
"""The parameters of the two, which commands of unpaginated resources lack."""

RecordFormatOption: TypeAlias = Annotated[
    RecordFormat | None,
    typer.Option("--format", help="The format; else a table on a terminal, and json in a pipe."),
]

SendNotificationsOption: TypeAlias = Annotated[
    bool,
    typer.Option("--send-notifications", help="Send the e-mails that go with it; else none are."),
]
