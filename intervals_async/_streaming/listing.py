"""What `list()` returns: a `Listing`, and the ways to read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar, Unpack

from .._schema.record import Record
from ..errors import ArgumentError, IncompleteListingError
from .bookmark import Bookmark, fingerprint
from .cost import ListingEstimate
from .delivered import RECENT, DeliveredIds
from .options import PageOptions, ReadOptions, StreamOptions, checked_integer
from .page_plan import PagePlan, PageRequest, pages_of
from .page_sizes import FIRST, PageSizes
from .paged_reader import PagedReader
from .reader import Reader
from .snapshot_reader import SnapshotReader
from .source import PageSource
from .stream import Page, Pages, Stream
from .tables import TableMethods
from .unpaged_reader import UnpagedReader

if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["Listing", "Page", "PageSource", "Pages", "Stream"]

R = TypeVar("R", bound=Record)
S = TypeVar("S", bound=Record)


class Listing(TableMethods[R]):
    """Every matching record of one resource. No request is sent until it is read.

    Read it with ``async for``; each loop reads it again. Its length is unknown until `count`
    requests it from the server.

    .. versionchanged:: 0.2.0
       Added the properties `resource`, `filters`, `record_class`, `paginated`, `offset`, `limit`,
       `partitions` and `first_page_size`.
    """

    __slots__ = ("_limit", "_offset", "_source")

    def __init__(self, source: PageSource[R], *, offset: int = 0, limit: int | None = None) -> None:
        self._source = source
        self._offset = checked_integer("offset", offset, least=0)
        self._limit = None if limit is None else checked_integer("limit", limit, least=0)

    def __repr__(self) -> str:
        """Show the resource and the query."""
        query = "".join(f" {name}={value}" for name, value in self._source.query)
        if self._offset:
            query += f" offset={self._offset}"
        if self._limit is not None:
            query += f" limit={self._limit}"
        return f"<Listing {self._source.resource}{query}>"

    def _repr_html_(self) -> str:
        """Show what would be requested, in a notebook. Nothing is sent."""
        from .._html import fields_table  # noqa: PLC0415  for notebooks only

        slice = [("offset", self._offset or None), ("limit", self._limit)]
        return fields_table(
            f"Listing of {self.resource}",
            [*self.filters.items(), *slice, ("records", self.record_class.__name__)],
            "No request is sent before the listing is read. 'await listing.estimate()' returns the "
            "number of records and requests, with one small request at most.",
        )

    @staticmethod
    def chain(
        listings: Iterable[Listing[S]],
        *,
        like: Listing[S] | None = None,
        disjoint: bool = False,
    ) -> Listing[S]:
        """Combine listings of one resource into a listing that reads them one after another.

        A record in several of them is yielded once. The order is that of the listings, and the
        server's within each of them.

        Args:
            listings: The listings, without `offset` and `limit`.
            like: A listing of the same resource. It is not read, and is needed only if `listings`
                may be empty.
            disjoint: Whether no record is in two of the listings. Only then can a stream of the
                chain be resumed, because a bookmark does not hold the ids of all records.

        Raises:
            ArgumentError: There is no listing at all, they are not all of one resource, or one of
                them has an offset or a limit.

        .. versionadded:: 0.2.0
        """
        from .partitioned import PartitionedListing  # noqa: PLC0415  which imports this module

        return PartitionedListing.of(list(listings), like, disjoint=disjoint)

    @property
    def resource(self) -> str:
        """The name of the resource."""
        return self._source.resource

    @property
    def filters(self) -> Mapping[str, str]:
        """The filters as they are sent, including an order that the library adds."""
        return dict(self._source.query)

    @property
    def record_class(self) -> type[R]:
        """The class of the records."""
        return self._source.decoder.record_class

    @property
    def paginated(self) -> bool:
        """Whether the resource has pages. Otherwise each listing is one request."""
        return self._source.paginated

    @property
    def offset(self) -> int:
        """The number of records to skip."""
        return self._offset

    @property
    def limit(self) -> int | None:
        """The maximum number of records to yield; None for all."""
        return self._limit

    @property
    def partitions(self) -> int:
        """The number of parts that are read one after another: usually 1.

        A `chain` has more, and so has a range of more than a week of task notes.
        """
        return 1

    @property
    def first_page_size(self) -> int:
        """The number of records in the first request of a stream if `page_size` is None."""
        return FIRST

    def estimate_requests(self, records: int) -> int:
        """Estimate the number of requests to read some records.

        Args:
            records: The number of records.

        Returns:
            About how many requests the pages of the records take; 1 for a resource without
            pages, and one for each of several `partitions`.

        .. versionadded:: 0.2.0
        """
        return pages_of(records) if self.paginated else 1

    def __reduce__(self) -> NoReturn:
        """Explain what to pickle instead."""
        raise TypeError(
            "a listing cannot be pickled or deep-copied, because it belongs to a client; "
            "pass its filters, or the bookmark of a stream"
        )

    def __aiter__(self) -> Stream[R]:
        """Stream every record: the same as `stream()`."""
        return self.stream()

    if not TYPE_CHECKING:  # type checkers refuse a plain `for` on their own

        def __await__(self) -> NoReturn:
            raise TypeError(
                f"a listing is not awaited: write `async for {self.resource} in ...`, "
                "or await .collect(), .first() or .count()"
            )

        def __iter__(self) -> NoReturn:
            """Raise an error that explains what to write instead of a plain ``for``."""
            raise TypeError(
                "Listing: expected 'async for', got 'for'; or use 'await listing.collect()'"
            )

    def stream(self, **options: Unpack[StreamOptions]) -> Stream[R]:
        """Stream every record, in the server's order, each once.

        Without ``async with``, the stream needs no closing: no task runs between two steps. A
        half-read page is abandoned when the stream is garbage-collected.

        Args:
            page_size: New records per request. By default the first page is small, so that the
                first record arrives soon. The following pages grow, so that many records take few
                requests. This has no effect on a resource without pages.
            concurrency: The maximum number of concurrent pages [default: 1]. Their records are
                still yielded in order.
            prefetch: Whether to request the next pages while you process records, at most some
                megabytes ahead. True requires ``async with``. [default: inside ``async with``, if
                the concurrency is above 1]
            on_drift: What to do if rows have changed so that a page does not begin where the
                previous page ended [default: ``"repair"``]. ``"repair"`` steps back until it finds
                a yielded record. So every record that exists from start to end is yielded once, if
                the order does not reshuffle. ``"raise"`` raises `DriftError` and repairs it in the
                next step. ``"ignore"`` does not compare ids at all.
            verify: What to do at the end about records that may have been missed [default:
                ``"second-pass"``]. Records may have been missed if rows appeared before the yielded
                ones and the listcount has not grown: they may have moved there from later
                positions. ``"second-pass"`` looks for them in one more request, of all records.
                True raises `DriftError`. False does nothing.
            snapshot: Whether to read all records in one response, which is consistent in any order
                and even if rows change [default: False]. It is decoded while it arrives, in little
                memory.
            on_broken: What to do if the response of a snapshot breaks off [default: ``"restart"``].
                ``"restart"`` raises `SnapshotBrokenError`, and the next step starts again from the
                first record. ``"repair"`` continues page by page, and reports the event
                `SnapshotBroken`.
            resume: The `Stream.bookmark` of a stream of the same listing, from this process or
                another. The stream continues after it.

        Raises:
            ArgumentError: An argument is not allowed, or the bookmark is of another listing.
        """
        _check_names("Listing.stream()", StreamOptions, options)
        checked = ReadOptions(**options)
        reader, bookmark = self._begin(checked)
        return Stream(reader, bookmark, needs_block=checked.needs_block)

    def pages(self, **options: Unpack[PageOptions]) -> Pages[R]:
        """Stream complete pages, in order.

        A page is kept in memory, so set `page_size` if that matters.

        Args:
            page_size: New records per request. All options are those of `stream`.
            concurrency: The maximum number of concurrent pages [default: 1].
            prefetch: Whether to request the next pages while you process records.
            on_drift: What to do if rows have moved [default: ``"repair"``].
            verify: What to do about records that may have been missed [default:
                ``"second-pass"``].

        Raises:
            ArgumentError: An argument is not allowed.
        """
        _check_names("Listing.pages()", PageOptions, options)
        checked = ReadOptions(**options)
        reader, _ = self._begin(checked)
        return Pages(reader, self._source.resource, needs_block=checked.needs_block)

    async def count(self) -> int:
        """Return the number of records of the listing, with one small request.

        Raises:
            IncompleteListingError: The response has no ``listcount``, although the resource has
                pages.
        """
        records, response = await self._source.fetch(PageRequest(0, 1), bulk=False)
        listcount = response.listcount
        if listcount is None:
            if self._source.paginated:
                raise response.error(
                    IncompleteListingError, "listcount: expected a number, got none"
                )
            listcount = len(records)
        rest = max(listcount - self._offset, 0)
        return rest if self._limit is None else min(rest, self._limit)

    async def estimate(self) -> ListingEstimate:
        """Estimate what it costs to stream the listing, with one small request at most.

        The estimate is for the default page sizes. A snapshot takes one request.

        Raises:
            IncompleteListingError: As `count` raises it.

        .. versionadded:: 0.2.0
        """
        records = await self.count() if self.paginated else None
        requests = max(self.estimate_requests(records or 0), 1)
        return ListingEstimate(requests=requests, records=records)

    async def first(self) -> R | None:
        """Return the first record, or None if nothing matches, with one small request."""
        limit = 1 if self._limit is None else min(self._limit, 1)
        return await self._only(Listing(self._source, offset=self._offset, limit=limit))

    async def _only(self, one: Listing[R]) -> R | None:
        """Return the record of a listing of at most one."""
        options = ReadOptions(page_size=1, on_drift="ignore", bulk=False)
        reader = one._reader(options, one._start())
        async for page in Pages(reader, self._source.resource):
            return page.items[0]
        return None

    async def collect(self) -> list[R]:
        """Stream every record into a list."""
        return [record async for record in self]

    def _begin(self, options: ReadOptions) -> tuple[Reader[R], Bookmark]:
        """Return a reader and its start position."""
        source = self._source
        if options.on_drift != "ignore" and source.paginated and not source.has_ids:
            raise ArgumentError(
                f"on_drift: expected 'ignore' for {source.resource}, whose records have no id, "
                f"got {options.on_drift!r}"
            )
        listing = self._fingerprint()
        bookmark = self._start(listing)
        if options.resume is not None:
            bookmark = Bookmark.parse(options.resume)
            bookmark.check(source.resource, listing, self._partition_names())
        return self._reader(options, bookmark), bookmark

    def _fingerprint(self) -> str:
        """Return a short text that differs for different listings."""
        source = self._source
        return fingerprint(source.resource, source.query, self._offset, self._limit)

    def _start(self, listing: str = "") -> Bookmark:
        """Return the position before the first record; `listing` is the fingerprint to keep."""
        return Bookmark(resource=self._source.resource, listing=listing, position=self._offset)

    def _partition_names(self) -> Sequence[str]:
        """Return the fingerprints of the partitions that a bookmark may be in."""
        return ()

    def _reader(self, options: ReadOptions, bookmark: Bookmark) -> Reader[R]:
        """Return a reader that begins at a bookmark."""
        source = self._source.for_stream(
            bookmark.listcount,
            needs_ids=self._source.has_ids and (options.snapshot or options.on_drift != "ignore"),
        )
        if not source.paginated:
            if options.resume is not None:
                raise ArgumentError(
                    f"resume: expected None for {source.resource}, which is read in one request, "
                    "got a bookmark; leave resume out"
                )
            return UnpagedReader(source, bulk=options.bulk)
        if options.snapshot:
            return SnapshotReader(source, options, start=self._offset, limit=self._limit)
        delivered = None
        recent = bookmark.tail.recent
        if options.on_drift != "ignore":
            # the bookmark holds all ids if only a few records were yielded
            known = len(recent) + len(bookmark.tail.unplaced)
            midway = self._offset > 0 or bookmark.delivered > known
            delivered = DeliveredIds(
                bookmark.tail, starts_midway=midway, yielded=bookmark.delivered
            )
            if source.sorted_by_id and recent:
                delivered.trust_order(sure=True)
        plan = PagePlan(
            PageSizes(options.page_size),
            position=bookmark.position,
            yielded=bookmark.delivered,
            begun=delivered is not None and bool(recent),
            offset=self._offset,
            limit=self._limit,
            overlap=0 if delivered is None else RECENT if recent else 1,
            first_overlap=0 if delivered is None else RECENT,
            concurrency=options.concurrency,
        )
        return PagedReader(source, plan, delivered, options)


def _check_names(method: str, declared: type, options: Mapping[str, object]) -> None:
    """Refuse an option that a method does not have.

    Raises:
        TypeError: An option is unknown, as with a method that lists its arguments.
    """
    known = declared.__annotations__
    for name in options:
        if name not in known:
            raise TypeError(
                f"{method} got an unexpected keyword argument {name!r}; "
                f"its options are {', '.join(sorted(known))}"
            )
