"""Where the rows of a listing come from: its calls, and its records out of their answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Generic, TypeVar

import attrs

from .._http.connection import BUFFER
from .._http.messages import Call, ParsedResponse, annotate
from .._http.settings import RetryState
from .._http.streamed_response import StreamedResponse
from .._http.transport import Transport
from .._schema.records import Record, RecordDecoder
from ..errors import CallError, ListingError, NotFoundError, RecordError
from ..events import PageReceived
from .page_plan import PageRequest

__all__ = ["PageSource", "Tally", "ids_of"]

R = TypeVar("R", bound=Record)
_Error = TypeVar("_Error", bound=CallError)

_id: Any = attrgetter("id")


def ids_of(records: Sequence[Record]) -> list[int]:
    """The ids of records that have one."""
    return list(map(_id, records))


@attrs.define
class Tally:
    """Counts the requests that went over the wire on somebody's behalf."""

    requests: int = 0

    def count(self) -> None:
        """Count a request."""
        self.requests += 1


@attrs.frozen
class PageSource(Generic[R]):
    """Where the rows of a listing come from.

    Attributes:
        transport: What sends the calls.
        resource: The resource's name.
        query: The filters as they are sent.
        decoder: Makes the records.
        paginated: Whether the API knows offset and limit there.
        sorted_by_id: Whether the query asks for the order of the ids.
    """

    transport: Transport
    resource: str
    query: tuple[tuple[str, str], ...]
    decoder: RecordDecoder[R]
    paginated: bool = True
    sorted_by_id: bool = False

    @property
    def has_ids(self) -> bool:
        """Whether the records have ids."""
        return self.decoder.knows("id")

    def about(self, error: _Error) -> _Error:
        """Write into an error that it tells of this listing, of no page alone."""
        return annotate(error, Call("GET", self.resource, query=self.query))

    def call(self, request: PageRequest) -> Call:
        """The call that asks for one page."""
        query = self.query
        if self.paginated:
            query += (("offset", str(request.offset)), ("limit", str(request.limit)))
        return Call("GET", self.resource, query=query)

    async def fetch(
        self, request: PageRequest, tally: Tally, *, bulk: bool
    ) -> tuple[list[R], ParsedResponse]:
        """Ask for one page, and read it completely; with `bulk`, interactive calls go first."""
        response = await self.transport.send(self.call(request), bulk=bulk, on_request=tally.count)
        try:
            records = self.decoder.records(response.rows(), f"$.{self.resource}")
            self.told(request, len(records), response.listcount)
        except CallError as error:
            raise response.annotate(error) from None
        return records, response

    async def only(self, missing: str) -> R:
        """Ask for the first record alone; `missing` says what it means that there is none.

        Raises:
            NotFoundError: There is none.
        """
        records, answer = await self.fetch(PageRequest(0, 1), Tally(), bulk=False)
        if not records:
            raise answer.error(NotFoundError, missing)
        return records[0]

    async def open(
        self,
        request: PageRequest,
        state: RetryState,
        tally: Tally,
        *,
        bulk: bool,
        buffer: int = BUFFER,
        revise: Callable[[CallError], PageRequest] | None = None,
    ) -> StreamedResponse:
        """Ask for one page, to be read while it arrives.

        Args:
            request: The page.
            state: The attempts made so far. With a failure in it, that is retried.
            tally: Counts the requests.
            bulk: Whether interactive calls go first.
            buffer: Bytes of the body that may wait unread.
            revise: Returns the page of the next attempt after a failure.

        Raises:
            CallError: The page could not be had.
        """

        def revised(error: CallError) -> Call:
            return self.call(request if revise is None else revise(error))

        return await self.transport.open(
            self.call(request),
            state,
            bulk=bulk,
            buffer=buffer,
            on_request=tally.count,
            revise=revised,
        )

    def records(
        self, incoming: StreamedResponse, rows: Sequence[object], first: int
    ) -> tuple[list[R], RecordError | None]:
        """Decode rows, up to the first that is no record; `first` is their place in the page."""
        records, error = self.decoder.some_records(rows, f"$.{self.resource}", first)
        if error is not None:
            incoming.annotate(error)
        return records, error

    def ids(self, records: Sequence[R], offset: int) -> list[int]:
        """The ids of records that stand from `offset` on.

        Raises:
            ListingError: One has none.
        """
        ids: list[Any] = ids_of(records)
        if None in ids:
            raise ListingError(
                f"the record at offset {offset + ids.index(None)} has no id, so what others "
                "change meanwhile cannot be repaired; on_drift='ignore' reads on all the same"
            )
        return ids

    def told(self, request: PageRequest, records: int, listcount: int | None) -> None:
        """Tell that a page was received."""
        self.transport.report(
            PageReceived(
                resource=self.resource,
                offset=request.offset,
                records=records,
                listcount=listcount,
            )
        )
