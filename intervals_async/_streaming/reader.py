"""What all ways to read a listing have in common: they yield batches of records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

import attrs

from .._schema.record import Record
from .bookmark import Bookmark
from .delivered import DeliveredTail

__all__ = ["Batch", "Reader"]

R = TypeVar("R", bound=Record)


@attrs.frozen
class Batch(Generic[R]):
    """Consecutive records of a listing, as they arrived.

    Attributes:
        records: The records. A batch without any only marks the end of a page.
        offsets: Their offsets in the complete listing, as the server counted.
        yielded: How many records were yielded before them.
        tail: The tail of the records before them; None if ids are not checked.
        in_order: Whether they come after the end of that tail. Otherwise others may have
            inserted them before it.
        ends_page: Whether the page ends here.
        partition: The bookmark of the beginning of the partition that they belong to; None if
            the listing is not partitioned.
        partition_rows: For each of them, how many rows of the partition were read up to and
            including it.
        indivisible: Whether no bookmark can be taken between them.
    """

    records: Sequence[R]
    offsets: Sequence[int]
    yielded: int
    tail: DeliveredTail | None = None
    in_order: bool = True
    ends_page: bool = False
    partition: Bookmark | None = None
    partition_rows: Sequence[int] = ()
    indivisible: bool = False

    def first(self, count: int) -> Batch[R]:
        """Return the batch of the first records of this one, at most so many."""
        if count >= len(self.records):
            return self
        return attrs.evolve(
            self,
            records=self.records[:count],
            offsets=self.offsets[:count],
            partition_rows=self.partition_rows[:count],
        )


class Reader(Protocol[R]):
    """A way to read a listing."""

    @property
    def listcount(self) -> int | None:
        """How many records match in all, as the server said last."""

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        raise NotImplementedError

    @property
    def repairs(self) -> int:
        """How often rows had moved and the position was found again."""
        raise NotImplementedError

    @property
    def resumable(self) -> bool:
        """Whether a bookmark can describe the current position."""
        raise NotImplementedError

    def start_prefetch(self) -> None:
        """From now on request pages between two steps, if the options say so."""

    async def next_batch(self) -> Batch[R] | None:
        """Return the next batch; None at the end, or if the reader was closed meanwhile."""

    async def aclose(self) -> None:
        """Leave nothing under way. May be called again, and in any state."""
