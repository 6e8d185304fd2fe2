"""The server's life cycle, its request log and its data."""

from __future__ import annotations

import asyncio
import gc
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from intervals_async import IntervalsClient
from intervals_async.testing import FakeIntervals, SeenRequest, faults

from .raw_client import credentials, ids, send


async def test_starts_and_stops_twice() -> None:
    """Starting a started server and stopping a stopped server do nothing."""
    fake = FakeIntervals(notes=0)
    await fake.stop()
    await fake.start()
    url = fake.url
    await fake.start()
    assert fake.url == url
    await fake.stop()
    await fake.stop()
    with pytest.raises(RuntimeError):
        _ = fake.url


async def test_data_survive_a_stop() -> None:
    """The data survive a stop of the server."""
    fake = FakeIntervals(notes=3)
    async with fake:
        fake.insert("projectnote", title="kept")
    async with fake:
        assert (await send(fake, "projectnote/")).json["listcount"] == 4


async def test_port_in_use() -> None:
    """A server on a port in use raises OSError and leaves nothing behind."""
    async with FakeIntervals(notes=0) as fake:
        second = FakeIntervals(notes=0, port=int(fake.url.rsplit(":", 1)[1].strip("/")))
        with pytest.raises(OSError, match="address already in use"):
            await second.start()
        await second.stop()


async def test_listens_on_ipv6() -> None:
    """The URL of an IPv6 address contains brackets."""
    async with FakeIntervals(notes=1, host="::1") as fake:
        assert fake.url.startswith("http://[::1]:")
        assert (await send(fake, "projectnote/")).status == 200


def test_people_are_required() -> None:
    """A server without people raises ValueError."""
    with pytest.raises(ValueError, match="people"):
        FakeIntervals(people=0)


def test_the_seed_determines_data_and_tokens() -> None:
    """The same seed gives the same data and tokens, and another seed gives others."""
    first, same, other = FakeIntervals(seed=7), FakeIntervals(seed=7), FakeIntervals(seed=8)
    for resource in ("projectnote", "person", "project", "personcontact", "contacttype"):
        assert first.wire_rows(resource) == same.wire_rows(resource)
    assert first.wire_rows("projectnote") != other.wire_rows("projectnote")
    assert first.token == same.token != other.token
    assert len(first.token) == 11


def test_tokens_by_group() -> None:
    """Each group has a person with a token of their own; an unknown group is an error."""
    fake = FakeIntervals(token="mytoken1234")
    assert fake.token == fake.token_for("Administrator") == "mytoken1234"
    groups = ("Administrator", "Manager", "Resource", "Executive")
    assert len({fake.token_for(group) for group in groups}) == 4
    with pytest.raises(LookupError, match="Client"):
        fake.token_for("Client")


def test_copied_fields_are_consistent() -> None:
    """Notes repeat fields of their author and project, and every person has contacts."""
    fake = FakeIntervals(notes=300, people=20, projects=15)
    people = {row["id"]: row for row in fake.rows("person")}
    projects = {row["id"]: row for row in fake.rows("project")}
    for note in fake.rows("projectnote"):
        author = people[note["authorid"]]
        assert note["author"] == f"{author['firstname']} {author['lastname'] or ''}".strip()
        assert note["projectactive"] == projects[note["projectid"]]["active"]
    contacts = [row["personid"] for row in fake.rows("personcontact")]
    assert set(contacts) == people.keys()
    assert all(1 <= contacts.count(person) <= 4 for person in people)
    clients = {row["id"] for row in fake.rows("client")}
    assert {row["clientid"] for row in projects.values()} <= clients | {None}


def test_small_accounts() -> None:
    """A server works without projects, without clients, or with one person."""
    assert FakeIntervals(projects=0).rows("projectnote") == []
    lonely = FakeIntervals(people=1, clients=0, projects=2)
    assert {row["clientid"] for row in lonely.rows("project")} == {None}
    assert len(lonely.rows("person")) == 1


def test_notes_are_about_a_kilobyte() -> None:
    """Project notes have about one kilobyte, with fields in the documented order."""
    notes = FakeIntervals(notes=500).wire_rows("projectnote")
    assert 700 < sum(len(str(note)) for note in notes) / len(notes) < 1300
    assert list(notes[0])[:5] == ["id", "projectid", "authorid", "title", "note"]
    assert len(notes[0]) == 16


async def test_log() -> None:
    """The log contains each request and its response status in order."""
    times = iter((1.5, 2.5, 3.5))
    async with FakeIntervals(notes=2, per_minute=None, clock=lambda: next(times)) as fake:
        await send(fake, "projectnote/", {"limit": "1"}, headers={"X-Own": "yes"})
        await send(fake, "person/", method="POST", body={"firstname": "Ä"})
        await send(fake, "person/", method="POST", raw=b"{")
        first, second, third = fake.log
        assert (first.method, first.path, first.query) == ("GET", "/projectnote/", {"limit": "1"})
        assert first.headers["x-own"] == "yes"
        assert (first.status, first.body, first.at) == (200, None, 1.5)
        assert (second.status, second.body, second.at) == (400, {"firstname": "Ä"}, 2.5)
        assert third.body is None
        fake.clear_log()
        assert fake.log == ()
        assert fake.requests == 3


async def test_log_hides_credentials_in_its_repr() -> None:
    """The repr of the log does not contain the token."""
    async with FakeIntervals(notes=0) as fake:
        await send(fake, "me/")
        seen = fake.log[0]
        assert seen.headers["authorization"] == credentials(fake.token)
        assert credentials(fake.token) not in repr(seen)
        assert "***" in repr(fake.log)


async def test_clearing_the_log_during_a_request() -> None:
    """A request in progress while the log is cleared does not appear in it later."""
    async with FakeIntervals(notes=0) as fake:
        fake.between(lambda server, seen: server.clear_log())
        await send(fake, "me/")
        assert fake.log == ()


async def test_latency() -> None:
    """Latency delays every response, but not the stop of the server."""
    async with FakeIntervals(notes=0, latency=0.001) as fake:
        assert (await send(fake, "me/")).status == 200
    fake = FakeIntervals(notes=0, latency=3600)
    arrived = asyncio.Event()
    fake.between(lambda server, seen: arrived.set())
    await fake.start()
    pending = asyncio.create_task(send(fake, "me/"))
    await arrived.wait()
    await fake.stop()
    with pytest.raises(aiohttp.ClientConnectionError):
        await pending


async def test_between() -> None:
    """A callback runs before each request until it is removed."""
    seen_paths: list[str] = []

    def grow(fake: FakeIntervals, seen: SeenRequest) -> None:
        seen_paths.append(seen.path)
        fake.insert("projectnote", title="new")

    async with FakeIntervals(notes=1) as fake:
        take_off = fake.between(grow)
        assert (await send(fake, "projectnote/")).json["listcount"] == 2
        assert (await send(fake, "projectnote/")).json["listcount"] == 3
        take_off()
        assert (await send(fake, "projectnote/")).json["listcount"] == 3
    assert seen_paths == ["/projectnote/"] * 2


async def test_insert_remove_touch() -> None:
    """Inserted, removed, changed and moved records appear in the next responses."""
    async with FakeIntervals(notes=4) as fake:
        first, second, third, fourth = (row["id"] for row in fake.rows("projectnote"))
        assert isinstance(second, int)
        assert isinstance(third, int)
        middle = fake.insert("projectnote", before=second, title="middle", author="X & Y")
        assert await ids(fake, "projectnote") == [first, middle, second, third, fourth]
        fake.remove("projectnote", second)
        fake.touch("projectnote", third, title="moved", reorder=True)
        assert await ids(fake, "projectnote") == [first, middle, fourth, third]
        fake.touch("projectnote", middle, title="<b>")
        page = (await send(fake, "projectnote/")).json["projectnote"]
        assert [page[1]["title"], page[3]["title"]] == ["&lt;b&gt;", "moved"]
        assert page[1]["author"] == "X &amp; Y"
        assert page == fake.wire_rows("projectnote")


async def test_values_of_records_can_be_inserted() -> None:
    """Rows take decimals and tuples of ids, as records have them."""
    async with FakeIntervals(notes=1) as fake:
        task = fake.insert("task", estimate=Decimal("1.25"), assigneeid=(207, 208))
        fake.touch("task", task, estimate=Decimal("2.50"))
        row = next(row for row in fake.rows("task") if row["id"] == task)
        assert (row["estimate"], row["assigneeid"]) == (2.5, "207,208")
        async with IntervalsClient(fake.token, base_url=fake.url) as client:
            record = await client.task.get(task)
        assert (record.estimate, record.assigneeid) == (Decimal("2.5"), (207, 208))


def test_insert_sets_missing_fields() -> None:
    """Every resource with rows accepts a record without fields."""
    fake = FakeIntervals(notes=1)
    names = ("projectnote", "person", "project", "personcontact")
    for resource in (*names, "contacttype", "client"):
        identity = fake.insert(
            resource, **({} if resource in names else _empty_fields(fake, resource))
        )
        assert identity in [row["id"] for row in fake.rows(resource)]
    assert fake.insert("projectnote", id=9_000_000) == 9_000_000
    assert fake.insert("projectnote") == 9_000_001
    assert FakeIntervals(projects=0).insert("projectnote", title="stray") > 0


def _empty_fields(fake: FakeIntervals, resource: str) -> dict[str, Any]:
    """Return None for every field of a resource except the id."""
    return {name: None for name in fake.rows(resource)[0] if name != "id"}


def test_invalid_changes_of_data() -> None:
    """An unknown field, id or resource raises an error that names it."""
    fake = FakeIntervals(notes=1)
    with pytest.raises(TypeError, match="nope"):
        fake.insert("projectnote", nope=1)
    with pytest.raises(TypeError, match="nope"):
        fake.touch("projectnote", 1, nope=1)
    with pytest.raises(TypeError, match=r"^id: .*'7'"):
        fake.insert("projectnote", id="7")
    with pytest.raises(ValueError, match=r"^id: "):
        fake.insert("projectnote", id=fake.rows("projectnote")[0]["id"])
    with pytest.raises(ValueError, match=r"^before: .* 5$"):
        fake.insert("projectnote", before=5)
    with pytest.raises(LookupError):
        fake.remove("projectnote", 5)
    with pytest.raises(LookupError):
        fake.touch("projectnote", 5, title="x")
    with pytest.raises(LookupError, match="'me'"):
        fake.rows("me")


async def test_refusing_connections() -> None:
    """The server refuses connections inside ``refusing``, and listens on the same port after it."""
    async with FakeIntervals(notes=0) as fake, aiohttp.ClientSession() as session:
        url = fake.url

        async def status() -> int:
            async with session.get(url) as response:
                await response.read()
                return response.status

        assert await status() == 401
        async with fake.refusing():
            with pytest.raises(aiohttp.ClientConnectionError):
                await status()
            with pytest.raises(aiohttp.ClientConnectorError):
                await status()
        assert fake.url == url
        assert await status() == 401


async def test_request_in_progress_while_refusing() -> None:
    """A request that arrived before ``refusing`` still receives its response."""
    event, arrived = asyncio.Event(), asyncio.Event()
    async with FakeIntervals(notes=0) as fake:
        fake.inject(faults.Hold(event))
        fake.between(lambda server, seen: arrived.set())
        pending = asyncio.create_task(send(fake, "me/"))
        await arrived.wait()
        async with fake.refusing():
            event.set()
            assert (await pending).status == 200


async def test_stopping_while_refusing() -> None:
    """A server stopped inside ``refusing`` does not listen again."""
    async with FakeIntervals(notes=0) as fake:
        async with fake.refusing():
            await fake.stop()
        with pytest.raises(RuntimeError):
            _ = fake.url


async def test_stop_with_hanging_clients() -> None:
    """Stopping ends held, unread, half-sent and idle requests at once."""
    fake = FakeIntervals(notes=0)
    event = asyncio.Event()
    fake.inject(faults.Hold(event))
    fake.inject(faults.Hold(event, "body"))
    fake.inject(faults.Delay(3600))
    fake.inject(faults.SlowBody(1, pause=3600))
    fake.inject(faults.Huge(50_000_000))
    arrived = asyncio.Semaphore(0)
    fake.between(lambda server, seen: arrived.release())
    await fake.start()
    host, port = fake.url.removeprefix("http://").strip("/").split(":")
    writers: list[asyncio.StreamWriter] = []
    for _ in range(6):
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /me/ HTTP/1.1\r\nHost: x\r\n\r\n")
        writers.append(writer)
        await arrived.acquire()
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /me/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
    writers.append(writer)
    await writer.drain()
    async with asyncio.timeout(5):
        await fake.stop()
    assert [seen.status for seen in fake.log[:5]] == [None] * 5
    for writer in writers:
        writer.transport.abort()
    del writer, writers
    gc.collect()


async def test_client_disconnects() -> None:
    """The server keeps working when a client disconnects during a response."""
    event = asyncio.Event()
    async with FakeIntervals(notes=50) as fake:
        fake.inject(faults.Hold(event, "body"))
        arrived = asyncio.Event()
        fake.between(lambda server, seen: arrived.set())
        pending = asyncio.create_task(send(fake, "projectnote/"))
        await arrived.wait()
        pending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await pending
        event.set()
        assert (await send(fake, "me/")).status == 200
        assert fake.log[0].path == "/projectnote/"
