"""What a client tells of its doings, to the hook and to the log."""

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
    RetryPolicy,
    RetryScheduled,
)
from intervals_async.testing import FakeIntervals, faults

AT_ONCE = RetryPolicy(wait_initial=0, wait_too_fast=0)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Give the library's log from DEBUG on."""
    with caplog.at_level(logging.DEBUG, logger="intervals_async"):
        yield caplog


async def test_a_call_is_told_from_beginning_to_end(fake: FakeIntervals) -> None:
    """Request, failure, retry, request, answer, page: in order, with what belongs together."""
    events: list[Event] = []
    fake.inject(faults.DropBefore())
    async with IntervalsClient(
        fake.token, base_url=fake.url, retry=AT_ONCE, on_event=events.append
    ) as client:
        await client.projectnote.list(projectid=301).collect()
    url = f"{fake.url}projectnote/?projectid=301&offset=0&limit=100"
    first, failed, retry, second, answer, page = events
    assert isinstance(first, RequestSent)
    assert (first.method, first.url, first.resource) == ("GET", url, "projectnote")
    assert (first.attempt, first.body) == (1, None)
    assert isinstance(failed, RequestFailed)
    assert (failed.attempt_id, failed.error) == (first.attempt_id, "ConnectionLostError")
    assert isinstance(retry, RetryScheduled)
    assert (retry.path, retry.attempt, retry.wait) == ("/projectnote/", 1, 0.0)
    assert isinstance(second, RequestSent)
    assert second.attempt == 2
    assert isinstance(answer, ResponseReceived)
    assert answer.attempt_id == second.attempt_id != first.attempt_id
    assert (answer.status, answer.error, answer.body) == (200, None, None)
    assert answer.size > 0
    assert answer.seconds > 0
    assert isinstance(page, PageReceived)
    assert (page.resource, page.offset, page.listcount) == ("projectnote", 0, page.records)


async def test_a_bad_answer_is_told_with_its_error(fake: FakeIntervals) -> None:
    """The status alone does not say which of the twenty codes it was."""
    events: list[Event] = []
    fake.inject(faults.Status(400, code=18))
    async with IntervalsClient(fake.token, base_url=fake.url, on_event=events.append) as client:
        with pytest.raises(Exception, match="code 18"):
            await client.me.get()
    answer = events[-1]
    assert isinstance(answer, ResponseReceived)
    assert (answer.status, answer.error) == (400, "ValidationError")


async def test_a_call_that_was_given_up_is_told(fake: FakeIntervals) -> None:
    """Every request that is told of has an end that is told of."""
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


async def test_waiting_for_the_limits_is_told(
    fake: FakeIntervals, log: pytest.LogCaptureFixture
) -> None:
    """Who looks at an export that stands still sees why."""
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
    assert "waiting for the limits" in log.text


async def test_bodies_are_shown_to_those_who_ask(
    fake: FakeIntervals, log: pytest.LogCaptureFixture
) -> None:
    """They hold the account's content, so by default they are not; the log never has them."""
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


async def test_a_hook_that_fails_harms_no_call(
    fake: FakeIntervals, log: pytest.LogCaptureFixture
) -> None:
    """Its error is logged."""

    def hook(event: Event) -> None:
        raise RuntimeError("the hook is broken")

    async with IntervalsClient(fake.token, base_url=fake.url, on_event=hook) as client:
        assert (await client.me.get()).id
    assert "on_event failed for RequestSent" in log.text


async def test_the_levels_make_sense(fake: FakeIntervals, log: pytest.LogCaptureFixture) -> None:
    """DEBUG for what goes well, WARNING for what goes wrong and is tried again."""
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
    """Whoever uses aiohttp's own traces goes on using them."""
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
        with pytest.raises(ArgumentError, match="belong to the session"):
            IntervalsClient(fake.token, session=session, trace_configs=[trace])
