"""What `list()` gives: a `Listing`, and the stream of records that is read from it."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from ._convert import Record
from ._pages import Page, Pages, Source
from ._paging import PagePlan, PageRequest, Plan, WholePlan
from ._transport import Tally
from .errors import ArgumentError, IncompleteListingError

if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["PAGE_SIZE", "Listing", "Page", "Pages", "Source", "Stream"]

R = TypeVar("R", bound=Record)

PAGE_SIZE = 500


class Listing(Generic[R]):
    """Every record that matches, of one resource; nothing is sent until it is read.

    Read it with ``async for``, as often as you like: each time starts anew. It knows no
    length before it has asked; `count` asks.
    """

    __slots__ = ("_limit", "_offset", "_source")

    def __init__(self, source: Source[R], *, offset: int = 0, limit: int | None = None) -> None:
        self._source = source
        self._offset = _whole_number("offset", offset, least=0)
        self._limit = None if limit is None else _whole_number("limit", limit, least=0)

    def __repr__(self) -> str:
        """Show the resource and the query."""
        query = "".join(f" {name}={value}" for name, value in self._source.query)
        if self._offset:
            query += f" offset={self._offset}"
        if self._limit is not None:
            query += f" limit={self._limit}"
        return f"<Listing {self._source.resource}{query}>"

    def __aiter__(self) -> Stream[R]:
        """Stream every record: the same as `stream` without options."""
        return self.stream()

    if not TYPE_CHECKING:  # type checkers refuse a plain `for` on their own

        def __iter__(self) -> NoReturn:
            """Say what to write instead of a plain ``for``."""
            raise TypeError(
                "a Listing is read with 'async for', or at once with 'await listing.collect()'"
            )

    def stream(self, *, page_size: int = PAGE_SIZE, concurrency: int = 1) -> Stream[R]:
        """Stream every record, in the server's order.

        Args:
            page_size: Records a request. Bigger pages cost fewer requests. No effect on a
                resource that has no pages.
            concurrency: How many pages a step may have under way at once. They come in
                order all the same, and no more than these are kept in memory.

        Returns:
            A stream. Without ``async with`` it needs no closing, since nothing is under way
            between two steps. With it, and a concurrency above 1, the next pages come
            while you work, and the end of the block ends them.
        """
        return Stream(self.pages(page_size=page_size, concurrency=concurrency))

    def pages(self, *, page_size: int = PAGE_SIZE, concurrency: int = 1) -> Pages[R]:
        """Stream whole pages, in order. The arguments are those of `stream`."""
        page_size = _whole_number("page_size", page_size, least=1)
        concurrency = _whole_number("concurrency", concurrency, least=1)
        return self._pages(page_size, concurrency, bulk=True)

    async def count(self) -> int:
        """Ask how many records the listing has, with one small request.

        Raises:
            IncompleteListingError: The server does not say (no ``listcount``), although
                the resource has pages.
        """
        page, answer = await self._source.fetch(PageRequest(0, 1), Tally(), bulk=False)
        listcount = page.listcount
        if listcount is None:
            if self._source.paginated:
                raise answer.annotate(IncompleteListingError("the answer holds no listcount"))
            listcount = len(page.items)
        rest = max(listcount - self._offset, 0)
        return rest if self._limit is None else min(rest, self._limit)

    async def first(self) -> R | None:
        """Ask for the first record alone; None where nothing matches."""
        limit = 1 if self._limit is None else min(self._limit, 1)
        one = Listing(self._source, offset=self._offset, limit=limit)
        async for page in one._pages(1, 1, bulk=False):
            return page.items[0]
        return None

    async def collect(self) -> list[R]:
        """Stream every record into a list."""
        return [record async for record in self]

    def _pages(self, page_size: int, concurrency: int, *, bulk: bool) -> Pages[R]:
        plan: Plan = WholePlan()
        if self._source.paginated:
            plan = PagePlan(page_size, offset=self._offset, limit=self._limit)
        return Pages(self._source, plan, first=self._offset, concurrency=concurrency, bulk=bulk)


class Stream(Generic[R]):
    """The records of a listing, in order: an async iterator that knows where it stands.

    What `Pages` says of steps, errors and cancellation holds here too.
    """

    __slots__ = ("_delivered", "_pages", "_records")

    def __init__(self, pages: Pages[R]) -> None:
        self._pages = pages
        self._records: Iterator[R] = iter(())
        self._delivered = 0

    @property
    def delivered(self) -> int:
        """How many records it has given."""
        return self._delivered

    @property
    def listcount(self) -> int | None:
        """How many records match in all, as last heard; None before the first answer."""
        return self._pages.listcount

    @property
    def requests(self) -> int:
        """How many requests went over the wire for this, those sent again included."""
        return self._pages.requests

    def __aiter__(self) -> Self:
        """Give itself: a stream is read once."""
        return self

    async def __anext__(self) -> R:
        """Give the next record; raises as a step of `Pages` does."""
        while (record := next(self._records, None)) is None:
            page = await self._pages.__anext__()
            self._records = iter(page.items)
        self._delivered += 1
        return record

    async def aclose(self) -> None:
        """End the stream. May be called again, and in any state."""
        self._records = iter(())
        await self._pages.aclose()

    async def __aenter__(self) -> Self:
        """Give itself, and look ahead from now on."""
        await self._pages.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        await self.aclose()


def _whole_number(name: str, value: object, *, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        shown = value if isinstance(value, int) else type(value).__name__
        raise ArgumentError(f"{name} is a whole number from {least} up, not {shown}")
    return value
