"""What is read from a listing: the stream of its records, or of its pages."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from operator import length_hint
from types import TracebackType
from typing import Generic, Self, TypeVar

import attrs

from .._schema.records import Record
from ..errors import ListingError
from .bookmark import Bookmark
from .delivered import DeliveredTail
from .reader import Batch, Steps
from .source import ids_of

__all__ = ["Page", "Pages", "Stream"]

R = TypeVar("R", bound=Record)


@attrs.frozen
class Page(Generic[R]):
    """Some records in a row.

    Attributes:
        items: The records, in the server's order; never empty.
        offset: The place of the first one in the whole, from 0, as the server counted.
        listcount: How many records match in all, as the server said with this page; None
            where it does not say.
    """

    items: Sequence[R]
    offset: int
    listcount: int | None


class _Steppable(Generic[R]):
    """What streams and pages have in common: their end, and what they know of themselves."""

    __slots__ = ("_steps",)

    def __init__(self, steps: Steps[R]) -> None:
        self._steps = steps

    @property
    def listcount(self) -> int | None:
        """How many records match in all, as last heard; None before the first answer."""
        return self._steps.reader.listcount

    @property
    def requests(self) -> int:
        """How many requests went over the wire for this, those sent again included."""
        return self._steps.reader.requests

    @property
    def repairs(self) -> int:
        """How often rows had moved meanwhile, and were found again."""
        return self._steps.reader.repairs

    def __aiter__(self) -> Self:
        """Give itself: it is read once."""
        return self

    async def aclose(self) -> None:
        """End it. May be called again, and in any state."""
        await self._steps.aclose()

    async def __aenter__(self) -> Self:
        """Give itself, and look ahead from now on where `prefetch` says so."""
        self._steps.enter()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        await self.aclose()


class Stream(_Steppable[R]):
    """The records of a listing, in order: an async iterator that knows where it stands.

    A step that needs the server waits for the page whose turn it is, and gives its first
    record as soon as that has come; with a `concurrency` above 1 it has so many pages under
    way. After it no task is left, only the rest of those pages, waiting in their
    connections: leaving a loop with ``break`` or an error leaves nothing behind, and a
    cancelled step has ended all it began. With ``async with`` the next pages may come while
    you work (`prefetch`); the end of the block ends them.

    After an error the next step goes on where it stood.
    """

    __slots__ = ("_ahead", "_batch", "_bookmark", "_left_midway", "_records")

    def __init__(self, steps: Steps[R], bookmark: Bookmark) -> None:
        super().__init__(steps)
        self._records: Iterator[R] = iter(())
        # What the records come from.
        self._batch: Batch[R] | None = None
        # What was read beyond it.
        self._ahead: deque[Batch[R]] = deque()
        # Where it began.
        self._bookmark = bookmark
        # Whether it was closed in the midst of one answer.
        self._left_midway = False

    @property
    def delivered(self) -> int:
        """How many records were given, those before a bookmark included."""
        if self._batch is None:
            return self._bookmark.delivered
        return self._batch.given + self._taken

    @property
    def bookmark(self) -> str:
        """Where it stands, behind the record that was given last, as a short text.

        ``stream(resume=…)`` of the same listing goes on behind it, in another process too,
        and whatever others have changed meanwhile.

        Raises:
            ListingError: There is nothing to go on from: the resource comes in one answer, or
                a second pass looks for what the first has missed.
        """
        batch = self._batch
        if batch is None and self._ahead:
            return str(self._bookmark)
        if self._is_midway or not self._steps.reader.resumable:
            raise ListingError("there is no bookmark here: begin the listing anew instead")
        if batch is None:
            return str(self._bookmark)
        trail = batch.before or DeliveredTail()
        if batch.before is not None:
            trail = trail.past(ids_of(batch.records[: self._taken]), settled=batch.settled)
        return str(
            attrs.evolve(
                self._bookmark,
                part=batch.part and attrs.evolve(batch.part, rows=batch.rows[self._taken - 1]),
                position=batch.places[self._taken - 1] + 1,
                delivered=self.delivered,
                listcount=self.listcount,
                trail=trail,
            )
        )

    async def __anext__(self) -> R:
        """Give the next record.

        Raises:
            CallError: A page could not be had. The next step asks for it again.
            DriftError: Others have changed rows; see `Listing.stream`.
            SnapshotBrokenError: The snapshot broke; the next step starts it again.
            ListingError: The stream was closed by another task in the middle of the step.
            RuntimeError: Another task is in the middle of a step.
        """
        for record in self._records:  # the quickest way to take one
            return record
        while True:
            batch = self._ahead.popleft() if self._ahead else await self._steps.next()
            if batch.records:
                self._batch = batch
                self._records = iter(batch.records)
                return next(self._records)

    async def batch(self) -> list[R]:
        """Give all records that are there at once, one at least, and none at the end.

        They are as many as have come in one piece: quicker to work on than one by one, where a
        file is written for instance. Raises as a step does; `bookmark` stands behind them all.
        """
        try:
            first = await anext(self)
        except StopAsyncIteration:
            return []
        return [first, *self._records]

    async def read_ahead(self) -> None:
        """Ask for the first page now, and hold it until its records are asked for.

        `listcount` is known then, at no cost: no page is asked for twice. Nothing of it is left
        in a connection. Of a stream that has begun it is the page that it stands in. Raises as a
        step does.
        """
        while not self._ahead or not self._ahead[-1].ends_page:
            try:
                self._ahead.append(await self._steps.next())
            except StopAsyncIteration:
                return

    @property
    def _is_midway(self) -> bool:
        """Whether it stands in the midst of one answer."""
        batch = self._batch
        if batch is None or not batch.undivided:
            return self._left_midway
        more = length_hint(self._records) > 0 or (self._ahead and self._ahead[0].undivided)
        return self._left_midway or bool(more)

    @property
    def _taken(self) -> int:
        """How many records of the batch were given."""
        if self._batch is None:
            return 0
        return len(self._batch.records) - length_hint(self._records)

    async def aclose(self) -> None:
        """End it. May be called again, and in any state."""
        if self._batch is not None:  # what was given stays known
            self._left_midway = self._is_midway
            taken = slice(self._taken)
            self._batch = attrs.evolve(
                self._batch,
                records=self._batch.records[taken],
                places=self._batch.places[taken],
                rows=self._batch.rows[taken],
            )
        self._records = iter(())
        self._ahead.clear()
        await super().aclose()


class Pages(_Steppable[R]):
    """The pages of a listing, in order: an async iterator. What `Stream` says holds here too."""

    __slots__ = ("_batches",)

    def __init__(self, steps: Steps[R]) -> None:
        super().__init__(steps)
        # What has come of the page.
        self._batches: list[Batch[R]] = []

    async def __anext__(self) -> Page[R]:
        """Give the next page; raises as a step of `Stream` does."""
        while True:
            try:
                batch = await self._steps.next()
            except StopAsyncIteration:
                if not self._batches:
                    raise
                return self._page()
            if batch.records:
                self._batches.append(batch)
            if batch.ends_page and self._batches:
                return self._page()

    async def aclose(self) -> None:
        """End it. May be called again, and in any state."""
        self._batches.clear()
        await super().aclose()

    def _page(self) -> Page[R]:
        batches, self._batches = self._batches, []
        records = [record for batch in batches for record in batch.records]
        return Page(records, batches[0].places[0], batches[-1].listcount)
