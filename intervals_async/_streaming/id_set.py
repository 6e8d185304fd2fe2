"""Pure: a compact set for the ids that a stream has yielded."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

__all__ = ["IdSet"]

# The size of a block, in ids; a block of twice the size is split. Smaller blocks need more lists,
# larger blocks move more ids when one is inserted.
BLOCK = 1024


class IdSet:
    """A set of 64-bit integers that takes about 9 bytes for each.

    A Python set needs about 70. The numbers are sorted in blocks. Ascending or descending ids are
    added block by block, others one by one.
    """

    __slots__ = ("_blocks", "_count", "_firsts")

    def __init__(self) -> None:
        self._blocks: list[array[int]] = []
        # the first number of each block
        self._firsts: list[int] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, number: int) -> bool:
        if not self._blocks:
            return False
        block = self._blocks[self._at(number)]
        place = bisect_left(block, number)
        return place < len(block) and block[place] == number

    def add(self, number: int) -> bool:
        """Add a number; return False if the set has it already."""
        return number not in self and self._fits(self._at(number), array("q", (number,)))

    def add_all(self, numbers: Sequence[int]) -> bool:
        """Add numbers if all are new and different; otherwise add none and return False."""
        if not numbers:
            return True
        if len(set(numbers)) < len(numbers):
            return False
        ordered = array("q", sorted(numbers))
        if not self._fits(self._at(ordered[0]), ordered):
            if any(number in self for number in ordered):
                return False
            for number in ordered:
                self._fits(self._at(number), array("q", (number,)))
        return True

    def _at(self, number: int) -> int:
        """Return the index of the block for a number."""
        return max(bisect_right(self._firsts, number) - 1, 0)

    def _fits(self, at: int, ordered: array[int]) -> bool:
        """Insert the numbers into a block if they are adjacent there; else return False."""
        if not self._blocks:
            self._blocks.append(array("q"))
            self._firsts.append(ordered[0])
        block = self._blocks[at]
        place = bisect_left(block, ordered[0])
        if place < len(block):
            fits = ordered[-1] < block[place]
        else:
            fits = at + 1 == len(self._blocks) or ordered[-1] < self._firsts[at + 1]
        if fits:
            block[place:place] = ordered
            self._count += len(ordered)
            if len(block) > 2 * BLOCK:
                parts = [block[begin : begin + BLOCK] for begin in range(0, len(block), BLOCK)]
                self._blocks[at : at + 1] = parts
                self._firsts[at : at + 1] = [part[0] for part in parts]
            else:
                self._firsts[at] = block[0]
        return fits
