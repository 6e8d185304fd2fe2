"""How values look on the wire: the strings of a row, the envelopes, the answer as bytes.

Plain text is HTML-entity encoded and escaped to ASCII, HTML stays as it is and travels as UTF-8,
so that a client meets both. A missing value is ``null`` or ``""``, by turns of the row's id and
the column's place, and the other way round in the member: the real API mixes them too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from http import HTTPStatus
from typing import TypeAlias

from attrs import field, frozen

Value: TypeAlias = str | int | float | bool | date | datetime | None
"""A logical value: what a column means in Python."""

Row: TypeAlias = dict[str, Value]
"""One record by the names of its response fields."""

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""What a JSON text can hold."""

JSON = "application/json; charset=utf-8"
"""The content type of all answers but files."""

_ENTITIES = str.maketrans({"&": "&amp;", '"': "&quot;", "<": "&lt;", ">": "&gt;", "'": "&#039;"})
_CACHE_SIZE = 512
_to_ascii = json.JSONEncoder().encode
_to_utf8 = json.JSONEncoder(ensure_ascii=False).encode


def id_of(row: Row) -> int:
    """Return a row's id, which every row has."""
    identity = row["id"]
    if not isinstance(identity, int):
        raise TypeError(f"an id is a whole number, not {identity!r}")
    return identity


def encode_entities(plain: str) -> str:
    """Return plain text as it stands in an answer: HTML-entity encoded."""
    return plain.translate(_ENTITIES)


@lru_cache(_CACHE_SIZE, typed=True)
def _text(value: Value) -> str:
    return _to_ascii(encode_entities(str(value)))


@lru_cache(_CACHE_SIZE, typed=True)
def _html(value: Value) -> str:
    return _to_utf8(str(value))


def _number(value: Value) -> str:
    return f'"{value}"'


def _array(value: Value) -> str:
    return json.dumps(str(value).split(",") if value else [])


def _flag(value: Value) -> str:
    return '"t"' if value else '"f"'


def _moment(value: Value) -> str:
    # The zone is never sent, the fraction only where there is one.
    return '"' + str(value).partition("+")[0] + '"'


_ENCODERS: Mapping[str, Callable[[Value], str]] = {
    "array": _array,
    "boolean": _flag,
    "date": _number,
    "datetime": _moment,
    "float": _number,
    "html": _html,
    "ids": _text,
    "integer": _number,
    "json": str,
    "string": _text,
    "utc": _moment,
}


@frozen
class Column:
    """One response field: its name, its kind and, if ``optional``, that it is left out when empty.

    The kinds are boolean, date, datetime (in no stated zone), utc, float, html, integer, string,
    ids (numbers with commas between, kept as that text), array (kept like ids, sent as an array)
    and json (kept as JSON text, sent as it is). A column is sent in the ``list``, in the
    ``member``, in both, or, where both are False, only known to the server. ``nullable`` is whether
    the client takes it to be empty at times.
    """

    name: str
    kind: str = "string"
    optional: bool = False
    list: bool = True
    member: bool = True
    nullable: bool = True


def columns(*specs: str) -> tuple[Column, ...]:
    """Make columns of ``"name"`` or ``"name:kind"``; a ``?`` at the end marks an optional one."""
    made: list[Column] = []
    for spec in specs:
        name, _, kind = spec.rstrip("?").partition(":")
        made.append(Column(name, kind or "string", optional=spec.endswith("?")))
    return tuple(made)


class RowEncoder:
    """Turns rows of some columns into JSON objects; made once and used for every row.

    The work is done beforehand as far as it goes, because a benchmark's rows are many.
    """

    __slots__ = ("_columns", "_optional", "_plans", "_template")

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._optional = tuple(column.name for column in columns if column.optional)
        self._template = "{" + ",".join(f'"{column.name}":%s' for column in columns) + "}"
        self._plans = tuple(
            [
                (column.name, _ENCODERS[column.kind], ("null", '""')[(parity + index) % 2])
                for index, column in enumerate(columns)
            ]
            for parity in (0, 1)
        )

    def encode(
        self, row: Row, *, member: bool = False, raw_json: Mapping[str, str] | None = None
    ) -> bytes:
        """Return a row as it looks in the list or as a member.

        ``shapes`` holds ready JSON for the columns that are not what their kind says.
        """
        absent = [name for name in self._optional if row.get(name) is None]
        if absent:
            present = tuple(column for column in self._columns if column.name not in absent)
            return encoder(present).encode(row, member=member, raw_json=raw_json)
        plan = self._plans[(id_of(row) + member) % 2]
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
    """Return the encoder of some columns; it is made once."""
    return RowEncoder(columns)


@frozen
class Envelope:
    """A success as the API wraps it, before it becomes bytes.

    ``payload`` is one JSON text or the rows of a list; without ``key`` there is no payload at all.
    """

    personid: int | None
    key: str | None
    payload: bytes | Sequence[bytes]
    code: int = 200
    status: str = "OK"
    listcount: int | None = None

    def body(self) -> bytes:
        """Return the envelope as JSON."""
        parts = [
            b'"personid":' + _person(self.personid),
            b'"status":"%b"' % self.status.encode(),
            b'"code":%d' % self.code,
        ]
        if self.listcount is not None:
            parts.append(b'"listcount":%d' % self.listcount)
        if self.key is not None:
            payload = self.payload
            if not isinstance(payload, bytes):
                payload = b"[" + b",".join(payload) + b"]"
            parts.append(b'"%b":%b' % (self.key.encode(), payload))
        return b"{" + b",".join(parts) + b"}"

    def answer(self) -> Response:
        """Return the answer that carries this envelope."""
        return Response(self.code, self.body(), envelope=self)


@frozen
class Response:
    """What goes out: the HTTP status, the body and, for a success, the envelope it was made of."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: Mapping[str, str] = field(factory=dict[str, str])
    envelope: Envelope | None = None


def error_response(
    status: int,
    code: int | None,
    message: str,
    verbose: Json = None,
    *,
    personid: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return an answer with the API's error body; without ``code`` it has no ``error`` in it."""
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
    """Return the words that go with an HTTP status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _person(personid: int | None) -> bytes:
    return b"null" if personid is None else b'"%d"' % personid
