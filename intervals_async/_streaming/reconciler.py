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
from .page_plan import WIDEST, PagePlan, PageRequest
from .page_window import PageWindow
from .reader import Batch
from .second_pass import SecondPass, drift_error
from .source import PageSource

__all__ = ["Reconciler"]

R = TypeVar("R", bound=Record)

# How many steps back may fail to meet a delivered record, for each page that is under way.
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
        "_delivered", "_drift", "_forgets", "_options", "_plan", "_raised",
        "_rereads", "_second", "_source", "_wasted", "_window", "is_lost",
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
        # How many pages met nothing since a new record came.
        self._wasted = 0
        # Whether a `DriftError` reported drift that is not repaired yet.
        self._raised = False
        # A bookmark that forgets some records is refused in the first step.
        self._forgets = delivered.tail.forgets and not delivered.trusts_order
        self.is_lost = self._forgets
        # Whether a step back leads through rows before the end of the delivered ones.
        self._rereads = False
        self._second = SecondPass(source, plan, delivered, self._drift, options.verify)

    @property
    def repairs(self) -> int:
        """The number of times that rows had moved and the position was found again."""
        return self._drift.repairs

    @property
    def in_second_pass(self) -> bool:
        """Whether everything is read once more."""
        return self._second.active

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
        if not joined and not self._second.active and page.depth == 0:
            # as many rows as include the last one before the position
            rows = min(self._plan.position - page.request.offset, WIDEST + 1)
            if not await self._window.fill(page, rows):
                return None
            if len(page.pending) < rows and self._is_cut(page):
                self._window.drop(page)
                return None
        ids = self._source.ids(page.pending)
        skip = 0
        if self._second.active:
            if not joined:
                self._second.begin_response()
            page.join(0)
            skip = self._second.rows_before_own(ids)
        elif not joined:
            if self._is_outdated(page, ids):
                self._window.drop(page)
                self._count_waste()
                return None
            meeting = self._meet(page, ids)
            if meeting is None:
                self._look_left(page)
                return None
            skip = meeting
            page.join(self._plan.position - page.request.offset)
            if page.depth == 0:
                self._raised = False
        return self._new_records(page, ids, skip)

    def end_page(self, page: OpenPage[R]) -> None:
        """Record the drift that the end of a page shows.

        Raises:
            DriftError: As `compare` raises it.
        """
        self._second.note_page(page.request.offset, page.listcount)
        if page.expected is not None:
            shift = page.received - page.yielded - page.expected
            if shift >= 0:
                self._plan.narrow_overlap()
            self._drift.note_page(min(shift, 0) if self._rereads else shift, page.listcount)
            self._rereads = self._delivered.uncertain and (self._rereads or page.depth > 0)
        elif page.received == 0:
            self._check_vanished(page)
        self._drift.note_listcount(page.listcount)

    def _is_cut(self, page: OpenPage[R]) -> bool:
        """Whether a page ends before the position only because the server returns few rows."""
        return self._plan.note_cut_page(page.request, len(page.pending), page.listcount)

    def _is_outdated(self, page: OpenPage[R], ids: Sequence[int]) -> bool:
        """Whether a page shows rows as they stood before those of another page were met."""
        if page.depth > 0 or not self._plan.begun or self._is_in_place(page, ids):
            return False
        unchanged = page.listcount is not None and page.listcount == self._drift.listcount_before
        return self._window.is_outdated(page) and not unchanged

    def _is_in_place(self, page: OpenPage[R], ids: Sequence[int]) -> bool:
        """Whether the last row before the position stands where it is expected."""
        expected = self._plan.position - page.request.offset
        return 0 < expected <= len(ids) and ids[expected - 1] == self._delivered.last

    def _meet(self, page: OpenPage[R], ids: Sequence[int]) -> int | None:
        """Return how many first rows of a page to skip; None if it holds no delivered record."""
        delivered = self._delivered
        offset = page.request.offset
        expected = self._plan.position - offset
        if not self._plan.begun:
            delivered.add_preceding(ids[:expected])
            return expected
        if self._is_in_place(page, ids):
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
            DriftError: None of the last delivered records exists any more, or the bookmark holds
                too few of them.
        """
        if self._forgets:
            raise self._error(
                "lost position: more records were inserted beside the last yielded one than a "
                "bookmark holds; start the listing again"
            )
        drift, plan = self._drift, self._plan
        growth = drift.growth(self._source.listcount) or 0
        found = await find_lost_position(
            self._source, self._window, self._delivered, plan.position, growth
        )
        if found is None:
            raise self._error(
                "lost position: none of the last yielded records exists any more; "
                "start the listing again"
            )
        position, offset, listcount = found
        # If more rows have gone during the search, it begins anew from there.
        self.is_lost = listcount is not None and position > listcount
        if self.is_lost:
            self._count_waste()
        if not self._delivered.trusts_order:
            self._delivered.note_moved()
        shift = position - plan.position
        plan.relocate(position, listcount)
        self._repair(shift, offset, listcount)
        drift.note_page(shift, listcount)
        drift.note_listcount(listcount)

    # The end

    def is_complete(self) -> bool:
        """Check the number of records against the listcount; False if a second pass begins.

        Raises:
            DriftError: Records are missing, and no observed change explains it.
        """
        return self._second.is_complete()

    def begin_second_pass(self) -> bool:
        """Read everything once more before the end, if that is allowed and may help."""
        begins = self._second.begin_early()
        self.is_lost = self.is_lost and not begins
        return begins

    def restart_pass(self) -> None:
        """Begin the second pass again because its response broke off."""
        self._second.restart()

    def _error(self, message: str) -> DriftError:
        return drift_error(self._source, self._plan, self._drift, message)
