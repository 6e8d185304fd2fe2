"""`BudgetCheck`: the cost of an export against what is left of the daily quota."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ... import Budget, IntervalsClient
from ...errors import (
    APIError,
    AuthenticationError,
    BudgetError,
    ConnectError,
    FieldUnreadableError,
    ResponseError,
    TransportError,
)
from .estimate import Estimate, RemainingWork, ResourceEstimate, estimate_seconds
from .failures import reason_of
from .job import Job
from .scheduler import Scheduler

__all__ = ["BudgetCheck"]


class BudgetCheck:
    """Compares the cost of an export with what is left of the daily quota.

    Args:
        client: The client.
        jobs: The jobs of the export.
        scheduler: What runs the jobs; it waits for a reset of the quota.
        wait_for_reset: Wait for the next day instead of raising `BudgetError`.

    Attributes:
        requests: The number of requests for the quota.
    """

    def __init__(
        self,
        client: IntervalsClient,
        jobs: Mapping[str, Job],
        scheduler: Scheduler,
        *,
        wait_for_reset: bool,
    ) -> None:
        self.requests: int = 0
        self._client = client
        self._jobs = jobs
        self._scheduler = scheduler
        self._wait_for_reset = wait_for_reset
        # None if it could not be read.
        self._budget: Budget | None = None

    async def require_survey(self) -> None:
        """Request the quota; make sure that it is enough for the first pages.

        Raises:
            BudgetError: It is not, and waiting is not allowed.
        """
        new = [job for job in self._jobs.values() if job.is_new]
        pages = sum(job.query.parent is None for job in new)
        required = min(pages, 1) if self._wait_for_reset else pages
        while True:
            budget = self._budget = await self._request_budget()
            if budget is None or budget.daily_left >= required:
                return
            if not self._wait_for_reset or budget.next_reset is None:
                raise _budget_error(f"at least {pages:,}", budget)
            await self._scheduler.wait_until(budget.next_reset, new[0] if new else None)

    async def estimate(self, *, parallel: int, begun: datetime | None) -> Estimate:
        """Estimate the cost of the jobs.

        Args:
            parallel: How many of them read at the same time.
            begun: When the export started, if it is resumed.
        """
        work: list[RemainingWork] = []
        resources: list[ResourceEstimate] = []
        for job in self._jobs.values():
            left = job.remaining_work(self._parents_of(job))
            work.append(left)
            sent = job.state.requests if job.was_surveyed else 0
            resources.append(
                ResourceEstimate(
                    resource=job.name,
                    listcount=job.state.listcount,
                    requests=left.requests + sent,
                )
            )
        # Now, because the first pages have used some of the limits, too.
        use = await self._client.limit_use()
        seconds = estimate_seconds(
            work,
            jobs=parallel,
            limits=[each.limit for each in use],
            used=[each.used for each in use],
        )
        budget = self._budget
        return Estimate(
            resources=sorted(resources, key=lambda each: each.resource),
            seconds=seconds,
            daily_left=None if budget is None else budget.daily_left,
            next_reset=None if budget is None else budget.next_reset,
            begun=begun,
            failed={
                name: reason_of(job.failure)
                for name, job in self._jobs.items()
                if job.failure is not None
            },
        )

    def require(self, estimate: Estimate) -> None:
        """Make sure that the quota is enough for the export.

        Raises:
            BudgetError: It is not, and waiting is not allowed.
        """
        if self._budget is not None and not estimate.fits_today and not self._wait_for_reset:
            raise _budget_error(
                f"about {estimate.requests:,}", self._budget, requests=estimate.requests
            )

    async def _request_budget(self) -> Budget | None:
        try:
            budget = await self._client.budget()
        except (AuthenticationError, ConnectError):
            raise  # every other request would fail, too
        except (ResponseError, APIError, TransportError) as error:
            self.requests += error.attempts
            return None  # all other resources can still be read
        except FieldUnreadableError:
            self.requests += 1
            return None
        self.requests += 1
        return budget

    def _parents_of(self, job: Job) -> int:
        """Estimate how many records the parent of a job has."""
        parent = job.query.parent
        if parent is None:
            return 0
        state = self._jobs[parent].state
        return len(state.ids) if state.is_done else max(state.listcount or 0, state.records)


def _budget_error(cost: str, budget: Budget, requests: int | None = None) -> BudgetError:
    until = f" until {budget.next_reset:%Y-%m-%d %H:%M} UTC" if budget.next_reset else ""
    error = BudgetError(
        f"daily quota: expected {cost} requests left, got {budget.daily_left:,} of "
        f"{budget.daily_quota:,}{until}; export fewer resources, or pass wait_for_reset=True "
        "(--wait-for-reset)"
    )
    error.requests = requests
    error.daily_left, error.next_reset = budget.daily_left, budget.next_reset
    return error
