"""The life of a client: created anywhere, used by many tasks, and closed in any state."""

from __future__ import annotations

import asyncio
import gc
import inspect
import os
import pydoc
import re
import rlcompleter
import weakref
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, Mock, create_autospec, patch

import aiohttp
import pytest

from intervals_async import ArgumentError, ClientClosedError, IntervalsClient, Limit, resources
from intervals_async.limits.sqlite import SqliteLimitStore
from intervals_async.testing import FakeIntervals, faults

from .rows import ids


async def test_token_and_base_url_may_come_from_the_environment(
    fake: FakeIntervals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arguments take precedence over INTERVALS_TOKEN and INTERVALS_BASE_URL."""
    monkeypatch.setenv("INTERVALS_TOKEN", f" {fake.token}\n")
    monkeypatch.setenv("INTERVALS_BASE_URL", fake.url.rstrip("/"))
    async with IntervalsClient() as client:
        assert (await client.me.get()).group == "Administrator"
    async with IntervalsClient(fake.token_for("Manager")) as client:
        assert (await client.me.get()).group == "Manager"


def test_a_missing_token_names_the_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error about a missing token names INTERVALS_TOKEN."""
    monkeypatch.delenv("INTERVALS_TOKEN", raising=False)
    with pytest.raises(ArgumentError, match="INTERVALS_TOKEN"):
        IntervalsClient()


@pytest.mark.parametrize("empty", ["", " \n"])
def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch, empty: str) -> None:
    """An empty INTERVALS_BASE_URL is the default, and an empty INTERVALS_TOKEN is no token."""
    monkeypatch.setenv("INTERVALS_BASE_URL", empty)
    assert "https://api.myintervals.com/" in repr(IntervalsClient("token"))
    monkeypatch.setenv("INTERVALS_TOKEN", empty)
    with pytest.raises(ArgumentError, match="INTERVALS_TOKEN"):
        IntervalsClient()


@pytest.mark.parametrize(
    "wrong",
    [{"timeout": 0}, {"connect_timeout": -1}, {"timeout": float("nan")}, {"base_url": "nonsense"}],
)
def test_wrong_settings_are_rejected(wrong: dict[str, Any]) -> None:
    """Wrong settings are rejected when the client is created."""
    with pytest.raises(ArgumentError):
        IntervalsClient("abc12345678", **wrong)


async def test_a_subclass_has_all_resources(fake: FakeIntervals) -> None:
    """A subclass with annotations of its own has all resources."""

    class Ours(IntervalsClient):
        name: str = "ours"

    async with Ours(fake.token, base_url=fake.url) as client:
        assert (await client.me.get()).group == "Administrator"
        assert {"task", "name"} <= {*dir(client)}


@pytest.mark.parametrize("read", ["page", "record", "chunks", "file"])
async def test_closing_ends_a_read_in_progress(read: str, tmp_path: Path) -> None:
    """Closing the client ends a read in progress at once with ClientClosedError."""
    half = asyncio.Event()

    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
        writer.write(head + b'{"listcount":9,"projectnote":[')
        await writer.drain()
        half.set()
        await reader.read()
        writer.close()

    async def take(client: IntervalsClient) -> None:
        match read:
            case "page":
                await client.projectnote.list().collect()
            case "record":
                await client.projectnote.get(9)
            case "file":
                await client.document.download(7).save(tmp_path / "file")
            case _:
                async with client.document.download(7).open() as chunks:
                    async for _ in chunks:
                        pass

    server = await asyncio.start_server(stall, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        client = IntervalsClient("abc12345678", base_url=f"http://127.0.0.1:{port}/", limits=())
        reading = asyncio.create_task(take(client))
        await half.wait()
        for _ in range(20):  # until the first half has arrived
            await asyncio.sleep(0)
        await client.close()
        with pytest.raises(ClientClosedError):
            await asyncio.wait_for(reading, 10)
    assert not os.listdir(tmp_path)


def test_a_client_may_be_created_outside_of_a_loop() -> None:
    """A client may be created and closed without ever using a loop."""
    client = IntervalsClient("abc12345678")
    assert not client.closed
    asyncio.run(client.close())
    assert client.closed


def test_a_client_belongs_to_one_loop() -> None:
    """Using a client in a second event loop raises ClientClosedError."""

    async def start() -> tuple[FakeIntervals, IntervalsClient]:
        fake = FakeIntervals(notes=1)
        await fake.start()
        client = IntervalsClient(fake.token, base_url=fake.url)
        await client.me.get()
        return fake, client

    async def again(client: IntervalsClient) -> None:
        with pytest.raises(ClientClosedError, match="another event loop"):
            await client.me.get()

    with asyncio.Runner() as runner:
        fake, client = runner.run(start())
        asyncio.run(again(client))
        runner.run(client.close())
        runner.run(fake.stop())


async def test_a_session_that_was_passed_in_is_not_changed(fake: FakeIntervals) -> None:
    """A session that was passed in is neither closed nor changed."""
    async with aiohttp.ClientSession(headers={"X-Mine": "1"}) as session:
        async with IntervalsClient(fake.token, base_url=fake.url, session=session) as client:
            await client.me.get()
        assert not session.closed
        assert dict(session.headers) == {"X-Mine": "1"}
        assert fake.log[0].headers["x-mine"] == "1"
        with pytest.raises(ClientClosedError):
            await client.me.get()


async def test_a_closed_session_is_an_error(fake: FakeIntervals) -> None:
    """Using a client whose session was closed raises ClientClosedError that names the session."""
    session = aiohttp.ClientSession()
    await session.close()
    async with IntervalsClient(fake.token, base_url=fake.url, session=session) as client:
        with pytest.raises(ClientClosedError, match="aiohttp session"):
            await client.me.get()


async def test_calls_of_a_closed_client_fail(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """Closing twice is no error, but calls of a closed client raise ClientClosedError."""
    await intervals.me.get()
    await intervals.close()
    await intervals.close()
    with pytest.raises(ClientClosedError):
        await intervals.me.get()
    assert fake.requests == 1


async def test_an_unused_client_can_be_closed() -> None:
    """A client that was never used can be closed."""
    async with IntervalsClient("abc12345678") as client:
        assert not client.closed
    assert client.closed


async def test_closing_ends_the_calls_of_other_tasks(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """Closing ends the calls and streams of other tasks with ClientClosedError."""
    fake.inject(faults.Hold(asyncio.Event()), times=None)
    users = [asyncio.ensure_future(intervals.me.get()) for _ in range(3)]
    stream = intervals.projectnote.list().stream(page_size=5, concurrency=4)
    users.append(asyncio.ensure_future(anext(stream)))  # type: ignore[arg-type]  # the results are not used
    while fake.requests < 4:
        await asyncio.sleep(0)
    await intervals.close()
    results = await asyncio.gather(*users, return_exceptions=True)
    assert [type(result) for result in results] == [ClientClosedError] * 4


async def test_closing_during_a_write_leaves_its_outcome_unknown(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """The error of a write in progress says that its outcome is unknown."""
    fake.inject(faults.Hold(asyncio.Event(), "after"), times=None)
    write = asyncio.ensure_future(intervals.projectnote.delete(5))
    while not fake.requests:
        await asyncio.sleep(0)
    await intervals.close()
    with pytest.raises(ClientClosedError, match="outcome of the write is unknown"):
        await write


async def test_closing_ends_all_waits(fake: FakeIntervals) -> None:
    """Closing ends waits for the rate limits and for the next attempt."""
    client = IntervalsClient(fake.token, base_url=fake.url, limits=[Limit(1, per=1e6)])
    fake.inject(faults.Status(500))
    users = [asyncio.ensure_future(client.me.get()) for _ in range(3)]
    while not fake.log or fake.log[0].status is None:
        await asyncio.sleep(0)
    for _ in range(100):
        await asyncio.sleep(0)
    await client.close()
    results = await asyncio.gather(*users, return_exceptions=True)
    assert [type(result) for result in results] == [ClientClosedError] * 3


async def test_many_tasks_share_one_client(fake: FakeIntervals, intervals: IntervalsClient) -> None:
    """Many tasks may share a client, and each gets its own response."""
    notes = ids(fake)
    found = await asyncio.gather(*(intervals.projectnote.get(note) for note in notes))
    assert [note.id for note in found] == notes


@pytest.mark.slow
async def test_a_client_does_not_grow(fake: FakeIntervals, intervals: IntervalsClient) -> None:
    """A client keeps no objects of past calls."""

    async def some_calls() -> int:
        for _ in range(100):
            await intervals.me.get()
        fake.clear_log()
        gc.collect()
        return len(gc.get_objects())

    await some_calls()
    before = await some_calls()
    after = await some_calls()
    assert after - before < 100, "at least one object per call is left"


async def test_a_closed_client_is_garbage_collected(fake: FakeIntervals) -> None:
    """A closed client without references is garbage collected."""
    client = IntervalsClient(fake.token, base_url=fake.url)
    await client.me.get()
    await client.close()
    reference = weakref.ref(client)
    del client
    gc.collect()
    assert reference() is None


async def test_clients_may_share_the_limits(fake: FakeIntervals, tmp_path: Path) -> None:
    """Two clients share a limit store, and closing one of them does not close the store."""
    async with SqliteLimitStore(tmp_path / "limits.sqlite") as store:
        one, other = (
            IntervalsClient(fake.token, base_url=fake.url, limit_store=store) for _ in range(2)
        )
        async with other:
            async with one:
                await one.me.get()
            await other.me.get()
            budget = await other.budget()
    assert (budget.limits[0].used, budget.requests) == (3, 2)


def test_resources_can_be_mocked() -> None:
    """A mock with the spec of a client has its resources and no other attributes."""
    mock = Mock(spec=IntervalsClient)
    mock.task.get.return_value = "a task"
    assert mock.task.get(7) == "a task"
    assert isinstance(mock, IntervalsClient)
    for name in resources.names():
        assert getattr(mock, name)
    with pytest.raises(AttributeError):
        _ = mock.tasks
    specified: Any = create_autospec(IntervalsClient, instance=True)
    assert specified.task
    with pytest.raises(TypeError):
        specified.with_options(colour="red")


async def test_a_resource_can_be_patched(fake: FakeIntervals, intervals: IntervalsClient) -> None:
    """A resource of a client can be patched, before and after its first use."""
    used = intervals.project
    for name in ("task", "project"):
        with patch.object(intervals, name) as patched:
            patched.get = AsyncMock(return_value="patched")
            assert await getattr(intervals, name).get(7) == "patched"
        assert type(getattr(intervals, name)) is resources.resource_class(name)
    assert intervals.project is used
    with patch.object(type(intervals.task), "get", AsyncMock(return_value="patched")):
        patched_result: Any = await intervals.task.get(7)
        assert patched_result == "patched"
    assert fake.requests == 0


def test_help_describes_the_resources() -> None:
    """`help` shows a line for each resource, and the filters and fields of its methods."""
    words = pydoc.plain(pydoc.render_doc(IntervalsClient))
    for name in resources.names():
        stated = inspect.getdoc(inspect.getattr_static(IntervalsClient, name))
        assert stated is not None
        assert re.search(rf"^ \|  {name} = .*\n \|      {re.escape(stated)}$", words, re.MULTILINE)
    client = IntervalsClient("abc12345678")
    words = pydoc.plain(pydoc.render_doc(client.task.list))
    assert all(f"{name}," in words for name in ("projectid", "overdue", "sortfield"))
    assert "TaskFilters" in words
    assert "statusid" in (inspect.getdoc(client.task.create) or "")
    assert "TaskUpdate" in (inspect.getdoc(client.task.update) or "")
    assert [*inspect.signature(client.task.list).parameters] == ["offset", "limit", "filters"]
    assert (inspect.getdoc(client.tasknote.list) or "").endswith("sortfield, sortdir.")
    assert "Filters" not in (inspect.getdoc(client.contacttype.list) or "")


def test_completion_offers_the_resources() -> None:
    """Completion in a REPL offers the resources."""
    client = IntervalsClient("abc12345678")
    completer = rlcompleter.Completer({"client": client})
    offered = {completer.complete("client.task", state) for state in range(5)}
    assert {"client.task", "client.tasknote", "client.taskstatus"} <= offered
    assert {*resources.names()} <= {*dir(client)}


async def test_a_view_has_resources_of_its_own(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """The resources of a view have the options of the view."""
    unchecked = intervals.with_options(checked=False)
    assert unchecked.task is unchecked.task is not intervals.task
    with pytest.raises(ArgumentError):
        intervals.resource("task").list(colour="red")
    unchecked.resource("task").list(colour="red")
    assert unchecked.limits == intervals.limits
