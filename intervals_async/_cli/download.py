"""``download``: save a document to a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from .common_options import IdArgument
from .connection import BaseUrlOption, Connection, TokenFileOption, connection
from .humanize import one_line
from .progress import RateLimitNotice
from .resource_commands import ResourceClass, ResourceGroup
from .runner import run
from .standard_streams import STANDARD_OUTPUT, standard_output

__all__ = ["DownloadGroup"]


class DownloadGroup(ResourceGroup):
    """The commands ``download RESOURCE``."""

    method = "download"
    group_examples = ("download document 42 --output contract.pdf",)

    @staticmethod
    def make_examples(resource_class: ResourceClass) -> Sequence[str]:
        """Write the example of ``download RESOURCE``."""
        return (f"download {resource_class.name} 42 --output contract.pdf",)

    @staticmethod
    def make_command(resource_class: ResourceClass) -> Callable[..., None]:
        """Make the function of ``download RESOURCE``."""
        name = resource_class.name

        def command(
            ctx: typer.Context,
            id: IdArgument,
            *,
            output: Annotated[
                str,
                typer.Option(
                    "--output",
                    "-o",
                    metavar="FILE",
                    help="File to write; - is standard output.",
                ),
            ],
            force: Annotated[
                bool, typer.Option("--force", help="Replace an existing file.")
            ] = False,
            token_file: TokenFileOption = None,
            base_url: BaseUrlOption = None,
        ) -> None:
            account = connection(ctx, token_file, base_url)
            run(_download(account, name, id, output, force=force))

        return command


async def _download(account: Connection, name: str, id: int, output: str, *, force: bool) -> None:
    async with account.client(RateLimitNotice()) as client:
        download = client.resource(name).download(id)
        if output not in STANDARD_OUTPUT:
            size = await download.save(output, force=force)
            typer.echo(f"{size:,} bytes → {one_line(output)}", err=True)
            return
        stream = standard_output()
        async with download.open() as pieces:
            async for piece in pieces:
                stream.write(piece)
        stream.flush()
