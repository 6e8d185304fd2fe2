"""The pages of a listing that are under way: opened in time, read while they arrive."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine
from typing import Any, Generic, TypeVar

import attrs

from .._http.connection import BUFFER
from .._http.settings import RetryState
from .._http.streamed_response import StreamedResponse
from .._schema.records import Record
from ..errors import CallError, RequestTimeoutError, ServerError
from .page_plan import PagePlan, PageRequest
from .source import PageSource

__all__ = ["OpenPage", "PageWindow"]

R = TypeVar("R", bound=Record)

# Bytes that may wait, undecoded, in all the pages that are requested ahead.
AHEAD_BYTES = 2**23


@attrs.define(eq=False)
class OpenPage(Generic[R]):
    """A page that was requested, and how far it is read.

    Attributes:
        request: The rows that are requested.
        retry_state: The attempts made for them.
        depth: How many steps back were taken to get here; 0 for a page of the plan.
        task: The task that waits for the response, if there is one.
        response: The response, once it has begun.
        rows_read: How many rows have arrived.
        received: How many of these were compared with the delivered records, and are done with.
        yielded: How many records of these were yielded.
        expected: How many rows were expected to be delivered already; None as long as the
            page has not met the delivered records.
        pending: Records that have arrived and are not done with.
        missed: Whether the page was read before without meeting the delivered records.
        failure: Why no record follows those that have arrived.
    """

    request: PageRequest
    retry_state: RetryState = attrs.field(factory=RetryState)
    depth: int = 0
    task: asyncio.Task[StreamedResponse] | None = None
    response: StreamedResponse | None = None
    rows_read: int = 0
    received: int = 0
    yielded: int = 0
    expected: int | None = None
    pending: list[R] = attrs.field(factory=list)
    missed: bool = False
    failure: CallError | None = None

    @property
    def listcount(self) -> int | None:
        """How many records match in all, as far as the response has said."""
        return None if self.response is None else self.response.listcount

    @property
    def position(self) -> int:
        """The offset of the next row that is not done with."""
        return self.request.offset + self.received

    @property
    def is_full(self) -> bool:
        """Whether all rows that were requested are done with."""
        return self.response is not None and self.received >= self.request.limit

    @property
    def is_unopened(self) -> bool:
        """Whether nothing was sent for it."""
        return self.task is None and self.response is None

    # Opening

    def take_over(self, retry_state: RetryState) -> None:
        """Count the attempts made for a page that broke off."""
        self.retry_state = retry_state

    def shrink(self, plan: PagePlan, error: CallError) -> PageRequest:
        """Request fewer rows after an error that may be due to their number."""
        if isinstance(error, RequestTimeoutError | ServerError):
            self.request = plan.smaller(self.request)
        return self.request

    def start(self, opening: Coroutine[Any, Any, StreamedResponse]) -> None:
        """Wait for the response in a task of its own."""
        self.task = asyncio.ensure_future(opening)

    def cancel(self) -> None:
        """Give up waiting for the response, so that the page can be requested again."""
        if self.task is not None and not self.task.done():
            self.task.cancel()
            self.task = None

    async def wait(self, opening: Coroutine[Any, Any, StreamedResponse] | None = None) -> None:
        """Wait for the response of the task, or of `opening`; there is none if it is cancelled.

        Raises:
            CallError: The page could not be had.
        """
        if opening is not None:
            self.response = await opening
        elif self.task is not None:
            if not self.task.done():
                await asyncio.wait((self.task,))
            task, self.task = self.task, None
            if not task.cancelled():
                self.response = task.result()

    def close(self) -> None:
        """Read no more of it."""
        if self.task is not None:
            self.task.cancel()
        if self.response is not None:
            self.response.close()

    # Reading

    async def read(self, source: PageSource[R], response: StreamedResponse) -> list[R]:
        """Read the next records; none at the end.

        Raises:
            CallError: The response broke off, or the next row is no record.
        """
        if self.failure is not None:
            raise self.failure
        records, self.failure = await source.read(response, self.request, self.rows_read)
        self.rows_read += len(records)
        if self.failure is not None and not records:
            raise self.failure
        return records

    def hold(self, records: list[R]) -> None:
        """Keep records that are not done with."""
        self.pending = records

    def join(self, expected: int) -> None:
        """Note that the page meets the delivered records, of which it should repeat so many."""
        self.expected = expected

    def miss(self) -> None:
        """Note that the page does not meet the delivered records."""
        self.missed = True

    def advance(self, rows: int) -> None:
        """Note that so many more rows are done with."""
        self.received += rows

    def note_yielded(self, records: int) -> None:
        """Note that so many more records of the page were yielded."""
        self.yielded += records


class PageWindow(Generic[R]):
    """The pages that are under way, lowest first; only the first of them is read.

    Pages are opened together when the first of them is read, so that no task is left between
    two steps. After `open_ahead` they are opened as soon as they are requested.

    Attributes:
        ahead: Whether pages may be opened between two steps.
        closed: Whether `close` was called.
    """

    __slots__ = (
        "_bulk", "_carried", "_concurrency", "_pages", "_plan", "_source", "ahead", "closed",
    )  # fmt: skip

    def __init__(
        self, source: PageSource[R], plan: PagePlan, *, concurrency: int, bulk: bool
    ) -> None:
        self._source = source
        self._plan = plan
        self._concurrency = concurrency
        self._bulk = bulk
        self._pages: deque[OpenPage[R]] = deque()
        # The attempts of the page that broke off, for the page that takes its place.
        self._carried: RetryState | None = None
        self.ahead = False
        self.closed = False

    @property
    def first(self) -> OpenPage[R] | None:
        """The page to read."""
        return self._pages[0] if self._pages else None

    def open_ahead(self) -> None:
        """From now on open pages as soon as they are requested."""
        self.ahead = True

    def request_pages(self) -> None:
        """Request the pages that are wanted now."""
        if self.closed or self._plan.left == 0:
            return
        most = self._concurrency
        if self._pages:
            first = self._pages[0]
            gap = None if first.expected is not None else self._plan.gap(first.request)
            if gap is not None:
                self.insert(OpenPage(gap))
                return
            if not self.ahead:
                return
            if first.response is not None:
                most += 1  # the page that is being read is no longer waited for
        under_way = [page.request for page in self._pages]
        for request in self._plan.next_requests(under_way, most):
            page: OpenPage[R] = OpenPage(request)
            self._carry(page)
            self._pages.append(page)
            if self.ahead:
                page.start(self._open(page))

    def insert(self, page: OpenPage[R]) -> None:
        """Put a page before all others."""
        self._carry(page)
        self._pages.appendleft(page)

    def drop(self, page: OpenPage[R]) -> None:
        """Read no more of a page; the rows that are wanted of it are requested again."""
        if page in self._pages:
            self._pages.remove(page)
        page.close()

    def note_progress(self) -> None:
        """Note that new records came: attempts are counted from 0 again."""
        self._carried = None

    async def records(self, page: OpenPage[R]) -> list[R] | None:
        """Read the next records of a page; none at its end, None if it has gone.

        A page that breaks off is dropped, and the rest of it may be requested again.

        Raises:
            CallError: The page could not be had.
        """
        try:
            return await self._read(page)
        except CallError as error:
            failure = error
        self._break_off(page, failure)
        return None

    def close_unread(self) -> None:
        """Close every page of which rows are still expected: no more records are wanted."""
        for page in self._pages:
            if page.received < page.request.limit:
                page.close()

    async def drop_all(self) -> None:
        """Drop all pages, and leave nothing of them."""
        pages = list(self._pages)
        self._pages.clear()
        for page in pages:
            page.close()
        tasks = [page.task for page in pages if page.task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in tasks:
            if not task.cancelled() and task.exception() is None:
                task.result().close()

    async def close(self) -> None:
        """Close for good. May be called again, and in any state."""
        self.closed = True
        await self.drop_all()

    def _carry(self, page: OpenPage[R]) -> None:
        if self._carried is not None:
            page.take_over(self._carried)
            self._carried = None

    async def _open(self, page: OpenPage[R]) -> StreamedResponse:
        """Request a page, as often as that makes sense."""
        buffer = BUFFER
        if self.ahead:
            buffer = max(AHEAD_BYTES // (2 * (self._concurrency + 1)), BUFFER)
        return await self._source.open(
            page.request,
            page.retry_state,
            bulk=self._bulk,
            buffer=buffer,
            revise=lambda error: page.shrink(self._plan, error),
        )

    async def _begin(self, first: OpenPage[R]) -> StreamedResponse | None:
        """Wait for the beginning of the first page; None if all was closed meanwhile."""
        unopened = [page for page in self._pages if page.is_unopened]
        if first.task is None and len(unopened) > 1:
            await self._open_together(unopened)
        await first.wait(self._open(first) if first.task is None else None)
        if self.closed and first.response is not None:
            first.response.close()
            return None
        return first.response

    async def _open_together(self, pages: list[OpenPage[R]]) -> None:
        # Tasks of our own, not a TaskGroup: the failure of one page does not discard its
        # neighbours, and nothing is yielded inside of it.
        for page in pages:
            page.start(self._open(page))
        tasks = [page.task for page in pages if page.task is not None]
        try:
            await asyncio.wait(tasks)
        finally:
            for page in pages:
                page.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, page: OpenPage[R]) -> list[R] | None:
        response = page.response or await self._begin(page)
        if response is None:
            return None
        is_new = page.rows_read == 0
        records = await page.read(self._source, response)
        if is_new:
            self._plan.note_listcount(page.listcount)
        return records

    def _break_off(self, page: OpenPage[R], error: CallError) -> None:
        """Hand the failure of a page on to the request for its remaining rows.

        Raises:
            CallError: The page never began: all attempts were made.
        """
        self.drop(page)
        if page.response is None:
            raise error
        state = page.retry_state
        if page.received > page.request.overlap:
            state = RetryState(attempts=1)  # an attempt that brought records was not in vain
        page.shrink(self._plan, error)
        state.failure = page.response.annotate(error)
        self._carried = state
