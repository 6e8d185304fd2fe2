"""Pure: what was given, how it is met again in the next page, and what has moved meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from ._ids import IdSet
from ._paging import PageRequest

__all__ = [
    "RECENT",
    "WIDEST",
    "Delivered",
    "Drift",
    "Trail",
    "overlap_after",
    "request_around",
    "request_before",
]

# Ids that a bookmark holds: one of them is to be met again.
RECENT = 16

# Rows that are looked at to the left of a page that did not meet what was given; then four
# times as many, until a record that was given is met.
REACH = 16
FARTHER = 4

# Overlap at most, where the rows keep moving.
WIDEST = 64


@attrs.frozen
class Trail:
    """The end of what was given: what a bookmark remembers of it.

    Attributes:
        recent: The last ids, in the order in which they were given.
        rising: Whether each id given was higher than the one before.
    """

    recent: tuple[int, ...] = ()
    rising: bool = True

    def after(self, ids: Sequence[int]) -> Trail:
        """The trail when these were given too."""
        if not ids:
            return self
        row = [*self.recent[-1:], *ids]
        rising = self.rising and row == sorted(row)  # an id comes once
        return Trail((*self.recent, *ids)[-RECENT:], rising)


class Delivered:
    """The records that were given, known by their ids.

    Attributes:
        trail: The last ones.
        anchored: Whether there are rows before the first one that are not ours to give: those
            before the caller's slice, or given before a bookmark. Then only what stands
            behind a record that was given is known to be new.
    """

    __slots__ = ("_below", "_ids", "anchored", "trail")

    def __init__(self, trail: Trail | None = None, *, anchored: bool = False) -> None:
        self.trail = trail or Trail()
        self.anchored = anchored
        self._ids = IdSet()
        self._ids.add_all(self.trail.recent)
        # Every id up to this one counts as given.
        self._below: int | None = None

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, id: int) -> bool:
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

    def take(self, ids: Sequence[int]) -> list[int] | None:
        """Take note of ids; give the places of those that are new, None for all of them."""
        new, upto = self.take_some(ids)
        if upto == len(ids):
            return new
        rest = self.take(ids[upto:])
        places = range(len(ids) - upto) if rest is None else rest
        return [*(new or ()), *(upto + place for place in places)]

    def take_some(self, ids: Sequence[int]) -> tuple[list[int] | None, int]:
        """Take note of the first of these ids.

        Gives the places of those that are new, None for all of them, and how many were looked
        at: only those up to a record that was given already, where a new one stands before
        it. That one has come in behind the end of what was given, so the trail leaves it out.
        """
        lead = 0
        while lead < len(ids) and ids[lead] in self:
            lead += 1
        rest = ids[lead:]
        if self._below is None and self._ids.add_all(rest):
            self.trail = self.trail.after(rest)
            return (list(range(lead, len(ids))) if lead else None), len(ids)
        upto = max((place + 1 for place, id in enumerate(ids) if id in self), default=0)
        behind = [place for place in range(lead, upto) if self._is_new(ids[place])]
        if behind:
            return behind, upto
        new = [place for place in range(upto, len(ids)) if self._is_new(ids[place])]
        self.trail = self.trail.after([ids[place] for place in new])
        return new, len(ids)

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
        known = [place for place, id in enumerate(ids) if id in near or id in self]
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
