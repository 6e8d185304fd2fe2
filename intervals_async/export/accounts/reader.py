"""`ResourceReader`: the records of one resource, from where its state left off."""

from __future__ import annotations

import time
import warnings
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from ... import CostWarning, Stream
from ...errors import ArgumentError
from .query import ResourceQuery
from .state import SavedState

__all__ = ["ResourceReader"]


class ResourceReader:
    """Reads the records of a query and keeps the counts of its state up to date.

    Attributes:
        query: What is read.
        first_page_seconds: How long the first page took; 0 if it was not read ahead.
    """

    __slots__ = (
        "_earlier_drift",
        "_earlier_requests",
        "_saved",
        "_stream",
        "first_page_seconds",
        "query",
    )

    def __init__(self, query: ResourceQuery, saved: SavedState) -> None:
        self.query: ResourceQuery = query
        self.first_page_seconds: float = 0.0
        self._saved = saved
        self._stream: Stream[Any] | None = None
        # The counts of the state before this stream.
        self._earlier_requests = self._earlier_drift = 0

    async def read_ahead(self) -> None:
        """Read the first page, which holds the number of records. It is kept for `batch`.

        Raises:
            CallError: It could not be read.
        """
        stream = self._stream or self._open()
        started = time.monotonic()
        try:
            await stream.read_ahead()
            self.first_page_seconds = time.monotonic() - started
        finally:
            self._update_counts(stream)

    @asynccontextmanager
    async def stream(self, parents: Sequence[int]) -> AsyncGenerator[Stream[Any]]:
        """Open the stream, unless `read_ahead` has, and close it at the end.

        Args:
            parents: The ids by which the resource is listed, if it needs some.
        """
        async with self._stream or self._open(parents) as stream:
            yield stream
        self._stream = None

    async def batch(self, stream: Stream[Any]) -> Sequence[Any]:
        """Read the next records, none at the end, and update the counts.

        Raises:
            CallError: They could not be read.
        """
        try:
            return await stream.batch()
        finally:
            self._update_counts(stream)

    async def aclose(self) -> None:
        """Close the stream. Allowed in any state."""
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.aclose()

    def _open(self, parents: Sequence[int] = ()) -> Stream[Any]:
        state = self._saved.current
        self._earlier_requests, self._earlier_drift = state.requests, state.drift
        listing = self.query.listing(parents)
        try:
            with warnings.catch_warnings():
                # The estimate of the export tells the cost.
                warnings.simplefilter("ignore", CostWarning)
                self._stream = listing.stream(resume=state.bookmark)
        except ArgumentError as error:
            raise self._saved.refusal(str(error)) from None
        if self._stream.delivered != state.records:
            raise self._saved.refusal(
                f"expected a bookmark after {state.records} records, as many as are in the file, "
                f"got one after {self._stream.delivered}"
            )
        return self._stream

    def _update_counts(self, stream: Stream[Any]) -> None:
        state = self._saved.current
        state.listcount = stream.listcount
        state.requests = self._earlier_requests + stream.requests
        state.drift = self._earlier_drift + stream.repairs
