"""Which account to talk to: the options for it, and the client that follows from them."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated, TypeAlias

import attrs
import typer

from ..client import IntervalsClient
from ..errors import ArgumentError
from ..events import Event
from ..limits import LimitStore
from ..limits._shared import SharedLimitStore

__all__ = ["BaseUrl", "Connection", "TokenFile", "connection"]

PANEL = "Account"

# There is no option for the token itself: other users of the machine could read it in the
# list of processes, and it would stay in the shell's history.
TokenFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        rich_help_panel=PANEL,
        help="A file that holds the API token. Without it: the environment's INTERVALS_TOKEN.",
    ),
]
BaseUrl: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        rich_help_panel=PANEL,
        help="The root of the API. Without it: the environment's INTERVALS_BASE_URL, else "
        "https://api.myintervals.com/.",
    ),
]


@attrs.frozen
class Connection:
    """What was said of the account; None is for the environment to say."""

    token_file: Path | None = None
    base_url: str | None = None

    @asynccontextmanager
    async def client(
        self, on_event: Callable[[Event], None] | None = None, *, checked: bool = True
    ) -> AsyncGenerator[IntervalsClient]:
        """Open the client, which tells `on_event` of its doings; `checked` is the client's own.

        Raises:
            ArgumentError: There is no token, or it or the address cannot be used.
            OSError: The token's file cannot be read.
        """
        async with AsyncExitStack() as stack:
            client = IntervalsClient(
                self._token(),
                base_url=self.base_url,
                on_event=on_event,
                checked=checked,
                limit_store=await stack.enter_async_context(_shared_store()),
            )
            yield await stack.enter_async_context(client)

    def _token(self) -> str:
        if self.token_file is None:
            token = os.environ.get("INTERVALS_TOKEN", "").strip()
            if not token:
                raise ArgumentError(
                    "there is no token: set INTERVALS_TOKEN, or name a file that holds it "
                    "with --token-file"
                )
            return token
        try:
            token = self.token_file.read_text(encoding="utf-8-sig").strip()
        except UnicodeDecodeError:
            raise ArgumentError(f"{self.token_file} holds no token, but binary data") from None
        if not token:
            raise ArgumentError(f"{self.token_file} is empty, it should hold the token")
        return token


@asynccontextmanager
async def _shared_store() -> AsyncGenerator[LimitStore | None]:
    """Open the store of the limits that several commands share; None where there is none."""
    where = os.environ.get("INTERVALS_LIMIT_STORE", "")
    if not where:
        yield None
        return
    # What becomes of it is told as a warning, once.
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("intervals-async: %(message)s"))
    logger = logging.getLogger("intervals_async.limits")
    logger.addHandler(handler)
    try:
        async with _store(where) as store:
            yield store
    finally:
        logger.removeHandler(handler)


def _store(where: str) -> SharedLimitStore:
    # imported here, since few commands need them
    kind, name = ("redis", "Redis") if "://" in where else ("sqlite", "Sqlite")
    try:
        module = import_module(f"intervals_async.limits.{kind}")
        store: SharedLimitStore = getattr(module, f"{name}LimitStore")(where)
        return store
    except (ImportError, ValueError) as error:
        raise ArgumentError(f"INTERVALS_LIMIT_STORE: {error}") from None


def connection(ctx: typer.Context, token_file: Path | None, base_url: str | None) -> Connection:
    """Join the options after the command with those before it; those after it win."""
    before: Connection = ctx.obj or Connection()
    return Connection(token_file or before.token_file, base_url or before.base_url)
