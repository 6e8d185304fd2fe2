"""Small JSON files that are always complete, even after a power cut."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs

from ..._atomic_file import AtomicFile

__all__ = ["plain", "prepare_json", "write_json"]


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
