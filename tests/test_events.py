"""The events of a client, as the hook and the log receive them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import aiohttp
import pytest

from intervals_async import (
    ArgumentError,
    Event,
    IntervalsClient,
    Limit,
    LimitWait,
    PageReceived,
    RequestFailed,
    RequestSent,
    ResponseReceived,
    RetryScheduled,
    ValidationError,
)
from intervals_async.testing import FakeIntervals, faults

from .conftest import AT_ONCE


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Return the library's log from DEBUG on."""
    with caplog.at_level(logging.DEBUG, logger="intervals_async"):
        yield caplog


async def test_the_events_of_a_call(fake: FakeIntervals) -> None:
    """A call reports request, failure, retry, request, response and page in order."""
    events: list[Event] = []
    fake.inject(faults.DropBefore())
    async with IntervalsClient(
        fake.token, base_url=fake.url, retry=AT_ONCE, on_event=events.append
    ) as client:
        await client.projectnote.list(projectid=301).collect()
    url = f"{fake.url}projectnote/?projectid=301&offset=0&limit=100"
    first, failed, retry, second, response, page = events
    assert isinstance(first, RequestSent)
    assert (first.method, first.url, first.resource) == ("GET", url, "projectnote")
    assert (first.attempt, first.body) == (1, None)
    assert isinstance(failed, RequestFailed)
    assert (failed.attempt_id, failed.error) == (first.attempt_id, "ConnectionLostError")
    assert isinstance(retry, RetryScheduled)
    assert (retry.path, retry.attempt, retry.wait) == ("/projectnote/", 1, 0.0)
    assert isinstance(second, RequestSent)
    assert second.attempt == 2
    assert isinstance(response, ResponseReceived)
    assert response.attempt_id == second.attempt_id != first.attempt_id
    assert (response.status, response.error, response.body) == (200, None, None)
    assert response.size > 0
    assert response.seconds > 0
    assert isinstance(page, PageReceived)
    assert (page.resource, page.offset, page.listcount) == ("projectnote", 0, page.records)


async def test_an_error_response_is_reported_with_its_class(fake: FakeIntervals) -> None:
    """ResponseReceived names the class of the error in the response."""
    events: list[Event] = []
    fake.inject(faults.Status(400, code=18))
    async with IntervalsClient(fake.token, base_url=fake.url, on_event=events.append) as client:
        with pytest.raises(ValidationError):
            await client.me.get()
    response = events[-1]
    assert isinstance(response, ResponseReceived)
    assert (response.status, response.error) == (400, "ValidationError")


async def test_a_cancelled_request_is_reported(fake: FakeIntervals) -> None:
    """A request that is cancelled ends with a RequestFailed event."""
    events: list[Event] = []
    fake.inject(faults.Hold(asyncio.Event()))
    async with IntervalsClient(fake.token, base_url=fake.url, on_event=events.append) as client:
        call = asyncio.ensure_future(client.me.get())
        while not fake.requests:
            await asyncio.sleep(0)
        call.cancel()
        await asyncio.wait([call])
    assert isinstance(events[-1], RequestFailed)
    assert events[-1].error == "CancelledError"


async def test_waiting_for_the_limits_is_reported(
    fake: FakeIntervals, log: pytest.LogCaptureFixture
) -> None:
    """A wait for the rate limits is reported and logged."""
    events: list[Event] = []
    async with IntervalsClient(
        fake.token, base_url=fake.url, limits=[Limit(1, per=1e6)], on_event=events.append
    ) as client:
        await client.me.get()
        call = asyncio.ensure_future(client.projectnote.list().collect())
        while not isinstance(events[-1], LimitWait):
            await asyncio.sleep(0)
        call.cancel()
        await asyncio.wait([call])
    wait = events[-1]
    assert isinstance(wait, LimitWait)
    assert wait.bulk
    assert 1e6 - 60 < wait.seconds <= 1e6
    assert "waiting for the rate limits" in log.text


async def test_events_have_bodies_only_on_request(
    fake: FakeIntervals, log: pytest.LogCaptureFixture
) -> None:
    """Events hold bodies with show_bodies=True only, and the log never does."""
    events: list[Event] = []
    async with IntervalsClient(
        fake.token, base_url=fake.url, on_event=events.append, show_bodies=True
    ) as client:
        note = await client.projectnote.list().first()
        assert note is not None
        await client.projectnote.update(note.id, title="a secret title")
    sent = [event.body for event in events if isinstance(event, RequestSent)]
    assert sent == [None, b'{"title":"a secret title"}']
    received = [event.body for event in events if isinstance(event, ResponseReceived)]
    assert all(body and b"projectnote" in body for body in received)
    assert "a secret title" not in log.text
    assert "a secret title" not in repr(events[0])


async def test_an_error_of_the_hook_is_logged(
    fake: FakeIntervals, log: pytest.LogCaptureFixture
) -> None:
    """An error in the hook is logged and does not affect the call."""

    def hook(event: Event) -> None:
        raise RuntimeError("the hook is broken")

    async with IntervalsClient(fake.token, base_url=fake.url, on_event=hook) as client:
        assert (await client.me.get()).id
    assert "on_event failed for RequestSent" in log.text


async def test_log_levels(fake: FakeIntervals, log: pytest.LogCaptureFixture) -> None:
    """Success is logged at DEBUG, and a failure that is retried at WARNING."""
    fake.inject(faults.Status(500))
    async with IntervalsClient(fake.token, base_url=fake.url, retry=AT_ONCE) as client:
        assert [note async for note in client.projectnote.list().stream(page_size=50)]
    levels = [(record.levelname, record.getMessage().split(" ")[0]) for record in log.records]
    assert levels == [
        ("DEBUG", "GET"),
        ("DEBUG", "GET"),
        ("WARNING", "GET"),
        ("DEBUG", "GET"),
        ("DEBUG", "GET"),
        ("DEBUG", "projectnote:"),
    ]
    assert {record.name for record in log.records} == {"intervals_async"}


async def test_trace_configs_pass_through(fake: FakeIntervals) -> None:
    """Trace configs are passed to the client's own session, and rejected with another one."""
    seen: list[str] = []
    trace = aiohttp.TraceConfig()

    async def note_it(
        session: aiohttp.ClientSession, context: object, params: aiohttp.TraceRequestStartParams
    ) -> None:
        seen.append(params.url.path)

    trace.on_request_start.append(note_it)
    async with IntervalsClient(fake.token, base_url=fake.url, trace_configs=[trace]) as client:
        await client.me.get()
    assert seen == ["/me/"]
    async with aiohttp.ClientSession() as session:
        with pytest.raises(ArgumentError, match="trace_configs"):
            IntervalsClient(fake.token, session=session, trace_configs=[trace])
