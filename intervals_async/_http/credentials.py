"""The token and the base URL, checked before they are used."""

from __future__ import annotations

import base64
import re
from typing import Self
from urllib.parse import quote, urlsplit

import attrs

from ..errors import ArgumentError

__all__ = ["Credentials", "checked_base_url", "checked_token"]

_HOST = re.compile(r"[A-Za-z0-9._:-]+")


@attrs.frozen
class Credentials:
    """What a call is signed with; its repr shows nothing of it.

    Attributes:
        authorization: The value of the header: HTTP Basic, the token as the user name.
    """

    authorization: str = attrs.field(repr=False)

    @classmethod
    def of(cls, token: object) -> Self:
        """Check a token as `checked_token` does."""
        return cls("Basic " + base64.b64encode(f"{checked_token(token)}:X".encode()).decode())


def checked_token(token: object) -> str:
    """Strip a token and make sure that it can be sent.

    Raises:
        ArgumentError: It cannot be a token; the message never shows it.
    """
    if not isinstance(token, str):
        raise ArgumentError(f"the token is a text, not {type(token).__name__}")
    token = token.strip()
    if not token:
        raise ArgumentError(
            "the token is empty: give IntervalsClient(token) or set INTERVALS_TOKEN"
        )
    if ":" in token or not token.isascii() or not token.isprintable() or " " in token:
        raise ArgumentError(
            "the token holds a character that no token has (a blank, a colon, a control or "
            "non-ASCII character): copy it again from Intervals"
        )
    return token


def checked_base_url(base_url: str) -> str:
    """Make sure that the root is an address, and give it its trailing slash.

    Raises:
        ArgumentError: It is not an http or https address of a host, or carries a password,
            a query or a fragment.
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
        raise ArgumentError("base_url is the root of the API, such as https://api.myintervals.com/")
    if parts.username is not None or parts.query or parts.fragment:
        raise ArgumentError("base_url takes no user, query or fragment; the token goes apart")
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}{port}{quote(parts.path, safe='/%').rstrip('/')}/"
