"""Pure: which pages to request next, in view of the responses so far."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from ..errors import IncompleteListingError, ListingError
from .page_sizes import BYTES, FIRST, GROWTH, PageSizes

__all__ = ["MARGIN", "WIDEST", "PagePlan", "PageRequest", "pages_of"]

# Rows requested beyond the listcount. Records that are added meanwhile then need no further page.
MARGIN = 16

# The largest overlap, however far the rows keep moving.
WIDEST = 64


@attrs.frozen
class PageRequest:
    """A page to request: `limit` rows from `offset` on.

    Attributes:
        offset: The offset of its first row, from 0.
        limit: The number of rows, including the overlap.
        overlap: The number of its first rows that only repeat the end of the previous page.
    """

    offset: int
    limit: int
    overlap: int = 0

    @property
    def begin(self) -> int:
        """The offset of the first row after the overlap."""
        return self.offset + self.overlap

    @property
    def end(self) -> int:
        """The offset after its last row."""
        return self.offset + self.limit

    def check_rows(self, rows: int) -> None:
        """Check the number of rows that arrived against the number requested.

        Raises:
            ListingError: More rows arrived than were requested.
        """
        if rows > self.limit:
            raise ListingError(
                f"expected at most {self.limit} rows at offset {self.offset}, got {rows}; "
                "the server does not page as documented"
            )


def pages_of(rows: int) -> int:
    """Estimate the number of pages for a number of rows of one KiB each."""
    pages, size = 0, FIRST
    while rows > 0:
        pages += 1
        rows -= size
        size = min(size * GROWTH, BYTES // 1024)
    return pages


class PagePlan:
    """The rows of a listing that remain to be requested.

    The plan advances by the rows received, never by those requested. The latest listcount
    shows where the end is.

    Attributes:
        sizes: The number of rows for each page.
        start: The offset of the caller's slice.
        position: The offset, as the server counts now, of the record to yield next.
        yielded: The number of yielded records.
        left: The number of records that the caller still wants; None for all.
        overlap: The number of rows before its own that each page requests too.
        begun: Whether a page can be expected to hold a yielded record.
    """

    __slots__ = (
        "_bounded", "_concurrency", "_ended", "_first_overlap", "_fruitless", "_known",
        "begun", "left", "overlap", "position", "sizes", "start", "yielded",
    )  # fmt: skip

    def __init__(
        self,
        sizes: PageSizes,
        *,
        offset: int = 0,
        limit: int | None = None,
        overlap: int = 0,
        first_overlap: int = 0,
        concurrency: int = 1,
        position: int | None = None,
        yielded: int = 0,
        begun: bool = False,
    ) -> None:
        self.sizes = sizes
        self.start = offset
        self.position = offset if position is None else position
        self.yielded = yielded
        self.overlap = overlap
        self.begun = begun
        self.left = None if limit is None else max(limit - yielded, 0)
        self._concurrency = concurrency
        # The overlap of the very first page, whose rows show what precedes a slice.
        self._first_overlap = first_overlap
        # The listcount, unless a response has disproved it.
        self._known: int | None = None
        # The offset where a page held no rows, although its listcount promised more.
        self._fruitless: int | None = None
        # Whether the caller's limit bounds what is requested.
        self._bounded = True
        # Without a listcount the only sign of the end is a page without new rows.
        self._ended = False

    @property
    def end(self) -> int | None:
        """The offset after the last row to request; None while it is unknown."""
        if self._ended:
            return self.position
        bounds = [] if self._known is None else [self._known]
        if self.left is not None and self._bounded:
            bounds.append(self.position + self.left)
        return min(bounds, default=None)

    def missing(self, listcount: int) -> int:
        """Return how many records remain to be yielded, from the total number."""
        wanted = max(listcount - self.start, 0)
        if self.left is not None:
            wanted = min(wanted, self.yielded + self.left)
        return wanted - self.yielded

    def gap(self, page: PageRequest) -> PageRequest | None:
        """Return the rows that are missing before a page, or None."""
        end = self.end
        if page.begin <= self.position or (end is not None and self.position >= end):
            return None
        return self._request(self.position, page.begin - self.position)

    def next_requests(self, under_way: Sequence[PageRequest], most: int) -> list[PageRequest]:
        """Return the next pages to request, so that at most `most` are in progress."""
        if self._ended or self.left == 0:
            return []
        if self._known is None:
            most = 1  # the number of rows is not known yet
        frontier = under_way[-1].end if under_way else self.position
        requests: list[PageRequest] = []
        while len(under_way) + len(requests) < most:
            end = self.end
            if end is not None and frontier >= end:
                break
            requests.append(self._request(frontier, self._choose_page_size(frontier)))
            frontier = requests[-1].end
        return requests

    def smaller(self, request: PageRequest) -> PageRequest:
        """Return the first part of a page that was too large for the server, or the timeout."""
        self.sizes.note_failure(request.limit - request.overlap)
        limit = min(request.limit, request.overlap + self.sizes.size)
        return attrs.evolve(request, limit=limit)

    def advance(self, position: int, yielded: int) -> None:
        """Move to a position whose preceding rows were all received, and count yielded records."""
        self.position = position
        self.yielded += yielded
        self.begun = True
        if self.left is not None:
            self.left -= yielded

    def relocate(self, position: int, listcount: int | None) -> None:
        """Note that the record to yield next has moved to another position.

        Args:
            position: The offset of that record now.
            listcount: The listcount of the response that showed it.
        """
        self.position = position
        if listcount is not None:
            self._known = listcount

    def widen_overlap(self, shift: int) -> None:
        """Enlarge the overlap so that it covers rows that move that far."""
        self.overlap = max(self.overlap, min(2 * -shift + 1, WIDEST))

    def narrow_overlap(self) -> None:
        """Reduce the overlap after a page that found no row deleted before it."""
        self.overlap = max(self.overlap * 3 // 4, min(self.overlap, 1))

    def note_cut_page(self, request: PageRequest, rows: int, listcount: int | None) -> bool:
        """Note a page that ends before its own rows begin, if the server cut it off there.

        Returns:
            Whether to request it again, with a smaller overlap.
        """
        reached = request.offset + rows
        more = listcount is None or reached < listcount
        if not (0 < rows < request.limit and reached < self.position and more):
            return False
        self.sizes.note_short_page(rows, counted=listcount is not None)
        return True

    def note_listcount(self, listcount: int | None) -> None:
        """Note the listcount of a response that is not complete yet.

        Only a complete response proves that there are no more rows: see `end_page`.
        """
        if listcount is not None and listcount > self.position:
            self._known = listcount

    def restart(self, rows: int) -> None:
        """Start again at the first row of all, with this number of rows a page and no limit."""
        self.sizes = PageSizes(rows)
        self.position = self.overlap = self._first_overlap = 0
        self.begun = False
        self._known = None
        self._bounded = False

    def end_page(
        self, request: PageRequest, rows: int, listcount: int | None, *, new: bool = True
    ) -> None:
        """Note the end of a page.

        Args:
            request: The page.
            rows: The number of its rows.
            listcount: The listcount of the same response.
            new: Whether any of its records was yielded.

        Raises:
            IncompleteListingError: For the second time, a page holds no rows although the listcount
                of the same response promises some.
        """
        reached = request.offset + rows
        if listcount is not None:
            self._known = listcount
        if listcount is not None and new and rows > request.overlap and reached > listcount:
            # The response contradicts its own count, so only an empty page marks the end.
            self._known = reached + 1
        count = self._known
        if count is None:
            self._end_uncounted(request, rows)
            return
        # Rows that only repeat an overlap of several show how many the server returns.
        cut = rows == request.overlap > 1
        if (cut or request.overlap < rows < request.limit) and reached < count:
            self.sizes.note_short_page(rows)
        if cut or rows > request.overlap or reached >= count:
            self._fruitless = None
        elif self._fruitless == reached:
            self._fruitless = None
            raise IncompleteListingError(
                f"expected {count} records, the server's count, got none at offset "
                f"{request.begin} twice; iterate again to retry"
            )
        else:
            self._fruitless = reached

    def _end_uncounted(self, request: PageRequest, rows: int) -> None:
        """Note the end of a page if the server does not say how many rows there are."""
        if rows == request.overlap > 1:
            # The end of the rows, or as many as the server returns at most.
            self.overlap = self._first_overlap = 1
            return
        # Fewer rows than the overlap: rows were deleted, and the rest is before.
        self._ended = rows == request.overlap or (rows == 0 and request.offset == 0)
        if request.overlap < rows < request.limit:
            self.sizes.note_short_page(rows, counted=False)

    def _request(self, begin: int, rows: int) -> PageRequest:
        overlap = self.overlap
        if not self.begun and begin <= self.position:
            overlap = self._first_overlap
        overlap = min(overlap, begin)
        widest = self.sizes.widest_overlap
        if widest is not None:
            overlap = min(overlap, widest)
        rows = self.sizes.new_rows(rows, overlap)
        return PageRequest(begin - overlap, rows + overlap, overlap)

    def _choose_page_size(self, begin: int) -> int:
        rows = self.sizes.size
        if not self.sizes.fixed and self._known is not None:
            rest = max(self._known - begin, 0)
            if self._concurrency > 1:  # several pages for each concurrent request
                share = (self._known - self.start) // (2 * self._concurrency)
                rows = min(rows, max(share, FIRST))
            if rest <= rows * 5 // 4:  # avoid another page for a few rows
                rows = rest + MARGIN
        if self.left is not None and self._bounded:
            rows = min(rows, self.position + self.left - begin)
        return rows
