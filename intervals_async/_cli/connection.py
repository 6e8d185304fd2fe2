"""The account options of the commands, and the client that they configure."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated, TypeAlias

import attrs
import typer

from .. import ArgumentError, Event, IntervalsClient
from .shared_limits import shared_limit_store

__all__ = ["BaseUrlOption", "Connection", "TokenFileOption", "connection"]

PANEL = "Account"

# There is no option for the token itself: other users of the machine could read it in the
# list of processes, and the shell would keep it in its history.
TokenFileOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        rich_help_panel=PANEL,
        help="Read the API token from this file.",
        show_default="$INTERVALS_TOKEN",
    ),
]
BaseUrlOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        rich_help_panel=PANEL,
        help="Root URL of the API.",
        show_default="$INTERVALS_BASE_URL, otherwise https://api.myintervals.com/",
    ),
]


@attrs.frozen
class Connection:
    """The account options of a command.

    Attributes:
        token_file: The file with the API token. If None, ``INTERVALS_TOKEN`` is the token.
        base_url: The root URL of the API. If None, ``INTERVALS_BASE_URL`` or the default applies.
    """

    token_file: Path | None = None
    base_url: str | None = None

    @asynccontextmanager
    async def client(
        self, on_event: Callable[[Event], None] | None = None, *, checked: bool = True
    ) -> AsyncGenerator[IntervalsClient]:
        """Open a client.

        Args:
            on_event: The client's hook for events.
            checked: Whether the client refuses arguments that the API does not document.

        Raises:
            ArgumentError: The token is missing, or the token or the URL is invalid.
            OSError: The token file cannot be read.
        """
        async with AsyncExitStack() as stack:
            client = IntervalsClient(
                self._token(),
                base_url=self.base_url,
                proxy="env",
                on_event=on_event,
                checked=checked,
                limit_store=await stack.enter_async_context(shared_limit_store()),
            )
            yield await stack.enter_async_context(client)

    def _token(self) -> str:
        if self.token_file is None:
            token = os.environ.get("INTERVALS_TOKEN", "").strip()
            if not token:
                raise ArgumentError(
                    "API token: expected INTERVALS_TOKEN or --token-file, got neither"
                )
            return token
        try:
            token = self.token_file.read_text(encoding="utf-8-sig").strip()
        except UnicodeDecodeError:
            raise ArgumentError(
                f"{self.token_file}: expected the API token, got binary data"
            ) from None
        if not token:
            raise ArgumentError(f"{self.token_file}: expected the API token, got an empty file")
        return token


def connection(ctx: typer.Context, token_file: Path | None, base_url: str | None) -> Connection:
    """Combine a command's account options with the global ones; the command's take precedence."""
    default = ctx.find_object(Connection) or Connection()
    return Connection(token_file or default.token_file, base_url or default.base_url)
