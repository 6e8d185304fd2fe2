"""Keeps a stream exact while rows change: detects drift and repairs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

import attrs

from .._schema.record import Record
from ..errors import DriftError
from ..events import DriftFound
from .delivered import DeliveredIds
from .drift import Drift, request_before
from .lost_position import find_lost_position
from .open_page import OpenPage
from .options import ReadOptions
from .page_plan import MARGIN, WIDEST, PagePlan, PageRequest
from .page_window import PageWindow
from .reader import Batch
from .source import PageSource

__all__ = ["Reconciler"]

R = TypeVar("R", bound=Record)

# The maximum number of second passes, if the inserted rows do not fit into one response.
PASSES = 3

# The maximum number of steps back without a delivered record, for each concurrent page.
PATIENCE = 12


class Reconciler(Generic[R]):
    """Compares each page with the records delivered before.

    Each page also requests at least one preceding row, which should have been delivered. If it was
    not, rows have moved. Then earlier rows are requested, until a delivered record is found. So at
    any time, every record before the last delivered one was delivered, if it existed from the
    start. At the end the number of records is checked against the listcount, and a second pass
    looks for records that may be missing.

    Attributes:
        is_lost: Whether the position must be found again before anything else.
    """

    __slots__ = (
        "_complained", "_delivered", "_drift", "_met_again", "_options", "_passes", "_plan",
        "_raised", "_source", "_wasted", "_window", "is_lost",
    )  # fmt: skip

    def __init__(
        self,
        source: PageSource[R],
        plan: PagePlan,
        window: PageWindow[R],
        delivered: DeliveredIds,
        options: ReadOptions,
    ) -> None:
        self._source = source
        self._plan = plan
        self._window = window
        self._delivered = delivered
        self._options = options
        self._drift = Drift(source.listcount)
        # The number of pages without delivered records since the last page with one.
        self._wasted = 0
        # Whether a `DriftError` reported drift that is not repaired yet.
        self._raised = False
        self.is_lost = False
        # The number of passes after the first, and whether this one has found a delivered record.
        self._passes = 0
        self._met_again = False
        # Whether a `DriftError` at the end reported records that may be missing.
        self._complained = False

    @property
    def repairs(self) -> int:
        """The number of times that rows had moved and the position was found again."""
        return self._drift.repairs

    @property
    def in_second_pass(self) -> bool:
        """Whether all records are being read once more."""
        return self._passes > 0

    # Comparing

    async def compare(self, page: OpenPage[R], records: list[R]) -> Batch[R] | None:
        """Compare the next records of a page with the delivered ones.

        Returns:
            A batch of the new records, which may be empty. None if the page holds no delivered
            records; then the rows to read before it are determined.

        Raises:
            DriftError: Rows have moved and `on_drift` is ``"raise"``, or they move too quickly.
        """
        page.hold(records)
        joined = page.expected is not None
        if not joined and not self._passes and page.depth == 0:
            # enough rows to include the last row before the position
            rows = min(self._plan.position - page.request.offset, WIDEST + 1)
            if not await self._window.fill(page, rows):
                return None
        ids = self._source.ids(page.pending)
        skip = 0
        if self._passes:
            page.join(0)
            skip = self._rows_before_own(ids)
        elif not joined:
            meeting = self._meet(page, ids)
            if meeting is None:
                self._look_left(page)
                return None
            skip = meeting
            page.join(self._plan.position - page.request.offset)
            if page.depth == 0:
                self._raised = False
                self._wasted = 0
        return self._new_records(page, ids, skip)

    def end_page(self, page: OpenPage[R]) -> None:
        """Record the drift that the end of a page shows.

        Raises:
            DriftError: As `compare` raises it.
        """
        if page.expected is not None:
            shift = page.received - page.yielded - page.expected
            self._drift.note_page(shift, page.listcount)
        elif page.received == 0:
            self._check_vanished(page)
        self._drift.note_listcount(page.listcount)

    def _meet(self, page: OpenPage[R], ids: Sequence[int]) -> int | None:
        """Return how many first rows of a page to skip; None if it holds no delivered record."""
        delivered = self._delivered
        offset = page.request.offset
        expected = self._plan.position - offset
        if not self._plan.begun:
            delivered.add_preceding(ids[:expected])
            return expected
        if 0 < expected <= len(ids) and ids[expected - 1] == delivered.last:
            met: tuple[int, int] | None = (0, expected)  # nothing has moved
        else:
            # An edit may have moved a much earlier record here. So a delivered record proves that
            # nothing is missing in between only if rows were inserted, or after a step back.
            inserted = (self._drift.growth(page.listcount) or 0) > 0
            anywhere = inserted or page.depth > 0 or delivered.starts_midway
            met = delivered.meeting(ids, anywhere=anywhere)
            if met is None and offset == 0 and delivered.knows_beginning:
                met = (0, 0)  # nothing is missing before the very first row
            self._note_move(page.listcount, offset, None if met is None else offset + met[1])
            delivered.note_moved()
        if met is None:
            return None
        return met[1] if delivered.starts_midway else 0

    def _rows_before_own(self, ids: Sequence[int]) -> int:
        """Return how many of these rows of the second pass precede all yielded records."""
        if not self._delivered.starts_midway or self._met_again:
            return 0
        for index, id in enumerate(ids):
            if self._delivered.marks_position(id):
                self._met_again = True
                return index
        return len(ids)

    def _new_records(self, page: OpenPage[R], ids: Sequence[int], skip: int) -> Batch[R]:
        """Return the records that were not yielded yet, from the first unprocessed rows."""
        tail = self._delivered.tail
        records: Sequence[R] = page.pending
        first = page.position
        new, done, in_order = self._delivered.add_some(ids, min(skip, len(ids)))
        offsets: Sequence[int] = range(first, first + len(ids))
        if done < len(ids):  # these rows were inserted before the end of the delivered ones
            offsets = [first + done - 1] * done
        page.hold(page.pending[done:])
        page.advance(done)
        if len(new) < len(records):
            records = [records[index] for index in new]
            offsets = [offsets[index] for index in new]
        if records:
            self._wasted = 0
        return Batch(records, offsets, self._plan.yielded, tail, in_order)

    # Moved rows

    def _note_move(self, listcount: int | None, offset: int, position: int | None) -> None:
        """Handle moved rows; `position` is that of the next record, if it is known.

        Raises:
            DriftError: `on_drift` is ``"raise"``. The next call continues.
        """
        before = self._plan.position
        shift = None if position is None else position - before
        if self._options.on_drift == "raise" and not self._raised:
            self._raised = True  # until a page is where it is expected
            raise self._error(
                f"rows have moved since the previous page: the record at offset {before - 1} "
                + ("is missing" if shift is None else f"has moved by {shift:+d}")
                + "; iterate again to repair it and continue"
            )
        if shift:
            self._repair(shift, offset, listcount)

    def _repair(self, shift: int, offset: int, listcount: int | None) -> None:
        """Report that rows have moved, and enlarge the overlap."""
        self._drift.note_repair()
        self._plan.widen_overlap(shift)
        self._source.report(
            DriftFound(
                resource=self._source.resource,
                offset=offset,
                shift=shift,
                listcount=listcount,
                growth=self._drift.growth(listcount),
            )
        )

    def _look_left(self, page: OpenPage[R]) -> None:
        """Look for a delivered record before a page that holds none."""
        self._count_waste()
        if self._delivered.starts_midway:
            self.is_lost = True
        elif page.missed:  # the page is out of date: its rows are requested again
            self._window.drop(page)
        else:
            page.miss()
            self._step_back(page.request, page.listcount, page.depth)

    def _check_vanished(self, page: OpenPage[R]) -> None:
        """Check whether a page is empty because its rows were deleted or moved to lower offsets."""
        offset, position = page.request.offset, self._plan.position
        listcount = offset if page.listcount is None else page.listcount
        if not self._plan.begun or offset == 0 or page.listcount == 0 or listcount > offset:
            return
        if listcount == self._drift.listcount_before == position:
            return  # nothing has moved since the previous page, which was the last one
        if self._delivered.starts_midway:
            self.is_lost = True
        else:
            end = attrs.evolve(page.request, offset=listcount)
            self._step_back(end, listcount, page.depth)
        self._note_move(listcount, offset, None)
        self._count_waste()

    def _step_back(self, request: PageRequest, listcount: int | None, depth: int) -> None:
        before = request_before(request, depth, self._drift.vanished(listcount))
        self._window.insert(OpenPage(before, depth=depth + 1))

    def _count_waste(self) -> None:
        """Count a page without delivered records, and raise after too many of them."""
        self._wasted += 1
        if self._wasted > PATIENCE * self._options.concurrency:
            steps, self._wasted = self._wasted, 0
            raise self._error(
                f"could not resynchronise after {steps} attempts because rows keep changing; "
                "iterate again to retry"
            )

    async def find_position(self) -> None:
        """Find the position again by searching for a delivered record.

        Raises:
            CallError: A response could not be fetched.
            DriftError: None of the last delivered records exists any more.
        """
        drift, plan = self._drift, self._plan
        moved = abs((drift.listcount_before or 0) - (self._source.listcount or 0))
        found = await find_lost_position(
            self._source, self._window, self._delivered, plan.position, moved
        )
        if found is None:
            raise self._error(
                "lost position: none of the last yielded records exists any more; "
                "start the listing again"
            )
        position, offset, listcount = found
        self.is_lost = False
        self._delivered.note_moved()
        shift = position - plan.position
        plan.relocate(position)
        self._repair(shift, offset, listcount)
        drift.note_listcount(listcount)

    # The end

    def is_complete(self) -> bool:
        """Check the number of records against the listcount; False if a second pass begins.

        Raises:
            DriftError: Records are missing, and no observed change explains it.
        """
        listcount, verify = self._source.listcount, self._options.verify
        if not verify or listcount is None or self._complained:
            return True
        missing = self._plan.missing(listcount)
        if self._passes == 0:
            missing = self._drift.unexplained(missing)
        if missing <= 0 or (self._passes and self._delivered.starts_midway):
            return True  # rows before a slice, or before a bookmark, cannot be counted
        if verify != "second-pass" or self._passes == PASSES:
            self._complained = True
            raise self._error(
                f"{missing} of {listcount} records may have been missed; use "
                "stream(verify='second-pass') to look for them, or stream(snapshot=True)"
            )
        # A single response with all records is consistent in any order.
        self._passes += 1
        self.restart_pass()
        return False

    def restart_pass(self) -> None:
        """Start the second pass, or restart it because its response broke off."""
        self._met_again = False
        self._plan.restart((self._source.listcount or 0) + MARGIN * 4**self._passes)

    def _error(self, message: str) -> DriftError:
        error = self._source.annotate(DriftError(message))
        error.position = self._plan.position
        error.delivered = self._plan.yielded
        error.listcount = self._source.listcount
        error.listcount_before = self._drift.listcount_before
        return error
