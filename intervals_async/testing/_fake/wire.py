"""The wire format: rows as JSON strings, envelopes, and responses as bytes.

Plain text is encoded with HTML entities and escaped to ASCII. HTML is sent unchanged as UTF-8, so
that a client has to handle both. A missing value is ``null`` or ``""``. Recordings show which for
some fields; all others have one of the two in every list, and the other one in every member.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from http import HTTPStatus
from typing import TypeAlias

from attrs import field, frozen

Value: TypeAlias = str | int | float | bool | date | datetime | None
"""The logical value of a column, as a Python object."""

Given: TypeAlias = Value | Decimal | Sequence[int]
"""A value as a test may pass it: also a decimal, or several ids, as records have them."""

Row: TypeAlias = dict[str, Value]
"""The values of one record by the names of its response fields."""

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""Any JSON value."""

JSON = "application/json; charset=utf-8"
"""The content type of all responses except downloaded files."""

_ENTITIES = str.maketrans({"&": "&amp;", '"': "&quot;", "<": "&lt;", ">": "&gt;", "'": "&#039;"})
_CACHE_SIZE = 512
_to_ascii = json.JSONEncoder().encode
_to_utf8 = json.JSONEncoder(ensure_ascii=False).encode


def id_of(row: Row) -> int:
    """Return the id of a row.

    Raises:
        TypeError: The id is not an integer.
    """
    identity = row["id"]
    if not isinstance(identity, int):
        raise TypeError(f"id: expected an integer, got {identity!r}")
    return identity


def encode_entities(plain: str) -> str:
    """Return plain text encoded with HTML entities, as in a response."""
    return plain.translate(_ENTITIES)


@lru_cache(_CACHE_SIZE, typed=True)
def _text(value: Value) -> str:
    return _to_ascii(encode_entities(str(value)))


@lru_cache(_CACHE_SIZE, typed=True)
def _html(value: Value) -> str:
    return _to_utf8(str(value))


def _number(value: Value) -> str:
    return f'"{value}"'


def _decimal(value: Value) -> str:
    text = repr(value)
    if "e" in text:  # repr switches to an exponent for very large and very small numbers
        text = f"{Decimal(text):f}"
    return f'"{text.removesuffix(".0")}"'


def _array(value: Value) -> str:
    return json.dumps(str(value).split(",") if value else [])


def _flag(value: Value) -> str:
    return '"t"' if value else '"f"'


def _moment(value: Value) -> str:
    # The API never sends the time zone, and sends a fraction only if it is not zero.
    return '"' + str(value).partition("+")[0] + '"'


_ENCODERS: Mapping[str, Callable[[Value], str]] = {
    "array": _array,
    "boolean": _flag,
    "date": _number,
    "datetime": _moment,
    "float": _decimal,
    "html": _html,
    "ids": _text,
    "integer": _number,
    "json": str,
    "string": _text,
    "utc": _moment,
}


@frozen
class Column:
    """One response field.

    Attributes:
        name: The name of the field.
        kind: One of boolean, date, datetime (without a stated time zone), utc, float, html,
            integer, string, ids (a comma-separated text), array (stored like ids, sent as an array)
            and json (stored as JSON text, sent unchanged).
        optional: Whether the field is absent from a response when empty.
        list: Whether a list shows the field.
        member: Whether a member shows the field. With both False, only the server knows the column.
        nullable: Whether the client expects that the field may be empty.
        missing: How a missing value is sent, ``null`` or ``""``, if recordings show it.
    """

    name: str
    kind: str = "string"
    optional: bool = False
    list: bool = True
    member: bool = True
    nullable: bool = True
    missing: str | None = None

    def missing_in(self, *, member: bool) -> str:
        """Return how a missing value is sent in a list or in a member."""
        if self.missing is not None:
            return self.missing
        return ("null", '""')[(zlib.crc32(self.name.encode()) + member) % 2]


def columns(*specs: str) -> tuple[Column, ...]:
    """Return columns for ``"name"`` or ``"name:kind"``; a trailing ``?`` marks an optional one."""
    made: list[Column] = []
    for spec in specs:
        name, _, kind = spec.rstrip("?").partition(":")
        made.append(Column(name, kind or "string", optional=spec.endswith("?")))
    return tuple(made)


class RowEncoder:
    """An encoder of rows to JSON objects, shared by all rows with the same columns.

    The constructor prepares as much as possible, because benchmarks encode many rows.
    """

    __slots__ = ("_columns", "_optional", "_plans", "_template")

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._optional = tuple(column.name for column in columns if column.optional)
        self._template = "{" + ",".join(f'"{column.name}":%s' for column in columns) + "}"
        self._plans = tuple(
            [
                (column.name, _ENCODERS[column.kind], column.missing_in(member=member))
                for column in columns
            ]
            for member in (False, True)
        )

    def encode(
        self, row: Row, *, member: bool = False, raw_json: Mapping[str, str] | None = None
    ) -> bytes:
        """Return a row as JSON, in the form of a list or of a member.

        ``raw_json`` holds the JSON of those columns that are not encoded by their kind.
        """
        absent = [name for name in self._optional if row.get(name) is None]
        if absent:
            present = tuple(column for column in self._columns if column.name not in absent)
            return encoder(present).encode(row, member=member, raw_json=raw_json)
        plan = self._plans[member]
        parts = [
            missing if (value := row[name]) is None else encode(value)
            for name, encode, missing in plan
        ]
        if raw_json:
            for index, column in enumerate(self._columns):
                parts[index] = raw_json.get(column.name, parts[index])
        return (self._template % tuple(parts)).encode()


@lru_cache(_CACHE_SIZE)
def encoder(columns: tuple[Column, ...]) -> RowEncoder:
    """Return the cached encoder for these columns."""
    return RowEncoder(columns)


@frozen
class Envelope:
    """The JSON envelope of a successful response, before its encoding.

    Attributes:
        personid: The id of the caller.
        key: The key of the payload; None leaves the payload out.
        payload: One JSON text, or the rows of a list.
        code: The HTTP status.
        status: The reason phrase.
        listcount: The number of rows of all pages, or None for a response without one.
        as_text: Whether numbers are sent as text.
        listcount_last: Whether ``listcount`` comes after the payload.
    """

    personid: int | None
    key: str | None
    payload: bytes | Sequence[bytes]
    code: int = 200
    status: str = "OK"
    listcount: int | None = None
    as_text: bool = False
    listcount_last: bool = False

    def body(self) -> bytes:
        """Return the envelope as JSON."""
        number = b'"%d"' if self.as_text else b"%d"
        parts = [
            b'"personid":%b' % (b"null" if self.personid is None else number % self.personid),
            b'"status":"%b"' % self.status.encode(),
            b'"code":%b' % (number % self.code),
        ]
        count = [] if self.listcount is None else [b'"listcount":%b' % (number % self.listcount)]
        if not self.listcount_last:
            parts += count
        if self.key is not None:
            payload = self.payload
            if not isinstance(payload, bytes):
                payload = b"[" + b",".join(payload) + b"]"
            parts.append(b'"%b":%b' % (self.key.encode(), payload))
        if self.listcount_last:
            parts += count
        return b"{" + b",".join(parts) + b"}"

    def response(self) -> Response:
        """Return the response with this envelope."""
        return Response(self.code, self.body(), envelope=self)


@frozen
class Response:
    """A response: HTTP status, body, headers and, for a success, its envelope.

    With ``compressed`` the body is compressed when it is sent.
    """

    status: int
    body: bytes
    content_type: str = JSON
    headers: Mapping[str, str] = field(factory=dict[str, str])
    envelope: Envelope | None = None
    compressed: bool = False


def error_response(
    status: int,
    code: int | None,
    message: str,
    verbose: Json = None,
    *,
    personid: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a response with the API's error body. Without ``code`` the body has no ``error``."""
    body: dict[str, Json] = {
        "personid": None if personid is None else str(personid),
        "status": reason_phrase(status),
        "code": status,
    }
    if code is not None:
        details: Json = [] if verbose is None else verbose
        body["error"] = {"code": code, "message": message, "verbose": details}
    return Response(status, json.dumps(body).encode(), headers=headers or {})


def reason_phrase(status: int) -> str:
    """Return the reason phrase of an HTTP status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
