"""Ask for confirmation before something is deleted."""

from __future__ import annotations

import typer

from .humanize import one_line
from .runner import fail
from .standard_streams import standard_input

__all__ = ["confirm"]


def confirm(ctx: typer.Context, target: str) -> None:
    """Ask whether to delete something, and end the command unless the user agrees.

    Args:
        ctx: The context of the command.
        target: What to delete.
    """
    stream = standard_input()
    if not stream.isatty():
        ctx.fail(f"stdin is not a terminal; pass --yes to delete {target}.")
    try:
        typer.echo(f"Delete {one_line(target)}? [y/N] ", nl=False, err=True)
        reply = stream.readline()
    except KeyboardInterrupt:
        fail("interrupted", code=130)
    if reply.strip().lower() not in ("y", "yes"):
        fail("nothing was deleted")
