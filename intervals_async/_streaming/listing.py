"""What `list()` returns: a `Listing`, and the ways to read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar, Unpack

from .._schema.records import Record
from ..errors import ArgumentError, IncompleteListingError
from .arrow_batches import ArrowBatches
from .bookmark import Bookmark, fingerprint
from .delivered import RECENT, DeliveredIds
from .options import PageOptions, ReadOptions, StreamOptions, whole_number
from .page_plan import PagePlan, PageRequest, pages_of
from .page_sizes import FIRST, PageSizes
from .paged_reader import PagedReader
from .reader import Reader
from .snapshot_reader import SnapshotReader
from .source import PageSource
from .stream import Page, Pages, Stream
from .unpaged_reader import UnpagedReader

if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["Listing", "Page", "PageSource", "Pages", "Stream"]

R = TypeVar("R", bound=Record)
S = TypeVar("S", bound=Record)


class Listing(Generic[R]):
    """Every matching record of one resource; nothing is sent until it is read.

    Read it with ``async for``, as often as you like: each time reads it again. It does not know
    its length before it asks the server, as `count` does.
    """

    __slots__ = ("_limit", "_offset", "_source")

    def __init__(self, source: PageSource[R], *, offset: int = 0, limit: int | None = None) -> None:
        self._source = source
        self._offset = whole_number("offset", offset, least=0)
        self._limit = None if limit is None else whole_number("limit", limit, least=0)

    def __repr__(self) -> str:
        """Show the resource and the query."""
        query = "".join(f" {name}={value}" for name, value in self._source.query)
        if self._offset:
            query += f" offset={self._offset}"
        if self._limit is not None:
            query += f" limit={self._limit}"
        return f"<Listing {self._source.resource}{query}>"

    @staticmethod
    def chain(
        listings: Iterable[Listing[S]],
        *,
        like: Listing[S] | None = None,
        disjoint: bool = False,
    ) -> Listing[S]:
        """Combine listings of one resource into a listing that reads them one after another.

        A record that several of them hold is yielded once. The order is that of the listings, and
        within each of them the server's.

        Args:
            listings: The listings, without `offset` and `limit`.
            like: A listing of the same resource. It is not read, and is needed only where
                `listings` may be empty.
            disjoint: Whether no record is in two of the listings. Only then can a stream of
                the chain be resumed: a bookmark does not hold the ids of all records.

        Raises:
            ArgumentError: There is no listing at all, they are not all of one resource, or one of
                them has an offset or a limit.
        """
        from .partitioned import PartitionedListing  # noqa: PLC0415  which imports this module

        return PartitionedListing.of(list(listings), like, disjoint=disjoint)

    @property
    def resource(self) -> str:
        """The name of the resource."""
        return self._source.resource

    @property
    def filters(self) -> Mapping[str, str]:
        """The filters as they are sent, an order that the library adds among them."""
        return dict(self._source.query)

    @property
    def record_class(self) -> type[R]:
        """The class of the records."""
        return self._source.decoder.record_class

    @property
    def paginated(self) -> bool:
        """Whether the resource has pages; else each listing is one request."""
        return self._source.paginated

    @property
    def offset(self) -> int:
        """How many records are skipped."""
        return self._offset

    @property
    def limit(self) -> int | None:
        """How many records are yielded at most; None for all."""
        return self._limit

    @property
    def partitions(self) -> int:
        """How many parts are read one after another: 1 unless a range is too long for a request.

        More for a `chain`, and for notes of tasks in a range of more than a week.
        """
        return 1

    @property
    def first_page_size(self) -> int:
        """How many records a stream requests first if `page_size` is None."""
        return FIRST

    def estimate_requests(self, records: int) -> int:
        """Estimate how many requests it takes to read some records.

        Args:
            records: How many records.

        Returns:
            About how many requests: the pages of so many records, 1 for a resource without pages,
            and one for each of several `partitions`.
        """
        return pages_of(records) if self.paginated else 1

    def __aiter__(self) -> Stream[R]:
        """Stream every record: the same as `stream()`."""
        return self.stream()

    if not TYPE_CHECKING:  # type checkers refuse a plain `for` on their own

        def __iter__(self) -> NoReturn:
            """Raise an error that explains what to write instead of a plain ``for``."""
            raise TypeError(
                "Listing: expected 'async for', got 'for'; or use 'await listing.collect()'"
            )

    def stream(self, **options: Unpack[StreamOptions]) -> Stream[R]:
        """Stream every record, in the server's order, each once.

        Without ``async with`` it needs no closing: no task is left between two steps, and a
        page that is half read then is given up when the stream is dropped.

        Args:
            page_size: New records per request. Without it the first page is small, so that
                the first record arrives soon, and pages grow from there: few requests for
                many records. No effect on a resource that has no pages.
            concurrency: How many pages may be under way at once [default: 1]. Their records
                are yielded in order all the same.
            prefetch: Whether to request the next pages while you work, some megabytes ahead at
                most. True requires ``async with``. [default: inside ``async with``, if the
                concurrency is above 1]
            on_drift: What to do if others have changed rows so that a page does not begin
                where the one before ended [default: ``"repair"``]. ``"repair"`` steps back
                until it meets a record that was yielded, so that every record that existed
                the whole time is yielded once, if the order does not reshuffle; ``"raise"``
                raises `DriftError` and repairs it in the next step; ``"ignore"`` does not
                look at ids at all.
            verify: What to do at the end about records that may have been missed: rows were
                inserted before those that were yielded, and the listcount has not grown, so
                they may have been moved there from behind [default: ``"second-pass"``].
                ``"second-pass"`` looks for them in one more request, of everything; True
                raises `DriftError`; False does nothing.
            snapshot: Whether to read everything in one response, which is right whatever the
                order and whatever others do [default: False]. It is decoded while it arrives,
                in little memory.
            on_broken: What to do if the response of a snapshot breaks off [default:
                ``"restart"``]. ``"restart"`` raises `SnapshotBrokenError`, and the next step
                starts again from the first record; ``"repair"`` continues page by page, and
                reports the event `SnapshotBroken`.
            resume: The `Stream.bookmark` of a stream of the same listing, of this process or
                another, to continue after it.

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
            page_size: As of `stream`, like all options.
            concurrency: How many pages may be under way at once [default: 1].
            prefetch: Whether to request the next pages while you work.
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

    def arrow_batches(
        self, *, rows: int = 10_000, **options: Unpack[StreamOptions]
    ) -> ArrowBatches:
        """Stream every record as Arrow has it, for pyarrow, pandas, polars or DuckDB.

        Each batch is a `pyarrow.RecordBatch` with one column per field, of the field's type; see
        the page on exporting for the types. Needs pyarrow, the extra ``arrow``.

        Args:
            rows: How many rows a batch has; the last one may have fewer.
            options: As of `stream`. Leave the loop, or close it, as you would a stream.

        Raises:
            ImportError: pyarrow is not installed.
            ArgumentError: As `stream` raises it.
        """
        whole_number("rows", rows, least=1)
        return ArrowBatches(self.stream(**options), self._source.decoder.record_class, rows)

    async def count(self) -> int:
        """Return how many records the listing has, with one small request.

        Raises:
            IncompleteListingError: The server does not say (no ``listcount``), although
                the resource has pages.
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

    async def first(self) -> R | None:
        """Return the first record, or None if nothing matches, with one small request."""
        limit = 1 if self._limit is None else min(self._limit, 1)
        one = Listing(self._source, offset=self._offset, limit=limit)
        options = ReadOptions(page_size=1, on_drift="ignore", bulk=False)
        reader = one._reader(options, one._start())
        async for page in Pages(reader, self._source.resource):
            return page.items[0]
        return None

    async def collect(self) -> list[R]:
        """Stream every record into a list."""
        return [record async for record in self]

    def _begin(self, options: ReadOptions) -> tuple[Reader[R], Bookmark]:
        """Return a reader, and the position where it begins."""
        source = self._source
        if options.on_drift != "ignore" and source.paginated and not source.has_ids:
            raise ArgumentError(
                f"on_drift: expected 'ignore', because the records of {source.resource} have no "
                f"id, got {options.on_drift!r}"
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
        source = self._source.for_stream(bookmark.listcount)
        if not source.paginated:
            if options.resume is not None:
                raise ArgumentError(
                    f"resume: {source.resource} is read in one request; leave resume out"
                )
            return UnpagedReader(source, bulk=options.bulk)
        if options.snapshot:
            return SnapshotReader(source, options, start=self._offset, limit=self._limit)
        delivered = None
        recent = bookmark.tail.recent
        if options.on_drift != "ignore":
            # of a few yielded records, the bookmark holds every one
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
        TypeError: There is one, as from a method that names its arguments itself.
    """
    known = declared.__annotations__
    for name in options:
        if name not in known:
            raise TypeError(
                f"{method} got an unexpected keyword argument {name!r}; "
                f"its options are {', '.join(sorted(known))}"
            )
