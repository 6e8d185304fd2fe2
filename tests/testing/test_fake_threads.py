"""The server's thread: it responds to every kind of test, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import threading
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse
from urllib.error import HTTPError, URLError

import pytest

from intervals_async import IntervalsClient
from intervals_async.testing import FakeIntervals, SeenRequest, faults
from intervals_async.testing._fake import hooks

from .raw_client import credentials, send

NOTE = {"projectid": 301, "title": "t", "note": "n", "secure": "f"}


def get(fake: FakeIntervals, path: str = "me/") -> int:
    """Send a synchronous request, and return its status."""
    request = urllib.request.Request(
        fake.url + path, headers={"Authorization": credentials(fake.token)}
    )
    try:
        response: HTTPResponse
        with urllib.request.urlopen(request, timeout=30) as response:
            response.read()
            return response.status
    except HTTPError as error:
        error.close()
        return error.code


def server_threads() -> list[threading.Thread]:
    """Return the running threads of servers."""
    return [each for each in threading.enumerate() if each.name == "FakeIntervals"]


def test_synchronous_code() -> None:
    """A server works in a plain ``with`` without any event loop."""
    with FakeIntervals(notes=1) as fake:
        assert get(fake) == 200
        assert fake.log[0].status == 200
        fake.inject(faults.Status(500))
        assert [get(fake), get(fake)] == [500, 200]
        with fake.refusing(), pytest.raises(URLError):
            get(fake)
        assert get(fake) == 200
    assert server_threads() == []


async def test_a_blocked_loop() -> None:
    """A server responds while the test blocks the event loop."""
    async with FakeIntervals(notes=1) as fake:
        assert get(fake) == 200


def test_several_loops() -> None:
    """A server responds to several event loops, also to a later one than the one it started in."""
    fake = FakeIntervals(notes=3)

    async def count() -> int:
        async with IntervalsClient(fake.token, base_url=fake.url) as client:
            return await client.projectnote.list().count()

    asyncio.run(fake.start())
    assert [asyncio.run(count()), asyncio.run(count())] == [3, 3]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda _: asyncio.run(count()), range(4))) == [3] * 4
    asyncio.run(fake.stop())
    assert server_threads() == []


def test_a_server_of_the_tests_loop() -> None:
    """With ``in_thread=False`` there is no thread, and a plain ``with`` raises RuntimeError."""
    fake = FakeIntervals(notes=0, in_thread=False)
    with pytest.raises(RuntimeError, match="in_thread"), fake:
        pass

    async def status() -> int:
        async with fake:
            assert server_threads() == []
            return (await send(fake, "me/")).status

    assert asyncio.run(status()) == 200


@pytest.mark.parametrize("in_thread", [True, False])
async def test_callbacks_run_in_the_loop_of_the_test(in_thread: bool) -> None:
    """A callback registered in an event loop may use the loop's events and tasks."""
    seen: list[tuple[int, asyncio.AbstractEventLoop]] = []
    arrived = asyncio.Event()

    def note(server: FakeIntervals, request: SeenRequest) -> None:
        seen.append((threading.get_ident(), asyncio.get_running_loop()))
        arrived.set()

    async with FakeIntervals(notes=0, in_thread=in_thread) as fake:
        fake.between(note)
        pending = asyncio.create_task(send(fake, "me/"))
        await arrived.wait()
        assert (await pending).status == 200
    assert seen == [(threading.get_ident(), asyncio.get_running_loop())]


def test_callbacks_without_a_loop() -> None:
    """A callback registered without an event loop runs in the server's thread."""
    seen: list[str] = []
    with FakeIntervals(notes=0) as fake:
        fake.between(lambda server, request: seen.append(threading.current_thread().name))
        assert get(fake) == 200
    assert seen == ["FakeIntervals"]


async def test_callbacks_of_a_blocked_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """A callback runs once, in the server's thread, if its event loop is blocked."""
    monkeypatch.setattr(hooks, "_BLOCKED_SECONDS", 0.001)
    seen: list[str] = []
    async with FakeIntervals(notes=0) as fake:
        fake.between(lambda server, request: seen.append(threading.current_thread().name))
        assert get(fake) == 200
        await asyncio.sleep(0)
    assert seen == ["FakeIntervals"]


def test_callbacks_of_a_closed_loop() -> None:
    """A callback whose event loop has been closed runs in the server's thread."""
    seen: list[str] = []
    fake = FakeIntervals(notes=0)

    async def register() -> None:
        fake.between(lambda server, request: seen.append(threading.current_thread().name))

    asyncio.run(register())
    with fake:
        assert get(fake) == 200
    assert seen == ["FakeIntervals"]


@pytest.mark.parametrize("in_thread", [True, False])
async def test_errors_of_callbacks(in_thread: bool) -> None:
    """A request whose callback raises an error receives HTTP 500, and the next one works."""

    def fail(server: FakeIntervals, request: SeenRequest) -> None:
        raise ZeroDivisionError

    async with FakeIntervals(notes=0, in_thread=in_thread) as fake:
        remove = fake.between(fail)
        assert (await send(fake, "me/")).status == 500
        remove()
        assert (await send(fake, "me/")).status == 200


async def test_nothing_comes_between_a_callback_and_its_response() -> None:
    """Each of many concurrent requests sees exactly the data that its own callback left."""
    async with FakeIntervals(notes=0, per_minute=None) as fake:
        counts: dict[str, int] = {}

        def grow(server: FakeIntervals, request: SeenRequest) -> None:
            server.insert("projectnote", title="new")
            counts[request.query["search"]] = len(server.rows("projectnote"))

        fake.between(grow)
        queries = [f"n{number}" for number in range(30)]
        responses = await asyncio.gather(
            *(send(fake, "projectnote/", {"search": each, "limit": "1"}) for each in queries)
        )
        assert sorted(counts.values()) == list(range(1, 31))
        assert [response.status for response in responses] == [200] * 30
        assert len(fake.log) == 30


@pytest.mark.parametrize("make", [asyncio.Event, threading.Event])
def test_hold_without_a_loop(make: Callable[[], asyncio.Event | threading.Event]) -> None:
    """A held request continues when an event of any library is set in another thread."""
    event, arrived = make(), threading.Event()
    with FakeIntervals(notes=0) as fake, ThreadPoolExecutor(1) as pool:
        fake.inject(faults.Hold(event))
        fake.between(lambda server, request: arrived.set())
        pending = pool.submit(get, fake)
        assert arrived.wait(30)
        assert not pending.done()
        event.set()
        assert pending.result() == 200


async def test_hold_in_the_tests_loop_by_any_event() -> None:
    """A server in the test's loop looks at events of other libraries."""
    event = threading.Event()
    async with FakeIntervals(notes=0, in_thread=False) as fake:
        fake.inject(faults.Hold(event))
        fake.between(lambda server, request: event.set())
        assert (await send(fake, "me/")).status == 200


def test_stopping_ends_held_requests() -> None:
    """A stop ends held requests and the server's thread, while clients still wait."""
    arrived = threading.Semaphore(0)
    with ThreadPoolExecutor(3) as pool:
        with FakeIntervals(notes=0) as fake:
            fake.inject(faults.Hold(threading.Event()), times=2)
            fake.inject(faults.Delay(3600))
            fake.between(lambda server, request: arrived.release())
            pending = [pool.submit(get, fake) for _ in range(3)]
            for _ in pending:
                assert arrived.acquire(timeout=30)
        assert server_threads() == []
        for each in pending:
            assert each.exception(30) is not None


async def test_stopping_while_a_callback_waits_for_the_loop() -> None:
    """A stop does not wait for a callback that the blocked loop has not run."""
    fake = FakeIntervals(notes=0)
    seen: list[str] = []
    await fake.start()
    fake.between(lambda server, request: seen.append(request.path))
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(get, fake)
        while not fake.requests:
            pass  # the loop stays blocked, so the callback cannot run
        await fake.stop()
        assert pending.exception(30) is not None
    await asyncio.sleep(0)
    assert seen == []


def test_changes_from_many_threads() -> None:
    """Data, faults and the log can be used from many threads during requests."""
    with FakeIntervals(notes=50, per_minute=None, per_day=None) as fake:

        def work(number: int) -> None:
            for _ in range(20):
                identity = fake.insert("projectnote", title=f"by {number}")
                assert get(fake, f"projectnote/{identity}/") == 200
                fake.touch("projectnote", identity, title="x", reorder=True)
                assert len(fake.wire_rows("projectnote")) >= 50
                assert get(fake, "projectnote/?limit=100&search=x") == 200
                fake.remove("projectnote", identity)
                assert fake.log

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(work, range(4))) == [None] * 4
        assert len(fake.rows("projectnote")) == 50
        assert fake.requests == len(fake.log) == 160


def test_a_failed_start_leaves_no_thread() -> None:
    """A server on a port in use raises OSError and leaves no thread behind."""
    with FakeIntervals(notes=0) as fake:
        port = int(fake.url.rsplit(":", 1)[1].strip("/"))
        with pytest.raises(OSError), FakeIntervals(notes=0, port=port):
            pass
        assert len(server_threads()) == 1
    with pytest.raises(RuntimeError):
        fake.refusing().__enter__()


def test_a_loop_that_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the thread's event loop is raised by the start, which can be repeated."""

    def fail() -> asyncio.AbstractEventLoop:
        raise OSError("too many open files")

    fake = FakeIntervals(notes=0)
    with monkeypatch.context() as patched:
        patched.setattr(asyncio.events, "new_event_loop", fail)
        patched.setattr(asyncio, "new_event_loop", fail)
        with pytest.raises(OSError, match="too many"), fake:
            pass
    assert server_threads() == []
    with fake:
        assert get(fake) == 200
