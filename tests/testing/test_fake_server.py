"""The server's life, its log and its data as a test sees them."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import aiohttp
import pytest

from intervals_async.testing import FakeIntervals, SeenRequest, faults

from .asking import ask, credentials, ids


async def test_starts_and_stops_twice() -> None:
    """Starting what listens and stopping what has stopped do nothing."""
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


async def test_starts_again_with_its_data() -> None:
    """The data outlive a stop."""
    fake = FakeIntervals(notes=3)
    async with fake:
        fake.insert("projectnote", title="kept")
    async with fake:
        assert (await ask(fake, "projectnote/")).json["listcount"] == 4


async def test_a_port_that_is_taken() -> None:
    """A server that cannot listen says so and leaves nothing behind."""
    async with FakeIntervals(notes=0) as fake:
        second = FakeIntervals(notes=0, port=int(fake.url.rsplit(":", 1)[1].strip("/")))
        with pytest.raises(OSError, match="address already in use"):
            await second.start()
        await second.stop()


async def test_listens_on_ipv6() -> None:
    """An IPv6 address stands in brackets in the URL."""
    async with FakeIntervals(notes=1, host="::1") as fake:
        assert fake.url.startswith("http://[::1]:")
        assert (await ask(fake, "projectnote/")).status == 200


def test_needs_somebody() -> None:
    """Without people there is no token, so none is an error."""
    with pytest.raises(ValueError, match="people"):
        FakeIntervals(people=0)


def test_the_seed_decides() -> None:
    """The same seed gives the same data and tokens, another seed others."""
    first, same, other = FakeIntervals(seed=7), FakeIntervals(seed=7), FakeIntervals(seed=8)
    for resource in ("projectnote", "person", "project", "personcontact", "contacttype"):
        assert first.wire_rows(resource) == same.wire_rows(resource)
    assert first.wire_rows("projectnote") != other.wire_rows("projectnote")
    assert first.token == same.token != other.token
    assert len(first.token) == 11


def test_tokens_by_group() -> None:
    """Every group has a person with a token of their own; an unknown group is an error."""
    fake = FakeIntervals(token="mytoken1234")
    assert fake.token == fake.token_for("Administrator") == "mytoken1234"
    groups = ("Administrator", "Manager", "Resource", "Executive")
    assert len({fake.token_for(group) for group in groups}) == 4
    with pytest.raises(LookupError, match="Client"):
        fake.token_for("Client")


def test_data_hang_together() -> None:
    """Notes point to existing projects and people, projects to clients, contacts to people."""
    fake = FakeIntervals(notes=300, people=20, projects=15)
    people = {row["id"]: row for row in fake.rows("person")}
    projects = {row["id"]: row for row in fake.rows("project")}
    for note in fake.rows("projectnote"):
        author = people[note["authorid"]]
        assert note["author"] == f"{author['firstname']} {author['lastname']}"
        assert note["projectactive"] == projects[note["projectid"]]["active"]
    contacts = [row["personid"] for row in fake.rows("personcontact")]
    assert set(contacts) == people.keys()
    assert all(1 <= contacts.count(person) <= 4 for person in people)
    clients = {row["id"] for row in fake.rows("client")}
    assert {row["clientid"] for row in projects.values()} <= clients | {None}


def test_small_worlds() -> None:
    """A server without projects, clients or notes, or with one person, is a server too."""
    assert FakeIntervals(projects=0).rows("projectnote") == []
    lonely = FakeIntervals(people=1, clients=0, projects=2)
    assert {row["clientid"] for row in lonely.rows("project")} == {None}
    assert len(lonely.rows("person")) == 1


def test_notes_are_about_a_kilobyte() -> None:
    """A benchmark's notes have the size of real ones and their fields in the documented order."""
    notes = FakeIntervals(notes=500).wire_rows("projectnote")
    assert 700 < sum(len(str(note)) for note in notes) / len(notes) < 1300
    assert list(notes[0])[:5] == ["id", "projectid", "authorid", "title", "note"]
    assert len(notes[0]) == 16


async def test_log() -> None:
    """The log tells what was asked and how it was answered, in order."""
    times = iter((1.5, 2.5, 3.5))
    async with FakeIntervals(notes=2, per_minute=None, clock=lambda: next(times)) as fake:
        await ask(fake, "projectnote/", {"limit": "1"}, headers={"X-Own": "yes"})
        await ask(fake, "person/", method="POST", body={"firstname": "Ä"})
        await ask(fake, "person/", method="POST", raw=b"{")
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
    """A failed assertion that prints the log does not print the token."""
    async with FakeIntervals(notes=0) as fake:
        await ask(fake, "me/")
        seen = fake.log[0]
        assert seen.headers["authorization"] == credentials(fake.token)
        assert credentials(fake.token) not in repr(seen)
        assert "***" in repr(fake.log)


async def test_clearing_the_log_under_way() -> None:
    """A request that was under way when the log was cleared is not in it later."""
    async with FakeIntervals(notes=0) as fake:
        fake.between(lambda server, seen: server.clear_log())
        await ask(fake, "me/")
        assert fake.log == ()


async def test_latency() -> None:
    """Latency holds back every answer, and stop does not wait for it."""
    async with FakeIntervals(notes=0, latency=0.001) as fake:
        assert (await ask(fake, "me/")).status == 200
    fake = FakeIntervals(notes=0, latency=3600)
    arrived = asyncio.Event()
    fake.between(lambda server, seen: arrived.set())
    await fake.start()
    question = asyncio.create_task(ask(fake, "me/"))
    await arrived.wait()
    await fake.stop()
    with pytest.raises(aiohttp.ClientConnectionError):
        await question


async def test_between() -> None:
    """A callback runs before each request is processed, until it is taken off."""
    seen_paths: list[str] = []

    def grow(fake: FakeIntervals, seen: SeenRequest) -> None:
        seen_paths.append(seen.path)
        fake.insert("projectnote", title="new")

    async with FakeIntervals(notes=1) as fake:
        take_off = fake.between(grow)
        assert (await ask(fake, "projectnote/")).json["listcount"] == 2
        assert (await ask(fake, "projectnote/")).json["listcount"] == 3
        take_off()
        assert (await ask(fake, "projectnote/")).json["listcount"] == 3
    assert seen_paths == ["/projectnote/"] * 2


async def test_insert_remove_touch() -> None:
    """Data can be put in anywhere, taken out, changed and moved, and the answers follow."""
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
        page = (await ask(fake, "projectnote/")).json["projectnote"]
        assert [page[1]["title"], page[3]["title"]] == ["&lt;b&gt;", "moved"]
        assert page[1]["author"] == "X &amp; Y"
        assert page == fake.wire_rows("projectnote")


def test_insert_makes_up_what_is_not_given() -> None:
    """Every resource with rows takes a record without any field."""
    fake = FakeIntervals(notes=1)
    names = ("projectnote", "person", "project", "personcontact")
    for resource in (*names, "contacttype", "client"):
        identity = fake.insert(resource, **({} if resource in names else _all(fake, resource)))
        assert identity == fake.rows(resource)[-1]["id"]
    assert fake.insert("projectnote", id=9_000_000) == 9_000_000
    assert fake.insert("projectnote") == 9_000_001
    assert FakeIntervals(projects=0).insert("projectnote", title="stray") > 0


def _all(fake: FakeIntervals, resource: str) -> dict[str, Any]:
    return {name: None for name in fake.rows(resource)[0] if name != "id"}


def test_wrong_use_of_the_data() -> None:
    """A wrong name, id or place is an error, not a silent nothing."""
    fake = FakeIntervals(notes=1)
    with pytest.raises(TypeError, match="nope"):
        fake.insert("projectnote", nope=1)
    with pytest.raises(TypeError, match="nope"):
        fake.touch("projectnote", 1, nope=1)
    with pytest.raises(TypeError, match="'7'"):
        fake.insert("projectnote", id="7")
    with pytest.raises(ValueError, match="already"):
        fake.insert("projectnote", id=fake.rows("projectnote")[0]["id"])
    with pytest.raises(ValueError, match="5"):
        fake.insert("projectnote", before=5)
    with pytest.raises(LookupError):
        fake.remove("projectnote", 5)
    with pytest.raises(LookupError):
        fake.touch("projectnote", 5, title="x")
    with pytest.raises(LookupError, match="there are client"):
        fake.rows("me")


async def test_refusing_connections() -> None:
    """Inside the block nobody listens; afterwards the same port answers, kept connections too."""
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


async def test_a_request_under_way_while_refusing() -> None:
    """A request that was there before is still answered."""
    event, arrived = asyncio.Event(), asyncio.Event()
    async with FakeIntervals(notes=0) as fake:
        fake.inject(faults.Hold(event))
        fake.between(lambda server, seen: arrived.set())
        question = asyncio.create_task(ask(fake, "me/"))
        await arrived.wait()
        async with fake.refusing():
            event.set()
            assert (await question).status == 200


async def test_stopping_while_refusing() -> None:
    """A server that was stopped inside the block does not listen again."""
    async with FakeIntervals(notes=0) as fake:
        async with fake.refusing():
            await fake.stop()
        with pytest.raises(RuntimeError):
            _ = fake.url


async def test_stop_with_hanging_clients() -> None:
    """Stop ends held requests, unread answers, half-sent requests and idle connections at once."""
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
    assert [seen.status for seen in fake.log] == [None] * 5 + [401]
    for writer in writers:
        writer.transport.abort()
    del writer, writers
    gc.collect()


async def test_a_client_that_goes_away() -> None:
    """A request whose client has left does not disturb the server."""
    event = asyncio.Event()
    async with FakeIntervals(notes=50) as fake:
        fake.inject(faults.Hold(event, "body"))
        arrived = asyncio.Event()
        fake.between(lambda server, seen: arrived.set())
        question = asyncio.create_task(ask(fake, "projectnote/"))
        await arrived.wait()
        question.cancel()
        with pytest.raises(asyncio.CancelledError):
            await question
        event.set()
        assert (await ask(fake, "me/")).status == 200
        assert fake.log[0].path == "/projectnote/"
