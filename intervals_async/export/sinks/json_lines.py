"""Pure: records as lines of JSON, quickly: the same bytes as JSON of `to_dict` has."""

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

from ... import _json
from ..._schema.columns import ColumnKind, columns_of
from ..._schema.records import Record, to_dict

__all__ = ["Line", "careful_line", "line_with_orjson", "line_without_orjson", "lines"]

Line: TypeAlias = Callable[[Any], bytes]
"""Writes a record as a line."""

Names: TypeAlias = tuple[str, ...] | None

# Columns that may hold objects.
OBJECTS = {ColumnKind.OBJECTS, ColumnKind.TEXT_OR_OBJECTS}

# What is nested deeper is left to the careful way; orjson has such a bound, too.
DEEPEST = 100


def lines(records: Sequence[Record], names: Names = None) -> bytes:
    """Write records as lines.

    Args:
        records: The records; usually they are all of one class.
        names: The fields that a line has, in this order; without them it has all.
    """
    classes = {*map(type, records)}
    if len(classes) == 1:
        return b"".join(map(_writer(classes.pop(), names), records))
    return b"".join(_writer(type(record), names)(record) for record in records)


def careful_line(record: Record, names: Names = None) -> bytes:
    """Write a record as a line: JSON of its `to_dict`, by the standard library."""
    plain = to_dict(record)
    if names is not None:
        plain = {name: plain[name] for name in names}
    try:
        return _json.dumps(plain) + b"\n"
    except UnicodeEncodeError:
        # half a surrogate pair, which JSON can carry and UTF-8 cannot
        return json.dumps(plain, separators=(",", ":")).encode() + b"\n"


def line_without_orjson(record_class: type[Record], names: Names = None) -> Line:
    """Make a writer of lines that needs the standard library alone."""
    fields = _fields_function(record_class, names)
    encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain)

    def line(record: Record) -> bytes:
        try:
            return encoder.encode(fields(record)).encode() + b"\n"
        except (TypeError, ValueError):  # as of half a surrogate pair
            return careful_line(record, names)

    return line


def line_with_orjson(record_class: type[Record], names: Names = None) -> Line:
    """Make a writer of lines that uses orjson, where that gives the same bytes.

    Raises:
        ImportError: orjson is not installed.
    """
    orjson: Any = import_module("orjson")
    dumps: Callable[..., bytes] = orjson.dumps
    how = orjson.OPT_APPEND_NEWLINE
    fields = _fields_function(record_class, names)
    of_json = [
        column.name
        for column in columns_of(record_class)
        if column.kind in OBJECTS and (names is None or column.name in names)
    ]
    objects: Callable[[Any], object] = attrgetter(*of_json) if of_json else _nothing

    def line(record: Record) -> bytes:
        found = objects(record)
        if found and not _same_with_orjson(found, DEEPEST):
            return careful_line(record, names)
        try:
            return dumps(fields(record), _plain, how)
        except TypeError:  # as of half a surrogate pair
            return careful_line(record, names)

    return line


def _writer(record_class: Any, names: Names) -> Line:
    return _built_writer(record_class, names)


@cache
def _built_writer(record_class: Any, names: Names) -> Line:
    try:
        return line_with_orjson(record_class, names)
    except ImportError:
        return line_without_orjson(record_class, names)


def _fields_function(record_class: type[Record], names: Names) -> Callable[[Any], dict[str, Any]]:
    """Make what gives the fields of a record by their names, their values as they are."""
    if names is not None:
        values = attrgetter("__class__", *names)
        return lambda record: dict(zip(names, values(record)[1:], strict=True))
    as_they_are: dict[str, Any] = {
        column.name: override(unstruct_hook=identity) for column in columns_of(record_class)
    }
    # cattrs writes it out, field by field
    make: Callable[..., Callable[[Any], dict[str, Any]]] = make_dict_unstructure_fn
    return make(record_class, Converter(), **as_they_are)


def _nothing(_: object) -> None:
    """Give no objects."""


def _plain(value: object) -> str:
    """Give what JSON has no type for as `to_dict` does. orjson asks for decimals alone."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError


def _same_with_orjson(value: object, deep: int) -> bool:
    """Whether both libraries write the same: floats, for one, look different."""
    match value:
        case str() | bool() | None:
            return True
        case int():
            return -(2**63) <= value < 2**64
        case list() | tuple():
            return deep > 0 and all(_same_with_orjson(one, deep - 1) for one in value)
        case dict():
            return deep > 0 and all(_same_with_orjson(one, deep - 1) for one in value.values())
        case _:
            return False
