"""Scanning a body takes time in proportion to its size, and no chunk takes long."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intervals_async import _json
from intervals_async._http import row_parser, row_scanner
from intervals_async._http.row_parser import BLANKS, ENVELOPE, LONG_ROW, BrokenBodyError, RowParser

from .test_row_parser import RESOURCE, bodies, chunks_of, lengths_of_chunks, parse

CHUNK = 2**14
MIB = 2**20


def body_of(rows: str, before: str = "", after: str = "") -> bytes:
    """Return a body with other text before and after the list of rows."""
    return f'{{"status":"OK",{before}"{RESOURCE}":{rows}{after}}}'.encode()


class CountedPattern:
    """A regular expression that counts the bytes it looks at."""

    def __init__(self, pattern: re.Pattern[bytes], counter: Counter) -> None:
        self._pattern = pattern
        self._counter = counter

    def match(self, text: bytearray, position: int) -> re.Match[bytes] | None:
        """Count up to the end of the match, or of the text without one."""
        match = self._pattern.match(text, position)
        self._counter.size += (match.end() if match else len(text)) - position
        return match

    def fullmatch(self, text: bytearray, position: int) -> re.Match[bytes] | None:
        """Count up to the end of the text."""
        self._counter.size += len(text) - position
        return self._pattern.fullmatch(text, position)

    def finditer(self, text: bytearray, position: int = 0) -> Iterator[re.Match[bytes]]:
        """Count between the matches, and for a lone quote the string that does not end."""
        for match in self._pattern.finditer(text, position):
            end = len(text) if match[0] == b'"' else match.end()
            self._counter.size += end - position
            position = match.end()
            yield match
        self._counter.size += max(len(text) - position, 0)


class Counter:
    """Counts the bytes that regular expressions and the JSON parser look at.

    Attributes:
        size: How many.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.size = 0
        for module, names in (
            (row_scanner, ["_TOKEN", "_BRACKET", "_STRING_REST", "_BLANKS"]),
            (row_parser, ["_BOUNDARY", "_BOUNDARY_START"]),
        ):
            for name in names:
                patch.setattr(module, name, CountedPattern(getattr(module, name), self))
        loads = _json.loads

        def counted(body: bytes) -> Any:
            self.size += len(body)
            return loads(body)

        patch.setattr(_json, "loads", counted)


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Counter:
    """Return a counter of the bytes that are looked at."""
    return Counter(monkeypatch)


DENSE = json.dumps([{"a": n, "b": [1, 2]} for n in range(80_000)], separators=(",", ":"))
ROWS = json.dumps([{"id": n, "note": "x" * 500} for n in range(500)], separators=(",", ":"))
BODIES = {
    "dense before": body_of(ROWS, f'"more":{DENSE},'),
    "string before": body_of(ROWS, f'"more":"{"y" * 2 * MIB}",'),
    "blanks before": body_of(ROWS, " " * 2 * MIB),
    "dense after": body_of(ROWS, after=f',"more":{DENSE}'),
    "string after": body_of(ROWS, after=f',"more":"{"y" * 2 * MIB}"'),
    "blanks after": body_of(ROWS, after=" " * 2 * MIB),
    "no rows": f'{{"more":{DENSE}}}'.encode(),
    "null": f'{{"{RESOURCE}":null,"more":{DENSE}}}'.encode(),
    "another list": f'{{"more":{{"{RESOURCE}":{DENSE}}}}}'.encode(),
    "HTML": b"<html>" * (MIB // 3),
    "blanks": b" " * 2 * MIB,
}
ALLOWED = {
    "rows": body_of(ROWS),
    "small envelope": body_of(ROWS, f'"more":"{"y" * (MIB - 200)}",', f',"z":"{"y" * (MIB - 200)}"'),
    "long string": body_of(f'[{{"id":1,"note":"{"y" * 2 * MIB}"}},{{"id":2}}]'),
    "string of quotes": body_of(f'[{{"id":1,"note":"{chr(92) * MIB}"}},{{"id":2}}]'),
    "string of braces": body_of(f'[{{"id":1,"note":"{"} , {" * (MIB // 3)}"}},{{"id":2}}]'),
    "string of boundaries": body_of(f'[{{"id":1,"note":"{"},{" * (MIB // 2)}"}},{{"id":2}}]'),
    "nested": body_of(f'[{{"id":1,"tags":{DENSE}}},{{"id":2}}]'),
    "blanks between": body_of(f'[{{"id":1}}{" " * MIB},{" " * MIB}{{"id":2}}]'),
    "short nested": body_of(
        "[" + ",".join(['{"id":1,"tags":[{"a":1},{"a":2}]}'] * 20_000) + "]"
    ),
}  # fmt: skip


def feed(parser: RowParser, body: bytes, chunk: int, counter: Counter) -> tuple[int, int]:
    """Feed a body, and return the most bytes looked at in a step without rows, and in all."""
    largest = begun = counter.size
    largest = 0
    for data in chunks_of(body, [chunk]):
        before = counter.size
        try:
            rows = parser.feed(data)
        except BrokenBodyError:
            break
        if not rows:
            largest = max(largest, counter.size - before)
    else:
        parser.close()
    return largest, counter.size - begun


@pytest.mark.parametrize("chunk", [CHUNK, 8 * CHUNK])
@pytest.mark.parametrize("name", [*BODIES, *ALLOWED])
def test_each_byte_is_looked_at_a_few_times(name: str, chunk: int, counter: Counter) -> None:
    """The work is in proportion to the body, and that of a chunk without rows to the chunk."""
    body = (BODIES | ALLOWED)[name]
    largest, total = feed(RowParser(RESOURCE, 10**9), body, chunk, counter)
    assert total <= 4 * len(body)
    # Of the envelope, a string that goes on is looked at again when it has doubled.
    assert largest <= 3 * chunk + 3 * LONG_ROW or (
        "before" in name or "envelope" in name or name == "blanks"
    )
    assert largest <= 2 * ENVELOPE + 4 * chunk


@pytest.mark.parametrize("name", ["long string", "nested", "blanks between", "dense before"])
def test_tiny_chunks_are_looked_at_as_seldom(name: str, counter: Counter) -> None:
    """The work stays in proportion to the body if it arrives in tiny chunks."""
    body = (BODIES | ALLOWED)[name][: MIB // 4]
    parser = RowParser(RESOURCE, 10**9)
    for data in chunks_of(body, [9]):
        parser.feed(data)
    tiny = counter.size
    assert tiny <= 4 * len(body) + (BLANKS**2 // 9 if name == "blanks between" else 0)


@pytest.mark.parametrize("name", BODIES)
def test_an_envelope_is_bounded(name: str) -> None:
    """More than a MiB before the rows, after them or without them raises at once."""
    body = BODIES[name]
    parser = RowParser(RESOURCE, 10**9)
    start = body[: ENVELOPE + len(ROWS) + 5 * CHUNK]
    with pytest.raises(BrokenBodyError, match=f" {ENVELOPE} bytes"):
        parse(parser, start, [CHUNK])


@pytest.mark.parametrize("name", ALLOWED)
@pytest.mark.parametrize("chunk", [CHUNK, 8 * CHUNK, 10**9])
def test_rows_are_not_bounded_by_the_envelope(name: str, chunk: int) -> None:
    """Rows of any size, and as many as there are, may stand between two small envelopes."""
    body = ALLOWED[name]
    assert parse(RowParser(RESOURCE, 10**9), body, [chunk]) == json.loads(body)[RESOURCE]


@pytest.mark.parametrize("before", [-1, 0, 1])
def test_the_bound_before_the_rows_is_exact(before: int) -> None:
    """The list of rows may begin at the bound, and not after it."""
    filler = ENVELOPE - len(body_of("[", '"x":"",')) + 1 + before
    body = body_of("[1]", f'"x":"{"y" * filler}",')
    assert body.index(b"[1]") + 1 == ENVELOPE + before
    if before > 0:
        with pytest.raises(BrokenBodyError):
            parse(RowParser(RESOURCE, 10**9), body, [10**9])
    else:
        assert parse(RowParser(RESOURCE, 10**9), body, [10**9]) == [1]


def test_the_error_says_what_was_found() -> None:
    """The error about a large envelope shows its beginning, in one line."""
    parser = RowParser(RESOURCE, 10**9)
    with pytest.raises(BrokenBodyError, match="got none: '<html><html>"):
        parser.feed(b"<html>" * MIB)


def test_many_blanks_between_rows_in_tiny_chunks() -> None:
    """Rows are found although more blanks stand between them than in any readable JSON."""
    gap = " " * 3 * BLANKS
    body = body_of("[" + f"{gap},{gap}".join(f'{{"id":{n}}}' for n in range(5)) + f"{gap}]")
    parser = RowParser(RESOURCE, 10**9)
    rows: list[object] = []
    for data in chunks_of(body, [7]):
        rows += parser.feed(data)
    assert rows == [{"id": n} for n in range(5)]
    assert parser.close() == []


@settings(max_examples=150)
@given(body=bodies(), tail=st.sampled_from([b"", b"\n"]), lengths=lengths_of_chunks)
def test_counting_brackets_finds_the_same_rows(
    body: bytes, tail: bytes, lengths: list[int]
) -> None:
    """Rows that are found by counting brackets are those that boundaries find."""
    expected = json.loads(body.decode("utf-8-sig"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_parser, "LONG_ROW", 0)
        parser = RowParser(RESOURCE, 10**9)
        assert parse(parser, body + tail, lengths) == expected.pop(RESOURCE)
    assert parser.envelope == expected


@settings(max_examples=100)
@given(
    body=bodies(),
    lengths=lengths_of_chunks,
    position=st.floats(0, 1, exclude_max=True),
    put_in=st.sampled_from([*b' ,:"{}[]\\-0eu']).map(lambda byte: bytes([byte])),
)
def test_counting_brackets_rejects_what_is_no_json(
    body: bytes, lengths: list[int], position: float, put_in: bytes
) -> None:
    """A damaged body is rejected, or read as the JSON that it is."""
    at = int(position * len(body))
    damaged = body[:at] + put_in + body[at:]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_parser, "LONG_ROW", 0)
        parser = RowParser(RESOURCE, 10**9)
        try:
            rows = parse(parser, damaged, lengths)
        except BrokenBodyError:
            return
    if parser.envelope is not None:
        assert {**parser.envelope, RESOURCE: rows} == _json.loads(damaged)
