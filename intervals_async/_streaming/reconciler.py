"""Where what was given ends now, looked for in rows of which not all were ever seen."""

from __future__ import annotations

from typing import TypeVar

import attrs

from .._schema.records import Record
from .delivered import DeliveredIds, request_around
from .page_plan import PageRequest
from .page_window import OpenPage, PageWindow
from .source import PageSource

__all__ = ["Found", "find_end"]

R = TypeVar("R", bound=Record)


@attrs.frozen
class Found:
    """Where what was given ends now.

    Attributes:
        position: The place behind the last row of it.
        offset: The first place that was looked at.
        listcount: How many match in all, if the answer said so.
    """

    position: int
    offset: int
    listcount: int | None


async def find_end(
    source: PageSource[R], window: PageWindow[R], delivered: DeliveredIds, position: int, moved: int
) -> Found | None:
    """Look around a place, farther each time, for the last row that was given.

    Args:
        source: Where the rows come from.
        window: What asks for them; what it has under way is dropped.
        delivered: What was given.
        position: Where it ended before.
        moved: How many rows have come or gone since, as far as is known.

    Returns:
        None where no row of it is there any more, and the order of the ids does not tell.

    Raises:
        CallError: An answer could not be had.
    """
    await window.end()
    steps = 0
    while True:
        request = request_around(position - 1, steps, moved)
        place, listcount = await _last_given(source, window, delivered, request)
        if place is not None:
            return Found(place + 1, request.offset, listcount)
        steps += 1
        if request.offset > 0 or (listcount is not None and request.end < listcount):
            continue
        if delivered.trusts_order:  # all that is there now stands behind
            return Found(0, request.offset, listcount)
        if not delivered.trust_order(sure=source.sorted_by_id):
            return None
        steps = 0


async def _last_given(
    source: PageSource[R], window: PageWindow[R], delivered: DeliveredIds, request: PageRequest
) -> tuple[int | None, int | None]:
    """The place of the last row among these that was given; and the listcount."""
    place = None
    listcount = None
    for _ in range(2):
        page: OpenPage[R] = OpenPage(request)
        window.insert(page)
        records: list[R] | None = None
        try:
            while records := await window.records(page):
                first = request.offset + page.read - len(records)
                ids = source.ids(records, first)
                known = [index for index, id in enumerate(ids) if delivered.leads_to(id)]
                place = first + known[-1] if known else place
        finally:
            window.drop(page)
        listcount = page.listcount
        # an answer that breaks off, or is empty against its own count, tells nothing
        if records is not None and (page.read or (listcount or 0) <= request.offset):
            break
    return place, listcount
