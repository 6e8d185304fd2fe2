"""The expected content of exported files, computed from the server's rows without the library.

Only the kinds of fields come from the library. How a kind is sent, and how a format stores it, is
implemented here a second time, as `docs/reference/export.md` documents it.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Context
from typing import Any, get_args, get_origin, get_type_hints

import attrs

from intervals_async._schema.values import (
    DECIMALS,
    Html,
    IdList,
    ListDay,
    LocalDatetime,
    RankOrName,
    UtcDatetime,
)
from intervals_async.resources import resource_class

Row = Mapping[str, Any]

KINDS: dict[Any, str] = {
    int: "int",
    bool: "bool",
    str: "text",
    Html: "html",
    **dict.fromkeys(DECIMALS, "decimal"),
    date: "day",
    ListDay: "day",
    UtcDatetime: "utc",
    LocalDatetime: "local",
    IdList: "ids",
    RankOrName: "rank",
}

# Formats that are equal after decompression.
PLAIN_FORM = {"jsonl.gz": "jsonl", "jsonl.zst": "jsonl"}

# Text that a spreadsheet takes for a formula, and numbers that look like one.
FORMULA = re.compile(r"[\t\r\n]|[\s\x00-\x20\x7f-\xa0\ufeff\u200b-\u200f]*[=+\-@]")
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")

# The digits that SQLite holds of a number.
SIGNIFICANT = Context(prec=15)


@attrs.frozen
class Field:
    """A field of a record: its name, its kind, and whether it is nullable."""

    name: str
    kind: str
    nullable: bool = True
    nested: Sequence[Field] = ()


def fields_of(resource: str) -> Sequence[Field]:
    """Return the fields of a resource's records, with `extra` last."""
    return record_fields(vars(resource_class(resource))["record"])


def record_fields(record: type[Any]) -> Sequence[Field]:
    """Return the fields of a record class, with `extra` last."""
    hints = get_type_hints(record, include_extras=True)
    del hints["extra"]
    nullable = {kind | None: name for kind, name in KINDS.items()}
    fields = [
        Field(name, KINDS[hint], nullable=False)
        if hint in KINDS
        else Field(name, nullable[hint])
        if hint in nullable
        else objects_field(name, hint)
        for name, hint in hints.items()
    ]
    return [*fields, Field("extra", "extra")]


def objects_field(name: str, hint: Any) -> Field:
    """Return a field that holds objects, in some records beside text."""
    kinds = get_args(hint)
    (record,) = (get_args(kind)[0] for kind in kinds if get_origin(kind) is tuple)
    return Field(name, "names" if str in kinds else "objects", nested=record_fields(record))


def columns_of(
    rows: Sequence[Row], fields: Sequence[Field], format: str
) -> Mapping[str, Sequence[Any]]:
    """Return the values that a format must hold for some rows, as plain values by field."""
    form = PLAIN_FORM.get(format, format)
    known = {field.name for field in fields}
    columns: dict[str, Sequence[Any]] = {
        field.name: [kept(field.kind, decoded(field, row.get(field.name)), form) for row in rows]
        for field in fields[:-1]
    }
    more = [{name: value for name, value in row.items() if name not in known} for row in rows]
    return {**columns, "extra": [kept("extra", each, form) for each in more]}


def decoded(field: Field, sent: Any) -> Any:
    """Decode a value as the API sends it; a decimal stays text."""
    if sent is None or (sent == "" and field.nullable):
        if not field.nullable:
            raise ValueError(f"{field.name} is empty")
        return None
    match field.kind:
        case "int":
            return int(sent)
        case "bool":
            return {"t": True, "f": False}[sent]
        case "text":
            return html.unescape(sent)
        case "day":
            return datetime.strptime(sent, "%m/%d/%Y" if "/" in sent else "%Y-%m-%d").date()  # noqa: DTZ007  a date has no time zone
        case "utc":
            return moment(sent).replace(tzinfo=UTC)
        case "local":
            return moment(sent)
        case "ids":
            return tuple(map(int, sent.split(",") if isinstance(sent, str) and sent else sent))
        case "rank" if sent.isdecimal():
            return int(sent)
        case "rank" | "names" if isinstance(sent, str):
            return html.unescape(sent)
        case "names" | "objects":
            objects: Any = sent
            return [decoded_object(field.nested, each) for each in objects]
        case _:
            return sent


def decoded_object(fields: Sequence[Field], sent: Mapping[str, Any]) -> Mapping[str, Any]:
    """Decode an object within a record, whose fields are numbers, booleans and texts."""
    known = {field.name: decoded(field, sent.get(field.name)) for field in fields[:-1]}
    return {**known, "extra": {name: each for name, each in sent.items() if name not in known}}


def moment(sent: str) -> datetime:
    """Parse a datetime, with or without fractions of a second."""
    fraction = ".%f" if "." in sent else ""
    return datetime.strptime(sent, f"%Y-%m-%d %H:%M:%S{fraction}")  # noqa: DTZ007  the caller adds the time zone


def kept(kind: str, value: Any, form: str) -> Any:
    """Return a value as files hold it: ISO 8601 dates and datetimes, and objects as JSON."""
    if value is None or (kind == "extra" and not value and form != "jsonl"):
        return None
    match kind:
        case "text" | "html" | "names" if form == "csv":
            return unlike_formulas(value)
        case "bool" if form == "sqlite":
            return int(value)
        case "decimal" if form == "parquet":
            return float(value)
        case "decimal" if form == "sqlite":
            return float(SIGNIFICANT.create_decimal(value))
        case "day" | "utc" | "local":
            return value.isoformat()
        case "objects" | "extra":
            return one_json(value)
        case "rank" if form != "jsonl":
            return str(value)
        case _:
            return value


def found(kind: str, values: Sequence[Any]) -> Sequence[Any]:
    """Return the values that a reader found in a column, as the same plain values."""
    match kind:
        case "day" | "utc" | "local":
            return [iso(kind, value) for value in values]
        case "decimal":
            return [float(value) if isinstance(value, int) else value for value in values]
        case "ids":
            lists = [json.loads(each) if isinstance(each, str) else each for each in values]
            return [None if ids is None else tuple(ids) for ids in lists]
        case "objects" | "extra":
            objects = [json.loads(each) if isinstance(each, str) else each for each in values]
            return [None if each is None else one_json(each) for each in objects]
        case _:
            return values


def unlike_formulas(text: str) -> str | None:
    """Return a text as CSV holds it: empty for None, with an apostrophe before a formula."""
    return f"'{text}" if FORMULA.match(text) and not NUMBER.fullmatch(text) else text or None


def one_json(value: Any) -> str:
    """Return the JSON of a value with sorted keys."""
    return json.dumps(value, sort_keys=True)


def iso(kind: str, value: Any) -> Any:
    """Return a date or a datetime of any reader in ISO 8601."""
    if value is None or isinstance(value, str):
        return value
    if kind == "day" and isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()  # from a reader without dates
    return value.isoformat()
