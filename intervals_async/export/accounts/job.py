"""`Job`: the export of one resource, which continues from its saved state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from ...errors import ArgumentError, DriftError, PermissionDeniedError
from ..sinks.null_sink import NullSink
from ..sinks.sink import ResumableSink
from .estimate import RemainingWork
from .failures import reason_of
from .listings import requests_for_parents, requests_left
from .plan import ExportPlan
from .progress import ProgressReporter
from .query import ResourceQuery
from .reader import ResourceReader
from .saved_state import SavedState
from .state import DamagedStateError, LastExport, ResourceState, RunInfo, StateFolder
from .update import has_new_records, merge_changes
from .writer import ResourceWriter

__all__ = ["Job"]

# How often changes are read at most, while records are deleted and created at the same time.
MOST_ROUNDS = 3


class Job:
    """The export of one resource: survey it, write it, merge its changes.

    Args:
        query: The records to read.
        run: What is saved about the export.
        plan: The resources of the export, with their filters and their format.
        folder: The folder to write the file to.
        states: The folder with the saved states of all resources.
        checkpoint_every: The minimum number of seconds between two checkpoints.
        reporter: Receives the progress of the job.
        now: Returns the present time, in UTC.

    Attributes:
        keep_ids: Whether the ids of the records are kept, because other resources need them.
        was_surveyed: Whether the first page was read before anything was written.
        failure: The error because of which this run has given up the resource; None if it has not.
    """

    def __init__(
        self,
        query: ResourceQuery,
        *,
        run: RunInfo,
        plan: ExportPlan,
        folder: Path,
        states: StateFolder,
        checkpoint_every: float,
        reporter: ProgressReporter,
        now: Callable[[], datetime],
    ) -> None:
        self.keep_ids = False
        self.was_surveyed: bool = False
        self.failure: Exception | None = None
        self._run = run
        self._plan = plan
        self._folder = folder
        self._states = states
        self._saved = SavedState(states, query.name)
        if self.state.read_all:
            query = query.without_since()
        self._reader = ResourceReader(query, self._saved)
        self._checkpoint_every = checkpoint_every
        self._reporter = reporter
        self._now = now

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

    def check_files(self) -> None:
        """Check, when an export is resumed, that its files are as it has left them.

        A file that was removed is written again.

        Raises:
            DamagedStateError: A file was changed.
            OSError: A file cannot be read.
        """
        state, last = self.state, self._last
        if not self.is_exported or state.left_out is not None:
            return
        if last is None or self.query.since is None:
            if state.written and not self._is_unchanged(self._path, state.digest):
                self._saved.reset()
            return
        if not self._is_unchanged(self._path, last.digest, state.merged):
            if self.query.without_since().parent is None:
                self._saved.reset(read_all=True)
                self._reader = ResourceReader(self.query.without_since(), self._saved)
            else:
                self._saved.reset()
            return
        merges = state.written and state.ended is None
        if merges and not self._is_unchanged(self._changes_path, state.digest):
            self._saved.reset()

    def _is_unchanged(self, path: Path, *digests: str | None) -> bool:
        """Whether a file has one of these digests; False if it was removed or has none."""
        if not path.exists() or not any(digests):
            return False
        if self._digest(path) in digests:
            return True
        raise DamagedStateError(
            f"{path}: expected what this export has left, got a file that was changed since; "
            f"remove it to export {self.name} again"
        )

    def _digest(self, path: Path) -> str:
        return self._plan.format.digest(path, self.name)

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
            if self.query.since is not None and not await self._update(parents):
                # A record was deleted, or changed without appearing among the changes: read all.
                self._saved.reset(read_all=True)
                await self._saved.save()
                await self._reader.aclose()
                self._reader = ResourceReader(self.query.without_since(), self._saved)
                await self._write(parents)
        except PermissionDeniedError as error:
            await self._deny(error)
            return
        self.state.ended = self._now()
        await self._saved.save()

    async def fail(self, error: Exception) -> None:
        """Give up the resource in this run. The next run continues it."""
        self.failure = error
        await self.aclose()
        if isinstance(error, DriftError) and self._states.has_run:
            # Its position may be lost for good, so the next run starts it again.
            self._saved.reset(began=self._now())
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
        return left + 2 * (query.since is not None and query.is_countable)

    async def _write(self, parents: Sequence[int]) -> None:
        """Write the file of all records, or of the changed ones."""
        if not self.state.written:
            writer = ResourceWriter(
                self._reader,
                self._make_sink(),
                self._saved,
                checkpoint_every=self._checkpoint_every,
                on_records=self._on_records,
                digest=self._written_digest,
                now=self._now,
            )
            await writer.run(parents)

    def _written_digest(self) -> str | None:
        return self._digest(self._target) if self.is_exported else None

    @property
    def _target(self) -> Path:
        """The file that is written: of all records, or of the changes."""
        return self._path if self.query.since is None else self._changes_path

    def _make_sink(self) -> ResumableSink:
        if not self.is_exported:
            return NullSink()
        plan, record_class = self._plan, self.query.record_class
        return plan.format.make_sink(self._target, record_class, self.name, plan.decimals)

    def _on_records(self, records: Sequence[Any]) -> None:
        if self.keep_ids or self.query.since is not None:
            self.state.add_ids(records)
        self._reporter.report(self.name, self.state)

    @property
    def _path(self) -> Path:
        return self._plan.format.path(self._folder, self.name)

    @property
    def _changes_path(self) -> Path:
        return self._plan.format.changes_path(self._states.path, self.name)

    @property
    def _last(self) -> LastExport | None:
        """What the last export has written, if only changes are read; None otherwise."""
        return self._run.last.get(self.name)

    async def _update(self, parents: Sequence[int]) -> bool:
        """Merge the changes into the file of the last export; return whether it is complete now.

        The number of records shows whether some were deleted, unless as many were created after
        the changes had been read. So the changes are read once more after the count: if there is a
        record that is not among the changes, all is done again. After three times it is given up.

        Raises:
            ArgumentError: The changes cannot be merged. The resource cannot be read completely
                instead, because this export has not read the ids of its parents.
        """
        if not self.query.is_countable:
            self.state.listcount = None
            return await self._merge(None)
        for _ in range(MOST_ROUNDS):
            expected = self.state.listcount = await self.query.without_since().listing().count()
            self.state.requests += 1
            if not await has_new_records(self.query, self.state, self._run.began):
                return await self._merge(expected)
            self._saved.reset(began=self._now())
            await self._reader.aclose()
            self._reader = ResourceReader(self.query, self._saved)
            await self._write(parents)
        return False

    async def _merge(self, expected: int | None) -> bool:
        assert self._last is not None  # noqa: S101  only changes are read
        merged = await merge_changes(
            self._saved, self.query, self._plan.format, (self._path, self._changes_path),
            self._last, expected,
        )  # fmt: skip
        if not merged and self.query.without_since().parent is not None:
            raise ArgumentError(
                f"{self._path} was removed, or its columns are not those of {self.name}; remove "
                f"{self._states.path}, and export without incremental"
            )
        return merged

    async def _deny(self, error: PermissionDeniedError) -> None:
        self._saved.reset(read_all=False)
        await self.leave_out(str(error))
