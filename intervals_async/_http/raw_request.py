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
RESERVED = ("authorization", "content-length", "content-type", "host", "transfer-encoding")
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def raw_call(
    method: object,
    path: object,
    *,
    params: Mapping[str, object] | None,
    body: Mapping[str, object] | Sequence[Mapping[str, object]] | None,
    headers: Mapping[str, str] | None,
) -> Call:
    """Check the arguments of `IntervalsClient.raw_request`, and return the call.

    Raises:
        ArgumentError: An argument cannot be sent.
    """
    if not isinstance(method, str) or method.upper() not in METHODS:
        raise ArgumentError(f"method: expected one of {', '.join(METHODS)}, got {method!r}")
    path = _checked_path(path)
    try:
        _json.dumps(body)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"body: expected JSON values: {error}") from None
    return Call(
        method.upper(),
        path.split("/")[1],
        query=encode_query("raw_request()", {}, params or {}, checked=False),
        body=body,
        extra_headers=tuple(_checked_header(*header) for header in (headers or {}).items()),
        expects_record=False,
        raw_path=path,
    )


def _checked_path(path: object) -> str:
    if not isinstance(path, str) or not PATH.fullmatch(path):
        raise ArgumentError(
            f"path: expected a percent-encoded path below the base URL, such as '/task/9/', "
            f"got {path!r}; pass a query as params"
        )
    segments = unquote(path).replace("\\", "/").split("/")
    # some servers drop what follows a semicolon before they resolve the path
    if {".", ".."} & {segment.partition(";")[0] for segment in segments}:
        raise ArgumentError(f"path: expected a path without '.' and '..', got {path!r}")
    return path


def _checked_header(name: object, value: object) -> tuple[str, str]:
    if not (isinstance(name, str) and isinstance(value, str)):
        raise ArgumentError(f"headers: expected text, got {type(value).__name__} for {name!r}")
    if not HEADER_NAME.fullmatch(name) or not (value.isascii() and value.isprintable()):
        raise ArgumentError(f"headers: expected printable ASCII only in {name!r}")
    if name.lower() in RESERVED:
        raise ArgumentError(f"headers: expected none that the client sets, got {name!r}")
    return name, value
