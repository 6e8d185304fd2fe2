"""A page that was requested, and how far it is read."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, Generic, TypeVar

import attrs

from .._http.settings import RetryState
from .._http.streamed_response import StreamedResponse
from .._schema.record import Record
from ..errors import CallError, RequestTimeoutError, ServerError
from .page_plan import PagePlan, PageRequest
from .progress import PageDigest
from .source import PageSource, ids_of

__all__ = ["OpenPage", "identities"]

R = TypeVar("R", bound=Record)


@attrs.define(eq=False)
class OpenPage(Generic[R]):
    """A requested page, and how far it is read.

    Attributes:
        request: The rows that are requested.
        retry_state: The attempts made for them.
        depth: How many steps back were taken to get here; 0 for a page of the plan.
        number: How many pages were requested before it.
        task: The task that waits for the response, if there is one.
        response: The response, once it has begun.
        rows_read: How many rows have arrived.
        digest: What identifies them.
        received: How many of these were compared with the delivered records, and are done with.
        yielded: How many records of these were yielded.
        expected: How many rows were expected to be delivered already; None as long as the
            page has not met the delivered records.
        pending: Records that have arrived and are not done with.
        missed: Whether the page was read before without meeting the delivered records.
        failure: Why no record follows those that have arrived.
    """

    request: PageRequest
    retry_state: RetryState = attrs.field(factory=RetryState)
    depth: int = 0
    number: int = 0
    task: asyncio.Task[StreamedResponse] | None = None
    response: StreamedResponse | None = None
    rows_read: int = 0
    digest: PageDigest[R] = attrs.field(factory=lambda: PageDigest[Any](identities))
    received: int = 0
    yielded: int = 0
    expected: int | None = None
    pending: list[R] = attrs.field(factory=list)
    missed: bool = False
    failure: CallError | None = None

    @property
    def listcount(self) -> int | None:
        """The total number of matching records, if the response has stated it."""
        return None if self.response is None else self.response.listcount

    @property
    def position(self) -> int:
        """The offset of the next row to process."""
        return self.request.offset + self.received

    @property
    def is_full(self) -> bool:
        """Whether all requested rows are processed."""
        return self.response is not None and self.received >= self.request.limit

    @property
    def is_unopened(self) -> bool:
        """Whether no request was sent for it."""
        return self.task is None and self.response is None

    # Opening

    def take_over(self, retry_state: RetryState) -> None:
        """Continue to count the attempts of a page that broke off."""
        self.retry_state = retry_state

    def shrink(self, plan: PagePlan, error: CallError) -> PageRequest:
        """Request fewer rows after an error that may be due to their number."""
        if isinstance(error, RequestTimeoutError | ServerError):
            self.request = plan.smaller(self.request)
        return self.request

    def start(self, opening: Coroutine[Any, Any, StreamedResponse]) -> None:
        """Wait for the response in a separate task."""
        self.task = asyncio.ensure_future(opening)

    def cancel(self) -> None:
        """Stop waiting for the response, so that the page can be requested again."""
        if self.task is not None and not self.task.done():
            self.task.cancel()
            self.task = None

    async def wait(self, opening: Coroutine[Any, Any, StreamedResponse] | None = None) -> None:
        """Wait for the response of the task, or of `opening`; a cancelled task has none.

        Raises:
            CallError: The page could not be fetched.
        """
        if opening is not None:
            self.response = await opening
        elif self.task is not None:
            if not self.task.done():
                await asyncio.wait((self.task,))
            task, self.task = self.task, None
            if not task.cancelled():
                self.response = task.result()

    def close(self) -> None:
        """Stop reading it."""
        if self.task is not None:
            self.task.cancel()
        if self.response is not None:
            self.response.close()

    # Reading

    async def read(self, source: PageSource[R], response: StreamedResponse) -> list[R]:
        """Read the next records; none at the end.

        Raises:
            CallError: The response broke off, or the next row is not a record.
        """
        if self.failure is not None:
            raise self.failure
        records, self.failure = await source.read(response, self.request, self.rows_read)
        self.rows_read += len(records)
        self.digest.add(records)
        if self.failure is not None and not records:
            raise self.failure
        return records

    def hold(self, records: list[R]) -> None:
        """Keep records that are not processed yet."""
        self.pending = records

    def join(self, expected: int) -> None:
        """Note that the page holds delivered records, and how many it should repeat."""
        self.expected = expected

    def miss(self) -> None:
        """Note that the page holds no delivered records."""
        self.missed = True

    def advance(self, rows: int) -> None:
        """Add to the number of processed rows."""
        self.received += rows

    def note_yielded(self, records: int) -> None:
        """Add to the number of yielded records of the page."""
        self.yielded += records


def identities(records: Sequence[Record]) -> Sequence[object]:
    """Return the ids of records; the record itself for one without an id."""
    try:
        ids: Sequence[object] = ids_of(records)
    except AttributeError:
        ids = [getattr(record, "id", None) for record in records]
    if None in ids:
        return [record if id is None else id for id, record in zip(ids, records, strict=True)]
    return ids
