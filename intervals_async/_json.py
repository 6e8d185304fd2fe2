"""Pure: JSON both ways, with orjson where it is installed and the same results without.

Only whole numbers beyond 64 bits differ; no field of the API holds any.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

__all__ = ["dumps", "loads", "plain_loads"]

_BOM = b"\xef\xbb\xbf"
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def plain_loads(body: bytes) -> Any:
    """Read JSON with the standard library, as strictly as orjson does.

    Raises:
        ValueError: It is not JSON; the message says why.
    """
    try:
        value = json.loads(body.decode(), parse_constant=_no_constant, parse_float=_finite)
        if _SURROGATE.search(body):
            dumps(value)  # half a pair cannot be written again
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits[:20]} is too large a number")
    return number


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
