"""Reads a listing page by page."""

from __future__ import annotations

from typing import Generic, TypeVar

from .._http.streamed_response import StreamedResponse
from .._schema.record import Record
from ..errors import CallError, IncompleteListingError
from .delivered import DeliveredIds
from .open_page import OpenPage, identities
from .options import ReadOptions
from .page_plan import PagePlan
from .page_window import PageWindow
from .progress import PageDigest, Progress
from .reader import Batch
from .reconciler import Reconciler
from .source import PageSource

__all__ = ["PagedReader"]

R = TypeVar("R", bound=Record)


class PagedReader(Generic[R]):
    """Reads a listing page by page, and yields each record once even if rows change meanwhile.

    The plan says which pages to request, the window keeps them open, and the reconciler decides
    which of their records are new.

    No task is left between two steps unless `start_prefetch` was called. Then a page may be half
    read, and the rest of its response stays in the connection.
    """

    __slots__ = (
        "_ended", "_plan", "_prefetches", "_progress", "_reconciler", "_source", "_window",
    )  # fmt: skip

    def __init__(
        self,
        source: PageSource[R],
        plan: PagePlan,
        delivered: DeliveredIds | None,
        options: ReadOptions,
    ) -> None:
        self._source = source
        self._plan = plan
        self._prefetches = options.prefetches
        self._window = PageWindow(source, plan, concurrency=options.concurrency, bulk=options.bulk)
        # None if drift is ignored.
        self._reconciler: Reconciler[R] | None = None
        if delivered is not None:
            self._reconciler = Reconciler(source, plan, self._window, delivered, options)
        self._progress = Progress(options.concurrency, compares_ids=delivered is not None)
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
        """The number of times that rows had moved and the position was found again."""
        return 0 if self._reconciler is None else self._reconciler.repairs

    @property
    def resumable(self) -> bool:
        """Whether a bookmark can describe the current position: not in the second pass."""
        return self._reconciler is None or not self._reconciler.in_second_pass

    def start_prefetch(self) -> None:
        """From now on request pages between two steps, if the options allow it."""
        if self._prefetches:
            self._window.open_ahead()

    async def next_batch(self) -> Batch[R] | None:
        """Return the next batch; None at the end, or if the reader was closed meanwhile."""
        window, reconciler = self._window, self._reconciler
        while not window.closed and not self._ended:
            if self._has_enough():
                await window.drop_all()
                self._ended = True
                break
            if reconciler is not None and reconciler.is_lost:
                await reconciler.find_position()
                continue
            window.request_pages()
            page = window.first
            if page is None:
                self._ended = reconciler is None or reconciler.is_complete()
                self._progress.restart()
                continue
            batch = await self._read(page)
            if batch is not None:
                if window.ahead:
                    window.request_pages()
                return batch
        return None

    async def aclose(self) -> None:
        """Close everything in progress. Allowed in any state, and more than once."""
        await self._window.close()

    def _has_enough(self) -> bool:
        """Whether everything the caller wants was yielded, and the last response was read."""
        # The end of a complete response is read too, because that frees its connection.
        page = self._window.first
        return self._plan.left == 0 and (page is None or not page.is_full)

    async def _read(self, page: OpenPage[R]) -> Batch[R] | None:
        """Continue to read the first page; return None if it has no new record."""
        records = page.pending or await self._window.records(page)
        reconciler = self._reconciler
        if records is None:
            if reconciler is not None and reconciler.in_second_pass:
                reconciler.restart_pass()  # what broke off is not one response any more
                self._note_page(page, PageDigest())
            return None
        if not records:
            return None if page.response is None else await self._end_page(page, page.response)
        if reconciler is None:
            self._progress.watch(identities(records))
            offsets = range(page.position, page.position + len(records))
            page.advance(len(records))
            return self._advance(page, Batch(records, offsets, self._plan.yielded))
        batch = await reconciler.compare(page, records)
        return None if batch is None else self._advance(page, batch)

    def _advance(self, page: OpenPage[R], batch: Batch[R]) -> Batch[R] | None:
        """Move the position after the processed rows; return None if no record is new."""
        plan = self._plan
        if plan.left is not None:
            batch = batch.first(plan.left)
        plan.advance(page.position, len(batch.records))
        if plan.left == 0:
            self._window.close_unread()
        if not batch.records:
            return None
        page.note_yielded(len(batch.records))
        self._window.note_progress()
        self._progress.note_new(page.listcount)
        return batch

    async def _end_page(self, page: OpenPage[R], response: StreamedResponse) -> Batch[R]:
        """Note the end of a page."""
        self._window.drop(page)
        offset, listcount = page.request.offset, page.listcount
        if page.received == 0 and (listcount or 0) > offset:
            # it has no rows although its listcount promises some, so it is requested again
            self._window.insert(OpenPage(page.request, depth=page.depth))
        try:
            self._plan.end_page(page.request, page.received, listcount, new=page.yielded > 0)
        except CallError as error:
            raise response.annotate(error) from None
        self._plan.sizes.note_page(page.received, response.size, response.seconds)
        self._source.report_page(page.request, page.received, listcount)
        if self._reconciler is not None:
            self._reconciler.end_page(page)
        try:
            self._note_page(page, page.digest)
        except IncompleteListingError:
            if self._reconciler is None or not self._reconciler.begin_second_pass():
                raise
            await self._window.drop_all()
        return Batch((), (), self._plan.yielded, ends_page=True)

    def _note_page(self, page: OpenPage[R], digest: PageDigest[R]) -> None:
        """Note the rows of a page.

        Raises:
            IncompleteListingError: The listing does not come to an end.
        """
        known = self._plan.start + self._plan.yielded
        if self._reconciler is not None and self._reconciler.in_second_pass:
            known = max(known, self._source.listcount or 0)
        try:
            self._progress.note_page(page.request, digest, page.listcount, known)
        except IncompleteListingError as error:
            error.message = f"{self._source.resource}: {error.message}"
            if page.response is None:
                raise
            raise page.response.annotate(error) from None
