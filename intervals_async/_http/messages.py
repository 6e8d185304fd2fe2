"""Pure: a call to its request, and an answer's status and bytes to its rows or an error."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import attrs

from .. import _json
from ..errors import CallError, InvalidCredentialsError, ResponseError, error_class

__all__ = [
    "SUCCESS",
    "Call",
    "ParsedResponse",
    "annotate",
    "parse_envelope",
    "parse_response",
    "unreadable",
]

SUCCESS = (200, 201, 202, 204)


_Error = TypeVar("_Error", bound=CallError)


@attrs.frozen
class Call:
    """What is asked of the API: one method on one collection or member.

    Attributes:
        method: The HTTP method.
        resource: The resource's name, which is its path and its key in the envelope.
        id: The member's id; None for the collection.
        query: Names and wire values, in order.
        body: The fields to write, or several of such; None without a body.
        action: What is asked of the member beyond itself, such as ``download``.
        extra_headers: Headers of this call alone, by name.
        expects_record: Whether what the response holds matters; else it may be empty.
        raw_path: The path of a raw request, instead of one made of resource, id and action.
    """

    method: str
    resource: str
    id: int | None = None
    query: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, object] | Sequence[Mapping[str, object]] | None = attrs.field(
        default=None, repr=False
    )
    action: str | None = None
    extra_headers: tuple[tuple[str, str], ...] = ()
    expects_record: bool = True
    raw_path: str | None = None

    @property
    def path(self) -> str:
        """The path under the root, with the trailing slash that the API wants."""
        if self.raw_path is not None:
            return self.raw_path
        parts = (self.resource, self.id, self.action)
        return f"/{'/'.join(str(part) for part in parts if part is not None)}/"

    def url(self, base_url: str) -> str:
        """The whole address, percent-encoded; commas between several ids stay readable."""
        query = urlencode(self.query, quote_via=quote, safe=",")
        return f"{base_url}{self.path[1:]}{'?' if query else ''}{query}"

    def headers(self) -> dict[str, str]:
        """What the call adds to the client's own headers."""
        headers = {"Accept": "application/json", **dict(self.extra_headers)}
        if self.body is not None:
            headers["Content-Type"] = "application/json"
        return headers

    def payload(self) -> bytes | None:
        """The body's bytes, or None."""
        return None if self.body is None else _json.dumps(self.body)


@attrs.frozen
class ParsedResponse:
    """A successful answer, its envelope opened.

    Attributes:
        call: What was asked.
        status: The HTTP status.
        envelope: The whole JSON object; empty where none was wanted, and none came.
        attempts: How many requests it cost.
    """

    call: Call
    status: int
    envelope: Mapping[str, Any]
    attempts: int = 1

    @property
    def listcount(self) -> int | None:
        """The number of all matching records; None when the answer does not say.

        Raises:
            ResponseError: It is there, but is no count.
        """
        count = self.envelope.get("listcount")
        if count is None or count == "":
            return None
        if isinstance(count, str) and re.fullmatch(r"[0-9]{1,18}", count):
            return int(count)
        if isinstance(count, int) and not isinstance(count, bool) and count >= 0:
            return count
        shown = repr(count) if isinstance(count, str | int | float) else type(count).__name__
        raise self.error(ResponseError, f"listcount is {_snippet(shown)}, which is no count")

    def rows(self) -> list[object]:
        """The rows of a collection; none where the key is missing or null.

        Whether none is believable is for the reader of `listcount` to judge.

        Raises:
            ResponseError: Something else than rows stands under the key.
        """
        rows = self.envelope.get(self.call.resource)
        if rows is None:
            return []
        if isinstance(rows, list):
            found: list[object] = rows
            return found
        if isinstance(rows, dict):
            return [rows]
        raise self.error(
            ResponseError,
            f"a list was expected under {self.call.resource!r}, found {type(rows).__name__}",
        )

    def row(self) -> object:
        """The one object of a member; a list of one is opened.

        Raises:
            ResponseError: There is none, or more than one.
        """
        row = self.envelope.get(self.call.resource)
        if isinstance(row, list) and len(row) == 1:
            row = row[0]
        if isinstance(row, dict):
            return row
        found = "nothing" if row is None else type(row).__name__
        if isinstance(row, list):
            found = f"a list of {len(row)}"
        raise self.error(
            ResponseError, f"one object was expected under {self.call.resource!r}, found {found}"
        )

    def error(self, kind: type[_Error], message: str) -> _Error:
        """Make an error that tells of this answer."""
        return self.annotate(kind(message))

    def annotate(self, error: _Error) -> _Error:
        """Write into an error that it tells of this answer."""
        if error.status is None:
            error.status = self.status
        error.attempts = self.attempts
        return annotate(error, self.call)


def annotate(error: _Error, call: Call) -> _Error:
    """Write into an error which call it tells of."""
    error.method = call.method
    error.path = call.path
    error.filters = dict(call.query)
    return error


def parse_response(call: Call, status: int, content_type: str, body: bytes) -> ParsedResponse:
    """Judge an answer after all of its body was read.

    Raises:
        APIError: The API, or a gateway before it, refused or failed.
        ResponseError: It claims success, but is not the JSON object that was asked for.
    """
    envelope, flaw = _open(content_type, body)
    if status not in SUCCESS:
        raise _refusal(call, status, envelope, flaw)
    if envelope is None:
        if not call.expects_record and body.strip()[:1] in (b"", b"["):
            return ParsedResponse(call, status, {})
        raise unreadable(call, flaw, status)
    return parse_envelope(call, status, envelope)


def parse_envelope(call: Call, status: int, envelope: Mapping[str, Any]) -> ParsedResponse:
    """Judge the envelope of an answer that came with a status of success.

    Raises:
        APIError: It tells of an error all the same.
    """
    outer = _code(envelope.get("code"))
    if envelope.get("error") or (outer is not None and outer >= 400):
        raise _refusal(call, status if outer is None or outer < 400 else outer, envelope, "")
    return ParsedResponse(call, status, envelope)


def unreadable(call: Call, flaw: str, status: int | None = None) -> ResponseError:
    """Make the error for an answer that cannot be understood."""
    if call.method != "GET":
        flaw = f"it may have been carried out, but the answer cannot be read: {flaw}"
    return annotate(ResponseError(_snippet(flaw, 400), status=status), call)


def _open(content_type: str, body: bytes) -> tuple[Mapping[str, Any] | None, str]:
    """The JSON object in a body, or None and what was found instead."""
    if not body.strip():
        return None, "the body is empty"
    try:
        envelope = _json.loads(body)
    except ValueError as error:
        start = body.lstrip()[:1]
        if start == b"<":
            kind = "HTML" if b"<html" in body[:1024].lower() else "markup"
            return None, f"{kind} instead of JSON: {_snippet(_without_tags(body))}"
        if start not in (b"{", b"["):
            shown = f"{content_type or 'untyped'} instead of JSON"
            return None, f"{shown}: {_snippet(body[:400].decode(errors='replace'))}"
        return None, f"broken JSON of {len(body)} bytes: {_snippet(str(error))}"
    if not isinstance(envelope, dict):
        return None, f"a JSON object was expected, found {type(envelope).__name__}"
    return envelope, ""


def _refusal(call: Call, status: int, envelope: Mapping[str, Any] | None, flaw: str) -> CallError:
    error = (envelope or {}).get("error")
    if status < 400 and not error:
        moved = "a redirect is not followed, since the token would travel with it"
        return annotate(ResponseError(moved if status >= 300 else flaw, status=status), call)
    details: Mapping[str, Any] = error if isinstance(error, dict) else {}
    code = _code(details.get("code"))
    message = details.get("message")
    if not isinstance(message, str) or not message:
        message = error if isinstance(error, str) and error else flaw or "no reason was given"
    kind = error_class(status, code)
    if kind is InvalidCredentialsError:
        message += "; is the token right? It is an argument of IntervalsClient, or INTERVALS_TOKEN"
    verbose = _sentences(details.get("verbose"))
    return annotate(kind(_snippet(message), status=status, code=code, verbose=verbose), call)


def _sentences(verbose: object) -> tuple[str, ...]:
    """`verbose` has been seen as a list, an object, a text and nothing at all."""
    if isinstance(verbose, dict):
        verbose = list(verbose.values())
    sentences = verbose if isinstance(verbose, list) else [verbose]
    return tuple(
        # what is nested is only named: it may be nested deeper than can be shown
        _snippet(str(each), 1000) if isinstance(each, str | int | float) else type(each).__name__
        for each in sentences
        if each
    )


def _code(code: object) -> int | None:
    if isinstance(code, str) and re.fullmatch(r"[0-9]{1,9}", code):
        return int(code)
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def _without_tags(body: bytes) -> str:
    page = body[:4096].decode(errors="replace")
    page = re.sub(r"(?is)<(script|style)\b.*?(</\1>|$)", " ", page)
    return re.sub(r"<[^>]*>?", " ", page)


def _snippet(words: str, most: int = 200) -> str:
    # One printable line: an error may end in a log or on a terminal.
    line = " ".join("".join(c if c.isprintable() else " " for c in words[: 4 * most]).split())
    return line if len(line) <= most else f"{line[:most]}…"
