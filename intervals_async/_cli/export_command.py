"""``export``: write one resource to a file, or several into a folder.

The options of an export into a folder may come before the names of the resources, as in
``export --all`` and ``export --quiet task time``, or after the first name.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import attrs
import typer

from .. import resources
from .common_options import PAGING_OPTIONS, LimitOption, OffsetOption
from .connection import BaseUrlOption, TokenFileOption, connection
from .export_file import FileOptions, export_file
from .export_many import FolderOptions, export_many
from .file_format import FileFormat, names_a_format
from .generated_options import (
    FILTERS_PANEL,
    declare_options,
    options_note,
    options_of_attrs,
    options_of_typed_dict,
)
from .option_values import check_required, read_options
from .output_formats import DecimalsOption, DecimalType, Dialect, ExportFormat
from .resource_commands import ResourceClass, ResourceGroup, list_example, refuse_resource
from .standard_streams import STANDARD_OUTPUT

__all__ = ["ExportGroup", "export_callback"]

FOLDER_OPTIONS = [attribute.name for attribute in attrs.fields(FolderOptions)]


def export_callback(
    ctx: typer.Context,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Export every resource of the account.")
    ] = False,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE or FOLDER",
            help="File of one resource, or folder of several.",
        ),
    ] = None,
    format: Annotated[
        ExportFormat | None,
        typer.Option(help="Format of the files; sqlite writes one database.", show_default="jsonl"),
    ] = None,
    decimals: DecimalsOption = DecimalType.FLOAT,
    token_file: TokenFileOption = None,
    base_url: BaseUrlOption = None,
    **options: Any,
) -> None:
    """Run ``export --all``, or read the options before the name of a resource."""
    if ctx.invoked_subcommand is not None:
        if everything:
            raise typer.BadParameter("expected names of resources or --all, got both")
        # the command of the resource uses these values as its defaults
        ctx.default_map = {ctx.invoked_subcommand: ctx.params}
        return
    folder = _require_folder(ctx, output)
    if not everything:
        raise typer.BadParameter("expected names of resources or --all, got neither")
    if _is_file_name(output):
        _refuse_file_name(ctx, output)
    account = connection(ctx, token_file, base_url)
    export_many(account, None, folder, format, FolderOptions(**options), decimals)


class ExportGroup(ResourceGroup):
    """The commands ``export RESOURCE`` and ``export RESOURCE…``."""

    method = "list"
    group_examples = (
        "export projectnote --projectid 3,5 --output notes.csv",
        "export projectnote task time --output backup --format parquet",
        "export --all --output backup --incremental",
        "export --all --format sqlite --output everything",
    )

    @staticmethod
    def make_note(resource_class: ResourceClass) -> str:
        """Write the note about the filters and the file."""
        note = "The file appears under its name once it is complete."
        return f"{options_note(resource_class.filters)} {note}".lstrip()

    @staticmethod
    def make_examples(resource_class: ResourceClass) -> Sequence[str]:
        """Write the examples of ``export RESOURCE``."""
        name = resource_class.name
        command = list_example("export", resource_class)
        return f"{command} --output {name}.csv", f"export {name} --output backup/ --format sqlite"

    @staticmethod
    def make_command(resource_class: ResourceClass) -> Callable[..., None]:
        """Make the function of ``export RESOURCE``."""

        def command(
            ctx: typer.Context,
            others: Annotated[
                list[str] | None,
                typer.Argument(metavar="RESOURCE", help="More resources, to export to a folder."),
            ] = None,
            *,
            output: Annotated[
                str | None,
                typer.Option(
                    "--output",
                    "-o",
                    metavar="FILE or FOLDER",
                    help="File or folder to write; a folder exists or ends in a slash; - is "
                    "standard output.",
                    show_default="standard output",
                ),
            ] = None,
            format: Annotated[
                ExportFormat | None,
                typer.Option(
                    help="Output format.",
                    show_default="suffix of the file, else jsonl",
                ),
            ] = None,
            decimals: DecimalsOption = DecimalType.FLOAT,
            force: Annotated[
                bool, typer.Option("--force", help="Replace an existing file.")
            ] = False,
            page_size: Annotated[
                int | None,
                typer.Option(
                    min=1,
                    metavar="NUMBER",
                    help="Records per request.",
                    show_default="small pages first, then larger ones",
                ),
            ] = None,
            concurrency: Annotated[
                int, typer.Option(min=1, metavar="NUMBER", help="Pages to read at once.")
            ] = 1,
            csv_dialect: Annotated[
                Dialect | None,
                typer.Option(
                    help="Kind of CSV: excel adds a byte order mark, by which Excel recognizes "
                    "UTF-8; excel-semicolon also separates cells by semicolons.",
                    show_default="rfc4180",
                ),
            ] = None,
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
                csv_dialect=csv_dialect,
            )
            name = resource_class.name
            if others or folder_options != FolderOptions() or _is_folder(output):
                folder = _require_folder(ctx, output)
                _refuse_file_options(ctx, name, file_options)
                if _is_file_name(output):
                    if others or not folder_options.dry_run:
                        _refuse_file_name(ctx, output)
                    format = FileFormat.of(folder, format).in_folder
                for other in others or ():
                    if other not in resources.names():
                        refuse_resource(ctx, other, resources.names())
                names = [name, *(others or ())]
                export_many(account, names, folder, format, folder_options, decimals)
            else:
                filters = file_options.filters
                check_required(ctx, f"list {name}", resource_class.filters, filters)
                export_file(account, resource_class, output, format, file_options, decimals)

        return declare_options(
            command,
            [
                *options_of_typed_dict(resource_class.filters, FILTERS_PANEL),
                *options_of_attrs(FolderOptions),
            ],
            without=() if resource_class.paginated else PAGING_OPTIONS,
        )


def _is_folder(output: str | None) -> bool:
    # os.path: pathlib raises an error for a name that is too long
    return output is not None and (output.endswith("/") or os.path.isdir(output))


def _is_file_name(output: str | None) -> bool:
    return output is not None and not _is_folder(output) and names_a_format(Path(output))


def _refuse_file_name(ctx: typer.Context, output: str | None) -> NoReturn:
    ctx.fail(
        f"--output: expected a folder, got the name of a file {output!r}; "
        "for a folder of that name, add a slash."
    )


def _require_folder(ctx: typer.Context, output: str | None) -> Path:
    if not output:
        ctx.fail("Missing option '--output' / '-o'.")
    if output in STANDARD_OUTPUT:
        ctx.fail(f"--output: expected a folder, got {output!r}, which is standard output.")
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
