"""`Scheduler`: run the jobs of an export concurrently, each after the job of its parent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from ...errors import DailyQuotaError
from .failures import ParentFailedError, concerns_all, reason_of
from .job import Job
from .progress import ProgressReporter

__all__ = ["Scheduler"]


class Scheduler:
    """Runs jobs concurrently, each after the job of its parent.

    Args:
        jobs: The jobs by name, including the jobs of all parents.
        parallel: The maximum number of jobs that read concurrently.
        wait_for_reset: Whether to wait for the reset if the daily quota is used up.
        reporter: Receives the progress of the jobs.
        now: Returns the present time, in UTC.
    """

    def __init__(
        self,
        jobs: Mapping[str, Job],
        *,
        parallel: int,
        wait_for_reset: bool,
        reporter: ProgressReporter,
        now: Callable[[], datetime],
    ) -> None:
        self._jobs = jobs
        self._slots = asyncio.Semaphore(parallel)
        self._wait_for_reset = wait_for_reset
        self._reporter = reporter
        self._now = now
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def survey(self) -> None:
        """Read the first page of every new job. A job that cannot read it fails.

        Raises:
            CallError: No page of any resource can be read.
        """
        await self._run_all(self._survey)

    async def run(self) -> None:
        """Run all jobs to their end, except those that fail.

        Raises:
            CallError: No resource can be read.
            OSError: No file can be written.
        """
        await self._run_all(self._run)

    async def wait_until(self, reset: datetime, job: Job | None) -> None:
        """Wait until the daily quota is reset.

        Args:
            reset: The time of the reset, in UTC.
            job: The job whose progress reports the wait. With None, the wait is not reported.
        """
        if job is not None:
            self._reporter.report(job.name, job.state, waits_until=reset)
        await _sleep_until(reset, self._now())

    async def _run_all(self, work: Callable[[Job], Coroutine[Any, Any, None]]) -> None:
        """Run `work` for all jobs concurrently, and raise the first error."""
        failure: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as group:
                for job in self._jobs.values():
                    self._tasks[job.name] = group.create_task(work(job))
        except* Exception as errors:  # noqa: BLE001  the first of them is raised below
            failure = errors.exceptions[0]
        if failure is not None:
            raise failure

    async def _survey(self, job: Job) -> None:
        if not job.state.is_done:
            async with self._catching(job), self._slots:
                await self._retry_after_reset(job, job.survey)

    async def _run(self, job: Job) -> None:
        if job.failure is not None:
            return
        async with self._catching(job):
            if not job.state.is_done:
                ids = await self._parent_ids(job)
                if not job.state.is_done:
                    async with self._slots:
                        await self._retry_after_reset(job, lambda: job.run(ids))
            elif job.state.left_out is not None:
                await job.leave_out(job.state.left_out)  # it could not be saved before
            self._reporter.report(job.name, job.state)

    @asynccontextmanager
    async def _catching(self, job: Job) -> AsyncGenerator[None]:
        """Let a job fail if the block raises, unless the error concerns all jobs."""
        try:
            yield
        except Exception as error:
            if concerns_all(error) or error is self._reporter.error:
                raise
            await job.fail(error)

    async def _retry_after_reset(self, job: Job, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work`; if the daily quota is used up, wait for its reset and run `work` again."""
        while True:
            try:
                await work()
            except DailyQuotaError as error:
                if not self._wait_for_reset or error.reset is None:
                    raise
                await self.wait_until(error.reset, job)
                await job.restart()
            else:
                return

    async def _parent_ids(self, job: Job) -> Sequence[int]:
        """Wait for the parent's job and return its ids; leave this job out if they are unknown.

        Raises:
            ParentFailedError: The parent has failed.
        """
        parent = job.query.parent
        if parent is None:
            return ()
        await self._tasks[parent]
        failure, state = self._jobs[parent].failure, self._jobs[parent].state
        if failure is not None:
            raise ParentFailedError(
                f"it is listed by {parent}, which failed: {reason_of(failure)}"
            ) from failure
        if state.left_out is not None:
            reason = f"it is listed by {parent}, which cannot be read: {state.left_out}"
            await job.leave_out(reason)
        elif len(state.ids) < state.records:
            await job.leave_out(
                f"it is listed by the ids of {parent}, which has records without an id"
            )
        return state.ids


async def _sleep_until(moment: datetime, now: datetime) -> None:
    await asyncio.sleep(max((moment - now).total_seconds(), 1.0))
