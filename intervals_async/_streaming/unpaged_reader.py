"""Reads a resource that has no offset and limit."""

from __future__ import annotations

from typing import Generic, TypeVar

from .._schema.records import Record
from ..errors import CallError, IncompleteListingError
from .page_plan import PageRequest
from .reader import Batch
from .source import PageSource, Tally

__all__ = ["UnpagedReader", "WholePlan"]

R = TypeVar("R", bound=Record)


class UnpagedReader(Generic[R]):
    """Reads a resource that has no offset and limit: one request brings everything."""

    __slots__ = ("_bulk", "_ended", "_plan", "_source", "_tally")

    def __init__(self, source: PageSource[R], *, bulk: bool) -> None:
        self._source = source
        self._bulk = bulk
        self._plan = WholePlan()
        self._tally = Tally()
        self._ended = False

    @property
    def listcount(self) -> int | None:
        """How many records match in all, as last heard."""
        return self._plan.listcount

    @property
    def requests(self) -> int:
        """How many requests went over the wire."""
        return self._tally.requests

    @property
    def repairs(self) -> int:
        """Nothing moves within one answer."""
        return 0

    @property
    def resumable(self) -> bool:
        """There is nothing to resume in one answer."""
        return False

    def look_ahead(self) -> None:
        """Nothing can be asked ahead of one answer."""

    async def step(self) -> Batch[R] | None:
        """Give all records at once."""
        while not self._ended:
            records, answer = await self._source.fetch(
                PageRequest(0, 0), self._tally, bulk=self._bulk
            )
            try:
                self._ended = self._plan.received(len(records), answer.listcount)
            except CallError as error:
                raise answer.annotate(error) from None
            if self._ended and records:
                places = range(len(records))
                return Batch(records, places, 0, answer.listcount, ends_page=True)
        return None

    async def aclose(self) -> None:
        """Ask no more."""
        self._ended = True


class WholePlan:
    """The plan of a resource that has no offset and limit: one request brings everything."""

    __slots__ = ("_short", "listcount")

    def __init__(self) -> None:
        # Whether an answer gave fewer rows than it counted.
        self._short = False
        self.listcount: int | None = None

    def received(self, rows: int, listcount: int | None) -> bool:
        """Take note of the answer, and say whether it held all; if not, ask once more.

        Raises:
            IncompleteListingError: Twice it gave fewer rows than its own listcount.
        """
        self.listcount = listcount
        if listcount is None or rows >= listcount:
            return True
        if self._short:
            self._short = False
            raise IncompleteListingError(
                f"the server counts {listcount} records, but twice gave {rows}; this resource "
                "has no documented offset to ask for the rest with"
            )
        self._short = True
        return False
