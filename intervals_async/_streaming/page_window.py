"""The pages of a listing that are in progress: opened in time, read while they arrive."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

from .._http.connection import BUFFER
from .._http.settings import RetryState
from .._http.streamed_response import StreamedResponse
from .._schema.record import Record
from ..errors import CallError
from ..retry import FailureKind, failure_kind
from .open_page import OpenPage
from .page_plan import PagePlan
from .source import PageSource

__all__ = ["PageWindow"]

R = TypeVar("R", bound=Record)

# The maximum number of undecoded bytes in all pages that are requested ahead.
AHEAD_BYTES = 2**23


class PageWindow(Generic[R]):
    """The pages in progress, lowest offset first; only the first of them is read.

    Pages are opened together when the first of them is read, so that no task is left between
    two steps. After `open_ahead` they are opened as soon as they are requested.

    Attributes:
        ahead: Whether pages may be opened between two steps.
        closed: Whether `close` was called.
    """

    __slots__ = (
        "_bulk", "_carried", "_concurrency", "_latest", "_pages", "_plan", "_requested", "_source",
        "ahead", "closed",
    )  # fmt: skip

    def __init__(
        self, source: PageSource[R], plan: PagePlan, *, concurrency: int, bulk: bool
    ) -> None:
        self._source = source
        self._plan = plan
        self._concurrency = concurrency
        self._bulk = bulk
        self._pages: deque[OpenPage[R]] = deque()
        # How many pages were requested, and the number of the latest one that was read.
        self._requested = self._latest = 0
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
        """Request the pages that are needed now."""
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
                most += 1  # the page being read has arrived
        under_way = [page.request for page in self._pages]
        for request in self._plan.next_requests(under_way, most):
            page: OpenPage[R] = OpenPage(request)
            self._prepare(page)
            self._pages.append(page)
            if self.ahead:
                page.start(self._open(page))

    def insert(self, page: OpenPage[R]) -> None:
        """Put a page before all other pages."""
        self._prepare(page)
        self._pages.appendleft(page)

    def is_outdated(self, page: OpenPage[R]) -> bool:
        """Whether a page that was requested later was read already."""
        return page.number < self._latest

    def drop(self, page: OpenPage[R]) -> None:
        """Stop reading a page; the rows still needed are requested again."""
        if page in self._pages:
            self._pages.remove(page)
        page.close()

    def note_progress(self) -> None:
        """Note that new records arrived: attempts are counted from 0 again."""
        self._carried = None

    async def records(self, page: OpenPage[R]) -> list[R] | None:
        """Read the next records of a page; none at its end, None if it was dropped.

        A page that breaks off is dropped, and the rest of it may be requested again.

        Raises:
            CallError: The page could not be fetched.
        """
        try:
            return await self._read(page)
        except CallError as error:
            failure = error
        self._break_off(page, failure)
        return None

    async def fill(self, page: OpenPage[R], rows: int) -> bool:
        """Hold at least this many records of a page, if it has them; False if it was dropped."""
        while len(page.pending) < rows:
            more = await self.records(page)
            if more is None:
                return False
            if not more:
                break
            page.hold([*page.pending, *more])
        return True

    def close_unread(self) -> None:
        """Close every page that still expects rows, because no more records are needed."""
        for page in self._pages:
            if page.received < page.request.limit:
                page.close()

    async def drop_all(self) -> None:
        """Drop all pages, and wait until their tasks have ended."""
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
        """Close permanently. Allowed in any state, and more than once."""
        self.closed = True
        await self.drop_all()

    def _prepare(self, page: OpenPage[R]) -> None:
        page.number = self._requested
        self._requested += 1
        if self._carried is not None:
            page.take_over(self._carried)
            self._carried = None

    async def _open(self, page: OpenPage[R]) -> StreamedResponse:
        """Request a page, with retries."""
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
        """Wait for the start of the first page; None if all pages were closed meanwhile."""
        unopened = [page for page in self._pages if page.is_unopened]
        if first.task is None and len(unopened) > 1:
            await self._open_together(unopened)
        await first.wait(self._open(first) if first.task is None else None)
        if self.closed and first.response is not None:
            first.response.close()
            return None
        return first.response

    async def _open_together(self, pages: list[OpenPage[R]]) -> None:
        # Separate tasks instead of a TaskGroup: the failure of one page does not discard its
        # neighbours, and no yield is inside the group.
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
        self._latest = max(self._latest, page.number)
        records = await page.read(self._source, response)
        if is_new:
            self._plan.note_listcount(page.listcount)
        return records

    def _break_off(self, page: OpenPage[R], error: CallError) -> None:
        """Pass the failure of a page to the request for its remaining rows.

        Raises:
            CallError: All attempts were made, or another one would not help.
        """
        self.drop(page)
        if page.response is None:
            raise error
        state = page.retry_state
        if page.received > page.request.overlap:
            state = RetryState(attempts=1)  # new records start a new count
        page.shrink(self._plan, error)
        failure = page.response.annotate(error)
        if failure_kind(failure) is FailureKind.FINAL:
            raise failure
        state.failure = failure
        self._carried = state
