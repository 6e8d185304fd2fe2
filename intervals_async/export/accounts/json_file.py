"""Small JSON files that are complete even after a power cut, and that may hold anything when read."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from zlib import crc32

import attrs
from cattrs import Converter
from cattrs.errors import ForbiddenExtraKeysError, StructureHandlerNotFoundError
from cattrs.gen import make_dict_structure_fn

from ... import _json
from ..._atomic_file import AtomicFile
from ...errors import ArgumentError

__all__ = ["plain", "prepare_json", "read_json", "seal_of", "write_json"]

T = TypeVar("T")

# The keys of the version of a file's format, and of the checksum of all else.
VERSION, SEAL = "form", "seal"

# A file of this library is smaller, even if it names millions of ids.
MOST_BYTES = 2**28


def plain(value: Any) -> Any:
    """Convert a value into what JSON can hold.

    The keys of an attrs object are the aliases of its attributes.
    """
    match value:
        case date():  # datetimes are dates, too
            return value.isoformat()
        case Decimal():
            return str(value)
        case Mapping():
            return {name: plain(each) for name, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(each) for each in value]
        case _ if attrs.has(type(value)):
            fields = attrs.fields(type(value))
            return {each.alias: plain(getattr(value, each.name)) for each in fields}
        case _:
            return value


def seal_of(values: object) -> int:
    """Return a checksum of plain values, which shows that a file was edited or damaged."""
    return crc32(json.dumps(values, sort_keys=True).encode())


def read_json(
    path: Path, kind: type[T], *, version: int, what: str, remedy: str, sealed: bool = False
) -> T:
    """Read a file that holds the `plain` form of an attrs object, and the version of its format.

    Args:
        path: The file.
        kind: The class of the object.
        version: The version of the format that this release writes.
        what: What the file should be, for the error.
        remedy: What to do if it is not, for the error.
        sealed: Whether it holds its `seal_of`.

    Raises:
        ArgumentError: It is something else, is damaged, or has another version.
        OSError: It cannot be read.
    """
    try:
        values = _json.read_file(path, most_bytes=MOST_BYTES)
        found = _integer(values.pop(VERSION, 0))
        if found == version:
            structured: T = _converter().structure(_unsealed(values) if sealed else values, kind)
            return structured
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        ForbiddenExtraKeysError,
        StructureHandlerNotFoundError,
    ):
        raise ArgumentError(f"{path}: expected {what}, got a damaged file; {remedy}") from None
    if found > version:
        raise ArgumentError(
            f"{path}: expected {what} of version {version}, got version {found} of a newer "
            f"release; update the library, or {remedy}"
        )
    raise ArgumentError(
        f"{path}: expected {what} of version {version}, got one of an older release; {remedy}"
    )


def _unsealed(values: dict[str, Any]) -> dict[str, Any]:
    if values.pop(SEAL) != seal_of(values):
        raise ValueError
    return values


def write_json(path: Path, value: object, *, private: bool = False) -> None:
    """Write a JSON file; a private one is for its owner alone.

    Raises:
        OSError: It cannot be written.
    """
    with prepare_json(path, value, private=private):
        pass


@contextmanager
def prepare_json(path: Path, value: object, *, private: bool = False) -> Generator[None]:
    """Flush a JSON file to the disk, and move it to its name at the end of the block.

    It is discarded if the block raises. All space on the disk is taken before the block begins.

    Raises:
        OSError: It cannot be written; raised before the block unless the move fails.
    """
    content = json.dumps(value, indent=1, ensure_ascii=False).encode() + b"\n"
    with AtomicFile(path, force=True, private=private) as file:
        file.write(content)
        file.sync()
        yield
        file.commit()


@cache
def _converter() -> Converter:
    """Return what structures plain values, and converts none: all of its hooks are strict."""
    converter = Converter(detailed_validation=False)

    def hook_of(kind: Any) -> Any:
        return make_dict_structure_fn(
            kind,
            converter,
            _cattrs_use_alias=True,
            _cattrs_forbid_extra_keys=True,
            _cattrs_detailed_validation=False,
        )

    def sequence(value: object, kind: Any) -> Any:
        (of,) = kind.__args__
        return [converter.structure(each, of) for each in _instance(list, value)]

    def ids(value: object, _: object) -> list[int]:
        return [_integer(each, least=-(2**63)) for each in _instance(list, value)]

    converter.register_structure_hook_factory(attrs.has, hook_of)
    converter.register_structure_hook(str, lambda value, _: _text(value))
    converter.register_structure_hook(int, lambda value, _: _integer(value))
    converter.register_structure_hook(bool, lambda value, _: _instance(bool, value))
    converter.register_structure_hook(datetime, lambda value, _: _moment(value))
    converter.register_structure_hook_func(
        lambda kind: kind is object, lambda value, _: _value(value)
    )
    converter.register_structure_hook_func(
        lambda kind: getattr(kind, "__origin__", None) in (list, Sequence), sequence
    )
    converter.register_structure_hook_func(lambda kind: kind in (list[int], Sequence[int]), ids)
    return converter


def _instance(kind: type[T], value: object) -> T:
    if not isinstance(value, kind):
        raise TypeError
    return value


def _integer(value: object, *, least: int = 0) -> int:
    if type(value) is not int or not least <= value < 2**63:
        raise ValueError
    return value


def _text(value: object) -> str:
    text = _instance(str, value)
    text.encode()  # raises if half of a surrogate pair is in it, which no file takes
    return text


def _moment(value: object) -> datetime:
    """Read a time in UTC. Other years would overflow where something is added to them."""
    moment = datetime.fromisoformat(_text(value))
    if moment.utcoffset() is None or not 1970 <= moment.year < 9000:
        raise ValueError
    return moment


def _value(value: object) -> object:
    """Read the value of a filter or of a checkpoint."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str):
            _text(each)
        elif not isinstance(each, bool | float | None):
            _integer(each, least=-(2**63))
    return value
