"""Rows cut out of a body while it arrives: all of them, as they are, however the body is cut."""

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

PIECES = [1, 7, 10_000]


@pytest.fixture(scope="module", params=["orjson", "json"], autouse=True)
def _reader(request: pytest.FixtureRequest) -> Iterator[None]:
    """Read JSON with orjson, and without."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "json":
            patch.setattr(_json, "_quick_loads", _json.plain_loads)
        yield


def pieces(body: bytes, lengths: Sequence[int]) -> list[bytes]:
    """Cut a body into pieces of these lengths, over and over again."""
    ends = takewhile(lambda end: end < len(body), accumulate(cycle(lengths)))
    return [body[begin:end] for begin, end in pairwise([0, *ends, len(body)])]


def cut(
    cutter: RowParser, body: bytes, lengths: Sequence[int], rows: list[object] | None = None
) -> list[object]:
    """Feed a body piece by piece, and give all rows; `rows` has them after an error too."""
    rows = [] if rows is None else rows
    for piece in pieces(body, lengths):
        rows += cutter.feed(piece)
    rows += cutter.close()
    return rows


# What is easily taken for the end of a row, of a string, or of the list.
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
lengths_of_pieces = st.lists(st.integers(1, 50), min_size=1, max_size=6) | st.sampled_from(
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
    """Draw what a body says: rows, and other keys in any order around them."""
    others = list(draw(envelopes).items())
    rows = draw(rows_of_notes | rows_of_any)
    others.insert(draw(st.integers(0, len(others))), (RESOURCE, rows))
    return dict(others)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Draw such a body as it is on the wire."""
    said = draw(envelopes_with_rows())
    blank = draw(st.sampled_from(["", "", " ", "\r\n"]))
    mark = draw(st.sampled_from([b"", BOM]))
    return mark + f"{blank}{draw(writers)(said)}".encode()


def is_json(body: bytes) -> bool:
    """Say whether this is JSON."""
    try:
        _json.loads(body)
    except ValueError:
        return False
    return True


@settings(max_examples=60)  # with each reader
@given(body=bodies(), tail=st.sampled_from([b"", b"\n", b" \r\n"]), lengths=lengths_of_pieces)
def test_all_rows_come_out_as_they_are(body: bytes, tail: bytes, lengths: list[int]) -> None:
    """Whatever they hold, wherever they stand, and however the body is written and cut."""
    expected = json.loads(body.decode("utf-8-sig"))
    cutter = RowParser(RESOURCE, 10**9)
    assert cut(cutter, body + tail, lengths) == expected.pop(RESOURCE)
    assert cutter.envelope == expected


@settings(max_examples=60)  # with each reader
@given(body=bodies(), lengths=lengths_of_pieces, place=st.floats(0, 1, exclude_max=True))
def test_a_body_that_breaks_off_is_told_from_a_whole_one(
    body: bytes, lengths: list[int], place: float
) -> None:
    """Wherever it breaks off: what came before is right, then comes the error."""
    rows: list[object] = []
    cutter = RowParser(RESOURCE, 10**9)
    broken = body[: int(place * len(body))]
    if broken.removeprefix(BOM).strip() in (b"", BOM[:1], BOM[:2]):  # nothing has begun yet
        assert cut(cutter, broken, lengths) == []
        assert cutter.envelope is None
        assert cutter.body == broken.removeprefix(BOM)
    else:
        with pytest.raises(TruncatedBodyError, match="ends in the middle"):
            cut(cutter, broken, lengths, rows)
    assert rows == json.loads(body.decode("utf-8-sig"))[RESOURCE][: len(rows)]


@settings(max_examples=60)  # with each reader
@given(
    body=bodies(),
    lengths=lengths_of_pieces,
    place=st.floats(0, 1, exclude_max=True),
    cut_out=st.integers(0, 3),
    put_in=st.sampled_from([b"", *b' \x0b\x00,:"{}[]\\-0eu\xff']).map(
        lambda byte: byte if isinstance(byte, bytes) else bytes([byte])
    ),
)
def test_what_is_no_json_is_never_taken_for_it(
    body: bytes, lengths: list[int], place: float, cut_out: int, put_in: bytes
) -> None:
    """A body that was damaged anywhere reads as a whole reader reads it, or is refused."""
    at = int(place * len(body))
    damaged = body[:at] + put_in + body[at + cut_out :]
    cutter = RowParser(RESOURCE, 10**9)
    try:
        rows = cut(cutter, damaged, lengths)
    except BrokenBodyError as error:
        assert not is_json(damaged) or "twice" in str(error)
        return
    if cutter.envelope is None:
        assert rows == []
        assert cutter.body == damaged.removeprefix(BOM)
    else:
        assert {**cutter.envelope, RESOURCE: rows} == _json.loads(damaged)


@pytest.mark.parametrize("piece", PIECES)
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
def test_odd_lists_of_rows(body: str, rows: list[object], piece: int) -> None:
    """What stands in the list comes out, be it a record or not; what stands elsewhere does not."""
    assert cut(RowParser(RESOURCE, 1000), body.encode(), [piece]) == rows


@pytest.mark.parametrize("piece", PIECES)
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
def test_a_body_without_a_list_of_rows_is_kept_whole(body: bytes, mark: bytes, piece: int) -> None:
    """Others judge what it is: an error of the API, a gateway's page, or no JSON."""
    cutter = RowParser(RESOURCE, 1000)
    assert cut(cutter, mark + body, [piece]) == []
    assert cutter.envelope is None
    assert cutter.body == body


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("second", ['[{"a":3},{"a":4}]', "[]", "null", '{"a":5}'])
@pytest.mark.parametrize("name", ["projectnote", "project\\u006eote"])
def test_a_second_list_of_the_same_name_is_refused(name: str, second: str, piece: int) -> None:
    """It would take the place of the first, whose rows have been given."""
    body = f'{{"projectnote":[{{"a":1}},{{"a":2}}],"listcount":2,"{name}":{second}}}'
    with pytest.raises(BrokenBodyError, match="'projectnote' stands in it twice"):
        cut(RowParser(RESOURCE, 1000), body.encode(), [piece])


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize(
    "body",
    [
        '{"projectnote":[{"a":1},]}',
        '{"projectnote":[{"a":[{"b":1},{"c":2}]},{"a":1},]}',
        '{"projectnote":[{"a":1},,{"a":2}]}',
        '{"projectnote":[{"a":1}{"a":2}]}',
        '{"projectnote":[{"a":1},{"a":nope},{"a":2}]}',
        '{"projectnote":[{"a":1},{"a":NaN},{"a":2}]}',
        '{"projectnote":[{"a":1},{"a":"\\ud800"},{"a":2}]}',
        '{"projectnote":[{"a":1}}]}',
        '{"projectnote":[{"a":1}]]}',
        '{"projectnote":[{"a":1}],}',
        '{"projectnote":[{"a":1}]"b":2}',
        '{"projectnote":[{"a":1}]}{}',
        '{"projectnote":[{"a":1}],"b":nope}',
        '{"projectnote":[{"a":[{"b":1},{"c":2}]} [5,{"z":1}]]}',
    ],
)
def test_json_that_is_broken_inside_is_an_error(body: str, piece: int) -> None:
    """It is not called truncated: it would be the same when asked for again."""
    with pytest.raises(BrokenBodyError) as caught:
        cut(RowParser(RESOURCE, 1000), body.encode(), [piece])
    assert "broken JSON" in str(caught.value)
    assert not isinstance(caught.value, TruncatedBodyError)


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize(
    "body",
    [
        '{"projectnote":[{"a":nope}{"a":"',
        '{"projectnote":[{"a":nope}[[',
        '{"projectnote":[{"a":nope}],"b":["',
    ],
)
def test_json_that_is_broken_and_open_counts_as_truncated(body: str, piece: int) -> None:
    """That its end is missing is what is sure."""
    with pytest.raises(TruncatedBodyError):
        cut(RowParser(RESOURCE, 1000), body.encode(), [piece])


def test_the_envelope_tells_what_has_come() -> None:
    """The keys before the rows are known when the rows begin, the others at the end."""
    cutter = RowParser(RESOURCE, 1000)
    seen: list[object] = []
    for piece in (
        b'{"listcount":2,"projectnote":',
        b' [ {"id":1}, {"id"' + b" " * 40,
        b':2} ], "listcount": 3, "code": 200}',
    ):
        cutter.feed(piece)
        seen.append(cutter.envelope)
    assert seen == [None, {"listcount": 2}, {"listcount": 2}]
    assert cutter.close() == [{"id": 2}]
    assert cutter.envelope == {"listcount": 3, "code": 200}
    assert cutter.body == b""


def test_rows_come_as_soon_as_the_next_one_begins() -> None:
    """The first record is there long before the last byte."""
    cutter = RowParser(RESOURCE, 1000)
    assert cutter.feed(b'{"projectnote":[{"id":1},{"id":2},{"i') == [{"id": 1}, {"id": 2}]
    assert cutter.feed(b'd":3},{"id":4') == [{"id": 3}]
    assert cutter.feed(b"}]}") == []
    assert cutter.close() == [{"id": 4}]


def plain_row(id: int) -> dict[str, Any]:
    """Make a row of a kilobyte."""
    return {"id": id, "note": "},{[ü" * 200}


def nested_row(id: int) -> dict[str, Any]:
    """Make a row of a kilobyte that holds rows of its own."""
    return {"id": id, "tags": [{"id": n, "name": '"},{"'} for n in range(30)]}


def body_of(rows: Sequence[object], **more: object) -> bytes:
    """Write a body without blanks."""
    body = {"status": "OK", RESOURCE: rows, **more}
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize("piece", [1, 100, 5000])
@pytest.mark.parametrize("make", [plain_row, nested_row])
def test_what_is_kept_does_not_grow_with_the_body(
    make: Callable[[int], dict[str, Any]], piece: int
) -> None:
    """What has not been given back is two rows and a piece at most."""
    rows = [make(id) for id in range(100 if piece > 1 else 12)]
    largest = max(len(body_of([row])) for row in rows)
    cutter = RowParser(RESOURCE, 2 * largest + piece)
    fed = given_back = 0
    for data in pieces(body_of(rows), [piece]):
        fed += len(data)
        given_back += sum(len(body_of([row])) - len(body_of([])) + 1 for row in cutter.feed(data))
        assert fed - given_back <= 2 * largest + piece
    assert len(cutter.close()) <= 2


class _Counted:
    """Counts what is parsed."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.calls = self.size = 0
        self._loads = _json.loads
        patch.setattr(_json, "loads", self)

    def __call__(self, body: bytes) -> Any:
        self.calls += 1
        self.size += len(body)
        return self._loads(body)


@pytest.mark.parametrize("piece", [1, 100, 5000])
@pytest.mark.parametrize("make", [plain_row, nested_row])
def test_each_row_is_parsed_once(
    make: Callable[[int], dict[str, Any]], piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However small the pieces are; a try that comes to nothing is rare."""
    rows = [make(id) for id in range(50)]
    body = body_of(rows, listcount=50)
    counted = _Counted(monkeypatch)
    assert cut(RowParser(RESOURCE, 10**6), body, [piece]) == rows
    assert counted.calls <= len(rows) + 4
    assert counted.size <= 1.2 * len(body)


@pytest.mark.parametrize("piece", [1, 100])
@pytest.mark.parametrize(
    "row",
    [
        {"id": 1, "note": '},{"id":' * 10_000},
        {"id": 1, "tags": [{"id": n} for n in range(10_000)]},
        {"id": 1, "parent": {"parent": [{"tags": [{"id": n} for n in range(10_000)]}]}},
    ],
    ids=["plain", "nested", "deeper"],
)
def test_a_huge_row_is_parsed_as_rarely(
    row: dict[str, Any], piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What did not do is not tried with every piece: work stays in proportion to the body."""
    body = body_of([row, {"id": 2}], more=["x" * 10_000])
    counted = _Counted(monkeypatch)
    assert cut(RowParser(RESOURCE, 10**6), body, [piece]) == [row, {"id": 2}]
    assert counted.calls <= 6
    assert counted.size <= 2 * len(body)


@pytest.mark.parametrize("body", [b"<" * 5000, b"{" * 5000, b'{"a":"' + b"x" * 5000, b" " * 5000])
def test_a_long_body_without_rows_is_never_parsed(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is looked at seldom, and judged by others at its end."""
    counted = _Counted(monkeypatch)
    cutter = RowParser(RESOURCE, 10**6)
    for data in pieces(body, [1]):
        assert cutter.feed(data) == []
    assert counted.calls == 0


@pytest.mark.parametrize("piece", [1, 10, 5000])
@pytest.mark.parametrize("make", [plain_row, nested_row])
def test_a_body_of_any_size_may_come_in_rows_that_are_small_enough(
    make: Callable[[int], dict[str, Any]], piece: int
) -> None:
    """What is bounded is what must be kept: one row, and the first letters of the next."""
    rows = [make(id) for id in range(10, 30)]
    most = max(len(body_of([row])) for row in rows)
    assert len(cut(RowParser(RESOURCE, most), body_of(rows), [piece])) == 20


@pytest.mark.parametrize("piece", [1, 10, 100])
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
def test_what_is_larger_than_allowed_is_refused(body: bytes, piece: int) -> None:
    """Be it one record, what stands around the records, or what is no listing at all."""
    with pytest.raises(BrokenBodyError, match=r"max_response_bytes \(400\)"):
        cut(RowParser(RESOURCE, 400), body, [piece])
