"""The export of one resource: from its listing into its file, from where it stands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs

from ..._schema.records import Record
from ..._streaming.listing import Listing, Stream
from ..._streaming.partitioned import PartitionedListing
from ...client import IntervalsClient
from ...errors import ArgumentError, CallError, ListingError, PermissionDeniedError, ResumeError
from ...resources import Resource, resource_class
from ..in_thread import SinkThread, in_thread
from ..sinks.null_sink import NullSink
from ..sinks.sink import ResumableSink
from .incremental import changed_since
from .plan import CHANGED, ExportPlan
from .sources import listing_of, parent_of, requests_by, requests_for
from .state import ResourceState, RunState

__all__ = ["Job"]


@attrs.define(kw_only=True, eq=False)
class Job:
    """The export of one resource.

    Attributes:
        client: Whose account.
        name: The resource's name.
        order: What is exported, and how.
        folder: Where its file is written.
        states: Where is kept how far it has come.
        state: How far it has come.
        checkpoint_every: Seconds between two moments that can be gone on from.
        since: When the export began whose file the changes go into, in UTC; None to read all.
        tell: Called when it has come further.
        keep_ids: Whether other resources are listed by the ids of its records.
        surveyed: Whether its first page was read before it was written.
        seconds: How long that took.
    """

    client: IntervalsClient
    name: str
    plan: ExportPlan
    folder: Path
    states: RunState
    state: ResourceState
    checkpoint_every: float
    since: datetime | None
    tell: Callable[[Job], None]
    keep_ids: bool = False
    surveyed: bool = False
    seconds: float = 0.0
    _stream: Stream[Any] | None = attrs.field(default=None, init=False)
    # The requests and the drift before the stream.
    _before: tuple[int, int] = attrs.field(default=(0, 0), init=False)

    @property
    def parent(self) -> str | None:
        """The resource by whose records it is listed, if by any."""
        return parent_of(self.name, self._filters)

    @property
    def merges(self) -> bool:
        """Whether only changes are read, and go into the file that is there."""
        return self.since is not None and not self.state.whole

    async def begin(self) -> None:
        """Read the first page, where nothing is known yet: it tells how many records there are.

        Raises:
            CallError: It could not be read.
        """
        if self.parent is not None or self.state.began is not None or not self._is_listed:
            return
        stream = self._stream or self._opened()
        began = time.monotonic()
        try:
            await stream.read_ahead()
        except PermissionDeniedError as error:
            self._note(stream)
            await self._refused(error)
            return
        self.surveyed = True
        self.seconds = time.monotonic() - began
        self._note(stream)
        self.tell(self)

    def requests_left(self, parents: int) -> int:
        """About how many requests it still takes; those of the first page are done.

        Args:
            parents: How many records its parent has, if it has one.
        """
        state = self.state
        if state.is_done:
            return 0
        if not self._is_listed:
            return 1
        if self.parent is not None:
            return max(requests_by(self.parent, parents) - state.requests, 0)
        left = requests_for(
            self._listing(), state.listcount or 0, read=state.records, asked=state.requests
        )
        return left + self._is_counted if state.began is None else max(left, 1)

    async def run(self, parents: Sequence[int]) -> None:
        """Export it, and note in the state how far it has come.

        Raises:
            CallError: It could not be read.
            OSError: It could not be written.
        """
        try:
            await self._write(parents)
            if self.merges and not await self._merge():
                # Something is gone, or was changed unseen: all is read.
                self.state = ResourceState(whole=True, requests=self.state.requests)
                await self._save()
                await self._write(parents)
        except PermissionDeniedError as error:
            await self._refused(error)
            return
        self.state.ended = datetime.now(UTC)
        await self._save()

    async def leave_out(self, reason: str) -> None:
        """Note why it cannot be exported."""
        self.state.left_out = reason
        if self.states.is_begun:
            await self._save()

    async def start_again(self) -> None:
        """Go back to the last checkpoint: what came after it is read again."""
        await self.aclose()
        self.state = await in_thread(self.states.load, self.name)

    async def aclose(self) -> None:
        """Leave nothing under way. May be called again, and in any state."""
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.aclose()

    @property
    def _is_listed(self) -> bool:
        return "list" in resource_class(self.name).methods()

    @property
    def _is_wanted(self) -> bool:
        """Whether it is exported itself, and not only read for the ids."""
        return self.name in self.plan.names

    @property
    def _is_counted(self) -> bool:
        """Whether one request tells how many records there are in all."""
        whole = self.plan.filters_of(self.name)
        return (
            self.merges
            and parent_of(self.name, whole) is None
            and not isinstance(listing_of(self.client, self.name, whole), PartitionedListing)
        )

    def _listing(self, parents: Sequence[int] = ()) -> Listing[Any]:
        return listing_of(self.client, self.name, self._filters, parents)

    @property
    def _filters(self) -> Mapping[str, object]:
        filters = self.plan.filters_of(self.name) if self._is_wanted else {}
        if self.since is None or self.state.whole:
            return filters
        return {**filters, CHANGED: changed_since(self.since)}

    @property
    def _path(self) -> Path:
        if self.merges:
            return self.plan.format.path_of_changes(self.states.folder, self.name)
        return self.plan.format.path(self.folder, self.name)

    @property
    def _record_class(self) -> type[Record]:
        resource: Resource[Record] = getattr(self.client, self.name)
        return resource.record

    def _sink(self) -> ResumableSink:
        if not self._is_wanted:
            return NullSink()
        return self.plan.format.make(self._path, self._record_class, self.name)

    async def _write(self, parents: Sequence[int]) -> None:
        """Bring all that there is to read into a file, under its name."""
        if self.state.written:
            return
        self.state.began = self.state.began or datetime.now(UTC)
        sink = self._sink()
        async with SinkThread(sink) as thread:
            try:
                await self._open(thread, sink)
                if not self.state.closing:
                    await self._copy(thread, sink, parents)
                    self.state.closing = True
                    await self._checkpoint(thread, sink, self.state.bookmark)
                await thread.call(self._finish, sink)
            except PermissionDeniedError:
                await thread.call(sink.close, whole=False)
                raise
            except BaseException:
                await thread.call(sink.suspend)
                raise

    async def _open(self, thread: SinkThread, sink: ResumableSink) -> None:
        """Open the file, or what there is of it."""
        if self.state.mark is not None:
            with suppress(ResumeError):
                await thread.call(sink.resume, self.state.mark)
                return
            # Somebody has tidied it away; or we were killed when it had just been moved into its
            # place, which nothing proves: all is read.
            self.state = ResourceState(
                whole=self.state.whole, requests=self.state.requests, began=datetime.now(UTC)
            )
        await thread.call(sink.open)

    def _finish(self, sink: ResumableSink) -> None:
        """Give the file its name, and note that at once.

        No cancellation comes between the two, and no disk that is full.
        """
        written = attrs.evolve(self.state, written=True)
        with self.states.saving(self.name, written):
            sink.close(whole=True)
        self.state = written

    async def _copy(self, thread: SinkThread, sink: ResumableSink, parents: Sequence[int]) -> None:
        """Write what is not written yet."""
        state = self.state
        if not self._is_listed:
            state.requests += 1
            await thread.write([await getattr(self.client, self.name).get()])
            state.records = 1
            return
        async with self._stream or self._opened(parents) as stream:
            due = time.monotonic() + self.checkpoint_every
            while True:
                try:
                    records = await stream.batch()
                except (CallError, asyncio.CancelledError):
                    self._note(stream)
                    if state.records:  # what was read before is kept
                        with suppress(ListingError, OSError):
                            await self._checkpoint(thread, sink, stream.bookmark)
                    raise
                if not records:
                    break
                await thread.write(records)
                state.records += len(records)
                if self.keep_ids:
                    state.add_ids(records)
                self._note(stream)
                self.tell(self)
                if time.monotonic() >= due:
                    with suppress(ListingError):  # no bookmark leads to here; a later one does
                        await self._checkpoint(thread, sink, stream.bookmark)
                    due = time.monotonic() + self.checkpoint_every
            self._note(stream)
        self._stream = None

    def _opened(self, parents: Sequence[int] = ()) -> Stream[Any]:
        self._before = self.state.requests, self.state.drift
        self._stream = self._listing(parents).stream(resume=self.state.bookmark)
        return self._stream

    def _note(self, stream: Stream[Any]) -> None:
        requests, drift = self._before
        self.state.listcount = stream.listcount
        self.state.requests = requests + stream.requests
        self.state.drift = drift + stream.repairs

    async def _checkpoint(
        self, thread: SinkThread, sink: ResumableSink, bookmark: str | None
    ) -> None:
        """Bring all to the disk, and then note that it is there."""
        self.state.mark = await thread.call(sink.checkpoint)
        self.state.bookmark = bookmark
        await thread.call(self.states.save, self.name, self.state)

    async def _merge(self) -> bool:
        """Put the changes into the file of the last export; whether they add up to what is there.

        Raises:
            ArgumentError: They cannot be put in, and all cannot be read without the parents.
        """
        expected = self.state.listcount = None
        if self._is_counted:
            # Without the moment of changes: everything that there is now.
            whole = listing_of(self.client, self.name, self.plan.filters_of(self.name))
            expected = self.state.listcount = await whole.count()
            self.state.requests += 1
        path = self.plan.format.path(self.folder, self.name)
        records = await in_thread(self._merged_into, path, expected)
        if records is None and parent_of(self.name, self.plan.filters_of(self.name)) is not None:
            raise ArgumentError(
                f"{path} is gone, or has not the columns that {self.name} has now: remove "
                f"{self.states.folder}, and export it anew, not incrementally"
            )
        self.state.records = records or 0
        return records is not None

    def _merged_into(self, path: Path, expected: int | None) -> int | None:
        if not path.exists():  # somebody has removed it since this export began
            return None
        merge = self.plan.format.merge
        return merge(path, self._path, self._record_class, self.name, expected)

    async def _refused(self, error: PermissionDeniedError) -> None:
        self.state = ResourceState(requests=self.state.requests)
        await self.leave_out(str(error))

    async def _save(self) -> None:
        await in_thread(self.states.save, self.name, self.state)
