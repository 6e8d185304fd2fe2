"""Pure: the ids of the yielded records, and how a page is matched against them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import attrs

from .id_set import IdSet

__all__ = ["RECENT", "DeliveredIds", "DeliveredTail"]

# The number of ids in a bookmark. A resumed stream must find at least one of them.
RECENT = 16

# The maximum number of further ids, of records that may be before or after the end of the tail.
UNPLACED = 256


@attrs.frozen
class DeliveredTail:
    """The last yielded records, as a bookmark stores them.

    Attributes:
        recent: The last ids, in the order in which they were yielded.
        ascending: Whether each id was higher than the one before.
        unplaced: The ids yielded after rows had moved and before the end of the tail was met
            again. Others may have inserted these records before that end: a resumed stream
            skips them, but does not take them for the end. They are kept until every recent
            id was yielded after them.
        former_end: The end of the tail when they were yielded. Without such ids they were too
            many to remember.
    """

    recent: tuple[int, ...] = ()
    ascending: bool = True
    unplaced: tuple[int, ...] = ()
    former_end: int | None = None

    @property
    def is_uncertain(self) -> bool:
        """Whether its end may not have been met since rows have moved."""
        return self.former_end is not None and self.recent[-1:] == (self.former_end,)

    @property
    def forgets(self) -> bool:
        """Whether a stream that resumes here may yield records again that it does not know."""
        return self.former_end is not None and not self.unplaced

    def followed_by(
        self, ids: Sequence[int], *, in_order: bool = True, ahead: tuple[int, ...] = ()
    ) -> DeliveredTail:
        """Return the tail after more records.

        Args:
            ids: Their ids.
            in_order: Whether they are known to stand after the end of the tail.
            ahead: The records up to that end that may stand after them; none if not all of
                these are known.
        """
        if not ids:
            return self
        if not in_order:
            return self._beside(ids, ahead)
        row = [*self.recent[-1:], *ids]
        ascending = self.ascending and row == sorted(row)  # no id occurs twice
        recent = (*self.recent, *ids)[-RECENT:]
        if self.former_end not in (*recent, *self.unplaced):
            return DeliveredTail(recent, ascending)
        return attrs.evolve(self, recent=recent, ascending=ascending)

    def _beside(self, ids: Sequence[int], ahead: tuple[int, ...]) -> DeliveredTail:
        unplaced = (*self.unplaced, *ids)
        if not self.recent:
            return self.followed_by(ids)
        end = self.recent[-1]
        if self.forgets:
            return attrs.evolve(self, former_end=end)
        if len(unplaced) <= UNPLACED:
            return attrs.evolve(self, unplaced=unplaced, former_end=end)
        if end not in ahead or len(ahead) > UNPLACED:
            return attrs.evolve(self, unplaced=(), former_end=end)
        # The end was deleted, or so many records were inserted before it. These are the new end,
        # and what may remain of the former one is still not to be yielded again.
        return DeliveredTail(unplaced[-RECENT:], False, ahead, end)

    def without(self, ids: Sequence[int]) -> DeliveredTail:
        """Return the tail after its former end was met, behind which all else stands."""
        if self.former_end in self.unplaced and self.former_end in ids:
            return DeliveredTail(self.recent, self.ascending)
        return self


class DeliveredIds:
    """The records that were yielded, known by their ids.

    Attributes:
        tail: The last yielded records.
        last: The id of the row before the position, whether its record was yielded or not.
        uncertain: Whether rows have moved, and the end of the tail was not found since.
        starts_midway: Whether rows that must not be yielded precede the first record: rows before
            the caller's slice, or rows yielded before a bookmark. Then only records after a yielded
            record are known to be new.
    """

    __slots__ = (
        "_ahead",
        "_before",
        "_beside",
        "_history",
        "_ids",
        "_preceding",
        "_trusted_up_to",
        "_unplaced",
        "last",
        "starts_midway",
        "tail",
        "uncertain",
    )

    def __init__(
        self,
        tail: DeliveredTail | None = None,
        *,
        starts_midway: bool = False,
        yielded: int | None = None,
    ) -> None:
        self.tail = tail or DeliveredTail()
        self.last = self.tail.recent[-1] if self.tail.recent else None
        self.starts_midway = starts_midway
        self.uncertain = self.tail.is_uncertain
        # The last ids that are known to stand in this order.
        self._history: deque[int] = deque(self.tail.recent, UNPLACED // 2)
        # When rows moved last: these ids, and those that were yielded beside the end.
        self._before: tuple[int, ...] = ()
        self._beside: tuple[int, ...] = ()
        # Of the former, those that may follow; None as long as nothing was met that shows it.
        self._ahead: tuple[int, ...] | None = None
        # Yielded before the bookmark, on either side of the tail's end.
        self._unplaced = frozenset(self.tail.unplaced)
        self._ids = IdSet()
        self._ids.add_all(self.tail.recent)
        # Rows before the first record, which are no records of the slice.
        recent = self.tail.recent
        before = 0 if yielded is None else max(len(recent) - yielded, 0)
        self._preceding = frozenset(recent[:before])
        # Every id up to this one counts as yielded.
        self._trusted_up_to: int | None = None

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, id: int) -> bool:
        return id in self._unplaced or self.marks_position(id)

    def marks_position(self, id: int) -> bool:
        """Whether this record and all records before it were yielded."""
        return id in self._ids or (self._trusted_up_to is not None and id <= self._trusted_up_to)

    @property
    def trusts_order(self) -> bool:
        """Whether the order of the ids is assumed to be the order of the rows."""
        return self._trusted_up_to is not None

    @property
    def knows_beginning(self) -> bool:
        """Whether it is known which of the very first rows were yielded."""
        return self.trusts_order or not self.starts_midway

    def trust_order(self, *, sure: bool = False) -> bool:
        """Assume that the order of the ids is the order of the rows, if it has been so far.

        Unless the order is `sure`, this requires a full tail, because fewer ids may ascend by
        chance.
        """
        enough = len(self.tail.recent) >= (1 if sure else RECENT)
        if self._trusted_up_to is not None or not self.tail.ascending or not enough:
            return False
        self._trusted_up_to = self.tail.recent[-1]
        return True

    def add(self, ids: Sequence[int]) -> list[int]:
        """Add ids, and return the indexes of the new ones."""
        new: list[int] = []
        done = 0
        while done < len(ids):
            indexes, done, _ = self.add_some(ids, done)
            new += indexes
        return new

    def add_some(self, ids: Sequence[int], skip: int = 0) -> tuple[Sequence[int], int, bool]:
        """Add the first of these ids, but not those to skip.

        If a new record precedes one that was yielded already, only the ids up to that one are
        added. The new record was inserted before the end of the yielded records, so it does not
        move that end.

        Returns:
            The indexes of the new ids, the number of processed ids, and whether the new ids are
            known to come after the previous end of the tail.
        """
        done = len(ids)
        lead = skip
        while lead < len(ids) and ids[lead] in self:
            lead += 1
        inserted = False
        new: Sequence[int]
        if self._trusted_up_to is None and not self._unplaced and self._ids.add_all(ids[lead:]):
            new = range(lead, len(ids))
        else:
            known = max((index + 1 for index, id in enumerate(ids) if id in self), default=0)
            new = [index for index in range(lead, known) if self._is_new(ids[index])]
            inserted = bool(new)
            if inserted:
                done = known
            else:
                first = max(known, lead)
                new = [index for index in range(first, len(ids)) if self._is_new(ids[index])]
        if not self.tail.recent or self.tail.recent[-1] in ids[:done]:
            self.uncertain = False
        self._note_met(ids[:done])
        in_order = not (self.uncertain or inserted)
        if new:
            fresh = [ids[index] for index in new]
            ahead: tuple[int, ...] = ()
            if self.uncertain and self._ahead is not None:
                ahead = (*self._ahead, *self._beside)
            self.tail = self.tail.followed_by(fresh, in_order=in_order, ahead=ahead)
            if in_order:
                self._history.extend(fresh[-UNPLACED // 2 :])
            else:
                self._history.clear()
            self.uncertain = self.uncertain and self.tail.is_uncertain
        if done:
            self.last = ids[done - 1]
        return new, done, in_order

    def note_moved(self) -> None:
        """Note that rows have moved: the next records may precede the end of the tail."""
        if not self.uncertain:
            self._before = tuple(self._history)
        self.uncertain = True
        self._beside = self.tail.unplaced
        self._ahead = None
        if not self.starts_midway and len(self) <= len(self._before) + len(self._beside):
            self._ahead = self._before  # which are all that were yielded

    def _note_met(self, ids: Sequence[int]) -> None:
        """Note which of the last records were met again."""
        if self.uncertain:
            met = set(ids)
            before = self._before if self._ahead is None else self._ahead
            last = max((at + 1 for at, id in enumerate(before) if id in met), default=0)
            if last or not met.isdisjoint(self._beside):
                self._ahead = before[last:]
        if self.tail.former_end is not None:
            self.tail = self.tail.without(ids)

    def was_yielded(self, id: int) -> bool:
        """Whether the record was yielded, and is not only known to stand before another one."""
        return id in self._ids and id not in self._preceding

    def add_preceding(self, ids: Sequence[int]) -> None:
        """Add rows that precede the first record to yield."""
        self._preceding |= frozenset(ids)
        self.tail = self.tail.followed_by([id for id in ids if self._is_new(id)])

    def _is_new(self, id: int) -> bool:
        return id not in self and self._ids.add(id)

    def meeting(self, ids: Sequence[int], *, anywhere: bool) -> tuple[int, int] | None:
        """Find the yielded records among the rows of a page.

        Args:
            ids: The ids of the first rows of the page.
            anywhere: Whether any yielded record is enough. Otherwise it must be one of the last.

        Returns:
            The index of the first row that was yielded, and the index after the last one.
        """
        near = {self.last, *self.tail.recent}
        known = [index for index, id in enumerate(ids) if id in near or self.marks_position(id)]
        if not known or not (anywhere or any(ids[index] in near for index in known)):
            return None
        end = next((index for index in known if ids[index] == self.last), known[-1])
        return known[0], end + 1
