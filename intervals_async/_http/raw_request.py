"""Checks the arguments of a raw request."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from .. import _json
from .._schema.parameters import encode_query
from ..errors import ArgumentError
from .messages import Call

__all__ = ["raw_call"]

METHODS = ("GET", "POST", "PUT", "DELETE")

# A percent-encoded path without a query.
PATH = re.compile(r"/(?!/)[A-Za-z0-9/._~!$&'()*+,;=:@%-]*")

# The client sets these.
RESERVED = ("authorization", "content-length", "host", "transfer-encoding")
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def raw_call(
    method: str,
    path: str,
    *,
    params: Mapping[str, object] | None,
    body: Mapping[str, object] | Sequence[Mapping[str, object]] | None,
    headers: Mapping[str, str] | None,
) -> Call:
    """Check the arguments of `IntervalsClient.raw_request`, and return the call.

    Raises:
        ArgumentError: An argument cannot be sent.
    """
    if method.upper() not in METHODS:
        raise ArgumentError(f"method: expected one of {', '.join(METHODS)}, got {method!r}")
    _check_path(path)
    try:
        _json.dumps(body)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"body: expected JSON values: {error}") from None
    for name, value in (headers or {}).items():
        _check_header(name, value)
    return Call(
        method.upper(),
        path.split("/")[1],
        query=encode_query("raw_request()", {}, params or {}, checked=False),
        body=body,
        extra_headers=tuple((headers or {}).items()),
        expects_record=False,
        raw_path=path,
    )


def _check_path(path: str) -> None:
    if not PATH.fullmatch(path):
        raise ArgumentError(
            f"path: expected a percent-encoded path below the base URL, such as '/task/9/', "
            f"got {path!r}; pass a query as params"
        )
    if {".", ".."} & {*unquote(path).replace("\\", "/").split("/")}:
        raise ArgumentError(f"path: expected a path without '.' and '..', got {path!r}")


def _check_header(name: str, value: str) -> None:
    if not HEADER_NAME.fullmatch(name) or not (value.isascii() and value.isprintable()):
        raise ArgumentError(f"headers: expected printable ASCII only in {name!r}")
    if name.lower() in RESERVED:
        raise ArgumentError(f"headers: expected none that the client sets, got {name!r}")
