"""The pages of a listing: asked for as the plan says, given in order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Generic, Self, TypeVar

import attrs

from ._convert import Record, RecordDecoder
from ._paging import PageRequest, Plan
from ._transport import Tally, Transport
from ._wire import Answer, Call
from .errors import CallError, ListingError
from .events import PageReceived

__all__ = ["Page", "Pages", "Source"]

R = TypeVar("R", bound=Record)


@attrs.frozen
class Page(Generic[R]):
    """Some records in a row.

    Attributes:
        items: The records, in the server's order; never empty.
        offset: The place of the first one in the whole, from 0.
        listcount: How many records match in all, as the server said with this page; None
            where it does not say.
    """

    items: Sequence[R]
    offset: int
    listcount: int | None


@attrs.frozen
class Source(Generic[R]):
    """Where the rows of a listing come from."""

    transport: Transport
    resource: str
    query: tuple[tuple[str, str], ...]
    decoder: RecordDecoder[R]
    paginated: bool

    def call(self, request: PageRequest) -> Call:
        """The call that asks for one page."""
        query = self.query
        if self.paginated:
            query += (("offset", str(request.offset)), ("limit", str(request.limit)))
        return Call("GET", self.resource, query=query)

    async def fetch(
        self, request: PageRequest, tally: Tally, *, bulk: bool
    ) -> tuple[Page[R], Answer]:
        """Ask for one page; `bulk` lets calls that somebody waits for pass first."""
        answer = await self.transport.send(self.call(request), tally, bulk=bulk)
        try:
            items = self.decoder.records(answer.rows(), f"$.{self.resource}")
            page = Page(items, request.offset, answer.listcount)
        except CallError as error:
            raise answer.annotate(error) from None
        self.transport.report(
            PageReceived(
                resource=self.resource,
                offset=page.offset,
                records=len(page.items),
                listcount=page.listcount,
            )
        )
        return page, answer


class Pages(Generic[R]):
    """The pages of a listing, in order: an async iterator.

    A step that needs the server asks for up to `concurrency` pages at once and waits for
    them all, so between two steps nothing is under way: leaving a loop with ``break`` or an
    error leaves nothing behind, and a cancelled step has ended all it began.

    Opened with ``async with`` and a concurrency above 1, it looks ahead: a step waits for its
    own page alone, and the next ones come while you work. The end of the block ends them.

    After an error the next step goes on where it stood; pages that had come are kept.
    """

    __slots__ = (
        "_ahead",
        "_bulk",
        "_closed",
        "_concurrency",
        "_failures",
        "_next",
        "_plan",
        "_ready",
        "_source",
        "_stepping",
        "_tally",
        "_under_way",
    )

    def __init__(
        self, source: Source[R], plan: Plan, *, first: int, concurrency: int, bulk: bool
    ) -> None:
        self._bulk = bulk
        self._source = source
        self._plan = plan
        self._concurrency = concurrency
        self._tally = Tally()
        # The offset of the page to give next.
        self._next = first
        # Pages that came before their turn, by offset.
        self._ready: dict[int, Page[R]] = {}
        # What stopped a page that was asked for beside others, by offset; raised in its turn.
        self._failures: dict[int, BaseException] = {}
        # The pages that are asked for now.
        self._under_way: dict[asyncio.Task[tuple[Page[R], Answer]], PageRequest] = {}
        # Whether pages may be under way between two steps.
        self._ahead = False
        self._stepping = False
        self._closed = False

    @property
    def listcount(self) -> int | None:
        """How many records match in all, as last heard; None before the first answer."""
        return self._plan.listcount

    @property
    def requests(self) -> int:
        """How many requests went over the wire for this, those sent again included."""
        return self._tally.requests

    def __aiter__(self) -> Self:
        """Give itself: pages are read once."""
        return self

    async def __anext__(self) -> Page[R]:
        """Give the next page.

        Raises:
            CallError: A page could not be had. The next step asks for it again.
            ListingError: The stream was closed by another task in the middle of the step.
            RuntimeError: Another task is in the middle of a step.
        """
        if self._closed:
            raise StopAsyncIteration
        if self._stepping:
            raise RuntimeError("another task is stepping this stream; give each task its own")
        self._stepping = True
        try:
            page = await self._step()
        finally:
            self._stepping = False
        if page is None:
            if self._closed:
                raise ListingError(f"the stream of {self._source.resource} was closed meanwhile")
            raise StopAsyncIteration
        self._next = page.offset + len(page.items)
        return page

    async def aclose(self) -> None:
        """End the stream. May be called again, and in any state."""
        self._closed = True
        await self._end()
        self._ready.clear()
        self._failures.clear()

    async def __aenter__(self) -> Self:
        """Give itself, and look ahead from now on."""
        self._ahead = self._concurrency > 1
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        await self.aclose()

    async def _step(self) -> Page[R] | None:
        while not self._closed:
            page = self._ready.pop(self._next, None)
            if page is not None:
                if self._ahead:
                    self._begin(self._wanted())
                return page
            if self._next in self._failures:
                raise self._first_failure()
            wanted = self._wanted()
            if wanted or self._under_way:
                await self._fetch(wanted)
            elif self._failures:
                raise self._first_failure()
            elif self._ready:
                # The listcount fell below rows that had come already: they are not lost.
                self._next = min(self._ready)
            else:
                break
        return None

    def _first_failure(self) -> BaseException:
        # The others are forgotten: their pages are asked for again, like that of this one.
        failure = self._failures[min(self._failures)]
        self._failures.clear()
        return failure

    def _wanted(self) -> list[PageRequest]:
        if self._failures:
            return []  # nothing more before it was raised
        room = self._concurrency - len(self._ready) - len(self._under_way)
        if not self._under_way:
            room = max(room, 1)  # for what is missing before those that came early
        return self._plan.next_requests(room) if room > 0 else []

    async def _fetch(self, wanted: list[PageRequest]) -> None:
        if self._ahead:
            self._begin(wanted)
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
            self._settle()
        elif len(wanted) == 1:
            await self._fetch_one(wanted[0])
        else:
            self._begin(wanted)
            try:
                await asyncio.wait(self._under_way)
            finally:
                await self._end()

    def _begin(self, wanted: list[PageRequest]) -> None:
        # Tasks of our own, not a TaskGroup: one page's failure does not throw away its
        # neighbours, and nothing is yielded inside of it.
        for request in wanted:
            self._under_way[asyncio.ensure_future(self._ask(request))] = request

    async def _end(self) -> None:
        """End what is under way, and keep what has come of it."""
        for task in self._under_way:
            task.cancel()
        if self._under_way:
            await asyncio.gather(*self._under_way, return_exceptions=True)
        self._settle()

    async def _fetch_one(self, request: PageRequest) -> None:
        try:
            page, answer = await self._ask(request)
        except BaseException:
            self._plan.failed(request)
            raise
        self._accept(request, page, answer)

    async def _ask(self, request: PageRequest) -> tuple[Page[R], Answer]:
        return await self._source.fetch(request, self._tally, bulk=self._bulk)

    def _settle(self) -> None:
        """Take in what has become of the pages that are done."""
        for task in [task for task in self._under_way if task.done()]:
            request = self._under_way.pop(task)
            error: BaseException | None = None
            # A task that was cancelled before it ran knows nothing of it, so it is asked here.
            if task.cancelled() or (error := task.exception()) is not None:
                self._plan.failed(request)
            else:
                try:
                    self._accept(request, *task.result())
                except CallError as refused:
                    error = refused
            if error is not None:
                self._failures[request.offset] = error

    def _accept(self, request: PageRequest, page: Page[R], answer: Answer) -> None:
        try:
            if self._plan.received(request, len(page.items), page.listcount):
                self._ready[request.offset] = page
        except CallError as error:
            raise answer.annotate(error) from None
