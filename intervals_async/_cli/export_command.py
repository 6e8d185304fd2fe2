"""``export``: write one resource to a file, or several into a folder.

The options of an export into a folder may stand before the names of the resources, as in
``export --all`` and ``export --quiet task time``, and behind the first name.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import attrs
import typer

from .common_options import PAGING_OPTIONS, LimitOption, OffsetOption
from .connection import BaseUrlOption, TokenFileOption, connection
from .export_file import FileOptions, export_file
from .export_many import FolderOptions, export_many
from .generated_options import (
    FILTERS_PANEL,
    declare_options,
    options_note,
    options_of_attrs,
    options_of_typed_dict,
)
from .option_values import check_required, read_options
from .output_formats import ExportFormat
from .resource_commands import ResourceClass, ResourceGroup

__all__ = ["ExportGroup", "export_callback"]

FOLDER_OPTIONS = [attribute.name for attribute in attrs.fields(FolderOptions)]


def export_callback(
    ctx: typer.Context,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Export all resources of the account.")
    ] = False,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="The folder to write into."),
    ] = None,
    format: Annotated[
        ExportFormat | None,
        typer.Option(help="The format of the files; sqlite makes one for all."),
    ] = None,
    token_file: TokenFileOption = None,
    base_url: BaseUrlOption = None,
    **options: Any,
) -> None:
    """Run ``export --all``, or take the options that stand before the name of a resource."""
    wrong_resources = typer.BadParameter("name some resources, or say --all")
    if ctx.invoked_subcommand is not None:
        if everything:
            raise wrong_resources
        # the command of the resource takes these values where it is given none of its own
        ctx.default_map = {ctx.invoked_subcommand: ctx.params}
        return
    folder = _require_folder(ctx, output)
    if not everything:
        raise wrong_resources
    account = connection(ctx, token_file, base_url)
    export_many(account, None, folder, format, FolderOptions(**options))


class ExportGroup(ResourceGroup):
    """The commands ``export RESOURCE`` and ``export RESOURCE…``."""

    method = "list"

    @staticmethod
    def make_epilog(resource_class: ResourceClass) -> str:
        """Write the note about the filters and the file."""
        note = "A file is written whole or not at all: it appears under its name when complete."
        return f"{options_note(resource_class.filters)} {note}"

    @staticmethod
    def make_command(resource_class: ResourceClass) -> Callable[..., None]:
        """Make the function of ``export RESOURCE``."""

        def command(
            ctx: typer.Context,
            others: Annotated[
                list[str] | None,
                typer.Argument(metavar="RESOURCE", help="Others to export, too: into a folder."),
            ] = None,
            *,
            output: Annotated[
                str | None,
                typer.Option(
                    "--output",
                    "-o",
                    metavar="FILE",
                    help="The file to write; else standard output.",
                ),
            ] = None,
            format: Annotated[
                ExportFormat | None,
                typer.Option(
                    help="The format; else the file's suffix says it; standard output gets jsonl."
                ),
            ] = None,
            force: Annotated[
                bool, typer.Option("--force", help="Replace the file if it exists.")
            ] = False,
            page_size: Annotated[
                int | None,
                typer.Option(
                    min=1,
                    metavar="NUMBER",
                    help="Records a request; else few at first, then more.",
                ),
            ] = None,
            concurrency: Annotated[
                int, typer.Option(min=1, metavar="NUMBER", help="Pages under way at once.")
            ] = 1,
            limit: LimitOption = None,
            offset: OffsetOption = 0,
            token_file: TokenFileOption = None,
            base_url: BaseUrlOption = None,
            **options: Any,
        ) -> None:
            folder_options = FolderOptions(**{name: options.pop(name) for name in FOLDER_OPTIONS})
            account = connection(ctx, token_file, base_url)
            file_options = FileOptions(
                filters=read_options(resource_class.filters, options),
                limit=limit,
                offset=offset,
                force=force,
                page_size=page_size,
                concurrency=concurrency,
            )
            name = resource_class.name
            if others or folder_options != FolderOptions() or _is_folder(output):
                folder = _require_folder(ctx, output)
                _refuse_file_options(ctx, name, file_options)
                export_many(account, [name, *(others or ())], folder, format, folder_options)
            else:
                filters = file_options.filters
                check_required(ctx, f"list {name}", resource_class.filters, filters)
                export_file(account, resource_class, output, format, file_options)

        return declare_options(
            command,
            [
                *options_of_typed_dict(resource_class.filters, FILTERS_PANEL),
                *options_of_attrs(FolderOptions),
            ],
            without=() if resource_class.paginated else PAGING_OPTIONS,
        )


def _is_folder(output: str | None) -> bool:
    return output is not None and (output.endswith("/") or Path(output).is_dir())


def _require_folder(ctx: typer.Context, output: str | None) -> Path:
    if output is None:
        ctx.fail("Missing option '--output' / '-o'.")
    return Path(output)


def _refuse_file_options(ctx: typer.Context, resource: str, options: FileOptions) -> None:
    for name in options.filters:
        ctx.fail(
            f"--{name} applies to a single file; for a folder, use "
            f"--filter {resource}.{name}=VALUE."
        )
    for attribute in attrs.fields(FileOptions):
        if attribute.name != "filters" and getattr(options, attribute.name) != attribute.default:
            option = attribute.name.replace("_", "-")
            ctx.fail(f"--{option} applies to a single file, not to a folder.")
