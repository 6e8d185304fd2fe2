"""`ResourceWriter`: the records of one resource into its file, with checkpoints to resume from."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from ... import Stream
from ...errors import CallError, ListingError, PermissionDeniedError, ResumeError
from ..sink_thread import SinkThread
from ..sinks.sink import ResumableSink, rounded_by
from ..unreadable import add_unreadable
from .reader import ResourceReader
from .state import ResourceState, SavedState

__all__ = ["ResourceWriter"]


class ResourceWriter:
    """Writes one resource into its file, from where its state left off.

    Args:
        reader: The records.
        sink: The file.
        saved: The state of the resource.
        checkpoint_every: Seconds between two checkpoints.
        on_records: Called with the records that were written.
    """

    __slots__ = ("_checkpoint_every", "_on_records", "_reader", "_saved", "_sink", "_thread")

    def __init__(
        self,
        reader: ResourceReader,
        sink: ResumableSink,
        saved: SavedState,
        *,
        checkpoint_every: float,
        on_records: Callable[[Sequence[Any]], None],
    ) -> None:
        self._reader = reader
        self._sink = sink
        self._saved = saved
        self._checkpoint_every = checkpoint_every
        self._on_records = on_records
        self._thread = SinkThread(sink)

    @property
    def _state(self) -> ResourceState:
        return self._saved.current

    async def run(self, parents: Sequence[int]) -> None:
        """Write all records and move the file to its name.

        Args:
            parents: The ids by which the resource is listed, if it needs some.

        Raises:
            PermissionDeniedError: The resource may not be read. The file is removed.
            CallError: It could not be read.
            OSError: It could not be written.
        """
        self._state.began = self._state.began or datetime.now(UTC)
        async with self._thread as thread:
            try:
                await self._open()
                if not self._state.closing:
                    await self._copy(parents)
                await thread.call(self._close)
            except PermissionDeniedError:
                await thread.call(self._sink.close, complete=False)
                raise
            except BaseException:
                await thread.call(self._sink.suspend)
                raise

    async def _open(self) -> None:
        """Open the sink, or resume it."""
        if self._state.checkpoint is not None:
            with suppress(ResumeError):
                await self._thread.call(self._sink.resume, self._state.checkpoint)
                rounded_by(self._sink).update(self._state.rounded)
                return
            # The file was removed, or the process was killed right after moving it to its name,
            # which cannot be proved: everything is read again.
            self._saved.reset(began=datetime.now(UTC))
        await self._thread.call(self._sink.open)

    async def _copy(self, parents: Sequence[int]) -> None:
        """Write the records that are not written yet, up to the last checkpoint."""
        if self._reader.query.is_listed:
            async with self._reader.stream(parents) as stream:
                await self._copy_stream(stream)
        else:
            self._state.requests += 1
            record = await self._reader.query.get()
            await self._thread.write([record])
            self._state.records = 1
            add_unreadable(self._state.unreadable, [record])
        self._state.closing = True
        await self._checkpoint(self._state.bookmark)

    async def _copy_stream(self, stream: Stream[Any]) -> None:
        due = time.monotonic() + self._checkpoint_every
        while records := await self._next_batch(stream):
            await self._thread.write(records)
            self._state.records += len(records)
            add_unreadable(self._state.unreadable, records)
            self._on_records(records)
            if time.monotonic() >= due:
                with suppress(ListingError):  # the stream has no bookmark here, but will later
                    await self._checkpoint(stream.bookmark)
                due = time.monotonic() + self._checkpoint_every

    async def _next_batch(self, stream: Stream[Any]) -> Sequence[Any]:
        try:
            return await self._reader.batch(stream)
        except (CallError, asyncio.CancelledError):
            if self._state.records:  # keep what was read before
                with suppress(ListingError, OSError):
                    await self._checkpoint(stream.bookmark)
            raise

    async def _checkpoint(self, bookmark: str | None) -> None:
        """Flush the file to the disk, and then save the state."""
        self._state.checkpoint = await self._thread.call(self._sink.checkpoint)
        self._state.rounded = rounded_by(self._sink)
        self._state.bookmark = bookmark
        await self._saved.save()

    def _close(self) -> None:
        """Move the file to its name and save that at once."""
        with self._saved.writing_file():
            self._sink.close(complete=True)
