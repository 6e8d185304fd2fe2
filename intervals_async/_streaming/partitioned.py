"""A listing that is read in several partitions, such as weeks, because one request cannot."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Generic, Self, TypeAlias, TypeVar

import attrs

from .._http.server_clock import ServerClock
from .._schema.record import Record
from ..errors import ArgumentError
from .bookmark import Bookmark, fingerprint
from .cost import ListingEstimate, warn_of_cost
from .id_set import IdSet
from .listing import Listing
from .options import ReadOptions
from .page_plan import PageRequest
from .reader import Batch, Reader
from .source import PageSource, ids_of

__all__ = ["Partition", "PartitionedListing"]

R = TypeVar("R", bound=Record)

# A bookmark may be resumed on a machine whose clock is behind that of the machine that took it.
LONGEST_SHIFT = timedelta(days=366)

OpenReader: TypeAlias = Callable[[PageSource[R], Bookmark | None], Reader[R]]


@attrs.frozen
class Partition(Generic[R]):
    """One part of a listing.

    Attributes:
        source: The source of its rows.
        shared: The source of the rows that it shares with the previous partition, or None.
    """

    source: PageSource[R]
    shared: PageSource[R] | None = None


class PartitionedListing(Listing[R]):
    """A listing that is read partition by partition, and yields each record once.

    The order is that of the partitions, and within each of them the server's.
    """

    __slots__ = ("_chained", "_partitions_at", "_resumable")

    def __init__(
        self,
        source: PageSource[R],
        partitions: Callable[[datetime], Sequence[Partition[R]]],
        *,
        limit: int | None,
        chained: Sequence[Listing[R]] = (),
        resumable: bool = True,
    ) -> None:
        super().__init__(source, limit=limit)
        # Called with the present, at which an open range ends.
        self._partitions_at = partitions
        # The listings of a chain.
        self._chained = chained
        # Whether a bookmark determines which records were yielded.
        self._resumable = resumable

    @classmethod
    def of(cls, listings: Sequence[Listing[R]], like: Listing[R] | None, *, disjoint: bool) -> Self:
        """Chain listings: see `Listing.chain`."""
        first = listings[0] if listings else like
        if first is None:
            raise ArgumentError("Listing.chain(): expected a listing or like=, got neither")
        for each in listings:
            if each.resource != first.resource:
                raise ArgumentError(
                    f"Listing.chain(): expected listings of one resource, got {first.resource} "
                    f"and {each.resource}"
                )
            if each.offset or each.limit is not None:
                raise ArgumentError(
                    "Listing.chain(): expected listings without offset and limit, got a slice"
                )
        return cls(
            first._source,
            lambda now: [part for each in listings for part in _parts_of(each, now)],
            limit=None,
            chained=listings,
            resumable=disjoint,
        )

    @property
    def partitions(self) -> int:
        """How many parts are read one after another."""
        return len(self._list_partitions())

    def estimate_requests(self, records: int) -> int:
        """Estimate how many requests it takes: one for each part."""
        del records
        return self.partitions

    async def estimate(self) -> ListingEstimate:
        """Estimate what it costs to stream the listing, without a request."""
        return ListingEstimate(requests=self.partitions, records=None)

    async def count(self) -> int:
        """Return how many records the partitions have, with a small request for each.

        Records at the very border of two partitions count twice.
        """
        total = 0
        counted: set[str] = set()
        partitions = deque(self._list_partitions())
        clock = self._clock
        warn_of_cost(self.resource, len(partitions))
        while partitions and (self._limit is None or total < self._limit):
            clock_was_known = clock.known
            partition = partitions.popleft()
            total += await Listing(partition.source).count()
            counted.add(_name(partition))
            if clock.known and not clock_was_known:
                partitions = deque(
                    each for each in self._list_partitions() if _name(each) not in counted
                )
        return total if self._limit is None else min(total, self._limit)

    async def first(self) -> R | None:
        """Return the first record, or None if nothing matches; requests partitions up to it."""
        limit = 1 if self._limit is None else min(self._limit, 1)
        return await self._only(type(self)(self._source, self._partitions_at, limit=limit))

    @property
    def _clock(self) -> ServerClock:
        return self._source.transport.server_clock

    def _list_partitions(self) -> Sequence[Partition[R]]:
        return self._partitions_at(self._clock.now())

    def _begin(self, options: ReadOptions) -> tuple[Reader[R], Bookmark]:
        warn_of_cost(self.resource, self.partitions)
        return super()._begin(options)

    def _fingerprint(self) -> str:
        if not self._chained:
            return super()._fingerprint()
        parts = tuple(("", each._fingerprint()) for each in self._chained)
        return fingerprint(self._source.resource, parts, 0, None)

    def _partition_names(self) -> Sequence[str]:
        return list(map(_name, self._partitions_at(self._clock.now() + LONGEST_SHIFT)))

    def _list_from(self, name: str) -> Sequence[Partition[R]]:
        """List the partitions from that of a bookmark on."""
        partitions = self._list_partitions()
        names = set(map(_name, partitions))
        if name not in names:
            # It was taken by a clock that was ahead of this one.
            partitions = self._partitions_at(self._clock.now() + LONGEST_SHIFT)
        index = list(map(_name, partitions)).index(name)
        return [
            partitions[index],
            *(each for each in partitions[index + 1 :] if _name(each) in names),
        ]

    def _reader(self, options: ReadOptions, bookmark: Bookmark) -> Reader[R]:
        if options.snapshot and self._source.paginated:
            raise ArgumentError(
                f"snapshot: expected False for a listing of {self._source.resource} that takes "
                "several requests, got True; leave snapshot out"
            )
        if options.resume is not None and not self._resumable:
            raise ArgumentError(
                "resume: expected a chain of disjoint listings, got one with disjoint=False; pass "
                "disjoint=True to Listing.chain() if no record is in two of its listings"
            )
        options = attrs.evolve(options, resume=None)  # the bookmark is that of the combined listing

        def open_reader(source: PageSource[R], start: Bookmark | None) -> Reader[R]:
            listing = Listing(source)
            return listing._reader(options, start or listing._start())

        return PartitionReader(
            self._list_partitions
            if bookmark.partition is None
            else partial(self._list_from, bookmark.partition),
            self._clock,
            open_reader,
            bookmark,
            limit=self._limit,
        )


class PartitionReader(Generic[R]):
    """Reads partition by partition."""

    __slots__ = (
        "_bookmark", "_clock", "_clock_known", "_closed", "_forgotten", "_limit", "_list", "_open",
        "_partitions", "_prefetches", "_reader", "_repairs", "_requests", "_resume", "_resumed",
        "_seen", "_yielded",
    )  # fmt: skip

    def __init__(
        self,
        list_partitions: Callable[[], Sequence[Partition[R]]],
        clock: ServerClock,
        open_reader: OpenReader[R],
        bookmark: Bookmark,
        *,
        limit: int | None,
    ) -> None:
        # The partitions that remain to be read, the current one first.
        self._partitions = list(list_partitions())
        self._list = list_partitions
        # An open range ends at the server's present, which the first response may tell.
        self._clock = clock
        self._clock_known = clock.known
        self._open = open_reader
        self._limit = limit
        self._reader: Reader[R] | None = None
        self._yielded = bookmark.delivered
        # The beginning of the current partition.
        self._bookmark = bookmark
        # Where the current partition is resumed.
        self._resume: Bookmark | None = None
        # The yielded ids, to recognize the records at a border again.
        self._seen = IdSet()
        # The number of partitions, from the current one on, that share rows with a previous
        # partition of which another process may have yielded some.
        self._forgotten = 0
        # The counts of the completed partitions.
        self._requests = self._repairs = 0
        self._prefetches = False
        self._closed = False
        self._resumed = bookmark.partition is not None
        if self._resumed:
            self._resume_in_partition()

    def _resume_in_partition(self) -> None:
        """Resume in the first partition."""
        bookmark = self._bookmark
        self._forgotten = 2
        if self._partitions[0].source.paginated:
            listcount = bookmark.listcount
            if listcount is not None:
                listcount -= bookmark.partition_counted
            self._resume = attrs.evolve(
                bookmark, delivered=bookmark.partition_rows, listcount=listcount
            )
        else:  # it was yielded completely
            self._next_partition(bookmark.partition_rows)

    @property
    def listcount(self) -> int | None:
        """The total number of matching records, once that of the last partition is known."""
        last = self._reader.listcount if self._reader else 0
        if last is None or len(self._partitions) > 1:
            return None
        return self._bookmark.partition_counted + last

    @property
    def requests(self) -> int:
        """The number of requests sent."""
        return self._requests + (self._reader.requests if self._reader else 0)

    @property
    def repairs(self) -> int:
        """The number of times that rows had moved and the position was found again."""
        return self._repairs + (self._reader.repairs if self._reader else 0)

    @property
    def resumable(self) -> bool:
        """Whether a bookmark can describe the position; for a single response, only after it."""
        if self._reader is None or not self._partitions:
            return True
        return not self._partitions[0].source.paginated or self._reader.resumable

    def start_prefetch(self) -> None:
        """From now on request pages between two steps, if the options allow it."""
        self._prefetches = True
        if self._reader:
            self._reader.start_prefetch()

    async def next_batch(self) -> Batch[R] | None:
        """Return the next batch; None at the end, or if the reader was closed meanwhile."""
        while self._partitions and not self._closed and self._yielded != self._limit:
            reader = self._reader or await self._begin(self._partitions[0])
            batch = await reader.next_batch()
            if self._clock.known and not self._clock_known and not await self._still_starts_here():
                continue
            if batch is None:
                await self._end(reader)
                continue
            batch = self._new_records(batch)
            if batch.records or batch.ends_page:
                return batch
        return None

    async def aclose(self) -> None:
        """Close everything in progress. Allowed in any state, and more than once."""
        self._closed = True
        if self._reader:
            await self._reader.aclose()

    async def _begin(self, partition: Partition[R]) -> Reader[R]:
        if self._forgotten and partition.shared is not None:
            shared = partition.shared.for_stream()
            try:
                records, _ = await shared.fetch(PageRequest(0, 2**31 - 1), bulk=True)
            finally:
                self._requests += shared.requests
            for id in ids_of(records):
                if id is not None:
                    self._seen.add(id)
        self._forgotten = max(self._forgotten - 1, 0)
        self._bookmark = attrs.evolve(self._bookmark, partition=_name(partition))
        self._reader = self._open(partition.source, self._resume)
        self._resume = None
        if self._prefetches:
            self._reader.start_prefetch()
        return self._reader

    async def _still_starts_here(self) -> bool:
        """List the partitions again by the server's clock, and return whether to keep the batch."""
        self._clock_known = True
        fresh = list(self._list())
        names = list(map(_name, fresh))
        current = _name(self._partitions[0])
        if names[0] != current and not self._resumed and self._reader is not None:
            # In descending order, newer partitions come first. Nothing was yielded yet.
            self._partitions = fresh
            await self._leave(self._reader)
            return False
        if current in names:
            self._partitions = fresh[names.index(current) :]
        return True

    async def _leave(self, reader: Reader[R]) -> None:
        await reader.aclose()
        self._requests += reader.requests
        self._repairs += reader.repairs
        self._reader = None

    async def _end(self, reader: Reader[R]) -> None:
        if self._closed:
            return
        if len(self._partitions) == 1:  # the last reader still knows its listcount
            await reader.aclose()
            self._next_partition(0)
            return
        await self._leave(reader)
        self._next_partition(reader.listcount or 0)

    def _next_partition(self, counted: int) -> None:
        """Move to the next partition, and add the listcount of the completed one."""
        del self._partitions[0]
        self._bookmark = attrs.evolve(
            self._bookmark,
            partition_start=self._yielded,
            partition_counted=self._bookmark.partition_counted + counted,
        )

    def _new_records(self, batch: Batch[R]) -> Batch[R]:
        """Leave out what an earlier partition has yielded, and what exceeds the caller's limit."""
        source = self._partitions[0].source
        indexes: Sequence[int] = range(len(batch.records))
        if source.has_ids:
            ids = ids_of(batch.records)
            indexes = [index for index, id in enumerate(ids) if id is None or self._seen.add(id)]
        if self._limit is not None:
            indexes = indexes[: self._limit - self._yielded]
        batch = attrs.evolve(
            batch,
            records=[batch.records[index] for index in indexes],
            offsets=[batch.offsets[index] for index in indexes],
            partition=self._bookmark,
            partition_rows=[batch.yielded + index + 1 for index in indexes],
            yielded=self._yielded,
            indivisible=not source.paginated,
        )
        self._yielded += len(indexes)
        return batch


def _parts_of(listing: Listing[R], now: datetime) -> Sequence[Partition[R]]:
    if isinstance(listing, PartitionedListing):
        return listing._partitions_at(now)
    return [Partition(listing._source)]


def _name(partition: Partition[Any]) -> str:
    return fingerprint(partition.source.resource, partition.source.query, 0, None)
