"""Pure: which pages to ask for, and what an answer means for the next ones."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from ..errors import IncompleteListingError, ListingError

__all__ = ["PagePlan", "PageRequest", "PageSizes", "check_rows", "pages_of"]

# Rows of a first page: enough to tell how large a row is, few enough to come at once.
FIRST = 100

# A page is at most so many times larger than the one before.
GROWTH = 8

# What a page may weigh and last. A page is decoded while it arrives, so neither is about
# memory: they bound what is asked for again when an answer breaks off.
BYTES = 2**25
SECONDS = 10.0

# Rows beyond the listcount: those that others add meanwhile then need no page of their own.
MARGIN = 16


@attrs.frozen
class PageRequest:
    """A page to ask for: `limit` rows from `offset` on.

    Attributes:
        offset: The place of its first row, from 0.
        limit: How many rows, those of the overlap included.
        overlap: How many of its first rows are asked for to meet the page before.
    """

    offset: int
    limit: int
    overlap: int = 0

    @property
    def begin(self) -> int:
        """The place of the first row behind the overlap."""
        return self.offset + self.overlap

    @property
    def end(self) -> int:
        """The place behind its last row."""
        return self.offset + self.limit


def check_rows(request: PageRequest, rows: int) -> None:
    """Hold the rows that have come against those that were asked for.

    Raises:
        ListingError: There are more.
    """
    if rows > request.limit:
        raise ListingError(
            f"{request.limit} rows were asked for at offset {request.offset}, {rows} came: "
            "the server does not page as documented"
        )


def pages_of(rows: int) -> int:
    """About how many pages so many rows take, where a row weighs a KiB."""
    pages, size = 0, FIRST
    while rows > 0:
        pages += 1
        rows -= size
        size = min(size * GROWTH, BYTES // 1024)
    return pages


class PageSizes:
    """How many rows to ask for at once: always so many, or growing from few to many."""

    __slots__ = ("_ceiling", "_fixed", "_short", "size")

    def __init__(self, fixed: int | None = None) -> None:
        self._fixed = fixed
        # No page grows beyond it again.
        self._ceiling: int | None = None
        # How many rows the last page that was short of some had.
        self._short = 0
        self.size = FIRST if fixed is None else fixed

    @property
    def fixed(self) -> bool:
        """Whether the caller said how many."""
        return self._fixed is not None

    def came(self, rows: int, size: int, seconds: float) -> None:
        """Take note of a page of so many rows and bytes that was so long on its way."""
        if self.fixed or rows == 0:
            return
        # a small page, at the end or in a gap, says nothing about the size of the others
        grown = self.size * GROWTH if 2 * rows > self.size else self.size
        bounds = [grown, BYTES * rows // max(size, 1)]
        if self._ceiling is not None:
            bounds.append(self._ceiling)
        if seconds > 0:
            bounds.append(int(SECONDS * rows / seconds))
        self.size = max(min(bounds), min(FIRST, self.size), 1)

    def failed(self, limit: int) -> None:
        """Take note that a page of so many rows was too much for the server, or for the time."""
        if not self.fixed:
            self.size = max(min(self.size, limit // 4), 1)
            if limit > 2 * FIRST:  # what fails with few rows does not fail for their number
                self._ceiling = min(limit // 2, self._ceiling or limit)

    def came_short(self, rows: int) -> None:
        """Take note of a page with fewer rows than there are. Twice the same: a server's cap."""
        if rows == self._short:
            self.size = self._ceiling = max(min(self.size, rows), 1)
        self._short = rows


class PagePlan:
    """The rows of a listing that are still to be asked for.

    It advances by the rows that were received, never by those that were asked for. The
    latest listcount says where the end is.

    Attributes:
        start: Where the caller's slice of the whole begins.
        position: The place, as the server counts now, of the record to give next.
        left: How many records the caller still wants; None for all.
        overlap: How many rows to the left each page asks for beside its own.
        anchor: How many the first page does, to know what stands before a slice.
        begun: Whether there is a record given that a page could meet.
        listcount: How many there are, as last heard.
    """

    __slots__ = (
        "_concurrency", "_ended", "_fruitless", "_known", "_limited", "anchor", "begun",
        "left", "listcount", "overlap", "position", "sizes", "start",
    )  # fmt: skip

    def __init__(
        self,
        sizes: PageSizes,
        *,
        offset: int = 0,
        limit: int | None = None,
        overlap: int = 0,
        concurrency: int = 1,
    ) -> None:
        self.sizes = sizes
        self._concurrency = concurrency
        self.begun = False
        self.start = offset
        self.position = offset
        self.anchor = 0
        self.left = limit
        self.overlap = overlap
        self.listcount: int | None = None
        # The listcount as it is believed.
        self._known: int | None = None
        # Where a page brought nothing although more was promised.
        self._fruitless: int | None = None
        # Whether what is left to give bounds what is asked for.
        self._limited = True
        # An answer without listcount leaves only one sign of the end: a page without rows.
        self._ended = False

    def resume(self, position: int, given: int, listcount: int | None) -> None:
        """Begin in the middle, where so many records were given before."""
        self.position = position
        self.listcount = listcount
        if self.left is not None:
            self.left = max(self.left - given, 0)

    @property
    def end(self) -> int | None:
        """The place behind the last row that there is to get; None when not known yet."""
        if self._ended:
            return self.position
        bounds = [] if self._known is None else [self._known]
        if self.left is not None and self._limited:
            bounds.append(self.position + self.left)
        return min(bounds, default=None)

    def gap(self, page: PageRequest) -> PageRequest | None:
        """What is missing before a page, if anything is."""
        end = self.end
        if page.begin <= self.position or (end is not None and self.position >= end):
            return None
        return self._request(self.position, page.begin - self.position)

    def next_requests(self, under_way: Sequence[PageRequest], most: int) -> list[PageRequest]:
        """The pages to ask for behind those under way, so that at most so many are."""
        if self._ended or self.left == 0:
            return []
        if self._known is None:
            most = 1  # how much there is, is not known yet
        frontier = under_way[-1].end if under_way else self.position
        requests: list[PageRequest] = []
        while len(under_way) + len(requests) < most:
            end = self.end
            if end is not None and frontier >= end:
                break
            requests.append(self._request(frontier, self._rows(frontier)))
            frontier = requests[-1].end
        return requests

    def smaller(self, request: PageRequest) -> PageRequest:
        """The first part of a page that was too much for the server, or for the time."""
        self.sizes.failed(request.limit - request.overlap)
        limit = min(request.limit, request.overlap + self.sizes.size)
        return attrs.evolve(request, limit=limit)

    def heard(self, listcount: int | None) -> None:
        """Take note of how many there are, while an answer is not read to its end.

        Only an answer that came whole tells that there is no more: see `ended`.
        """
        if listcount is not None:
            self.listcount = listcount
            if listcount > self.position:
                self._known = listcount

    def again(self, rows: int) -> None:
        """Begin once more at the very first row, with so many rows at a time, whatever was left."""
        self.sizes = PageSizes(rows)
        self.position = self.overlap = self.anchor = 0
        self.begun = False
        self._known = None
        self._limited = False

    def ended(
        self, request: PageRequest, rows: int, listcount: int | None, *, new: bool = True
    ) -> None:
        """Take note of the end of an answer that held so many rows, some of them new or none.

        Raises:
            IncompleteListingError: It is the second time that a page brings nothing where
                the listcount of the same answer promises rows.
        """
        reached = request.offset + rows
        if listcount is not None:
            self.listcount = self._known = listcount
        if listcount is not None and new and rows > request.overlap and reached > listcount:
            # The answer disproves its own count, so only an empty page tells the end.
            self._known = reached + 1
        count = self._known
        if count is None:
            # Fewer than the overlap: rows have gone, and what is left stands before.
            self._ended = rows == request.overlap or (rows == 0 and request.offset == 0)
            return
        if request.overlap < rows < request.limit and reached < count:
            self.sizes.came_short(rows - request.overlap)
        if rows > request.overlap or reached >= count:
            self._fruitless = None
        elif self._fruitless == reached:
            self._fruitless = None
            raise IncompleteListingError(
                f"the server counts {count} records, but twice gave none at offset "
                f"{request.begin}; stepping the same stream again asks once more"
            )
        else:
            self._fruitless = reached

    def _request(self, begin: int, rows: int) -> PageRequest:
        overlap = min(self.overlap, begin)
        if not self.begun and begin <= self.position:
            overlap = min(self.anchor, begin)
        return PageRequest(begin - overlap, rows + overlap, overlap)

    def _rows(self, begin: int) -> int:
        rows = self.sizes.size
        if not self.sizes.fixed and self._known is not None:
            rest = max(self._known - begin, 0)
            if self._concurrency > 1:  # some pages for each of them
                share = (self._known - self.start) // (2 * self._concurrency)
                rows = min(rows, max(share, FIRST))
            if rest <= rows * 5 // 4:  # not a page more for a few rows
                rows = rest + MARGIN
        if self.left is not None and self._limited:
            rows = min(rows, self.position + self.left - begin)
        return rows
