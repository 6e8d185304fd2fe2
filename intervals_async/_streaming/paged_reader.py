"""The engine: pages asked for as the plan says, decoded while they arrive, met with one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

import attrs

from .._http.streamed_response import StreamedResponse
from .._schema.records import Record
from ..errors import CallError, DriftError
from ..events import DriftFound
from .delivered import WIDEST, DeliveredIds, Drift, Taken, overlap_after, request_before
from .options import ReadOptions
from .page_plan import MARGIN, PagePlan, PageRequest
from .page_window import OpenPage, PageWindow
from .reader import Batch
from .reconciler import find_end
from .source import PageSource, Tally

__all__ = ["PagedReader"]

R = TypeVar("R", bound=Record)


# How often all is looked through once more, should so many rows come in just then that they
# do not fit into one answer.
PASSES = 3

# How often is stepped back without a page that meets what was given; for each of those that
# are under way at once.
PATIENCE = 12


class PagedReader(Generic[R]):
    """Reads a listing page by page; each record is given once, whatever others change meanwhile.

    Each page asks for a row more on its left, which must be one that was given. Where it is
    not, rows have moved: then what stands left of the page is asked for, until a record that
    was given is met. So the records given are always all those up to the last one, of those
    that were there all the time.

    Between two steps no task is left unless `look_ahead` was called; a page may be half
    read then, and its answer waits in the socket.
    """

    __slots__ = (
        "_complained", "_count_before", "_delivered", "_drift", "_ended", "_given",
        "_last_seen", "_met", "_passes", "_plan", "_reading", "_source", "_strayed", "_told",
        "_wasted", "_window", "repairs",
    )  # fmt: skip

    def __init__(
        self,
        source: PageSource[R],
        plan: PagePlan,
        delivered: DeliveredIds | None,
        reading: ReadOptions,
        *,
        tally: Tally | None = None,
        given: int = 0,
    ) -> None:
        self._source = source
        self._plan = plan
        # What was given; None where drift is ignored.
        self._delivered = delivered
        self._reading = reading
        self._given = given
        self._drift = Drift()
        # The listcount of the page before.
        self._count_before = plan.listcount
        self._window = PageWindow(
            source,
            plan,
            tally or Tally(),
            concurrency=reading.concurrency,
            bulk=reading.bulk,
        )
        self.repairs = 0
        # Steps back since a page met what was given.
        self._wasted = 0
        # Where drift was told of that is not repaired yet.
        self._told = False
        # The id of the row before the position, given or not.
        self._last_seen = delivered.trail.recent[-1] if delivered and plan.begun else None
        # What was given, while it must be looked for.
        self._strayed: DeliveredIds | None = None
        # Which pass this is, beyond the first.
        self._passes = 0
        # Whether that has met a record that was given.
        self._met = False
        # Whether it was said at the end that records may be missing.
        self._complained = False
        self._ended = False

    @property
    def listcount(self) -> int | None:
        """How many records match in all, as last heard."""
        return self._plan.listcount

    @property
    def requests(self) -> int:
        """How many requests went over the wire."""
        return self._window.tally.requests

    @property
    def resumable(self) -> bool:
        """Whether a bookmark tells where it stands: not in the second pass."""
        return self._passes == 0

    def look_ahead(self) -> None:
        """Ask for pages from now on while nobody waits for them."""
        self._window.ahead = self._reading.prefetch

    async def step(self) -> Batch[R] | None:
        """Give the next batch; None at the end, or when closed meanwhile."""
        window = self._window
        while not window.closed and not self._ended:
            if self._has_enough():
                await window.end()
                self._ended = True
                break
            if self._strayed is not None:
                await self._search(self._strayed)
                continue
            if self._plan.left != 0:
                window.ask()
            first = window.first
            if first is None:
                self._ended = self._is_complete()
                continue
            batch = await self._read(first)
            if batch is not None:
                if window.ahead and self._plan.left != 0 and not window.closed:
                    window.ask()
                return batch
        return None

    async def aclose(self) -> None:
        """Leave nothing under way. May be called again, and in any state."""
        await self._window.close()

    def _has_enough(self) -> bool:
        """Whether all that the caller wants was given, and the last answer was read."""
        first = self._window.first
        # Of an answer that is there as a whole, the end is read: that frees its connection.
        return self._plan.left == 0 and (
            first is None or first.incoming is None or first.received < first.request.limit
        )

    # Reading

    async def _read(self, head: OpenPage[R]) -> Batch[R] | None:
        """Read on in the page whose turn it is."""
        records = head.pending
        if records is None:
            records = await self._window.records(head)
            if records is None:
                if self._passes:  # what broke off is not one answer any more
                    self._look_again()
                return None
        head.pending = None if head.joined else head.pending
        if not records:
            return await self._end_page(head, head.incoming) if head.incoming else None
        if self._delivered is None:
            return self._give(head, records)
        skip = 0
        if self._passes:
            head.joined = True
            ids = self._source.ids(records, head.request.offset + head.received)
            return self._give(head, records, ids, self._not_ours(ids, self._delivered))
        if not head.joined:
            head.pending = records
            # as many rows as it takes to see the one that stood before the next
            needed = min(self._plan.position - head.request.offset, WIDEST + 1)
            while len(records) < needed and head.depth == 0:
                more = await self._window.records(head)
                if more is None:
                    return None
                if not more:
                    break
                head.pending = records = [*records, *more]
        ids = self._source.ids(records, head.request.offset + head.received)
        if not head.joined:
            meeting = self._meeting(head, ids, self._delivered)
            if meeting is None:
                self._rejoin(head, self._delivered)
                return None
            skip = meeting
            head.pending = None
            head.joined = True
            head.expected = self._plan.position - head.request.offset
            if head.depth == 0:
                self._told = False
                self._wasted = 0
        return self._give(head, records, ids, skip)

    async def _end_page(self, head: OpenPage[R], incoming: StreamedResponse) -> Batch[R]:
        """Take note of the end of a page."""
        self._window.drop(head)
        if head.received == 0 and (head.listcount or 0) > head.request.offset:
            # no row where its own count promises some: to be asked for again
            self._window.insert(OpenPage(head.request, depth=head.depth))
        plan = self._plan
        refused: CallError | None = None
        try:
            plan.ended(head.request, head.received, head.listcount, new=head.given > 0)
        except CallError as error:
            refused = incoming.annotate(error)
        if refused is not None:
            raise refused
        plan.sizes.came(head.received, incoming.size, incoming.seconds)
        self._source.told(head.request, head.received, head.listcount)
        if self._delivered is not None:
            if head.joined:
                again = head.received - head.given
                self._drift.saw(again - head.expected, self._growth(head.listcount))
            elif head.received == 0:
                self._vanished(head, self._delivered)
        self._count_before = head.listcount
        return Batch((), (), self._given, plan.listcount, ends_page=True)

    def _give(
        self, head: OpenPage[R], records: Sequence[R], ids: Sequence[int] = (), skip: int = 0
    ) -> Batch[R] | None:
        """Give the records that were not given yet; those before `skip` are not ours."""
        plan = self._plan
        first = head.request.offset + head.received
        places: Sequence[int] = range(first, first + len(records))
        taken: Taken | None = None
        if self._delivered is not None:
            taken = self._delivered.take_some(ids, min(skip, len(ids)))
            if taken.upto < len(ids):  # rows that came in before the end of what was given
                head.pending = list(records[taken.upto :])
                places = [first + taken.upto - 1] * taken.upto
            self._last_seen = ids[taken.upto - 1]
            head.received += taken.upto
            if len(taken.new) < len(records):
                records = [records[place] for place in taken.new]
                places = [places[place] for place in taken.new]
        else:
            head.received += len(records)
        plan.position = head.request.offset + head.received
        plan.begun = True
        if plan.left is not None:
            records, places = records[: plan.left], places[: plan.left]
            plan.left -= len(records)
            if plan.left == 0:
                for page in self._window:
                    if page.received < page.request.limit:
                        page.close()
        if not records:
            return None
        head.given += len(records)
        batch = Batch(records, places, self._given, plan.listcount)
        if taken is not None:
            batch = attrs.evolve(batch, before=taken.before, settled=taken.settled)
        self._given += len(records)
        self._wasted = 0
        self._window.fruitful()
        return batch

    # Drift

    def _meeting(
        self, head: OpenPage[R], ids: Sequence[int], delivered: DeliveredIds
    ) -> int | None:
        """How many rows at the beginning of a page to pass over; None if it meets nothing."""
        if not self._plan.begun:
            rows = self._plan.position - head.request.offset
            delivered.know(ids[:rows])
            return rows
        offset = head.request.offset
        expected = self._plan.position - offset
        if 0 < expected <= len(ids) and ids[expected - 1] == self._last_seen:
            met: tuple[int, int] | None = (0, expected)  # nothing has moved
        else:
            # A record from far before may have been moved here by an edit: it tells that nothing
            # lies between only where rows have come in, or on the way back.
            came_in = (self._growth(head.listcount) or 0) > 0
            anywhere = came_in or head.depth > 0 or delivered.anchored
            met = delivered.meeting(ids, self._last_seen, anywhere=anywhere)
            if met is None and offset == 0 and delivered.knows_beginning:
                met = (0, 0)  # nothing is missing before the very first row
            self._saw(head.listcount, offset, None if met is None else offset + met[1])
            delivered.stray()
        if met is None:
            return None
        return met[1] if delivered.anchored else 0

    def _not_ours(self, ids: Sequence[int], delivered: DeliveredIds) -> int:
        """How many of these rows, of the second pass, stand before all that was given."""
        if delivered.anchored and not self._met:
            first = next((place for place, id in enumerate(ids) if delivered.leads_to(id)), None)
            if first is None:
                return len(ids)
            self._met = True
            return first
        return 0

    def _saw(self, listcount: int | None, offset: int, place: int | None) -> None:
        """Take note of rows that have moved.

        `place` is where the next record stands now; None where that is not known yet.
        """
        plan = self._plan
        shift = None if place is None else place - plan.position
        if self._reading.on_drift == "raise" and not self._told:
            self._told = True  # until a page is met where it is expected
            raise self._error(
                f"rows have moved since the page before: the record expected at offset "
                f"{plan.position - 1} "
                + ("is not there" if shift is None else f"stands {shift:+d} from there")
                + "; the next step repairs it and goes on"
            )
        if shift:
            self._moved(shift, offset, listcount)

    def _moved(self, shift: int, offset: int, listcount: int | None) -> None:
        """Tell of rows that have moved, and be ready for more of that."""
        self.repairs += 1
        self._plan.overlap = overlap_after(shift, self._plan.overlap)
        self._source.transport.report(
            DriftFound(
                resource=self._source.resource,
                offset=offset,
                shift=shift,
                listcount=listcount,
                growth=self._growth(listcount),
            )
        )

    def _growth(self, listcount: int | None) -> int | None:
        """How many more records there are than with the page before."""
        if listcount is None or self._count_before is None:
            return None
        return listcount - self._count_before

    def _rejoin(self, head: OpenPage[R], delivered: DeliveredIds) -> None:
        """A page meets nothing that was given: look for it on the left of the page."""
        self._waste()
        if delivered.anchored:
            self._strayed = delivered
            return
        head.missed += 1
        if head.missed > 1:  # it is out of date: what stands there now is asked for anew
            self._window.drop(head)
            return
        self._step_back(head.request, head.listcount, head.depth)

    def _vanished(self, head: OpenPage[R], delivered: DeliveredIds) -> None:
        """A page is empty: all rows from its overlap on have gone, or moved to the left."""
        listcount = head.listcount
        if not self._plan.begun or head.request.offset == 0 or listcount == 0:
            return
        if listcount is None:
            listcount = head.request.offset
        if listcount > head.request.offset:
            return
        if listcount == self._count_before == self._plan.position:
            return  # nothing has moved since the page before, which was the last one
        if delivered.anchored:
            self._strayed = delivered
        else:
            end = attrs.evolve(head.request, offset=listcount)
            self._step_back(end, listcount, head.depth)
        self._saw(listcount, head.request.offset, None)
        self._waste()

    def _step_back(self, request: PageRequest, listcount: int | None, depth: int) -> None:
        vanished = max((self._count_before or 0) - (listcount or 0), 0)
        before = request_before(request, depth, vanished)
        self._window.insert(OpenPage(before, depth=depth + 1))

    def _waste(self) -> None:
        """Count what brings no record, so that nothing goes on for ever."""
        self._wasted += 1
        if self._wasted > PATIENCE * self._reading.concurrency:
            steps, self._wasted = self._wasted, 0
            raise self._error(
                f"others change the rows so quickly that in {steps} steps back none that was "
                "given is met again; stepping the same stream again goes on"
            )

    async def _search(self, delivered: DeliveredIds) -> None:
        """Find where what was given ends now, in rows of which the first are not ours."""
        plan = self._plan
        moved = abs((self._count_before or 0) - (plan.listcount or 0))
        found = await find_end(self._source, self._window, delivered, plan.position, moved)
        if found is None:
            raise self._error(
                "of the last records that were given none is there any more, so where to "
                "go on cannot be told; read the listing anew"
            )
        self._strayed = None
        delivered.stray()
        shift = found.position - plan.position
        plan.position = found.position
        self._moved(shift, found.offset, found.listcount)
        self._count_before = found.listcount

    # The end

    def _is_complete(self) -> bool:
        """Hold what was given against the listcount; False where a second pass begins.

        Raises:
            DriftError: Records are missing that no change that was seen explains.
        """
        plan = self._plan
        verify = self._reading.verify
        delivered = self._delivered
        if delivered is None or not verify or plan.listcount is None or self._complained:
            return True
        wanted = max(plan.listcount - plan.start, 0)
        if plan.left is not None:
            wanted = min(wanted, self._given + plan.left)
        missing = wanted - self._given
        if self._passes == 0:
            missing = self._drift.unexplained(missing)
        if missing <= 0 or (self._passes and delivered.anchored):
            return True  # what stands before a slice, or a bookmark, is not counted on
        if verify != "second-pass" or self._passes == PASSES:
            self._complained = True
            raise self._error(
                f"{missing} of {plan.listcount} records may have been missed: no change that was "
                "seen explains where they are; stream(verify='second-pass') looks for them, and "
                "stream(snapshot=True) takes all at one moment"
            )
        # One answer with everything in it is right whatever the order.
        self._passes += 1
        self._look_again()
        return False

    def _look_again(self) -> None:
        """Begin the second pass, or begin it anew."""
        self._met = False
        self._plan.again((self._plan.listcount or 0) + MARGIN * 4**self._passes)

    def _error(self, message: str) -> DriftError:
        error = self._source.about(DriftError(message))
        error.position = self._plan.position
        error.delivered = self._given
        error.listcount = self._plan.listcount
        error.listcount_before = self._count_before
        return error
