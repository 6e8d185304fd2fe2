"""The pages of a listing that are asked for: opened in time, read while they arrive."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

import attrs

from .._http.connection import BUFFER
from .._http.settings import RetryState
from .._http.streamed_response import StreamedResponse
from .._schema.records import Record
from ..errors import CallError, RequestTimeoutError, ServerError
from .page_plan import PagePlan, PageRequest, check_rows
from .source import PageSource, Tally

__all__ = ["OpenPage", "PageWindow"]

R = TypeVar("R", bound=Record)

# Bytes that may be kept, undecoded, of all the pages that are asked for ahead.
AHEAD_BYTES = 2**23


@attrs.define(eq=False)
class OpenPage(Generic[R]):
    """A page that is asked for, and how far it is read.

    Attributes:
        request: The rows that are asked for.
        retry_state: The attempts that were made for them.
        depth: How often was stepped back before it, to meet what was given.
        task: What opens it, if something does.
        incoming: Its answer, once it has begun.
        read: How many rows have come.
        received: How many of these were looked at.
        given: How many records of these were given.
        expected: How many rows of it were expected to be given already.
        listcount: How many match in all, as far as it has said.
        pending: Records that came, but do not meet what was given yet.
        joined: Whether it meets what was given.
        missed: How often it did not.
        failure: Why nothing comes behind the records that came.
    """

    request: PageRequest
    retry_state: RetryState = attrs.field(factory=RetryState)
    depth: int = 0
    task: asyncio.Task[StreamedResponse] | None = None
    incoming: StreamedResponse | None = None
    read: int = 0
    received: int = 0
    given: int = 0
    expected: int = 0
    listcount: int | None = None
    pending: list[R] | None = None
    joined: bool = False
    missed: int = 0
    failure: CallError | None = None

    def close(self) -> None:
        """Read no more of it."""
        if self.task is not None:
            self.task.cancel()
        if self.incoming is not None:
            self.incoming.close()


class PageWindow(Generic[R]):
    """The pages that are asked for, lowest first; only the first of them is read.

    Pages are opened together when the first of them is read, so that between two steps no
    task is left; or, with `look_ahead`, as soon as they are asked for.

    Attributes:
        tally: Counts the requests.
        ahead: Whether pages may be opened between two steps.
        closed: Whether `close` was called.
    """

    __slots__ = (
        "_bulk", "_carried", "_concurrency", "_pages", "_plan", "_source", "ahead", "closed",
        "tally",
    )  # fmt: skip

    def __init__(
        self, source: PageSource[R], plan: PagePlan, tally: Tally, *, concurrency: int, bulk: bool
    ) -> None:
        self._source = source
        self._plan = plan
        self._concurrency = concurrency
        self._bulk = bulk
        self._pages: deque[OpenPage[R]] = deque()
        # The attempts of the page that broke off, for the one that takes its place.
        self._carried: RetryState | None = None
        self.tally = tally
        self.ahead = False
        self.closed = False

    @property
    def first(self) -> OpenPage[R] | None:
        """The page whose turn it is."""
        return self._pages[0] if self._pages else None

    def __iter__(self) -> Iterator[OpenPage[R]]:
        return iter(self._pages)

    def ask(self) -> None:
        """Ask for what is wanted now."""
        if self.closed:
            return
        most = self._concurrency
        if self._pages:
            first = self._pages[0]
            gap = None if first.joined else self._plan.gap(first.request)
            if gap is not None:
                self.insert(OpenPage(gap))
                return
            if not self.ahead:
                return
            if first.incoming is not None:
                most += 1  # the page that is being read is no longer waited for
        under_way = [page.request for page in self._pages]
        for request in self._plan.next_requests(under_way, most):
            page: OpenPage[R] = OpenPage(request)
            self._carry(page)
            self._pages.append(page)
            if self.ahead:
                page.task = asyncio.ensure_future(self._opened(page))

    def insert(self, page: OpenPage[R]) -> None:
        """Put a page before all others."""
        self._carry(page)
        self._pages.appendleft(page)

    def drop(self, page: OpenPage[R]) -> None:
        """Read no more of a page; the rows that are wanted of it are asked for anew."""
        if page in self._pages:
            self._pages.remove(page)
        page.close()

    def fruitful(self) -> None:
        """Take note that new records came: attempts are counted anew."""
        self._carried = None

    async def records(self, page: OpenPage[R]) -> list[R] | None:
        """The next records of a page; none at its end, None if it is not there any more.

        A page that breaks off is dropped, and what is left of it may be asked for again.

        Raises:
            CallError: It may not: the attempts are used up, or are in vain.
        """
        failure: CallError | None = None
        try:
            return await self._records(page)
        except CallError as error:
            failure = error
        self._broke(page, failure)
        return None

    async def end(self) -> None:
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
        """End for good. May be called again, and in any state."""
        self.closed = True
        await self.end()

    def _carry(self, page: OpenPage[R]) -> None:
        if self._carried is not None:
            page.retry_state, self._carried = self._carried, None

    async def _opened(self, page: OpenPage[R]) -> StreamedResponse:
        """Ask for a page, as often as that makes sense."""
        buffer = BUFFER
        if self.ahead:
            buffer = max(AHEAD_BYTES // (2 * (self._concurrency + 1)), BUFFER)

        def revise(error: CallError) -> PageRequest:
            if isinstance(error, RequestTimeoutError | ServerError):
                page.request = self._plan.smaller(page.request)
            return page.request

        return await self._source.open(
            page.request,
            page.retry_state,
            self.tally,
            bulk=self._bulk,
            buffer=buffer,
            revise=revise,
        )

    async def _begun(self, first: OpenPage[R]) -> StreamedResponse | None:
        """Wait for the beginning of the first page; None where all was closed meanwhile."""
        if first.task is None:
            new = [page for page in self._pages if page.task is None and page.incoming is None]
            if len(new) > 1:
                await self._open_together(new)
            else:
                first.incoming = await self._opened(first)
        elif not first.task.done():
            await asyncio.wait((first.task,))
        if first.task is not None:
            task, first.task = first.task, None
            if task.cancelled():
                return None
            first.incoming = task.result()
        if self.closed and first.incoming is not None:
            first.incoming.close()
            return None
        return first.incoming

    async def _open_together(self, pages: list[OpenPage[R]]) -> None:
        # Tasks of our own, not a TaskGroup: one page's failure does not throw away its
        # neighbours, and nothing is yielded inside of it.
        tasks = [asyncio.ensure_future(self._opened(page)) for page in pages]
        for page, task in zip(pages, tasks, strict=True):
            page.task = task
        try:
            await asyncio.wait(tasks)
        finally:
            for page, task in zip(pages, tasks, strict=True):
                if not task.done():
                    task.cancel()
                    page.task = None
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _records(self, page: OpenPage[R]) -> list[R] | None:
        incoming = page.incoming or await self._begun(page)
        if incoming is None:
            return None
        if page.failure is not None:
            raise page.failure
        rows = await incoming.rows()
        page.listcount = incoming.listcount
        if page.read == 0:
            self._plan.heard(page.listcount)
        check_rows(page.request, page.read + len(rows))
        records, page.failure = self._source.records(incoming, rows, page.read)
        page.read += len(records)
        if page.failure is not None and not records:
            raise page.failure
        return records

    def _broke(self, page: OpenPage[R], error: CallError) -> None:
        """Hand the failure of a page on to the request for its remaining rows.

        Raises:
            CallError: The page never began: all attempts were made.
        """
        self.drop(page)
        if page.incoming is None:
            raise error
        state = page.retry_state
        if page.received > page.request.overlap:
            state = RetryState(attempts=1)  # an attempt that brought records was not in vain
        if isinstance(error, RequestTimeoutError | ServerError):
            self._plan.smaller(page.request)
        state.failure = page.incoming.annotate(error)
        self._carried = state
