"""Pure: turns a call into a request, and a response into an envelope or an error."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import attrs

from .. import _json
from ..errors import CallError, InvalidCredentialsError, ResponseError
from .error_classes import error_class

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
    """A call of the API: one method on a collection or a member.

    Attributes:
        method: The HTTP method.
        resource: The name of the resource, which is its path and its key in the envelope.
        id: The id of the member; None for the collection.
        query: Names and wire values, in order.
        body: The fields to write, or a list of such mappings; None without a body.
        action: The path after the member, such as ``download``; None without one.
        extra_headers: Headers of this call only: names and values.
        expects_record: Whether the response must have an envelope; otherwise it may be empty.
        raw_path: The path of a raw request, instead of one made of resource, id and action.
        wants_file: Whether the response is a file: its bytes are not decoded, and a part of it
            (HTTP 206) is a success.
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
    wants_file: bool = False

    @property
    def path(self) -> str:
        """The path under the root, with the trailing slash that the API requires."""
        if self.raw_path is not None:
            return self.raw_path
        parts = (self.resource, self.id, self.action)
        return f"/{'/'.join(str(part) for part in parts if part is not None)}/"

    def url(self, base_url: str) -> str:
        """Return the complete URL, percent-encoded except for the commas between ids."""
        query = urlencode(self.query, quote_via=quote, safe=",")
        return f"{base_url}{self.path[1:]}{'?' if query else ''}{query}"

    def headers(self) -> dict[str, str]:
        """Return the headers of the call, in addition to those of the client."""
        headers = {"Accept": "application/json", **dict(self.extra_headers)}
        if self.wants_file:
            # Of a file in another encoding, nobody would notice that its end is missing.
            headers.setdefault("Accept-Encoding", "identity")
        if self.body is not None:
            headers["Content-Type"] = "application/json"
        return headers

    def succeeds_with(self, status: int) -> bool:
        """Whether the status of a response is a success of this call."""
        return status in SUCCESS or (self.wants_file and status == 206)

    def payload(self) -> bytes | None:
        """Return the bytes of the body, or None."""
        return None if self.body is None else _json.dumps(self.body)


@attrs.frozen
class ParsedResponse:
    """A successful response.

    Attributes:
        call: The call.
        status: The HTTP status.
        envelope: The JSON object; empty if none was expected and none was received.
        attempts: The number of requests that the call took.
    """

    call: Call
    status: int
    envelope: Mapping[str, Any]
    attempts: int = 1

    @property
    def listcount(self) -> int | None:
        """The server's count of matching records; None if the response has none.

        Raises:
            ResponseError: The value is not a count.
        """
        count = self.envelope.get("listcount")
        if count is None or count == "":
            return None
        if isinstance(count, str) and re.fullmatch(r"[0-9]{1,18}", count):
            return int(count)
        if isinstance(count, int) and not isinstance(count, bool) and count >= 0:
            return count
        shown = repr(count) if isinstance(count, str | int | float) else type(count).__name__
        raise self.error(ResponseError, f"listcount: expected a count, got {_snippet(shown)}")

    def rows(self) -> list[object]:
        """Return the rows of a collection; none if the key is missing or null.

        The caller must compare an empty result with `listcount`.

        Raises:
            ResponseError: The value is not a list.
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
            f"{self.call.resource}: expected a list, got {type(rows).__name__}",
        )

    def row(self) -> object:
        """Return the object of a member, which may be in a list of one.

        Raises:
            ResponseError: There is no object, or more than one.
        """
        row = self.envelope.get(self.call.resource)
        if isinstance(row, list) and len(row) == 1:
            row = row[0]
        if isinstance(row, dict):
            return row
        found = "nothing" if row is None else type(row).__name__
        if isinstance(row, list):
            found = f"a list of {len(row)}"
        raise self.error(ResponseError, f"{self.call.resource}: expected one object, got {found}")

    def error(self, kind: type[_Error], message: str) -> _Error:
        """Return an error about this response."""
        return self.annotate(kind(message))

    def annotate(self, error: _Error) -> _Error:
        """Add this response and its call to an error."""
        if error.status is None:
            error.status = self.status
        error.attempts = self.attempts
        return annotate(error, self.call)


def annotate(error: _Error, call: Call) -> _Error:
    """Add a call to an error."""
    error.method = call.method
    error.path = call.path
    error.filters = dict(call.query)
    return error


def parse_response(call: Call, status: int, content_type: str, body: bytes) -> ParsedResponse:
    """Parse a response whose body is complete.

    Raises:
        APIError: The API, or a gateway, returned an error.
        ResponseError: The status is a success, but the body is not the expected JSON object.
    """
    envelope, flaw = _parse_body(content_type, body)
    if status not in SUCCESS:
        raise _api_error(call, status, envelope, flaw)
    if envelope is None:
        if not call.expects_record and body.strip()[:1] in (b"", b"["):
            return ParsedResponse(call, status, {})
        raise unreadable(call, flaw, status)
    return parse_envelope(call, status, envelope)


def parse_envelope(call: Call, status: int, envelope: Mapping[str, Any]) -> ParsedResponse:
    """Check the envelope of a response whose status is a success.

    Raises:
        APIError: The envelope holds an error nevertheless.
    """
    outer = _code(envelope.get("code"))
    if envelope.get("error") or (outer is not None and outer >= 400):
        raise _api_error(call, status if outer is None or outer < 400 else outer, envelope, "")
    return ParsedResponse(call, status, envelope)


def unreadable(call: Call, flaw: str, status: int | None = None) -> ResponseError:
    """Return the error for a response that is not what the API documents."""
    if call.method != "GET":
        flaw = f"the write may have been processed, but its response is invalid: {flaw}"
    return annotate(ResponseError(_snippet(flaw, 400), status=status), call)


def _parse_body(content_type: str, body: bytes) -> tuple[Mapping[str, Any] | None, str]:
    """Return the JSON object of a body, or None and what is wrong with it."""
    expected_json = "response body: expected JSON, got"
    if not body.strip():
        return None, f"{expected_json} nothing"
    try:
        envelope = _json.loads(body)
    except ValueError as error:
        start = body.lstrip()[:1]
        if start == b"<":
            kind = "HTML" if b"<html" in body[:1024].lower() else "markup"
            return None, f"{expected_json} {kind}: {_snippet(_without_tags(body))}"
        if start not in (b"{", b"["):
            shown = f"{expected_json} {content_type or 'data without a content type'}"
            return None, f"{shown}: {_snippet(body[:400].decode(errors='replace'))}"
        return None, f"{expected_json} {len(body)} bytes of invalid data: {_snippet(str(error))}"
    if not isinstance(envelope, dict):
        return None, f"response body: expected a JSON object, got {type(envelope).__name__}"
    return envelope, ""


def _api_error(call: Call, status: int, envelope: Mapping[str, Any] | None, flaw: str) -> CallError:
    error = (envelope or {}).get("error")
    if status < 400 and not error:
        moved = "redirects are not followed, because they could pass the token to another server"
        return annotate(ResponseError(moved if status >= 300 else flaw, status=status), call)
    details: Mapping[str, Any] = error if isinstance(error, dict) else {}
    code = _code(details.get("code"))
    message = details.get("message")
    if not isinstance(message, str) or not message:
        message = (
            error
            if isinstance(error, str) and error
            else flaw or "the response has no error message"
        )
    kind = error_class(status, code)
    if kind is InvalidCredentialsError:
        message += "; check the token: IntervalsClient(token) or INTERVALS_TOKEN"
    verbose = _details(details.get("verbose"))
    return annotate(kind(_snippet(message), status=status, code=code, verbose=verbose), call)


def _details(verbose: object) -> tuple[str, ...]:
    """Return the sentences of `verbose`, which may be a list, an object, a string or missing."""
    if isinstance(verbose, dict):
        verbose = list(verbose.values())
    details = verbose if isinstance(verbose, list) else [verbose]
    return tuple(
        # Only the type of a nested value is shown, because it may be nested too deeply.
        _snippet(str(each), 1000) if isinstance(each, str | int | float) else type(each).__name__
        for each in details
        if each
    )


def _code(code: object) -> int | None:
    if isinstance(code, str) and re.fullmatch(r"[0-9]{1,9}", code):
        return int(code)
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def _without_tags(body: bytes) -> str:
    page = body[:4096].decode(errors="replace")
    page = re.sub(r"(?is)<(script|style)\b.*?(</\1\s*>|$)", " ", page)
    return re.sub(r"<[^>]*>?", " ", page)


def _snippet(text: str, max_length: int = 200) -> str:
    # One printable line, because an error may be shown in a log or on a terminal.
    printable = "".join(c if c.isprintable() else " " for c in text[: 4 * max_length])
    line = " ".join(printable.split())
    return line if len(line) <= max_length else f"{line[:max_length]}…"
