"""The proxy through which the server is reached, resolved once and passed to every request."""

from __future__ import annotations

import base64
from typing import Self
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import getproxies_environment, proxy_bypass

import attrs
from yarl import URL

from ..errors import ArgumentError

__all__ = ["Proxy"]


@attrs.frozen
class Proxy:
    """A proxy. Neither its repr nor an error shows its password.

    Attributes:
        url: The URL without user and password.
        authorization: The value of the ``Proxy-Authorization`` header; None without a user.
    """

    url: URL
    authorization: str | None = attrs.field(default=None, repr=False)

    @classmethod
    def resolve(cls, proxy: str | None, base_url: str) -> Self | None:
        """Return the proxy for a server, or None.

        Args:
            proxy: None, the URL of the proxy, or ``"env"``. The latter reads ``HTTP_PROXY``,
                ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``, in upper or lower case.
            base_url: The root of the API.

        Raises:
            ArgumentError: It is not the URL of an HTTP proxy.
        """
        if proxy is None:
            return None
        if proxy != "env":
            return cls._of("proxy", proxy)
        server = urlsplit(base_url)
        proxies = getproxies_environment()
        if proxy_bypass(server.netloc, proxies):
            return None
        for name in (server.scheme, "all"):
            if proxies.get(name):
                return cls._of(f"{name.upper()}_PROXY", proxies[name])
        return None

    @classmethod
    def _of(cls, source: str, text: str) -> Self:
        """Return the proxy with this URL; `source` names where it comes from."""
        try:
            parts = urlsplit(text if "://" in text else f"http://{text}")
            host, port = parts.hostname, parts.port
        except ValueError:
            parts, host, port = urlsplit(""), None, None
        if parts.scheme not in ("http", "https") or not host:
            # The URL may hold a password, so only its scheme is shown.
            found = f"{parts.scheme}://…" if parts.scheme and host else "another text"
            raise ArgumentError(
                f"{source}: expected a URL such as http://proxy.example.com:3128, got {found}"
            )
        authorization = None
        if parts.username is not None:
            user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            authorization = f"Basic {base64.b64encode(user.encode()).decode()}"
        place = f"[{host}]" if ":" in host else host
        place = place if port is None else f"{place}:{port}"
        return cls(URL(urlunsplit((parts.scheme, place, "", "", ""))), authorization)

    def headers_for(self, url: str) -> tuple[dict[str, str], dict[str, str]]:
        """Return the headers for the proxy: those of a CONNECT, and those of a request itself.

        Args:
            url: The URL of the request. The proxy connects to ``https`` servers; requests to
                ``http`` servers are sent to the proxy itself.
        """
        if self.authorization is None:
            return {}, {}
        headers = {"Proxy-Authorization": self.authorization}
        return (headers, {}) if url.startswith("https:") else ({}, headers)
