"""What `list()` gives: a `Listing`, and the ways to read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Generic, TypedDict, TypeVar, Unpack, get_args

from .._schema.records import Record
from ..errors import ArgumentError, IncompleteListingError
from .arrow_batches import ArrowBatches
from .bookmark import Bookmark, fingerprint
from .delivered import RECENT, DeliveredIds
from .options import OnDrift, ReadOptions, Verify
from .page_plan import FIRST, PagePlan, PageRequest, PageSizes, pages_of
from .paged_reader import PagedReader
from .reader import Reader, Steps
from .snapshot_reader import OnBroken, SnapshotReader
from .source import PageSource, Tally
from .stream import Page, Pages, Stream
from .unpaged_reader import UnpagedReader

if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["Listing", "Page", "PageSource", "Pages", "Stream", "StreamOptions"]

R = TypeVar("R", bound=Record)
S = TypeVar("S", bound=Record)


class StreamOptions(TypedDict, total=False):
    """The options of `Listing.stream`, which says what they mean."""

    page_size: int | None
    concurrency: int
    prefetch: bool | None
    on_drift: OnDrift
    verify: Verify
    snapshot: bool
    on_broken: OnBroken
    resume: str | None


class Listing(Generic[R]):
    """Every record that matches, of one resource; nothing is sent until it is read.

    Read it with ``async for``, as often as you like: each time starts anew. It knows no
    length before it has asked; `count` asks.
    """

    __slots__ = ("_limit", "_offset", "_source")

    def __init__(self, source: PageSource[R], *, offset: int = 0, limit: int | None = None) -> None:
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

    @staticmethod
    def chain(listings: Iterable[Listing[S]], *, like: Listing[S] | None = None) -> Listing[S]:
        """Combine listings of one resource into a listing that reads them one after another.

        A record that several of them hold is yielded once. The order is that of the listings, and
        within each of them the server's.

        Args:
            listings: The listings, without `offset` and `limit`.
            like: A listing of the same resource. It is not read, and is needed only where
                `listings` may be empty.

        Raises:
            ArgumentError: There is no listing at all, they are not all of one resource, or one of
                them has an offset or a limit.
        """
        from .partitioned import PartitionedListing  # noqa: PLC0415  which imports this module

        return PartitionedListing.of(list(listings), like)

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
        """How many records a stream requests first if no `page_size` is given."""
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
        """Stream every record: the same as `stream` without options."""
        return self.stream()

    if not TYPE_CHECKING:  # type checkers refuse a plain `for` on their own

        def __iter__(self) -> NoReturn:
            """Say what to write instead of a plain ``for``."""
            raise TypeError(
                "a Listing is read with 'async for', or at once with 'await listing.collect()'"
            )

    def stream(
        self,
        *,
        page_size: int | None = None,
        concurrency: int = 1,
        prefetch: bool | None = None,
        on_drift: OnDrift = "repair",
        verify: Verify = "second-pass",
        snapshot: bool = False,
        on_broken: OnBroken = "restart",
        resume: str | None = None,
    ) -> Stream[R]:
        """Stream every record, in the server's order, each once.

        Without ``async with`` it needs no closing: no task is left between two steps, and a
        page that is half read then is given up when the stream is dropped.

        Args:
            page_size: New records a request. Without it the first page is small, so that
                the first record comes soon, and pages grow from there: few requests for
                much. No effect on a resource that has no pages.
            concurrency: How many pages may be under way at once. They come in order all the
                same.
            prefetch: With ``async with``: ask for the next pages while you work, some
                megabytes ahead at most. Without it, done where the concurrency is above 1.
            on_drift: What to do where others have changed rows so that a page does not begin
                where the one before ended. ``"repair"`` steps back until it meets a record
                that was given, so that every record that was there all the time is given
                once, in an order that does not reshuffle; ``"raise"`` raises `DriftError`
                and repairs it in the next step; ``"ignore"`` looks at no ids at all.
            verify: What to do at the end about records that may have been missed: rows have
                come in before what was given, and no listcount tells of new ones, so they may
                have moved there from behind. ``"second-pass"`` looks for them in one more
                request, of everything; True raises `DriftError`; False does nothing.
            snapshot: Take everything in one answer, which is right whatever the order and
                whatever others do. It is decoded while it arrives, in little memory.
            on_broken: What to do where the snapshot's answer breaks off. ``"restart"`` raises
                `SnapshotBrokenError`, and the next step starts again from the first record;
                ``"repair"`` goes on page by page, and tells the event `SnapshotBroken`.
            resume: The `Stream.bookmark` of a stream of the same listing, of this process or
                another, to go on behind.

        Raises:
            ArgumentError: An argument cannot be, or the bookmark is of another listing.
        """
        if snapshot and resume is not None:
            raise ArgumentError(
                "a snapshot is one answer, so nothing of it can be resumed; without "
                "snapshot=True the bookmark is gone on from page by page"
            )
        reading = self._reading(concurrency, prefetch, on_drift, verify)
        _one_of("on_broken", on_broken, get_args(OnBroken))
        if page_size is not None:
            _whole_number("page_size", page_size, least=1)
        bookmark = self._stands(resume)
        if snapshot and self._source.paginated:
            reader = self._snapshot(reading, on_broken)
        else:
            reader = self._reader(page_size, reading, bookmark if resume else None)
        return Stream(self._steps(reader, needs_block=bool(prefetch)), bookmark)

    def pages(
        self,
        *,
        page_size: int | None = None,
        concurrency: int = 1,
        prefetch: bool | None = None,
        on_drift: OnDrift = "repair",
        verify: Verify = "second-pass",
    ) -> Pages[R]:
        """Stream whole pages, in order. The arguments are those of `stream`.

        A page is kept in memory, so say `page_size` where that matters.
        """
        if page_size is not None:
            _whole_number("page_size", page_size, least=1)
        reading = self._reading(concurrency, prefetch, on_drift, verify)
        reader = self._reader(page_size, reading, None)
        return Pages(self._steps(reader, needs_block=bool(prefetch)))

    def arrow_batches(
        self, *, rows: int = 10_000, **options: Unpack[StreamOptions]
    ) -> ArrowBatches:
        """Stream every record as Arrow has it, for pyarrow, pandas, polars or DuckDB.

        Each batch is a `pyarrow.RecordBatch` with a column a field, of the field's type; see
        the page on exporting for the types. Needs pyarrow, the extra ``arrow``.

        Args:
            rows: How many rows a batch has; the last one may have fewer.
            options: As of `stream`. Leave the loop, or close it, as you would a stream.

        Raises:
            ImportError: pyarrow is not installed.
            ArgumentError: As `stream` raises it.
        """
        _whole_number("rows", rows, least=1)
        return ArrowBatches(self.stream(**options), self._source.decoder.record_class, rows)

    async def count(self) -> int:
        """Ask how many records the listing has, with one small request.

        Raises:
            IncompleteListingError: The server does not say (no ``listcount``), although
                the resource has pages.
        """
        records, answer = await self._source.fetch(PageRequest(0, 1), Tally(), bulk=False)
        listcount = answer.listcount
        if listcount is None:
            if self._source.paginated:
                raise answer.error(IncompleteListingError, "the answer holds no listcount")
            listcount = len(records)
        rest = max(listcount - self._offset, 0)
        return rest if self._limit is None else min(rest, self._limit)

    async def first(self) -> R | None:
        """Ask for the first record alone; None where nothing matches."""
        limit = 1 if self._limit is None else min(self._limit, 1)
        one = Listing(self._source, offset=self._offset, limit=limit)
        steps = one._steps(one._reader(1, ReadOptions(on_drift="ignore", bulk=False), None))
        async for page in Pages(steps):
            return page.items[0]
        return None

    async def collect(self) -> list[R]:
        """Stream every record into a list."""
        return [record async for record in self]

    def _stands(self, resume: str | None) -> Bookmark:
        """Where a stream begins."""
        source = self._source
        listing = fingerprint(source.resource, source.query, self._offset, self._limit)
        if resume is None:
            return Bookmark(resource=source.resource, listing=listing, position=self._offset)
        bookmark = Bookmark.parse(resume)
        bookmark.check(source.resource, listing)
        return bookmark

    def _snapshot(self, reading: ReadOptions, on_broken: OnBroken) -> Reader[R]:
        return SnapshotReader(
            self._source, reading, start=self._offset, limit=self._limit, on_broken=on_broken
        )

    def _steps(self, reader: Reader[R], *, needs_block: bool = False) -> Steps[R]:
        return Steps(reader, self._source.resource, needs_block=needs_block)

    def _reading(
        self, concurrency: int, prefetch: bool | None, on_drift: OnDrift, verify: Verify
    ) -> ReadOptions:
        _whole_number("concurrency", concurrency, least=1)
        _one_of("on_drift", on_drift, get_args(OnDrift))
        _one_of("verify", verify, (True, False, "second-pass"))
        if on_drift != "ignore" and self._source.paginated and not self._source.has_ids:
            raise ArgumentError(
                f"the records of {self._source.resource} have no id, so what others change "
                "meanwhile cannot be repaired: say on_drift='ignore'"
            )
        return ReadOptions(
            concurrency=concurrency,
            prefetch=concurrency > 1 if prefetch is None else prefetch,
            on_drift=on_drift,
            verify=verify,
        )

    def _reader(
        self, page_size: int | None, reading: ReadOptions, bookmark: Bookmark | None
    ) -> Reader[R]:
        source = self._source
        if not source.paginated:
            if bookmark is not None:
                raise ArgumentError(f"{source.resource} is read in one request: begin anew")
            return UnpagedReader(source, bulk=reading.bulk)
        delivered = None
        if reading.on_drift != "ignore":
            trail = None if bookmark is None else bookmark.trail
            # of a few records given, the bookmark holds all
            few = bookmark is None or bookmark.delivered <= len(bookmark.trail.recent)
            anchored = self._offset > 0 or not few
            delivered = DeliveredIds(trail, anchored=anchored)
        plan = PagePlan(
            PageSizes(page_size),
            offset=self._offset,
            limit=self._limit,
            overlap=0 if delivered is None else 1,
            concurrency=reading.concurrency,
        )
        plan.anchor = 0 if delivered is None else RECENT
        given = 0
        if bookmark is not None:
            given = bookmark.delivered
            plan.resume(bookmark.position, given, bookmark.listcount)
            if delivered is not None and bookmark.trail.recent:
                plan.begun = True
                plan.overlap = RECENT  # to meet one of those that it remembers
                if source.sorted_by_id:
                    delivered.trust_order(sure=True)
        return PagedReader(source, plan, delivered, reading, given=given)


def _one_of(name: str, value: object, allowed: Sequence[object]) -> None:
    if not any(value is one or (isinstance(one, str) and value == one) for one in allowed):
        names = ", ".join(repr(one) for one in allowed)
        raise ArgumentError(f"{name} is one of {names}, not {value!r}")


def _whole_number(name: str, value: object, *, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        shown = value if isinstance(value, int) else type(value).__name__
        raise ArgumentError(f"{name} is a whole number from {least} up, not {shown}")
    return value
