"""The injection of faults, and the effect of each fault."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

from intervals_async.testing import FakeIntervals, faults
from intervals_async.testing._fake.wire import Envelope
from intervals_async.testing.faults._base import EnvelopeFault, ReplyFault

from .raw_client import credentials, send

NOTE = {"projectid": 301, "title": "t", "note": "n", "secure": "f"}


async def test_faults_apply_in_order() -> None:
    """Faults affect the next matching requests in the order of their injection."""
    async with FakeIntervals(notes=0) as fake:
        fake.inject(faults.Status(500, 19), times=2)
        fake.inject(faults.Html())
        assert [(await send(fake, "me/")).status for _ in range(4)] == [500, 500, 502, 200]
        assert [seen.status for seen in fake.log] == [500, 500, 502, 200]


async def test_faults_match_method_and_path() -> None:
    """A fault affects only requests with its method and its path."""
    async with FakeIntervals(notes=1) as fake:
        fake.inject(faults.Status(503), method="POST")
        fake.inject(faults.Status(500), path="/projectnote/*/")
        assert (await send(fake, "projectnote/")).status == 200
        note = f"projectnote/{fake.rows('projectnote')[0]['id']}/"
        assert (await send(fake, note)).status == 500
        assert (await send(fake, note)).status == 200
        assert (await send(fake, "projectnote/", method="POST", body=NOTE)).status == 503


async def test_skip_unlimited_and_heal() -> None:
    """A fault can skip requests first, affect all later ones, and be removed."""
    async with FakeIntervals(notes=0) as fake:
        fake.inject(faults.Status(500), times=None, skip=2)
        assert [(await send(fake, "me/")).status for _ in range(5)] == [200, 200, 500, 500, 500]
        fake.heal()
        assert (await send(fake, "me/")).status == 200


async def test_delay() -> None:
    """A delayed request receives the correct response."""
    async with FakeIntervals(notes=0) as fake:
        fake.inject(faults.Delay(0.001))
        assert (await send(fake, "me/")).status == 200


@pytest.mark.parametrize(("where", "created"), [("before", 0), ("after", 1)])
async def test_hold(where: str, created: int) -> None:
    """A held request waits for the event before or after the server processes it."""
    event, arrived = asyncio.Event(), asyncio.Event()
    async with FakeIntervals(notes=0) as fake:
        fake.inject(faults.Hold(event, "before" if where == "before" else "after"))
        fake.between(lambda server, seen: arrived.set())
        pending = asyncio.create_task(send(fake, "projectnote/", method="POST", body=NOTE))
        await arrived.wait()
        await send(fake, "me/")
        assert len(fake.rows("projectnote")) == created
        assert fake.log[0].status is None
        event.set()
        assert (await pending).status == 201
        assert fake.log[0].status == 201


async def test_hold_in_the_body() -> None:
    """A response held in the body sends half of it before the event, and the rest after it."""
    event = asyncio.Event()
    async with FakeIntervals(notes=5) as fake, aiohttp.ClientSession() as session:
        fake.inject(faults.Hold(event, "body"))
        headers = {"Accept": "application/json", "Authorization": credentials(fake.token)}
        async with session.get(fake.url + "projectnote/", headers=headers) as response:
            assert response.status == 200
            half = await response.content.readany()
            assert 0 < len(half) < (response.content_length or 0)
            assert not response.content.at_eof()
            event.set()
            rest = await response.content.read()
            assert json.loads(half + rest)["listcount"] == 5


@pytest.mark.parametrize(("fault", "created"), [(faults.DropBefore(), 0), (faults.DropAfter(), 1)])
async def test_dropped_connections(fault: faults.Fault, created: int) -> None:
    """A connection closes without a response, before or after the server processes the request."""
    async with FakeIntervals(notes=0) as fake:
        fake.inject(fault)
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await send(fake, "projectnote/", method="POST", body=NOTE)
        assert len(fake.rows("projectnote")) == created
        assert fake.log[0].status is None
        assert fake.requests == 1


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
async def test_dropped_in_the_body(share: float) -> None:
    """A connection closes before the body is as long as Content-Length states."""
    async with FakeIntervals(notes=20) as fake:
        fake.inject(faults.DropInBody(share))
        with pytest.raises(aiohttp.ClientPayloadError):
            await send(fake, "projectnote/")
        assert fake.log[0].status is None


async def test_slow_body() -> None:
    """A body that arrives in small chunks is complete in the end."""
    async with FakeIntervals(notes=3) as fake:
        fake.inject(faults.SlowBody(100, pause=0.0001))
        fake.inject(faults.SlowBody(1))
        for _ in range(2):
            assert (await send(fake, "projectnote/")).json["listcount"] == 3
        assert fake.log[0].status == 200


async def test_status() -> None:
    """``Status`` sends the API's error body with code, message and headers, or a bare status."""
    async with FakeIntervals(notes=0) as fake:
        fake.inject(
            faults.Status(503, 4, "suspended", {"Retry-After": "5"}, verbose={"value": "x"})
        )
        fake.inject(faults.Status(599))
        response = await send(fake, "me/")
        assert response.headers["Retry-After"] == "5"
        assert response.json == {
            "personid": None,
            "status": "Service Unavailable",
            "code": 503,
            "error": {"code": 4, "message": "suspended", "verbose": {"value": "x"}},
        }
        bare = {"personid": None, "status": "Unknown", "code": 599}
        assert (await send(fake, "me/")).json == bare


async def test_processed_requests_count() -> None:
    """With ``processed`` a fault carries out the request first and counts it."""
    async with FakeIntervals(notes=0, per_day=1) as fake:
        fake.inject(faults.Status(504))
        fake.inject(faults.Html(504, processed=True))
        for created in (0, 1):
            response = await send(fake, "projectnote/", method="POST", body=NOTE)
            assert response.status == 504
            assert len(fake.rows("projectnote")) == created
        assert (await send(fake, "me/")).code == 11


async def test_html() -> None:
    """``Html`` sends an HTML page that names its status."""
    async with FakeIntervals(notes=0) as fake:
        fake.inject(faults.Html(504))
        response = await send(fake, "me/")
        assert response.status == 504
        assert response.headers["Content-Type"].startswith("text/html")
        assert "504 Gateway Timeout" in response.text


async def test_limit_faults() -> None:
    """``TooFast`` and ``DayUsedUp`` send the API's errors, or those of a gateway."""
    async with FakeIntervals(notes=0) as fake:
        fake.inject(faults.TooFast())
        fake.inject(faults.TooFast("7", 429))
        fake.inject(faults.DayUsedUp())
        first, second, third = [await send(fake, "me/") for _ in range(3)]
        assert (first.status, first.code, "Retry-After" in first.headers) == (400, 12, False)
        assert (second.status, second.code, second.headers["Retry-After"]) == (429, 12, "7")
        assert (third.status, third.code) == (400, 11)


async def test_error_inside_200() -> None:
    """``ErrorInside200`` sends an API error with HTTP status 200."""
    async with FakeIntervals(notes=0) as fake:
        fake.inject(faults.ErrorInside200(19, "Database", status=500))
        response = await send(fake, "me/")
        assert (response.status, response.code, response.json["code"]) == (200, 19, 500)


async def test_truncated() -> None:
    """``Truncated`` sends the beginning of the JSON as a complete HTTP response."""
    async with FakeIntervals(notes=5) as fake:
        fake.inject(faults.Truncated())
        cut = (await send(fake, "projectnote/")).text
        with pytest.raises(ValueError, match="line 1"):
            json.loads(cut)
        assert (await send(fake, "projectnote/")).text.startswith(cut)


async def test_invalid_bodies() -> None:
    """Faults send correct JSON with a wrong type, an empty body, or arbitrary bytes."""
    async with FakeIntervals(notes=1) as fake:
        fake.inject(faults.WrongContentType())
        fake.inject(faults.EmptyBody())
        fake.inject(faults.Raw(b"\xff\x00", 201, "application/octet-stream", {"X-A": "b"}))
        wrong, empty, raw = [await send(fake, "projectnote/") for _ in range(3)]
        assert wrong.headers["Content-Type"].startswith("text/plain")
        assert wrong.json["listcount"] == 1
        assert (empty.status, empty.text) == (200, "")
        assert (raw.status, raw.headers["X-A"]) == (201, "b")


async def test_duplicate_keys() -> None:
    """``DuplicateKeys`` sends keys twice, with the correct values last."""
    async with FakeIntervals(notes=1) as fake:
        fake.inject(faults.DuplicateKeys(), times=2)
        response = await send(fake, "projectnote/")
        assert response.text.count('"projectnote":') == response.text.count('"listcount":') == 2
        assert (response.json["listcount"], len(response.json["projectnote"])) == (1, 1)
        assert (await send(fake, "nothing/")).text.count('"code":') == 3


async def test_incomplete_pages() -> None:
    """Page faults send fewer rows, no rows, null or no key, with the correct listcount."""
    async with FakeIntervals(notes=9) as fake:
        for fault, rows in (
            (faults.Capped(4), fake.wire_rows("projectnote")[:4]),
            (faults.EmptyPage(), []),
            (faults.NullPage(), None),
            (faults.MissingKey(), "absent"),
        ):
            fake.inject(fault)
            envelope = (await send(fake, "projectnote/")).json
            assert envelope.get("projectnote", "absent") == rows
            assert envelope["listcount"] == 9


async def test_page_faults_ignore_other_responses() -> None:
    """Page faults change neither members nor errors."""
    async with FakeIntervals(notes=1) as fake:
        note = f"projectnote/{fake.rows('projectnote')[0]['id']}/"
        fake.inject(faults.Capped(0))
        assert (await send(fake, note)).json["projectnote"]["id"]
        fake.inject(faults.MissingKey())
        assert (await send(fake, "nothing/")).code == 13


@pytest.mark.parametrize("size", [100, 300_000])
async def test_huge(size: int) -> None:
    """``Huge`` sends valid JSON of exactly the requested size."""
    async with FakeIntervals(notes=0) as fake:
        fake.inject(faults.Huge(size))
        response = await send(fake, "me/")
        assert len(response.text) == size
        assert set(response.json) == {"filler"}


def test_abstract_faults() -> None:
    """The abstract faults raise NotImplementedError."""
    with pytest.raises(NotImplementedError):
        ReplyFault().reply()
    with pytest.raises(NotImplementedError):
        EnvelopeFault().rewrap(Envelope(None, None, b""))
