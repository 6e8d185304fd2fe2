"""The source of a stream's rows: its requests, and the records decoded from their responses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Generic, Self, TypeVar

import attrs

from .._http.connection import BUFFER
from .._http.messages import Call, ParsedResponse, annotate
from .._http.settings import RetryState
from .._http.streamed_response import StreamedResponse
from .._http.transport import Transport
from .._schema.decoder import RecordDecoder
from .._schema.record import Record
from ..errors import (
    CallError,
    FieldUnreadableError,
    NotFoundError,
    RecordError,
)
from ..events import Event, PageReceived
from .page_plan import PageRequest

__all__ = ["PageSource", "ids_of"]

R = TypeVar("R", bound=Record)
_Error = TypeVar("_Error", bound=CallError)

_id: Any = attrgetter("id")


def ids_of(records: Sequence[Record]) -> list[int | None]:
    """Return the ids of records of a class that has ids; None for an id that cannot be read."""
    try:
        return list(map(_id, records))
    except FieldUnreadableError:
        return [getattr(each, "id", None) for each in records]


@attrs.define
class PageSource(Generic[R]):
    """The source of the rows of a listing.

    The listing's own source is shared by everything that reads it. Each stream works on a copy,
    made by `for_stream`, which counts its requests and remembers its listcount. Nothing else of
    a source ever changes.

    Attributes:
        transport: Sends the calls.
        resource: The name of the resource.
        query: The filters as they are sent.
        decoder: Decodes the records.
        paginated: Whether the API documents ``offset`` and ``limit`` for the resource.
        sorted_by_id: Whether the query asks for the order of the ids.
        needs_ids: Whether a record without a usable id is an error.
        requests: The number of requests that this copy has sent.
        listcount: The total number of matching records in the latest response to this copy.
    """

    transport: Transport
    resource: str
    query: tuple[tuple[str, str], ...]
    decoder: RecordDecoder[R]
    paginated: bool = True
    sorted_by_id: bool = False
    needs_ids: bool = attrs.field(default=False, eq=False)
    requests: int = attrs.field(default=0, init=False, eq=False)
    listcount: int | None = attrs.field(default=None, eq=False)

    def for_stream(self, listcount: int | None = None, *, needs_ids: bool = False) -> Self:
        """Return a copy for one stream.

        Args:
            listcount: The listcount of the bookmark from which the stream resumes.
            needs_ids: Whether a record without a usable id is an error.
        """
        return type(self)(  # `attrs.evolve` takes ten times as long
            self.transport,
            self.resource,
            self.query,
            self.decoder,
            paginated=self.paginated,
            sorted_by_id=self.sorted_by_id,
            needs_ids=needs_ids,
            listcount=listcount,
        )

    @property
    def has_ids(self) -> bool:
        """Whether the records have ids."""
        return self.decoder.knows("id")

    def annotate(self, error: _Error) -> _Error:
        """Name this listing in an error, instead of one page."""
        return annotate(error, Call("GET", self.resource, query=self.query))

    async def fetch(self, request: PageRequest, *, bulk: bool) -> tuple[list[R], ParsedResponse]:
        """Request one page, and read it completely.

        Args:
            request: The page.
            bulk: Whether interactive calls take priority.

        Raises:
            CallError: The page could not be fetched.
        """
        response = await self.transport.send(
            self._call(request), bulk=bulk, on_request=self._count_request
        )
        try:
            records, error = self._decode(response.rows(), request, 0)
            if error is not None:
                raise error
            self._note_listcount(response.listcount)
            self.report_page(request, len(records), response.listcount)
        except CallError as error:
            raise response.annotate(error) from None
        return records, response

    async def only(self, missing: str) -> R:
        """Fetch the first record; `missing` explains why no record exists.

        Raises:
            NotFoundError: No record matches.
        """
        records, response = await self.fetch(PageRequest(0, 1), bulk=False)
        if not records:
            raise response.error(NotFoundError, missing)
        return records[0]

    async def open(
        self,
        request: PageRequest,
        state: RetryState,
        *,
        bulk: bool,
        buffer: int = BUFFER,
        revise: Callable[[CallError], PageRequest] | None = None,
    ) -> StreamedResponse:
        """Request one page, to be read while it arrives.

        Args:
            request: The page.
            state: The attempts made so far. A failure in it is retried.
            bulk: Whether interactive calls take priority.
            buffer: The maximum number of unread bytes of the body.
            revise: Returns the page of the next attempt after a failure.

        Raises:
            CallError: The page could not be fetched.
        """

        def revised(error: CallError) -> Call:
            return self._call(request if revise is None else revise(error))

        return await self.transport.open(
            self._call(request),
            state,
            bulk=bulk,
            buffer=buffer,
            on_request=self._count_request,
            revise=revised,
        )

    async def read(
        self, response: StreamedResponse, request: PageRequest, rows_read: int
    ) -> tuple[list[R], RecordError | None]:
        """Read the next records of a page.

        Args:
            response: The response to the request for the page.
            request: The page.
            rows_read: The number of its rows that were read before.

        Returns:
            The records before the first invalid row, and the error of that row. At the end of the
            page, no records and no error.

        Raises:
            CallError: The response broke off, or has more rows than were requested.
        """
        rows = await response.rows()
        self._note_listcount(response.listcount)
        request.check_rows(rows_read + len(rows))
        records, error = self._decode(rows, request, rows_read)
        if error is not None:
            response.annotate(error)
        return records, error

    def _decode(
        self, rows: Sequence[object], request: PageRequest, first: int
    ) -> tuple[list[R], RecordError | None]:
        decoded = self.decoder.decode(
            rows,
            f"$.{self.resource}",
            first=first,
            offset=request.offset,
            strict=self.transport.settings.strict,
            needs_id=self.needs_ids,
        )
        if decoded.unreadable:
            self.transport.report_unreadable(decoded.unreadable)
        error = decoded.error
        if error is not None and self.needs_ids and error.json_path.endswith(".id"):
            error.message += "; pass on_drift='ignore' to read records without ids"
        return decoded.records, error

    def ids(self, records: Sequence[R]) -> list[int]:
        """Return the ids of records that were read with `needs_ids`."""
        ids: list[Any] = ids_of(records)
        return ids

    def report(self, event: Event) -> None:
        """Report an event of the stream."""
        self.transport.report(event)

    def report_page(self, request: PageRequest, records: int, listcount: int | None) -> None:
        """Report that a page was received."""
        self.report(
            PageReceived(
                resource=self.resource,
                offset=request.offset,
                records=records,
                listcount=listcount,
            )
        )

    def _call(self, request: PageRequest) -> Call:
        query = self.query
        if self.paginated:
            query += (("offset", str(request.offset)), ("limit", str(request.limit)))
        return Call("GET", self.resource, query=query)

    def _count_request(self) -> None:
        self.requests += 1

    def _note_listcount(self, listcount: int | None) -> None:
        if listcount is not None:
            self.listcount = listcount
