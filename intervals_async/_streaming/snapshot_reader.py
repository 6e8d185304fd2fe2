"""Reads a listing as a snapshot: everything in one response."""

from __future__ import annotations

from typing import Generic, TypeVar

from .._http.settings import RetryState
from .._http.streamed_response import StreamedResponse
from .._schema.record import Record
from ..errors import CallError, IncompleteListingError, SnapshotBrokenError
from ..events import SnapshotBroken
from .delivered import DeliveredIds
from .options import ReadOptions
from .page_plan import MARGIN, PagePlan, PageRequest
from .page_sizes import PageSizes
from .paged_reader import PagedReader
from .reader import Batch
from .source import PageSource

__all__ = ["SnapshotReader"]

R = TypeVar("R", bound=Record)

# The maximum number of requests with a larger limit, after rows were inserted meanwhile.
TRIES = 5

# By how much larger the limit is after a response that disproved its own listcount.
GROWTH = 4


class SnapshotReader(Generic[R]):
    """Reads a complete listing in one response, which is consistent even if rows change meanwhile.

    A small request first reads how many records there are. The response is read while it
    arrives, and must hold as many records as its own listcount says. A listcount below the
    records that arrive with it is not believed: then only a response with fewer records than
    were requested is complete.
    """

    __slots__ = (
        "_delivered",
        "_ended",
        "_least_rows",
        "_limit",
        "_options",
        "_response",
        "_rest",
        "_retry_state",
        "_rows_wanted",
        "_source",
        "_start",
        "_tries",
        "_yielded",
    )  # fmt: skip

    def __init__(
        self, source: PageSource[R], options: ReadOptions, *, start: int, limit: int | None
    ) -> None:
        self._source = source
        self._options = options
        self._start = start
        self._limit = limit
        # Reads the remaining records after a broken snapshot.
        self._rest: PagedReader[R] | None = None
        # Whether all records were read, or the reader was closed.
        self._ended = False
        self._tries = 0
        # How many rows to request at least, because a listcount was too low.
        self._least_rows = 0
        self._restart()

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
        """The number of repairs, if a broken snapshot is continued page by page."""
        return 0 if self._rest is None else self._rest.repairs

    @property
    def resumable(self) -> bool:
        """Whether a bookmark can describe the current position."""
        return self._rest is None or self._rest.resumable

    def start_prefetch(self) -> None:
        """Do nothing, because everything is in one response."""

    async def next_batch(self) -> Batch[R] | None:
        """Return the next batch; None at the end, or if the reader was closed meanwhile."""
        while not self._ended and self._rest is None:
            failure: CallError | None = None
            try:
                records = await self._records()
            except CallError as error:
                failure = error
                records = []
            if records:
                return self._batch(records)
            if failure is not None and not self._ended:
                self._break_off(failure)
        return None if self._rest is None else await self._rest.next_batch()

    async def aclose(self) -> None:
        """Close everything in progress. Allowed in any state, and more than once."""
        self._ended = True
        if self._response is not None:
            self._response.close()
        if self._rest is not None:
            await self._rest.aclose()

    def _restart(self) -> None:
        self._response: StreamedResponse | None = None
        self._delivered = DeliveredIds(starts_midway=self._start > 0)
        self._yielded = 0
        # The limit of the request; None until the number of rows is known.
        self._rows_wanted: int | None = None
        self._retry_state = RetryState()

    @property
    def _request(self) -> PageRequest:
        rows = self._rows_wanted or 1
        return PageRequest(self._start, rows if self._limit is None else min(rows, self._limit))

    async def _records(self) -> list[R]:
        """Read the next records; none if there is nothing to yield yet, or at the end."""
        response = self._response or await self._open()
        if response is None:
            return []
        request = self._request
        records, failure = await self._source.read(response, request, self._yielded)
        there = None if response.listcount is None else max(response.listcount - self._start, 0)
        if there is not None and self._limit is not None:
            there = min(there, self._limit)
        if there is not None and there > request.limit:
            self._request_more(there, response)
            return []
        if failure is not None:
            raise failure
        if not records:
            self._end(response, there)
        return records

    def _end(self, response: StreamedResponse, there: int | None) -> None:
        """Note the end of the response; `there` is how many rows it promised."""
        full = self._yielded >= self._request.limit and self._yielded != self._limit
        if full and (there is None or there < self._yielded):
            # There may be more of them than the listcount says: as many as fit were returned.
            self._least_rows = GROWTH * self._yielded
            count = "the server's count" if there is None else f"{there}, the server's count"
            raise response.annotate(
                IncompleteListingError(
                    f"expected fewer records than the limit {self._request.limit} of the request, "
                    f"or {count}, got {self._yielded}; iterate again to request more"
                )
            )
        if there is None or self._yielded >= there:
            self._ended = True
            self._source.report_page(self._request, self._yielded, response.listcount)
        elif self._yielded == 0 and self._tries == 0:  # retry once: it may be a temporary fault
            self._tries = 1
            self._response = None
        else:
            raise response.annotate(
                IncompleteListingError(
                    f"expected {response.listcount} records, the server's count, got "
                    f"{self._yielded} from offset {self._start}"
                )
            )

    async def _open(self) -> StreamedResponse | None:
        """Send the request; None if there is nothing to read."""
        bulk = self._options.bulk
        if self._rows_wanted is None:
            records, response = await self._source.fetch(PageRequest(self._start, 1), bulk=bulk)
            if response.listcount is None:
                raise response.error(
                    IncompleteListingError,
                    "listcount: expected a number, got none; leave snapshot=True out",
                )
            there = max(response.listcount - self._start, len(records))
            if there == 0 or self._limit == 0:
                self._ended = True
                return None
            self._rows_wanted = max(_with_margin(there), self._least_rows)
        self._response = await self._source.open(self._request, self._retry_state, bulk=bulk)
        if self._ended:  # it was closed meanwhile
            self._response.close()
            return None
        return self._response

    def _request_more(self, there: int, response: StreamedResponse) -> None:
        """Send a request with a larger limit, because more rows were inserted than it allowed."""
        response.close()
        self._tries += 1
        if self._yielded or self._tries > TRIES:
            self._tries = 0
            raise response.annotate(
                IncompleteListingError(
                    f"expected at most {self._request.limit} records, the limit of the request, "
                    f"got {there}"
                )
            )
        self._response = None
        self._rows_wanted = _with_margin(there) + MARGIN * 2**self._tries

    def _batch(self, records: list[R]) -> Batch[R]:
        first = self._start + self._yielded
        tail = None
        if self._source.has_ids:
            tail = self._delivered.tail
            self._delivered.add(self._source.ids(records))
        batch = Batch(records, range(first, first + len(records)), self._yielded, tail)
        self._yielded += len(records)
        return batch

    def _break_off(self, error: CallError) -> None:
        """Retry the request if nothing was yielded yet; otherwise the snapshot is broken.

        Raises:
            CallError: All attempts were made, or another one would not help.
            SnapshotBrokenError: The snapshot is broken, and the next step starts again.
        """
        response, self._response = self._response, None
        if response is not None:
            response.close()
        if self._yielded == 0:
            state, self._retry_state = self._retry_state, RetryState()
            if response is None or isinstance(error, IncompleteListingError):
                raise error
            state.failure = error
            self._retry_state = state
            return
        restarts = self._options.on_broken == "restart"
        self._source.report(
            SnapshotBroken(
                resource=self._source.resource,
                delivered=self._yielded,
                reason=error.message,
                restarts=restarts,
            )
        )
        if not restarts:
            self._rest = self._continue_in_pages()
            return
        message = (
            f"the snapshot broke off after {self._yielded} of {self.listcount} records, which are "
            f"no longer valid ({error.message}); iterate again to start from the first record"
        )
        self._restart()
        raise self._source.annotate(SnapshotBrokenError(message, status=error.status))

    def _continue_in_pages(self) -> PagedReader[R]:
        plan = PagePlan(
            PageSizes(),
            position=self._start + self._yielded,
            yielded=self._yielded,
            begun=True,
            offset=self._start,
            limit=self._limit,
            overlap=1,
        )
        plan.note_listcount(self.listcount)
        delivered = self._delivered if self._source.has_ids else None
        return PagedReader(self._source, plan, delivered, self._options)


def _with_margin(there: int) -> int:
    return there + MARGIN + there // 100
