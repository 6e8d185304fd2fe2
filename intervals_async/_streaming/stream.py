"""The streams of a listing: of its records, and of its pages."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from operator import length_hint
from types import TracebackType
from typing import Any, Generic, NoReturn, Self, TypeVar

import attrs

from .._schema.record import Record, field_names, shown_values
from ..errors import ListingError
from .bookmark import Bookmark
from .delivered import DeliveredTail
from .reader import Batch, Reader
from .source import ids_of

__all__ = ["Page", "Pages", "Stream"]

R = TypeVar("R", bound=Record)


@attrs.frozen
class Page(Generic[R]):
    """Consecutive records of a listing.

    Attributes:
        items: The records, in the server's order; never empty.
        offset: The offset of the first record in the complete listing, as the server counted.
        listcount: The total number of matching records in the latest response; None if the server
            does not state it.
    """

    items: Sequence[R]
    offset: int
    listcount: int | None

    def _repr_html_(self) -> str:
        """Show the first records as a table, in a notebook."""
        from .._html import MAX_ROWS, rows_table  # noqa: PLC0415  for notebooks only

        total = "" if self.listcount is None else f" of {self.listcount:,}"
        kind = type(self.items[0]) if self.items else Record
        return rows_table(
            f"{kind.__name__}: {len(self.items):,}{total}, offset {self.offset:,}",
            field_names(kind),
            [shown_values(each) for each in self.items[:MAX_ROWS]],
            more=max(len(self.items) - MAX_ROWS, 0),
        )


class _BatchIterator(Generic[R]):
    """The base of `Stream` and `Pages`: one task at a time may step, and not after the end."""

    __slots__ = ("_closed", "_needs_block", "_reader", "_resource", "_stepping")

    def __init__(self, reader: Reader[R], resource: str, *, needs_block: bool = False) -> None:
        self._reader = reader
        self._resource = resource
        # Whether `async with` must be entered first.
        self._needs_block = needs_block
        self._stepping = False
        self._closed = False

    @property
    def listcount(self) -> int | None:
        """The total number of matching records in the latest response; None before the first."""
        return self._reader.listcount

    @property
    def requests(self) -> int:
        """The number of requests for this stream, including retries."""
        return self._reader.requests

    @property
    def repairs(self) -> int:
        """The number of times that rows had moved and the position was found again.

        .. versionadded:: 0.2.0
        """
        return self._reader.repairs

    def __reduce__(self) -> NoReturn:
        """Explain what to pickle instead."""
        raise TypeError(
            "a stream cannot be pickled or copied; pass its bookmark to stream(resume=...)"
        )

    def __aiter__(self) -> Self:
        """Return self. It can be read only once."""
        return self

    async def aclose(self) -> None:
        """Close it. Allowed in any state, and more than once."""
        self._closed = True
        await self._reader.aclose()

    async def __aenter__(self) -> Self:
        """Return self, and request pages ahead from now on if `prefetch` is on."""
        self._needs_block = False
        self._reader.start_prefetch()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        await self.aclose()

    async def _next_batch(self) -> Batch[R]:
        """Return the next batch.

        Raises:
            StopAsyncIteration: No record is left.
            CallError: A page could not be fetched. The next step requests it again.
            ListingError: Another task closed the stream during the step.
            RuntimeError: Another task is in the middle of a step, or `prefetch` is True and ``async
                with`` was not entered.
        """
        if self._closed:
            raise StopAsyncIteration
        if self._needs_block:
            raise RuntimeError("prefetch=True: expected an 'async with' block; enter one first")
        if self._stepping:
            raise RuntimeError(
                "another task is iterating this stream; use one stream for each task"
            )
        self._stepping = True
        try:
            batch = await self._reader.next_batch()
        finally:
            self._stepping = False
        if batch is not None:
            return batch
        if self._closed:
            raise ListingError(f"the stream of {self._resource} was closed during this step")
        raise StopAsyncIteration


class Stream(_BatchIterator[R]):
    """The records of a listing, in order: an async iterator that knows its position.

    A step that needs the server waits for one page, and yields its first record as soon as it has
    arrived. With a `concurrency` above 1, that many pages are requested at the same time. No task
    remains after the step; the rest of those pages stays in their connections. So ``break`` or an
    error in a loop leaves no task running, and a cancelled step ends everything that it started.
    With ``async with``, the next pages may arrive while you process records (`prefetch`), until the
    end of the block.

    After an error, the next step continues at the same position.
    """

    __slots__ = ("_ahead", "_batch", "_bookmark", "_left_midway", "_records")

    def __init__(self, reader: Reader[R], bookmark: Bookmark, *, needs_block: bool = False) -> None:
        super().__init__(reader, bookmark.resource, needs_block=needs_block)
        self._records: Iterator[R] = iter(())
        # The batch of the current records.
        self._batch: Batch[R] | None = None
        # The batches that were read in advance.
        self._ahead: deque[Batch[R]] = deque()
        # Where the stream began.
        self._bookmark = bookmark
        # Whether it was closed between two records without a bookmark between them.
        self._left_midway = False

    @property
    def delivered(self) -> int:
        """The number of yielded records, including those before a bookmark."""
        if self._batch is None:
            return self._bookmark.delivered
        return self._batch.yielded + self._taken

    @property
    def bookmark(self) -> str:
        """The position after the last yielded record, as a short text.

        ``stream(resume=…)`` of the same listing continues after it, even in another process and
        even if rows have changed meanwhile.

        Raises:
            ListingError: No bookmark exists at this position, because the resource is read in one
                response, or because a second pass is looking for missed records.
        """
        batch = self._batch
        if batch is None and self._ahead:
            return str(self._bookmark)
        if self._is_midway or not self._reader.resumable:
            raise ListingError("no bookmark exists at this position; start the listing again")
        if batch is None:
            return str(self._bookmark)
        taken = self._taken
        tail = batch.tail or DeliveredTail()
        if batch.tail is not None:
            ids: list[Any] = ids_of(batch.records[:taken])  # records with a tail have ids
            tail = tail.followed_by(ids, in_order=batch.in_order)
        return str(
            attrs.evolve(
                batch.partition or self._bookmark,
                position=batch.offsets[taken - 1] + 1,
                delivered=self.delivered,
                listcount=self.listcount,
                tail=tail,
                partition_rows=batch.partition_rows[taken - 1] if batch.partition else 0,
            )
        )

    async def __anext__(self) -> R:
        """Return the next record.

        Raises:
            CallError: A page could not be fetched. The next step requests it again.
            DriftError: Rows have moved; see `Listing.stream`.
            IncompleteListingError: The server repeats pages, or returns fewer records than it
                promises.
            SnapshotBrokenError: The snapshot broke off; the next step starts it again.
            ListingError: Another task closed the stream during the step.
            RuntimeError: Another task is in the middle of a step.
        """
        for record in self._records:  # the fastest way to take one record
            return record
        while True:
            batch = self._ahead.popleft() if self._ahead else await self._next_batch()
            if batch.records:
                self._batch = batch
                self._records = iter(batch.records)
                return next(self._records)

    async def batch(self) -> list[R]:
        """Return all records that are available now: at least one, none at the end.

        These records arrived together. Processing them together is faster than one by one, for
        example to write a file. Raises as a step does; `bookmark` is the position after all of
        them.

        .. versionadded:: 0.2.0
        """
        try:
            first = await anext(self)
        except StopAsyncIteration:
            return []
        return [first, *self._records]

    async def read_ahead(self) -> None:
        """Request the first page now, and hold it until its records are read.

        Then `listcount` is known at no cost, because no page is requested twice. No part of the
        page stays in a connection. A stream that has begun reads the rest of its current page.
        Raises as a step does.

        .. versionadded:: 0.2.0
        """
        while not self._ahead or not self._ahead[-1].ends_page:
            try:
                self._ahead.append(await self._next_batch())
            except StopAsyncIteration:
                return

    @property
    def _is_midway(self) -> bool:
        """Whether the position is between two records without a bookmark between them."""
        batch = self._batch
        if batch is None or not batch.indivisible:
            return self._left_midway
        more = length_hint(self._records) > 0 or (self._ahead and self._ahead[0].indivisible)
        return self._left_midway or bool(more)

    @property
    def _taken(self) -> int:
        """The number of yielded records of the batch."""
        if self._batch is None:
            return 0
        return len(self._batch.records) - length_hint(self._records)

    async def aclose(self) -> None:
        """Close it. Allowed in any state, and more than once."""
        if self._batch is not None:  # the number of yielded records stays known
            self._left_midway = self._is_midway
            self._batch = self._batch.first(self._taken)
        self._records = iter(())
        self._ahead.clear()
        await super().aclose()


class Pages(_BatchIterator[R]):
    """The pages of a listing, in order: an async iterator that works as `Stream` does."""

    __slots__ = ("_batches",)

    def __init__(self, reader: Reader[R], resource: str, *, needs_block: bool = False) -> None:
        super().__init__(reader, resource, needs_block=needs_block)
        # The part of the page that has arrived.
        self._batches: list[Batch[R]] = []

    async def __anext__(self) -> Page[R]:
        """Return the next page; raises as a step of `Stream` does."""
        while True:
            try:
                batch = await self._next_batch()
            except StopAsyncIteration:
                if not self._batches:
                    raise
                return self._page()
            if batch.records:
                self._batches.append(batch)
            if batch.ends_page and self._batches:
                return self._page()

    async def aclose(self) -> None:
        """Close it. Allowed in any state, and more than once."""
        self._batches.clear()
        await super().aclose()

    def _page(self) -> Page[R]:
        batches, self._batches = self._batches, []
        records = [record for batch in batches for record in batch.records]
        return Page(records, batches[0].offsets[0], self.listcount)
