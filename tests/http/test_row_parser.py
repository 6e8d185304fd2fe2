"""Splitting a body into rows while it arrives: all rows, unchanged, whatever the chunks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, cycle, pairwise, takewhile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intervals_async import _json
from intervals_async._http.row_parser import BrokenBodyError, RowParser, TruncatedBodyError

RESOURCE = "projectnote"
BOM = b"\xef\xbb\xbf"

CHUNKS = [1, 7, 10_000]


@pytest.fixture(scope="module", params=["orjson", "json"], autouse=True)
def _reader(request: pytest.FixtureRequest) -> Iterator[None]:
    """Parse JSON with orjson, and with the standard library."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "json":
            patch.setattr(_json, "_quick_loads", _json.plain_loads)
        yield


def chunks_of(body: bytes, lengths: Sequence[int]) -> list[bytes]:
    """Split a body into chunks of these lengths, repeated."""
    ends = takewhile(lambda end: end < len(body), accumulate(cycle(lengths)))
    return [body[begin:end] for begin, end in pairwise([0, *ends, len(body)])]


def parse(
    parser: RowParser, body: bytes, lengths: Sequence[int], rows: list[object] | None = None
) -> list[object]:
    """Feed a body chunk by chunk, and return all rows. `rows` keeps them if an error is raised."""
    rows = [] if rows is None else rows
    for chunk in chunks_of(body, lengths):
        rows += parser.feed(chunk)
    rows += parser.close()
    return rows


# Strings that look like the end of a row, of a string, or of the list.
HOSTILE = [
    "", '"', "\\", "\\\\", '\\"', "[", "]", "{", "}", ",", ":", "},{", '},{"', '},{"id":', '"},{"a',
    '\\"},{\\"a', "}],", '],"listcount":1}', '{"projectnote":[', '"projectnote":[{"a":1},{"b":2}]',
    RESOURCE, "id", "\n", "\t", "\x7f", "\u2028", "ü", "€", "😀", "\ufeff", "<b>", "null", "x" * 300,
]  # fmt: skip

texts = (
    st.sampled_from(HOSTILE) | st.lists(st.sampled_from(HOSTILE)).map("".join) | st.text(max_size=5)
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(texts, inner, max_size=3)
        | st.lists(st.dictionaries(st.sampled_from(["id", "a"]), inner, max_size=2), max_size=3)
    ),
    max_leaves=5,
)
notes = st.builds(
    lambda id, title, more: {"id": id, "title": title, **more},
    st.integers(1, 2**63 - 1),
    texts,
    st.dictionaries(texts, values, max_size=2),
)
rows_of_notes = st.lists(notes, max_size=4)
rows_of_any = st.lists(values, max_size=4)
envelopes = st.dictionaries(texts.filter(lambda key: key != RESOURCE), values, max_size=3)
lengths_of_chunks = st.lists(st.integers(1, 50), min_size=1, max_size=6) | st.sampled_from(
    [[1], [2], [3], [10**9]]
)
writers: st.SearchStrategy[Callable[[object], str]] = st.sampled_from(
    [
        json.dumps,
        lambda value: json.dumps(value, separators=(",", ":")),
        lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False),
        lambda value: json.dumps(value, indent=2, ensure_ascii=False),
        lambda value: json.dumps(value, indent="\t", separators=("\r\n,\t", " :\n ")),
    ]
)


@st.composite
def envelopes_with_rows(draw: st.DrawFn) -> dict[str, object]:
    """Draw an envelope: rows, with other keys in any order around them."""
    others = list(draw(envelopes).items())
    rows = draw(rows_of_notes | rows_of_any)
    others.insert(draw(st.integers(0, len(others))), (RESOURCE, rows))
    return dict(others)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Draw the body of an envelope as it is sent."""
    envelope = draw(envelopes_with_rows())
    blank = draw(st.sampled_from(["", "", " ", "\r\n"]))
    mark = draw(st.sampled_from([b"", BOM]))
    return mark + f"{blank}{draw(writers)(envelope)}".encode()


def is_json(body: bytes) -> bool:
    """Whether a body is JSON."""
    try:
        _json.loads(body)
    except ValueError:
        return False
    return True


@settings(max_examples=60)  # with each reader
@given(body=bodies(), tail=st.sampled_from([b"", b"\n", b" \r\n"]), lengths=lengths_of_chunks)
def test_all_rows_are_returned_unchanged(body: bytes, tail: bytes, lengths: list[int]) -> None:
    """Every row is returned unchanged, whatever its content, the formatting and the chunks."""
    expected = json.loads(body.decode("utf-8-sig"))
    parser = RowParser(RESOURCE, 10**9)
    assert parse(parser, body + tail, lengths) == expected.pop(RESOURCE)
    assert parser.envelope == expected


@settings(max_examples=60)  # with each reader
@given(body=bodies(), lengths=lengths_of_chunks, position=st.floats(0, 1, exclude_max=True))
def test_an_incomplete_body_raises_after_its_complete_rows(
    body: bytes, lengths: list[int], position: float
) -> None:
    """A body that ends early anywhere yields correct rows, and then raises TruncatedBodyError."""
    rows: list[object] = []
    parser = RowParser(RESOURCE, 10**9)
    beginning = body[: int(position * len(body))]
    if beginning.removeprefix(BOM).strip() in (b"", BOM[:1], BOM[:2]):  # nothing has arrived yet
        assert parse(parser, beginning, lengths) == []
        assert parser.envelope is None
        assert parser.body == beginning.removeprefix(BOM)
    else:
        with pytest.raises(TruncatedBodyError, match="ends early"):
            parse(parser, beginning, lengths, rows)
    assert rows == json.loads(body.decode("utf-8-sig"))[RESOURCE][: len(rows)]


@settings(max_examples=60)  # with each reader
@given(
    body=bodies(),
    lengths=lengths_of_chunks,
    position=st.floats(0, 1, exclude_max=True),
    cut_out=st.integers(0, 3),
    put_in=st.sampled_from([b"", *b' \x0b\x00,:"{}[]\\-0eu\xff']).map(
        lambda byte: byte if isinstance(byte, bytes) else bytes([byte])
    ),
)
def test_damaged_json_is_rejected(
    body: bytes, lengths: list[int], position: float, cut_out: int, put_in: bytes
) -> None:
    """A body that is damaged anywhere is parsed as a JSON parser does, or is rejected."""
    at = int(position * len(body))
    damaged = body[:at] + put_in + body[at + cut_out :]
    parser = RowParser(RESOURCE, 10**9)
    try:
        rows = parse(parser, damaged, lengths)
    except BrokenBodyError as error:
        assert not is_json(damaged) or "twice" in str(error)
        return
    if parser.envelope is None:
        assert rows == []
        assert parser.body == damaged.removeprefix(BOM)
    else:
        assert {**parser.envelope, RESOURCE: rows} == _json.loads(damaged)


@pytest.mark.parametrize("chunk", CHUNKS)
@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ('{"projectnote":[]}', []),
        ('{"projectnote" : [ ] }', []),
        ('{"projectnote":[{}]}', [{}]),
        ('{"projectnote":[{},{},{}]}', [{}, {}, {}]),
        ('{"projectnote":[{"":1},{"ä":2}]}', [{"": 1}, {"ä": 2}]),
        ('{"projectnote":[1,"},{",null,[1],{"a":[{"b":2},{"c":3}]},true]}', [
            1, "},{", None, [1], {"a": [{"b": 2}, {"c": 3}]}, True,
        ]),
        ('{"projectnote":[{"a":[{"b":2},{"c":3}]},5,6,{"a":1}]}', [
            {"a": [{"b": 2}, {"c": 3}]}, 5, 6, {"a": 1},
        ]),
        ('{"projectnote":null,"projectnote":[{"a":1}]}', [{"a": 1}]),
        ('{"x":"projectnote","y":["projectnote",[1]],"projectnote":[3],"z":{"projectnote":[2]}}', [
            3,
        ]),
    ],
)  # fmt: skip
def test_odd_lists_of_rows(body: str, rows: list[object], chunk: int) -> None:
    """The elements of the list are returned, even if they are no records, and those of other lists are not."""
    assert parse(RowParser(RESOURCE, 1000), body.encode(), [chunk]) == rows


@pytest.mark.parametrize("chunk", CHUNKS)
@pytest.mark.parametrize("mark", [b"", BOM])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n",
        b"<!doctype html>",
        b" <html>{}</html>",
        b'<a>{"projectnote":[{"a":1}]}',
        b'{"status":"OK"}',
        b' {"projectnote":null}',
        b'{"projectnote":{"a":[{"b":1},{"c":2}]}}',
        b'{"projectnote":"[{"}',
        b'{"x":{"projectnote":[{"a":1},{"b":2}]}}',
        b'{"project\\u006eote":[{"a":1},{"b":2}]}',
        b'{"error":{"message":"no","code":"4"}}',
        b'[{"projectnote":[]}]',
        b'["projectnote",[1]]',
        b"null",
        b"5",
        b'{"a":nope,"projectnote":[{"a":1},{"b":2}]}',
        b'{,"projectnote":[]}',
        b'{"a":1 "projectnote":[]}',
        b'{"projectnote" []}',
        b'{"a":1}}',
    ],
)
def test_a_body_without_a_list_of_rows_is_kept(body: bytes, mark: bytes, chunk: int) -> None:
    """A body without a list of rows is kept completely for the caller."""
    parser = RowParser(RESOURCE, 1000)
    assert parse(parser, mark + body, [chunk]) == []
    assert parser.envelope is None
    assert parser.body == body


@pytest.mark.parametrize("chunk", CHUNKS)
@pytest.mark.parametrize("second", ['[{"a":3},{"a":4}]', "[]", "null", '{"a":5}'])
@pytest.mark.parametrize("name", ["projectnote", "project\\u006eote"])
def test_a_repeated_key_of_the_rows_is_rejected(name: str, second: str, chunk: int) -> None:
    """A second value under the key of the rows is rejected, because it would replace the first."""
    body = f'{{"projectnote":[{{"a":1}},{{"a":2}}],"listcount":2,"{name}":{second}}}'
    with pytest.raises(BrokenBodyError, match="'projectnote' once, got it twice"):
        parse(RowParser(RESOURCE, 1000), body.encode(), [chunk])


@pytest.mark.parametrize("chunk", CHUNKS)
@pytest.mark.parametrize(
    "body",
    [
        '{"projectnote":[{"a":1},]}',
        '{"projectnote":[{"a":[{"b":1},{"c":2}]},{"a":1},]}',
        '{"projectnote":[{"a":1},,{"a":2}]}',
        '{"projectnote":[{"a":1}{"a":2}]}',
        '{"projectnote":[{"a":1},{"a":nope},{"a":2}]}',
        '{"projectnote":[{"a":1},{"a":NaN},{"a":2}]}',
        '{"projectnote":[{"a":1},{"a":"\\x"},{"a":2}]}',
        '{"projectnote":[{"a":1}}]}',
        '{"projectnote":[{"a":1}]]}',
        '{"projectnote":[{"a":1}],}',
        '{"projectnote":[{"a":1}]"b":2}',
        '{"projectnote":[{"a":1}]}{}',
        '{"projectnote":[{"a":1}],"b":nope}',
        '{"projectnote":[{"a":[{"b":1},{"c":2}]} [5,{"z":1}]]}',
    ],
)
def test_invalid_json_is_not_called_truncated(body: str, chunk: int) -> None:
    """Invalid JSON raises BrokenBodyError, and not the TruncatedBodyError that is retried."""
    with pytest.raises(BrokenBodyError) as caught:
        parse(RowParser(RESOURCE, 1000), body.encode(), [chunk])
    assert not isinstance(caught.value, TruncatedBodyError)


@pytest.mark.parametrize("chunk", CHUNKS)
@pytest.mark.parametrize(
    "body",
    [
        '{"projectnote":[{"a":nope}{"a":"',
        '{"projectnote":[{"a":nope}[[',
        '{"projectnote":[{"a":nope}],"b":["',
    ],
)
def test_invalid_json_that_is_incomplete_counts_as_truncated(body: str, chunk: int) -> None:
    """Invalid JSON that is also incomplete raises TruncatedBodyError."""
    with pytest.raises(TruncatedBodyError):
        parse(RowParser(RESOURCE, 1000), body.encode(), [chunk])


def test_the_envelope_holds_the_keys_that_have_arrived() -> None:
    """The keys before the rows are known when the rows start, and the others at the end."""
    parser = RowParser(RESOURCE, 1000)
    seen: list[object] = []
    for chunk in (
        b'{"listcount":2,"projectnote":',
        b' [ {"id":1}, {"id"' + b" " * 40,
        b':2} ], "listcount": 3, "code": 200}',
    ):
        parser.feed(chunk)
        seen.append(parser.envelope)
    assert seen == [None, {"listcount": 2}, {"listcount": 2}]
    assert parser.close() == [{"id": 2}]
    assert parser.envelope == {"listcount": 3, "code": 200}
    assert parser.body == b""


def test_a_row_is_returned_once_the_next_one_starts() -> None:
    """A row is returned as soon as the next one has started."""
    parser = RowParser(RESOURCE, 1000)
    assert parser.feed(b'{"projectnote":[{"id":1},{"id":2},{"i') == [{"id": 1}, {"id": 2}]
    assert parser.feed(b'd":3},{"id":4') == [{"id": 3}]
    assert parser.feed(b"}]}") == []
    assert parser.close() == [{"id": 4}]


def plain_row(id: int) -> dict[str, Any]:
    """Return a row of a kilobyte."""
    return {"id": id, "note": "},{[ü" * 200}


def nested_row(id: int) -> dict[str, Any]:
    """Return a row of a kilobyte that contains a list of objects."""
    return {"id": id, "tags": [{"id": n, "name": '"},{"'} for n in range(30)]}


def body_of(rows: Sequence[object], **more: object) -> bytes:
    """Return a body without blanks."""
    body = {"status": "OK", RESOURCE: rows, **more}
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize("chunk", [1, 100, 5000])
@pytest.mark.parametrize("make", [plain_row, nested_row])
def test_the_buffer_does_not_grow_with_the_body(
    make: Callable[[int], dict[str, Any]], chunk: int
) -> None:
    """At max_bytes two rows and a chunk are buffered, whatever the size of the body."""
    rows = [make(id) for id in range(100 if chunk > 1 else 12)]
    largest = max(len(body_of([row])) for row in rows)
    parser = RowParser(RESOURCE, 2 * largest + chunk)
    fed = returned = 0
    for data in chunks_of(body_of(rows), [chunk]):
        fed += len(data)
        returned += sum(len(body_of([row])) - len(body_of([])) + 1 for row in parser.feed(data))
        assert fed - returned <= 2 * largest + chunk
    assert len(parser.close()) <= 2


class CountedLoads:
    """Counts the calls of the JSON parser, and the bytes passed to it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.calls = self.size = 0
        self._loads = _json.loads
        patch.setattr(_json, "loads", self)

    def __call__(self, body: bytes) -> Any:
        """Count, and parse."""
        self.calls += 1
        self.size += len(body)
        return self._loads(body)


@pytest.mark.parametrize("chunk", [1, 100, 5000])
@pytest.mark.parametrize("make", [plain_row, nested_row])
def test_each_row_is_parsed_once(
    make: Callable[[int], dict[str, Any]], chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row is parsed once, however small the chunks are."""
    rows = [make(id) for id in range(50)]
    body = body_of(rows, listcount=50)
    counted = CountedLoads(monkeypatch)
    assert parse(RowParser(RESOURCE, 10**6), body, [chunk]) == rows
    assert counted.calls <= len(rows) + 4
    assert counted.size <= 1.2 * len(body)


@pytest.mark.parametrize("chunk", [1, 100])
@pytest.mark.parametrize(
    "row",
    [
        {"id": 1, "note": '},{"id":' * 10_000},
        {"id": 1, "tags": [{"id": n} for n in range(10_000)]},
        {"id": 1, "parent": {"parent": [{"tags": [{"id": n} for n in range(10_000)]}]}},
    ],
    ids=["plain", "nested", "deeper"],
)
def test_a_huge_row_is_parsed_few_times(
    row: dict[str, Any], chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A huge row is not parsed again with each chunk, so the work is proportional to the body."""
    body = body_of([row, {"id": 2}], more=["x" * 10_000])
    counted = CountedLoads(monkeypatch)
    assert parse(RowParser(RESOURCE, 10**6), body, [chunk]) == [row, {"id": 2}]
    assert counted.calls <= 6
    assert counted.size <= 2 * len(body)


@pytest.mark.parametrize("body", [b"<" * 5000, b"{" * 5000, b'{"a":"' + b"x" * 5000, b" " * 5000])
def test_a_long_body_without_rows_is_never_parsed(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long body without rows is not parsed while it arrives."""
    counted = CountedLoads(monkeypatch)
    parser = RowParser(RESOURCE, 10**6)
    for data in chunks_of(body, [1]):
        assert parser.feed(data) == []
    assert counted.calls == 0


@pytest.mark.parametrize("chunk", [1, 10, 5000])
@pytest.mark.parametrize("make", [plain_row, nested_row])
def test_a_body_larger_than_max_bytes_is_parsed_if_its_rows_are_smaller(
    make: Callable[[int], dict[str, Any]], chunk: int
) -> None:
    """A body may be larger than max_bytes, as long as each row is smaller."""
    rows = [make(id) for id in range(10, 30)]
    max_bytes = max(len(body_of([row])) for row in rows)
    assert len(parse(RowParser(RESOURCE, max_bytes), body_of(rows), [chunk])) == 20


def test_max_bytes_is_exact() -> None:
    """A buffer of max_bytes is allowed, and a byte more is not, unless it completes a row."""
    rows = [{"id": id, "note": "x" * 50} for id in range(10, 15)]
    # A row is complete once the first letter of the next one has arrived.
    max_bytes = len(body_of(rows[:1])) - len(body_of([])) + len(',{"')
    assert parse(RowParser(RESOURCE, max_bytes), body_of(rows), [1]) == rows
    with pytest.raises(BrokenBodyError):
        parse(RowParser(RESOURCE, max_bytes - 1), body_of(rows), [1])
    page = b"<html>" * 10
    assert parse(RowParser(RESOURCE, len(page)), page, [7]) == []
    with pytest.raises(BrokenBodyError):
        parse(RowParser(RESOURCE, len(page) - 1), page, [7])


@pytest.mark.parametrize("chunk", [1, 10, 100])
@pytest.mark.parametrize(
    "body",
    [
        body_of([{"id": 1}, plain_row(2), {"id": 3}]),
        body_of([{"id": 1}, nested_row(2), {"id": 3}]),
        body_of([], more=plain_row(1)),
        body_of([nested_row(1)["tags"]], more=plain_row(1)),
        b"<html>" * 200,
        b'{"a":"' * 200,
        b" " * 2000,
    ],
)
def test_a_row_larger_than_max_bytes_is_rejected(body: bytes, chunk: int) -> None:
    """A record, an envelope or another body beyond max_bytes is rejected."""
    with pytest.raises(BrokenBodyError, match="400 bytes"):
        parse(RowParser(RESOURCE, 400), body, [chunk])
