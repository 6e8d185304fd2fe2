"""`examine`: compare a server with its documentation."""

from __future__ import annotations

from collections.abc import Callable

from .. import ArgumentError, IntervalsClient, RetryPolicy, __version__
from .budget import MOST_REQUESTS, RequestBudget
from .checks import CHECKS
from .examination import Examination
from .report import FieldShape, Finding, Report, Status
from .samples import shapes_of

__all__ = ["examine"]

_NOT_TESTABLE = Finding(
    check="writes",
    subject="POST, PUT, DELETE",
    status=Status.NOT_TESTED,
    documented="a DELETE has an empty list as its result",
    found="an examination only reads",
)


def _ignore(sent: int, allowed: int, path: str) -> None:
    pass


async def examine(
    client: IntervalsClient,
    *,
    requests: int = MOST_REQUESTS,
    retry: RetryPolicy | None = None,
    on_request: Callable[[int, int, str], None] = _ignore,
) -> Report:
    """Compare the server of an account with its documentation.

    It sends GET requests only, one at a time and within the client's rate limits, and never more
    than `requests`. The report holds no value of the account.

    Args:
        client: The client. Its retry policy is not used, because each request is counted.
        requests: The number of requests to send at most, from 1 to 60. With few of them, most
            checks are not made.
        retry: The waits after a request that the rate limit refused, and the number of attempts.
        on_request: Called before each request with the number of this request, the number of
            requests allowed, and the path.

    Returns:
        The report. If a limit or failures end the examination early, `Report.complete` is False,
        and the remaining checks are not made.

    Raises:
        ArgumentError: `requests` is not from 1 to 60.
        BudgetError: The daily quota has fewer requests left.
        CallError: The first request failed, for instance because the token is not valid.

    Example:
        ::

            report = await examine(intervals)
            for finding in report.findings:
                print(finding.status.value, finding.check, finding.subject, finding.found)
    """
    if not 1 <= requests <= MOST_REQUESTS:
        raise ArgumentError(f"requests: expected 1 to {MOST_REQUESTS}, got {requests!r}")
    budget = RequestBudget(client, requests, retry or RetryPolicy(), on_request)
    examination = Examination(budget)
    await examination.sample_everything(requests)
    findings = [finding for check in CHECKS for finding in await check.findings(examination)]
    return Report(
        library=__version__,
        requests=budget.sent,
        complete=budget.stopped is None,
        findings=(*findings, _NOT_TESTABLE),
        fields=_fields(examination),
    )


def _fields(examination: Examination) -> tuple[FieldShape, ...]:
    samples = (*examination.lists.values(), *examination.members.values())
    return tuple(
        shape for sample in samples if sample.rows for shape in shapes_of(sample, examination.seen)
    )
