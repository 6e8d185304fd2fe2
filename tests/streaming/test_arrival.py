"""A page is decoded while it arrives: at once, in little memory, and dropped without a trace."""

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

from ..conftest import AT_ONCE
from .acting import ids, read_ids, requested, take


class Rows:
    """A server of many notes that knows how much of its answers was taken from it.

    Attributes:
        written: How many bytes of bodies the connections have let through.
        asked: The offset and limit of each request.
        opened: How many connections there were.
        closed: How many of them have ended.
    """

    def __init__(self, notes: int, size: int) -> None:
        self._notes = notes
        row = FakeIntervals(notes=1).wire_rows("projectnote")[0] | {"id": "@", "note": "x" * size}
        self._row = json.dumps(row).replace("%", "%%").replace("@", "%d", 1).encode()
        self.written = 0
        self.asked: list[tuple[int, int]] = []
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
                await self._answer(head.split(b" ")[1].decode(), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.closed += 1
            writer.close()

    async def _answer(self, target: str, writer: asyncio.StreamWriter) -> None:
        query = parse_qs(target.partition("?")[2])
        offset, limit = int(query["offset"][0]), int(query["limit"][0])
        self.asked.append((offset, limit))
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


async def until(holds: Callable[[], object]) -> None:
    """Let the loop turn until something holds."""
    for _ in range(100_000):
        if holds():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never holds")


async def until_still(number: Callable[[], int]) -> int:
    """Let the loop turn until a number has stayed the same for long; give it."""
    last, turns = number(), 0
    while turns < 500:
        await asyncio.sleep(0)
        turns = turns + 1 if number() == last else 0
        last = number()
    return last


def kept() -> int:
    """How many bytes are kept of what was made since the tracing began, by others than us."""
    ours = tracemalloc.Filter(inclusive=False, filename_pattern=__file__)
    return sum(trace.size for trace in tracemalloc.take_snapshot().filter_traces([ours]).traces)


def client_of(server: Rows) -> IntervalsClient:
    return IntervalsClient("abc12345678", base_url=server.url, limits=(), retry=AT_ONCE)


# While it arrives


@pytest.mark.parametrize("snapshot", [False, True])
async def test_the_first_record_comes_before_the_last_byte(
    fake: FakeIntervals, notes: Listing[ProjectNote], snapshot: bool
) -> None:
    """What has come is given while the server still holds the rest back."""
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
    """Each record once, however the answer is cut."""
    fake.inject(faults.SlowBody(chunk), times=None)
    stream = intervals.projectnote.list(limit=4).stream(page_size=3)
    assert await read_ids(stream) == ids(fake)[:4]


async def test_a_slow_consumer_holds_back_the_server() -> None:
    """The rest of a large page waits in the server, not in memory."""
    async with Rows(20_000, 1000) as server, client_of(server) as client:
        stream = client.projectnote.list().stream(page_size=20_000)
        tracemalloc.start()
        seen = await take(stream, 1)
        written = await until_still(lambda: server.written)
        memory = kept()
        tracemalloc.stop()
        # the system's own buffers take some megabytes of twenty
        assert written < 15 * 2**20
        assert memory < 2**21
        seen += await take(stream, 10_000)
        assert await until_still(lambda: server.written) > written
        seen += await read_ids(stream)
        assert seen == list(range(1, 20_001))
        assert len(server.asked) == 1


@pytest.mark.parametrize("at", [0.01, 0.1, 0.5, 0.53, 0.9, 0.999])
@pytest.mark.parametrize("fault", [faults.DropInBody, faults.Truncated])
@pytest.mark.parametrize("concurrency", [1, 3])
async def test_a_body_that_ends_in_the_middle_costs_one_request_for_the_rest(
    fake: FakeIntervals,
    notes: Listing[ProjectNote],
    at: float,
    fault: Callable[[float], faults.Fault],
    concurrency: int,
) -> None:
    """What has come is given, and the next request begins where it ended."""
    fake.inject(fault(at))
    stream = notes.stream(concurrency=concurrency)
    assert await read_ids(stream) == ids(fake)
    assert stream.requests == fake.requests == 2
    offset, _ = requested(fake)[1]
    assert 50 * at - 3 <= offset <= 50 * at


async def test_a_page_that_brings_something_each_time_never_uses_up_its_attempts(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """Attempts are counted from the last record on."""
    fake.inject(faults.DropInBody(0.3), times=7)
    assert await read_ids(notes.stream()) == ids(fake)
    assert fake.requests == 8


async def test_a_page_that_brings_nothing_uses_them_up(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """Then the error is the caller's, and the next step goes on."""
    stream = notes.stream(page_size=20)
    seen = await take(stream, 20)
    fake.inject(faults.DropInBody(0.01), times=4)
    with pytest.raises(ConnectionLostError) as caught:
        await anext(stream)
    assert caught.value.attempts == 4
    assert seen + await read_ids(stream) == ids(fake)


# Dropped in the middle of a page


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_a_stream_that_is_dropped_closes_its_connections(concurrency: int) -> None:
    """By break, without ``async with`` and without a word: no task, no answer is left."""
    async with Rows(40_000, 1000) as server, client_of(server) as client:
        async for note in client.projectnote.list().stream(
            page_size=10_000, concurrency=concurrency
        ):
            if note.id == 10_500:
                break
        opened = server.opened
        gc.collect()
        await until(lambda: server.closed >= opened - 1)  # one may be idle, to be used again
        written = await until_still(lambda: server.written)
        assert written < 40_000 * 1000


async def test_closing_in_the_middle_of_a_page_closes_its_connection() -> None:
    """The rest of it is not read, and there is nothing more; again and again."""
    async with Rows(40_000, 1000) as server, client_of(server) as client:
        stream = client.projectnote.list().stream(page_size=40_000)
        await take(stream, 1)
        await stream.aclose()
        await stream.aclose()
        await until(lambda: server.closed == server.opened == 1)
        assert await read_ids(stream) == []
        assert server.written < 40_000 * 1000


async def test_a_stream_that_was_read_to_its_end_leaves_its_connection_to_the_next() -> None:
    """Nothing is opened anew for it."""
    async with Rows(100, 10) as server, client_of(server) as client:
        for _ in range(3):
            assert len(await client.projectnote.list().collect()) == 100
            assert len(await client.projectnote.list(limit=7).collect()) == 7
        assert server.opened == 1


async def test_a_dropped_client_of_a_running_stream_closes_all() -> None:
    """Closing the client ends what is under way."""
    async with Rows(40_000, 1000) as server:
        client = client_of(server)
        stream = client.projectnote.list().stream(page_size=40_000)
        await take(stream, 1)
        await client.close()
        await until(lambda: server.closed == server.opened)
        await stream.aclose()


async def test_a_step_cancelled_in_the_middle_of_a_page_has_taken_nothing(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """The next one goes on in the same answer: no record is lost, and no request is made."""
    hold = asyncio.Event()
    fake.inject(faults.Hold(hold, where="body"))
    stream = notes.stream()
    seen: list[int] = []

    async def read() -> None:
        async for note in stream:
            seen.append(note.id)  # noqa: PERF401  what comes before an error counts

    reading = asyncio.ensure_future(read())
    await until(lambda: len(seen) > 10)
    await until_still(lambda: len(seen))
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert len(seen) < 50
    hold.set()
    assert seen + await read_ids(stream) == ids(fake)
    assert fake.requests == 1


# Ahead


async def test_prefetch_asks_for_the_next_page_while_you_work(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """One page ahead of the one that is read, and no more."""
    async with notes.stream(page_size=10, prefetch=True) as stream:
        seen = await take(stream, 1)
        await until(lambda: fake.requests == 2)
        assert await until_still(lambda: fake.requests) == 2
        seen += await take(stream, 10)
        await until(lambda: fake.requests == 3)
        assert await until_still(lambda: fake.requests) == 3
        seen += await read_ids(stream)
    assert seen == ids(fake)
    assert fake.requests == 5


async def test_prefetch_can_be_left_out(fake: FakeIntervals, notes: Listing[ProjectNote]) -> None:
    """Then pages are under way together in a step alone."""
    async with notes.stream(page_size=10, concurrency=3, prefetch=False) as stream:
        seen = await take(stream, 10)
        assert await until_still(lambda: fake.requests) == 1
        seen += await take(stream, 1)
        assert await until_still(lambda: fake.requests) == 4
        seen += await read_ids(stream)
    assert seen == ids(fake)


async def test_prefetch_needs_a_block(fake: FakeIntervals, notes: Listing[ProjectNote]) -> None:
    """Or nobody would end what is under way."""
    stream = notes.stream(prefetch=True)
    with pytest.raises(RuntimeError, match="prefetch=True: expected an 'async with' block"):
        await anext(stream)
    with pytest.raises(RuntimeError, match="async with"):
        await anext(notes.pages(prefetch=True))
    assert fake.requests == 0
    async with stream:
        assert await read_ids(stream) == ids(fake)


@pytest.mark.slow
@pytest.mark.parametrize("concurrency", [1, 4, 8])
async def test_what_comes_ahead_is_bounded_by_bytes(concurrency: int) -> None:
    """However many pages are under way and however large they are."""
    async with Rows(90_000, 1000) as server, client_of(server) as client:
        listing = client.projectnote.list()
        async with listing.stream(
            page_size=10_000, concurrency=concurrency, prefetch=True
        ) as stream:
            seen = await take(stream, 1)
            tracemalloc.start()
            await until(lambda: len(server.asked) == 2 or concurrency > 1)
            await until_still(lambda: server.written)
            seen += await take(stream, 9_990)
            await until(lambda: len(server.asked) == 1 + concurrency)
            await until_still(lambda: server.written)
            memory = kept()
            tracemalloc.stop()
            assert seen == list(range(1, 9_992))
    # eight mebibytes, and what one reading of a socket takes of each page
    assert memory < 2**23 + 2**22


@pytest.mark.parametrize("end", ["exit", "error", "cancel", "close"])
async def test_the_end_of_the_block_leaves_nothing_under_way(end: str) -> None:
    """However it ends: the pages that came ahead are dropped, their connections closed."""
    async with Rows(90_000, 1000) as server, client_of(server) as client:

        async def read() -> None:
            listing = client.projectnote.list()
            async with listing.stream(page_size=10_000, concurrency=3) as stream:
                await take(stream, 10_010)
                await until(lambda: len(server.asked) == 5)
                if end == "error":
                    raise ZeroDivisionError
                if end == "cancel":
                    reading.cancel()
                    await asyncio.sleep(0)
                if end == "close":
                    await stream.aclose()
                    assert await read_ids(stream) == []

        reading = asyncio.ensure_future(read())
        await asyncio.wait([reading])
        assert reading.cancelled() == (end == "cancel")
        if end == "error":
            assert isinstance(reading.exception(), ZeroDivisionError)
        await until(lambda: server.closed >= server.opened - 1)  # one may be idle
        assert server.written < 90_000 * 1000


# The sizes of pages


async def test_pages_grow() -> None:
    """A small one first, so that the first record comes soon; then few for very many."""
    async with Rows(100_000, 10) as server, client_of(server) as client:
        count = 0
        async for note in client.projectnote.list():
            count += 1
            assert note.id == count
        assert count == 100_000
    limits = [limit for _, limit in server.asked]
    assert limits[0] == 100
    assert limits[:-1] == sorted(limits[:-1])
    assert len(limits) <= 15
    assert all(offset + limit <= 100_000 + 20 for offset, limit in server.asked)


async def test_a_page_size_that_is_told_stays(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """Beside the row of overlap."""
    await read_ids(notes.stream(page_size=12))
    assert [limit for _, limit in requested(fake)] == [12, 13, 13, 13, 13]


@pytest.fixture
async def many() -> AsyncIterator[FakeIntervals]:
    """Give a server of 1,500 notes."""
    async with FakeIntervals(notes=1500, per_minute=None, per_day=None) as fake:
        yield fake


async def test_a_page_that_fails_is_asked_for_in_a_smaller_one(many: FakeIntervals) -> None:
    """It may have been too much for the server; the sizes then grow with care."""
    many.inject(faults.Status(500), times=2, skip=1)
    async with IntervalsClient(many.token, base_url=many.url, limits=(), retry=AT_ONCE) as client:
        assert await read_ids(client.projectnote.list().stream()) == ids(many)
    first, second, third, fourth, *_ = requested(many)
    assert first == (0, 100)
    assert second[0] == third[0] == fourth[0] == 99
    assert second[1] > third[1] * 3 > fourth[1] * 9


async def test_a_page_size_that_is_told_is_not_made_smaller(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """It is the caller's."""
    fake.inject(faults.Status(500), times=2, skip=1)
    assert await read_ids(notes.stream(page_size=20)) == ids(fake)
    assert requested(fake) == [(0, 20), (19, 21), (19, 21), (19, 21), (39, 21)]


def test_a_page_that_takes_too_long_is_asked_for_in_a_smaller_one(
    run_timeless: Callable[[Coroutine[Any, Any, None]], None],
) -> None:
    """The same as for one that fails."""

    async def main() -> None:
        async with (
            FakeIntervals(notes=1500, per_minute=None, per_day=None, in_thread=False) as fake,
            IntervalsClient(fake.token, base_url=fake.url, limits=(), retry=AT_ONCE) as client,
        ):
            fake.inject(faults.Hold(asyncio.Event()), skip=1)
            assert await read_ids(client.projectnote.list().stream()) == ids(fake)
            _, late, again, *_ = requested(fake)
            assert late[0] == again[0]
            assert late[1] > again[1] * 3

    run_timeless(main())


def test_a_page_that_stops_in_the_middle_goes_on_in_a_smaller_one(
    run_timeless: Callable[[Coroutine[Any, Any, None]], None],
) -> None:
    """Behind the records that have come; when all attempts are used up it is told."""

    async def main() -> None:
        async with (
            FakeIntervals(notes=1500, per_minute=None, per_day=None, in_thread=False) as fake,
            IntervalsClient(fake.token, base_url=fake.url, limits=(), retry=AT_ONCE) as client,
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
async def test_a_server_that_caps_pages_is_asked_for_no_more(
    many: FakeIntervals, concurrency: int
) -> None:
    """Twice the same short page is taken for its cap."""
    many.inject(faults.Capped(60), times=None)
    async with IntervalsClient(many.token, base_url=many.url, limits=(), retry=AT_ONCE) as client:
        stream = client.projectnote.list().stream(concurrency=concurrency)
        assert await read_ids(stream) == ids(many)
    assert all(limit <= 61 for _, limit in requested(many)[-10:-1])
    assert many.requests <= 1500 // 59 + 8


@pytest.mark.parametrize("concurrency", [1, 2, 8])
async def test_it_never_asks_for_more_than_some_rows_beyond_the_count(
    many: FakeIntervals, concurrency: int
) -> None:
    """The count tells where the end is; the room beyond it is for rows that come in."""
    async with IntervalsClient(many.token, base_url=many.url, limits=(), retry=AT_ONCE) as client:
        await read_ids(client.projectnote.list().stream(concurrency=concurrency))
        await read_ids(client.projectnote.list(limit=700).stream(concurrency=concurrency))
    assert max(offset + limit for offset, limit in requested(many)) <= 1500 + 20


async def test_rows_that_come_in_meanwhile_need_no_page_of_their_own(
    many: FakeIntervals,
) -> None:
    """Some room is asked for beyond the count."""
    async with IntervalsClient(many.token, base_url=many.url, limits=(), retry=AT_ONCE) as client:
        stream = client.projectnote.list().stream()
        seen = await take(stream, 100)
        for _ in range(10):
            many.insert("projectnote", title="late")
        assert seen + await read_ids(stream) == ids(many)
        requests = stream.requests
        assert len(await client.projectnote.list().collect()) == 1510
        assert many.requests == 2 * requests


# What is told


async def test_a_page_is_told_when_it_has_come(fake: FakeIntervals) -> None:
    """With the bytes that it had."""
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
    (answer,) = [event for event in events if isinstance(event, ResponseReceived)]
    (page,) = [event for event in events if isinstance(event, PageReceived)]
    rows = fake.wire_rows("projectnote")
    size = len(json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode())
    assert abs(answer.size - size) < 5000
    assert (answer.status, answer.error) == (200, None)
    assert (page.offset, page.records, page.listcount) == (0, 50, 50)


@pytest.mark.parametrize("how", ["break", "close"])
async def test_a_page_that_is_left_is_told(fake: FakeIntervals, how: str) -> None:
    """Every request that is told of has an end that is told of."""
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


async def test_errors_in_a_streamed_answer_name_its_request(
    fake: FakeIntervals, notes: Listing[ProjectNote]
) -> None:
    """As those of any other call."""
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
