"""Pure: records as lines of JSON: the same bytes as JSON of `to_dict`, only faster."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from importlib import import_module
from operator import attrgetter
from typing import Any, TypeAlias

from cattrs import Converter
from cattrs.fns import identity
from cattrs.gen import make_dict_unstructure_fn, override

from ... import ColumnKind, FieldUnreadableError, Record, _json, columns_of, to_dict

__all__ = [
    "LineEncoder",
    "encode_lines",
    "encode_plainly",
    "encoder_with_orjson",
    "encoder_without_orjson",
]

LineEncoder: TypeAlias = Callable[[Any], bytes]
"""Encodes a record as a line."""

Names: TypeAlias = tuple[str, ...] | None

# Columns that may hold objects.
OBJECTS = {ColumnKind.OBJECTS, ColumnKind.TEXT_OR_OBJECTS}

# More deeply nested values are encoded without orjson, which refuses them at some depth.
MAX_DEPTH = 100


def encode_lines(records: Sequence[Record], names: Names = None) -> bytes:
    """Encode records as lines.

    Args:
        records: The records; usually they are all of one class.
        names: The fields of each line, in this order [default: all].
    """
    classes = {*map(type, records)}
    if len(classes) == 1:
        return b"".join(map(_encoder(classes.pop(), names), records))
    return b"".join(_encoder(type(record), names)(record) for record in records)


def encode_plainly(record: Record, names: Names = None) -> bytes:
    """Encode a record of any content: JSON of its `to_dict`, by the standard library if needed."""
    plain = to_dict(record)
    if names is not None:
        plain = {name: plain[name] for name in names}
    try:
        return _json.dumps(plain) + b"\n"
    except UnicodeEncodeError:
        # A lone surrogate: JSON can hold it, but UTF-8 cannot encode it.
        return json.dumps(plain, separators=(",", ":")).encode() + b"\n"


def encoder_without_orjson(record_class: type[Record], names: Names = None) -> LineEncoder:
    """Make an encoder that needs the standard library only."""
    fields = _fields_function(record_class, names)
    encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain)

    def encode(record: Record) -> bytes:
        try:
            return encoder.encode(fields(record)).encode() + b"\n"
        except (TypeError, ValueError, FieldUnreadableError):  # such as a lone surrogate
            return encode_plainly(record, names)

    return encode


def encoder_with_orjson(record_class: type[Record], names: Names = None) -> LineEncoder:
    """Make an encoder that uses orjson for records of which it writes the same bytes.

    Raises:
        ImportError: orjson is not installed.
    """
    orjson: Any = import_module("orjson")
    dumps: Callable[..., bytes] = orjson.dumps
    option = orjson.OPT_APPEND_NEWLINE
    fields = _fields_function(record_class, names)
    json_fields = [
        column.name
        for column in columns_of(record_class)
        if column.kind in OBJECTS and (names is None or column.name in names)
    ]
    json_values: Callable[[Any], object] = attrgetter(*json_fields) if json_fields else _none

    def encode(record: Record) -> bytes:
        try:
            values = json_values(record)
            if values and not _same_with_orjson(values, MAX_DEPTH):
                return encode_plainly(record, names)
            return dumps(fields(record), _plain, option)
        except (TypeError, FieldUnreadableError):  # TypeError: such as a lone surrogate
            return encode_plainly(record, names)

    return encode


def _encoder(record_class: Any, names: Names) -> LineEncoder:
    return _cached_encoder(record_class, names)


@cache
def _cached_encoder(record_class: Any, names: Names) -> LineEncoder:
    try:
        return encoder_with_orjson(record_class, names)
    except ImportError:
        return encoder_without_orjson(record_class, names)


def _fields_function(record_class: type[Record], names: Names) -> Callable[[Any], dict[str, Any]]:
    """Make a function that returns the unconverted fields of a record by name."""
    if names is not None:
        values = attrgetter("__class__", *names)
        return lambda record: dict(zip(names, values(record)[1:], strict=True))
    unconverted: dict[str, Any] = {
        column.name: override(unstruct_hook=identity) for column in columns_of(record_class)
    }
    # cattrs generates code that reads field by field, which is fast.
    make: Callable[..., Callable[[Any], dict[str, Any]]] = make_dict_unstructure_fn
    return make(record_class, Converter(), **unconverted)


def _none(_: object) -> None:
    """Return None: the records have no fields that hold JSON."""


def _plain(value: object) -> object:
    """Convert what JSON has no type for, as `to_dict` does. orjson needs it for two types only."""
    if isinstance(value, Record):
        return to_dict(value)
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError


def _same_with_orjson(value: object, depth: int) -> bool:
    """Whether orjson and the standard library write the same; for floats they do not."""
    match value:
        case str() | bool() | None:
            return True
        case int():
            return -(2**63) <= value < 2**64
        case list() | tuple():
            return depth > 0 and all(_same_with_orjson(one, depth - 1) for one in value)
        case Record():
            return _same_with_orjson(value.extra, depth - 1)
        case dict():
            return depth > 0 and all(_same_with_orjson(one, depth - 1) for one in value.values())
        case _:
            return False
