"""The retry table of the documentation, case by case, over TCP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TypeAlias

import attrs
import pytest

from intervals_async import (
    AccountSuspendedError,
    AmbiguousWriteError,
    CallError,
    ConnectError,
    ConnectionLostError,
    DatabaseError,
    IntervalsClient,
    NotFoundError,
    ResponseError,
    RetryPolicy,
    ServerError,
)
from intervals_async.testing import FakeIntervals, SeenRequest, faults

from ..conftest import AT_ONCE

Send: TypeAlias = Callable[[IntervalsClient, FakeIntervals], Awaitable[object]]


def note(fake: FakeIntervals) -> int:
    return int(str(fake.rows("projectnote")[0]["id"]))


def project(fake: FakeIntervals) -> int:
    return int(str(fake.rows("project")[0]["id"]))


SEND: dict[str, Send] = {
    "GET": lambda client, fake: client.projectnote.get(note(fake)),
    "PUT": lambda client, fake: client.projectnote.update(note(fake), title="changed"),
    "DELETE": lambda client, fake: client.projectnote.delete(note(fake)),
    "POST": lambda client, fake: client.projectnote.create(
        projectid=project(fake), title="new", note="x", secure=False
    ),
}

REFUSED = [faults.TooFast(), faults.TooFast(status=429), faults.TooFast("0", status=429)]
UNKNOWN = [
    faults.DropBefore(),
    faults.DropAfter(),
    faults.DropInBody(),
    faults.Html(502),
    faults.Html(504),
    faults.Status(502, code=20),
    faults.Html(502, processed=True),
]
FAILED = [faults.Status(500, code=19), faults.Status(500, code=1), faults.Status(503)]
FINAL: list[tuple[faults.Fault, type[CallError]]] = [
    (faults.Status(503, code=4), AccountSuspendedError),
    (faults.Status(501), ServerError),
    (faults.Status(404, code=14), NotFoundError),
    (faults.Truncated(), ResponseError),
]


async def sent(fake: FakeIntervals, intervals: IntervalsClient, method: str) -> list[str]:
    """Call a method, and return the methods of the requests that reached the server."""
    await SEND[method](intervals, fake)
    return [seen.method for seen in fake.log]


@pytest.mark.parametrize("method", SEND)
async def test_unsent_requests_are_retried(
    fake: FakeIntervals, intervals: IntervalsClient, method: str
) -> None:
    """Without a connection, every method is retried as often as the policy says."""
    call = SEND[method](intervals, fake)
    async with fake.refusing():
        with pytest.raises(ConnectError) as caught:
            await call
    assert caught.value.attempts == 4
    assert fake.requests == 0


@pytest.mark.parametrize("method", SEND)
@pytest.mark.parametrize("fault", REFUSED, ids=repr)
async def test_refused_requests_are_retried(
    fake: FakeIntervals, intervals: IntervalsClient, method: str, fault: faults.Fault
) -> None:
    """A request that the rate limit refused was not processed, so every method is retried."""
    fake.inject(fault)
    assert await sent(fake, intervals, method) == [method, method]
    assert len(fake.rows("projectnote")) == 50 + (method == "POST") - (method == "DELETE")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("fault", UNKNOWN, ids=repr)
async def test_idempotent_requests_of_unknown_fate_are_retried(
    fake: FakeIntervals, intervals: IntervalsClient, method: str, fault: faults.Fault
) -> None:
    """A GET, PUT or DELETE of unknown fate is retried, and a retried DELETE that finds nothing succeeds."""
    fake.inject(fault)
    assert await sent(fake, intervals, method) == [method, method]
    assert len(fake.rows("projectnote")) == 50 - (method == "DELETE")


@pytest.mark.parametrize("fault", UNKNOWN, ids=repr)
async def test_a_post_of_unknown_fate_is_ambiguous(
    fake: FakeIntervals, intervals: IntervalsClient, fault: faults.Fault
) -> None:
    """A POST of unknown fate raises AmbiguousWriteError with its body, and is not retried."""
    fake.inject(fault)
    with pytest.raises(AmbiguousWriteError) as caught:
        await SEND["POST"](intervals, fake)
    error = caught.value
    assert (error.method, error.path, error.attempts) == ("POST", "/projectnote/", 1)
    assert error.body == {"projectid": project(fake), "title": "new", "note": "x", "secure": "f"}
    assert isinstance(error.__cause__, ConnectionLostError | ServerError)
    assert fake.requests == 1
    assert len(fake.rows("projectnote")) in (50, 51)


@pytest.mark.parametrize("fault", [*UNKNOWN, *FAILED], ids=repr)
async def test_a_post_is_retried_with_retry_posts(
    fake: FakeIntervals, intervals: IntervalsClient, fault: faults.Fault
) -> None:
    """With retry_posts=True, a POST is retried like a PUT."""
    fake.inject(fault)
    opted_in = intervals.with_options(retry=attrs.evolve(AT_ONCE, retry_posts=True))
    assert await sent(fake, opted_in, "POST") == ["POST", "POST"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("fault", FAILED, ids=repr)
async def test_server_failures_are_retried(
    fake: FakeIntervals, intervals: IntervalsClient, method: str, fault: faults.Fault
) -> None:
    """A GET, PUT or DELETE is retried after HTTP 500, and after 503 without code 4."""
    fake.inject(fault)
    assert await sent(fake, intervals, method) == [method, method]


@pytest.mark.parametrize("fault", FAILED, ids=repr)
async def test_a_post_is_not_retried_after_a_server_failure(
    fake: FakeIntervals, intervals: IntervalsClient, fault: faults.Fault
) -> None:
    """A POST that fails with HTTP 500 or 503 raises ServerError and is not retried."""
    fake.inject(fault)
    with pytest.raises(ServerError):
        await SEND["POST"](intervals, fake)
    assert fake.requests == 1


@pytest.mark.parametrize("method", SEND)
@pytest.mark.parametrize(("fault", "kind"), FINAL, ids=repr)
async def test_final_errors_are_raised(
    fake: FakeIntervals,
    intervals: IntervalsClient,
    method: str,
    fault: faults.Fault,
    kind: type[CallError],
) -> None:
    """Other API errors and invalid responses are raised at once, for every method."""
    fake.inject(fault)
    with pytest.raises(kind) as caught:
        await SEND[method](intervals, fake)
    assert fake.requests == caught.value.attempts == 1


async def test_a_delete_of_an_unknown_record_is_not_found(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A DELETE that was only refused before, and finds nothing, raises NotFoundError."""
    fake.inject(faults.TooFast())
    with pytest.raises(NotFoundError):
        await intervals.projectnote.delete(1)
    assert fake.requests == 2


async def test_the_last_failure_is_raised(fake: FakeIntervals, intervals: IntervalsClient) -> None:
    """After the last attempt, its error is raised with the number of attempts."""
    fake.inject(faults.DropBefore(), times=2)
    fake.inject(faults.Status(500, code=19), times=None)
    with pytest.raises(DatabaseError) as caught:
        await intervals.me.get()
    assert caught.value.attempts == fake.requests == 4


async def test_a_long_retry_after_is_raised_at_once(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A Retry-After beyond wait_max raises the error at once, and the error names the time."""
    fake.inject(faults.Status(503, headers={"Retry-After": "3600"}))
    with pytest.raises(ServerError, match=r"asks to wait until 2\d{3}-.* UTC, which is longer"):
        await intervals.me.get()
    fake.inject(faults.TooFast("Fri, 31 Dec 2999 23:59:59 GMT", status=429))
    short = intervals.with_options(retry=RetryPolicy(wait_max=0))
    with pytest.raises(CallError, match="asks to wait until 2999-12-31 23:59:59 UTC") as caught:
        await short.me.get()
    assert caught.value.retry_after is not None
    assert fake.requests == 2
    assert (await intervals.me.get()).id


async def test_no_attempt_starts_after_call_timeout(fake: FakeIntervals) -> None:
    """No attempt starts that call_timeout leaves no time for."""
    fake.inject(faults.Status(500), times=None)
    async with IntervalsClient(
        fake.token,
        base_url=fake.url,
        call_timeout=1e-9,
        retry=AT_ONCE,
    ) as client:
        with pytest.raises(CallError, match="call_timeout") as caught:
            await client.me.get()
    assert caught.value.attempts == 1


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
@pytest.mark.parametrize("last", [faults.TooFast(), faults.DayUsedUp(), faults.Status(500)])
async def test_a_later_refusal_does_not_hide_an_attempt_of_unknown_fate(
    fake: FakeIntervals, intervals: IntervalsClient, method: str, last: faults.Fault
) -> None:
    """A write of unknown fate stays ambiguous, even if a later attempt is refused."""
    fake.inject(faults.DropAfter())
    fake.inject(last, times=None)
    opted_in = intervals.with_options(retry=attrs.evolve(AT_ONCE, retry_posts=True))
    with pytest.raises(AmbiguousWriteError) as caught:
        await SEND[method](opted_in, fake)
    assert caught.value.attempts >= 2
    assert caught.value.code in (11, 12, None)


async def test_no_connection_after_an_attempt_of_unknown_fate_is_ambiguous(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A write of unknown fate stays ambiguous, even if a later attempt finds no connection."""
    fake.inject(faults.DropAfter())
    write = SEND["PUT"](intervals.with_options(retry=attrs.evolve(AT_ONCE, attempts=2)), fake)
    async with AsyncExitStack() as stack:

        def vanish(server: FakeIntervals, _: SeenRequest) -> None:
            refusing.append(asyncio.ensure_future(stack.enter_async_context(server.refusing())))

        refusing: list[asyncio.Future[None]] = []
        fake.between(vanish)
        with pytest.raises(AmbiguousWriteError):
            await write
        await asyncio.gather(*refusing)
    assert fake.rows("projectnote")[0]["title"] == "changed"
