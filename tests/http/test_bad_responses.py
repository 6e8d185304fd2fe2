"""No response hangs or crashes the client: it is read, or raises an error of the call."""

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
from intervals_async._schema.decoder import record_decoder
from intervals_async.testing import FakeIntervals, faults


async def test_a_response_that_is_too_large_is_rejected_while_it_is_read(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A response beyond max_response_bytes is rejected before much of it is in memory."""
    fake.inject(faults.Huge(300 * 2**20))
    tracemalloc.start()
    try:
        with pytest.raises(ResponseError, match="max_response_bytes"):
            await intervals.me.get()
        assert tracemalloc.get_traced_memory()[1] < 30 * 2**20
    finally:
        tracemalloc.stop()
    assert (await intervals.me.get()).id


@pytest.mark.parametrize("fault", [faults.SlowBody(chunk=100), faults.Delay(0)], ids=repr)
async def test_max_response_bytes_needs_no_content_length(
    fake: FakeIntervals, fault: faults.Fault
) -> None:
    """max_response_bytes applies with and without a Content-Length."""
    fake.inject(fault)
    async with IntervalsClient(fake.token, base_url=fake.url, max_response_bytes=200) as client:
        with pytest.raises(ResponseError, match="max_response_bytes"):
            await client.me.get()


async def test_max_response_bytes_of_a_page_applies_to_a_record(fake: FakeIntervals) -> None:
    """A page may be larger than max_response_bytes, but a single record may not."""
    async with IntervalsClient(fake.token, base_url=fake.url, max_response_bytes=10_000) as client:
        assert len(await client.projectnote.list().collect()) == 50
        fake.insert("projectnote", note="x" * 20_000)
        with pytest.raises(ResponseError, match="max_response_bytes"):
            await client.projectnote.list().collect()


def test_max_response_bytes_is_positive() -> None:
    """A max_response_bytes of 0 is rejected."""
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
async def test_hostile_responses_are_typed_errors(
    fake: FakeIntervals, intervals: IntervalsClient, body: bytes, kind: type[CallError]
) -> None:
    """Deep nesting, NaN, huge numbers, invalid UTF-8 and wrong types raise a CallError of the call."""
    fake.inject(faults.Raw(body))
    with pytest.raises(kind) as caught:
        await intervals.projectnote.list().collect()
    assert caught.value.path == "/projectnote/"
    assert len(str(caught.value)) < 600


async def test_two_lists_under_one_key_are_rejected(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A response with two lists under the resource's key is rejected."""
    fake.inject(faults.DuplicateKeys())
    with pytest.raises(ResponseError, match="twice"):
        await intervals.projectnote.list().collect()


@pytest.mark.slow
def test_100_000_mutated_responses_raise_only_call_errors() -> None:
    """A response with any bytes changed is read, or raises a CallError."""
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
            position = chance.randrange(len(body))
            match chance.randrange(4):
                case 0:
                    body[position] = chance.randrange(256)
                case 1:
                    del body[position : position + chance.randint(1, 20)]
                case 2:
                    body[position:position] = body[position : position + chance.randint(1, 20)]
                case _:
                    body[position:position] = chance.choice(
                        [b"null", b"[", b"{}", b'"', b"-1", b"1e9", b"\\u0000", b"true", b","]
                    )
        try:
            response = parse_response(call, chance.choice([200, 200, 400, 500]), "", bytes(body))
            _ = response.listcount
            decoder.decode(response.rows(), "$.projectnote")
            outcomes["records"] += 1
        except CallError:
            outcomes["errors"] += 1
    assert outcomes["records"] > 1_000
    assert outcomes["errors"] > 50_000
