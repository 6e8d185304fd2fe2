"""Pure: JSON both ways, with orjson where it is installed and the same results without."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

__all__ = ["dumps", "loads", "plain_loads"]

_BOM = b"\xef\xbb\xbf"


def plain_loads(body: bytes) -> Any:
    """Read JSON with the standard library, as strictly as orjson does.

    Raises:
        ValueError: It is not JSON; the message says why.
    """
    try:
        return json.loads(body.decode(), parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_quick_loads: Callable[[bytes], Any]
try:
    import orjson
except ImportError:
    _quick_loads = plain_loads
else:
    _quick_loads = orjson.loads


def loads(body: bytes) -> Any:
    """Read JSON in UTF-8; a byte order mark is passed over. Raises as `plain_loads` does."""
    return _quick_loads(body.removeprefix(_BOM))


def dumps(value: object) -> bytes:
    """Write JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
