"""The common interface of all readers of a listing: they yield batches of records."""

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
    """Consecutive records of a listing that arrived together.

    Attributes:
        records: The records. A batch without any only marks the end of a page.
        offsets: Their offsets in the complete listing, as the server counted.
        yielded: The number of records yielded before them.
        tail: The tail of the records before them; None if ids are not checked.
        in_order: Whether they come after the end of that tail. Otherwise they may have been
            inserted before it.
        ends_page: Whether the page ends here.
        partition: The bookmark of the start of their partition; None without partitions.
        partition_rows: For each record, the number of rows of the partition up to and including it.
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
        """Return a batch of at most this many first records."""
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
        """The total number of matching records in the latest response."""

    @property
    def requests(self) -> int:
        """The number of requests sent."""
        raise NotImplementedError

    @property
    def repairs(self) -> int:
        """The number of times that rows had moved and the position was found again."""
        raise NotImplementedError

    @property
    def resumable(self) -> bool:
        """Whether a bookmark can describe the current position."""
        raise NotImplementedError

    def start_prefetch(self) -> None:
        """From now on request pages between two steps, if the options allow it."""

    async def next_batch(self) -> Batch[R] | None:
        """Return the next batch; None at the end, or if the reader was closed meanwhile."""

    async def aclose(self) -> None:
        """Close everything in progress. Allowed in any state, and more than once."""
