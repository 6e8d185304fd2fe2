"""No answer hangs or kills: each is read, or refused with an error that names the place."""

from __future__ import annotations

import json
import random
import tracemalloc

import pytest

from intervals_async import (
    ArgumentError,
    CallError,
    IntervalsClient,
    ProjectNote,
    RecordError,
    ResponseError,
)
from intervals_async._http.messages import Call, parse_response
from intervals_async._schema.records import record_decoder
from intervals_async.testing import FakeIntervals, faults


async def test_an_answer_that_is_too_large_is_refused_while_it_is_read(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """300 MB are not taken into memory to find out that they are too many."""
    fake.inject(faults.Huge(300 * 2**20))
    tracemalloc.start()
    try:
        with pytest.raises(ResponseError, match="larger than max_response_bytes"):
            await intervals.me.get()
        assert tracemalloc.get_traced_memory()[1] < 30 * 2**20
    finally:
        tracemalloc.stop()
    assert (await intervals.me.get()).id


@pytest.mark.parametrize("fault", [faults.SlowBody(chunk=100), faults.Delay(0)], ids=repr)
async def test_the_limit_of_an_answer_holds_with_and_without_a_length(
    fake: FakeIntervals, fault: faults.Fault
) -> None:
    """Where the length is announced, nothing is read at all."""
    fake.inject(fault)
    async with IntervalsClient(fake.token, base_url=fake.url, max_response_bytes=200) as client:
        with pytest.raises(ResponseError, match=r"max_response_bytes \(200\)"):
            await client.me.get()


async def test_of_a_page_the_limit_is_for_a_single_record(fake: FakeIntervals) -> None:
    """A page is decoded while it arrives, so its size is no matter; a huge record is."""
    async with IntervalsClient(fake.token, base_url=fake.url, max_response_bytes=10_000) as client:
        assert len(await client.projectnote.list().collect()) == 50
        fake.insert("projectnote", note="x" * 20_000)
        with pytest.raises(ResponseError, match=r"max_response_bytes \(10000\) without a record"):
            await client.projectnote.list().collect()


def test_the_limit_of_an_answer_is_above_zero() -> None:
    """Or nothing could ever be read."""
    with pytest.raises(ArgumentError, match="max_response_bytes"):
        IntervalsClient("abc12345678", max_response_bytes=0)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"listcount":1,"projectnote":' + b"[" * 900 + b"]" * 901, ResponseError),
        (b'{"listcount":1,"projectnote":[{"id":NaN}]}', ResponseError),
        (b'{"listcount":1,"projectnote":[{"id":1e999}]}', CallError),
        (b'{"listcount":1,"projectnote":[{"id":' + b"9" * 400 + b"}]}", CallError),
        (b'{"listcount":1,"projectnote":[{"id":"' + b"9" * 5000 + b'"}]}', RecordError),
        (b'{"listcount":1,"projectnote":[{"id":"\xff"}]}', ResponseError),
        (b'{"listcount":1,"projectnote":[{"id":[1]}]}', RecordError),
        (b'{"listcount":1,"projectnote":[[]]}', RecordError),
        (b'{"listcount":1,"projectnote":[null]}', RecordError),
        (b'{"listcount":{},"projectnote":[]}', ResponseError),
        (b'{"listcount":' + b"[" * 900 + b"]" * 900 + b',"projectnote":[]}', ResponseError),
        (b'{"error":{"verbose":' + b"[" * 900 + b"]" * 900 + b"}}", CallError),
        (b'{"listcount":1,"projectnote":"x"}', ResponseError),
        (b"\x00" * 1000, ResponseError),
    ],
    ids=lambda value: repr(value[:50]) if isinstance(value, bytes) else value.__name__,
)
async def test_hostile_answers_are_typed_errors(
    fake: FakeIntervals, intervals: IntervalsClient, body: bytes, kind: type[CallError]
) -> None:
    """Deep nesting, NaN, huge numbers, invalid UTF-8, wrong types: the call is named."""
    fake.inject(faults.Raw(body))
    with pytest.raises(kind) as caught:
        await intervals.projectnote.list().collect()
    assert caught.value.path == "/projectnote/"
    assert len(str(caught.value)) < 600


async def test_two_lists_under_one_key_are_refused(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """Which of them counts is told only after the first was given."""
    fake.inject(faults.DuplicateKeys())
    with pytest.raises(ResponseError, match="'projectnote' stands in it twice"):
        await intervals.projectnote.list().collect()


def test_only_our_errors_come_out_of_100_000_mutated_answers() -> None:
    """Bytes flipped, cut out, doubled and swapped: a record, or a CallError, and nothing else."""
    chance = random.Random(20261122)
    row = {
        "id": "9", "projectid": "3", "authorid": "4", "title": "Q&amp;A", "note": "<p>x</p>",
        "date": "2024-05-06 07:08:09", "secure": "f", "localid": "1", "projectactive": "t",
        "author": "Jo", "projectlocalid": "12", "clientlocalid": "", "projectlabel": None,
    }  # fmt: skip
    error = {"code": 18, "message": "Validation error", "verbose": ["a", "b"]}
    seeds = [
        json.dumps({"personid": 1, "code": 200, "listcount": 1, "projectnote": [row]}).encode(),
        json.dumps({"personid": None, "code": 400, "error": error}).encode(),
    ]
    call = Call("GET", "projectnote")
    decoder = record_decoder(ProjectNote)
    outcomes = {"records": 0, "errors": 0}
    for _ in range(100_000):
        body = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(body))
            match chance.randrange(4):
                case 0:
                    body[place] = chance.randrange(256)
                case 1:
                    del body[place : place + chance.randint(1, 20)]
                case 2:
                    body[place:place] = body[place : place + chance.randint(1, 20)]
                case _:
                    body[place:place] = chance.choice(
                        [b"null", b"[", b"{}", b'"', b"-1", b"1e9", b"\\u0000", b"true", b","]
                    )
        try:
            answer = parse_response(call, chance.choice([200, 200, 400, 500]), "", bytes(body))
            _ = answer.listcount
            decoder.records(answer.rows(), "$.projectnote")
            outcomes["records"] += 1
        except CallError:
            outcomes["errors"] += 1
    assert outcomes["records"] > 1_000
    assert outcomes["errors"] > 50_000
