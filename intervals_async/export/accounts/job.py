"""`Job`: the export of one resource, which continues from its saved state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...errors import ArgumentError, DriftError, PermissionDeniedError
from ..sink_thread import run_in_thread
from ..sinks.null_sink import NullSink
from ..sinks.sink import ResumableSink
from ..unreadable import RoundedField, UnreadableField, replace_counted
from .estimate import RemainingWork
from .failures import reason_of
from .listings import requests_for_parents, requests_left
from .plan import ExportPlan
from .progress import ProgressReporter
from .query import ResourceQuery
from .reader import ResourceReader
from .state import ResourceState, SavedState, StateFolder
from .writer import ResourceWriter

__all__ = ["Job"]


class Job:
    """The export of one resource: survey it, write it, merge its changes.

    Args:
        query: The records to read.
        unreadable: The unreadable fields in the file that is updated, if only changes are read.
        rounded: The rounded fields in that file.
        plan: The resources of the export, with their filters and their format.
        folder: The folder to write the file to.
        states: The folder with the saved states of all resources.
        checkpoint_every: The minimum number of seconds between two checkpoints.
        reporter: Receives the progress of the job.

    Attributes:
        keep_ids: Whether the ids of the records are kept, because other resources need them.
        was_surveyed: Whether the first page was read before anything was written.
        failure: The error because of which this run has given up the resource; None if it has not.
    """

    def __init__(
        self,
        query: ResourceQuery,
        *,
        unreadable: Mapping[str, UnreadableField],
        rounded: Mapping[str, RoundedField],
        plan: ExportPlan,
        folder: Path,
        states: StateFolder,
        checkpoint_every: float,
        reporter: ProgressReporter,
    ) -> None:
        self.keep_ids = False
        self.was_surveyed: bool = False
        self.failure: Exception | None = None
        self._unreadable_before = unreadable
        self._rounded_before = rounded
        self._plan = plan
        self._folder = folder
        self._states = states
        self._saved = SavedState(states, query.name)
        if self.state.read_all:
            query = query.without_since()
        self._reader = ResourceReader(query, self._saved)
        self._checkpoint_every = checkpoint_every
        self._reporter = reporter

    @property
    def name(self) -> str:
        """The name of the resource."""
        return self.query.name

    @property
    def query(self) -> ResourceQuery:
        """The records to read."""
        return self._reader.query

    @property
    def state(self) -> ResourceState:
        """The progress of the export of this resource."""
        return self._saved.current

    @property
    def is_exported(self) -> bool:
        """Whether the resource is written to a file; otherwise only its ids are needed."""
        return self.name in self._plan.names

    @property
    def is_new(self) -> bool:
        """Whether no record of it has been read yet."""
        return self.state.began is None and not self.state.is_done

    async def survey(self) -> None:
        """Read the first page of a new job, which contains the number of records.

        Raises:
            CallError: The page could not be read.
        """
        if not self.is_new or not self.query.is_listed or self.query.parent is not None:
            return
        try:
            await self._reader.read_ahead()
        except PermissionDeniedError as error:
            await self._deny(error)
            return
        self.was_surveyed = True
        self._reporter.report(self.name, self.state)

    def remaining_work(self, parents: int) -> RemainingWork:
        """Estimate the work that remains to be done.

        Args:
            parents: The number of records of the parent resource, if there is one.
        """
        records = max((self.state.listcount or 0) - self.state.records, 0)
        first_page = 0
        if self.was_surveyed:
            first_page = min(self.query.listing().first_page_size, records)
        seconds = self._reader.first_page_seconds
        return RemainingWork(self._requests_left(parents), records, seconds, first_page)

    async def run(self, parents: Sequence[int]) -> None:
        """Export the resource.

        Args:
            parents: The ids of the parent records by which the resource is listed, if it has a parent.

        Raises:
            CallError: The resource could not be read.
            OSError: The file could not be written.
        """
        try:
            await self._write(parents)
            if self.query.since is not None and not await self._merge():
                # A record was deleted, or changed without appearing among the changes: read all.
                self._saved.reset(read_all=True)
                await self._saved.save()
                await self._reader.aclose()
                self._reader = ResourceReader(self.query.without_since(), self._saved)
                await self._write(parents)
        except PermissionDeniedError as error:
            await self._deny(error)
            return
        self.state.ended = datetime.now(UTC)
        await self._saved.save()

    async def fail(self, error: Exception) -> None:
        """Give up the resource in this run. The next run continues it."""
        self.failure = error
        await self.aclose()
        if isinstance(error, DriftError) and self._states.has_run:
            # Its position may be lost for good, so the next run starts it again.
            self._saved.reset(began=datetime.now(UTC))
            await self._saved.save()
        self._reporter.report(self.name, self.state, failed=reason_of(error))

    async def leave_out(self, reason: str) -> None:
        """Save the reason why the resource cannot be exported."""
        self.state.left_out = reason
        if self._states.has_run:
            await self._saved.save()

    async def restart(self) -> None:
        """Go back to the last checkpoint; records after it are read again."""
        await self.aclose()
        await self._saved.reload()

    async def aclose(self) -> None:
        """Close the stream, if one is open."""
        await self._reader.aclose()

    def _requests_left(self, parents: int) -> int:
        state, query = self.state, self.query
        if state.is_done or self.failure is not None:
            return 0
        if not query.is_listed:
            return 1
        if query.parent is not None:
            return max(requests_for_parents(query.parent, parents) - state.requests, 0)
        left = requests_left(
            query.listing(), state.listcount or 0, read=state.records, sent=state.requests
        )
        if state.began is not None:
            return max(left, 1)
        return left + (query.since is not None and query.is_countable)

    async def _write(self, parents: Sequence[int]) -> None:
        """Write the file of all records, or of the changed ones."""
        if not self.state.written:
            writer = ResourceWriter(
                self._reader,
                self._make_sink(),
                self._saved,
                checkpoint_every=self._checkpoint_every,
                on_records=self._on_records,
            )
            await writer.run(parents)

    def _make_sink(self) -> ResumableSink:
        if not self.is_exported:
            return NullSink()
        path = self._path if self.query.since is None else self._changes_path
        plan = self._plan
        return plan.format.make_sink(path, self.query.record_class, self.name, plan.decimals)

    def _on_records(self, records: Sequence[Any]) -> None:
        counted_before = self._unreadable_before or self._rounded_before
        if self.keep_ids or (self.query.since is not None and counted_before):
            self.state.add_ids(records)
        self._reporter.report(self.name, self.state)

    @property
    def _path(self) -> Path:
        return self._plan.format.path(self._folder, self.name)

    @property
    def _changes_path(self) -> Path:
        return self._plan.format.changes_path(self._states.path, self.name)

    async def _merge(self) -> bool:
        """Merge the changes into the file of the last export; return whether it is complete now.

        Raises:
            ArgumentError: The changes cannot be merged. The resource cannot be read completely
                instead, because this export has not read the ids of its parents.
        """
        expected = self.state.listcount = None
        complete = self.query.without_since()
        if self.query.is_countable:
            expected = self.state.listcount = await complete.listing().count()
            self.state.requests += 1
        records = await run_in_thread(self._merge_files, expected)
        if records is None and complete.parent is not None:
            raise ArgumentError(
                f"{self._path} was removed, or its columns are not those of {self.name}; remove "
                f"{self._states.path}, and export without incremental"
            )
        if records is None:
            return False
        state = self.state
        state.records = records
        state.unreadable = await run_in_thread(
            replace_counted, self._unreadable_before, state.ids, state.unreadable
        )
        state.rounded = await run_in_thread(
            replace_counted, self._rounded_before, state.ids, state.rounded
        )
        return True

    def _merge_files(self, expected: int | None) -> int | None:
        if not self._path.exists():  # it was removed since this export started
            return None
        merge = self._plan.format.merge
        return merge(self._path, self._changes_path, self.query.record_class, self.name, expected)

    async def _deny(self, error: PermissionDeniedError) -> None:
        self._saved.reset(read_all=False)
        await self.leave_out(str(error))
