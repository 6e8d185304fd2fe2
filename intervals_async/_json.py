"""Pure: reads and writes JSON, with orjson if it is installed and the same results without it.

Only integers beyond 64 bits differ. No field of the API has such values.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ._atomic_file import open_regular

__all__ = ["dumps", "loads", "plain_loads", "read_file"]

_BOM = b"\xef\xbb\xbf"
_DEEPEST = 32
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair
    rb"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"  # half of one
    rb"|\\."
)


def plain_loads(body: bytes) -> Any:
    """Parse JSON with the standard library, as strictly as `loads` with orjson.

    Raises:
        ValueError: The bytes are not JSON. The message says why.
    """
    try:
        if _SURROGATE.search(body):
            body = _without_half_pairs(body)
        return json.loads(body.decode(), parse_constant=_no_constant, parse_float=_finite)
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None


def _without_half_pairs(body: bytes) -> bytes:
    """Replace each half of a surrogate pair, which no text can hold, by U+FFFD."""
    return _ESCAPE.sub(lambda escape: rb"\ufffd" if escape[1] else escape[0], body)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not valid in JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"the number {digits[:20]} is too large")
    return number


_quick_loads: Callable[[bytes], Any]
try:
    import orjson
except ImportError:
    _quick_loads = plain_loads
else:

    def _orjson_loads(body: bytes) -> Any:
        try:
            return orjson.loads(body)
        except ValueError:
            if not _SURROGATE.search(body):
                raise
        return orjson.loads(_without_half_pairs(body))

    _quick_loads = _orjson_loads


def loads(body: bytes) -> Any:
    r"""Parse JSON in UTF-8, with or without a byte order mark.

    Half of a surrogate pair (``"\ud83d"``) becomes U+FFFD. Raises as `plain_loads` does.
    """
    return _quick_loads(body.removeprefix(_BOM))


def dumps(value: object) -> bytes:
    """Encode a value as compact JSON in UTF-8.

    Raises:
        ValueError: It holds NaN or an infinity, which JSON cannot represent.
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def read_file(path: Path, *, most_bytes: int) -> Any:
    """Read a small JSON file that somebody may have damaged, or made to do harm.

    Raises:
        ValueError: It is no regular file, too large, not JSON, nested too deeply, or an object in
            it has a name twice. The message says which.
        OSError: It cannot be read.
    """
    if path.exists() and not path.is_file():
        raise ValueError("no regular file")
    with open_regular(path) as file:
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise ValueError(f"a file of more than {most_bytes} bytes")
    try:
        content = json.loads(
            data.decode("utf-8-sig"),
            parse_constant=_no_constant,
            parse_float=_finite,
            object_pairs_hook=_without_duplicates,
        )
    except (ValueError, RecursionError):
        raise ValueError("no JSON") from None
    layer: list[Any] = [content]
    for _ in range(_DEEPEST):
        objects = [[*each.values()] for each in layer if isinstance(each, dict)]
        lists = [each for each in layer if isinstance(each, list)]
        layer = [child for each in (*objects, *lists) for child in each]
    if layer:
        raise ValueError("JSON that is nested too deeply")
    return content


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("a name appears twice")
    return values
