"""What can go wrong on demand."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

from intervals_async.testing import FakeIntervals, faults
from intervals_async.testing._fake.wire import Envelope
from intervals_async.testing.faults._base import EnvelopeFault, ReplyFault

from .asking import ask, credentials

NOTE = {"projectid": 301, "title": "t", "note": "n", "secure": "f"}


async def test_first_in_first_met() -> None:
    """Faults meet the next fitting requests in the order in which they were put in."""
    async with FakeIntervals(notes=0) as fake:
        fake.inject(faults.Status(500, 19), times=2)
        fake.inject(faults.Html())
        assert [(await ask(fake, "me/")).status for _ in range(4)] == [500, 500, 502, 200]
        assert [seen.status for seen in fake.log] == [500, 500, 502, 200]


async def test_only_what_fits() -> None:
    """A fault waits for its method and its path."""
    async with FakeIntervals(notes=1) as fake:
        fake.inject(faults.Status(503), method="POST")
        fake.inject(faults.Status(500), path="/projectnote/*/")
        assert (await ask(fake, "projectnote/")).status == 200
        note = f"projectnote/{fake.rows('projectnote')[0]['id']}/"
        assert (await ask(fake, note)).status == 500
        assert (await ask(fake, note)).status == 200
        assert (await ask(fake, "projectnote/", method="POST", body=NOTE)).status == 503


async def test_skip_and_for_ever_and_heal() -> None:
    """A fault can let some requests pass first, last for ever, and be taken out."""
    async with FakeIntervals(notes=0) as fake:
        fake.inject(faults.Status(500), times=None, skip=2)
        assert [(await ask(fake, "me/")).status for _ in range(5)] == [200, 200, 500, 500, 500]
        fake.heal()
        assert (await ask(fake, "me/")).status == 200


async def test_delay() -> None:
    """A delayed request is answered as it should be."""
    async with FakeIntervals(notes=0) as fake:
        fake.inject(faults.Delay(0.001))
        assert (await ask(fake, "me/")).status == 200


@pytest.mark.parametrize(("where", "made"), [("before", 0), ("after", 1)])
async def test_hold(where: str, made: int) -> None:
    """A held request waits for the event, before or after it is processed."""
    event, arrived = asyncio.Event(), asyncio.Event()
    async with FakeIntervals(notes=0) as fake:
        fake.inject(faults.Hold(event, "before" if where == "before" else "after"))
        fake.between(lambda server, seen: arrived.set())
        question = asyncio.create_task(ask(fake, "projectnote/", method="POST", body=NOTE))
        await arrived.wait()
        await ask(fake, "me/")
        assert len(fake.rows("projectnote")) == made
        assert fake.log[0].status is None
        event.set()
        assert (await question).status == 201
        assert fake.log[0].status == 201


async def test_hold_in_the_body() -> None:
    """Half of the body comes, the rest when the event is set."""
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


@pytest.mark.parametrize(("fault", "made"), [(faults.DropBefore(), 0), (faults.DropAfter(), 1)])
async def test_dropped_connections(fault: faults.Fault, made: int) -> None:
    """A connection is closed without an answer, before or after the request is processed."""
    async with FakeIntervals(notes=0) as fake:
        fake.inject(fault)
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await ask(fake, "projectnote/", method="POST", body=NOTE)
        assert len(fake.rows("projectnote")) == made
        assert fake.log[0].status is None
        assert fake.requests == 1


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
async def test_dropped_in_the_body(share: float) -> None:
    """A connection is closed while Content-Length promises more."""
    async with FakeIntervals(notes=20) as fake:
        fake.inject(faults.DropInBody(share))
        with pytest.raises(aiohttp.ClientPayloadError):
            await ask(fake, "projectnote/")
        assert fake.log[0].status is None


async def test_slow_body() -> None:
    """A body that comes in small pieces is whole in the end."""
    async with FakeIntervals(notes=3) as fake:
        fake.inject(faults.SlowBody(100, pause=0.0001))
        fake.inject(faults.SlowBody(1))
        for _ in range(2):
            assert (await ask(fake, "projectnote/")).json["listcount"] == 3
        assert fake.log[0].status == 200


async def test_status() -> None:
    """A status comes with the API's error body, code, words and headers, or with a bare status."""
    async with FakeIntervals(notes=0) as fake:
        fake.inject(
            faults.Status(503, 4, "suspended", {"Retry-After": "5"}, verbose={"value": "x"})
        )
        fake.inject(faults.Status(599))
        reply = await ask(fake, "me/")
        assert reply.headers["Retry-After"] == "5"
        assert reply.json == {
            "personid": None,
            "status": "Service Unavailable",
            "code": 503,
            "error": {"code": 4, "message": "suspended", "verbose": {"value": "x"}},
        }
        bare = {"personid": None, "status": "Unknown", "code": 599}
        assert (await ask(fake, "me/")).json == bare


async def test_processed_all_the_same() -> None:
    """A fault that answers by itself can carry out the request first, and counts it then."""
    async with FakeIntervals(notes=0, per_day=1) as fake:
        fake.inject(faults.Status(504))
        fake.inject(faults.Html(504, processed=True))
        for made in (0, 1):
            reply = await ask(fake, "projectnote/", method="POST", body=NOTE)
            assert reply.status == 504
            assert len(fake.rows("projectnote")) == made
        assert (await ask(fake, "me/")).code == 11


async def test_html() -> None:
    """A gateway's page is HTML and tells its status."""
    async with FakeIntervals(notes=0) as fake:
        fake.inject(faults.Html(504))
        reply = await ask(fake, "me/")
        assert reply.status == 504
        assert reply.headers["Content-Type"].startswith("text/html")
        assert "504 Gateway Timeout" in reply.text


async def test_limits_on_demand() -> None:
    """Both limits' refusals come on demand, in the API's form and in a gateway's."""
    async with FakeIntervals(notes=0) as fake:
        fake.inject(faults.TooFast())
        fake.inject(faults.TooFast("7", 429))
        fake.inject(faults.DayUsedUp())
        first, second, third = [await ask(fake, "me/") for _ in range(3)]
        assert (first.status, first.code, "Retry-After" in first.headers) == (400, 12, False)
        assert (second.status, second.code, second.headers["Retry-After"]) == (429, 12, "7")
        assert (third.status, third.code) == (400, 11)


async def test_error_inside_200() -> None:
    """An API error can hide in an HTTP 200."""
    async with FakeIntervals(notes=0) as fake:
        fake.inject(faults.ErrorInside200(19, "Database", status=500))
        reply = await ask(fake, "me/")
        assert (reply.status, reply.code, reply.json["code"]) == (200, 19, 500)


async def test_truncated() -> None:
    """JSON is cut in the middle of valid HTTP."""
    async with FakeIntervals(notes=5) as fake:
        fake.inject(faults.Truncated())
        cut = (await ask(fake, "projectnote/")).text
        with pytest.raises(ValueError, match="line 1"):
            json.loads(cut)
        assert (await ask(fake, "projectnote/")).text.startswith(cut)


async def test_spoilt_bodies() -> None:
    """The true JSON comes under a wrong type, not at all, or as any bytes."""
    async with FakeIntervals(notes=1) as fake:
        fake.inject(faults.WrongContentType())
        fake.inject(faults.EmptyBody())
        fake.inject(faults.Raw(b"\xff\x00", 201, "application/octet-stream", {"X-A": "b"}))
        wrong, empty, raw = [await ask(fake, "projectnote/") for _ in range(3)]
        assert wrong.headers["Content-Type"].startswith("text/plain")
        assert wrong.json["listcount"] == 1
        assert (empty.status, empty.text) == (200, "")
        assert (raw.status, raw.headers["X-A"]) == (201, "b")


async def test_duplicate_keys() -> None:
    """Keys come twice, the true ones last; an error has only its own."""
    async with FakeIntervals(notes=1) as fake:
        fake.inject(faults.DuplicateKeys(), times=2)
        reply = await ask(fake, "projectnote/")
        assert reply.text.count('"projectnote":') == reply.text.count('"listcount":') == 2
        assert (reply.json["listcount"], len(reply.json["projectnote"])) == (1, 1)
        assert (await ask(fake, "nothing/")).text.count('"code":') == 3


async def test_pages_that_give_too_little() -> None:
    """Rows are capped, left out, null or without their key, while listcount tells the truth."""
    async with FakeIntervals(notes=9) as fake:
        for fault, rows in (
            (faults.Capped(4), fake.wire_rows("projectnote")[:4]),
            (faults.EmptyPage(), []),
            (faults.NullPage(), None),
            (faults.MissingKey(), "absent"),
        ):
            fake.inject(fault)
            envelope = (await ask(fake, "projectnote/")).json
            assert envelope.get("projectnote", "absent") == rows
            assert envelope["listcount"] == 9


async def test_page_faults_elsewhere() -> None:
    """A cap does not touch a member, and no page fault touches an error."""
    async with FakeIntervals(notes=1) as fake:
        note = f"projectnote/{fake.rows('projectnote')[0]['id']}/"
        fake.inject(faults.Capped(0))
        assert (await ask(fake, note)).json["projectnote"]["id"]
        fake.inject(faults.MissingKey())
        assert (await ask(fake, "nothing/")).code == 13


@pytest.mark.parametrize("size", [100, 300_000])
async def test_huge(size: int) -> None:
    """A huge body is valid JSON of exactly the size wanted."""
    async with FakeIntervals(notes=0) as fake:
        fake.inject(faults.Huge(size))
        reply = await ask(fake, "me/")
        assert len(reply.text) == size
        assert set(reply.json) == {"filler"}


def test_the_abstract_ones() -> None:
    """A kind of fault that leaves out its one duty says so."""
    with pytest.raises(NotImplementedError):
        ReplyFault().reply()
    with pytest.raises(NotImplementedError):
        EnvelopeFault().rewrap(Envelope(None, None, b""))
