"""A page is decoded while it is received: soon, in little memory, and closed without a trace."""

from __future__ import annotations

import asyncio
import gc
import json
import tracemalloc
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Self
from urllib.parse import parse_qs

import pytest

from intervals_async import (
    ConnectionLostError,
    Event,
    IntervalsClient,
    Listing,
    NotFoundError,
    PageReceived,
    ProjectNote,
    RequestFailed,
    RequestTimeoutError,
    ResponseReceived,
    ServerError,
)
from intervals_async.testing import FakeIntervals, faults

from ..rows import ids
from .acting import client_of, insert, read, read_ids, requested, take, until


class RowServer:
    """A server of many notes that counts the bytes that were read from it.

    Attributes:
        token: A token that the server accepts, like any other.
        written: The bytes of bodies that the connections have accepted.
        requests: The offset and limit of each request.
        opened: The number of connections that were opened.
        closed: The number of connections that were closed.
    """

    token = "abc12345678"

    def __init__(self, notes: int, size: int) -> None:
        self._notes = notes
        row = FakeIntervals(notes=1).wire_rows("projectnote")[0] | {"id": "@", "note": "x" * size}
        self._row = json.dumps(row).replace("%", "%%").replace("@", "%d", 1).encode()
        self.written = 0
        self.requests: list[tuple[int, int]] = []
        self.opened = 0
        self.closed = 0
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await until(lambda: self.opened == self.closed)

    @property
    def url(self) -> str:
        """The root address."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await self._respond(head.split(b" ")[1].decode(), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.closed += 1
            writer.close()

    async def _respond(self, target: str, writer: asyncio.StreamWriter) -> None:
        query = parse_qs(target.partition("?")[2])
        offset, limit = int(query["offset"][0]), int(query["limit"][0])
        self.requests.append((offset, limit))
        ids = range(offset + 1, min(offset + limit, self._notes) + 1)
        head = b'{"listcount":%d,"projectnote":[' % self._notes
        rows = [self._row % id for id in ids]
        size = len(head) + sum(map(len, rows)) + max(len(rows) - 1, 0) + 2
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % size + head
        )
        for begin in range(0, len(rows), 10):
            some = rows[begin : begin + 10]
            piece = b",".join(some) + (b"," if begin + 10 < len(rows) else b"")
            writer.write(piece)
            await writer.drain()
            self.written += len(piece)
        writer.write(b"]}")
        await writer.drain()


async def until_stable(number: Callable[[], int]) -> int:
    """Let the loop run until a number has stopped changing, and return it."""
    last, turns = number(), 0
    while turns < 500:
        await asyncio.sleep(0)
        turns = turns + 1 if number() == last else 0
        last = number()
    return last


def traced_memory() -> int:
    """Return the bytes of memory that were allocated outside of this file while tracing."""
    this_file = tracemalloc.Filter(inclusive=False, filename_pattern=__file__)
    return sum(
        trace.size for trace in tracemalloc.take_snapshot().filter_traces([this_file]).traces
    )


# While a page is received


@pytest.mark.parametrize("snapshot", [False, True])
async def test_the_first_record_is_yielded_before_the_last_byte(
    fake: FakeIntervals, notes: Listing[ProjectNote], snapshot: bool
) -> None:
    """Received records are yielded while the server still withholds the rest of the page."""
    hold = asyncio.Event()
    fake.inject(faults.Hold(hold, where="body"), skip=1 if snapshot else 0)
    stream = notes.stream(snapshot=snapshot)
    seen = await take(stream, 15)
    assert fake.log[-1].status is None
    hold.set()
    assert seen + await read_ids(stream) == ids(fake)
    assert fake.log[-1].status == 200


@pytest.mark.parametrize("chunk", [1, 7, 100, 5000])
async def test_a_body_in_pieces_of_any_size_is_read(
    fake: FakeIntervals, intervals: IntervalsClient, chunk: int
) -> None:
    """A body in chunks of any size yields each record once."""
    fake.inject(faults.SlowBody(chunk), times=None)
    stream = intervals.projectnote.list(limit=4).stream(page_size=3)
    assert await read_ids(stream) == ids(fake)[:4]


async def test_a_slow_consumer_holds_back_the_server() -> None:
    """The rest of a large page stays in the server while the consumer is slow."""
    async with RowServer(20_000, 1000) as server, client_of(server) as client:
        stream = client.projectnote.list().stream(page_size=20_000)
        tracemalloc.start()
        seen = await take(stream, 1)
        written = await until_stable(lambda: server.written)
        memory = traced_memory()
        tracemalloc.stop()
        # The buffers of the system take some of the 20 MB.
        assert written < 15 * 2**20
        assert memory < 2**21
        seen += await take(stream, 10_000)
        assert await until_stable(lambda: server.written) > written
        seen += await read_ids(stream)
        assert seen == list(range(1, 20_001))
        assert len(server.requests) == 1


@pytest.mark.parametrize("at", [0.01, 0.1, 0.5, 0.53, 0.9, 0.999])
@pytest.mark.parametrize("fault", [faults.DropInBody, faults.Truncated])
@pytest.mark.parametrize("concurrency", [1, 3])
async def test_a_truncated_body_costs_one_request_for_the_rest(
    fake: FakeIntervals,
    notes: Listing[ProjectNote],
    at: float,
    fault: Callable[[float], faults.Fault],
    concurrency: int,
) -> None:
    """After a truncated body, one request continues after the last received record."""
    fake.inject(fault(at))
    stream = notes.stream(concurrency=concurrency)
    assert await read_ids(stream) == ids(fake)
    assert stream.requests == fake.requests == 2
    offset, _ = requested(fake)[1]
    assert 50 * at - 3 <= offset <= 50 * at


async def test_received_records_reset_the_attempts(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """Every received record resets the number of attempts."""
    fake.inject(faults.DropInBody(0.3), times=7)
    assert await read_ids(notes.stream()) == ids(fake)
    assert fake.requests == 8


async def test_attempts_without_records_are_limited(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """After 4 attempts without a record, a stream raises, and the next step continues."""
    stream = notes.stream(page_size=20)
    seen = await take(stream, 20)
    fake.inject(faults.DropInBody(0.01), times=4)
    with pytest.raises(ConnectionLostError) as caught:
        await anext(stream)
    assert caught.value.attempts == 4
    assert seen + await read_ids(stream) == ids(fake)


# Closed within a page


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_an_abandoned_stream_closes_its_connections(concurrency: int) -> None:
    """A stream that is abandoned with ``break`` closes its connections, without a block, too."""
    async with RowServer(40_000, 1000) as server, client_of(server) as client:
        async for note in client.projectnote.list().stream(
            page_size=10_000, concurrency=concurrency
        ):
            if note.id == 10_500:
                break
        opened = server.opened
        gc.collect()
        await until(lambda: server.closed >= opened - 1)  # one may be kept for reuse
        written = await until_stable(lambda: server.written)
        assert written < 40_000 * 1000


async def test_closing_in_the_middle_of_a_page_closes_its_connection() -> None:
    """Closing a stream within a page closes the connection without reading the rest."""
    async with RowServer(40_000, 1000) as server, client_of(server) as client:
        stream = client.projectnote.list().stream(page_size=40_000)
        await take(stream, 1)
        await stream.aclose()
        await stream.aclose()
        await until(lambda: server.closed == server.opened == 1)
        assert await read_ids(stream) == []
        assert server.written < 40_000 * 1000


async def test_completed_streams_reuse_the_connection() -> None:
    """Streams that are read to their end reuse one connection."""
    async with RowServer(100, 10) as server, client_of(server) as client:
        for _ in range(3):
            assert len(await client.projectnote.list().collect()) == 100
            assert len(await client.projectnote.list(limit=7).collect()) == 7
        assert server.opened == 1


async def test_closing_the_client_closes_the_connections_of_streams() -> None:
    """Closing the client closes the connections of its running streams."""
    async with RowServer(40_000, 1000) as server:
        client = client_of(server)
        stream = client.projectnote.list().stream(page_size=40_000)
        await take(stream, 1)
        await client.close()
        await until(lambda: server.closed == server.opened)
        await stream.aclose()


async def test_a_step_cancelled_within_a_page_loses_no_record(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """After a step is cancelled within a page, the same response continues with all records."""
    hold = asyncio.Event()
    fake.inject(faults.Hold(hold, where="body"))
    stream = notes.stream()
    seen: list[int] = []

    reading = asyncio.ensure_future(read(stream, seen))
    await until(lambda: len(seen) > 10)
    await until_stable(lambda: len(seen))
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert len(seen) < 50
    hold.set()
    assert seen + await read_ids(stream) == ids(fake)
    assert fake.requests == 1


# Prefetch


async def test_prefetch_requests_one_page_ahead(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """With `prefetch=True`, a stream requests one page ahead of the current one."""
    async with notes.stream(page_size=10, prefetch=True) as stream:
        seen = await take(stream, 1)
        await until(lambda: fake.requests == 2)
        assert await until_stable(lambda: fake.requests) == 2
        seen += await take(stream, 10)
        await until(lambda: fake.requests == 3)
        assert await until_stable(lambda: fake.requests) == 3
        seen += await read_ids(stream)
    assert seen == ids(fake)
    assert fake.requests == 5


async def test_prefetch_false_sends_nothing_between_steps(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """With `prefetch=False`, pages are requested concurrently, but only during a step."""
    async with notes.stream(page_size=10, concurrency=3, prefetch=False) as stream:
        seen = await take(stream, 10)
        assert await until_stable(lambda: fake.requests) == 1
        seen += await take(stream, 1)
        assert await until_stable(lambda: fake.requests) == 4
        seen += await read_ids(stream)
    assert seen == ids(fake)


async def test_prefetch_needs_a_block(fake: FakeIntervals, notes: Listing[ProjectNote]) -> None:
    """With `prefetch=True`, a step outside of an ``async with`` block raises RuntimeError."""
    stream = notes.stream(prefetch=True)
    with pytest.raises(RuntimeError, match="prefetch"):
        await anext(stream)
    with pytest.raises(RuntimeError, match="prefetch"):
        await anext(notes.pages(prefetch=True))
    assert fake.requests == 0
    async with stream:
        assert await read_ids(stream) == ids(fake)


@pytest.mark.slow
@pytest.mark.parametrize("concurrency", [1, 4, 8])
async def test_memory_of_prefetched_pages_is_bounded(concurrency: int) -> None:
    """Prefetched pages take at most 12 MiB, whatever their number and size."""
    async with RowServer(90_000, 1000) as server, client_of(server) as client:
        listing = client.projectnote.list()
        async with listing.stream(
            page_size=10_000, concurrency=concurrency, prefetch=True
        ) as stream:
            seen = await take(stream, 1)
            tracemalloc.start()
            await until(lambda: len(server.requests) == 2 or concurrency > 1)
            await until_stable(lambda: server.written)
            seen += await take(stream, 9_990)
            await until(lambda: len(server.requests) == 1 + concurrency)
            await until_stable(lambda: server.written)
            memory = traced_memory()
            tracemalloc.stop()
            assert seen == list(range(1, 9_992))
    # 8 MiB, and one read of the socket for each page.
    assert memory < 2**23 + 2**22


@pytest.mark.parametrize("end", ["exit", "error", "cancel", "close"])
async def test_the_end_of_a_block_closes_its_connections(end: str) -> None:
    """A block that ends in any way drops its pages and closes its connections."""
    async with RowServer(90_000, 1000) as server, client_of(server) as client:

        async def read_block() -> None:
            listing = client.projectnote.list()
            async with listing.stream(page_size=10_000, concurrency=3) as stream:
                await take(stream, 10_010)
                await until(lambda: len(server.requests) == 5)
                if end == "error":
                    raise ZeroDivisionError
                if end == "cancel":
                    reading.cancel()
                    await asyncio.sleep(0)
                if end == "close":
                    await stream.aclose()
                    assert await read_ids(stream) == []

        reading = asyncio.ensure_future(read_block())
        await asyncio.wait([reading])
        assert reading.cancelled() == (end == "cancel")
        if end == "error":
            assert isinstance(reading.exception(), ZeroDivisionError)
        await until(lambda: server.closed >= server.opened - 1)  # one may be kept for reuse
        assert server.written < 90_000 * 1000


# Page sizes


async def test_pages_grow() -> None:
    """Pages grow from 100 rows, so that 100,000 rows take at most 15 requests."""
    async with RowServer(100_000, 10) as server, client_of(server) as client:
        count = 0
        async for note in client.projectnote.list():
            count += 1
            assert note.id == count
        assert count == 100_000
    limits = [limit for _, limit in server.requests]
    assert limits[0] == 100
    assert limits[:-1] == sorted(limits[:-1])
    assert len(limits) <= 15
    assert all(offset + limit <= 100_000 + 20 for offset, limit in server.requests)


async def test_an_explicit_page_size_is_kept(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """With `page_size`, every page has this size, plus one row of overlap."""
    await read_ids(notes.stream(page_size=12))
    assert [limit for _, limit in requested(fake)] == [12, 13, 13, 13, 13]


@pytest.fixture
async def many() -> AsyncIterator[FakeIntervals]:
    """Return a server with 1,500 notes."""
    async with FakeIntervals(notes=1500, per_minute=None, per_day=None) as fake:
        yield fake


async def test_a_failed_page_is_requested_in_smaller_ones(many: FakeIntervals) -> None:
    """A page that fails is requested again with a smaller limit."""
    many.inject(faults.Status(500), times=2, skip=1)
    async with client_of(many) as client:
        assert await read_ids(client.projectnote.list().stream()) == ids(many)
    first, second, third, fourth, *_ = requested(many)
    assert first == (0, 100)
    assert second[0] == third[0] == fourth[0] == 99
    assert second[1] > third[1] * 3 > fourth[1] * 9


async def test_an_explicit_page_size_is_kept_after_failures(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """With `page_size`, a page that fails is requested again with the same limit."""
    fake.inject(faults.Status(500), times=2, skip=1)
    assert await read_ids(notes.stream(page_size=20)) == ids(fake)
    assert requested(fake) == [(0, 20), (19, 21), (19, 21), (19, 21), (39, 21)]


def test_a_page_that_times_out_is_requested_in_smaller_ones(
    run_timeless: Callable[[Coroutine[Any, Any, None]], None],
) -> None:
    """A page that times out is requested again with a smaller limit."""

    async def main() -> None:
        async with (
            FakeIntervals(notes=1500, per_minute=None, per_day=None, in_thread=False) as fake,
            client_of(fake) as client,
        ):
            fake.inject(faults.Hold(asyncio.Event()), skip=1)
            assert await read_ids(client.projectnote.list().stream()) == ids(fake)
            _, late, again, *_ = requested(fake)
            assert late[0] == again[0]
            assert late[1] > again[1] * 3

    run_timeless(main())


def test_a_page_that_stalls_continues_in_a_smaller_one(
    run_timeless: Callable[[Coroutine[Any, Any, None]], None],
) -> None:
    """A page that stalls is continued after its received records, or raises the timeout."""

    async def main() -> None:
        async with (
            FakeIntervals(notes=1500, per_minute=None, per_day=None, in_thread=False) as fake,
            client_of(fake) as client,
        ):
            fake.inject(faults.Hold(asyncio.Event(), where="body"), skip=1)
            stream = client.projectnote.list().stream()
            assert await read_ids(stream) == ids(fake)
            _, late, rest, *_ = requested(fake)
            assert late[0] + 300 < rest[0] < late[0] + late[1]
            assert rest[1] < late[1] // 2
            fake.inject(faults.Hold(asyncio.Event()), times=4)
            with pytest.raises(RequestTimeoutError):
                await read_ids(client.projectnote.list().stream())

    run_timeless(main())


@pytest.mark.parametrize("concurrency", [1, 4])
async def test_the_cap_of_a_server_becomes_the_page_size(
    many: FakeIntervals, concurrency: int
) -> None:
    """After two equally short pages, their size becomes the page size."""
    many.inject(faults.Capped(60), times=None)
    async with client_of(many) as client:
        stream = client.projectnote.list().stream(concurrency=concurrency)
        assert await read_ids(stream) == ids(many)
    assert all(limit <= 61 for _, limit in requested(many)[-10:-1])
    assert many.requests <= 1500 // 59 + 8


@pytest.mark.parametrize("concurrency", [1, 2, 8])
async def test_requests_end_at_most_20_rows_after_the_count(
    many: FakeIntervals, concurrency: int
) -> None:
    """No request reaches more than 20 rows beyond the server's count."""
    async with client_of(many) as client:
        await read_ids(client.projectnote.list().stream(concurrency=concurrency))
        await read_ids(client.projectnote.list(limit=700).stream(concurrency=concurrency))
    assert max(offset + limit for offset, limit in requested(many)) <= 1500 + 20


async def test_a_few_added_rows_need_no_extra_page(
    many: FakeIntervals,
) -> None:
    """A few rows added while a listing is read need no page of their own."""
    async with client_of(many) as client:
        stream = client.projectnote.list().stream()
        seen = await take(stream, 100)
        insert(many, 10)
        assert seen + await read_ids(stream) == ids(many)
        requests = stream.requests
        assert len(await client.projectnote.list().collect()) == 1510
        assert many.requests == 2 * requests


# Events and errors


async def test_a_received_page_is_reported(fake: FakeIntervals) -> None:
    """A page is reported when it is received completely, with the size of its body."""
    events: list[Event] = []
    async with IntervalsClient(
        fake.token, base_url=fake.url, limits=(), on_event=events.append
    ) as client:
        stream = client.projectnote.list().stream(page_size=50)
        await take(stream, 1)
        while await take(stream, 1) != ids(fake)[-1:]:
            pass
        with pytest.raises(StopAsyncIteration):
            await anext(stream)
    (response,) = [event for event in events if isinstance(event, ResponseReceived)]
    (page,) = [event for event in events if isinstance(event, PageReceived)]
    rows = fake.wire_rows("projectnote")
    size = len(json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode())
    assert abs(response.size - size) < 5000
    assert (response.status, response.error) == (200, None)
    assert (page.offset, page.records, page.listcount) == (0, 50, 50)


@pytest.mark.parametrize("how", ["break", "close"])
async def test_an_abandoned_page_is_reported(fake: FakeIntervals, how: str) -> None:
    """A response that is closed before its end is reported as RequestFailed."""
    events: list[Event] = []
    hold = asyncio.Event()
    fake.inject(faults.Hold(hold, where="body"))
    async with IntervalsClient(
        fake.token, base_url=fake.url, limits=(), on_event=events.append
    ) as client:
        stream = client.projectnote.list().stream()
        await take(stream, 1)
        if how == "close":
            await stream.aclose()
        else:
            del stream
            gc.collect()
        failed = events[-1]
        assert isinstance(failed, RequestFailed)
        assert (failed.error, failed.reason) == (
            "CancelledError",
            "the response was closed before its end",
        )
    hold.set()


async def test_errors_of_a_streamed_response_have_its_request(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """Errors of a streamed response have the filters and attempts of its request."""
    fake.inject(faults.Status(404), skip=1)
    stream = notes.stream(page_size=20)
    await take(stream, 20)
    with pytest.raises(NotFoundError) as caught:
        await anext(stream)
    assert caught.value.filters == {"offset": "19", "limit": "21"}
    fake.inject(faults.ErrorInside200(), times=4)
    with pytest.raises(ServerError) as failed:
        await anext(stream)
    assert failed.value.filters == {"offset": "19", "limit": "21"}
    assert failed.value.attempts == 4
    assert len(await read_ids(stream)) == 30
