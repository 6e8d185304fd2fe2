"""What all ways to read a listing have in common: batches of records, one step at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

import attrs

from .._schema.records import Record
from ..errors import ListingError
from .bookmark import Part
from .delivered import DeliveredTail

__all__ = ["Batch", "Reader", "Steps"]

R = TypeVar("R", bound=Record)


@attrs.frozen
class Batch(Generic[R]):
    """Some records in a row, as they came.

    Attributes:
        records: The records; none where only the end of a page is told.
        places: Their places in the whole, as the server counted.
        given: How many records were given before them.
        listcount: How many match in all, as far as the answer has said.
        before: The trail before the first of them; None where ids are not looked at.
        ends_page: Whether the page ends here.
        settled: Whether they stand behind the end of that trail; else they may have come in
            before it.
        part: The part of the listing that they are of, where it has such parts.
        rows: How many rows of that part were read behind each of them.
        undivided: Whether no bookmark stands in the midst of them.
    """

    records: Sequence[R]
    places: Sequence[int]
    given: int
    listcount: int | None
    before: DeliveredTail | None = None
    ends_page: bool = False
    settled: bool = True
    part: Part | None = None
    rows: Sequence[int] = ()
    undivided: bool = False


class Reader(Protocol[R]):
    """A way to read a listing."""

    @property
    def listcount(self) -> int | None:
        """How many records match in all, as last heard."""

    @property
    def requests(self) -> int:
        """How many requests went over the wire."""
        raise NotImplementedError

    @property
    def repairs(self) -> int:
        """How often rows had moved, and were found again."""
        raise NotImplementedError

    @property
    def resumable(self) -> bool:
        """Whether a bookmark tells where it stands."""
        raise NotImplementedError

    def look_ahead(self) -> None:
        """Ask for pages from now on while nobody waits for them, if told so."""

    async def step(self) -> Batch[R] | None:
        """Give the next batch; None at the end, or when closed meanwhile."""

    async def aclose(self) -> None:
        """Leave nothing under way. May be called again, and in any state."""


class Steps(Generic[R]):
    """Steps through a reader: one task at a time, and never beyond the end."""

    __slots__ = ("_closed", "_needs_block", "_resource", "_stepping", "reader")

    def __init__(self, reader: Reader[R], resource: str, *, needs_block: bool = False) -> None:
        self.reader: Reader[R] = reader
        self._needs_block = needs_block
        self._resource = resource
        self._stepping = False
        self._closed = False

    async def next(self) -> Batch[R]:
        """Give the next batch.

        Raises:
            StopAsyncIteration: There is none.
            CallError: A page could not be had. The next step asks for it again.
            ListingError: The stream was closed by another task in the middle of the step.
            RuntimeError: Another task is in the middle of a step, or `enter` was called for.
        """
        if self._closed:
            raise StopAsyncIteration
        if self._needs_block:
            raise RuntimeError("prefetch=True works inside of 'async with' alone")
        if self._stepping:
            raise RuntimeError("another task is stepping this stream; give each task its own")
        self._stepping = True
        try:
            batch = await self.reader.step()
        finally:
            self._stepping = False
        if batch is not None:
            return batch
        if self._closed:
            raise ListingError(f"the stream of {self._resource} was closed meanwhile")
        raise StopAsyncIteration

    def enter(self) -> None:
        """Begin the block of an ``async with``."""
        self._needs_block = False
        self.reader.look_ahead()

    async def aclose(self) -> None:
        """End it. May be called again, and in any state."""
        self._closed = True
        await self.reader.aclose()
