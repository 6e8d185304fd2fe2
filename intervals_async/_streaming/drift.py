"""Pure: the concurrent changes seen so far, and where to look for rows that have moved."""

from __future__ import annotations

import attrs

from .page_plan import PageRequest

__all__ = ["Drift", "request_around", "request_before"]

# The number of rows to search before a page without delivered records; then four times as many,
# until a delivered record is found.
REACH = 16
FARTHER = 4


@attrs.define
class Drift:
    """The concurrent changes seen while a listing is read.

    Attributes:
        listcount_before: The listcount of the previous page.
        gained: How many rows were inserted before the position.
        doubtful: How many of these may have been moved there from behind the position, because
            the listcount did not grow by as many. The other explanation is that as many other
            rows were deleted.
        repairs: How often rows had moved and the position was found again.
        credit: By how much more the listcount has grown than explains the rows that moved. It
            counts for the next page if that page has only a part of the rows that moved.
    """

    listcount_before: int | None = None
    gained: int = 0
    doubtful: int = 0
    repairs: int = 0
    credit: int = 0

    def growth(self, listcount: int | None) -> int | None:
        """Return how far the listcount has grown since the previous page, if that is known."""
        if listcount is None or self.listcount_before is None:
            return None
        return listcount - self.listcount_before

    def vanished(self, listcount: int | None) -> int:
        """Return how many rows are known to have disappeared since the previous page."""
        return max((self.listcount_before or 0) - (listcount or 0), 0)

    def note_page(self, shift: int, listcount: int | None) -> None:
        """Note a page whose rows are at offsets higher than expected by this number."""
        if shift <= 0:
            self.credit = 0
            return
        self.gained += shift
        growth = self.growth(listcount)
        if growth is not None:
            self.credit += max(growth, 0)
            self.doubtful += max(shift - self.credit, 0)
            self.credit = max(self.credit - shift, 0)

    def note_listcount(self, listcount: int | None) -> None:
        """Compare the following pages with this listcount."""
        self.listcount_before = listcount

    def note_repair(self) -> None:
        """Note that rows had moved and the position was found again."""
        self.repairs += 1

    def unexplained(self, missing: int) -> int:
        """Return how many records may be missing, from the difference to the listcount."""
        return max(self.doubtful, missing - self.gained)


def request_before(request: PageRequest, steps: int, vanished: int) -> PageRequest:
    """Return the rows to request before a page without delivered records.

    Args:
        request: The page.
        steps: The number of previous steps back.
        vanished: The number of rows known to have disappeared meanwhile.
    """
    reach = max(REACH, vanished + REACH // 2) * FARTHER**steps
    offset = max(request.offset - reach, 0)
    # a few more than up to the page, in case rows are being inserted
    return PageRequest(offset, request.offset - offset + 1 + REACH // 4)


def request_around(offset: int, steps: int, moved: int) -> PageRequest:
    """Return the rows to request around an offset to find a delivered record.

    Args:
        offset: Its previous offset.
        steps: The number of previous searches.
        moved: The number of rows known to be inserted or deleted meanwhile.
    """
    reach = max(REACH, moved + REACH // 2) * (2 * FARTHER) ** steps
    begin = max(offset - reach, 0)
    return PageRequest(begin, offset + reach - begin)
