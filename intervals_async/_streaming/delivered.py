"""Pure: what was given, how it is met again in the next page, and what has moved meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from .id_set import IdSet
from .page_plan import PageRequest

__all__ = [
    "BESIDE",
    "RECENT",
    "WIDEST",
    "DeliveredIds",
    "DeliveredTail",
    "Drift",
    "Taken",
    "overlap_after",
    "request_around",
    "request_before",
]

# Ids that a bookmark holds: one of them is to be met again.
RECENT = 16

# Ids beside these, of records given where it is not sure on which side of the end they stand.
BESIDE = 256

# Rows that are looked at to the left of a page that did not meet what was given; then four
# times as many, until a record that was given is met.
REACH = 16
FARTHER = 4

# Overlap at most, where the rows keep moving.
WIDEST = 64


@attrs.frozen
class DeliveredTail:
    """The end of what was given: what a bookmark remembers of it.

    Attributes:
        recent: The last ids, in the order in which they were given.
        rising: Whether each id given was higher than the one before.
        beside: The ids given since rows have moved, until that end is met again. Others may
            have put these records before it: so whoever goes on behind the end passes over
            them, but does not take them for the end. They are kept until every one of the
            recent ones stands behind them all.
        former: The end that they stand beside.
    """

    recent: tuple[int, ...] = ()
    rising: bool = True
    beside: tuple[int, ...] = ()
    former: int | None = None

    @property
    def strayed(self) -> bool:
        """Whether its end was perhaps not met since rows have moved."""
        return bool(self.beside) and self.recent[-1:] == (self.former,)

    def after(self, ids: Sequence[int]) -> DeliveredTail:
        """The trail when these were given too."""
        if not ids:
            return self
        row = [*self.recent[-1:], *ids]
        rising = self.rising and row == sorted(row)  # an id comes once
        recent = (*self.recent, *ids)[-RECENT:]
        if self.former not in recent:
            return DeliveredTail(recent, rising)
        return attrs.evolve(self, recent=recent, rising=rising)

    def with_beside(self, ids: Sequence[int]) -> DeliveredTail:
        """The trail when these were given too, and its end was not met since rows moved."""
        beside = (*self.beside, *ids)
        if not self.recent or len(beside) > BESIDE:
            # that end is gone, or very many have come in before it
            return DeliveredTail(self.recent, self.rising).after(beside)
        return attrs.evolve(self, beside=beside, former=self.recent[-1])

    def past(self, ids: Sequence[int], *, settled: bool) -> DeliveredTail:
        """The trail when these were given too; `settled` says whether behind its end."""
        return self.after(ids) if settled else self.with_beside(ids)


@attrs.frozen
class Taken:
    """What was taken note of.

    Attributes:
        new: The places of those that are new.
        upto: How many were looked at.
        before: The trail before them.
        settled: Whether those that are new stand behind the end of it.
    """

    new: Sequence[int]
    upto: int
    before: DeliveredTail
    settled: bool = attrs.field(kw_only=True)


class DeliveredIds:
    """The records that were given, known by their ids.

    Attributes:
        trail: The last ones.
        strayed: Whether rows have moved and the end of the trail was not met since.
        anchored: Whether there are rows before the first one that are not ours to give: those
            before the caller's slice, or given before a bookmark. Then only what stands
            behind a record that was given is known to be new.
    """

    __slots__ = ("_below", "_beside", "_ids", "anchored", "strayed", "trail")

    def __init__(self, trail: DeliveredTail | None = None, *, anchored: bool = False) -> None:
        self.trail = trail or DeliveredTail()
        self.anchored = anchored
        self.strayed = self.trail.strayed
        # Given before the bookmark, nobody knows on which side of the trail's end.
        self._beside = frozenset(self.trail.beside)
        self._ids = IdSet()
        self._ids.add_all(self.trail.recent)
        # Every id up to this one counts as given.
        self._below: int | None = None

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, id: int) -> bool:
        return id in self._beside or self.leads_to(id)

    def leads_to(self, id: int) -> bool:
        """Whether a record was given after all that stand before it."""
        return id in self._ids or (self._below is not None and id <= self._below)

    @property
    def trusts_order(self) -> bool:
        """Whether the order of the ids stands for that of the rows."""
        return self._below is not None

    @property
    def knows_beginning(self) -> bool:
        """Whether it is told of the very first rows which of them were given."""
        return self.trusts_order or not self.anchored

    def trust_order(self, *, sure: bool = False) -> bool:
        """Take the order of the ids for that of the rows, if it has been so far.

        Unless the order is `sure` to be that, it takes as many ids as the trail holds: fewer
        may rise by chance.
        """
        enough = len(self.trail.recent) >= (1 if sure else RECENT)
        if self._below is not None or not self.trail.rising or not enough:
            return False
        self._below = self.trail.recent[-1]
        return True

    def take(self, ids: Sequence[int]) -> list[int]:
        """Take note of ids; give the places of those that are new."""
        taken = self.take_some(ids)
        new = list(taken.new)
        while taken.upto < len(ids):
            taken = self.take_some(ids, taken.upto)
            new += taken.new
        return new

    def take_some(self, ids: Sequence[int], skip: int = 0) -> Taken:
        """Take note of the first of these ids, but not of those to skip.

        That is only up to a record that was given already, where a new one stands before it.
        That one has come in behind the end of what was given, so it does not move that end.
        """
        before = self.trail
        upto = len(ids)
        lead = skip
        while lead < len(ids) and ids[lead] in self:
            lead += 1
        inserted = False
        new: Sequence[int]
        if self._below is None and not self._beside and self._ids.add_all(ids[lead:]):
            new = range(lead, len(ids))
        else:
            known = max((place + 1 for place, id in enumerate(ids) if id in self), default=0)
            new = [place for place in range(lead, known) if self._is_new(ids[place])]
            inserted = bool(new)
            if inserted:
                upto = known
            else:
                first = max(known, lead)
                new = [place for place in range(first, len(ids)) if self._is_new(ids[place])]
        if not before.recent or before.recent[-1] in ids[:upto]:
            self.strayed = False
        settled = not (self.strayed or inserted)
        if new:
            self.trail = before.past([ids[place] for place in new], settled=settled)
            self.strayed = self.strayed and self.trail.strayed
        return Taken(new, upto, before, settled=settled)

    def stray(self) -> None:
        """Take note that rows have moved: what comes may stand before the trail's end."""
        self.strayed = True

    def know(self, ids: Sequence[int]) -> None:
        """Take note of rows that stand before the first one to give."""
        self.trail = self.trail.after([id for id in ids if self._is_new(id)])

    def _is_new(self, id: int) -> bool:
        return id not in self and self._ids.add(id)

    def meeting(
        self, ids: Sequence[int], last: int | None, *, anywhere: bool
    ) -> tuple[int, int] | None:
        """Where the first rows of a page meet what was given: from where, and up to where.

        Args:
            ids: Those of the rows.
            last: The row that stood before the one to give next.
            anywhere: Whether any record that was given will do; else one of the last.
        """
        near = {last, *self.trail.recent}
        known = [place for place, id in enumerate(ids) if id in near or self.leads_to(id)]
        if not known or not (anywhere or any(ids[place] in near for place in known)):
            return None
        end = next((place for place in known if ids[place] == last), known[-1])
        return known[0], end + 1


@attrs.define
class Drift:
    """What was seen of the changes that others made meanwhile.

    Attributes:
        gained: How many rows have come in before what was given.
        doubtful: How many of these may have moved there from behind: the number of all
            records has not grown by as many. It may be that as many others were deleted.
    """

    gained: int = 0
    doubtful: int = 0

    def saw(self, shift: int, growth: int | None) -> None:
        """Take note of rows that stand so many places further to the right than expected.

        `growth` is that of the listcount meanwhile.
        """
        if shift > 0:
            self.gained += shift
            if growth is not None:
                self.doubtful += max(shift - max(growth, 0), 0)

    def unexplained(self, missing: int) -> int:
        """How many records may be missed, where so many fewer were given than there are."""
        return max(self.doubtful, missing - self.gained)


def overlap_after(shift: int, overlap: int) -> int:
    """The overlap that would have met rows that moved so far."""
    return max(overlap, min(2 * -shift + 1, WIDEST))


def request_before(request: PageRequest, steps: int, vanished: int) -> PageRequest:
    """The rows to the left of a page that did not meet what was given.

    Args:
        request: The page.
        steps: How often was stepped back for it before.
        vanished: How many rows are known to have gone meanwhile.
    """
    reach = max(REACH, vanished + REACH // 2) * FARTHER**steps
    offset = max(request.offset - reach, 0)
    # some more than up to the page, should rows come in just now
    return PageRequest(offset, request.offset - offset + 1 + REACH // 4)


def request_around(place: int, steps: int, moved: int) -> PageRequest:
    """The rows around a place where a record that was given is looked for."""
    reach = max(REACH, moved + REACH // 2) * (2 * FARTHER) ** steps
    offset = max(place - reach, 0)
    return PageRequest(offset, place + reach - offset)
