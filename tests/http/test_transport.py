"""Single calls over TCP: which are retried, and what their errors say."""

from __future__ import annotations

import asyncio
import base64
import logging
import pickle
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

import aiohttp
import attrs
import pytest

from intervals_async import (
    AmbiguousWriteError,
    ArgumentError,
    AuthenticationError,
    CallError,
    ClientClosedError,
    ConnectError,
    ConnectionLostError,
    Event,
    IntervalsClient,
    Limit,
    LimitTimeoutError,
    NotFoundError,
    PermissionDeniedError,
    RequestTimeoutError,
    ResponseError,
    RetryPolicy,
    ServerError,
    TooFastError,
    UnknownParameterError,
    ValidationError,
)
from intervals_async.export import JsonLinesSink, export
from intervals_async.testing import FakeIntervals, faults

from ..conftest import AT_ONCE

TRANSIENT = [
    faults.DropBefore(),
    faults.DropAfter(),
    faults.DropInBody(),
    faults.Status(500, code=19),
    faults.Status(500),
    faults.Status(503),
    faults.Html(502),
    faults.Html(504),
    faults.TooFast(),
    faults.TooFast(status=429),
]

FINAL = [
    (faults.Status(503, code=4), CallError),
    (faults.Truncated(), ResponseError),
    (faults.EmptyBody(), ResponseError),
    (faults.Raw(b"<html>hello</html>", content_type="text/html"), ResponseError),
    (faults.Raw(b'{"me": 5}'), ResponseError),
    (faults.Raw(b"", status=302, headers={"Location": "/elsewhere/"}), ResponseError),
    (faults.Status(404, code=14), NotFoundError),
]


Call: TypeAlias = Callable[[IntervalsClient, int], Awaitable[object]]


def create(intervals: IntervalsClient, project: int) -> Awaitable[object]:
    return intervals.projectnote.create(projectid=project, title="new", note="x", secure=False)


CALLS: dict[str, Call] = {
    "GET": lambda intervals, note: intervals.projectnote.get(note),
    "PUT": lambda intervals, note: intervals.projectnote.update(note, title="changed"),
    "DELETE": lambda intervals, note: intervals.projectnote.delete(note),
}


def first_note(fake: FakeIntervals) -> int:
    return int(str(fake.rows("projectnote")[0]["id"]))


@pytest.mark.parametrize("fault", TRANSIENT, ids=repr)
async def test_a_get_is_retried_after_a_transient_failure(
    fake: FakeIntervals, intervals: IntervalsClient, fault: faults.Fault
) -> None:
    """A transient failure of a GET costs one more request and no error."""
    fake.inject(fault)
    await intervals.me.get()
    assert fake.requests == 2


@pytest.mark.parametrize(("fault", "kind"), FINAL, ids=repr)
async def test_a_final_error_is_raised_at_once(
    fake: FakeIntervals, intervals: IntervalsClient, fault: faults.Fault, kind: type[CallError]
) -> None:
    """A final API error or an invalid response is raised without a retry."""
    fake.inject(fault, times=None)
    with pytest.raises(kind) as caught:
        await intervals.me.get()
    assert fake.requests == caught.value.attempts == 1
    assert caught.value.path == "/me/"


@pytest.mark.parametrize("fault", TRANSIENT, ids=repr)
async def test_the_last_error_is_raised_after_four_attempts(
    fake: FakeIntervals, intervals: IntervalsClient, fault: faults.Fault
) -> None:
    """A failure that does not pass is raised with the number of attempts."""
    fake.inject(fault, times=None)
    with pytest.raises(CallError) as caught:
        await intervals.me.get()
    assert fake.requests == caught.value.attempts == 4


@pytest.mark.parametrize(
    "fault",
    [faults.DropBefore(), faults.DropAfter(), faults.DropInBody(), faults.Html(502)],
    ids=repr,
)
async def test_a_post_of_unknown_fate_is_not_retried(
    fake: FakeIntervals, intervals: IntervalsClient, fault: faults.Fault
) -> None:
    """A POST of unknown fate raises AmbiguousWriteError with its cause, and is not retried."""
    fake.inject(fault, method="POST")
    project = int(str(fake.rows("project")[0]["id"]))
    with pytest.raises(AmbiguousWriteError) as caught:
        await intervals.projectnote.create(projectid=project, title="a", note="", secure=False)
    assert caught.value.attempts == fake.requests == 1
    assert isinstance(caught.value.__cause__, ConnectionLostError | ServerError)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_aiohttp_resends_nothing(fake: FakeIntervals, method: str) -> None:
    """Aiohttp does not resend a request after a dropped connection, so every request is counted."""
    note = first_note(fake)
    once = RetryPolicy(attempts=1)
    async with IntervalsClient(fake.token, base_url=fake.url, retry=once) as intervals:
        await intervals.me.get()  # keeps a connection alive
        fake.inject(faults.DropBefore(), method=method, times=None)
        with pytest.raises(ConnectionLostError):
            await CALLS[method](intervals, note)
    assert [seen.method for seen in fake.log] == ["GET", method]


async def test_a_refused_write_is_retried(fake: FakeIntervals, intervals: IntervalsClient) -> None:
    """A write that the rate limit refused was not processed, and is retried."""
    fake.inject(faults.TooFast(), method="PUT")
    note = await intervals.projectnote.update(first_note(fake), title="new & better")
    assert note.title == "new & better"
    assert fake.requests == 2


async def test_a_refused_connection_sends_nothing(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A refused connection raises ConnectError after retries, for writes too."""
    async with fake.refusing():
        with pytest.raises(ConnectError) as caught:
            await intervals.projectnote.delete(5)
    assert caught.value.attempts == 4
    assert fake.requests == 0


async def test_an_unknown_host_is_named() -> None:
    """An unknown host raises ConnectError that names it."""
    async with IntervalsClient(
        "abc12345678", base_url="http://nobody.invalid/", retry=RetryPolicy(attempts=1)
    ) as client:
        with pytest.raises(ConnectError, match=r"nobody\.invalid"):
            await client.me.get()


@pytest.mark.parametrize("where", ["before", "body"])
async def test_the_timeout_covers_headers_and_body(fake: FakeIntervals, where: Any) -> None:
    """The timeout applies to a response that never starts and to one that stalls."""
    fake.inject(faults.Hold(asyncio.Event(), where), times=None)
    async with IntervalsClient(
        fake.token, base_url=fake.url, timeout=0.05, retry=RetryPolicy(attempts=1)
    ) as client:
        with pytest.raises(RequestTimeoutError, match=r"0\.05 s"):
            await client.me.get()


async def test_a_wait_between_attempts_can_be_cancelled(fake: FakeIntervals) -> None:
    """A cancelled wait between attempts ends at once, and the next call works."""
    fake.inject(faults.Status(500))
    patient = RetryPolicy(wait_initial=1e6, wait_max=1e6)
    async with IntervalsClient(
        fake.token, base_url=fake.url, retry=patient, call_timeout=1e9
    ) as client:
        waiting = asyncio.create_task(client.me.get())
        while not fake.requests:
            await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(waiting, 0.05)
        assert (await client.me.get()).id
    assert fake.requests == 2


async def test_too_fast_holds_the_whole_client(fake: FakeIntervals) -> None:
    """After TooFastError, all calls of the client wait."""
    fake.inject(faults.TooFast())
    policy = RetryPolicy(wait_too_fast=1e6, wait_max=1e6)
    async with IntervalsClient(
        fake.token, base_url=fake.url, retry=policy, call_timeout=1e9
    ) as client:
        calls = [asyncio.create_task(client.me.get())]
        while not fake.log or fake.log[0].status is None:
            await asyncio.sleep(0)
        await asyncio.wait(calls, timeout=0.02)
        calls += [asyncio.create_task(client.me.get()) for _ in range(3)]
        done, _ = await asyncio.wait(calls, timeout=0.05)
        assert not done
        assert fake.requests == 1
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)


async def test_too_fast_is_raised_after_four_attempts(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """TooFastError is raised after the last attempt, with its code."""
    fake.inject(faults.TooFast(), times=None)
    with pytest.raises(TooFastError) as caught:
        await intervals.me.get()
    assert (caught.value.code, caught.value.attempts) == (12, 4)


async def test_the_limit_is_kept(fake: FakeIntervals) -> None:
    """No more requests are sent than the rate limit allows."""
    async with IntervalsClient(fake.token, base_url=fake.url, limits=[Limit(3, per=1e6)]) as client:
        calls = [asyncio.create_task(client.me.get()) for _ in range(10)]
        while sum(call.done() for call in calls) < 3:
            await asyncio.sleep(0)
        done, waiting = await asyncio.wait(calls, timeout=0.05)
        assert (len(done), fake.requests) == (3, 3)
        for call in waiting:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)


async def test_the_default_limit_suits_the_server() -> None:
    """With the default limits, the server refuses no request."""
    async with FakeIntervals(notes=5, per_minute=100) as fake:
        async with IntervalsClient(fake.token, base_url=fake.url) as client:
            await asyncio.gather(*(client.me.get() for _ in range(100)))
        assert {seen.status for seen in fake.log} == {200}


async def test_errors_of_the_server_are_raised_as_their_classes(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """Errors of a real server are raised as the documented classes."""
    with pytest.raises(NotFoundError):
        await intervals.projectnote.get(1)
    unchecked = intervals.with_options(checked=False)
    with pytest.raises(ValidationError, match="title"):
        await unchecked.projectnote.update(first_note(fake), title="x" * 256)
    async with IntervalsClient("wrong123456", base_url=fake.url) as stranger:
        with pytest.raises(AuthenticationError):
            await stranger.me.get()
    async with IntervalsClient(fake.token_for("Executive"), base_url=fake.url) as executive:
        with pytest.raises(PermissionDeniedError):
            await executive.projectnote.list().first()


async def test_the_server_rejects_an_undocumented_filter(fake: FakeIntervals) -> None:
    """The server rejects an undocumented filter with code 17, which the client checks before."""
    url = f"{fake.url}personcontact/?personid=201&limit=5"
    basic = base64.b64encode(f"{fake.token}:X".encode()).decode()
    auth = {"Authorization": f"Basic {basic}", "Accept": "application/json"}
    async with aiohttp.ClientSession() as session, session.get(url, headers=auth) as response:
        assert (await response.json())["error"]["code"] == 17
    assert issubclass(UnknownParameterError, CallError)


async def test_the_token_is_shown_nowhere(
    fake: FakeIntervals, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """No repr, error, traceback with locals, pickle, event, log line or file holds the token.

    This applies to the token itself, to its HTTP Basic form, and to that form in a URL.
    """
    caplog.set_level(logging.DEBUG)
    basic = base64.b64encode(f"{fake.token}:X".encode()).decode()
    secrets = {fake.token, basic, basic.rstrip("="), quote(basic)}
    events: list[Event] = []
    intervals = IntervalsClient(
        fake.token, base_url=fake.url, retry=AT_ONCE, on_event=events.append, show_bodies=True
    )
    seen = [repr(intervals), repr(intervals.projectnote), repr(intervals.with_options(timeout=1))]
    async with intervals:
        for fault in (*TRANSIENT, *(fault for fault, _ in FINAL)):
            fake.inject(fault, times=None)
            with pytest.raises(CallError) as caught:
                await intervals.me.get()
            fake.heal()
            seen += described(caught.value)
        async with fake.refusing():
            with pytest.raises(CallError) as caught:
                await intervals.me.get()
            seen += described(caught.value)
        file = tmp_path / "notes.jsonl"
        await export(intervals.projectnote.list().stream(), JsonLinesSink(file))
        seen.append(file.read_text("utf-8"))
        fake.inject(faults.Hold(asyncio.Event(), "body"))
        with pytest.raises(TimeoutError) as late:
            async with asyncio.timeout(0.02):
                await intervals.me.get()
        seen += described(late.value)
        wrongs: list[dict[str, Any]] = [
            {"base_url": "x"},
            {"timeout": -1},
            {"max_response_bytes": 0},
        ]
        for wrong in wrongs:
            with pytest.raises(ArgumentError) as refused:
                IntervalsClient(fake.token, **wrong)
            seen += described(refused.value)
        with pytest.raises(ArgumentError) as refused:
            IntervalsClient(f"{fake.token}:{fake.token}")
        seen += described(refused.value)
    with pytest.raises(ClientClosedError) as closed:
        await intervals.me.get()
    seen += described(closed.value)
    seen += [caplog.text, *map(repr, events), *(str(attrs.asdict(event)) for event in events)]
    for secret in secrets:
        assert not [line for text in seen for line in text.splitlines() if secret in line]


def described(error: Exception) -> list[str]:
    """Return everything that could be shown of an error."""
    frames = traceback.TracebackException.from_exception(error, capture_locals=True)
    # Without the frames of this test, which hold the token of the server.
    for part in (frames, frames.__cause__, frames.__context__):
        if part is not None:
            mine = [frame for frame in part.stack if frame.filename == __file__]
            part.stack = traceback.StackSummary.from_list(
                [frame for frame in part.stack if frame not in mine]
            )
    return [
        repr(error),
        str(error),
        repr(vars(error)),
        repr(pickle.dumps(error)),
        repr(error.__context__),
        repr(error.__cause__),
        *frames.format(),
    ]


async def test_the_content_type_may_be_wrong(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A correct body with a wrong content type is read."""
    fake.inject(faults.WrongContentType("text/html"))
    assert (await intervals.me.get()).id


@pytest.mark.parametrize("body", [b'{"projectnote": ["x"]}', b'{"projec'])
async def test_a_write_with_an_invalid_response_is_not_retried(
    fake: FakeIntervals, intervals: IntervalsClient, body: bytes
) -> None:
    """A write whose response is invalid raises ResponseError and is not retried."""
    project = int(str(fake.rows("project")[0]["id"]))
    fake.inject(faults.Raw(body, status=201, processed=True))
    with pytest.raises(ResponseError) as caught:
        await intervals.projectnote.create(projectid=project, title="a", note="b", secure=False)
    assert len(fake.rows("projectnote")) == 51
    assert (caught.value.method, caught.value.status) == ("POST", 201)
    assert fake.requests == caught.value.attempts == 1


async def test_a_response_that_is_not_http_is_an_error() -> None:
    """A server that does not speak HTTP raises ResponseError."""

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with (
        server,
        IntervalsClient(
            "abc12345678", base_url=f"http://127.0.0.1:{port}", retry=AT_ONCE
        ) as client,
    ):
        with pytest.raises(ResponseError, match="expected HTTP") as caught:
            await client.me.get()
        assert caught.value.status is None
        with pytest.raises(ResponseError, match="write may have been processed"):
            await create(client, 1)


async def test_a_failed_tls_connection_is_not_retried(fake: FakeIntervals) -> None:
    """A failed TLS handshake raises a permanent ConnectError without a retry."""
    url = fake.url.replace("http:", "https:")
    async with IntervalsClient(fake.token, base_url=url, retry=AT_ONCE) as client:
        with pytest.raises(ConnectError) as caught:
            await client.me.get()
    assert caught.value.permanent
    assert caught.value.attempts == 1


async def test_an_endless_response_is_cut_off() -> None:
    """A response without a length is cut off at max_response_bytes."""

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n")
        try:
            while True:
                writer.write(b" " * 65536)
                await writer.drain()
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(pour, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with (
        server,
        IntervalsClient(
            "abc12345678", base_url=f"http://127.0.0.1:{port}", max_response_bytes=2**20
        ) as client,
    ):
        with pytest.raises(ResponseError, match="max_response_bytes"):
            await client.me.get()


async def test_a_session_may_raise_for_status(fake: FakeIntervals) -> None:
    """A session with raise_for_status=True changes no errors."""
    async with (
        aiohttp.ClientSession(raise_for_status=True) as session,
        IntervalsClient(fake.token, base_url=fake.url, session=session) as client,
    ):
        with pytest.raises(NotFoundError):
            await client.projectnote.get(1)


async def test_the_token_takes_precedence_over_the_session(fake: FakeIntervals) -> None:
    """The client's token takes precedence over credentials of the session."""
    auth = {"Authorization": "Basic eDp5"}
    async with (
        aiohttp.ClientSession(headers=auth) as session,
        IntervalsClient(fake.token, base_url=fake.url, session=session) as client,
    ):
        assert (await client.me.get()).id  # a call's own header wins


async def test_concurrency_is_not_limited_by_a_pool(fake: FakeIntervals) -> None:
    """Only the rate limits bound the number of concurrent requests, not a connection pool."""
    hold = asyncio.Event()
    fake.inject(faults.Hold(hold), times=None)
    async with IntervalsClient(fake.token, base_url=fake.url, limits=()) as client:
        calls = [asyncio.ensure_future(client.me.get()) for _ in range(150)]
        while fake.requests < 150:
            await asyncio.sleep(0)
        hold.set()
        assert len(await asyncio.gather(*calls)) == 150


async def test_limit_timeout_bounds_the_wait_for_a_slot(fake: FakeIntervals) -> None:
    """The call fails without a request; the client and its views may differ."""
    async with IntervalsClient(
        fake.token, base_url=fake.url, limits=[Limit(1, per=60.0)], limit_timeout=0.001
    ) as client:
        assert (await client.me.get()).id
        for act in (
            client.me.get,
            client.projectnote.list().first,
            lambda: client.projectnote.delete(1),
        ):
            with pytest.raises(LimitTimeoutError) as caught:
                await act()
            assert isinstance(caught.value, TimeoutError)
            assert caught.value.attempts == 0
        with pytest.raises(ArgumentError, match="limit_timeout"):
            client.with_options(limit_timeout=0)
    assert fake.requests == 1


async def test_a_limit_timeout_after_an_unknown_outcome_is_ambiguous(fake: FakeIntervals) -> None:
    """A write that may have been processed before the wait does not call itself unsent."""
    fake.inject(faults.Status(500))
    async with IntervalsClient(
        fake.token,
        base_url=fake.url,
        limits=[Limit(1, per=60.0)],
        limit_timeout=0.001,
        retry=AT_ONCE,
    ) as client:
        with pytest.raises(AmbiguousWriteError):
            await client.projectnote.delete(1)
