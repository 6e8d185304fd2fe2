"""A listing that is read in several partitions, such as weeks, because one request cannot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, Self, TypeAlias, TypeVar

import attrs

from .._schema.record import Record
from ..errors import ArgumentError
from .bookmark import Bookmark, fingerprint
from .id_set import IdSet
from .listing import Listing
from .options import ReadOptions
from .page_plan import PageRequest
from .reader import Batch, Reader
from .source import PageSource, ids_of

__all__ = ["Partition", "PartitionedListing"]

R = TypeVar("R", bound=Record)

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

    __slots__ = ("_chained", "_list_partitions", "_resumable")

    def __init__(
        self,
        source: PageSource[R],
        partitions: Callable[[], Sequence[Partition[R]]],
        *,
        limit: int | None,
        chained: Sequence[Listing[R]] = (),
        resumable: bool = True,
    ) -> None:
        super().__init__(source, limit=limit)
        # Called for each stream, because an open range ends at the present.
        self._list_partitions = partitions
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
            lambda: [part for each in listings for part in _parts_of(each)],
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

    async def count(self) -> int:
        """Return how many records the partitions have, with a small request for each.

        Records at the very border of two partitions count twice.
        """
        counts = [await Listing(each.source).count() for each in self._list_partitions()]
        return sum(counts) if self._limit is None else min(sum(counts), self._limit)

    async def first(self) -> R | None:
        """Return the first record, or None if nothing matches; requests partitions up to it."""
        for partition in self._list_partitions() if self._limit != 0 else ():
            record = await Listing(partition.source).first()
            if record is not None:
                return record
        return None

    def _fingerprint(self) -> str:
        if not self._chained:
            return super()._fingerprint()
        parts = tuple(("", each._fingerprint()) for each in self._chained)
        return fingerprint(self._source.resource, parts, 0, None)

    def _partition_names(self) -> Sequence[str]:
        return list(map(_name, self._list_partitions()))

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

        return PartitionReader(self._list_partitions(), open_reader, bookmark, limit=self._limit)


class PartitionReader(Generic[R]):
    """Reads partition by partition."""

    __slots__ = (
        "_bookmark", "_closed", "_forgotten", "_limit", "_open", "_partitions", "_prefetches",
        "_reader", "_repairs", "_requests", "_resume", "_seen", "_yielded",
    )  # fmt: skip

    def __init__(
        self,
        partitions: Sequence[Partition[R]],
        open_reader: OpenReader[R],
        bookmark: Bookmark,
        *,
        limit: int | None,
    ) -> None:
        # The partitions that remain to be read, the current one first.
        self._partitions = list(partitions)
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
        if bookmark.partition is not None:
            self._skip_to(bookmark.partition)

    def _skip_to(self, name: str) -> None:
        """Resume in a partition."""
        bookmark = self._bookmark
        while _name(self._partitions[0]) != name:
            del self._partitions[0]
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

    async def _end(self, reader: Reader[R]) -> None:
        if self._closed:
            return
        await reader.aclose()
        if len(self._partitions) == 1:  # the last reader still knows its listcount
            self._next_partition(0)
            return
        self._requests += reader.requests
        self._repairs += reader.repairs
        self._reader = None
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


def _parts_of(listing: Listing[R]) -> Sequence[Partition[R]]:
    if isinstance(listing, PartitionedListing):
        return listing._list_partitions()
    return [Partition(listing._source)]


def _name(partition: Partition[Any]) -> str:
    return fingerprint(partition.source.resource, partition.source.query, 0, None)
