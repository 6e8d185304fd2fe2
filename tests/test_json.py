"""Reading and writing JSON, with the same results with and without orjson."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from intervals_async import _json

READERS = [_json.plain_loads, _json.loads]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a":[1,"t",null,true,1.5]}', {"a": [1, "t", None, True, 1.5]}),
        ('{"ä":"\u20ac"}'.encode(), {"ä": "€"}),
        (rb'"\u00e4"', "ä"),
        (b'{"a":1,"a":2}', {"a": 2}),
        (rb'{"a":["\ud83d","\ud83dx","\udE00"]}', {"a": ["\ufffd", "\ufffdx", "\ufffd"]}),
        (rb'"\uD83D\uDE00 \\ud83d \uDE00\uD83D"', "\U0001f600 \\ud83d \ufffd\ufffd"),
    ],
)
def test_readers_agree_on_valid_json(read: type, body: bytes, value: object) -> None:
    """Both return the same values, the last of two equal keys, and U+FFFD for half a character."""
    assert read(body) == value


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "body",
    [
        b"1e999",
        b"",
        b"{",
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"'a'",
        b'"\xff"',
        b"[1,]",
        b"[" * 100_000,
    ],
)
def test_readers_agree_on_invalid_json(read: type, body: bytes) -> None:
    """Both readers reject NaN, invalid UTF-8, incomplete JSON and deep nesting."""
    with pytest.raises(ValueError):
        read(body)


def test_a_byte_order_mark_is_ignored() -> None:
    """A byte order mark before the JSON is ignored."""
    assert _json.loads(b"\xef\xbb\xbf{}") == {}


def test_json_is_written_in_utf8() -> None:
    """JSON is written in UTF-8 without escapes."""
    assert _json.dumps({"a": "ä"}) == '{"a":"ä"}'.encode()


def test_without_orjson_the_standard_library_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without orjson, the standard library reads the JSON with the same results."""
    monkeypatch.setitem(sys.modules, "orjson", None)
    spec = importlib.util.find_spec("intervals_async._json")
    assert spec is not None
    assert spec.loader is not None
    twin = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(twin)
    assert twin.loads(b'\xef\xbb\xbf{"a":1}') == {"a": 1}
    with pytest.raises(ValueError):
        twin.loads(b"NaN")
