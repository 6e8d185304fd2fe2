"""Reads a resource that has no offset and limit."""

from __future__ import annotations

from typing import Generic, TypeVar

from .._schema.record import Record
from ..errors import IncompleteListingError
from .page_plan import PageRequest
from .reader import Batch
from .source import PageSource

__all__ = ["UnpagedReader"]

R = TypeVar("R", bound=Record)


class UnpagedReader(Generic[R]):
    """Reads a resource that has no offset and limit: one request returns everything."""

    __slots__ = ("_bulk", "_ended", "_source", "_was_short")

    def __init__(self, source: PageSource[R], *, bulk: bool) -> None:
        self._source = source
        self._bulk = bulk
        # Whether a response held fewer rows than its own listcount, so that one more is requested.
        self._was_short = False
        self._ended = False

    @property
    def listcount(self) -> int | None:
        """The total number of matching records in the latest response."""
        return self._source.listcount

    @property
    def requests(self) -> int:
        """The number of requests sent."""
        return self._source.requests

    @property
    def repairs(self) -> int:
        """Always 0, because rows do not move within one response."""
        return 0

    @property
    def resumable(self) -> bool:
        """Always False, because a single response cannot be resumed."""
        return False

    def start_prefetch(self) -> None:
        """Do nothing, because everything is in one response."""

    async def next_batch(self) -> Batch[R] | None:
        """Return all records at once; None at the end.

        Raises:
            CallError: They could not be fetched.
            IncompleteListingError: Two responses held fewer rows than their own listcount.
        """
        while not self._ended:
            records, response = await self._source.fetch(PageRequest(0, 0), bulk=self._bulk)
            listcount = response.listcount
            if listcount is None or len(records) >= listcount:
                self._ended = True
                if records:
                    return Batch(records, range(len(records)), 0, ends_page=True)
            elif self._was_short:
                self._was_short = False
                raise response.error(
                    IncompleteListingError,
                    f"expected {listcount} records, the server's count, got {len(records)} twice; "
                    "this resource has no documented offset to request the rest with",
                )
            else:
                self._was_short = True
        return None

    async def aclose(self) -> None:
        """Close the reader, so that it sends no further request."""
        self._ended = True
