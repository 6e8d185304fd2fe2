"""The export of one resource: from its listing into its file, from where it stands."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs

from .._convert import Record
from ..client import IntervalsClient
from ..errors import CallError, ListingError, PermissionDeniedError, ResumeError
from ..listing import Stream
from ..resources import Resource
from .formats import Format
from .in_thread import SinkThread
from .sink import ResumableSink
from .sources import listing_of
from .state import ResourceState, RunState

__all__ = ["Job"]


@attrs.frozen(kw_only=True)
class Job:
    """The export of one resource.

    Attributes:
        client: Whose account.
        name: The resource's name.
        filters: Its filters.
        folder: Where its file is written.
        format: The format of that.
        states: Where is kept how far it has come.
        checkpoint_every: Seconds between two moments that can be gone on from; None for what
            suits the format.
        keep_ids: Whether other resources are listed by the ids of its records.
        tell: Called when it has come further.
    """

    client: IntervalsClient
    name: str
    filters: Mapping[str, object]
    folder: Path
    format: Format
    states: RunState
    checkpoint_every: float | None
    keep_ids: bool
    tell: Callable[[str, ResourceState], None]

    async def run(self, state: ResourceState, parents: Sequence[int]) -> None:
        """Export it, and note in the state how far it has come.

        Raises:
            CallError: It could not be read.
            OSError: It could not be written.
        """
        path = self.format.path(self.folder, self.name)
        resource: Resource[Record] = getattr(self.client, self.name)
        sink = self.format.make(path, resource.record, self.name)
        state.began = state.began or datetime.now(UTC)
        async with SinkThread(sink) as thread:
            if state.mark is None:
                await thread.call(sink.open)
            else:
                try:
                    await thread.call(sink.resume, state.mark)
                except ResumeError:
                    if not state.closing:
                        raise
                    # It was moved into its place, and then we were killed: only what may be left
                    # of the unfinished one goes.
                    await thread.call(sink.open)
                    await thread.call(sink.close, whole=False)
                    await self._end(thread, state)
                    return
            try:
                if not state.closing:
                    await self._copy(thread, sink, state, parents)
                    state.closing = True
                    await self._checkpoint(thread, sink, state, state.bookmark)
                await thread.call(sink.close, whole=True)
            except PermissionDeniedError:
                await thread.call(sink.close, whole=False)
                state.mark = state.bookmark = None
                raise
            except BaseException:
                await thread.call(sink.suspend)
                raise
            await self._end(thread, state)

    async def _end(self, thread: SinkThread, state: ResourceState) -> None:
        state.ended = datetime.now(UTC)
        await thread.call(self.states.save, self.name, state)

    async def _copy(
        self,
        thread: SinkThread,
        sink: ResumableSink,
        state: ResourceState,
        parents: Sequence[int],
    ) -> None:
        """Write what is not written yet."""
        resource: Any = getattr(self.client, self.name)
        if "list" not in resource.methods():
            await thread.write([await resource.get()])
            state.records = 1
            state.requests += 1
            return
        listing = listing_of(self.client, self.name, self.filters, parents)
        every = self.checkpoint_every
        every = self.format.checkpoint_every if every is None else every
        requests, drift = state.requests, state.drift
        async with listing.stream(resume=state.bookmark) as stream:

            def note() -> None:
                state.listcount = stream.listcount
                state.requests = requests + stream.requests
                state.drift = drift + stream.repairs

            due = time.monotonic() + every
            while records := await self._next(thread, sink, state, stream):
                await thread.write(records)
                state.records += len(records)
                if self.keep_ids:
                    state.add_ids(records)
                note()
                self.tell(self.name, state)
                if time.monotonic() >= due:
                    with suppress(ListingError):  # no bookmark leads to here; a later one does
                        await self._checkpoint(thread, sink, state, stream.bookmark)
                    due = time.monotonic() + every
            note()

    async def _next(
        self, thread: SinkThread, sink: ResumableSink, state: ResourceState, stream: Stream[Any]
    ) -> list[Any]:
        """Read the next records; should that fail, what was read before is kept."""
        try:
            return await stream.batch()
        except CallError:
            if state.records:
                with suppress(ListingError, OSError):
                    await self._checkpoint(thread, sink, state, stream.bookmark)
            raise

    async def _checkpoint(
        self,
        thread: SinkThread,
        sink: ResumableSink,
        state: ResourceState,
        bookmark: str | None,
    ) -> None:
        """Bring all to the disk, and then note that it is there."""
        state.mark = await thread.call(sink.checkpoint)
        state.bookmark = bookmark
        await thread.call(self.states.save, self.name, state)
