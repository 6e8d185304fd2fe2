"""Pure: which pages to ask for, and what an answer means for the next ones."""

from __future__ import annotations

from typing import TypeAlias

import attrs

from .errors import IncompleteListingError, ListingError

__all__ = ["PagePlan", "PageRequest", "Plan", "WholePlan"]


@attrs.frozen
class PageRequest:
    """A page to ask for: `limit` rows from `offset` on."""

    offset: int
    limit: int


class PagePlan:
    """The rows of a listing that are still to be asked for.

    It advances by the rows that were received, never by those that were asked for: what a
    page was short of is asked for again. The latest listcount says where the end is.
    """

    __slots__ = (
        "_count", "_done", "_empty", "_frontier", "_gaps", "_page_size", "_stop", "listcount",
    )  # fmt: skip

    def __init__(self, page_size: int, *, offset: int = 0, limit: int | None = None) -> None:
        self._page_size = page_size
        # Where the caller's slice of the whole ends.
        self._stop = None if limit is None else offset + limit
        # Nothing from here on was ever asked for.
        self._frontier = offset
        # What lies before it and was asked for in vain, lowest first.
        self._gaps: list[PageRequest] = []
        # Where a page came back empty although more was promised.
        self._empty: set[int] = set()
        # An answer without listcount leaves only one sign of the end: a page without rows.
        self._done = False
        # How many there are: the latest listcount, unless its own answer disproves it.
        self._count: int | None = None
        self.listcount: int | None = None

    @property
    def end(self) -> int | None:
        """The offset behind the last row that there is to get; None when not known yet."""
        bounds = [bound for bound in (self._stop, self._count) if bound is not None]
        return min(bounds, default=None)

    def next_requests(self, most: int) -> list[PageRequest]:
        """Take up to `most` pages to ask for now, lowest offset first; none means the end."""
        if self._done:
            return []
        if self._count is None:
            most = 1  # how much there is, is not known yet
        end = self.end
        taken: list[PageRequest] = []
        while self._gaps and len(taken) < most:
            gap = self._gaps[0]
            if end is not None and gap.offset >= end:
                break
            del self._gaps[0]
            taken.append(gap)
        while len(taken) < most and (end is None or self._frontier < end):
            size = self._page_size
            if self._stop is not None:
                size = min(size, self._stop - self._frontier)
            taken.append(PageRequest(self._frontier, size))
            self._frontier += size
        return taken

    def failed(self, request: PageRequest) -> None:
        """Put back a page that no answer came for."""
        self._put_back(request)

    def received(self, request: PageRequest, rows: int, listcount: int | None) -> bool:
        """Take note of an answer, and say whether its rows are to be given.

        Raises:
            IncompleteListingError: It is the second empty page where the listcount of the
                same answer promises rows.
            ListingError: It holds more rows than were asked for.
        """
        if rows > request.limit:
            self._put_back(request)
            raise ListingError(
                f"{request.limit} rows were asked for at offset {request.offset}, {rows} came: "
                "the server does not page as documented"
            )
        if listcount is not None:
            self.listcount = listcount
            self._count = listcount
            if rows and request.offset + rows > listcount:
                # The answer disproves its own count, so only an empty page tells the end.
                self._count = request.offset + rows + 1
        if rows < request.limit:
            self._put_back(PageRequest(request.offset + rows, request.limit - rows))
        if rows == 0 and self._count is None:
            self._done = True
        elif rows > 0 or self._count is None or request.offset >= self._count:
            self._empty.discard(request.offset)
        elif request.offset in self._empty:
            self._empty.discard(request.offset)
            raise _nothing_given(self._count, request.offset)
        else:
            self._empty.add(request.offset)
        return rows > 0

    def _put_back(self, request: PageRequest) -> None:
        self._gaps.append(request)
        self._gaps.sort(key=lambda gap: gap.offset)


class WholePlan:
    """The plan of a resource that has no offset and limit: one request brings everything."""

    __slots__ = ("_asked", "_short", "listcount")

    def __init__(self) -> None:
        self._asked = False
        # Whether an answer gave fewer rows than it counted.
        self._short = False
        self.listcount: int | None = None

    def next_requests(self, most: int) -> list[PageRequest]:
        """Take the one request, if it is not answered yet."""
        if self._asked:
            return []
        self._asked = True
        return [PageRequest(0, most)]

    def failed(self, request: PageRequest) -> None:
        """Put the request back: no answer came."""
        self._asked = False

    def received(self, request: PageRequest, rows: int, listcount: int | None) -> bool:
        """Take note of an answer, and say whether its rows are to be given: if they are all.

        Raises:
            IncompleteListingError: Twice it gave fewer rows than its own listcount.
        """
        self.listcount = listcount
        if listcount is None or rows >= listcount:
            return rows > 0
        self._asked = False
        if self._short:
            self._short = False
            raise IncompleteListingError(
                f"the server counts {listcount} records, but twice gave {rows}; this resource "
                "has no documented offset to ask for the rest with"
            )
        self._short = True
        return False


Plan: TypeAlias = PagePlan | WholePlan


def _nothing_given(listcount: int, offset: int) -> IncompleteListingError:
    return IncompleteListingError(
        f"the server counts {listcount} records, but twice gave none at offset {offset}; "
        "stepping the same stream again asks once more"
    )
