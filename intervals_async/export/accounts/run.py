"""`Run`: one run of an export in this process, new or resumed."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import attrs

from ... import IntervalsClient
from ..._atomic_file import check_target
from ..._in_thread import run_in_thread
from .budget_check import BudgetCheck
from .estimate import Estimate
from .failures import IncompleteExportError
from .incremental import find_rewritten, find_updatable
from .job import Job
from .json_file import plain
from .manifest import MANIFEST, Manifest
from .manifest_builder import build_manifest
from .plan import ExportPlan
from .progress import AccountProgress, ProgressReporter
from .query import ResourceQuery
from .scheduler import Scheduler
from .state import RunInfo, StateFolder

__all__ = ["Run", "RunOptions"]


@attrs.frozen(kw_only=True)
class RunOptions:
    """The arguments of `export_account` that may differ when an export is resumed."""

    jobs: int
    checkpoint_every: float | None
    wait_for_reset: bool
    on_estimate: Callable[[Estimate], None] | None
    on_progress: Callable[[AccountProgress], None] | None
    now: Callable[[], datetime]


class Run:
    """One run of an export in this process, new or resumed.

    Args:
        client: The client.
        folder: The folder of the export.
        states: The folder with the saved state of the export.
        plan: The resources to export, with their filters and their format.
        options: The other arguments of `export_account`.
    """

    def __init__(
        self,
        client: IntervalsClient,
        folder: Path,
        states: StateFolder,
        plan: ExportPlan,
        options: RunOptions,
    ) -> None:
        self._client = client
        self._folder = folder
        self._states = states
        self._plan = plan
        self._options = options
        self._reporter = ProgressReporter(options.on_progress)
        self._started = time.time()

    async def export(self) -> Manifest:
        """Export all resources and write the manifest. Raises as `export_account` does."""
        # Before the first request: a change to a record that was read already must be newer than this.
        began, started = self._options.now(), time.monotonic()
        await run_in_thread(self._check_targets)
        saved = await run_in_thread(self._load)
        info = await run_in_thread(self._new_info, began) if saved is None else saved
        jobs = await run_in_thread(self._make_jobs, info, resumed=saved is not None)
        scheduler = Scheduler(
            jobs,
            parallel=self._options.jobs,
            wait_for_reset=self._options.wait_for_reset,
            reporter=self._reporter,
            now=self._options.now,
        )
        check = BudgetCheck(
            self._client, jobs, scheduler, wait_for_reset=self._options.wait_for_reset
        )
        try:
            await check.require_survey()
            if saved is None:  # the API selects changes by its own clock, which it has told now
                elapsed = timedelta(seconds=time.monotonic() - started)
                info.began = self._options.now() - elapsed
            await scheduler.survey()
            estimate = await check.estimate(
                parallel=self._options.jobs, begun=None if saved is None else saved.began
            )
            if self._options.on_estimate is not None:
                self._options.on_estimate(estimate)
            check.require(estimate)
            info.overhead_requests += check.requests
            await run_in_thread(self._states.save_run, info)
            await scheduler.run()
        finally:
            for job in jobs.values():
                await job.aclose()
        manifest = await run_in_thread(self._finish, jobs, info)
        errors = {name: job.failure for name, job in jobs.items() if job.failure is not None}
        if errors:
            raise IncompleteExportError(manifest, errors) from next(iter(errors.values()))
        return manifest

    def _check_targets(self) -> None:
        """Check early whether all files can be written."""
        format = self._plan.format
        if not os.access(self._folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self._folder))
        for path in sorted({format.path(self._folder, name) for name in self._plan.names}):
            format.check(path)
        check_target(self._folder / MANIFEST, force=True)

    def _load(self) -> RunInfo | None:
        """Load the saved state of an unfinished export; return None if there is none."""
        if self._states.has_run:
            return self._states.resume_run(self._plan.identity)
        # Files are left if a process was killed while it cleared the states of a complete export.
        self._states.clear()
        return None

    def _new_info(self, began: datetime) -> RunInfo:
        last = find_updatable(self._client, self._plan, self._folder, began)
        return RunInfo(
            asked=plain(self._plan.identity),
            began=began,
            last=last,
            rewritten=find_rewritten(self._plan, self._folder),
        )

    def _make_jobs(self, info: RunInfo, *, resumed: bool) -> dict[str, Job]:
        """Make the jobs of all resources and of their parents, which come first."""
        jobs = {name: self._make_job(name, info) for name in self._plan.names}
        names = {job.query.parent for job in jobs.values() if job.query.parent is not None}
        parents = {name: jobs.get(name) or self._make_job(name, info) for name in sorted(names)}
        for parent in parents.values():
            parent.keep_ids = True
        if resumed:
            for job in jobs.values():
                job.check_files()
        return {**parents, **jobs}

    def _make_job(self, name: str, info: RunInfo) -> Job:
        options, plan, last = self._options, self._plan, info.last.get(name)
        since = None if last is None else last.began
        return Job(
            ResourceQuery(
                client=self._client, name=name, filters=plan.filters_of(name), since=since
            ),
            run=info,
            plan=plan,
            folder=self._folder,
            states=self._states,
            checkpoint_every=plan.format.checkpoint_every
            if options.checkpoint_every is None
            else options.checkpoint_every,
            reporter=self._reporter,
            now=options.now,
        )

    def _finish(self, jobs: Mapping[str, Job], info: RunInfo) -> Manifest:
        """Write the manifest."""
        if self._plan.format.shared_file is not None:
            # SQLite leaves these journals if the process is killed while it writes two databases.
            for path in self._folder.glob(f"{self._plan.format.shared_file}-mj*"):
                if path.stat().st_mtime < self._started:
                    path.unlink()
        manifest = build_manifest(self._folder, self._plan, jobs, info, ended=self._options.now())
        manifest.write(self._folder)
        return manifest
