"""``api``: send one request as typed, and print the response body."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import parse_qsl

import typer

from .confirm import confirm
from .connection import BaseUrlOption, Connection, TokenFileOption, connection
from .output_formats import record_output
from .progress import RateLimitNotice
from .runner import run
from .standard_streams import standard_input, standard_output

__all__ = ["api"]


class Method(StrEnum):
    """The HTTP methods of the API."""

    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    DELETE = "DELETE"


def api(
    ctx: typer.Context,
    method: Annotated[
        Method,
        typer.Argument(metavar="METHOD", case_sensitive=False, help="GET, POST, PUT or DELETE."),
    ],
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="Path below the root URL, such as /task/42/.")
    ],
    *,
    query: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Add a parameter to the query; may be repeated."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(metavar="JSON", help="JSON object to send; - reads standard input."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before a DELETE.")] = False,
    token_file: TokenFileOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Send one request as typed, and print the response body.

    The rate limits, the retries of safe requests and the errors are those of the other commands. A
    terminal gets indented JSON; a pipe gets the body as the server sent it.
    """
    path, _, in_path = path.partition("?")
    if in_path:
        query = [*_decoded(in_path), *(query or ())]
    body = _read_data(data)
    if body is not None and method in (Method.GET, Method.DELETE):
        raise typer.BadParameter(f"expected none for {method}, got one", param_hint="--data")
    if body is None and method in (Method.POST, Method.PUT):
        raise typer.BadParameter(
            f"expected a JSON object for {method}, got none", param_hint="--data"
        )
    params = _read_query(query or ())
    if method is Method.DELETE and not yes:
        confirm(ctx, path)
    run(_send(connection(ctx, token_file, base_url), method, path, params, body))


def _decoded(query: str) -> list[str]:
    """Decode the query of a path, which is percent-encoded like a URL's."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        raise typer.BadParameter(
            f"expected NAME=VALUE in the query, percent-encoded, got {query!r}", param_hint="PATH"
        ) from None
    return [f"{name}={value}" for name, value in pairs]


async def _send(
    account: Connection, method: Method, path: str, params: dict[str, str], body: Any
) -> None:
    standard_output()  # that it is closed is found before the request
    async with account.client(RateLimitNotice()) as client:
        response = await client.raw_request(method.value, path, params=params, body=body)
    stream = record_output("json")
    stream.write(_format(response.body) if stream.isatty() else response.body)
    stream.flush()


def _format(body: bytes) -> bytes:
    """Indent JSON, and end other text with a line break."""
    try:
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body.rstrip() + b"\n" if body.strip() else b""
    return f"{text}\n".encode(errors="backslashreplace")


def _read_query(texts: Sequence[str]) -> dict[str, str]:
    params: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals) or name in params:
            wrong = "the name twice" if name in params else repr(text)
            raise typer.BadParameter(
                f"expected NAME=VALUE once for each name, got {wrong}", param_hint="--query"
            )
        params[name] = value
    return params


def _read_data(text: str | None) -> Any:
    if text is None:
        return None
    if text == "-":
        text = standard_input().read()
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise typer.BadParameter(
            f"expected a JSON object, got invalid JSON: {error}", param_hint="--data"
        ) from None
    if not isinstance(body, dict | list):
        raise typer.BadParameter(
            f"expected a JSON object, got {type(body).__name__}", param_hint="--data"
        )
    return body
