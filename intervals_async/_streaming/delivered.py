"""Pure: the ids of the yielded records, and how a page is matched against them."""

from __future__ import annotations

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
        unplaced: The ids yielded after rows had moved and before the end of the tail was found
            again. Other users may have inserted these records before that end. So a resumed stream
            skips them, but does not use them to find the end. They are kept until every recent id
            was yielded after them.
        former_end: The end of the tail when the unplaced ids were yielded.
    """

    recent: tuple[int, ...] = ()
    ascending: bool = True
    unplaced: tuple[int, ...] = ()
    former_end: int | None = None

    @property
    def is_uncertain(self) -> bool:
        """Whether rows have moved, and its end may not have been found since."""
        return bool(self.unplaced) and self.recent[-1:] == (self.former_end,)

    def followed_by(self, ids: Sequence[int], *, in_order: bool = True) -> DeliveredTail:
        """Return the tail after more records.

        Args:
            ids: Their ids.
            in_order: Whether they are known to come after the end of the tail.
        """
        if not ids:
            return self
        if not in_order:
            return self._beside(ids)
        row = [*self.recent[-1:], *ids]
        ascending = self.ascending and row == sorted(row)  # no id occurs twice
        recent = (*self.recent, *ids)[-RECENT:]
        if self.former_end not in recent:
            return DeliveredTail(recent, ascending)
        return attrs.evolve(self, recent=recent, ascending=ascending)

    def _beside(self, ids: Sequence[int]) -> DeliveredTail:
        unplaced = (*self.unplaced, *ids)
        if not self.recent or len(unplaced) > UNPLACED:
            # the end was deleted, or very many records were inserted before it
            return DeliveredTail(self.recent, self.ascending).followed_by(unplaced)
        return attrs.evolve(self, unplaced=unplaced, former_end=self.recent[-1])


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
        "_ids",
        "_trusted_up_to",
        "_unplaced",
        "last",
        "starts_midway",
        "tail",
        "uncertain",
    )

    def __init__(self, tail: DeliveredTail | None = None, *, starts_midway: bool = False) -> None:
        self.tail = tail or DeliveredTail()
        self.last = self.tail.recent[-1] if self.tail.recent else None
        self.starts_midway = starts_midway
        self.uncertain = self.tail.is_uncertain
        # Yielded before the bookmark, on either side of the tail's end.
        self._unplaced = frozenset(self.tail.unplaced)
        self._ids = IdSet()
        self._ids.add_all(self.tail.recent)
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
        in_order = not (self.uncertain or inserted)
        if new:
            self.tail = self.tail.followed_by([ids[index] for index in new], in_order=in_order)
            self.uncertain = self.uncertain and self.tail.is_uncertain
        if done:
            self.last = ids[done - 1]
        return new, done, in_order

    def note_moved(self) -> None:
        """Note that rows have moved: the next records may precede the end of the tail."""
        self.uncertain = True

    def add_preceding(self, ids: Sequence[int]) -> None:
        """Add rows that precede the first record to yield."""
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
