"""A listing that the API answers only in spans, such as a week each, read as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, NoReturn, Self, TypeAlias, TypeVar

import attrs

from .._schema.records import Record
from ..errors import ArgumentError
from .bookmark import Bookmark, Part, fingerprint
from .id_set import IdSet
from .listing import Listing
from .options import ReadOptions
from .page_plan import PageRequest
from .reader import Batch, Reader
from .source import PageSource, Tally, ids_of

__all__ = ["Partition", "PartitionedListing"]

R = TypeVar("R", bound=Record)

OpenReader: TypeAlias = Callable[[PageSource[R], Bookmark | None], Reader[R]]


@attrs.frozen
class Partition(Generic[R]):
    """One span of a listing.

    Attributes:
        source: Where its rows come from.
        shared: Where those come from that it has in common with the span before it; None for
            the first one.
    """

    source: PageSource[R]
    shared: PageSource[R] | None = None


class PartitionedListing(Listing[R]):
    """A listing that is read span after span; each record is given once, as in any other.

    Its order is that of the spans, and within each of them the server's.
    """

    __slots__ = ("_spans",)

    def __init__(
        self,
        whole: PageSource[R],
        spans: Callable[[], Sequence[Partition[R]]],
        *,
        limit: int | None,
    ) -> None:
        super().__init__(whole, limit=limit)
        # Asked anew for each stream: the end may be the present.
        self._spans = spans

    @classmethod
    def of(cls, listings: Sequence[Listing[R]], like: Listing[R] | None) -> Self:
        """Chain listings: see `Listing.chain`."""
        first = listings[0] if listings else like
        if first is None:
            raise ArgumentError("Listing.chain() needs a listing, or one that it is like")
        for each in listings:
            if each.resource != first.resource:
                raise ArgumentError(
                    f"Listing.chain() takes listings of one resource, not of {first.resource} and "
                    f"{each.resource}"
                )
            if each.offset or each.limit is not None:
                raise ArgumentError("Listing.chain() takes listings without offset and limit")
        return cls(
            first._source,
            lambda: [part for each in listings for part in _parts_of(each)],
            limit=None,
        )

    @property
    def partitions(self) -> int:
        """How many parts are read one after another."""
        return len(self._spans())

    def estimate_requests(self, records: int) -> int:
        """Estimate how many requests it takes: one for each part."""
        del records
        return self.partitions

    async def count(self) -> int:
        """Ask how many records each span has: a small request for each.

        Records at the very border of two spans count twice.
        """
        counts = [await Listing(span.source).count() for span in self._spans()]
        return sum(counts) if self._limit is None else min(sum(counts), self._limit)

    async def first(self) -> R | None:
        """Ask for the first record alone; None where nothing matches."""
        for span in self._spans() if self._limit != 0 else ():
            record = await Listing(span.source).first()
            if record is not None:
                return record
        return None

    def _stands(self, resume: str | None) -> Bookmark:
        source = self._source
        listing = fingerprint(source.resource, source.query, 0, self._limit)
        if resume is None:
            return Bookmark(resource=source.resource, listing=listing, position=0)
        bookmark = Bookmark.parse(resume)
        bookmark.check(source.resource, listing, [_name(span) for span in self._spans()])
        return bookmark

    def _snapshot(self, reading: ReadOptions, on_broken: object) -> NoReturn:
        raise ArgumentError(
            f"{self._source.resource} gives this range in several answers, so there is no "
            "snapshot of it"
        )

    def _reader(
        self, page_size: int | None, reading: ReadOptions, bookmark: Bookmark | None
    ) -> Reader[R]:
        def open_reader(source: PageSource[R], bookmark: Bookmark | None) -> Reader[R]:
            return Listing(source)._reader(page_size, reading, bookmark)

        spans = self._spans()
        if bookmark is None or bookmark.part is None:
            return PartitionReader(spans, open_reader, limit=self._limit)
        at = [_name(span) for span in spans].index(bookmark.part.name)
        reader = PartitionReader(spans[at:], open_reader, limit=self._limit)
        reader.resume(bookmark, bookmark.part)
        return reader


class PartitionReader(Generic[R]):
    """Reads span after span."""

    __slots__ = (
        "_ahead", "_begun", "_bookmark", "_closed", "_counted", "_forgotten", "_given", "_limit",
        "_open", "_part", "_reader", "_repairs", "_seen", "_spans", "_tally",
    )  # fmt: skip

    def __init__(
        self,
        spans: Sequence[Partition[R]],
        open_reader: OpenReader[R],
        *,
        limit: int | None,
    ) -> None:
        # Those that are still to be read, the present one among them.
        self._spans = list(spans)
        self._open = open_reader
        self._limit = limit
        self._reader: Reader[R] | None = None
        # How many were given, and how many of these before the present span.
        self._given = self._begun = 0
        # The records given, by which those at a border are known again.
        self._seen = IdSet()
        # What a bookmark calls the present span.
        self._part: Part | None = None
        # Where the present span is gone on from.
        self._bookmark: Bookmark | None = None
        # Of how many spans, from the present one on, another process may have given some of what
        # they have in common with the span before.
        self._forgotten = 0
        # What the spans that are done have counted, and cost.
        self._counted = 0
        self._tally = Tally()
        self._repairs = 0
        self._ahead = False
        self._closed = False

    def resume(self, bookmark: Bookmark, part: Part) -> None:
        """Go on in the first span, which is that part."""
        self._given = bookmark.delivered
        self._begun = part.before
        self._counted = part.counted
        self._forgotten = 2
        if self._spans[0].source.paginated:
            self._bookmark = attrs.evolve(bookmark, delivered=part.rows, part=None)
        else:  # it was given whole
            self._begun = self._given
            self._counted += part.rows
            del self._spans[0]

    @property
    def listcount(self) -> int | None:
        """How many match in all, once the last span has said it."""
        last = self._reader.listcount if self._reader else 0
        return None if last is None or len(self._spans) > 1 else self._counted + last

    @property
    def requests(self) -> int:
        """How many requests went over the wire."""
        return self._tally.requests + (self._reader.requests if self._reader else 0)

    @property
    def repairs(self) -> int:
        """How often rows had moved, and were found again."""
        return self._repairs + (self._reader.repairs if self._reader else 0)

    @property
    def resumable(self) -> bool:
        """Whether a bookmark tells where it stands; in one answer, only behind all of it."""
        there = self._reader is None or not self._spans or not self._spans[0].source.paginated
        return there or (self._reader is not None and self._reader.resumable)

    def look_ahead(self) -> None:
        """Ask for pages from now on while nobody waits for them, if told so."""
        self._ahead = True
        if self._reader:
            self._reader.look_ahead()

    async def step(self) -> Batch[R] | None:
        """Give the next batch; None at the end, or when closed meanwhile."""
        while self._spans and not self._closed and self._given != self._limit:
            reader = self._reader or await self._begin(self._spans[0])
            batch = await reader.step()
            if batch is None:
                await self._end(reader)
                continue
            batch = self._new(batch)
            if batch.records or batch.ends_page:
                return batch
        return None

    async def aclose(self) -> None:
        """Leave nothing under way. May be called again, and in any state."""
        self._closed = True
        if self._reader:
            await self._reader.aclose()

    async def _begin(self, span: Partition[R]) -> Reader[R]:
        if self._forgotten and span.shared is not None:
            everything = PageRequest(0, 2**31 - 1)
            records, _ = await span.shared.fetch(everything, self._tally, bulk=True)
            for id in ids_of(records):
                self._seen.add(id)
        self._forgotten = max(self._forgotten - 1, 0)
        self._part = Part(_name(span), self._begun, self._counted)
        self._reader = self._open(span.source, self._bookmark)
        self._bookmark = None
        if self._ahead:
            self._reader.look_ahead()
        return self._reader

    async def _end(self, reader: Reader[R]) -> None:
        if self._closed:
            return
        await reader.aclose()
        if len(self._spans) > 1:  # the last one still tells what it has counted
            self._tally.requests += reader.requests
            self._repairs += reader.repairs
            self._counted += reader.listcount or 0
            self._reader = None
        self._begun = self._given
        del self._spans[0]

    def _new(self, batch: Batch[R]) -> Batch[R]:
        """Leave out what a span before has given, and what is beyond the caller's limit."""
        source = self._spans[0].source
        places = list(range(len(batch.records)))
        if source.has_ids:
            ids = ids_of(batch.records)
            places = [place for place, id in enumerate(ids) if self._seen.add(id)]
        if self._limit is not None:
            places = places[: self._limit - self._given]
        batch = attrs.evolve(
            batch,
            records=[batch.records[place] for place in places],
            places=[batch.places[place] for place in places],
            part=self._part,
            rows=[batch.given + place + 1 for place in places],
            given=self._given,
            listcount=self.listcount,
            undivided=not source.paginated,
        )
        self._given += len(places)
        return batch


def _parts_of(listing: Listing[R]) -> Sequence[Partition[R]]:
    if isinstance(listing, PartitionedListing):
        return listing._spans()
    return [Partition(listing._source)]


def _name(span: Partition[Any]) -> str:
    return fingerprint(span.source.resource, span.source.query, 0, None)
