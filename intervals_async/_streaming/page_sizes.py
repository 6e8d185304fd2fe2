"""Pure: the number of rows of each page."""

from __future__ import annotations

__all__ = ["BYTES", "FIRST", "GROWTH", "PageSizes"]

# Rows of the first page: enough to estimate the size of a row, few enough to arrive quickly.
FIRST = 100

# A page is at most this many times larger than the previous page.
GROWTH = 8

# The maximum size and duration of a page. Neither saves memory, because a page is decoded while it
# arrives. They bound the part to request again after a response breaks off.
BYTES = 2**25
SECONDS = 10.0


class PageSizes:
    """The number of rows of each page: fixed, or growing from few to many.

    Attributes:
        size: The rows of the next page.
    """

    __slots__ = ("_cap", "_ceiling", "_fixed", "_short", "size")

    def __init__(self, fixed: int | None = None) -> None:
        self._fixed = fixed
        # The maximum size of a page, once a failure has shown one.
        self._ceiling: int | None = None
        # The rows of the last page that had fewer than there were; None if a page had more since.
        self._short: int | None = None
        # The most rows that the server returns, if two such pages had the same number.
        self._cap: int | None = None
        self.size = FIRST if fixed is None else fixed

    @property
    def fixed(self) -> bool:
        """Whether the caller chose the size."""
        return self._fixed is not None

    @property
    def widest_overlap(self) -> int | None:
        """The largest overlap that leaves room for new rows; None if nothing bounds it.

        An overlap takes no more than half of what the server really returns.
        """
        return None if self._short is None else max(self._short // 2, 1)

    def new_rows(self, rows: int, overlap: int) -> int:
        """Return how many of these new rows to request besides the overlap."""
        return rows if self._cap is None else max(min(rows, self._cap - overlap), 1)

    def note_page(self, rows: int, size: int, seconds: float) -> None:
        """Note the rows of a page, its size in bytes, and how long it took to arrive."""
        if self._short is not None and rows > self._short:
            self._short = self._cap = None
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

    def note_failure(self, rows: int) -> None:
        """Note that a page of this many rows was too large for the server, or the timeout."""
        if not self.fixed:
            self.size = max(min(self.size, rows // 4), 1)
            if rows > 2 * FIRST:  # a page of few rows does not fail because of their number
                self._ceiling = min(rows // 2, self._ceiling or rows)

    def note_short_page(self, rows: int, *, counted: bool = True) -> None:
        """Note a page with fewer rows than there are. Twice the same number is a server's cap.

        Args:
            rows: How many rows it held.
            counted: Whether the listcount says that there are more; otherwise it may be the end.
        """
        if counted and rows == self._short:
            self._cap = rows
            self.size = self._ceiling = max(min(self.size, rows), 1)
        self._short = rows
