"""Finds the end of the delivered records again, if some rows before it are unknown."""

from __future__ import annotations

from typing import TypeVar

from .._schema.record import Record
from .delivered import DeliveredIds
from .drift import request_around
from .open_page import OpenPage
from .page_plan import PageRequest
from .page_window import PageWindow
from .source import PageSource

__all__ = ["find_lost_position"]

R = TypeVar("R", bound=Record)


async def find_lost_position(
    source: PageSource[R], window: PageWindow[R], delivered: DeliveredIds, position: int, moved: int
) -> tuple[int, int, int | None] | None:
    """Search for the last delivered record around a position, farther each time.

    Args:
        source: The source of the rows.
        window: Requests the rows. All its pages in progress are dropped.
        delivered: The delivered records.
        position: The offset after the last of them, before rows moved.
        moved: The number of rows known to be inserted or deleted since.

    Returns:
        The current offset after that record, the first offset searched, and the listcount. None if
        no delivered record exists any more and the order of the ids does not help.

    Raises:
        CallError: A response could not be fetched.
    """
    await window.drop_all()
    steps = 0
    while True:
        request = request_around(position - 1, steps, moved)
        end, listcount = await _end_within(source, window, delivered, request)
        if end is not None:
            return end, request.offset, listcount
        steps += 1
        if request.offset > 0 or (listcount is not None and request.end < listcount):
            continue
        if delivered.trusts_order:  # every row that exists comes after the position
            return 0, request.offset, listcount
        if not delivered.trust_order(sure=source.sorted_by_id):
            return None
        steps = 0


async def _end_within(
    source: PageSource[R], window: PageWindow[R], delivered: DeliveredIds, request: PageRequest
) -> tuple[int | None, int | None]:
    """Return the offset after the last delivered row among these, and the listcount."""
    end: int | None = None
    listcount: int | None = None
    for _ in range(2):
        page: OpenPage[R] = OpenPage(request)
        window.insert(page)
        records: list[R] | None = None
        try:
            while records := await window.records(page):
                first = request.offset + page.rows_read - len(records)
                for index, id in enumerate(source.ids(records)):
                    if delivered.marks_position(id):
                        end = first + index + 1
        finally:
            window.drop(page)
        listcount = page.listcount
        # A response that breaks off, or is empty despite its listcount, proves nothing.
        if records is not None and (page.rows_read or (listcount or 0) <= request.offset):
            break
    return end, listcount
