"""The token and the base URL, checked before they are used."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Self, TypeAlias
from urllib.parse import quote, urlsplit

import attrs

from ..errors import ArgumentError, CallError

__all__ = ["Credentials", "Token", "TokenSource", "checked_base_url", "checked_token"]

Token: TypeAlias = str | Callable[[], str | Awaitable[str]]
"""A token, or a function that returns the current one."""


_HOST = re.compile(r"[A-Za-z0-9._:-]+")


@attrs.frozen
class Credentials:
    """The credentials of a client. Their repr does not show them.

    Attributes:
        authorization: The value of the header: HTTP Basic with the token as the user name.
    """

    authorization: str = attrs.field(repr=False)
    _token: str = attrs.field(repr=False)

    @classmethod
    def of(cls, token: object) -> Self:
        """Create credentials of a token, which is checked as `checked_token` does."""
        checked = checked_token(token)
        return cls("Basic " + base64.b64encode(f"{checked}:X".encode()).decode(), checked)

    def redact(self, error: CallError) -> None:
        """Remove the credentials from an error, if the server has echoed them."""
        error.message = self._redacted(error.message)
        error.args = (error.message, *error.args[1:])  # pickle stores them, too
        error.verbose = tuple(map(self._redacted, error.verbose))

    def _redacted(self, text: str) -> str:
        for secret in (self.authorization.removeprefix("Basic "), self._token):
            text = text.replace(secret, "[redacted]")
        return text


class TokenSource:
    """The current credentials of a client, and where new ones come from."""

    __slots__ = ("_ask", "_lock", "current")

    def __init__(self, token: Token) -> None:
        self._ask = token if callable(token) else None
        # One task asks, while the others wait for its token.
        self._lock = asyncio.Lock()
        self.current: Credentials | None = None if callable(token) else Credentials.of(token)

    async def credentials(self) -> Credentials:
        """Return the current credentials; the first time, the function is asked.

        Raises:
            ArgumentError: It returned something that cannot be a token.
        """
        while self.current is None:
            await self.renew(None)
        return self.current

    async def renew(self, refused: Credentials | None) -> bool:
        """Ask for a new token, unless another task has done so since.

        Args:
            refused: The credentials that the server refused.

        Returns:
            Whether the current credentials are others now.
        """
        if self._ask is None:
            return False
        async with self._lock:
            if self.current is refused:
                token = self._ask()
                self.current = Credentials.of(await token if isawaitable(token) else token)
        return self.current != refused


def checked_token(token: object) -> str:
    """Return a token without surrounding whitespace.

    Raises:
        ArgumentError: It cannot be a token. The message never shows it.
    """
    if not isinstance(token, str):
        raise ArgumentError(f"token: expected a string, got {type(token).__name__}")
    token = token.strip()
    if not token:
        raise ArgumentError(
            "token: expected a string, got an empty one; "
            "pass it as IntervalsClient(token) or set INTERVALS_TOKEN"
        )
    if ":" in token or not token.isascii() or not token.isprintable() or " " in token:
        raise ArgumentError(
            "token: expected printable ASCII characters without spaces and colons; "
            "copy it again from Intervals"
        )
    return token


def checked_base_url(base_url: str) -> str:
    """Return the root URL of the API with a trailing slash.

    Raises:
        ArgumentError: It is not an http or https URL with a host, or it has a user, a query or a
            fragment. The message does not show it, because it may hold a password.
    """
    host = ""
    try:
        parts = urlsplit(base_url.strip())
        port = "" if parts.port is None else f":{parts.port}"
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError:
        parts = urlsplit("")
        port = ""
    if parts.scheme not in ("http", "https") or not host or not _HOST.fullmatch(host):
        raise ArgumentError("base_url: expected a URL such as https://api.myintervals.com/")
    if parts.username is not None or parts.query or parts.fragment:
        raise ArgumentError(
            "base_url: expected a URL without user, query and fragment; "
            "pass the token as IntervalsClient(token)"
        )
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}{port}{quote(parts.path, safe='/%').rstrip('/')}/"
