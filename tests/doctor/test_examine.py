"""`examine` compares a server with its documentation, in at most 60 GET requests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from intervals_async import (
    ArgumentError,
    BudgetError,
    ConnectError,
    DailyQuotaError,
    IntervalsClient,
    InvalidCredentialsError,
    RetryPolicy,
    TooFastError,
)
from intervals_async.doctor import MOST_REQUESTS, Status, examine
from intervals_async.doctor.budget import NotTestedError, RequestBudget
from intervals_async.resources import names
from intervals_async.testing import faults, quirks

from ..conftest import AT_ONCE
from .examined import contains, differences, examined, finding, report_of, server

GROUPS = ("Administrator", "Manager", "Resource", "Executive")

# The quirks that need a parameter, and those whose difference is best seen with one.
PARAMETERS: Mapping[str, Any] = MappingProxyType(
    {
        "capped_limit": 50,
        "error_verbose": "text",
        "field_values": {"projectnote": {"date": "2001-02-03 24:00:00"}, "task": {"title": None}},
        "forbidden": ["project", "worktype"],
        "id_order": "descending",
        "missing_fields": {"me": ["localid"], "task": ["projectid"]},
        "unknown_fields": {"time": {"unknown_rate": "1.5"}, "client": {"unknown_text": "text"}},
    }
)
# An examination only reads, and the time zone of the account stays out of the report.
TESTABLE = [name for name in quirks.NAMES if name not in ("empty_delete", "utc_offset")]


@pytest.mark.parametrize("group", GROUPS)
async def test_a_documented_server_does_not_differ(group: str) -> None:
    """No check reports a difference of a server that follows its documentation."""
    async with server() as fake:
        report = await examined(fake, fake.token_for(group))
    assert differences(report) == set()
    assert report.quirks().keys() <= {"forbidden"}
    assert report.complete


async def test_an_examination_sends_at_most_60_get_requests() -> None:
    """Each request of an examination is a GET, is counted, and is reported before it is sent."""
    sent: list[tuple[int, int, str]] = []
    async with server() as fake:
        report = await examined(fake, on_request=lambda *seen: sent.append(seen))
        assert {each.method for each in fake.log} == {"GET"}
        assert report.requests == fake.requests == len(sent) <= MOST_REQUESTS
        assert {each.path.split("/")[1] for each in fake.log} >= {*names()}
    assert [number for number, _, _ in sent] == [*range(1, len(sent) + 1)]


@pytest.mark.parametrize("requests", [2, 20, 45])
async def test_a_smaller_budget_holds(requests: int) -> None:
    """What the budget does not allow is not tested, and each check says so."""
    async with server() as fake:
        report = await examined(fake, requests=requests)
        assert fake.requests == report.requests <= requests
    assert any(str(requests) in each.found for each in report.findings)
    assert {each.check for each in report.findings} >= {"paging.cap", "order.sortfield"}


@pytest.mark.parametrize("requests", [0, 61])
async def test_a_budget_has_limits(intervals: IntervalsClient, requests: int) -> None:
    """A budget is 1 to 60 requests."""
    with pytest.raises(ArgumentError, match="requests"):
        await examine(intervals, requests=requests)


@pytest.mark.parametrize("name", TESTABLE)
async def test_each_quirk_is_found_and_can_be_played_back(name: str) -> None:
    """The report of a server with a quirk differs, and names the quirk for `FakeIntervals`."""
    quirk = {name: PARAMETERS.get(name, True)}
    report = await report_of(quirk)
    assert differences(report)
    assert contains(report.quirks(), quirks.to_json(quirk))


async def test_a_delete_is_not_tested() -> None:
    """The only quirk that shows in writes is not tested, because an examination only reads."""
    report = await report_of({"empty_delete"})
    assert differences(report) == set()
    assert finding(report, "writes").status is Status.NOT_TESTED


async def test_ten_differences_at_once_are_all_found() -> None:
    """Differences do not hide one another."""
    several = {
        "business_day": True,
        "capped_limit": 40,
        "error_verbose": "object",
        "exact_text": True,
        "exclusive_dates": True,
        "json_numbers": True,
        "lookup_members": True,
        "me_object": True,
        "no_listcount": True,
        "string_envelopes": True,
        "task_rows_2025": True,
        "us_dates": True,
        "missing_fields": {"projectnote": ["secure"]},
    }
    report = await report_of(several)
    assert contains(report.quirks(), several)
    assert len({check for check, _ in differences(report)}) >= 10
    # the second server behaves as the first one, also for those who examine it
    again = await report_of(report)
    assert again.quirks() == report.quirks()
    assert differences(again) == differences(report)


@pytest.mark.parametrize("group", ["Resource", "Executive"])
async def test_what_a_group_may_not_read_is_named(group: str) -> None:
    """Lists that the owner's group may not read are named, and their fields are not tested."""
    async with server() as fake:
        report = await examined(fake, fake.token_for(group))
    access = finding(report, "access.list", "worktype")
    assert access.status is Status.AS_DOCUMENTED
    assert access.found == f"{group} may not read it"
    assert finding(report, "fields.list", "worktype").status is Status.NOT_TESTED


async def test_a_refusal_that_is_not_documented_differs() -> None:
    """A list that the group may read by the documentation, and cannot, is a difference."""
    report = await report_of({"forbidden": ["task"]})
    assert ("access.list", "task") in differences(report)
    assert finding(report, "filters.range.datedue", "task").status is Status.NOT_TESTED


async def test_an_account_without_records_is_examined() -> None:
    """Checks that need records are not tested, with the reason; the others are made."""
    report = await report_of(notes=0, projects=0, people=1, clients=0)
    assert report.complete
    assert differences(report) == set()
    assert finding(report, "fields.list", "projectnote").found == "there is no record"
    assert finding(report, "errors.wrong_filter").status is Status.AS_DOCUMENTED
    assert "id of project" in finding(report, "fields.list", "projectteam").found


async def test_the_client_waits_for_the_rate_limit_and_counts_its_refusals() -> None:
    """A request that the rate limit refused is repeated, and both requests are counted."""
    async with server() as fake:
        fake.inject(faults.TooFast(retry_after="0", status=429), skip=10, times=2)
        report = await examined(fake)
        assert report.requests == fake.requests <= MOST_REQUESTS
    assert report.complete
    assert differences(report) == {("headers.limits", "responses")}
    assert "with Retry-After" in finding(report, "headers.limits").found


async def test_a_wait_that_is_too_long_ends_an_examination() -> None:
    """If the server asks to wait longer than `wait_max`, nothing else is sent."""
    async with server() as fake:
        fake.inject(faults.TooFast(retry_after="3600", status=429), skip=40)
        report = await examined(fake)
        assert report.requests == fake.requests == 41
    assert not report.complete


async def test_the_client_pauses_longer_after_each_refusal() -> None:
    """Refusals in a row double the pause of the client's rate limits, each for one request."""
    policies: list[RetryPolicy] = []

    class Refusing:
        def with_options(self, *, retry: RetryPolicy) -> Refusing:
            policies.append(retry)
            return self

        async def raw_request(self, *_: object, **__: object) -> None:
            raise TooFastError("too fast")

    client: Any = Refusing()
    budget = RequestBudget(client, 60, RetryPolicy(wait_too_fast=10), lambda *_: None)
    with pytest.raises(NotTestedError):
        await budget.get("/task/", {})
    assert [each.attempts for each in policies] == [1, 1, 1, 1]
    assert [each.wait_too_fast for each in policies] == [10, 20, 40, 60]
    assert budget.sent == 4


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (faults.TooFast(), "rate limit"),
        (faults.DayUsedUp(), "daily quota"),
        (faults.DropBefore(), "connection"),
    ],
)
async def test_limits_and_failures_end_an_examination_early(
    fault: faults.Fault, reason: str
) -> None:
    """Nothing else is sent after a limit or three failures; the report holds what was found."""
    async with server() as fake:
        fake.inject(fault, skip=40, times=None)
        report = await examined(fake)
        assert report.requests == fake.requests <= 40 + AT_ONCE.attempts
    assert not report.complete
    assert differences(report) == set()
    assert reason in finding(report, "filters.text.title", "task").found
    assert finding(report, "fields.list", "client").status is Status.AS_DOCUMENTED


async def test_the_budget_includes_the_quota_request_of_the_client() -> None:
    """If the last request finds the quota used up, the client's own request is within the budget."""
    async with server() as fake:
        fake.inject(faults.DayUsedUp(), skip=MOST_REQUESTS - 2, times=None)
        report = await examined(fake)
        assert report.requests == fake.requests == MOST_REQUESTS


async def test_a_lost_response_costs_one_check_only() -> None:
    """A single failed connection leaves one list untested, and the examination continues."""
    async with server() as fake:
        fake.inject(faults.DropBefore(), path="/task/")
        report = await examined(fake)
    assert report.complete
    assert finding(report, "fields.list", "task").status is Status.NOT_TESTED
    assert finding(report, "fields.list", "time").status is Status.AS_DOCUMENTED


async def test_a_response_that_is_too_large_costs_one_check_only() -> None:
    """A response beyond the client's `max_response_bytes` leaves one list untested."""
    async with (
        server() as fake,
        IntervalsClient(
            fake.token, base_url=fake.url, limits=(), max_response_bytes=60_000
        ) as client,
    ):
        report = await examine(client, retry=AT_ONCE)
    assert report.complete
    assert "ResponseError" in finding(report, "fields.list", "projectnote").found


async def test_an_unknown_group_is_not_named() -> None:
    """The group of the owner is named only if it is one of the four documented ones."""
    report = await report_of({"field_values": {"me": {"group": "Bosses"}}})
    assert finding(report, "access.list", "me").found == "this group may read it"
    assert "Bosses" not in report.to_json()


@pytest.mark.parametrize(
    ("fault", "error"),
    [(faults.DayUsedUp(), DailyQuotaError), (faults.Status(401, 9), InvalidCredentialsError)],
)
async def test_a_first_request_that_fails_raises(
    fault: faults.Fault, error: type[Exception]
) -> None:
    """Without a first response there is nothing to report."""
    async with server() as fake:
        fake.inject(fault)
        with pytest.raises(error):
            await examined(fake)


async def test_an_unreachable_server_raises() -> None:
    """A server that cannot be reached is no report."""
    async with IntervalsClient("abc12345678", base_url="http://127.0.0.1:1/") as client:
        with pytest.raises(ConnectError):
            await examine(client)


async def test_a_small_quota_is_not_used_up() -> None:
    """An account with fewer requests left today than the budget is left alone."""
    async with server(per_day=59) as fake:
        with pytest.raises(BudgetError) as caught:
            await examined(fake)
        assert (caught.value.requests, caught.value.daily_left) == (60, 58)
        assert fake.requests == 2


async def test_an_examination_can_be_cancelled() -> None:
    """A cancelled examination ends at once, and leaves nothing behind."""
    async with server() as fake:
        fake.inject(faults.Hold(asyncio.Event()), skip=20)
        reached = asyncio.Event()

        def see(sent: int, allowed: int, path: str) -> None:
            if sent == 21:
                reached.set()

        task = asyncio.create_task(examined(fake, on_request=see))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_an_ignored_offset_and_limit_are_found() -> None:
    """A server that sends the same page whatever is asked for is described so."""
    async with server() as fake:
        for name in names():
            if name not in ("me", "quota", "time"):
                fake.inject(faults.Status(403, 10), times=None, path=f"/{name}/*")
        rows = b'{"listcount":3,"time":[{"id":"1"},{"id":"2"},{"id":"3"}]}'
        fake.inject(faults.Raw(rows), times=None, path="/time/")
        report = await examined(fake)
    found = finding(report, "paging.offset")
    assert found.status is Status.DIFFERS
    assert "offset is ignored" in found.found
    assert "limit=1 gave 3 records" in found.found


async def test_a_small_wrong_page_is_not_taken_for_a_finding() -> None:
    """If the pages that a check needs do not come, it is not made."""
    async with server() as fake:
        fake.inject(faults.Status(500, 1), skip=36, times=None)
        report = await examined(fake)
    for check in ("paging.offset", "paging.default", "envelope.no_record", "filters.moment"):
        assert finding(report, check).status is Status.NOT_TESTED
    assert finding(report, "fields.member_form", "task").found == "HTTP 500"


async def test_headers_are_reported_by_name_only() -> None:
    """Headers about limits and caching are named, without their values."""
    headers = {"X-RateLimit-Remaining": "4711", "ETag": '"acme"', "X-Owner": "acme"}
    async with server() as fake:
        fake.inject(faults.Raw(b"{}", headers=headers), path="/client/")
        report = await examined(fake)
    assert finding(report, "headers.limits").found == "x-ratelimit-remaining"
    assert finding(report, "headers.caching").found == "etag"
    assert "4711" not in report.to_json()
    assert "acme" not in report.to_json()
