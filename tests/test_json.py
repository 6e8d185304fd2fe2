"""JSON: the same results with orjson and without."""

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
    ],
)
def test_readers_agree_on_what_is_json(read: type, body: bytes, value: object) -> None:
    """Whichever reader is installed, the values are the same; the last of two keys counts."""
    assert read(body) == value


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "body",
    [
        b'"\\ud800"',
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
def test_readers_agree_on_what_is_not(read: type, body: bytes) -> None:
    """NaN, invalid UTF-8, a cut body and endless nesting are a ValueError with both."""
    with pytest.raises(ValueError):
        read(body)


def test_a_byte_order_mark_is_passed_over() -> None:
    """Some gateways put one before the body."""
    assert _json.loads(b"\xef\xbb\xbf{}") == {}


def test_what_is_written_is_utf8() -> None:
    """Bodies are UTF-8, not escapes."""
    assert _json.dumps({"a": "ä"}) == '{"a":"ä"}'.encode()


def test_without_orjson_the_standard_library_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is a matter of speed alone."""
    monkeypatch.setitem(sys.modules, "orjson", None)
    spec = importlib.util.find_spec("intervals_async._json")
    assert spec is not None
    assert spec.loader is not None
    twin = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(twin)
    assert twin.loads(b'\xef\xbb\xbf{"a":1}') == {"a": 1}
    with pytest.raises(ValueError, match="NaN is not JSON"):
        twin.loads(b"NaN")
