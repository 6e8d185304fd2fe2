"""Listings that come in one answer: a snapshot of a whole one, and those that have no pages."""

from __future__ import annotations

from typing import Generic, Literal, TypeAlias, TypeVar

from .._http.settings import RetryState
from .._http.streamed_response import StreamedResponse
from .._schema.records import Record
from ..errors import CallError, IncompleteListingError, SnapshotBrokenError
from ..events import SnapshotBroken
from .delivered import DeliveredIds
from .options import ReadOptions
from .page_plan import MARGIN, PagePlan, PageRequest, PageSizes, check_rows
from .paged_reader import PagedReader
from .reader import Batch
from .source import PageSource, Tally

__all__ = ["OnBroken", "SnapshotReader"]

R = TypeVar("R", bound=Record)

OnBroken: TypeAlias = Literal["restart", "repair"]

# How often is asked with more room for rows that came in meanwhile.
TRIES = 5


class SnapshotReader(Generic[R]):
    """Reads all of a listing in one answer, which is consistent whatever others do.

    A first small request tells how many there are. The answer is read while it arrives, and
    must hold as many records as it counts itself.
    """

    __slots__ = (
        "_closed",
        "_delivered",
        "_ended",
        "_given",
        "_incoming",
        "_limit",
        "_listcount",
        "_on_broken",
        "_reading",
        "_received",
        "_rest",
        "_retry_state",
        "_room",
        "_source",
        "_start",
        "_tally",
        "_tries",
    )  # fmt: skip

    def __init__(
        self,
        source: PageSource[R],
        reading: ReadOptions,
        *,
        start: int,
        limit: int | None,
        on_broken: OnBroken,
    ) -> None:
        self._source = source
        self._reading = reading
        self._start = start
        self._limit = limit
        self._on_broken = on_broken
        self._tally = Tally()
        self._listcount: int | None = None
        # The reader of what a broken snapshot left.
        self._rest: PagedReader[R] | None = None
        self._ended = False
        self._closed = False
        self._tries = 0
        self._restart()

    @property
    def listcount(self) -> int | None:
        """How many records match in all, as last heard."""
        return self._listcount if self._rest is None else self._rest.listcount

    @property
    def requests(self) -> int:
        """How many requests went over the wire."""
        return self._tally.requests

    @property
    def repairs(self) -> int:
        """How often rows had moved, once it went on page by page."""
        return 0 if self._rest is None else self._rest.repairs

    @property
    def resumable(self) -> bool:
        """Whether a bookmark tells where it stands."""
        return self._rest is None or self._rest.resumable

    def look_ahead(self) -> None:
        """Nothing can be asked ahead of one answer."""

    async def step(self) -> Batch[R] | None:
        """Give the next batch; None at the end, or when closed meanwhile."""
        while not self._is_over():
            failure: CallError | None = None
            try:
                records = await self._records()
            except CallError as error:
                failure = error
                records = []
            if records:
                return self._give(records)
            if failure is not None and not self._closed:
                self._broke(failure)
        return await self._rest.step() if self._rest is not None else None

    def _is_over(self) -> bool:
        return self._closed or self._ended or self._rest is not None

    async def aclose(self) -> None:
        """Leave nothing under way. May be called again, and in any state."""
        self._closed = True
        if self._incoming is not None:
            self._incoming.close()
        if self._rest is not None:
            await self._rest.aclose()

    def _restart(self) -> None:
        self._incoming: StreamedResponse | None = None
        self._delivered = DeliveredIds(anchored=self._start > 0)
        self._given = 0
        self._received = 0
        self._room: int | None = None
        self._retry_state = RetryState()

    @property
    def _request(self) -> PageRequest:
        room = self._room or 1
        return PageRequest(self._start, room if self._limit is None else min(room, self._limit))

    async def _records(self) -> list[R]:
        """The next records; none where there is nothing to give yet, or any more."""
        incoming = self._incoming or await self._open()
        if incoming is None:
            return []
        rows = await incoming.rows()
        listcount = incoming.listcount
        if listcount is not None:
            self._listcount = listcount
        there = None if listcount is None else max(listcount - self._start, 0)
        request = self._request
        check_rows(request, self._received + len(rows))
        if there is not None and self._limit is not None:
            there = min(there, self._limit)
        if there is not None and there > request.limit:
            self._more_room(there, incoming)
            return []
        if not rows:
            if there is not None and self._received < there:
                if self._received == 0 and self._tries == 0:  # once more: a fault passes
                    self._tries = 1
                    self._incoming = None
                    return []
                raise incoming.annotate(
                    IncompleteListingError(
                        f"the server counts {listcount} records, and gave {self._received} from "
                        f"offset {self._start} on"
                    )
                )
            self._ended = True
            self._source.told(request, self._received, listcount)
            return []
        records, failure = self._source.records(incoming, rows, self._received)
        if failure is not None:
            raise failure
        return records

    async def _open(self) -> StreamedResponse | None:
        if self._room is None:
            _, answer = await self._source.fetch(
                PageRequest(self._start, 1), self._tally, bulk=self._reading.bulk
            )
            self._listcount = answer.listcount
            if answer.listcount is None:
                raise answer.error(
                    IncompleteListingError,
                    "the answer holds no listcount, so how much to ask for is not known",
                )
            there = max(answer.listcount - self._start, 0)
            if there == 0 or self._limit == 0:
                self._ended = True
                return None
            self._room = _with_room(there)
        self._incoming = await self._source.open(
            self._request, self._retry_state, self._tally, bulk=self._reading.bulk
        )
        if self._closed:
            self._incoming.close()
            return None
        return self._incoming

    def _more_room(self, there: int, incoming: StreamedResponse) -> None:
        """More rows came in than there was room for: ask again."""
        incoming.close()
        self._tries += 1
        if self._received or self._tries > TRIES:
            self._tries = 0
            raise incoming.annotate(
                IncompleteListingError(
                    f"{there} records are there, more than the {self._request.limit} that were "
                    "asked for"
                )
            )
        self._incoming = None
        self._room = _with_room(there) + MARGIN * 2**self._tries

    def _give(self, records: list[R]) -> Batch[R]:
        first = self._start + self._received
        before = None
        if self._source.has_ids:
            before = self._delivered.trail
            self._delivered.take(self._source.ids(records, first))
        self._received += len(records)
        batch = Batch(
            records, range(first, first + len(records)), self._given, self._listcount, before
        )
        self._given += len(records)
        return batch

    def _broke(self, error: CallError) -> None:
        """Ask again if nothing was given yet; else the snapshot is broken, and that is said."""
        incoming, self._incoming = self._incoming, None
        if incoming is not None:
            incoming.close()
        if self._given == 0:
            state, self._retry_state = self._retry_state, RetryState()
            if incoming is None or isinstance(error, IncompleteListingError):
                raise error  # all attempts were made, or another one is no use
            state.failure = error
            self._retry_state = state
            return
        restarts = self._on_broken == "restart"
        self._source.transport.report(
            SnapshotBroken(
                resource=self._source.resource,
                delivered=self._given,
                reason=error.message,
                restarts=restarts,
            )
        )
        if not restarts:
            self._rest = self._paged()
            return
        words = (
            f"the snapshot broke after {self._given} of {self._listcount} records, which are none "
            f"any more ({error.message}); stepping the same stream again starts from the first"
        )
        self._restart()
        raise self._source.about(SnapshotBrokenError(words, status=error.status))

    def _paged(self) -> PagedReader[R]:
        left = None if self._limit is None else self._limit - self._given
        plan = PagePlan(PageSizes(), offset=self._start, limit=left, overlap=1)
        plan.position = self._start + self._received
        plan.begun = True
        plan.heard(self._listcount)
        return PagedReader(
            self._source,
            plan,
            self._delivered if self._source.has_ids else None,
            self._reading,
            tally=self._tally,
            given=self._given,
        )


def _with_room(there: int) -> int:
    return there + MARGIN + there // 100
