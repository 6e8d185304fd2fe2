"""One run of an export of an account: the survey, the estimate, then all jobs at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs

from ..._streaming.page_plan import FIRST
from ...client import IntervalsClient
from ...errors import APIError, AuthenticationError, BudgetError, DailyQuotaError, ResponseError
from ...limits import Budget
from ..in_thread import in_thread
from ..part_file import look_at_place
from .estimate import Estimate, ResourceEstimate, Work, seconds_for
from .incremental import stands_since
from .job import Job
from .manifest import MANIFEST, Manifest, plain
from .outcome import manifest_of
from .plan import ExportPlan
from .state import Begun, RunState

__all__ = ["AccountProgress", "Run"]


@attrs.frozen(kw_only=True)
class AccountProgress:
    """How far the export of one resource has come.

    Attributes:
        resource: Its name.
        records: How many records were written.
        listcount: How many there are, as far as is known yet.
        requests: What they took.
        ended: Whether its file is complete.
        left_out: Why it is left out; None where it is not.
        waits_until: When it goes on, in UTC, if it waits for the next day; else None.
    """

    resource: str
    records: int
    listcount: int | None
    requests: int
    ended: bool
    left_out: str | None
    waits_until: datetime | None = None


async def _sleep_until(moment: datetime) -> None:
    await asyncio.sleep(max((moment - datetime.now(UTC)).total_seconds(), 1.0))


class Run:
    """One run, of a process; see `export_account` for the arguments."""

    def __init__(
        self,
        *,
        client: IntervalsClient,
        folder: Path,
        states: RunState,
        plan: ExportPlan,
        jobs: int,
        checkpoint_every: float | None,
        wait_for_reset: bool,
        on_estimate: Callable[[Estimate], None] | None,
        on_progress: Callable[[AccountProgress], None] | None,
    ) -> None:
        self._client = client
        self._folder = folder
        self._states = states
        self._plan = plan
        self._places = asyncio.Semaphore(jobs)
        self._at_once = jobs
        usual = plan.format.checkpoint_every
        self._checkpoint_every = usual if checkpoint_every is None else checkpoint_every
        self._wait_for_reset = wait_for_reset
        self._on_estimate = on_estimate
        self._on_progress = on_progress
        self._started = time.time()
        # Requests that were for no resource.
        self._asides = 0
        self._jobs: dict[str, Job] = {}
        # The jobs at work, for those that wait for their parents.
        self._at_work: dict[str, asyncio.Task[None]] = {}

    async def all(self) -> Manifest:
        """Export all, and write the manifest."""
        # Not when the first file is begun: what was read before may have been changed by then.
        began = datetime.now(UTC)
        await in_thread(self._look_at_places)
        begun = await in_thread(self._look_back)
        since = (
            begun.since
            if begun
            else await in_thread(stands_since, self._client, self._plan, self._folder)
        )
        self._jobs = await in_thread(self._make_jobs, since)
        try:
            budget = await self._budget()
            await self._each(self._jobs.values(), self._survey)
            await self._estimate(budget, None if begun is None else begun.began)
            if begun is None:
                begun = Begun(asked=plain(self._plan.asked), began=began, since=since)
            begun.asides += self._asides
            await in_thread(self._states.note, begun)
            await self._each(self._jobs.values(), self._work)
        finally:
            for job in self._jobs.values():
                await job.aclose()
        return await in_thread(self._conclude, begun)

    def _conclude(self, begun: Begun) -> Manifest:
        """Write the manifest."""
        if self._plan.format.one_file is not None:
            # what SQLite forgets where it is killed while it writes two databases at once
            for path in self._folder.glob(f"{self._plan.format.one_file}-mj*"):
                if path.stat().st_mtime < self._started:
                    path.unlink()
        manifest = manifest_of(self._folder, self._plan, self._jobs, begun)
        manifest.write(self._folder)
        return manifest

    def _look_at_places(self) -> None:
        """Find what is in the way before a request is spent."""
        format = self._plan.format
        for path in sorted({format.path(self._folder, name) for name in self._plan.names}):
            format.look(path)
        look_at_place(self._folder / MANIFEST)

    def _look_back(self) -> Begun | None:
        if self._states.is_begun:
            return self._states.go_on(self._plan.asked)
        self._states.clear()  # of one that was complete, and killed while it was tidied away
        return None

    def _make_jobs(self, since: Mapping[str, datetime]) -> dict[str, Job]:
        """Make the jobs of all resources, and of those by which they are listed; these first."""
        wanted = {name: self._job(name, since.get(name)) for name in self._plan.names}
        parents = sorted({job.parent for job in wanted.values() if job.parent is not None})
        jobs = {name: wanted.get(name) or self._job(name, None) for name in parents}
        for job in jobs.values():
            job.keep_ids = True
        return {**jobs, **wanted}

    def _job(self, name: str, since: datetime | None) -> Job:
        return Job(
            client=self._client,
            name=name,
            plan=self._plan,
            folder=self._folder,
            states=self._states,
            state=self._states.load(name),
            checkpoint_every=self._checkpoint_every,
            since=since,
            tell=self._tell,
        )

    async def _budget(self) -> Budget | None:
        """Ask what is left of the day; None where the server does not tell.

        Raises:
            BudgetError: It does not suffice for the first pages, and nobody is to wait.
        """
        jobs = self._jobs.values()
        fresh = [job for job in jobs if job.state.began is None and not job.state.is_done]
        pages = sum(job.parent is None for job in fresh)
        least = min(pages, 1) if self._wait_for_reset else pages
        while True:
            try:
                budget = await self._client.budget()
            except AuthenticationError:
                raise  # so it would be with all the rest
            except (ResponseError, APIError) as error:
                self._asides += error.attempts
                return None  # all the rest can be read for all that
            self._asides += 1
            if budget.day_left >= least:
                return budget
            if not self._wait_for_reset or budget.next_reset is None:
                raise _too_little(f"at least {pages:,}", budget)
            for job in fresh[:1]:
                self._tell(job, waits_until=budget.next_reset)
            await _sleep_until(budget.next_reset)

    async def _each(
        self, jobs: Iterable[Job], work: Callable[[Job], Coroutine[Any, Any, None]]
    ) -> None:
        """Do the same with all jobs at once. The first error ends it."""
        failure: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as group:
                for job in jobs:
                    self._at_work[job.name] = group.create_task(work(job))
        except* Exception as errors:  # noqa: BLE001  the first of them is raised below
            failure = errors.exceptions[0]
        if failure is not None:
            raise failure

    async def _survey(self, job: Job) -> None:
        if not job.state.is_done:
            async with self._places:
                await self._patiently(job, job.begin)

    async def _estimate(self, budget: Budget | None, begun: datetime | None) -> None:
        """Say what it costs.

        Raises:
            BudgetError: The day's requests do not suffice.
        """
        works: list[Work] = []
        resources: list[ResourceEstimate] = []
        for job in self._jobs.values():
            state = job.state
            requests = job.requests_left(self._number_of(job.parent))
            rows = max((state.listcount or 0) - state.records, 0)
            works.append(Work(requests, rows, job.seconds, min(FIRST, rows)))
            if job.surveyed:
                requests += state.requests
            resources.append(
                ResourceEstimate(resource=job.name, listcount=state.listcount, requests=requests)
            )
        limiter = self._client._transport.limiter
        estimate = Estimate(
            resources=sorted(resources, key=lambda each: each.resource),
            seconds=seconds_for(
                works,
                jobs=self._at_once,
                limits=limiter.limits,
                used=await limiter.used(),  # now: the first pages have taken places, too
            ),
            day_left=None if budget is None else budget.day_left,
            next_reset=None if budget is None else budget.next_reset,
            begun=begun,
        )
        if self._on_estimate is not None:
            self._on_estimate(estimate)
        if budget is not None and not estimate.fits_today and not self._wait_for_reset:
            raise _too_little(f"about {estimate.requests:,}", budget, estimate.requests)

    def _number_of(self, parent: str | None) -> int:
        """About how many records a parent has."""
        if parent is None:
            return 0
        state = self._jobs[parent].state
        return len(state.ids) if state.is_done else max(state.listcount or 0, state.records)

    async def _work(self, job: Job) -> None:
        """Export one resource, from where it stands, when it is its turn."""
        if not job.state.is_done:
            ids = await self._parent_ids(job)
            if not job.state.is_done:
                async with self._places:
                    await self._patiently(job, lambda: job.run(ids))
        self._tell(job)

    async def _patiently(self, job: Job, work: Callable[[], Awaitable[None]]) -> None:
        """Do some work of a job; on the next day too, if that is wanted."""
        while True:
            try:
                await work()
            except DailyQuotaError as error:
                if not self._wait_for_reset or error.reset is None:
                    raise
                self._tell(job, waits_until=error.reset)
                await _sleep_until(error.reset)
                await job.start_again()
            else:
                return

    async def _parent_ids(self, job: Job) -> Sequence[int]:
        """Wait for what a resource is listed by; say why it is left out if that is not there."""
        if job.parent is None:
            return ()
        await self._at_work[job.parent]
        told = self._jobs[job.parent].state
        if told.left_out is not None:
            reason = f"it is listed by {job.parent}, which cannot be read: {told.left_out}"
            await job.leave_out(reason)
        elif len(told.ids) < told.records:
            await job.leave_out(f"it is listed by the ids of {job.parent}, which are not told")
        return told.ids

    def _tell(self, job: Job, waits_until: datetime | None = None) -> None:
        state = job.state
        if self._on_progress is not None:
            self._on_progress(
                AccountProgress(
                    resource=job.name,
                    records=state.records,
                    listcount=state.listcount,
                    requests=state.requests,
                    ended=state.ended is not None,
                    left_out=state.left_out,
                    waits_until=waits_until,
                )
            )


def _too_little(cost: str, budget: Budget, requests: int | None = None) -> BudgetError:
    until = f" until {budget.next_reset:%Y-%m-%d %H:%M} UTC" if budget.next_reset else ""
    error = BudgetError(
        f"the export takes {cost} requests, and {budget.day_left:,} of the day's "
        f"{budget.day_quota:,} are left{until}: export less, or let it wait for the next day "
        "(wait_for_reset=True, --wait-for-reset)"
    )
    error.requests = requests
    error.day_left, error.next_reset = budget.day_left, budget.next_reset
    return error
