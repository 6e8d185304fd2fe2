"""Finds the end of the delivered records again, if some rows before it are unknown."""

from __future__ import annotations

import sys
from typing import Generic, TypeVar

from .._schema.record import Record
from .delivered import DeliveredIds
from .drift import request_around
from .open_page import OpenPage
from .page_plan import PageRequest
from .page_window import PageWindow
from .progress import Progress
from .source import PageSource

__all__ = ["find_lost_position"]

R = TypeVar("R", bound=Record)

# How often to search if rows are inserted or deleted meanwhile.
SEARCHES = 4


async def find_lost_position(
    source: PageSource[R],
    window: PageWindow[R],
    delivered: DeliveredIds,
    position: int,
    growth: int,
) -> tuple[int, int, int | None] | None:
    """Search for the last delivered record around a position, farther each time.

    Args:
        source: The source of the rows.
        window: Requests the rows. All its pages in progress are dropped.
        delivered: The delivered records.
        position: The offset after the last of them, before rows moved.
        growth: How many more rows there are since, as far as is known.

    Returns:
        The current offset after that record, the first offset searched, and the listcount. None if
        no delivered record exists any more and the order of the ids does not help.

    Raises:
        CallError: A response could not be fetched.
        IncompleteListingError: The server repeats a page.
    """
    await window.drop_all()
    for _ in range(SEARCHES):
        search = _Search(source, window, delivered)
        found = await _find(search, position, growth, sure=source.sorted_by_id)
        if found is not None or not search.saw_changes:
            return found
    return None


async def _find(
    search: _Search[R], position: int, growth: int, *, sure: bool
) -> tuple[int, int, int | None] | None:
    """Search once, as `find_lost_position` does; `sure` says that rows are sorted by id."""
    if growth and position + growth > 0:
        # all of them may have come, or gone, before the position
        request = request_around(position + growth - 1, 0, 0)
        end = await search.end_within(request)
        if end is not None and search.met_last:
            return end, request.offset, search.listcount
    # A server that does not say how many rows there are is not searched for ever.
    farthest = 8 * (position + 1000)
    steps = 0
    scanned: PageRequest | None = None
    while True:
        request = request_around(position - 1, steps, abs(growth))
        for part in search.unscanned(request, scanned):
            end = await search.end_within(part)
            if end is not None:
                return end, part.offset, search.listcount
        scanned, listcount = request, search.listcount
        steps += 1
        ends = request.end >= (farthest if listcount is None else listcount) or search.met_end
        if request.offset == 0 and ends:
            place = search.place_by_order(sure=sure)
            return None if place is None else (place, request.offset, listcount)


class _Search(Generic[R]):
    """Looks for the last delivered record among some rows, in as many pages as they take.

    Attributes:
        listcount: The listcount of the last response.
        met_end: Whether a response had no row, which is the end if it has no listcount.
        saw_changes: Whether the listcount has changed between two responses, so that the row may
            have moved from where it was not looked for yet to where it was.
        met_last: Whether the row before the position, as it was, is among the rows.
    """

    __slots__ = (
        "_appeared", "_delivered", "_end_by_order", "_first_higher", "_is_cut", "_progress", "_source", "_window",
        "listcount", "met_end", "met_last", "saw_changes",
    )  # fmt: skip

    def __init__(
        self, source: PageSource[R], window: PageWindow[R], delivered: DeliveredIds
    ) -> None:
        self._source = source
        self._window = window
        self._delivered = delivered
        # A search may read every row, but no page for the third time.
        self._progress = Progress(1, compares_ids=True)
        # Whether the server returns fewer rows than are requested.
        self._is_cut = False
        self.listcount: int | None = None
        self.met_end = self.met_last = self.saw_changes = False
        # The offset after the last row whose id is not higher than the last of the tail.
        self._end_by_order = 0
        # The offset of the first row with a higher id, and whether a row has an id between
        # those of the last records, although it is none of them.
        self._first_higher: int | None = None
        self._appeared = False

    def place_by_order(self, *, sure: bool) -> int | None:
        """Return the position that the order of the ids shows; None if it shows none.

        That all rows were seen tells whether the order of the ids may be that of the rows.
        """
        if self._delivered.trusts_order:  # every row that exists comes after the position
            return 0
        higher = self._first_higher
        ordered = higher is not None and higher >= self._end_by_order and not self._appeared
        if not (sure or (ordered and not self.saw_changes)):
            return None
        return self._end_by_order if self._delivered.trust_order(sure=sure) else None

    def unscanned(self, request: PageRequest, scanned: PageRequest | None) -> list[PageRequest]:
        """Return what to request of some rows, of which some were looked at before."""
        if scanned is None or not self._is_cut:
            return [request]
        parts = (request.offset, scanned.offset), (scanned.end, request.end)
        return [PageRequest(begin, end - begin) for begin, end in parts if begin < end]

    async def end_within(self, request: PageRequest) -> int | None:
        """Return the offset after the last delivered row among these; None if there is none."""
        self.met_last = False
        found: int | None = None
        offset = request.offset
        while offset < request.end:
            rest = PageRequest(offset, request.end - offset)
            rows, end = await self._read(rest)
            if found is not None and end is None:
                break  # the delivered rows before the position stand side by side
            found = found if end is None else end
            offset += rows
            self.met_end = self.met_end or rows == 0
            if rows == 0 or (self.listcount is not None and offset >= self.listcount):
                break
        return found

    async def _read(self, request: PageRequest) -> tuple[int, int | None]:
        """Read the first of some rows: as many as one response has.

        Returns:
            How many there were, and the offset after the last delivered one among them.
        """
        rows = 0
        end: int | None = None
        for _ in range(2):
            page: OpenPage[R] = OpenPage(request)
            self._window.insert(page)
            records: list[R] | None = None
            try:
                while records := await self._window.records(page):
                    first = request.offset + page.rows_read - len(records)
                    for index, id in enumerate(self._source.ids(records)):
                        if self._delivered.marks_position(id):
                            end = first + index + 1
                            self.met_last = self.met_last or id == self._delivered.last
                        self._note_order(first + index, id)
            finally:
                self._window.drop(page)
            self.saw_changes |= self.listcount not in (None, page.listcount)
            self.listcount = page.listcount
            self._progress.note_page(request, page.digest, page.listcount, sys.maxsize)
            rows = page.rows_read
            self._is_cut = self._is_cut or 0 < rows < request.limit
            # a response that breaks off, or is empty despite its listcount, proves nothing
            if records is not None and (rows or (self.listcount or 0) <= request.offset):
                break
        return rows, end

    def _note_order(self, offset: int, id: int) -> None:
        last = self._delivered.tail.recent[-1:]
        if (id,) <= last:
            self._end_by_order = max(self._end_by_order, offset + 1)
            recent = self._delivered.tail.recent
            self._appeared = self._appeared or (id > recent[0] and id not in recent)
        elif self._first_higher is None or offset < self._first_higher:
            self._first_higher = offset
