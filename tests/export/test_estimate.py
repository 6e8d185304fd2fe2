"""An export estimates its cost before it starts, from pages that it needs anyway."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from intervals_async import (
    BudgetError,
    DailyQuotaError,
    IntervalsClient,
    Limit,
)
from intervals_async._streaming.page_plan import pages_of
from intervals_async.export import (
    AccountProgress,
    Estimate,
    IncompleteExportError,
    ResourceEstimate,
    export_account,
)
from intervals_async.export.accounts import scheduler
from intervals_async.export.accounts.estimate import RemainingWork, estimate_seconds
from intervals_async.export.accounts.job import Job
from intervals_async.export.accounts.listings import (
    exportable_resources,
    listing_for,
    parent_of,
    requests_for_parents,
    requests_left,
)
from intervals_async.export.accounts.plan import ExportPlan
from intervals_async.export.accounts.progress import ProgressReporter
from intervals_async.export.accounts.query import ResourceQuery
from intervals_async.export.accounts.state import ResourceState, StateFolder
from intervals_async.resources import resource_class
from intervals_async.testing import FakeIntervals, faults

from ..conftest import AT_ONCE
from .exported import ids_of, rows_of

NOW = datetime(2026, 5, 6, 7, 8, tzinfo=UTC)


class Estimates:
    """Receives the estimates of an export."""

    def __init__(self) -> None:
        self.all: list[Estimate] = []

    def __call__(self, estimate: Estimate) -> None:
        """Keep an estimate."""
        self.all.append(estimate)

    @property
    def only(self) -> Estimate:
        """The estimate, of which there is exactly one."""
        (estimate,) = self.all
        return estimate

    @property
    def requests(self) -> Mapping[str, int]:
        """The estimated number of requests of each resource."""
        return {each.resource: each.requests for each in self.only.resources}


def sent(fake: FakeIntervals) -> Counter[str]:
    """Count the requests that the server received for each resource."""
    return Counter(seen.path.strip("/") for seen in fake.log)


def contents(folder: Path) -> dict[str, bytes]:
    """Read all files in a folder and its subfolders."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in files}


def server_with_quota(requests: int, notes: int = 50) -> FakeIntervals:
    """Make a server with a daily quota."""
    return FakeIntervals(notes=notes, seed=1, per_minute=None, per_day=requests)


@pytest.mark.parametrize(
    ("listcount", "read", "sent", "requests"),
    [
        (0, 0, 1, 0),
        (90, 0, 1, 0),
        (800, 0, 1, 1),
        (5000, 0, 1, 2),
        (800, 0, 0, 2),
        (800, 700, 9, 1),
    ],
)
def test_requests_left_of_a_listing(
    intervals: IntervalsClient, listcount: int, read: int, sent: int, requests: int
) -> None:
    """Requests already sent are subtracted; after a resume, pages are small again."""
    listing = listing_for(intervals, "projectnote", {})
    assert requests_left(listing, listcount, read=read, sent=sent) == requests


def test_requests_left_of_a_listing_without_pages(intervals: IntervalsClient) -> None:
    """A resource without pages takes one request, however many records it has."""
    listing = listing_for(intervals, "group", {})
    assert requests_left(listing, 5000, read=0, sent=0) == 1
    assert requests_left(listing, 5000, read=0, sent=1) == 0


def test_requests_left_of_a_listing_by_weeks(intervals: IntervalsClient) -> None:
    """A range that is split into weeks takes one request for each week."""
    begin = datetime.now(UTC) - timedelta(days=20)
    listing = listing_for(intervals, "tasknote", {"datebegin": begin})
    assert requests_left(listing, 0, read=0, sent=0) == 4
    assert requests_left(listing, 0, read=0, sent=1) == 3
    assert requests_left(listing, 0, read=0, sent=9) == 0


@pytest.mark.parametrize(
    ("parent", "number", "requests"),
    [("person", 0, 0), ("person", 12, 12), ("task", 0, 0), ("task", 1, 2), ("task", 201, 4)],
)
def test_requests_for_parents(parent: str, number: int, requests: int) -> None:
    """Each parent takes one request, but 200 tasks together take two."""
    assert requests_for_parents(parent, number) == requests


@pytest.mark.parametrize(
    ("requests", "used", "seconds"),
    [(0, 0, 0), (98, 0, 0), (99, 0, 60), (98, 1, 60), (196, 0, 60), (197, 0, 120), (0, 100, 60)],
)
def test_rate_limit_determines_the_duration(requests: int, used: int, seconds: float) -> None:
    """With a limit of 100 a minute, 98 requests pass each minute: 2 are reserved."""
    works = [RemainingWork(requests, 0, 0.0, 0)]
    assert estimate_seconds(works, jobs=4, limits=[Limit(100)], used=[used]) == seconds


def test_first_pages_determine_the_duration() -> None:
    """The fastest first page is the overhead of a request; the rest is proportional to rows."""
    quick, slow = RemainingWork(0, 0, 0.1, 0), RemainingWork(2, 300, 1.1, 100)
    assert estimate_seconds([quick, slow], jobs=4, limits=[], used=[]) == pytest.approx(3.2)
    four = [quick, slow, slow, slow, slow, slow, slow]
    assert estimate_seconds(four, jobs=4, limits=[], used=[]) == pytest.approx(6 * 3.2 / 4)
    single = RemainingWork(0, 3, 1.1, 1)
    assert estimate_seconds([quick, single], jobs=1, limits=[], used=[]) == pytest.approx(3.0)
    assert estimate_seconds([], jobs=4, limits=[Limit(100)], used=[0]) == 0
    most = [Limit(10, per=1, reserved=0), Limit(100, per=60, reserved=0)]
    assert estimate_seconds([RemainingWork(150, 0, 0.0, 0)], jobs=4, limits=most, used=[0, 0]) == 60


def test_estimate_compares_the_total_with_the_quota() -> None:
    """An estimate adds up its requests, and fits today unless it is known to exceed the quota."""
    each = [ResourceEstimate(resource=name, listcount=None, requests=3) for name in "ab"]
    for left, fits in ((5, False), (6, True), (None, True)):
        estimate = Estimate(resources=each, seconds=0, daily_left=left, next_reset=None)
        assert estimate.requests == 6
        assert estimate.fits_today is fits


def test_estimate_as_plain_data() -> None:
    """`to_dict` returns the total of the requests and all attributes as JSON holds them."""
    reset = datetime(2026, 5, 7, tzinfo=UTC)
    each = ResourceEstimate(resource="task", listcount=9, requests=2)
    estimate = Estimate(resources=[each], seconds=1.5, daily_left=7, next_reset=reset)
    assert estimate.to_dict() == {
        "requests": 2,
        "resources": [{"resource": "task", "listcount": 9, "requests": 2}],
        "seconds": 1.5,
        "daily_left": 7,
        "next_reset": "2026-05-07T00:00:00+00:00",
        "begun": None,
        "failed": {},
    }


def job_of(client: IntervalsClient, folder: Path, query: ResourceQuery, **state: Any) -> Job:
    """Make a job with a saved state."""
    states = StateFolder(folder / ".unfinished")
    states.path.mkdir()
    states.save(query.name, ResourceState(**state))
    plan = ExportPlan.of(
        client,
        resources=[query.name],
        exclude=(),
        filters=None,
        format="jsonl",
        decimals="float",
        since=None,
        incremental=query.since is not None,
    )
    return Job(
        query,
        unreadable={},
        rounded={},
        plan=plan,
        folder=folder,
        states=states,
        checkpoint_every=60,
        reporter=ProgressReporter(None),
    )


@pytest.mark.parametrize(
    ("state", "requests", "records"),
    [
        ({}, 0, 0),
        ({"listcount": 800, "requests": 1}, 1, 800),
        ({"began": NOW, "listcount": 900, "records": 100, "requests": 1}, 2, 800),
        ({"began": NOW, "listcount": 900, "records": 900, "requests": 3}, 1, 0),
        ({"began": NOW, "listcount": 5, "records": 9, "requests": 1}, 1, 0),
        ({"began": NOW, "ended": NOW, "listcount": 900, "records": 900, "requests": 3}, 0, 0),
    ],
    ids=["not surveyed", "surveyed", "started", "all read", "more than counted", "ended"],
)
def test_remaining_work_of_a_job(
    tmp_path: Path,
    intervals: IntervalsClient,
    state: Mapping[str, Any],
    requests: int,
    records: int,
) -> None:
    """A started job takes at least one more request; an ended one takes none."""
    query = ResourceQuery(client=intervals, name="projectnote", filters={}, since=None)
    left = job_of(intervals, tmp_path, query, **state).remaining_work(0)
    assert left == RemainingWork(requests, records, 0.0, 0)


def test_remaining_work_of_an_update_includes_the_count(
    tmp_path: Path, intervals: IntervalsClient
) -> None:
    """An incremental export of tasks takes one more request, for the number of all tasks."""
    query = ResourceQuery(client=intervals, name="task", filters={}, since=NOW)
    job = job_of(intervals, tmp_path, query, listcount=150, requests=1)
    assert job.remaining_work(0).requests == 2


@pytest.mark.parametrize("notes", [0, 50, 100, 101, 900, 5000])
async def test_estimate_of_pages_is_exact(tmp_path: Path, notes: int) -> None:
    """The estimated requests are the requests sent, for every size, and none is repeated."""
    estimates = Estimates()
    async with server_with_quota(6000, notes) as fake:
        async with IntervalsClient(fake.token, base_url=fake.url, limits=()) as client:
            manifest = await export_account(
                client, tmp_path, resources=["projectnote"], on_estimate=estimates
            )
        assert sent(fake) == {"quota": 1, "projectnote": estimates.requests["projectnote"]}
        assert len({(seen.path, *seen.query.items()) for seen in fake.log}) == len(fake.log)
    assert manifest.requests == len(fake.log)
    assert manifest.records == notes
    assert estimates.only.daily_left == 6000
    assert estimates.only.next_reset is not None
    assert estimates.only.resources[0].listcount == notes


async def test_export_sends_only_one_extra_request(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """An export sends the requests of plain listings, and one for the quota."""
    for _ in range(150):
        fake.insert("group")  # a resource without pages
        fake.insert("task")
    for resource in exportable_resources():
        parent = parent_of(resource, {})
        if "list" not in resource_class(resource).methods():
            await getattr(intervals, resource).get()
        else:
            parents = ids_of(fake, parent) if parent else ()
            await listing_for(intervals, resource, {}, parents).collect()
    plain = sent(fake)
    fake.clear_log()
    estimates = Estimates()
    manifest = await export_account(intervals, tmp_path, on_estimate=estimates)
    assert sent(fake) == plain + Counter(["quota"])
    assert manifest.requests == len(fake.log)
    assert {each.resource: each.requests for each in manifest.exported} == dict(plain)
    # The number of notes of a task is unknown beforehand.
    assert estimates.requests == {**plain, "tasknote": 4}
    assert plain["tasknote"] in (2, 3, 4)
    listed = {each.resource: each.listcount for each in estimates.only.resources}
    by_parents = {name for name in listed if parent_of(name, {}) is not None}
    for each in manifest.exported:
        expected = None if each.resource in by_parents | {"me", "quota"} else each.records
        assert listed[each.resource] == expected


@pytest.mark.parametrize("tasks", [0, 140, 141, 500])
async def test_estimate_of_notes_by_tasks_is_an_upper_bound(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient, tasks: int
) -> None:
    """Notes of 200 tasks are estimated at two requests, besides those for the tasks."""
    for _ in range(tasks):
        fake.insert("task")
    estimates = Estimates()
    manifest = await export_account(
        intervals, tmp_path, resources=["tasknote"], on_estimate=estimates
    )
    parents = pages_of(60 + tasks)
    groups = -(-(60 + tasks) // 200)
    assert estimates.requests == {"task": parents, "tasknote": 2 * groups}
    assert sent(fake)["task"] == parents
    assert groups <= sent(fake)["tasknote"] <= 2 * groups
    assert manifest.requests == len(fake.log)
    assert manifest.further_requests == 1 + parents
    assert manifest.exported[0].records == len(ids_of(fake, "tasknote"))


@pytest.mark.parametrize("days", [3, 30, 400])
async def test_estimate_of_notes_by_weeks_is_exact(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient, days: int
) -> None:
    """A range of weeks takes one request for each week, even if some weeks are empty."""
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(days=days)
    filters = {"tasknote": {"datebegin": begin}}
    estimates = Estimates()
    manifest = await export_account(
        intervals, tmp_path, resources=["tasknote"], filters=filters, on_estimate=estimates
    )
    assert sent(fake) == {"quota": 1, **estimates.requests}
    assert manifest.requests == len(fake.log)


async def test_unreadable_resource_is_requested_once(tmp_path: Path, fake: FakeIntervals) -> None:
    """A resource that may not be read is requested once, and its children not at all."""
    estimates = Estimates()
    token = fake.token_for("Resource")
    async with IntervalsClient(token, base_url=fake.url, limits=()) as client:
        manifest = await export_account(
            client, tmp_path, resources=["invoice", "invoiceitem", "person"], on_estimate=estimates
        )
    assert sent(fake) == {"quota": 1, "invoice": 1, "person": 1}
    assert estimates.requests == {"invoice": 0, "invoiceitem": 0, "person": 1}
    assert manifest.requests == len(fake.log)


async def test_estimate_is_reported_before_anything_is_written(
    tmp_path: Path, intervals: IntervalsClient
) -> None:
    """`on_estimate` is called once, while the files of the last export are unchanged."""
    await export_account(intervals, tmp_path, resources=["time"], format="sqlite")
    content = (tmp_path / "account.sqlite").read_bytes()
    seen: list[list[str]] = []

    def inspect(_: Estimate) -> None:
        seen.append(sorted(os.listdir(tmp_path)))
        assert (tmp_path / "account.sqlite").read_bytes() == content
        assert {*os.listdir(tmp_path / ".unfinished")} == {".lock.part"}

    await export_account(
        intervals, tmp_path, resources=["time"], format="sqlite", on_estimate=inspect
    )
    assert seen == [[".unfinished", "account.sqlite", "manifest.json"]]


@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt, DailyQuotaError])
async def test_error_of_on_estimate_ends_the_export(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient, error: type[BaseException]
) -> None:
    """An error raised by `on_estimate` ends the export; no folder is left, no request follows."""

    def refuse(estimate: Estimate) -> None:
        raise error("no")

    with pytest.raises(error):
        await export_account(
            intervals, tmp_path / "new", resources=["person", "personcontact"], on_estimate=refuse
        )
    assert os.listdir(tmp_path) == []
    assert sent(fake) == {"quota": 1, "person": 1}


async def test_export_over_the_quota_is_not_started(tmp_path: Path) -> None:
    """An export that exceeds the quota leaves no folder; the error has its cost and the reset."""
    some = ["person", "personcontact"]
    estimates = Estimates()
    async with server_with_quota(12) as fake:
        async with IntervalsClient(fake.token, base_url=fake.url, limits=()) as client:
            with pytest.raises(BudgetError) as caught:
                await export_account(
                    client, tmp_path / "new", resources=some, on_estimate=estimates
                )
        assert sent(fake) == {"quota": 1, "person": 1}
    assert str(caught.value) == (
        "daily quota: expected about 13 requests left, got 12 of 12 until "
        f"{estimates.only.next_reset:%Y-%m-%d} 00:00 UTC; "
        "export fewer resources, or pass wait_for_reset=True (--wait-for-reset)"
    )
    assert (caught.value.requests, caught.value.daily_left) == (13, 12)
    assert caught.value.next_reset == estimates.only.next_reset
    assert estimates.only.requests == 13
    assert not estimates.only.fits_today
    assert os.listdir(tmp_path) == []


async def test_export_that_just_fits_is_started(tmp_path: Path) -> None:
    """An export that needs exactly the remaining quota is started and completed."""
    async with (
        server_with_quota(13) as fake,
        IntervalsClient(fake.token, base_url=fake.url, limits=()) as client,
    ):
        manifest = await export_account(client, tmp_path, resources=["person", "personcontact"])
        assert manifest.requests == 14
        assert (await client.budget()).daily_left == 0


async def test_refused_export_leaves_the_last_one_unchanged(tmp_path: Path) -> None:
    """An export that exceeds the quota changes no file of the last export."""
    some = ["person", "personcontact"]
    async with (
        server_with_quota(20) as fake,
        IntervalsClient(fake.token, base_url=fake.url, limits=()) as client,
    ):
        await export_account(client, tmp_path, resources=some)
        before = contents(tmp_path)
        with pytest.raises(BudgetError) as caught:
            await export_account(client, tmp_path, resources=some)
    assert (caught.value.requests, caught.value.daily_left) == (13, 7)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("left", [0, 1, 20])
async def test_first_pages_over_the_quota_are_not_requested(tmp_path: Path, left: int) -> None:
    """If the first pages alone exceed the quota, only the quota is requested."""
    async with server_with_quota(100) as fake, server_with_quota(left) as small:
        async with IntervalsClient(small.token, base_url=small.url, limits=()) as client:
            with pytest.raises(BudgetError) as caught:
                await export_account(client, tmp_path / "new")
        async with IntervalsClient(fake.token, base_url=fake.url, limits=()) as client:
            manifest = await export_account(client, tmp_path / "all")
        assert sent(small) == {"quota": 1}
    first = sum(parent_of(each.resource, {}) is None for each in manifest.exported)
    assert f"expected at least {first} requests left, got {left} of {left}" in str(caught.value)
    assert (caught.value.requests, caught.value.daily_left) == (None, left)
    assert os.listdir(tmp_path) == ["all"]


async def interrupt(fake: FakeIntervals, client: IntervalsClient, folder: Path) -> None:
    """Export people and their contact details, up to an error after the third person."""
    fake.inject(faults.Status(500, 1, "Down"), times=4, path="/personcontact/", skip=3)
    with pytest.raises(IncompleteExportError):
        await export_account(client, folder, resources=["person", "personcontact"])
    fake.clear_log()


async def test_estimate_of_a_resumed_export_is_the_rest(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """The estimate of a resumed export counts only what is left."""
    await interrupt(fake, intervals, tmp_path)
    estimates = Estimates()
    await export_account(
        intervals, tmp_path, resources=["person", "personcontact"], on_estimate=estimates
    )
    assert estimates.requests["person"] == 0
    assert sent(fake) == {"quota": 1, "personcontact": 9}
    assert (
        abs(estimates.requests["personcontact"] - 9) <= 4
    )  # the four failed requests are subtracted, too


class Days:
    """The clock of a server, which moves to the next day when an export waits for the reset."""

    def __init__(self) -> None:
        # A day ahead, so that no reset happens while a test runs.
        self.now = datetime.now(UTC) + timedelta(days=1)
        self.reset = datetime.combine(self.now.date(), time(), UTC) + timedelta(days=1)
        self.waited: list[datetime] = []
        # A client that must forget that the quota is used up: its own clock does not move.
        self.client: IntervalsClient | None = None

    async def sleep_until(self, moment: datetime) -> None:
        """Move to the next day without waiting."""
        self.waited.append(moment)
        self.now += timedelta(days=1)
        if self.client is not None:
            self.client._transport.limiter.refuse_until(0.0, lambda: DailyQuotaError("over"))

    def server(self, requests: int) -> FakeIntervals:
        """Make a server with this clock and a daily quota."""
        return FakeIntervals(
            notes=50, seed=1, per_minute=None, per_day=requests, now=lambda: self.now
        )


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch) -> Days:
    """Return a clock of a server; exports that wait for the reset move it."""
    days = Days()
    monkeypatch.setattr(scheduler, "_sleep_until", days.sleep_until)
    return days


async def use_up(client: IntervalsClient, requests: int) -> None:
    """Send some requests."""
    for _ in range(requests):
        await client.group.list().count()


async def test_unfinished_export_survives_a_refusal(tmp_path: Path, days: Days) -> None:
    """An unfinished export that exceeds the quota is kept, and resumed on the next day."""
    async with (
        days.server(20) as fake,
        IntervalsClient(fake.token, base_url=fake.url, limits=(), retry=AT_ONCE) as client,
    ):
        await interrupt(fake, client, tmp_path)
        await use_up(client, 13)
        before = contents(tmp_path)
        with pytest.raises(BudgetError) as caught:
            await export_account(client, tmp_path, resources=["person", "personcontact"])
        assert caught.value.daily_left == 3
        assert contents(tmp_path) == before
        days.now += timedelta(days=1)
        fake.clear_log()
        await export_account(client, tmp_path, resources=["person", "personcontact"])
        assert sent(fake) == {"quota": 1, "personcontact": 9}
        assert len(rows_of(tmp_path, "jsonl", "personcontact")) == len(
            ids_of(fake, "personcontact")
        )


async def test_wait_for_reset_waits_before_the_first_page(tmp_path: Path, days: Days) -> None:
    """With a used-up quota, the wait comes first and is reported; each request is counted."""
    estimates = Estimates()
    waits: list[tuple[str, datetime | None]] = []

    def progress(each: AccountProgress) -> None:
        if each.waits_until is not None:
            waits.append((each.resource, each.waits_until))

    async with (
        days.server(14) as fake,
        IntervalsClient(fake.token, base_url=fake.url, limits=()) as client,
    ):
        await use_up(client, 14)
        fake.clear_log()
        manifest = await export_account(
            client,
            tmp_path,
            resources=["person", "personcontact"],
            wait_for_reset=True,
            on_estimate=estimates,
            on_progress=progress,
        )
        assert sent(fake) == {"quota": 2, "person": 1, "personcontact": 12}
    assert days.waited == [days.reset]
    assert waits == [("person", days.reset)]
    assert estimates.only.daily_left == 14
    assert manifest.requests == 15


async def test_client_with_a_used_up_quota_requests_the_quota(tmp_path: Path, days: Days) -> None:
    """A client that knows that its quota is used up still requests the quota."""
    async with (
        days.server(3) as fake,
        IntervalsClient(fake.token, base_url=fake.url, limits=()) as client,
    ):
        with pytest.raises(DailyQuotaError):
            await use_up(client, 4)
        with pytest.raises(BudgetError) as caught:
            await export_account(client, tmp_path / "new", resources=["group"])
        assert (caught.value.requests, caught.value.daily_left) == (None, 0)
        assert caught.value.next_reset == days.reset
        days.client = client
        await export_account(client, tmp_path / "new", resources=["group"], wait_for_reset=True)
    assert days.waited == [days.reset]


async def test_wait_for_reset_starts_an_export_over_the_quota(tmp_path: Path, days: Days) -> None:
    """With wait_for_reset, an export waits when the quota is used up, and repeats no page."""
    estimates = Estimates()
    waits: list[datetime] = []

    def progress(each: AccountProgress) -> None:
        if each.waits_until is not None:
            waits.append(each.waits_until)

    async with (
        days.server(9) as fake,
        IntervalsClient(fake.token, base_url=fake.url, limits=()) as client,
    ):
        days.client = client
        manifest = await export_account(
            client,
            tmp_path,
            resources=["person", "personcontact"],
            wait_for_reset=True,
            on_estimate=estimates,
            on_progress=progress,
        )
        # One request was refused; then the client requested the time of the reset.
        assert [seen.status for seen in fake.log].count(400) == 1
        assert sent(fake) == {"quota": 2, "person": 1, "personcontact": 13}
        assert manifest.requests == len(fake.log) - 1
        assert len(rows_of(tmp_path, "jsonl", "personcontact")) == len(
            ids_of(fake, "personcontact")
        )
    assert not estimates.only.fits_today
    assert waits == days.waited
    assert len(waits) == 1


async def test_quota_may_end_during_the_first_pages(tmp_path: Path, days: Days) -> None:
    """The first pages continue after the reset; without wait_for_reset, no folder is left."""
    some = ["client", "group", "person"]
    async with (
        days.server(3) as fake,
        IntervalsClient(fake.token, base_url=fake.url, limits=()) as client,
    ):
        days.client = client
        await use_up(client, 2)
        fake.clear_log()
        manifest = await export_account(
            client, tmp_path / "a", resources=some, jobs=1, wait_for_reset=True
        )
        assert sent(fake) == {"quota": 2, "client": 1, "group": 2, "person": 1}
        assert manifest.records == sum(len(ids_of(fake, name)) for name in some)
        fake.inject(faults.DayUsedUp(), path="/person/")
        days.now += timedelta(days=1)
        with pytest.raises(DailyQuotaError):
            await export_account(client, tmp_path / "b", resources=some)
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize(
    ("fault", "requests"),
    [(faults.Status(500, 1, "Down"), 4), (faults.Html(200), 1), (faults.Status(403, 10, "No"), 1)],
    ids=["down", "no JSON", "not allowed"],
)
async def test_unreadable_quota_does_not_stop_the_export(
    tmp_path: Path,
    fake: FakeIntervals,
    intervals: IntervalsClient,
    fault: faults.Fault,
    requests: int,
) -> None:
    """If the quota cannot be read, the export runs, and the remaining quota is unknown."""
    fake.inject(fault, times=requests, path="/quota/")
    estimates = Estimates()
    manifest = await export_account(
        intervals, tmp_path, resources=["person", "personcontact"], on_estimate=estimates
    )
    assert (estimates.only.daily_left, estimates.only.next_reset) == (None, None)
    assert estimates.only.fits_today
    assert sent(fake) == {"quota": requests, "person": 1, "personcontact": 12}
    assert manifest.requests == len(fake.log)


class StopError(Exception):
    """Ends an export after its estimate."""


@pytest.mark.parametrize("readable", [True, False])
@pytest.mark.parametrize(("limit", "seconds"), [(14, 0), (13, 60), (7, 60), (6, 120)])
async def test_duration_counts_the_requests_of_the_estimate(
    tmp_path: Path, fake: FakeIntervals, limit: int, seconds: float, readable: bool
) -> None:
    """The rate limit also counts the requests for the quota, even a failed one, and first pages.

    Here these are one for the quota, one for the people and one for the contacts of each person.
    """
    if not readable:
        fake.inject(faults.Html(200), path="/quota/")
    limits = [Limit(limit, per=60, reserved=0)]
    found: list[float] = []

    def stop(estimate: Estimate) -> None:
        found.append(estimate.seconds)
        raise StopError

    async with IntervalsClient(fake.token, base_url=fake.url, limits=limits) as client:
        with pytest.raises(StopError):
            await export_account(
                client, tmp_path / "new", resources=["person", "personcontact"], on_estimate=stop
            )
    assert found == [pytest.approx(seconds, abs=5)]
